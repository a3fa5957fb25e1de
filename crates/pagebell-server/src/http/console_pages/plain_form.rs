//! The editor's form where no script runs.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::session::{Secure, SignedIn, foreign, is_from_here};
use super::{editor_page, find, form, unavailable_page};
use crate::Pagebell;
use crate::console::{Destination, FORM_TOKEN, PlainForm, PlainNotice, Saved};

/// The query of the editor after its form was stored.
pub(super) const SAVED: &str = "saved";

/// Stores the form, or shows it again with what keeps it from being stored.
pub(super) async fn submit(
    State(pagebell): State<Arc<Pagebell>>,
    SignedIn(session): SignedIn,
    Secure(is_secure): Secure,
    Path(page_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_from_here(&headers, is_secure) {
        return foreign();
    }
    let record = match find(&pagebell, &session, &page_id).await {
        Ok(record) => record,
        Err(response) => return response,
    };
    let address = Destination::Editor(record.page_id);
    let fields = form(&body);
    let Some(form) = PlainForm::parse(&fields) else {
        return Redirect::to(&address.to_string()).into_response();
    };
    let again = |status, form: &PlainForm, notice| {
        editor_page(&pagebell, &session, status, &record, form, Some(notice))
    };
    if !session.is_form_token(fields.text(FORM_TOKEN).unwrap_or_default()) {
        return again(StatusCode::FORBIDDEN, &form, PlainNotice::OtherSession);
    }
    let limits = pagebell.configuration().hours_limits;
    let update = match form.update(pagebell.settings_of(&record), limits) {
        Ok(update) => update,
        Err(error) => {
            let notice = PlainNotice::Mistake(error.to_string());
            return again(StatusCode::BAD_REQUEST, &form, notice);
        }
    };
    let trace = pagebell.new_trace();
    match pagebell
        .save_update(&session, record.page_id, form.revision, update, &trace)
        .await
    {
        Ok(Saved::Stored(_)) => Redirect::to(&format!("{address}?{SAVED}")).into_response(),
        Ok(Saved::Conflict(conflict)) => {
            let (notice, form) = PlainNotice::of_conflict(*conflict);
            again(StatusCode::CONFLICT, &form, notice)
        }
        Ok(Saved::Missing) => super::gone(),
        Err(error) => unavailable_page(&error, &address),
    }
}
