//! Listening, accepting and stopping.

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::Either as EitherFuture;
use graph_api::GraphError;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::server::graceful::GracefulShutdown;
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tower::ServiceExt;

use super::exchange::Transport;
use super::guarded::{Guarded, Shares};
use super::idle::{Progress, Watched};
use super::memory::Budget;
use super::room::{Place, Room};
use super::tls::Tls;
use super::{IsSecure, TlsError, TlsFiles, TlsReload, endpoints, exchange, is_secure};
use crate::Pagebell;

/// How long accepting rests after an error such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The most connections that wait to be accepted. One that finds no place among them tries again
/// after a second. The machine may allow fewer.
const BACKLOG: u32 = 4096;

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    pagebell: Arc<Pagebell>,
    tls: Option<Arc<Tls>>,
}

/// How a server stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It was asked to, and finished what was under way.
    Finished,
    /// It was asked to; some requests were still under way when their time was up.
    TimeUp,
    /// It was asked to; the store was still closing when the time of the stop was up. What was
    /// acknowledged is kept; what was under way may or may not have been stored.
    StoreNotClosed,
    /// The store can no longer be trusted.
    StoreFailed(String),
}

/// How much of the time of a stop is left to the store, after the requests under way.
const CLOSING_TIME: Duration = Duration::from_secs(2);

/// How much of the time of a stop is left to end the process.
const ENDING_TIME: Duration = Duration::from_millis(500);

/// The most memory that the head of a request may take, in bytes, unless larger ones are
/// configured.
const LARGEST_HEAD: usize = 64 * 1024;

/// What a head has beyond the bytes of its address and headers, which are limited: the separators
/// of the most headers. A head just over the limit is then refused by the limit's own error.
const HEAD_ROOM: usize = 8 * 1024;

type ResponseBody = Either<Full<Bytes>, UnsyncBoxBody<Bytes, axum::Error>>;

impl Server {
    /// Starts to listen. Port 0 picks a free port.
    pub fn bind(address: SocketAddr, pagebell: Arc<Pagebell>) -> io::Result<Self> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(Self {
            listener: socket.listen(BACKLOG)?,
            pagebell,
            tls: None,
        })
    }

    /// Speaks TLS with this certificate and key.
    pub fn with_tls(mut self, files: TlsFiles) -> Result<Self, TlsError> {
        let surroundings = self.pagebell.surroundings.clone();
        self.tls = Some(Tls::load(files, surroundings)?);
        Ok(self)
    }

    /// What has certificate and key read again; `None`: it speaks no TLS.
    pub fn tls_reload(&self) -> Option<TlsReload> {
        self.tls.as_ref().map(|tls| tls.reload())
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until `stop` is done or the store fails; then accepts no more, finishes
    /// what is under way and closes the store. After `stop` it goes on for the drain time, and says
    /// that it is not ready.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Stopped {
        let limits = self.pagebell.configuration().limits;
        let graceful = GracefulShutdown::new();
        let room = Room::new(limits.connections);
        let under_way = Arc::new(UnderWay::default());
        let heads = Budget::new(limits.unfinished_head_bytes, limits.connections);
        let bodies = Budget::new(limits.unfinished_body_bytes, limits.connections);
        let watching = self.tls.clone().map(|tls| tokio::spawn(tls.watch()));
        let checking = tokio::spawn(Arc::clone(&self.pagebell).keep_checking());
        let router = endpoints::router(Arc::clone(&self.pagebell));
        let mut failure = self.pagebell.store_failure();
        let mut stop = std::pin::pin!(async {
            stop.await;
            self.pagebell.is_stopping.store(true, Ordering::SeqCst);
            tokio::time::sleep(limits.drain_time).await;
        });
        let failed = loop {
            tokio::select! {
                () = &mut stop => break None,
                reason = failure.wait_for(Option::is_some) => {
                    break reason.ok().and_then(|reason| reason.clone());
                }
                (stream, place) = self.accept(&room) => {
                    let connection = Connection {
                        pagebell: Arc::clone(&self.pagebell),
                        router: router.clone(),
                        watcher: graceful.watcher(),
                        under_way: Arc::clone(&under_way),
                        place,
                        heads: Arc::clone(&heads),
                        bodies: Arc::clone(&bodies),
                    };
                    match &self.tls {
                        None => { tokio::spawn(connection.serve(stream, false)); }
                        Some(tls) => { tokio::spawn(connection.serve_tls(stream, tls.current().into())); }
                    }
                }
            }
        };
        drop(self.listener);
        if let Some(watching) = watching {
            watching.abort();
        }
        checking.abort();
        let time = limits.stop_time.saturating_sub(ENDING_TIME);
        let mut time_is_up = std::pin::pin!(tokio::time::sleep(time));
        let finished = tokio::time::timeout(time.saturating_sub(CLOSING_TIME), async {
            tokio::select! {
                () = graceful.shutdown() => {}
                () = under_way.all_finished() => {}
            }
        })
        .await;
        // A store may take its thread for as long as the disk or the database takes to answer.
        let store = Arc::clone(&self.pagebell.store);
        let runtime = tokio::runtime::Handle::current();
        let closing = tokio::task::spawn_blocking(move || runtime.block_on(store.close()));
        let is_closed = tokio::select! {
            closed = closing => closed.is_ok(),
            () = &mut time_is_up => false,
        };
        match (failed, finished) {
            (Some(reason), _) => Stopped::StoreFailed(reason),
            (None, _) if !is_closed => Stopped::StoreNotClosed,
            (None, Ok(())) => Stopped::Finished,
            (None, Err(_elapsed)) => Stopped::TimeUp,
        }
    }

    /// The next connection, once there is room for it.
    async fn accept(&self, room: &Arc<Room>) -> (TcpStream, Place) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _peer)) => {
                    let _slower_but_no_worse = stream.set_nodelay(true);
                    return (stream, room.place().await);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Perhaps there are too many open files.
                    room.close_idle();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// How many requests are under way.
#[derive(Debug, Default)]
struct UnderWay {
    count: AtomicUsize,
}

/// Counts a request until it is dropped.
struct Counted<'a>(&'a UnderWay);

