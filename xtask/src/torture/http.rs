//! A small HTTP/1.1 client that keeps its connection.

use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take; the server answers or refuses within 30 s.
const ANSWER_LIMIT: Duration = Duration::from_secs(40);

/// A connection to a server, with the token that each request carries.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    token: String,
}

/// What a request says of the revision of the settings; displayed as a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// An update is to be stored only if they are at this one.
    IfMatch(u64),
    /// A read is to show this one or a later one.
    AtLeast(u64),
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IfMatch(revision) => write!(formatter, "If-Match: {revision}"),
            Self::AtLeast(revision) => write!(formatter, "Pagebell-Revision-At-Least: {revision}"),
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The revision of the settings, where the answer names it.
    pub(crate) revision: Option<u64>,
    /// The id of the request, which the history has too.
    pub(crate) trace_id: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("the answer is no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            token: token.to_owned(),
        })
    }

    /// Sends a request, with what it says of revisions, and with a JSON body unless that is empty, and waits for its answer.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        target: &str,
        condition: Option<Condition>,
        body: &str,
    ) -> anyhow::Result<Answer> {
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nhost: torture\r\nauthorization: Bearer {}\r\n",
            self.token
        );
        if let Some(condition) = condition {
            let _ = write!(head, "{condition}\r\n");
        }
        if !body.is_empty() {
            head.push_str("content-type: application/json\r\n");
        }
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        timeout(ANSWER_LIMIT, self.answer())
            .await
            .context("no answer for too long")?
    }

    pub(crate) async fn get(&mut self, target: &str) -> anyhow::Result<Answer> {
        self.ask("GET", target, None, "").await
    }

    async fn answer(&mut self) -> anyhow::Result<Answer> {
        let status_line = self.line().await?;
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .with_context(|| format!("{status_line:?} is no status line"))?;
        let mut answer = Answer {
            status,
            revision: None,
            trace_id: String::new(),
            body: Vec::new(),
        };
        let mut length = 0;
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').context("a header without a colon")?;
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse()?,
                "pagebell-revision" => answer.revision = Some(value.parse()?),
                "x-fb-request-id" => value.clone_into(&mut answer.trace_id),
                "transfer-encoding" => bail!("an answer in chunks"),
                _ => {}
            }
        }
        answer.body.resize(length, 0);
        self.stream.read_exact(&mut answer.body).await?;
        Ok(answer)
    }

    /// A line of the head, without its end.
    async fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => bail!("the connection ended in the middle of an answer"),
        }
    }
}
