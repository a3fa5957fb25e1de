//! Who asks, and whether they may.

mod credentials;
mod proof;
mod token;

pub(crate) use credentials::Credentials;
pub(crate) use proof::{hexadecimal, verify as verify_proof};
pub use token::{APP_TOKEN_SEPARATOR, OPERATOR_SCOPE, READ_SCOPE};
pub(crate) use token::{Access, Caller};
