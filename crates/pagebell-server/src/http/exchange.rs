//! One HTTP exchange of the Graph surface.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use graph_api::GraphError;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::Full;
use hyper::body::{Body, Incoming};

use super::body::{self, BodyError};
use super::memory::Share;
use super::room::{Place, UnderWay};
use crate::request::{CONTENT_TYPE, GraphRequest, GraphResponse, Origin, REVISION_HEADER};
use crate::{Conditions, Pagebell};

const FACEBOOK_API_VERSION: HeaderName = HeaderName::from_static("facebook-api-version");
const X_FB_REQUEST_ID: HeaderName = HeaderName::from_static("x-fb-request-id");
const X_FB_TRACE_ID: HeaderName = HeaderName::from_static("x-fb-trace-id");
const PAGEBELL_REVISION: HeaderName = HeaderName::from_static(REVISION_HEADER);

/// The headers that nearly every answer has; the empty ones are for the answer to fill.
static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    [
        (header::CONTENT_TYPE, CONTENT_TYPE),
        (FACEBOOK_API_VERSION, ""),
        (X_FB_REQUEST_ID, ""),
        (X_FB_TRACE_ID, ""),
        (header::CACHE_CONTROL, "no-store"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (PAGEBELL_REVISION, ""),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
    .into_iter()
    .collect()
});

/// What the headers of an answer take, about, in bytes.
const HEAD_BYTES: usize = 600;

/// The headers that scripts of other origins may read.
const EXPOSED_HEADERS: &str =
    "facebook-api-version, pagebell-revision, x-fb-request-id, x-fb-trace-id, www-authenticate";

/// Answers a read whose answer is in memory; `None`: the request takes the way of all others.
pub(super) fn answer_at_hand(
    pagebell: &Pagebell,
    request: &Request<Incoming>,
    unread: &Share,
) -> Option<Response<Full<Bytes>>> {
    if request.method() != Method::GET || !request.body().is_end_stream() {
        return None;
    }
    check_head(pagebell, request).ok()?;
    if conditions(request.headers()).is_conditional_read() {
        return None;
    }
    let response = pagebell.read_at_hand(
        request.uri().path(),
        request.uri().query().unwrap_or_default(),
        authorization(request.headers()),
    )?;
    if !unread.hold_more(HEAD_BYTES + response.body.len()) {
        return None;
    }
    Some(with_headers(
        pagebell,
        request.method(),
        request.uri(),
        request.headers(),
        response,
    ))
}

/// What a request needs of its connection.
pub(super) struct Transport<'a> {
    /// Whether the caller's connection is secure.
    pub(super) is_secure: bool,
    /// What the body of the request is charged to.
    pub(super) share: Share,
    /// What the answer is charged to until the caller has taken it.
    pub(super) unread: &'a Share,
    /// The slot of the connection.
    pub(super) place: &'a Place,
}

/// Answers a request of the Graph surface.
pub(super) async fn answer(
    pagebell: &Arc<Pagebell>,
    request: Request<Incoming>,
    transport: Transport<'_>,
) -> Response<Full<Bytes>> {
    if let Err(error) = check_head(pagebell, &request) {
        return close(refuse(pagebell, &request.into_parts().0, &error));
    }
    let (head, body) = request.into_parts();
    if head.method == Method::OPTIONS {
        return preflight(pagebell, &head);
    }
    let limits = &pagebell.configuration().limits;
    let limit = || {
        if is_batch_root(head.uri.path()) {
            limits.batch_body_bytes
        } else {
            limits.body_bytes
        }
    };
    let (body, _busy) = match read_body(pagebell, &head, body, limit, &transport).await {
        Ok(read) => read,
        Err(refusal) => return refusal,
    };
    let request = GraphRequest {
        method: &head.method,
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        authorization: authorization(&head.headers),
        content_type: text(&head.headers, header::CONTENT_TYPE),
        conditions: conditions(&head.headers),
        origin: Origin {
            is_secure: transport.is_secure,
            host: text(&head.headers, header::HOST).unwrap_or("localhost"),
        },
        body: &body,
    };
    // A fault of the code in one request is an answer to that request, and nothing to the others.
    let answering = AssertUnwindSafe(pagebell.dispatch(request)).catch_unwind();
    let may_have_changed = head.method != Method::GET && head.method != Method::HEAD;
    match tokio::time::timeout(limits.request_time, answering).await {
        Ok(Ok(response)) => {
            if !transport.unread.hold_more(HEAD_BYTES + response.body.len()) {
                let error = GraphError::too_many_unread(may_have_changed);
                return close(refuse(pagebell, &head, &error));
            }
            with_headers(pagebell, &head.method, &head.uri, &head.headers, response)
        }
        Ok(Err(_panic)) => close(refuse(pagebell, &head, &GraphError::unknown())),
        Err(_elapsed) => refuse(
            pagebell,
            &head,
            &GraphError::store_unavailable(may_have_changed),
        ),
    }
}

