//! Several servers that share a database and keep copies for a bounded time. The tests are called
//! after the invariants of `docs/durability.md`, and run in a time of their own.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod database;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use call_settings::PageId;
use http::Method;
use jiff::Timestamp;
use pagebell_server::{
    Clock, Conditions, Configuration, Entropy, GraphRequest, Origin, Pagebell, Surroundings,
};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use settings_store::{Coverage, NewPage, SettingsStore, TokenHash, TokenId, TokenKey, TokenRecord};
use tokio::time::{Instant, sleep};

use crate::database::Database;

const BOUND: Duration = Duration::from_secs(1);
const PATH: &str = "/v26.0/7/messenger_call_settings";

/// The time of the runtime, which stands still while anything is left to do.
#[derive(Debug)]
struct VirtualClock {
    started: Instant,
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_764_000_000).unwrap()
    }

    fn monotonic(&self) -> Duration {
        // As on a machine that has been up for a while.
        self.started.elapsed() + Duration::from_secs(100)
    }
}

#[derive(Debug)]
struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// A server.
struct Server(Pagebell);

impl Server {
    fn on(database: &Arc<Database>, bound: Option<Duration>) -> Self {
        let surroundings = Surroundings {
            clock: Arc::new(VirtualClock {
                started: Instant::now(),
            }),
            entropy: Arc::new(Zeros),
            steering: None,
        };
        let store = Arc::new(database.store(bound));
        Self(Pagebell::new(Configuration::default(), store, surroundings))
    }

    /// Status and revision of an answer.
    async fn ask(&self, method: Method, at_least: Option<u64>, body: &str) -> (u16, u64) {
        let at_least = at_least.map(|revision| revision.to_string());
        self.send(method, None, at_least.as_deref(), body).await
    }

    async fn ask_if_match(&self, revision: u64, body: &str) -> (u16, u64) {
        let if_match = revision.to_string();
        self.send(Method::POST, Some(&if_match), None, body).await
    }

    async fn send(
        &self,
        method: Method,
        if_match: Option<&str>,
        revision_at_least: Option<&str>,
        body: &str,
    ) -> (u16, u64) {
        let request = GraphRequest {
            method: &method,
            path: PATH,
            query: "",
            authorization: Some("Bearer token"),
            content_type: Some("application/json"),
            conditions: Conditions {
                if_match: if_match.into(),
                revision_at_least: revision_at_least.into(),
                other: None,
            },
            origin: Origin {
                is_secure: false,
                host: "test",
            },
            body: &Bytes::copy_from_slice(body.as_bytes()),
        };
        let response = self.0.dispatch(request).await;
        let revision = response.revision.map_or(0, settings_store::Revision::get);
        (response.status, revision)
    }

    async fn read(&self) -> (u16, u64) {
        self.ask(Method::GET, None, "").await
    }

    /// Writes something that changes something.
    async fn write(&self, number: u64) -> u64 {
        let body = format!("{{\"video_enabled\":{}}}", number % 2 == 1);
        let (status, revision) = self.ask(Method::POST, None, &body).await;
        assert_eq!(status, 200);
        revision
    }
}

fn pair(database: &Arc<Database>, bound: Option<Duration>) -> [Server; 2] {
    [(); 2].map(|()| Server::on(database, bound))
}

/// A database with one Page and one token.
async fn database() -> Arc<Database> {
    let database = Database::new();
    let store = database.store(None);
    let at = Timestamp::from_second(1_764_000_000).unwrap();
    let page = NewPage {
        page_id: PageId::new(7),
        name: None,
        at,
    };
    store.add_page(page).await.unwrap();
    let token = TokenRecord {
        token_id: TokenId::new(1),
        hash: TokenHash::of("token"),
        app_id: None,
        coverage: Coverage::AllPages,
        scopes: vec!["pages_messaging".to_owned()],
        issued_at: at,
        expires_at: None,
        revoked_at: None,
    };
    store.put_token(token).await.unwrap();
    database
}

#[tokio::test(start_paused = true)]
async fn i2_without_a_bound_each_read_sees_what_was_acknowledged() {
    let database = database().await;
    let servers = pair(&database, None);
    for number in 1..20 {
        let writer = usize::try_from(number % 2).unwrap();
        assert_eq!(servers[writer].write(number).await, number);
        assert_eq!(servers[1 - writer].read().await, (200, number));
    }
}

