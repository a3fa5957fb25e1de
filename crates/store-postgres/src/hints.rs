//! Hints to other servers at what this one has changed, so that their copies are fresher than they
//! have to be. Nothing rests on them.
//!
//! They are sent after the commits, in statements of their own: `NOTIFY` inside a transaction makes
//! the commits of all servers wait for each other. Some milliseconds' worth of them share one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use call_settings::PageId;
use settings_store::{Hint, Invalidation, Revision, StoreError, TokenHash};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_postgres::types::ToSql;

use crate::rows;
use crate::sessions::Sessions;

/// What the name of the channel is derived from. Who may not read the tables cannot find out when the
/// schema was made, to the millisecond. The first migrations are in every schema, so that servers of
/// later programs derive the same name.
const NAME_SOURCE: &str =
    "SELECT migration, applied_ms FROM schema_version WHERE migration <= 3 ORDER BY migration";

/// How long hints wait for others to go with.
const PAUSE: Duration = Duration::from_millis(5);

/// The most bytes that are sent at once; the database takes less than 8,000.
const MOST_BYTES: usize = 7_000;

/// The most hints of one text, sent or heard. A text with more of them says that anything may have
/// changed: dropping everything costs less than looking at them.
const MOST_PARTS: usize = 512;

/// The most hints that wait. What is hinted at beyond is noticed a little later.
const MOST_WAITING: usize = 10_000;

const EVERYTHING: &str = "*";
const TOKEN: char = 't';

/// The channel of the database that hints go through. Everybody who may connect to a database may
/// send to each of its channels; the name of this one is known only to who may read the tables.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    name: String,
}

impl Channel {
    /// The channel of a database whose schema is up to date.
    pub(crate) async fn of(sessions: &Sessions) -> Result<Self, StoreError> {
        let mut digest = Sha256::new();
        for row in sessions.query(NAME_SOURCE, &[]).await? {
            let (migration, applied_ms): (i64, i64) = (rows::get(&row, 0)?, rows::get(&row, 1)?);
            digest.update(format!("{migration}:{applied_ms}\n"));
        }
        let mut name = "pagebell_".to_owned();
        for byte in &digest.finalize()[..16] {
            let _a_string_takes_all = write!(name, "{byte:02x}");
        }
        Ok(Self { name })
    }

    /// The statement after which a connection hears hints.
    pub(crate) fn listen_sql(&self) -> String {
        format!("LISTEN {}", self.name)
    }
}

/// Where hints go.
#[derive(Clone, Debug)]
pub(crate) struct Hints(mpsc::Sender<Hint>);

impl Hints {
    /// Starts to send them on the present runtime, until this and its clones are dropped.
    pub(crate) fn start(sessions: Arc<Sessions>, channel: Channel) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        tokio::spawn(run(sessions, channel, receiver));
        Self(sender)
    }

    pub(crate) fn send(&self, hint: Hint) {
        let _there_are_too_many = self.0.try_send(hint);
    }

    /// The same of a change as observers hear of it.
    pub(crate) fn send_invalidation(&self, what: Invalidation) {
        self.send(match what {
            Invalidation::Page(page_id) => Hint::Page(page_id, Revision::new(u64::MAX)),
            Invalidation::Token(hash) => Hint::Token(hash),
            Invalidation::App(_) | Invalidation::Everything => Hint::Everything,
        });
    }
}

async fn run(sessions: Arc<Sessions>, channel: Channel, mut waiting: mpsc::Receiver<Hint>) {
    let mut hints = Vec::new();
    while let Some(first) = waiting.recv().await {
        sleep(PAUSE).await;
        hints.push(first);
        while let Ok(hint) = waiting.try_recv() {
            hints.push(hint);
        }
        for payload in encode(&hints) {
            let parameters: [&(dyn ToSql + Sync); 2] = [&channel.name, &payload];
            let sent = sessions.query("SELECT pg_notify($1, $2)", &parameters);
            if let Err(error) = sent.await {
                tracing::debug!(%error, "a hint was not sent");
            }
        }
        hints.clear();
    }
}

