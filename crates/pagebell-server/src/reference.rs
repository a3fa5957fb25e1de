//! The reference: what this server does, as documents made from its own types and tables.

mod openapi;

pub use openapi::{Document, openapi};
