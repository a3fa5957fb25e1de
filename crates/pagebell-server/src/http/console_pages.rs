//! The console over HTTP: sign-in, pages, and what their script asks for.

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use call_settings::PageId;
use graph_api::{GraphError, Parameters};
use serde::Serialize;
use serde_json::json;
use settings_store::{PageRecord, Revision, StoreError};

use super::IsSecure;
use super::reference_pages::html_page;
use crate::Pagebell;
use crate::console::view::{Editor, History, Message, Pages, SignIn};
use crate::console::{COOKIE, Previewed, Saved, Session, SessionError, zones};

/// The header in which scripts send the form token.
const FORM_TOKEN_HEADER: &str = "x-form-token";

/// Where scripts get the time zones.
const ZONES: &str = "/console/zones.json";

/// Whether a path belongs to the console.
pub(super) fn owns(path: &str) -> bool {
    path == "/console" || path.starts_with("/console/")
}

/// The routes.
pub(super) fn router() -> Router<Arc<Pagebell>> {
    Router::new()
        .route("/console", get(pages))
        .route("/console/", get(pages))
        .route("/console/sign-in", get(sign_in_form).post(sign_in))
        .route("/console/sign-out", post(sign_out))
        .route(ZONES, get(zone_choices))
        .route("/console/pages/{page_id}", get(editor))
        .route("/console/pages/{page_id}/history", get(history))
        .route("/console/pages/{page_id}/preview", post(preview))
        .route("/console/pages/{page_id}/settings", post(save))
}

/// The session of a request, or the answer that there is none.
struct SignedIn(Session);

impl FromRequestParts<Arc<Pagebell>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        pagebell: &Arc<Pagebell>,
    ) -> Result<Self, Response> {
        let is_read = [http::Method::GET, http::Method::HEAD].contains(&parts.method);
        let wants_page = is_read && parts.uri.path() != ZONES;
        let signed_out = || {
            if wants_page {
                Redirect::to("/console/sign-in").into_response()
            } else {
                (StatusCode::UNAUTHORIZED, "sign in again\n").into_response()
            }
        };
        let Some(token) = cookie(&parts.headers) else {
            return Err(signed_out());
        };
        match pagebell.session(token).await {
            Ok(session) => Ok(Self(session)),
            Err(SessionError::Refused(_)) => Err(signed_out()),
            Err(SessionError::Store(error)) => Err(unavailable(&error)),
        }
    }
}

/// A session whose request was made by a page of the console, and by no other site: it has the form
/// token, which other sites cannot know, and where the browser says so it comes from here.
struct SameSite(Session);

impl FromRequestParts<Arc<Pagebell>> for SameSite {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        pagebell: &Arc<Pagebell>,
    ) -> Result<Self, Response> {
        let SignedIn(session) = SignedIn::from_request_parts(parts, pagebell).await?;
        let sent = parts.headers.get(FORM_TOKEN_HEADER);
        let sent = sent
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if session.is_form_token(sent) && is_from_here(&parts.headers, IsSecure::of(parts)) {
            Ok(Self(session))
        } else {
            Err(foreign())
        }
    }
}

fn foreign() -> Response {
    (
        StatusCode::FORBIDDEN,
        "This request did not come from the console. Reload the page; behind a proxy, let it pass on the \
         Host that the browser sent.\n",
    )
        .into_response()
}

/// Whether the browser says of no other origin that it made the request.
///
/// `Sec-Fetch-Site` decides where it is sent: the browser compared the whole origins, and no proxy
/// has changed them. Without it, as on plain HTTP, the origin must be the host that the request was
/// sent to, by its header or by a proxy's word, and no plain one if the connection is secure.
fn is_from_here(headers: &HeaderMap, is_secure: bool) -> bool {
    let text = |name: &str| match headers.get(name) {
        None => Some(None),
        Some(value) => value.to_str().ok().map(Some),
    };
    match (text("sec-fetch-site"), text("origin")) {
        (Some(Some(site)), _) => matches!(site, "same-origin" | "none"),
        (Some(None), Some(None)) => true,
        (Some(None), Some(Some(origin))) => {
            let Some((scheme, origin)) = origin.split_once("://") else {
                return false;
            };
            let is_host = |name: &str| text(name).flatten().is_some_and(|host| host == origin);
            (scheme == "https" || !is_secure) && (is_host("host") || is_host("x-forwarded-host"))
        }
        _ => false,
    }
}

pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .filter(|token| !token.is_empty())
}

