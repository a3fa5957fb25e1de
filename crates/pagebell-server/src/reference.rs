//! The reference: what this server does, as documents and a page made from its own types and tables.

mod markdown;
mod model;
mod openapi;
mod page;
mod samples;

pub use model::{Credential, Endpoint, Member, Parameter, Reference, RequestBody, Response};
pub use openapi::{Document, openapi};
pub use samples::{Sample, TOKEN_PLACEHOLDER};
