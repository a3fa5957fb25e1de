//! The console over HTTP: pages, and what their script asks for.

mod plain_form;
mod session;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use call_settings::PageId;
use graph_api::{GraphError, Parameters};
use serde::Serialize;
use serde_json::json;
use settings_store::{PageRecord, Revision, StoreError};

use super::reference_pages::html_page;
use crate::Pagebell;
use crate::console::view::{Editor, History, Message, Pages, Unavailable};
use crate::console::{Destination, PlainForm, PlainNotice, Previewed, Saved, Session, zones};
use session::{SameSite, SignedIn};

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
        .route(
            "/console/sign-in",
            get(session::sign_in_form).post(session::sign_in),
        )
        .route("/console/sign-out", post(session::sign_out))
        .route(session::FORM_TOKEN, get(session::form_token))
        .route(ZONES, get(zone_choices))
        .route("/console/pages/{page_id}", get(editor))
        .route("/console/pages/{page_id}/history", get(history))
        .route("/console/pages/{page_id}/preview", post(preview))
        .route("/console/pages/{page_id}/settings", post(save))
        .route("/console/pages/{page_id}/form", post(plain_form::submit))
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
    let (status, list) = match pagebell.list_pages(&session, text, after).await {
        Ok(list) => (StatusCode::OK, Some(list)),
        Err(error) => {
            log_unavailable(&error);
            (StatusCode::SERVICE_UNAVAILABLE, None)
        }
    };
    let text = text.to_owned();
    page(
        status,
        &Pages {
            session: &session,
            text: &text,
            list: list.as_ref(),
            is_later: after.is_some(),
            address: Destination::List {
                text: text.clone(),
                after,
            },
        },
    )
}

async fn editor(
    State(pagebell): State<Arc<Pagebell>>,
    SignedIn(session): SignedIn,
    Path(page_id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let record = match find(&pagebell, &session, &page_id).await {
        Ok(record) => record,
        Err(response) => return response,
    };
    let is_saved = query.as_deref() == Some(plain_form::SAVED);
    let notice = is_saved.then_some(PlainNotice::Saved);
    let form = PlainForm::of(pagebell.settings_of(&record), record.revision);
    editor_page(&pagebell, &session, StatusCode::OK, &record, &form, notice)
}

/// The editor of a Page. The form that works without the script shows `form` and what became of it.
fn editor_page(
    pagebell: &Pagebell,
    session: &Session,
    status: StatusCode,
    record: &PageRecord,
    form: &PlainForm,
    notice: Option<PlainNotice>,
) -> Response {
    let state = pagebell.page_state(record);
    let state_json = serde_json::to_string(&state).expect("plain structs serialize");
    page(
        status,
        &Editor {
            session,
            page_id: record.page_id,
            name: record.name.as_deref().unwrap_or_default(),
            state: &state,
            state_json: &state_json,
            max_entries_per_day: pagebell.configuration().hours_limits.max_entries_per_day(),
            form,
            notice,
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
                page_id: record.page_id,
                name: record.name.as_deref().unwrap_or_default(),
                revision: record.revision.get(),
                part: &part,
            },
        ),
        Err(error) => unavailable_page(
            &error,
            &Destination::History {
                page_id: record.page_id,
                before,
            },
        ),
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
        Err(error) => {
            let wanted = page_id.parse().map(Destination::Editor);
            let wanted = wanted.unwrap_or(Destination::whole_list());
            Err(unavailable_page(&error, &wanted))
        }
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

fn log_unavailable(error: &StoreError) {
    tracing::error!(%error, "the store did not answer the console");
}

/// The answer to a script.
fn unavailable(error: &StoreError) -> Response {
    log_unavailable(error);
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "The store does not answer. Nothing is known of what was being saved: look again in a moment.\n",
    )
        .into_response()
}

/// The page that says so, with a way to try again.
fn unavailable_page(error: &StoreError, wanted: &Destination) -> Response {
    log_unavailable(error);
    page(StatusCode::SERVICE_UNAVAILABLE, &Unavailable { wanted })
}
