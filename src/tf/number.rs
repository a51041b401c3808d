//! Terraform numbers, without loss.

use std::fmt;
use std::str::FromStr;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, ToPrimitive};

/// A number in Terraform: any finite decimal, or an infinity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Number {
    /// Less than every finite number.
    NegativeInfinity,
    /// A finite number.
    Finite(BigDecimal),
    /// Greater than every finite number.
    PositiveInfinity,
}

impl Number {
    /// Reads a float exactly; `None` for NaN, which Terraform does not have.
    pub fn from_f64(float: f64) -> Option<Self> {
        if float == f64::INFINITY {
            return Some(Self::PositiveInfinity);
        }
        if float == f64::NEG_INFINITY {
            return Some(Self::NegativeInfinity);
        }
        BigDecimal::try_from(float).ok().map(|decimal| Self::Finite(decimal.normalized()))
    }

    /// The number as an integer, if it is a whole number.
    pub fn to_integer(&self) -> Option<BigInt> {
        match self {
            Self::Finite(decimal) if decimal.is_integer() => Some(decimal.with_scale(0).into_bigint_and_exponent().0),
            _ => None,
        }
    }

    /// The number as `i64`, if it is a whole number and fits.
    pub fn to_i64(&self) -> Option<i64> {
        self.to_integer().and_then(|integer| integer.to_i64())
    }

    /// The nearest float, for display and ratios.
    pub fn to_f64(&self) -> f64 {
        match self {
            Self::NegativeInfinity => f64::NEG_INFINITY,
            // Parsing the digits rounds correctly, which the conversion of BigDecimal does not.
            Self::Finite(decimal) => decimal.to_scientific_notation().parse().unwrap_or(f64::NAN),
            Self::PositiveInfinity => f64::INFINITY,
        }
    }
}

impl<T: Into<BigInt>> From<T> for Number {
    fn from(integer: T) -> Self {
        Self::Finite(BigDecimal::from(integer.into()))
    }
}

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The exponent is limited, so that a few bytes cannot cause gigabytes of digits.
        let decimal = BigDecimal::from_str(text).map_err(|_| format!("{text:?} is not a number."))?;
        let (_, scale) = decimal.as_bigint_and_exponent();
        if scale.unsigned_abs() > 10_000 {
            return Err(format!("{text:?} has too large an exponent."));
        }
        Ok(Self::Finite(decimal.normalized()))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NegativeInfinity => f.write_str("-Inf"),
            Self::Finite(decimal) => f.write_str(&decimal.to_plain_string()),
            Self::PositiveInfinity => f.write_str("Inf"),
        }
    }
}