fn set_cookie(value: &str, is_secure: bool, more: &str) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path=/console; HttpOnly; SameSite=Strict{secure}{more}");
    HeaderValue::from_str(&text).expect("a session's token has only characters of cookies")
}

struct Secure(bool);

impl<S: Sync> FromRequestParts<S> for Secure {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(IsSecure::of(parts)))
    }
}

async fn sign_in_form() -> Response {
    page(StatusCode::OK, &SignIn { complaint: None })
}

async fn sign_in(
    State(pagebell): State<Arc<Pagebell>>,
    Secure(is_secure): Secure,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_from_here(&headers, is_secure) {
        return foreign();
    }
    let form = form(&body);
    let token = form.text("access_token").unwrap_or_default().trim();
    match pagebell.session(token).await {
        Ok(session) => {
            tracing::info!(token_id = %session.access.token.token_id, "signed in to the console");
            let cookie = set_cookie(session.cookie_value(), is_secure, "");
            ([(header::SET_COOKIE, cookie)], Redirect::to("/console")).into_response()
        }
        Err(SessionError::Refused(complaint)) => page(
            StatusCode::FORBIDDEN,
            &SignIn {
                complaint: Some(&complaint),
            },
        ),
        Err(SessionError::Store(error)) => unavailable(&error),
    }
}

/// Ends the session in this browser, also one whose token has died.
async fn sign_out(Secure(is_secure): Secure, headers: HeaderMap) -> Response {
    if !is_from_here(&headers, is_secure) {
        return foreign();
    }
    let cookie = set_cookie("", is_secure, "; Max-Age=0");
    (
        [(header::SET_COOKIE, cookie)],
        Redirect::to("/console/sign-in"),
    )
        .into_response()
}

async fn pages(
    State(pagebell): State<Arc<Pagebell>>,
    SignedIn(session): SignedIn,
    RawQuery(query): RawQuery,
) -> Response {
    let parameters = Parameters::from_query(query.as_deref().unwrap_or_default());
    let text = parameters.text("q").unwrap_or_default().trim();
    let after: Option<PageId> = parameters
        .text("after")
        .and_then(|after| after.parse().ok());
    match pagebell.list_pages(&session, text, after).await {
        Ok(list) => page(
            StatusCode::OK,
            &Pages {
                session: &session,
                text,
                list: &list,
                is_later: after.is_some(),
            },
        ),
        Err(error) => unavailable(&error),
    }
}

async fn editor(
    State(pagebell): State<Arc<Pagebell>>,
    SignedIn(session): SignedIn,
    Path(page_id): Path<String>,
) -> Response {
    let record = match find(&pagebell, &session, &page_id).await {
        Ok(record) => record,
        Err(response) => return response,
    };
    let state = pagebell.page_state(&record);
    let state_json = serde_json::to_string(&state).expect("plain structs serialize");
    page(
        StatusCode::OK,
        &Editor {
            session: &session,
            page_id: &page_id,
            name: record.name.as_deref().unwrap_or_default(),
            state: &state,
            state_json: &state_json,
            max_entries_per_day: pagebell.configuration().hours_limits.max_entries_per_day(),
        },
    )
}

