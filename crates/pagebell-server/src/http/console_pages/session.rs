//! Signing in and out, and which requests belong to someone who is signed in.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use graph_api::Parameters;
use serde_json::json;

use super::{ZONES, form, json_answer, page, unavailable, unavailable_page};
use crate::Pagebell;
use crate::console::view::{Continue, SignIn};
use crate::console::{Destination, FormKey, RETURN_TO, Session, SessionError};
use crate::http::IsSecure;

/// The cookie with the access token.
const SESSION_COOKIE: &str = "pagebell_console";

/// The cookie with the key of the form tokens.
const FORM_COOKIE: &str = "pagebell_console_form";

/// The header in which scripts send the form token.
const FORM_TOKEN_HEADER: &str = "x-form-token";

/// Where scripts get the form token again.
pub(super) const FORM_TOKEN: &str = "/console/form-token";

/// The session of a request, or the answer that there is none.
pub(super) struct SignedIn(pub(super) Session);

impl FromRequestParts<Arc<Pagebell>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        pagebell: &Arc<Pagebell>,
    ) -> Result<Self, Response> {
        let Some(token) = cookie(&parts.headers, SESSION_COOKIE) else {
            return Err(match (page_wanted(parts), is_cross_site(&parts.headers)) {
                (Some(destination), true) => page(StatusCode::OK, &Continue { destination }),
                (wanted, _) => signed_out(wanted),
            });
        };
        match pagebell
            .session(token, form_key(&parts.headers).as_ref())
            .await
        {
            Ok(session) => Ok(Self(session)),
            Err(SessionError::Refused(_)) => Err(signed_out(page_wanted(parts))),
            Err(SessionError::Store(error)) => Err(match page_wanted(parts) {
                Some(wanted) => unavailable_page(&error, &wanted),
                None => unavailable(&error),
            }),
        }
    }
}

/// The page that a request is for; `None`: it is made by a script or a form.
fn page_wanted(parts: &Parts) -> Option<Destination> {
    let is_read = [http::Method::GET, http::Method::HEAD].contains(&parts.method);
    let is_page = is_read && ![ZONES, FORM_TOKEN].contains(&parts.uri.path());
    let address = parts.uri.path_and_query().filter(|_| is_page)?;
    Some(Destination::parse(address.as_str()).unwrap_or(Destination::whole_list()))
}

fn signed_out(wanted: Option<Destination>) -> Response {
    match wanted {
        Some(destination) => Redirect::to(&destination.sign_in()).into_response(),
        None => (
            StatusCode::UNAUTHORIZED,
            "Your session has ended. Sign in again in another tab, then reload this page to send it again.\n",
        )
            .into_response(),
    }
}

/// Whether the browser says that another site led here. It sends no cookie of the console then; a
/// page of the console that goes on to the same address leads it there from this site.
fn is_cross_site(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site")
}

/// A session whose request was made by a page of the console, and by no other site: it has the form
/// token, which other sites cannot know, and where the browser says so it comes from here.
pub(super) struct SameSite(pub(super) Session);

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

pub(super) fn foreign() -> Response {
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
///
/// The cookies alone do not prove where a request comes from: another port of the same host can set
/// them, and so knows a form token that fits them.
pub(super) fn is_from_here(headers: &HeaderMap, is_secure: bool) -> bool {
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

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|value| !value.is_empty())
}

/// The key of the form tokens in the browser that sent a request.
fn form_key(headers: &HeaderMap) -> Option<FormKey> {
    FormKey::parse(cookie(headers, FORM_COOKIE)?)
}

fn set_cookie(
    name: &str,
    value: &str,
    is_secure: bool,
    more: &str,
) -> (header::HeaderName, HeaderValue) {
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/console; HttpOnly; SameSite=Strict{secure}{more}");
    let text = HeaderValue::from_str(&text).expect("tokens and keys have only cookie characters");
    (header::SET_COOKIE, text)
}

/// Whether the connection of a request's caller is secure.
pub(super) struct Secure(pub(super) bool);

impl<S: Sync> FromRequestParts<S> for Secure {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(IsSecure::of(parts)))
    }
}

/// The destination that parameters name, or the list of Pages.
fn destination(parameters: &Parameters) -> Destination {
    let named = parameters.text(RETURN_TO).and_then(Destination::parse);
    named.unwrap_or(Destination::whole_list())
}

pub(super) async fn sign_in_form(RawQuery(query): RawQuery) -> Response {
    let parameters = Parameters::from_query(query.as_deref().unwrap_or_default());
    let form = SignIn {
        complaint: None,
        destination: destination(&parameters),
    };
    page(StatusCode::OK, &form)
}

pub(super) async fn sign_in(
    State(pagebell): State<Arc<Pagebell>>,
    Secure(is_secure): Secure,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_from_here(&headers, is_secure) {
        return foreign();
    }
    let form = form(&body);
    let destination = destination(&form);
    let token = form.text("access_token").unwrap_or_default().trim();
    let form_key = form_key(&headers);
    match pagebell.session(token, form_key.as_ref()).await {
        Ok(session) => {
            tracing::info!(token_id = %session.access.token.token_id, "signed in to the console");
            let token = set_cookie(SESSION_COOKIE, session.cookie_value(), is_secure, "");
            let redirect = Redirect::to(&destination.to_string());
            if form_key.is_some() {
                // Pages that were opened before stay usable.
                return (AppendHeaders([token]), redirect).into_response();
            }
            let key = FormKey::random(&*pagebell.surroundings.entropy);
            let key = set_cookie(FORM_COOKIE, key.cookie_value(), is_secure, "");
            (AppendHeaders([token, key]), redirect).into_response()
        }
        Err(SessionError::Refused(complaint)) => page(
            StatusCode::FORBIDDEN,
            &SignIn {
                complaint: Some(&complaint),
                destination,
            },
        ),
        Err(SessionError::Store(error)) => unavailable_page(&error, &destination),
    }
}

/// Ends the session in this browser, also one whose token has expired or was revoked.
pub(super) async fn sign_out(Secure(is_secure): Secure, headers: HeaderMap) -> Response {
    if !is_from_here(&headers, is_secure) {
        return foreign();
    }
    let expired =
        [SESSION_COOKIE, FORM_COOKIE].map(|name| set_cookie(name, "", is_secure, "; Max-Age=0"));
    (AppendHeaders(expired), Redirect::to("/console/sign-in")).into_response()
}

/// The form token for a page whose own is no longer valid, as after signing out and in again.
/// Other origins cannot read the response.
pub(super) async fn form_token(SignedIn(session): SignedIn) -> Response {
    let token = session.form_token.to_string();
    json_answer(StatusCode::OK, &json!({ "form_token": token }))
}
