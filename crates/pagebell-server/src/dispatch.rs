//! A request in, a response out.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use graph_api::{
    Edge, GraphError, GraphPath, GraphVersion, Node, Parameters, Route, TRACE_RANDOM_BYTES,
    TraceIds,
};
use http::Method;
use jiff::Timestamp;
use settings_store::{AppId, AppRecord, SettingsStore, StoreError, TokenHash};
use subtle::ConstantTimeEq;
use tokio::sync::watch;

use crate::access::{APP_TOKEN_SEPARATOR, Access, Caller, Credentials, verify_proof};
use crate::copies::Copies;
use crate::http::{Budget, RenderedReference};
use crate::metrics::Metrics;
use crate::offloaded::{OffloadedWork, TooManyWaiting};
use crate::readiness::Readiness;
use crate::request::{Answer, GraphRequest, GraphResponse, Surface};
use crate::{Configuration, Profile, Surroundings};

/// The server without its sockets.
#[derive(Debug)]
pub struct Pagebell {
    pub(crate) configuration: Configuration,
    pub(crate) store: Arc<dyn SettingsStore>,
    pub(crate) copies: Arc<Copies>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) surroundings: Surroundings,
    /// Whether the server was told to stop, and is not ready for more.
    pub(crate) is_stopping: AtomicBool,
    /// What the last look at the store found.
    pub(crate) readiness: Readiness,
    /// What runs off the threads of the runtime.
    pub(crate) offloaded: OffloadedWork,
    /// The memory for answers that are not read yet.
    pub(crate) unread: Arc<Budget>,
    /// The default settings, as the store takes them with each write.
    pub(crate) default_settings: Arc<call_settings::CallSettings>,
    /// The texts of the reference that have been rendered.
    pub(crate) rendered_reference: RenderedReference,
}

/// One operation on its way: the request, and what it inherits from the batch it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    pub(crate) request: &'a GraphRequest<'a>,
    pub(crate) method: &'a Method,
    pub(crate) parameters: &'a Parameters,
    /// What is wrong with the body or the parameters. It is told to callers that are known only, so
    /// each operation asks for it after it has authenticated its caller.
    pub(crate) body: &'a Result<(), GraphError>,
    pub(crate) trace: &'a TraceIds,
    /// The credentials of the batch, which count where the operation has none of its own.
    pub(crate) inherited: Option<Credentials<'a>>,
}

impl Pagebell {
    /// A server over this store, which from now on tells it of changes. Where the store is shared
    /// and copies of it are kept, their upkeep begins on the present tokio runtime; without one
    /// this panics.
    pub fn new(
        configuration: Configuration,
        store: Arc<dyn SettingsStore>,
        surroundings: Surroundings,
    ) -> Self {
        let metrics = Arc::new(Metrics::default());
        let copies = Arc::new(Copies::new(
            &configuration.limits,
            &configuration.default_settings,
            store.keep_copies(),
            Arc::clone(&metrics),
            Arc::clone(&surroundings.clock),
        ));
        store.set_observer(Arc::clone(&copies) as Arc<_>);
        Self {
            readiness: Readiness::default(),
            offloaded: OffloadedWork::default(),
            unread: Budget::new(
                configuration.limits.unread_answer_bytes,
                configuration.limits.connections,
            ),
            rendered_reference: RenderedReference::default(),
            default_settings: Arc::new(configuration.default_settings.clone()),
            configuration,
            store,
            copies,
            metrics,
            surroundings,
            is_stopping: AtomicBool::new(false),
        }
    }

    /// How this server is set up.
    pub const fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Becomes the reason when the store can no longer be trusted: the process should end then.
    pub fn store_failure(&self) -> watch::Receiver<Option<String>> {
        self.copies.failure()
    }

    /// Answers a request. It never fails: what goes wrong is an answer too.
    pub async fn dispatch(&self, request: GraphRequest<'_>) -> GraphResponse {
        self.measured(request, self.configuration.version_of_unversioned(), None)
            .await
    }

    /// Answers a request, or an operation of a batch with what it inherits, and counts it.
    pub(crate) async fn measured(
        &self,
        request: GraphRequest<'_>,
        unversioned: GraphVersion,
        inherited: Option<Credentials<'_>>,
    ) -> GraphResponse {
        let begun = self.surroundings.clock.monotonic();
        let response = self.respond(request, unversioned, inherited).await;
        let time = self.surroundings.clock.monotonic().saturating_sub(begun);
        self.metrics
            .observe_response(request.method, &response, time);
        response
    }

