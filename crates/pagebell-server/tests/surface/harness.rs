//! A server to be tested, and short ways to ask it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use bytes::Bytes;
use call_settings::PageId;
use http::Method;
use jiff::Timestamp;
use pagebell_server::{
    Clock, Conditions, Configuration, Entropy, GraphRequest, GraphResponse, Origin, Pagebell,
    Profile, Surroundings,
};
use secrecy::SecretString;
use serde_json::Value;
use settings_store::{
    AppId, AppRecord, Coverage, MemoryStore, NewPage, SettingsStore, TokenHash, TokenId,
    TokenRecord,
};

/// The Page that every test has.
pub(crate) const PAGE: u64 = 1_234_567_890;
/// A second Page.
pub(crate) const OTHER_PAGE: u64 = 987;
/// Where the edge is.
pub(crate) const PATH: &str = "/v26.0/1234567890/messenger_call_settings";
/// The secret of every app.
pub(crate) const SECRET: &str = "00112233445566778899aabbccddeeff";

/// A clock that stands still until it is told to go on.
#[derive(Debug)]
pub(crate) struct FrozenClock {
    milliseconds: AtomicI64,
}

impl FrozenClock {
    pub(crate) fn advance(&self, time: Duration) {
        let milliseconds = i64::try_from(time.as_millis()).unwrap();
        self.milliseconds.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.milliseconds.load(Ordering::SeqCst)).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.milliseconds.load(Ordering::SeqCst)).unwrap())
    }
}

/// Counts instead of being random, so that answers can be compared.
#[derive(Debug, Default)]
struct Counting {
    next: AtomicU8,
}

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.next.fetch_add(1, Ordering::SeqCst));
    }
}

pub(crate) struct Harness {
    pub(crate) pagebell: Pagebell,
    /// Those of the server.
    pub(crate) surroundings: Surroundings,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<FrozenClock>,
}

/// An answer with its body read.
pub(crate) struct Answer {
    pub(crate) response: GraphResponse,
    pub(crate) json: Value,
}

impl Answer {
    /// The error object, in either profile.
    pub(crate) fn error(&self) -> &Value {
        self.json.get("error").unwrap_or(&self.json)
    }

    pub(crate) fn message(&self) -> &str {
        self.error()["message"].as_str().unwrap()
    }

    /// Status, code and subcode: what programs look at.
    pub(crate) fn codes(&self) -> (u16, i64, Option<i64>) {
        (
            self.response.status,
            self.error()["code"].as_i64().unwrap(),
            self.error()["error_subcode"].as_i64(),
        )
    }
}

impl Harness {
    pub(crate) async fn new() -> Self {
        Self::with(Configuration::default()).await
    }

    pub(crate) async fn reference() -> Self {
        Self::with(Configuration {
            profile: Profile::Reference,
            ..Configuration::default()
        })
        .await
    }

    /// A server with two Pages, an app (1), an app that requires proofs (2) and these tokens:
    /// `all`, `one` (the Page), `two` (both), `other` (the other Page), `bare` (no scope for
    /// settings), `operator`, `brief` (lives for an hour), `of-app` and `strict` (of the apps).
    pub(crate) async fn with(configuration: Configuration) -> Self {
        Self::in_surroundings(configuration, |surroundings| surroundings).await
    }

    /// A server whose clock callers may steer.
    pub(crate) async fn steerable() -> Self {
        Self::in_surroundings(Configuration::default(), Surroundings::with_steerable_clock).await
    }

    async fn in_surroundings(
        configuration: Configuration,
        change: impl FnOnce(Surroundings) -> Surroundings,
    ) -> Self {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(FrozenClock {
            milliseconds: AtomicI64::new(1_764_000_000_000),
        });
        let surroundings = Surroundings {
            clock: Arc::clone(&clock) as Arc<_>,
            entropy: Arc::new(Counting::default()),
            steering: None,
        };
        let surroundings = change(surroundings);
        let pagebell = Pagebell::new(
            configuration,
            Arc::clone(&store) as Arc<_>,
            surroundings.clone(),
        );
        let harness = Self {
            pagebell,
            surroundings,
            store,
            clock,
        };
        harness.fill().await;
        harness
    }

