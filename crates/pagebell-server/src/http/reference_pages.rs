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
use crate::{Configuration, Pagebell, assets};

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

/// The names under which the pages of a version are kept beside its files. No file is called so.
const HTML_PAGE: &str = ".html";
const MARKDOWN_PAGE: &str = ".md";
const ENDPOINTS: &str = ".endpoints";

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
struct Base {
    is_secure: bool,
    host: String,
}

impl Base {
    fn origin(&self) -> Origin<'_> {
        Origin {
            is_secure: self.is_secure,
            host: &self.host,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let host = parts.headers.get(header::HOST);
        Ok(Self {
            is_secure: IsSecure::of(parts),
            host: host
                .and_then(|it| it.to_str().ok())
                .unwrap_or("localhost")
                .to_owned(),
        })
    }
}

/// Renders a file of the reference for a base address; `None`: there is no such file.
fn render(
    configuration: &Configuration,
    version: GraphVersion,
    file: &str,
    base: &str,
) -> Option<String> {
    let document = reference::openapi(configuration, version);
    match file {
        "openapi.json" => return Some(document.to_json()),
        "openapi.yaml" => return Some(document.to_yaml()),
        _ => {}
    }
    let reference = Reference::new(&document, version, configuration.profile, base);
    match file {
        HTML_PAGE => match reference.to_html(base) {
            Ok(html) => Some(html),
            Err(error) => {
                tracing::error!(%error, "the reference page could not be written");
                None
            }
        },
        MARKDOWN_PAGE => Some(reference.to_markdown(base)),
        ENDPOINTS => {
            let ids: Vec<_> = reference
                .endpoints
                .iter()
                .map(|it| it.id.as_str())
                .collect();
            Some(ids.join("\n"))
        }
        file => {
            let id = file.strip_suffix(".md")?;
            let mut endpoints = reference.endpoints.iter();
            let endpoint = endpoints.find(|endpoint| endpoint.id == id)?;
            Some(endpoint.to_markdown())
        }
    }
}

/// A file of the reference for a caller; `None`: there is no such file, which is said without
/// rendering anything.
fn text(pagebell: &Pagebell, version: GraphVersion, file: &str, base: &Base) -> Option<String> {
    const FILES: [&str; 5] = [
        HTML_PAGE,
        MARKDOWN_PAGE,
        ENDPOINTS,
        "openapi.json",
        "openapi.yaml",
    ];
    if !FILES.contains(&file) {
        let id = file.strip_suffix(".md")?;
        let ids = text(pagebell, version, ENDPOINTS, base)?;
        ids.lines().find(|known| *known == id)?;
    }
    pagebell
        .rendered_reference
        .text(version, file, base.origin(), |base| {
            render(pagebell.configuration(), version, file, base)
        })
}

async fn newest(State(pagebell): State<Arc<Pagebell>>) -> Redirect {
    let version = pagebell.configuration().version_of_unversioned();
    Redirect::temporary(&format!("/reference/{version}"))
}

/// `/reference/v26.0` and `/reference/v26.0.md`
async fn page(
    State(pagebell): State<Arc<Pagebell>>,
    Path(page): Path<String>,
    base: Base,
) -> Response {
    let name = page.strip_suffix(".md");
    let Some(version) = GraphVersion::named(name.unwrap_or(&page)) else {
        return no_such_version(&page);
    };
    if name.is_some() {
        return markdown_page(&pagebell, version, MARKDOWN, &base);
    }
    match text(&pagebell, version, HTML_PAGE, &base) {
        Some(html) => html_page(html),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// All of a version as Markdown.
fn markdown_page(
    pagebell: &Pagebell,
    version: GraphVersion,
    content_type: &'static str,
    base: &Base,
) -> Response {
    match text(pagebell, version, MARKDOWN_PAGE, base) {
        Some(text) => with_type(content_type, text),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
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
    base: Base,
) -> Response {
    let Some(version) = GraphVersion::named(&version) else {
        return no_such_version(&version);
    };
    let content_type = match file.as_str() {
        "openapi.json" => "application/json",
        "openapi.yaml" => "application/yaml",
        _ => MARKDOWN,
    };
    match text(&pagebell, version, &file, &base) {
        Some(text) => with_type(content_type, text),
        None => (StatusCode::NOT_FOUND, "there is no such document\n").into_response(),
    }
}

fn no_such_version(version: &str) -> Response {
    let names = GraphVersion::ALL.map(GraphVersion::name).join(", ");
    let text = format!("there is no version {version:?}; the versions are {names}\n");
    (StatusCode::NOT_FOUND, text).into_response()
}

/// What language models should read, as links.
async fn llms(base: Base) -> Response {
    let base = base.origin();
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

async fn llms_full(State(pagebell): State<Arc<Pagebell>>, base: Base) -> Response {
    let version = pagebell.configuration().version_of_unversioned();
    markdown_page(&pagebell, version, TEXT, &base)
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "these are tests")]
mod tests;
