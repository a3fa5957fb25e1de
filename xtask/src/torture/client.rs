//! A client: it reads and writes a few Pages over one connection, and records what it is told.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::torture::answers::{self, Reply, Told};
use crate::torture::clock;
use crate::torture::http::{Condition, Connection};
use crate::torture::register::{Operation, Outcome, Request};
use crate::torture::settings::{MARKS, Mark, Switches, Update};

/// How long a client rests after a refusal, so that a store in trouble is asked, not flooded.
const REST: Duration = Duration::from_millis(20);
/// Where there are several servers, a client goes to the next one after about so many requests.
const STAY: u32 = 300;
/// How long a client waits until it tries again to connect.
const RECONNECT: Duration = Duration::from_millis(5);

/// The selections of fields that clients ask for.
const FIELDS: [&str; 4] = [
    "call_hours",
    "icon_enabled,audio_enabled",
    "call_routing,call_hours,video_enabled",
    "audio_enabled,icon_enabled,video_enabled,call_routing,call_hours",
];

/// What all clients of a round share.
#[derive(Debug, Clone)]
pub(crate) struct Round {
    /// The servers, all of which have the same Pages.
    pub(crate) addresses: Arc<[SocketAddr]>,
    pub(crate) token: String,
    pub(crate) pages: Arc<[u64]>,
    /// How many clients only read, and so never wait for a write.
    pub(crate) readers: usize,
    /// Whether every other client brings the revision that it has seen, and may not see less.
    pub(crate) brings_revisions: bool,
    /// The mark of the next write.
    pub(crate) marks: Arc<AtomicU32>,
    /// Set when clients are to end.
    pub(crate) over: Arc<AtomicBool>,
    /// How many writes were acknowledged so far.
    pub(crate) acknowledged: Arc<AtomicU64>,
}

/// An operation, and where it belongs.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// The place of the Page among those of the round.
    pub(crate) page: usize,
    pub(crate) operation: Operation,
    /// The id of the request; empty: it is not known.
    pub(crate) trace_id: String,
    /// Whether it was a request of its own, not one operation of a batch.
    pub(crate) alone: bool,
}

/// All that a client has to tell.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    pub(crate) records: Vec<Record>,
    /// How many reads were refused with 503.
    pub(crate) refused_reads: u64,
    /// When those writes began of which a 503 says that they did not happen.
    pub(crate) refused_writes: Vec<u64>,
    /// Answers that the server has no reason for.
    pub(crate) unexpected: Vec<String>,
}

impl Diary {
    fn refusals(&self) -> u64 {
        self.refused_reads + self.refused_writes.len() as u64
    }
}

/// An operation that is about to be sent.
#[derive(Debug)]
struct Intent {
    page: usize,
    request: Request,
    fields: Option<&'static str>,
}

/// The address of a Page's settings.
pub(crate) fn edge(page_id: u64) -> String {
    format!("/v26.0/{page_id}/messenger_call_settings")
}

/// One client of a round.
#[derive(Debug)]
struct Client {
    number: usize,
    round: Round,
    random: StdRng,
    /// The revision that this client last saw of each Page.
    revisions: HashMap<usize, u64>,
    diary: Diary,
}

/// Asks until the round is over.
pub(crate) async fn run(number: usize, round: Round, seed: u64) -> Diary {
    let mut client = Client {
        number,
        round,
        random: StdRng::seed_from_u64(seed),
        revisions: HashMap::new(),
        diary: Diary::default(),
    };
    let addresses = Arc::clone(&client.round.addresses);
    for address in addresses.iter().cycle().skip(number % addresses.len()) {
        if client.round.over.load(Ordering::Relaxed) {
            break;
        }
        if let Ok(connection) = Connection::open(*address, &client.round.token).await {
            client.ask_on(connection).await;
        } else {
            tokio::time::sleep(RECONNECT).await;
        }
    }
    client.diary
}

impl Client {
    /// Asks until the connection ends or the round is over.
    async fn ask_on(&mut self, mut connection: Connection) {
        while !self.round.over.load(Ordering::Relaxed) {
            let intents = self.intents();
            let refused = self.diary.refusals();
            let first = self.diary.records.len();
            let goes_on = match &intents[..] {
                [intent] => self.ask_one(&mut connection, intent).await,
                many => self.ask_batch(&mut connection, many).await,
            };
            if !goes_on {
                return;
            }
            let is_open = |record: &Record| record.operation.outcome == Outcome::Unknown;
            if self.diary.refusals() > refused || self.diary.records[first..].iter().any(is_open) {
                tokio::time::sleep(REST).await;
            }
            if self.round.addresses.len() > 1 && self.random.random_range(0..STAY) == 0 {
                return;
            }
        }
    }

    /// What to do next: mostly one operation, at times a batch of some.
    fn intents(&mut self) -> Vec<Intent> {
        let count = match self.random.random_range(0..100) {
            0..90 => 1,
            _ => self.random.random_range(2..=4),
        };
        (0..count).map(|_| self.intent()).collect()
    }

    fn intent(&mut self) -> Intent {
        let page = self.random.random_range(0..self.round.pages.len());
        let chosen = self.random.random_range(0..FIELDS.len() * 2);
        let fields = FIELDS.get(chosen).copied();
        let write = |update, if_match| Request::Write { update, if_match };
        let choice = self.random.random_range(0..100);
        let request = match choice {
            _ if self.number < self.round.readers => Request::Read,
            0..45 => write(Update::full(self.mark()), None),
            45..52 => write(self.switches(), None),
            52..60 => {
                let hours = Some(self.mark());
                write(
                    Update {
                        hours,
                        switches: None,
                    },
                    None,
                )
            }
            60..72 => {
                let revision = self.revisions.get(&page).copied().unwrap_or_default();
                write(Update::full(self.mark()), Some(revision))
            }
            _ => Request::Read,
        };
        Intent {
            page,
            request,
            fields,
        }
    }