/// Whatever the times are, and whether or not hints arrive.
#[tokio::test(start_paused = true)]
async fn i3_no_answer_was_superseded_longer_than_the_bound_before_it_was_asked_for() {
    for (seed, hints) in [(1, true), (2, false), (3, false), (4, true)] {
        let database = database().await;
        if !hints {
            database.lose_hints();
        }
        let [writer, reader] = pair(&database, Some(BOUND));
        let mut random = StdRng::seed_from_u64(seed);
        let mut acknowledged = Vec::new();
        let mut old_answers = 0;
        for number in 1..300 {
            let revision = writer.write(number).await;
            acknowledged.push((Instant::now(), revision));
            sleep(Duration::from_millis(random.random_range(0..400))).await;
            let asked = Instant::now();
            let (status, seen) = reader.read().await;
            assert_eq!(status, 200);
            let superseded = acknowledged.iter().find(|(_, revision)| *revision > seen);
            if let Some((at, revision)) = superseded {
                assert!(
                    asked.duration_since(*at) <= BOUND,
                    "seed {seed}: {seen} was answered {:?} after {revision} was acknowledged",
                    asked.duration_since(*at)
                );
                old_answers += 1;
            }
        }
        let kept = old_answers > 50;
        assert_eq!(kept, !hints, "hints make answers fresh: {old_answers} old");
    }
}

#[tokio::test(start_paused = true)]
async fn i4_who_brings_a_revision_never_sees_less() {
    let database = database().await;
    database.lose_hints();
    let [one, other] = pair(&database, Some(BOUND));
    for number in (1..40).step_by(2) {
        one.write(number).await;
        assert_eq!(one.read().await, (200, number), "its own writes");
        sleep(BOUND).await;
        assert_eq!(other.read().await, (200, number));
        let revision = one.write(number + 1).await;
        assert_eq!(other.read().await, (200, number), "a copy");
        let brought = other.ask(Method::GET, Some(revision), "").await;
        assert_eq!(brought, (200, revision));
        assert_eq!(other.read().await, (200, revision), "from then on");
    }
    let (status, _) = other.ask(Method::GET, Some(1000), "").await;
    assert_eq!(status, 412, "which there is not");
}

/// An update that changes nothing is answered with a revision that others have written.
#[tokio::test(start_paused = true)]
async fn i4_what_an_update_was_told_no_copy_contradicts() {
    let database = database().await;
    database.lose_hints();
    let [one, other] = pair(&database, Some(BOUND));
    one.write(1).await;
    assert_eq!(other.read().await, (200, 1));
    one.write(2).await;
    assert_eq!(other.read().await, (200, 1), "a copy");
    assert_eq!(other.write(2).await, 2, "it changes nothing");
    assert_eq!(other.read().await, (200, 2));

    one.write(3).await;
    let (status, _) = other.ask_if_match(2, "{\"icon_enabled\":false}").await;
    assert_eq!(status, 412);
    assert_eq!(other.read().await, (200, 3), "which it was told of");
}

