//! The endpoints that are not part of the Graph surface: health, metrics, the reference.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{console_pages, reference_pages};
use crate::Pagebell;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Whether a path belongs to these endpoints. No Graph path does: ids are numbers.
pub(super) fn owns(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics")
        || reference_pages::owns(path)
        || console_pages::owns(path)
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

async fn alive() -> &'static str {
    "alive\n"
}

async fn ready(State(pagebell): State<Arc<Pagebell>>) -> Response {
    if pagebell.is_stopping.load(Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    let checked = pagebell.store.check().await;
    match checked.and_then(|()| pagebell.copies.check()) {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the store does not answer\n",
            )
                .into_response()
        }
    }
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
