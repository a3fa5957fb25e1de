//! HTTP around [`Pagebell::dispatch`](crate::Pagebell::dispatch): sockets, limits, TLS, and the
//! endpoints that are not part of the Graph surface.

mod body;
mod console_pages;
mod endpoints;
mod exchange;
mod idle;
mod reference_pages;
mod room;
mod server;
mod tls;

pub use server::{Server, Stopped};
pub use tls::{TlsError, TlsFiles};

/// Whether a request came over TLS, as an extension of the request.
#[derive(Clone, Copy, Debug)]
struct IsSecure(bool);

/// Whether the caller's connection is secure: to this server, or by the word of a proxy in front of
/// it (`X-Forwarded-Proto`).
fn is_secure(parts: &::http::request::Parts) -> bool {
    let is_tls = parts.extensions.get::<IsSecure>().is_some_and(|it| it.0);
    let forwarded = parts.headers.get("x-forwarded-proto");
    is_tls || forwarded.is_some_and(|it| it == "https")
}
