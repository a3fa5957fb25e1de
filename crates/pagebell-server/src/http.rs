//! HTTP around [`Pagebell::dispatch`](crate::Pagebell::dispatch): sockets, limits, TLS, and the
//! endpoints that are not part of the Graph surface.

mod body;
mod endpoints;
mod exchange;
mod server;
mod tls;

pub use server::{Server, Stopped};
pub use tls::{TlsError, TlsFiles};