async fn history(
    State(pagebell): State<Arc<Pagebell>>,
    SignedIn(session): SignedIn,
    Path(page_id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let record = match find(&pagebell, &session, &page_id).await {
        Ok(record) => record,
        Err(response) => return response,
    };
    let parameters = Parameters::from_query(query.as_deref().unwrap_or_default());
    let before = parameters.text("before").and_then(|it| it.parse().ok());
    match pagebell.history_part(record.page_id, before).await {
        Ok(part) => page(
            StatusCode::OK,
            &History {
                session: &session,
                page_id: &page_id,
                name: record.name.as_deref().unwrap_or_default(),
                revision: record.revision.get(),
                part: &part,
            },
        ),
        Err(error) => unavailable(&error),
    }
}

/// What an update would do to the revision in `If-Match`, or what is wrong with it.
async fn preview(
    State(pagebell): State<Arc<Pagebell>>,
    SameSite(session): SameSite,
    BaseRevision(revision): BaseRevision,
    Path(page_id): Path<String>,
    body: Bytes,
) -> Response {
    let record = match find_for_script(&pagebell, &session, &page_id).await {
        Ok(record) => record,
        Err(response) => return response,
    };
    match pagebell.preview(&record, revision, &body).await {
        Ok(Ok(Previewed::Changes(preview))) => json_answer(StatusCode::OK, &preview),
        Ok(Ok(Previewed::Conflict(conflict))) => {
            json_answer(StatusCode::PRECONDITION_FAILED, &conflict)
        }
        Ok(Err(error)) => refused(&pagebell, &error),
        Err(error) => unavailable(&error),
    }
}

/// Stores an update that was made from the revision in `If-Match`.
async fn save(
    State(pagebell): State<Arc<Pagebell>>,
    SameSite(session): SameSite,
    BaseRevision(revision): BaseRevision,
    Path(page_id): Path<String>,
    body: Bytes,
) -> Response {
    let record = match find_for_script(&pagebell, &session, &page_id).await {
        Ok(record) => record,
        Err(response) => return response,
    };
    let trace = pagebell.new_trace();
    let saved = pagebell
        .save(&session, record.page_id, revision, &body, &trace)
        .await;
    match saved {
        Ok(Ok(Saved::Stored(state))) => json_answer(StatusCode::OK, &state),
        Ok(Ok(Saved::Conflict(conflict))) => {
            json_answer(StatusCode::PRECONDITION_FAILED, &conflict)
        }
        Ok(Ok(Saved::Missing)) => gone(),
        Ok(Err(error)) => refused(&pagebell, &error),
        Err(error) => unavailable(&error),
    }
}

fn gone() -> Response {
    (
        StatusCode::NOT_FOUND,
        "This Page is gone, or your access token no longer covers it.\n",
    )
        .into_response()
}

/// The revision that an update was made from.
struct BaseRevision(Revision);

impl<S: Sync> FromRequestParts<S> for BaseRevision {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Response> {
        let sent = parts.headers.get(header::IF_MATCH);
        match sent.and_then(|it| it.to_str().ok()?.parse().ok()) {
            Some(revision) => Ok(Self(Revision::new(revision))),
            None => Err((StatusCode::BAD_REQUEST, "If-Match must be a revision\n").into_response()),
        }
    }
}

async fn zone_choices(
    State(pagebell): State<Arc<Pagebell>>,
    SignedIn(_session): SignedIn,
) -> Response {
    let now = pagebell.surroundings.clock.now();
    let choices = zones::choices(now);
    json_answer(
        StatusCode::OK,
        &json!({ "now": now.as_millisecond(), "zones": choices }),
    )
}

/// A Page that the session sees; `None` whether there is no such Page or it is not covered.
async fn look_up(
    pagebell: &Pagebell,
    session: &Session,
    page_id: &str,
) -> Result<Option<PageRecord>, StoreError> {
    match page_id.parse::<PageId>() {
        Ok(page_id) => pagebell.console_page(session, page_id).await,
        Err(_no_id) => Ok(None),
    }
}

/// The same, or an answer for a script that there is none.
async fn find_for_script(
    pagebell: &Pagebell,
    session: &Session,
    page_id: &str,
) -> Result<PageRecord, Response> {
    match look_up(pagebell, session, page_id).await {
        Ok(found) => found.ok_or_else(gone),
        Err(error) => Err(unavailable(&error)),
    }
}

/// The same, or the page that says that there is none.
async fn find(
    pagebell: &Pagebell,
    session: &Session,
    page_id: &str,
) -> Result<PageRecord, Response> {
    match look_up(pagebell, session, page_id).await {
        Ok(Some(record)) => Ok(record),
        Ok(None) => Err(page(
            StatusCode::NOT_FOUND,
            &Message {
                session,
                title: "No such Page",
                text: "Your access token covers no Page with this id, or there is none.",
            },
        )),
        Err(error) => Err(unavailable(&error)),
    }
}

fn form(body: &Bytes) -> Parameters {
    let mut parameters = Parameters::default();
    // What cannot be read has no fields, which each form says in its own way.
    let _unreadable = parameters.extend_from_body(Some("application/x-www-form-urlencoded"), body);
    parameters
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, html_page(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page of the console could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn json_answer(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).expect("plain structs serialize");
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body).into_response()
}

fn refused(pagebell: &Pagebell, error: &GraphError) -> Response {
    let error = error.standard_error(&pagebell.new_trace());
    json_answer(StatusCode::BAD_REQUEST, &json!({ "error": error }))
}

fn unavailable(error: &StoreError) -> Response {
    tracing::error!(%error, "the store did not answer the console");
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "The store does not answer. Nothing is known of what was being saved: look again in a moment.\n",
    )
        .into_response()
}