    async fn fill(&self) {
        for number in [PAGE, OTHER_PAGE] {
            let page = NewPage {
                page_id: PageId::new(number),
                name: None,
                at: self.clock.now(),
            };
            self.store.add_page(page).await.unwrap();
        }
        for (number, require_proof) in [(1, false), (2, true)] {
            let app = AppRecord {
                app_id: AppId::new(number),
                name: format!("App {number}"),
                secret: SecretString::from(SECRET),
                require_proof,
                created_at: self.clock.now(),
            };
            self.store.put_app(app).await.unwrap();
        }
        let pages = |numbers: &[u64]| {
            Coverage::Pages(
                numbers
                    .iter()
                    .copied()
                    .map(PageId::new)
                    .collect::<BTreeSet<_>>(),
            )
        };
        let settings = "pages_messaging";
        let tokens = [
            ("all", Coverage::AllPages, settings, None),
            ("one", pages(&[PAGE]), settings, None),
            ("two", pages(&[PAGE, OTHER_PAGE]), settings, None),
            ("other", pages(&[OTHER_PAGE]), settings, None),
            ("bare", pages(&[PAGE]), "pages_manage_metadata", None),
            ("operator", Coverage::AllPages, "pagebell_operator", None),
            ("brief", Coverage::AllPages, settings, None),
            ("of-app", pages(&[PAGE]), settings, Some(1)),
            ("strict", pages(&[PAGE]), settings, Some(2)),
        ];
        for (number, (token, coverage, scope, app)) in (1..).zip(tokens) {
            let lifetime = Duration::from_hours(1);
            let record = TokenRecord {
                token_id: TokenId::new(number),
                hash: TokenHash::of(token),
                app_id: app.map(AppId::new),
                coverage,
                scopes: vec![scope.to_owned()],
                issued_at: self.clock.now(),
                expires_at: (token == "brief").then(|| self.clock.now() + lifetime),
                revoked_at: None,
            };
            self.store.put_token(record).await.unwrap();
        }
    }

    /// Asks with everything spelled out but `If-Match`.
    pub(crate) async fn ask(
        &self,
        method: Method,
        address: &str,
        token: &str,
        content_type: Option<&str>,
        body: &str,
    ) -> Answer {
        let conditions = Conditions::default();
        self.dispatch(&method, address, token, content_type, conditions, body)
            .await
    }

    /// Asks with the token for all Pages and these conditions; a body is JSON.
    pub(crate) async fn ask_if(
        &self,
        method: Method,
        address: &str,
        conditions: Conditions<'_>,
        body: &str,
    ) -> Answer {
        let json = Some("application/json");
        self.dispatch(&method, address, "all", json, conditions, body)
            .await
    }

    /// Posts JSON with `If-Match`.
    pub(crate) async fn ask_if_match(&self, address: &str, if_match: &str, body: &str) -> Answer {
        let conditions = Conditions {
            if_match: Some(if_match).into(),
            ..Conditions::default()
        };
        self.ask_if(Method::POST, address, conditions, body).await
    }

    async fn dispatch(
        &self,
        method: &Method,
        address: &str,
        token: &str,
        content_type: Option<&str>,
        conditions: Conditions<'_>,
        body: &str,
    ) -> Answer {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let authorization = format!("Bearer {token}");
        let request = GraphRequest {
            method,
            path,
            query,
            authorization: (!token.is_empty()).then_some(authorization.as_str()),
            content_type,
            conditions,
            origin: Origin {
                is_secure: false,
                host: "pagebell.test",
            },
            body: &Bytes::copy_from_slice(body.as_bytes()),
        };
        let response = self.pagebell.dispatch(request).await;
        let json = serde_json::from_slice(&response.body).unwrap();
        Answer { response, json }
    }

    pub(crate) async fn get(&self, address: &str) -> Answer {
        self.ask(Method::GET, address, "all", None, "").await
    }

    /// Posts JSON to the Page's edge.
    pub(crate) async fn post(&self, body: &str) -> Answer {
        self.ask(Method::POST, PATH, "all", Some("application/json"), body)
            .await
    }

    /// The settings of the Page as an answer has them.
    pub(crate) async fn settings(&self) -> Value {
        let answer = self.get(&format!("{PATH}?access_token=all")).await;
        answer.json["data"][0].clone()
    }
}

/// Lawful hours, as JSON.
pub(crate) const MONDAYS: &str = "{\"timezone_id\":\"Europe/Paris\",\"weekly_operating_hours\":[\
    {\"day_of_week\":\"MONDAY\",\"open_time\":\"0900\",\"close_time\":\"1700\"}]}";
