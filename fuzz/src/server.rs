//! A server to be asked: a store in memory, a clock that stands still, and no randomness, so that
//! the same input has the same answer.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use call_settings::{HoursLimits, PageId};
use jiff::Timestamp;
use pagebell_server::{
    Clock, Configuration, Entropy, GraphRequest, GraphResponse, Limits, Pagebell, Profile,
    Surroundings,
};
use secrecy::SecretString;
use settings_store::{
    AppId, AppRecord, Coverage, MemoryStore, NewPage, PageRecord, SettingsStore, TokenHash,
    TokenId, TokenRecord,
};

/// The Page that the one-Page tokens cover.
pub(crate) const PAGE: u64 = 1_234_567_890;
/// Another Page.
pub(crate) const OTHER_PAGE: u64 = 987;
/// The secret of every app.
pub(crate) const SECRET: &str = "00112233445566778899aabbccddeeff";
/// The app whose tokens need proofs.
pub(crate) const STRICT_APP: u64 = 2;
/// The present, in seconds.
pub(crate) const NOW: i64 = 1_764_000_000;

/// A token of the server, and what is special about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) text: &'static str,
    /// The Pages that it covers; none: all.
    pages: &'static [u64],
    scope: &'static str,
    pub(crate) app: Option<u64>,
    pub(crate) is_alive: bool,
}

const MESSAGING: &str = "pages_messaging";

/// Every token.
pub(crate) const TOKENS: [Token; 7] = [
    token("all", &[], MESSAGING, None, true),
    token("one", &[PAGE], MESSAGING, None, true),
    token("bare", &[PAGE], "pages_manage_metadata", None, true),
    token("operator", &[], "pagebell_operator", None, true),
    token("ended", &[PAGE], MESSAGING, None, false),
    token("of-app", &[PAGE], MESSAGING, Some(1), true),
    token("strict", &[PAGE], MESSAGING, Some(STRICT_APP), true),
];

const fn token(
    text: &'static str,
    pages: &'static [u64],
    scope: &'static str,
    app: Option<u64>,
    is_alive: bool,
) -> Token {
    Token {
        text,
        pages,
        scope,
        app,
        is_alive,
    }
}

/// A clock that stands still.
#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(NOW).expect("a time of this century")
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// Always the same bytes.
#[derive(Debug)]
struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// A server and its store.
#[derive(Debug)]
pub(crate) struct Server {
    pagebell: Pagebell,
    store: Arc<MemoryStore>,
}

impl Server {
    /// A new server with two Pages, two apps and [`TOKENS`].
    pub(crate) fn new(profile: Profile) -> Self {
        let configuration = Configuration {
            profile,
            hours_limits: HoursLimits::new(2).expect("two is within the range"),
            // Small copies are quick to make.
            limits: Limits {
                cache_bytes: 64 * 1024,
                cached_tokens: 64,
                ..Limits::default()
            },
            ..Configuration::default()
        };
        let store = Arc::new(MemoryStore::default());
        let surroundings = Surroundings {
            clock: Arc::new(StoppedClock),
            entropy: Arc::new(NoEntropy),
            steering: None,
        };
        let surroundings = surroundings.with_steerable_clock();
        let server = Self {
            pagebell: Pagebell::new(configuration, Arc::clone(&store) as Arc<_>, surroundings),
            store,
        };
        server.fill();
        server
    }

    fn fill(&self) {
        let at = StoppedClock.now();
        for number in [PAGE, OTHER_PAGE] {
            let page = NewPage {
                page_id: PageId::new(number),
                name: None,
                at,
            };
            finished(self.store.add_page(page)).expect("memory takes a Page");
        }
        for number in [1, STRICT_APP] {
            let app = AppRecord {
                app_id: AppId::new(number),
                name: format!("App {number}"),
                secret: SecretString::from(SECRET),
                require_proof: number == STRICT_APP,
                created_at: at,
            };
            finished(self.store.put_app(app)).expect("memory takes an app");
        }
        for (number, token) in (1..).zip(TOKENS) {
            let pages: BTreeSet<_> = token.pages.iter().copied().map(PageId::new).collect();
            let record = TokenRecord {
                token_id: TokenId::new(number),
                hash: TokenHash::of(token.text),
                app_id: token.app.map(AppId::new),
                coverage: if pages.is_empty() {
                    Coverage::AllPages
                } else {
                    Coverage::Pages(pages)
                },
                scopes: vec![token.scope.to_owned()],
                issued_at: at,
                expires_at: (!token.is_alive).then_some(at),
                revoked_at: None,
            };
            finished(self.store.put_token(record)).expect("memory takes a token");
        }
    }

    /// Answers a request.
    pub(crate) fn ask(&self, request: GraphRequest<'_>) -> GraphResponse {
        finished(self.pagebell.dispatch(request))
    }

    /// The Page as the store has it.
    pub(crate) fn page(&self, page_id: PageId) -> Option<PageRecord> {
        finished(self.store.page(page_id)).expect("memory answers")
    }
}

/// The value of a future that waits for nothing but its next turn.
fn finished<T>(future: impl Future<Output = T>) -> T {
    /// More than a batch of operations takes.
    const MOST_TURNS: usize = 1000;
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..MOST_TURNS {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
    panic!("nothing waits with a store in memory and a clock that stands still")
}