impl UnderWay {
    fn count(&self) -> Counted<'_> {
        self.count.fetch_add(1, Ordering::SeqCst);
        Counted(self)
    }

    /// Waits until no request has been under way for long enough that its answer has left too. A
    /// connection that sends half a head and no more is no reason to wait for it.
    async fn all_finished(&self) {
        const TIME_TO_SEND: Duration = Duration::from_millis(250);
        loop {
            let before = self.count.load(Ordering::SeqCst);
            tokio::time::sleep(TIME_TO_SEND).await;
            if before == 0 && self.count.load(Ordering::SeqCst) == 0 {
                return;
            }
        }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One connection, and what its requests need.
struct Connection {
    pagebell: Arc<Pagebell>,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
    under_way: Arc<UnderWay>,
    place: Place,
    /// The memory for unfinished heads, and for bodies.
    heads: Arc<Budget>,
    bodies: Arc<Budget>,
}

impl Connection {
    /// Shakes hands, in the time that a head has, and serves the connection. Until then it makes
    /// room for others like one that is idle.
    async fn serve_tls(self, stream: TcpStream, acceptor: tokio_rustls::TlsAcceptor) {
        let time = self.pagebell.configuration().limits.header_time;
        let accepted = tokio::select! {
            biased;
            accepted = tokio::time::timeout(time, acceptor.accept(stream)) => accepted,
            () = self.place.wanted_back() => {
                tracing::debug!("a TLS handshake made room");
                return;
            }
        };
        match accepted {
            Ok(Ok(stream)) => self.serve(stream, true).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_elapsed) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn serve(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        is_tls: bool,
    ) {
        let Self {
            pagebell,
            router,
            watcher,
            under_way,
            place,
            heads,
            bodies,
        } = self;
        let limits = pagebell.configuration().limits;
        let counted = OpenConnection::count(&pagebell.metrics.connections);
        let progress = Arc::new(Progress::default());
        let unread = Arc::new(pagebell.unread.share());
        let service = service_fn(|request| {
            let counted = (under_way.count(), progress.answer());
            // Nearly every request is a read from memory: it gets by without a future of its own,
            // which for the others has room for everything that any of them may need.
            if let Some(response) = exchange::answer_at_hand(&pagebell, &request, &unread) {
                drop(place.busy());
                return EitherFuture::Left(ready(Ok(response.map(Either::Left))));
            }
            let transport = Transport {
                is_secure: is_secure(is_tls, request.headers()),
                share: bodies.share(),
                unread: &unread,
                place: &place,
            };
            let answered = answer(&pagebell, &router, request, transport);
            EitherFuture::Right(Box::pin(async move {
                let response = answered.await;
                drop(counted);
                response
            }))
        });
        let refuse = {
            let pagebell = Arc::clone(&pagebell);
            move |error: &GraphError| exchange::answer_to_malformed(&pagebell, error)
        };
        let shares = Shares {
            head: heads.share(),
            unread: Arc::clone(&unread),
        };
        let stream = Guarded::new(stream, Arc::clone(&progress), shares, refuse);
        let stream = Watched::new(stream, Arc::clone(&progress));
        // hyper refuses heads over its own limits without a body, which `Guarded` adds; those of
        // the configuration are stricter.
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            // Heads and bodies are small: they are copied together and leave as one piece.
            .writev(false)
            .max_headers(limits.header_count * 16)
            .max_buf_size(
                limits
                    .header_bytes
                    .saturating_add(HEAD_ROOM)
                    .max(LARGEST_HEAD),
            )
            .serve_connection(stream, service);
        tokio::select! {
            biased;
            ended = watcher.watch(connection) => if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            },
            () = progress.idle_for(limits.header_time) => {
                tracing::debug!("a connection was idle for too long");
            }
            () = place.wanted_back() => tracing::debug!("an idle connection made room"),
        }
        drop(counted);
    }
}

/// Counts a connection until it ends, however it does.
struct OpenConnection(Gauge);

impl OpenConnection {
    fn count(connections: &Gauge) -> Self {
        connections.inc();
        Self(connections.clone())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Answers what is not part of the Graph surface, within the same limits.
async fn answer_page(
    pagebell: &Arc<Pagebell>,
    router: &Router,
    request: Request<Incoming>,
    transport: Transport<'_>,
) -> Response<ResponseBody> {
    // A caller that sends many requests at once gets one page a turn.
    tokio::task::yield_now().await;
    let limits = &pagebell.configuration().limits;
    if let Err(error) = exchange::check_head(pagebell, &request) {
        let head = request.into_parts().0;
        return exchange::close(exchange::refuse(pagebell, &head, &error)).map(Either::Left);
    }
    let (mut head, body) = request.into_parts();
    let limit = || limits.body_bytes;
    let read = exchange::read_body(pagebell, &head, body, limit, &transport).await;
    let (body, _busy) = match read {
        Ok(read) => read,
        Err(refusal) => return refusal.map(Either::Left),
    };
    head.extensions.insert(IsSecure(transport.is_secure));
    let request = Request::from_parts(head, axum::body::Body::from(body));
    let status = |status| {
        let mut response = Response::new(Either::Left(Full::default()));
        *response.status_mut() = status;
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        response
    };
    // A fault of the code in one page is an answer to that request, and nothing to the others.
    let work = endpoints::work(pagebell, request.uri().path());
    let page = router.clone().oneshot(request);
    let answering = async {
        match work {
            None => Ok(page.await),
            Some(work) => work.run(page).await,
        }
    };
    let answering = AssertUnwindSafe(answering).catch_unwind();
    match tokio::time::timeout(limits.request_time, answering).await {
        Ok(Ok(Ok(Ok(response)))) => {
            let bytes = usize::try_from(response.body().size_hint().lower());
            if transport.unread.hold_more(bytes.unwrap_or(usize::MAX)) {
                response.map(|body| Either::Right(body.boxed_unsync()))
            } else {
                status(StatusCode::SERVICE_UNAVAILABLE)
            }
        }
        Ok(Ok(Err(_too_many_waiting))) => status(StatusCode::SERVICE_UNAVAILABLE),
        Ok(Err(_panic)) => status(StatusCode::INTERNAL_SERVER_ERROR),
        Err(_elapsed) => status(StatusCode::REQUEST_TIMEOUT),
    }
}

async fn answer(
    pagebell: &Arc<Pagebell>,
    router: &Router,
    request: Request<Incoming>,
    transport: Transport<'_>,
) -> Result<Response<ResponseBody>, Infallible> {
    if endpoints::owns(request.uri().path()) {
        return Ok(answer_page(pagebell, router, request, transport).await);
    }
    Ok(exchange::answer(pagebell, request, transport)
        .await
        .map(Either::Left))
}
