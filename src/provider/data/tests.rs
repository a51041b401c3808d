//! All data sources against a real backend, and what holds for each of their schemas.