/// How long a connection keeps its slot while it waits for a body.
const BODY_GRACE: Duration = Duration::from_secs(1);

/// Reads the body of a request, or answers why it is not read. Until the guard that comes with the
/// body is dropped, the connection is at work; while a body is late, it makes room for others.
pub(super) async fn read_body<'a>(
    pagebell: &Pagebell,
    head: &http::request::Parts,
    body: Incoming,
    limit: impl FnOnce() -> usize,
    transport: &Transport<'a>,
) -> Result<(Bytes, UnderWay<'a>), Response<Full<Bytes>>> {
    let time = pagebell.configuration().limits.request_time;
    let place = transport.place;
    let mut busy = place.busy();
    let mut reading = pin!(body::read(
        body,
        &head.headers,
        limit,
        time,
        &transport.share
    ));
    // Nearly every body has arrived with its head, and needs no timer.
    let read = match reading.as_mut().now_or_never() {
        Some(read) => read,
        None => match tokio::time::timeout(BODY_GRACE, reading.as_mut()).await {
            Ok(read) => read,
            Err(_late) => {
                drop(busy);
                let read = reading.await;
                busy = place.busy();
                read
            }
        },
    };
    match read {
        Ok(body) => Ok((body, busy)),
        Err(BodyError::Answer(error)) => Err(refuse(pagebell, head, &error)),
        Err(BodyError::AnswerAndClose(error)) => Err(close(refuse(pagebell, head, &error))),
    }
}

/// Answers a request that is refused before it is dispatched.
pub(super) fn refuse(
    pagebell: &Pagebell,
    head: &http::request::Parts,
    error: &GraphError,
) -> Response<Full<Bytes>> {
    let response = pagebell.refused(error);
    let metrics = &pagebell.metrics;
    metrics.observe_response(&head.method, &response, Duration::ZERO);
    with_headers(pagebell, &head.method, &head.uri, &head.headers, response)
}

/// The bytes of an answer to what hyper did not take for a request; the connection ends after it.
pub(super) fn answer_to_malformed(pagebell: &Pagebell, error: &GraphError) -> Bytes {
    let response = pagebell.refused(error);
    let (method, uri, headers) = (Method::GET, Uri::default(), HeaderMap::new());
    pagebell
        .metrics
        .observe_response(&method, &response, Duration::ZERO);
    let body = response.body.clone();
    let response = close(with_headers(pagebell, &method, &uri, &headers, response));
    let mut bytes = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(&body);
    Bytes::from(bytes)
}

/// Refuses a head that is over the limits, or that two readers would read in different ways.
pub(super) fn check_head(
    pagebell: &Pagebell,
    request: &Request<Incoming>,
) -> Result<(), GraphError> {
    let limits = &pagebell.configuration().limits;
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    if headers.len() > limits.header_count {
        return Err(GraphError::headers_too_large(&format!(
            "{} headers",
            limits.header_count
        )));
    }
    let address = uri.path_and_query().map_or(0, |it| it.as_str().len());
    let method = method.as_str().len();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if method + address + bytes > limits.header_bytes {
        return Err(GraphError::headers_too_large(&format!(
            "{} bytes",
            limits.header_bytes
        )));
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => {}
        (None, _) if request.version() == Version::HTTP_10 => {}
        (None, _) => return Err(GraphError::host_invalid("no header Host")),
        (_, Some(_)) => return Err(GraphError::host_invalid("more than one header Host")),
        (Some(_), None) => {
            return Err(GraphError::host_invalid(
                "a header Host that is no host and port",
            ));
        }
    }
    if !is_same_each_time(headers, header::AUTHORIZATION) {
        return Err(GraphError::tokens_differ("two headers Authorization"));
    }
    if let Some(first) = headers.get(header::CONTENT_TYPE)
        && (first.to_str().is_err() || !is_same_each_time(headers, header::CONTENT_TYPE))
    {
        return Err(GraphError::parameter_invalid(
            "Content-Type must stand in the request once, with a value in ASCII",
        ));
    }
    // Chunks are taken out before a body gets here. Anything else in it would be read as it is.
    for (name, plain) in [
        (header::CONTENT_ENCODING, "identity"),
        (header::TRANSFER_ENCODING, "chunked"),
    ] {
        for value in headers.get_all(name) {
            let encoding = value.to_str().unwrap_or("that is no text");
            if !encoding.eq_ignore_ascii_case(plain) {
                return Err(GraphError::encoded_body(encoding));
            }
        }
    }
    Ok(())
}