/// The line of the server leads to a leader that was replaced, while its writes go to the new one.
#[tokio::test(start_paused = true)]
async fn i4_a_server_sees_its_own_writes_while_the_leader_changes() {
    for wait in 0..24 {
        let database = database().await;
        let server = Server::on(&database, Some(BOUND));
        assert_eq!(server.write(1).await, 1);
        sleep(BOUND).await;
        assert_eq!(server.read().await, (200, 1));
        sleep(Duration::from_millis(25 * wait)).await;
        // The commit ends just before its copy is too old to be served.
        database.slow_writes_down(Duration::from_millis(480));
        let failing_over = async {
            sleep(Duration::from_millis(400)).await;
            database.fail_over().await;
        };
        let (written, ()) = tokio::join!(server.write(2), failing_over);
        assert_eq!(written, 2);
        for _ in 0..40 {
            let (status, revision) = server.read().await;
            assert!(
                status == 503 || (status, revision) == (200, 2),
                "{status} {revision}"
            );
            sleep(Duration::from_millis(10)).await;
        }
        sleep(Duration::from_secs(10)).await;
        assert_eq!(server.read().await, (200, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn i5_each_write_adds_one_whoever_writes() {
    let database = database().await;
    let servers = pair(&database, Some(BOUND));
    for number in 1..30 {
        let writer = &servers[usize::try_from(number % 2).unwrap()];
        assert_eq!(writer.write(number).await, number);
    }
}

#[tokio::test(start_paused = true)]
async fn i6_nothing_from_before_the_line_was_lost_is_served() {
    let database = database().await;
    database.lose_hints();
    let [one, other] = pair(&database, Some(BOUND));
    one.write(1).await;
    assert_eq!(other.read().await, (200, 1));
    one.write(2).await;
    assert_eq!(other.read().await, (200, 1), "a copy");
    database.break_lines();
    sleep(Duration::from_millis(20)).await;
    assert_eq!(other.read().await, (200, 2));
}

/// The former leader goes on answering reads; nobody tells the server that it was replaced.
#[tokio::test(start_paused = true)]
async fn i7_a_server_that_is_cut_off_answers_nothing_after_the_bound() {
    let database = database().await;
    database.lose_hints();
    let cut_off = Server::on(&database, Some(BOUND));
    assert_eq!(cut_off.write(1).await, 1);
    assert_eq!(cut_off.read().await, (200, 1));
    let proven = Instant::now();
    database.fail_over().await;
    let other = Server::on(&database, Some(BOUND));
    assert_eq!(other.write(2).await, 2);
    let superseded = Instant::now();
    let mut refused = 0;
    while proven.elapsed() < Duration::from_secs(8) {
        let asked = Instant::now();
        let (status, revision) = cut_off.read().await;
        if asked.duration_since(superseded) > BOUND {
            assert!(
                status == 503 || revision == 2,
                "{revision} {:?} after",
                asked.duration_since(superseded)
            );
        }
        refused += u64::from(status == 503);
        sleep(Duration::from_millis(30)).await;
    }
    assert!(refused <= 1, "the read that waited in vain, {refused}");
    assert_eq!(cut_off.read().await, (200, 2), "over another line");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_revoked_opens_nothing_after_the_bound() {
    let database = database().await;
    let server = Server::on(&database, Some(BOUND));
    assert_eq!(server.read().await.0, 200);
    let at = Timestamp::from_second(1_764_000_001).unwrap();
    let key = TokenKey::Hash(TokenHash::of("token"));
    let store = database.store(None);
    assert!(store.revoke_token(key, at).await.unwrap());
    assert_eq!(server.read().await.0, 200, "a copy");
    sleep(BOUND).await;
    assert_eq!(server.read().await.0, 400);
}

/// As after a restore into the running database: what was seen of a later revision is no more.
#[tokio::test(start_paused = true)]
async fn a_page_whose_revision_went_back_is_answered_as_it_is_now() {
    const WRITES: u64 = 4;
    let database = database().await;
    let [one, other] = pair(&database, Some(BOUND));
    assert_eq!(one.write(1).await, 1);
    let backup = database.backup().await;
    for number in 2..=WRITES {
        one.write(number).await;
    }
    for server in [&one, &other] {
        assert_eq!(server.read().await, (200, WRITES));
    }
    database.put_back(backup);
    let put_back_at = Instant::now();
    for server in [&one, &other] {
        while server.read().await == (200, WRITES) {
            assert!(
                put_back_at.elapsed() < BOUND,
                "served for longer than the bound"
            );
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(server.read().await, (200, 1));
    }
    // It is cached again, and goes on from there.
    assert_eq!(one.ask(Method::GET, Some(WRITES), "").await.0, 412);
    assert_eq!(one.read().await, (200, 1));
    let asked_at = Instant::now();
    assert_eq!(one.read().await, (200, 1));
    assert_eq!(asked_at.elapsed(), Duration::ZERO, "from memory");
    assert_eq!(one.write(2).await, 2);
    assert_eq!(one.read().await, (200, 2));
    sleep(BOUND).await;
    assert_eq!(other.read().await, (200, 2));
}

/// Also where nobody reads for long, an update comes first, or the Page is gone.
#[tokio::test(start_paused = true)]
async fn a_page_that_went_back_and_is_updated_or_gone_is_answered() {
    let database = database().await;
    let [one, other] = pair(&database, Some(BOUND));
    let empty = database.backup().await;
    one.write(1).await;
    let backup = database.backup().await;
    for number in 2..=6 {
        one.write(number).await;
    }
    for server in [&one, &other] {
        assert_eq!(server.read().await, (200, 6));
    }
    database.put_back(backup);
    assert_eq!(one.write(2).await, 2);
    assert_eq!(one.read().await, (200, 2), "its own update");
    sleep(BOUND * 10).await;
    assert_eq!(one.write(3).await, 3);
    for server in [&one, &other] {
        assert_eq!(server.read().await, (200, 3));
    }
    empty
        .remove_page(PageId::new(7), Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    database.put_back(empty);
    sleep(BOUND * 10).await;
    for server in [&one, &other] {
        assert_eq!(server.read().await.0, 400, "there is no such Page");
    }
}
