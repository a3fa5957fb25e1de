//! A connection on which anything can be sent.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rustix::net::sockopt;
use serde_json::Value;

/// How long an answer may take before it is a failure.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, with their values.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes.as_ref())
    }

    /// Another hand on the same connection, to send while answers are read.
    pub(crate) fn sender(&self) -> io::Result<Self> {
        let stream = BufReader::new(self.stream.get_ref().try_clone()?);
        Ok(Self { stream })
    }

    /// Ends the connection at once, with a reset and nothing else.
    pub(crate) fn reset(self) -> io::Result<()> {
        let linger = Some(Duration::ZERO);
        Ok(sockopt::set_socket_linger(self.stream.get_ref(), linger)?)
    }

    /// Sends as much as the server takes, at most this many bytes; says how much that was.
    pub(crate) fn send_endlessly(&mut self, piece: &[u8], most: usize) -> usize {
        let mut sent = 0;
        while sent < most && self.send(piece).is_ok() {
            sent += piece.len();
        }
        sent
    }

    /// Reads an answer.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let first = self.line()?;
        let status = first
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or_else(|| malformed("an answer has no status"))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| malformed("an answer has a line that is no header"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let length = answer
            .header("content-length")
            .and_then(|length| length.parse().ok())
            .ok_or_else(|| malformed("an answer has no length"))?;
        answer.body.resize(length, 0);
        self.stream.read_exact(&mut answer.body)?;
        Ok(answer)
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask(&mut self, request: impl AsRef<[u8]>) -> io::Result<Answer> {
        self.send(request)?;
        self.answer()
    }

    /// Reads answers until the server closes the connection; an error: it does not.
    pub(crate) fn answers_until_closed(&mut self) -> anyhow::Result<Vec<Answer>> {
        let mut answers = Vec::new();
        loop {
            match self.stream.fill_buf() {
                Ok([]) => return Ok(answers),
                Ok(_some) => answers.push(self.answer()?),
                // What was not read of a request makes the end of its connection a reset.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(answers),
                Err(error) => return Err(error).context("the connection stays open"),
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _value)| known == name)
            .map(|(_name, value)| value.as_str())
    }

    /// Checks that this is a success.
    pub(crate) fn success(self) -> anyhow::Result<Self> {
        ensure!(self.status == 200, "answered with {}", self.text());
        Ok(self)
    }

    /// Checks that this is a refusal with the status, in the envelope.
    pub(crate) fn refusal(&self, status: u16) -> anyhow::Result<()> {
        ensure!(self.status == status, "not {status} but {}", self.text());
        let json: Value = serde_json::from_slice(&self.body).with_context(|| self.text())?;
        let error = &json["error"];
        if error["message"].is_string() && error["code"].is_u64() {
            return Ok(());
        }
        bail!("not in the envelope: {}", self.text())
    }

    fn text(&self) -> String {
        let body: String = String::from_utf8_lossy(&self.body)
            .chars()
            .take(300)
            .collect();
        format!("{} {body}", self.status)
    }
}

fn malformed(message: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}