/// As texts of at most [`MOST_BYTES`]; of a Page only the newest revision counts.
fn encode(hints: &[Hint]) -> Vec<String> {
    let mut pages = BTreeMap::new();
    let mut parts = Vec::new();
    for hint in hints {
        match hint {
            Hint::Everything => return vec![EVERYTHING.to_owned()],
            Hint::Page(page_id, revision) => {
                let newest = pages.entry(*page_id).or_insert(*revision);
                *newest = (*newest).max(*revision);
            }
            Hint::Token(hash) => {
                let mut part = String::from(TOKEN);
                for byte in hash.as_bytes() {
                    let _a_string_takes_all = write!(part, "{byte:02x}");
                }
                parts.push(part);
            }
        }
    }
    let of_page = |(page_id, revision): (PageId, Revision)| format!("{page_id}:{}", revision.get());
    parts.extend(pages.into_iter().map(of_page));
    let mut texts: Vec<String> = Vec::new();
    let mut parts_of_last = 0;
    for part in parts {
        match texts.last_mut() {
            Some(text) if text.len() + part.len() < MOST_BYTES && parts_of_last < MOST_PARTS => {
                text.push(',');
                text.push_str(&part);
                parts_of_last += 1;
            }
            _ => {
                texts.push(part);
                parts_of_last = 1;
            }
        }
    }
    texts
}

/// The hints of a text. A newer server may say what this one does not know: then anything may have
/// changed.
pub(crate) fn decode(text: &str) -> Vec<Hint> {
    let hints: Option<Vec<Hint>> = text
        .split(',')
        .map(decode_one)
        .take(MOST_PARTS + 1)
        .collect();
    hints
        .filter(|hints| hints.len() <= MOST_PARTS)
        .unwrap_or_else(|| vec![Hint::Everything])
}

fn decode_one(part: &str) -> Option<Hint> {
    if let Some(hash) = part.strip_prefix(TOKEN) {
        let (digits, rest) = hash.as_bytes().as_chunks::<2>();
        let bytes: Option<Vec<u8>> = digits
            .iter()
            .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
            .collect();
        let bytes = bytes.filter(|_| rest.is_empty())?;
        return Some(Hint::Token(TokenHash::from_bytes(bytes.try_into().ok()?)));
    }
    let (page_id, revision) = part.split_once(':')?;
    Some(Hint::Page(
        PageId::new(page_id.parse().ok()?),
        Revision::new(revision.parse().ok()?),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(page_id: u64, revision: u64) -> Hint {
        Hint::Page(PageId::new(page_id), Revision::new(revision))
    }

    #[test]
    fn what_is_sent_is_heard() {
        let token = Hint::Token(TokenHash::of("secret"));
        let texts = encode(&[page(7, 3), token, page(u64::MAX, u64::MAX), page(7, 2)]);
        let heard: Vec<Hint> = texts.iter().flat_map(|text| decode(text)).collect();
        assert_eq!(heard, [token, page(7, 3), page(u64::MAX, u64::MAX)]);
    }

    #[test]
    fn many_are_sent_in_parts_that_the_database_takes() {
        let many: Vec<Hint> = (0..10_000).map(|number| page(number, u64::MAX)).collect();
        let texts = encode(&many);
        assert!(texts.iter().all(|text| text.len() <= MOST_BYTES));
        let heard: Vec<Hint> = texts.iter().flat_map(|text| decode(text)).collect();
        assert_eq!(heard, many);
    }

    #[test]
    fn what_is_not_understood_may_be_anything() {
        for text in ["", "*", "7", "x:1", "t12", "tzz", "t1,"] {
            assert!(decode(text).contains(&Hint::Everything), "{text}");
        }
        assert_eq!(encode(&[page(1, 1), Hint::Everything]), ["*"]);
    }

    #[test]
    fn more_hints_than_are_sent_together_may_be_anything() {
        let many: Vec<Hint> = (0..10_000).map(|number| page(number, 1)).collect();
        let heard: Vec<Hint> = encode(&many).iter().flat_map(|text| decode(text)).collect();
        assert_eq!(heard, many);
        assert_eq!(decode(&"1:1,".repeat(1_900)), [Hint::Everything]);
        assert_eq!(
            decode(&vec!["1:1"; MOST_PARTS + 1].join(",")),
            [Hint::Everything]
        );
    }
}