/// Whether a value has only the characters of a host and port, as it is put into addresses.
fn is_host(value: &HeaderValue) -> bool {
    value
        .as_bytes()
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]%~".contains(byte))
}

/// Whether a header has one value, however often it stands in the request.
fn is_same_each_time(headers: &HeaderMap, name: HeaderName) -> bool {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    values.all(|other| Some(other) == first)
}

fn conditions(headers: &HeaderMap) -> Conditions<'_> {
    let mut conditions = Conditions::default();
    for (name, value) in headers {
        conditions.add(name.as_str(), || value.to_str().ok());
    }
    conditions
}

/// Whether a path is the root, perhaps behind a version: batches may be larger than other bodies.
fn is_batch_root(path: &str) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    match (segments.next(), segments.next()) {
        (None, _) => true,
        (Some(version), None) => version.starts_with('v'),
        _ => false,
    }
}

/// The header with the token. One that is no text has a token that nobody was ever given.
fn authorization(headers: &HeaderMap) -> Option<&str> {
    const NOBODYS: &str = "Bearer ?";
    let value = headers.get(header::AUTHORIZATION)?;
    Some(value.to_str().unwrap_or(NOBODYS))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Puts the headers of every Graph answer around a response, and writes the log.
fn with_headers(
    pagebell: &Pagebell,
    method: &Method,
    uri: &Uri,
    request_headers: &HeaderMap,
    response: GraphResponse,
) -> Response<Full<Bytes>> {
    log(pagebell, method, uri, &response);
    let is_from_a_page = request_headers.contains_key(header::ORIGIN);
    let mut built = Response::new(Full::new(response.body));
    *built.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = built.headers_mut();
    // One copy, with room for all of them, instead of a map that grows.
    headers.clone_from(&HEADERS);
    let trace_ids = Bytes::copy_from_slice(response.trace.as_bytes());
    let (request_id, trace_id) = response.trace.ranges();
    headers.insert(
        FACEBOOK_API_VERSION,
        HeaderValue::from_static(response.version.name()),
    );
    headers.insert(X_FB_REQUEST_ID, shared(trace_ids.slice(request_id)));
    headers.insert(X_FB_TRACE_ID, shared(trace_ids.slice(trace_id)));
    if is_from_a_page {
        let exposed = HeaderValue::from_static(EXPOSED_HEADERS);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    match response.revision {
        Some(revision) => {
            headers.insert(PAGEBELL_REVISION, HeaderValue::from(revision.get()));
        }
        None => {
            headers.remove(PAGEBELL_REVISION);
        }
    }
    if let Some(value) = response.www_authenticate {
        headers.insert(header::WWW_AUTHENTICATE, ascii(&value));
    }
    built
}

fn shared(value: Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(value).expect("the alphabet is printable ASCII")
}

fn ascii(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("only printable ASCII gets here")
}

pub(super) fn close(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Lets pages of other origins call the server from a browser, as the live API does.
fn preflight(pagebell: &Pagebell, head: &http::request::Parts) -> Response<Full<Bytes>> {
    let mut response = with_headers(
        pagebell,
        &head.method,
        &head.uri,
        &head.headers,
        pagebell.empty(),
    );
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, If-Match, Pagebell-Revision-At-Least, X-Requested-With",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The log has the path but never the query, in which tokens may stand.
fn log(pagebell: &Pagebell, method: &Method, uri: &Uri, response: &GraphResponse) {
    let code = response.error.map_or(0, |id| id.entry().code);
    let trace_id = response.trace.request_id();
    let status = response.status;
    let path = Loggable(uri.path());
    if status >= 500 {
        tracing::error!(trace_id, %method, %path, status, code, "request failed");
    } else if pagebell.configuration().access_log {
        tracing::info!(trace_id, %method, %path, status, code, "request");
    } else {
        tracing::debug!(trace_id, %method, %path, status, code, "request");
    }
}

/// A path for the log. A segment that is longer than any that leads somewhere is left out: it may
/// be a token that somebody put in the wrong place.
struct Loggable<'a>(&'a str);

impl fmt::Display for Loggable<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 32;
        for (position, segment) in self.0.split('/').enumerate() {
            if position > 0 {
                formatter.write_str("/")?;
            }
            formatter.write_str(if segment.len() > LONGEST {
                "..."
            } else {
                segment
            })?;
        }
        Ok(())
    }
}
