//! The reference page, its Markdown and OpenAPI forms, and the files of pages.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use graph_api::GraphVersion;

use super::IsSecure;
use super::endpoints::with_type;
use crate::reference::{self, Reference};
use crate::request::Origin;
use crate::{Pagebell, assets};

const MARKDOWN: &str = "text/markdown; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// What a page may load and do: its own files and requests to this server.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Whether a path belongs to these pages.
pub(super) fn owns(path: &str) -> bool {
    matches!(path, "/reference" | "/llms.txt" | "/llms-full.txt")
        || path.starts_with("/reference/")
        || path.starts_with("/assets/")
}

/// The routes.
pub(super) fn router() -> Router<Arc<Pagebell>> {
    Router::new()
        .route("/reference", get(newest))
        .route("/reference/", get(newest))
        .route("/reference/{page}", get(page))
        .route("/reference/{version}/{file}", get(file))
        .route("/llms.txt", get(llms))
        .route("/llms-full.txt", get(llms_full))
        .route("/assets/{name}", get(asset))
}

/// The origin by which a caller knows the server.
struct Base(String);

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let host = parts.headers.get(header::HOST);
        let origin = Origin {
            is_secure: IsSecure::of(parts),
            host: host.and_then(|it| it.to_str().ok()).unwrap_or("localhost"),
        };
        Ok(Self(origin.to_string()))
    }
}

fn reference_of(pagebell: &Pagebell, version: GraphVersion, base: &str) -> Reference {
    let configuration = pagebell.configuration();
    let document = reference::openapi(configuration, version);
    Reference::new(&document, version, configuration.profile, base)
}

async fn newest(State(pagebell): State<Arc<Pagebell>>) -> Redirect {
    let version = pagebell.configuration().version_of_unversioned();
    Redirect::temporary(&format!("/reference/{version}"))
}

/// `/reference/v26.0` and `/reference/v26.0.md`
async fn page(
    State(pagebell): State<Arc<Pagebell>>,
    Path(page): Path<String>,
    Base(base): Base,
) -> Response {
    let name = page.strip_suffix(".md");
    let Some(version) = GraphVersion::named(name.unwrap_or(&page)) else {
        return no_such_version(&page);
    };
    let reference = reference_of(&pagebell, version, &base);
    if name.is_some() {
        return with_type(MARKDOWN, reference.to_markdown(&base));
    }
    match reference.to_html(&base) {
        Ok(html) => html_page(html),
        Err(error) => {
            tracing::error!(%error, "the reference page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page under the policy of all pages.
pub(super) fn html_page(html: String) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Html(html)).into_response()
}

/// `/reference/v26.0/openapi.json`, `openapi.yaml` and the Markdown of an operation.
async fn file(
    State(pagebell): State<Arc<Pagebell>>,
    Path((version, file)): Path<(String, String)>,
    Base(base): Base,
) -> Response {
    let Some(version) = GraphVersion::named(&version) else {
        return no_such_version(&version);
    };
    let document = || reference::openapi(pagebell.configuration(), version);
    match file.as_str() {
        "openapi.json" => with_type("application/json", document().to_json()),
        "openapi.yaml" => with_type("application/yaml", document().to_yaml()),
        file => {
            let reference = reference_of(&pagebell, version, &base);
            let id = file.strip_suffix(".md");
            let mut endpoints = reference.endpoints.iter();
            match endpoints.find(|endpoint| Some(endpoint.id.as_str()) == id) {
                Some(endpoint) => with_type(MARKDOWN, endpoint.to_markdown()),
                None => (StatusCode::NOT_FOUND, "there is no such document\n").into_response(),
            }
        }
    }
}

fn no_such_version(version: &str) -> Response {
    let names = GraphVersion::ALL.map(GraphVersion::name).join(", ");
    let text = format!("there is no version {version:?}; the versions are {names}\n");
    (StatusCode::NOT_FOUND, text).into_response()
}

/// What language models should read, as links.
async fn llms(Base(base): Base) -> Response {
    let versions: Vec<String> = GraphVersion::ALL
        .iter()
        .rev()
        .map(|version| format!("- [{version}]({base}/reference/{version}.md)"))
        .collect();
    let versions = versions.join("\n");
    let text = format!(
        "# Pagebell: Page Messenger Call Settings\n\n\
         > Keeps the Messenger call settings of Pages and answers like the Graph API: who rings, which media are on, \
         whether the call button shows, and the weekly hours in which calls are accepted.\n\n\
         ## Reference\n\n{versions}\n\n\
         ## Everything in one file\n\n- [llms-full.txt]({base}/llms-full.txt)\n"
    );
    with_type(TEXT, text)
}

async fn llms_full(State(pagebell): State<Arc<Pagebell>>, Base(base): Base) -> Response {
    let version = pagebell.configuration().version_of_unversioned();
    let reference = reference_of(&pagebell, version, &base);
    with_type(TEXT, reference.to_markdown(&base))
}

async fn asset(uri: Uri) -> Response {
    let Some(asset) = assets::at(uri.path()) else {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(asset.content_type),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    (headers, asset.content).into_response()
}
