//! HTTP around [`Pagebell::dispatch`](crate::Pagebell::dispatch): sockets, limits, TLS, and the
//! endpoints that are not part of the Graph surface.

mod body;
mod console_pages;
mod endpoints;
mod exchange;
mod reference_pages;
mod server;
mod tls;

pub use server::{Server, Stopped};
pub use tls::{TlsError, TlsFiles};

/// Whether a request came over TLS, as an extension of the request.
#[derive(Clone, Copy, Debug)]
struct IsSecure(bool);
