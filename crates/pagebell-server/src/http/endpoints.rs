//! The endpoints that are not part of the Graph surface: health, metrics, the reference.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{console_pages, reference_pages};
use crate::Pagebell;
use crate::offloaded::Offloaded;
use axum::Router;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Whether a path belongs to these endpoints. No Graph path does: ids are numbers.
pub(super) fn owns(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics")
        || reference_pages::owns(path)
        || console_pages::owns(path)
}

/// The kind of work that a page is, where making it may take a thread for long; `None`: it takes
/// microseconds, or waits for an update. Who is not signed in takes no place from those who are.
pub(super) async fn work<'a>(
    pagebell: &'a Pagebell,
    path: &str,
    headers: &HeaderMap,
) -> Option<&'a Offloaded> {
    let work = match path {
        "/console" | "/console/" => &pagebell.offloaded.searches,
        "/console/sign-in" | "/console/sign-out" => return None,
        path if path.starts_with("/assets/") => return None,
        path if path.ends_with("/settings") || path.ends_with("/form") => return None,
        path if reference_pages::owns(path) => return Some(&pagebell.offloaded.reference),
        path if console_pages::owns(path) => &pagebell.offloaded.answers,
        _ => return None,
    };
    console_pages::is_signed_in(pagebell, headers)
        .await
        .then_some(work)
}

/// The routes.
pub(super) fn router(pagebell: Arc<Pagebell>) -> Router {
    let limit = pagebell.configuration().limits.body_bytes;
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .merge(reference_pages::router())
        .merge(console_pages::router())
        .layer(DefaultBodyLimit::max(limit))
        .with_state(pagebell)
}

/// The type of what health and readiness answer. Pages of other origins may read it, such as a status
/// page.
const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

async fn alive() -> Response {
    with_type(PLAIN_TEXT, "alive\n".to_owned())
}

/// Says what is wrong, a line each; with `verbose` in the query also what is right.
async fn ready(State(pagebell): State<Arc<Pagebell>>, RawQuery(query): RawQuery) -> Response {
    if pagebell.is_stopping.load(Ordering::SeqCst) {
        let stopping = with_type(PLAIN_TEXT, "stopping\n".to_owned());
        return (StatusCode::SERVICE_UNAVAILABLE, stopping).into_response();
    }
    let query = query.unwrap_or_default();
    let is_verbose = query
        .split('&')
        .any(|it| it == "verbose" || it == "verbose=true");
    let checks = pagebell.checks().await;
    let is_ready = checks.iter().all(|(_name, found)| found.is_ok());
    let mut lines = String::from(if is_ready { "ready\n" } else { "not ready\n" });
    for (name, found) in &checks {
        let written = match found {
            Ok(()) if is_verbose => writeln!(lines, "{name}: ok"),
            Ok(()) => Ok(()),
            Err(fault) => writeln!(lines, "{fault}"),
        };
        written.expect("a string takes everything");
    }
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, with_type(PLAIN_TEXT, lines)).into_response()
}

async fn metrics(State(pagebell): State<Arc<Pagebell>>) -> Response {
    const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (
        [(header::CONTENT_TYPE, OPENMETRICS)],
        pagebell.metrics.text(),
    )
        .into_response()
}

/// Text that pages of other origins may read too.
pub(super) fn with_type(content_type: &'static str, body: String) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
    ];
    (headers, body).into_response()
}
