//! HTTP around [`Pagebell::dispatch`](crate::Pagebell::dispatch): sockets, limits, TLS, and the
//! endpoints that are not part of the Graph surface.

mod body;
mod certificate_validity;
mod console_pages;
mod endpoints;
mod exchange;
mod guarded;
mod idle;
mod memory;
mod reference_pages;
mod rendered_reference;
mod room;
mod server;
mod tls;

pub(crate) use memory::{Budget, Share};
pub(crate) use rendered_reference::RenderedReference;
pub use server::{Server, Stopped};
pub use tls::{TlsError, TlsFiles, TlsReload};

/// Whether the connection of a request's caller is secure, as an extension of the request.
#[derive(Clone, Copy, Debug)]
struct IsSecure(bool);

impl IsSecure {
    /// What the server found out before it handed the request on.
    fn of(parts: &::http::request::Parts) -> bool {
        parts.extensions.get::<Self>().is_some_and(|it| it.0)
    }
}

/// Whether the caller's connection is secure: to this server, or by the word of a proxy in front of
/// it (`X-Forwarded-Proto`). Of several proxies, the first one in the list is the one that the
/// caller is connected to.
fn is_secure(is_tls: bool, headers: &::http::HeaderMap) -> bool {
    let forwarded = headers
        .get("x-forwarded-proto")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(',').next());
    is_tls || forwarded.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
}