    async fn respond(
        &self,
        request: GraphRequest<'_>,
        unversioned: GraphVersion,
        inherited: Option<Credentials<'_>>,
    ) -> GraphResponse {
        let trace = self.new_trace();
        let (parameters, body) = parameters_of(&request, inherited.is_some());
        let method = match self.meant_method(&request, &parameters) {
            Ok(method) => method,
            Err(error) => return self.failed(&error, unversioned, trace, Surface::Unknown),
        };
        let path = match GraphPath::parse(method, request.path) {
            Ok(path) => path,
            Err(error) => return self.failed(&error, unversioned, trace, Surface::Unknown),
        };
        let version = path.version.unwrap_or(unversioned);
        let surface = self.surface(method, &path.route);
        let operation = Operation {
            request: &request,
            method,
            parameters: &parameters,
            body: &body,
            trace: &trace,
            inherited,
        };
        // Documented samples post batches to objects too, which then have no part in them.
        let is_batch = inherited.is_none()
            && method == Method::POST
            && (path.route == Route::Root || parameters.get("batch").is_some());
        let result = match (&path.route, surface) {
            (Route::Edge(node, Edge::MessengerCallSettings), _) => {
                self.call_settings(operation, *node).await
            }
            (Route::Edge(node, Edge::MessengerCallSettingsHistory), Surface::Edge(_)) => {
                self.settings_history(operation, version, *node).await
            }
            (Route::Edge(node, Edge::MessengerCallAvailability), Surface::Edge(_)) => {
                self.call_availability(operation, *node).await
            }
            (Route::Edge(node, Edge::BusinessMessagingFeatureStatus), Surface::Edge(_)) => {
                self.feature_status(operation, *node).await
            }
            (Route::Object(node), Surface::Page) if method == Method::GET => {
                self.read_page(operation, *node).await
            }
            (Route::DebugToken, Surface::DebugToken) => {
                self.debug_token(operation).await.map(Answer::from)
            }
            (Route::Control(tail), _) if tail == "clock" && inherited.is_none() => {
                self.clock_control(operation).await.map(Answer::from)
            }
            (Route::Root | Route::Object(_), Surface::Batch) if is_batch => {
                // Boxed, as an operation of the batch comes through here again.
                Box::pin(self.batch(operation, version))
                    .await
                    .map(Answer::from)
            }
            (route, surface) => Err(self.lost(method, route, surface)),
        };
        match result {
            Ok(answer) => GraphResponse {
                status: 200,
                version,
                trace,
                www_authenticate: None,
                body: answer.body,
                revision: answer
                    .revision
                    .filter(|_| self.configuration.profile == Profile::Graph),
                surface,
                error: None,
            },
            Err(error) => self.failed(&error, version, trace, surface),
        }
    }