    fn mark(&self) -> Mark {
        self.round.marks.fetch_add(1, Ordering::Relaxed) % MARKS
    }

    fn switches(&mut self) -> Update {
        Update {
            switches: Some(Switches::from_bits(self.random.random())),
            hours: None,
        }
    }

    /// What an operation says of the revision.
    fn condition(&self, intent: &Intent) -> Option<Condition> {
        match intent.request {
            Request::Read if self.round.brings_revisions && self.number % 2 == 1 => {
                let seen = self.revisions.get(&intent.page)?;
                Some(Condition::AtLeast(*seen))
            }
            Request::Read => None,
            Request::Write { if_match, .. } => if_match.map(Condition::IfMatch),
        }
    }

    /// Whether the connection can still be used.
    async fn ask_one(&mut self, connection: &mut Connection, intent: &Intent) -> bool {
        let mut target = edge(self.round.pages[intent.page]);
        if let Some(fields) = intent.fields {
            let _ = write!(target, "?fields={fields}");
        }
        let (method, body) = match intent.request {
            Request::Read => ("GET", String::new()),
            Request::Write { update, .. } => ("POST", update.to_json().to_string()),
        };
        let condition = self.condition(intent);
        let begin = clock::now();
        let answer = connection.ask(method, &target, condition, &body).await;
        let end = clock::now();
        let reply = answer.and_then(|answer| {
            Ok(Reply {
                status: answer.status,
                revision: answer.revision,
                body: answer.json()?,
                trace_id: answer.trace_id,
            })
        });
        match reply {
            Ok(reply) => {
                self.record(intent, (begin, end), Some(&reply), true);
                true
            }
            Err(_cut_off) => {
                self.record(intent, (begin, end), None, true);
                false
            }
        }
    }

    /// Whether the connection can still be used.
    async fn ask_batch(&mut self, connection: &mut Connection, intents: &[Intent]) -> bool {
        let operations: Vec<Value> = intents
            .iter()
            .map(|intent| self.operation_of_batch(intent))
            .collect();
        let body = json!({ "batch": operations }).to_string();
        let begin = clock::now();
        let answer = connection.ask("POST", "/v26.0/", None, &body).await;
        let end = clock::now();
        let replies = answer.and_then(|answer| answers::of_batch(&answer.json()?));
        // Each of them happened at some moment of the whole batch.
        match replies {
            Ok(replies) if replies.len() == intents.len() => {
                for (intent, reply) in intents.iter().zip(&replies) {
                    self.record(intent, (begin, end), reply.as_ref(), false);
                }
                true
            }
            _ => {
                for intent in intents {
                    self.record(intent, (begin, end), None, false);
                }
                false
            }
        }
    }

    fn operation_of_batch(&self, intent: &Intent) -> Value {
        let mut target = edge(self.round.pages[intent.page]);
        target.remove(0);
        if let Some(fields) = intent.fields {
            let _ = write!(target, "?fields={fields}");
        }
        let mut operation = match intent.request {
            Request::Read => json!({ "method": "GET", "relative_url": target }),
            Request::Write { update, .. } => json!({
                "method": "POST", "relative_url": target, "body": form(&update.to_json()),
            }),
        };
        if let Some(condition) = self.condition(intent) {
            operation["headers"] = json!([condition.to_string()]);
        }
        operation
    }

    fn record(
        &mut self,
        intent: &Intent,
        (begin, end): (u64, u64),
        reply: Option<&Reply>,
        alone: bool,
    ) {
        let told = match reply {
            None => Told::Outcome(Outcome::Unknown),
            Some(reply) => match answers::told(&intent.request, intent.fields, reply) {
                Ok(told) => told,
                Err(reason) => {
                    self.diary.unexpected.push(format!("{reason:#}"));
                    Told::Outcome(Outcome::Unknown)
                }
            },
        };
        let Told::Outcome(outcome) = told else {
            match intent.request {
                Request::Read => self.diary.refused_reads += 1,
                Request::Write { .. } => self.diary.refused_writes.push(begin),
            }
            return;
        };
        if let Outcome::Done { revision, .. } | Outcome::Mismatch { found: revision } = outcome {
            if alone
                && let Some(Condition::AtLeast(brought)) = self.condition(intent)
                && revision < brought
            {
                let text = format!("revision {revision} to a client that brought {brought}");
                self.diary.unexpected.push(text);
            }
            let newest = self.revisions.entry(intent.page).or_default();
            *newest = (*newest).max(revision);
        }
        if let (Outcome::Done { .. }, Request::Write { .. }) = (outcome, intent.request) {
            self.round.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        if (outcome, intent.request) == (Outcome::Unknown, Request::Read) {
            return;
        }
        self.diary.records.push(Record {
            page: intent.page,
            operation: Operation {
                client: self.number,
                request: intent.request,
                outcome,
                begin,
                // Open operations get their end from whoever knows when the server was gone.
                end: (outcome != Outcome::Unknown).then_some(end),
            },
            trace_id: reply.map_or_else(String::new, |reply| reply.trace_id.clone()),
            alone,
        });
    }
}

/// An update as a form, the encoding of bodies within a batch.
fn form(update: &Value) -> String {
    let mut form = String::new();
    for (name, value) in update.as_object().into_iter().flatten() {
        if !form.is_empty() {
            form.push('&');
        }
        let _ = write!(form, "{name}=");
        for byte in value.to_string().bytes() {
            let _ = write!(form, "%{byte:02X}");
        }
    }
    form
}
