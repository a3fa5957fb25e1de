//! The endpoints that are not part of the Graph surface: health, metrics, the reference.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use graph_api::GraphVersion;

use crate::reference::Document;
use crate::{Pagebell, reference};

/// Whether a path belongs to these endpoints. No Graph path does: ids are numbers.
pub(super) fn owns(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics") || path.starts_with("/reference/")
}

/// The routes.
pub(super) fn router(pagebell: Arc<Pagebell>) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/reference/{version}/openapi.json", get(openapi_json))
        .route("/reference/{version}/openapi.yaml", get(openapi_yaml))
        .with_state(pagebell)
}

async fn alive() -> &'static str {
    "alive\n"
}

async fn ready(State(pagebell): State<Arc<Pagebell>>) -> Response {
    match pagebell.store.check().await {
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
    with_type(OPENMETRICS, pagebell.metrics.text())
}

async fn openapi_json(
    State(pagebell): State<Arc<Pagebell>>,
    Path(version): Path<String>,
) -> Response {
    openapi(&pagebell, &version, "application/json", Document::to_json)
}

async fn openapi_yaml(
    State(pagebell): State<Arc<Pagebell>>,
    Path(version): Path<String>,
) -> Response {
    openapi(&pagebell, &version, "application/yaml", Document::to_yaml)
}

fn openapi(
    pagebell: &Pagebell,
    version: &str,
    content_type: &'static str,
    write: fn(&Document) -> String,
) -> Response {
    match GraphVersion::named(version) {
        Some(version) => {
            let document = reference::openapi(pagebell.configuration(), version);
            with_type(content_type, write(&document))
        }
        None => no_such_version(version),
    }
}

fn no_such_version(version: &str) -> Response {
    let names = GraphVersion::ALL.map(GraphVersion::name).join(", ");
    let text = format!("there is no version {version:?}; the versions are {names}\n");
    (StatusCode::NOT_FOUND, text).into_response()
}

fn with_type(content_type: &'static str, body: String) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
    ];
    (headers, body).into_response()
}