    /// The method that a request means. HEAD is GET without the body, which the transport leaves
    /// out. The parameter `method` takes the verb's place (seen): clients that can send GET or POST
    /// only say so what they mean. It cannot make a HEAD change anything (ours): programs that look
    /// whether an address is there send HEAD to addresses that others gave them.
    fn meant_method<'a>(
        &self,
        request: &GraphRequest<'a>,
        parameters: &Parameters,
    ) -> Result<&'a Method, GraphError> {
        if self.configuration.profile == Profile::Graph
            && let Some(meant) = parameters.text("method")
        {
            return match meant.to_ascii_lowercase().as_str() {
                "get" => Ok(&Method::GET),
                _ if request.method == Method::HEAD => Err(GraphError::parameter_invalid(
                    "method must be get where the request is a HEAD",
                )),
                "post" => Ok(&Method::POST),
                "delete" => Ok(&Method::DELETE),
                // No path takes these, which is what the caller is told.
                "put" => Ok(&Method::PUT),
                "patch" => Ok(&Method::PATCH),
                "head" => Ok(&Method::HEAD),
                _ => Err(GraphError::parameter_invalid(
                    "method must be one of {get, post, delete}",
                )),
            };
        }
        if request.method == Method::HEAD {
            return Ok(&Method::GET);
        }
        Ok(request.method)
    }

    async fn call_settings(
        &self,
        operation: Operation<'_>,
        node: Node,
    ) -> Result<Answer, GraphError> {
        match *operation.method {
            Method::GET => self.read_settings(operation, node).await,
            Method::POST => self.update_settings(operation, node).await,
            _ => Err(GraphError::unsupported_method(
                operation.method,
                &name_of(node),
                "GET and POST",
            )),
        }
    }

    /// What a route is to this profile: the published page has nothing but the edge.
    fn surface(&self, method: &Method, route: &Route<'_>) -> Surface {
        match (route, self.configuration.profile) {
            (Route::Edge(_node, edge), profile) if profile.edges().contains(edge) => {
                Surface::Edge(*edge)
            }
            (Route::Control(_), _) => Surface::Control,
            (Route::Root, Profile::Graph) => Surface::Batch,
            (Route::Object(_node), Profile::Graph) if method == Method::POST => Surface::Batch,
            (Route::Object(_node), Profile::Graph) => Surface::Page,
            (Route::DebugToken, Profile::Graph) => Surface::DebugToken,
            _ => Surface::Unknown,
        }
    }

    /// The error for a path that leads nowhere.
    fn lost(&self, method: &Method, route: &Route<'_>, surface: Surface) -> GraphError {
        let edges = self.configuration.profile.edges();
        match route {
            Route::Root if [Method::GET, Method::POST].contains(method) => {
                GraphError::no_node(surface == Surface::Batch)
            }
            Route::Root => {
                GraphError::unsupported_method(method, "/", "POST, with the parameter batch")
            }
            Route::DebugToken => GraphError::unknown_path("/debug_token", edges),
            Route::Control(tail) => GraphError::unknown_path(&format!("/control/{tail}"), edges),
            Route::Edge(_node, edge) => no_such_edge(method, edge.name(), edges),
            Route::Object(node) => GraphError::unsupported_method(
                method,
                &name_of(*node),
                match surface {
                    Surface::Page | Surface::Batch => "GET, and POST with the parameter batch",
                    _ => "no method; its edge messenger_call_settings takes GET and POST",
                },
            ),
            Route::Unknown { node, tail } => {
                if Node::is_object(node) {
                    no_such_edge(method, tail, edges)
                } else {
                    GraphError::unknown_alias(node)
                }
            }
        }
    }

    /// The answer to a request that is refused before its path is looked at.
    pub(crate) fn refused(&self, error: &GraphError) -> GraphResponse {
        let version = self.configuration.version_of_unversioned();
        self.failed(error, version, self.new_trace(), Surface::Unknown)
    }

    /// An answer that says nothing but that the server is there.
    pub(crate) fn empty(&self) -> GraphResponse {
        GraphResponse {
            status: 200,
            version: self.configuration.version_of_unversioned(),
            trace: self.new_trace(),
            www_authenticate: None,
            body: Bytes::from_static(b"{}"),
            revision: None,
            surface: Surface::Unknown,
            error: None,
        }
    }

    /// The answer that an error is, in the form of the profile.
    fn failed(
        &self,
        error: &GraphError,
        version: GraphVersion,
        trace: TraceIds,
        surface: Surface,
    ) -> GraphResponse {
        let flat = self.configuration.profile == Profile::Reference;
        let status = match error.entry().status {
            status if !flat || status == 403 || status >= 500 => status,
            _ => 400,
        };
        GraphResponse {
            status,
            version,
            trace,
            www_authenticate: Some(error.www_authenticate()),
            body: Bytes::from(error.standard_error(&trace).to_json(flat)),
            revision: None,
            surface,
            error: Some(error.id()),
        }
    }

    pub(crate) fn new_trace(&self) -> TraceIds {
        let mut random = [0; TRACE_RANDOM_BYTES];
        self.surroundings.entropy.fill(&mut random);
        TraceIds::from_random(random)
    }

    /// The credentials of an operation: its own, or else those it inherits.
    pub(crate) fn credentials<'a>(
        &self,
        operation: Operation<'a>,
    ) -> Result<Option<Credentials<'a>>, GraphError> {
        let own = Credentials::find(
            self.configuration.profile,
            operation.request.authorization,
            operation.parameters,
        )?;
        Ok(own.or(operation.inherited))
    }

    /// Who calls, or why nobody that is known.
    pub(crate) async fn authenticate(
        &self,
        operation: Operation<'_>,
        credentials: &Credentials<'_>,
    ) -> Result<Caller, GraphError> {
        let now = self.surroundings.clock.now();
        self.authenticate_at(operation, credentials, now).await
    }

    /// The same by another clock.
    pub(crate) async fn authenticate_at(
        &self,
        operation: Operation<'_>,
        credentials: &Credentials<'_>,
        now: Timestamp,
    ) -> Result<Caller, GraphError> {
        let unavailable = |error: StoreError| store_failed(&error, operation.trace);
        if credentials.token.contains(APP_TOKEN_SEPARATOR) {
            let app = self
                .app_of(credentials.token)
                .await
                .map_err(unavailable)?
                .ok_or_else(GraphError::token_unknown)?;
            verify_proof(Some(&app), credentials, now)?;
            return Ok(Caller::App(app));
        }
        let access = self
            .copies
            .token(&*self.store, TokenHash::of(credentials.token))
            .await
            .map_err(unavailable)?
            .ok_or_else(GraphError::token_unknown)?;
        access.check_alive(now)?;
        verify_proof(access.app.as_ref(), credentials, now)?;
        Ok(Caller::Token(access))
    }

    /// The app whose own access token this is; `None`: it is nobody's.
    pub(crate) async fn app_of(&self, token: &str) -> Result<Option<AppRecord>, StoreError> {
        let (app_id, secret) = token.split_once(APP_TOKEN_SEPARATOR).unwrap_or_default();
        let Ok(app_id) = app_id.parse::<AppId>() else {
            return Ok(None);
        };
        let app = self.store.app(app_id).await?;
        Ok(app.filter(|app| is_secret(app, secret)))
    }

    /// The access token of an operation on a Page, whose body can be read.
    pub(crate) async fn page_access(
        &self,
        operation: Operation<'_>,
        node: Node,
    ) -> Result<Arc<Access>, GraphError> {
        let Some(credentials) = self.credentials(operation)? else {
            return Err(match (self.configuration.profile, node) {
                (Profile::Reference, _) => Credentials::none_of_three(),
                (Profile::Graph, Node::Me) => GraphError::token_missing_for_me(),
                (Profile::Graph, Node::Page(_)) => GraphError::token_missing(),
            });
        };
        match self.authenticate(operation, &credentials).await? {
            Caller::Token(access) => operation.body.clone().map(|()| access),
            Caller::App(_) => Err(GraphError::page_token_required()),
        }
    }
}

