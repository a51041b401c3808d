//! Tests of the core through its public operations.