/// The parameters of a request: of its query, and of its body unless it is a GET or DELETE, whose
/// bodies are ignored. In a batch the body of a GET counts: Meta's Ruby SDK has the parameters of
/// reads there (clients). What is wrong with them comes apart.
fn parameters_of(
    request: &GraphRequest<'_>,
    in_batch: bool,
) -> (Parameters, Result<(), GraphError>) {
    let mut parameters = Parameters::from_query(request.query);
    let body = if [Method::GET, Method::HEAD, Method::DELETE].contains(request.method)
        && !(in_batch && request.method == Method::GET)
    {
        Ok(())
    } else {
        parameters.extend_from_body(request.content_type, request.body)
    };
    let body = body.and_then(|()| parameters.check());
    (parameters, body)
}

/// Whether the secret is the app's, in a time that does not tell how much of it is right.
fn is_secret(app: &AppRecord, secret: &str) -> bool {
    use secrecy::ExposeSecret;
    let own = app.secret.expose_secret().as_bytes();
    bool::from(own.ct_eq(secret.as_bytes()))
}

/// Logs an error of the store with the trace id that the caller gets, and makes it an answer.
pub(crate) fn store_failed(error: &StoreError, trace: &TraceIds) -> GraphError {
    tracing::error!(trace_id = trace.request_id(), %error, "the store did not answer");
    GraphError::store_unavailable(error.is_fatal())
}

/// The answer to what may not even wait.
pub(crate) fn too_many_waiting(_: TooManyWaiting) -> GraphError {
    GraphError::too_many_waiting()
}

/// Refuses any method but GET on what is named so.
pub(crate) fn only_get(operation: Operation<'_>, name: &str) -> Result<(), GraphError> {
    if operation.method == Method::GET {
        Ok(())
    } else {
        Err(GraphError::unsupported_method(
            operation.method,
            name,
            "GET",
        ))
    }
}

pub(crate) fn name_of(node: Node) -> Cow<'static, str> {
    match node {
        Node::Me => Cow::Borrowed("me"),
        Node::Page(page_id) => Cow::Owned(page_id.to_string()),
    }
}

fn no_such_edge(method: &Method, tail: &str, edges: &[Edge]) -> GraphError {
    if method == Method::GET && !tail.contains('/') {
        GraphError::unknown_edge(tail, edges)
    } else {
        GraphError::unknown_path(&format!("/{tail}"), edges)
    }
}
