//! One plain HTTP request and its answer, to see what a server says before it is measured.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

const LIMIT: Duration = Duration::from_secs(10);

/// What a server answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, with their values.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A request; one with a body is a POST of JSON, any other a GET.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) target: &'a str,
    /// The whole header, `Authorization: ...`.
    pub(crate) authorization: &'a str,
    pub(crate) body: Option<&'a str>,
}

/// Sends a request on a connection of its own; any answer but 200 is an error.
pub(crate) fn exchange(address: SocketAddr, request: Request<'_>) -> anyhow::Result<Answer> {
    let answer = send(address, request)?;
    if answer.status != 200 {
        bail!(
            "{address} answered {} to {}: {}",
            answer.status,
            request.target,
            String::from_utf8_lossy(&answer.body)
        );
    }
    Ok(answer)
}

/// Sends a request on a connection of its own, whatever the status of its answer.
pub(crate) fn send(address: SocketAddr, request: Request<'_>) -> anyhow::Result<Answer> {
    send_within(address, request, LIMIT)
}

/// The same with another limit for each step.
pub(crate) fn send_within(
    address: SocketAddr,
    request: Request<'_>,
    limit: Duration,
) -> anyhow::Result<Answer> {
    try_send(address, request, limit)
        .with_context(|| format!("no answer from {address} to {}", request.target))
}

fn try_send(address: SocketAddr, request: Request<'_>, limit: Duration) -> anyhow::Result<Answer> {
    let method = if request.body.is_some() {
        "POST"
    } else {
        "GET"
    };
    let head = format!(
        "{method} {} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{}\r\n",
        request.target, request.authorization
    );
    let message = match request.body {
        None => format!("{head}\r\n"),
        Some(body) => format!(
            "{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    };

    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(message.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer)
}

fn parse(answer: &[u8]) -> anyhow::Result<Answer> {
    let separator = b"\r\n\r\n";
    let end = answer
        .windows(separator.len())
        .position(|window| window == separator)
        .context("the answer has no end of headers")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|status| status.parse().ok())
        .context("the answer has no status")?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    if headers.iter().any(|(name, _)| name == "transfer-encoding") {
        bail!("the answer comes in chunks, which no contender is expected to use");
    }
    Ok(Answer {
        status,
        headers,
        body: answer[end + separator.len()..].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart() -> anyhow::Result<()> {
        let answer = parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b: c\r\n\r\n{}")?;
        let expected = Answer {
            status: 200,
            headers: vec![
                ("content-length".to_owned(), "2".to_owned()),
                ("x-a".to_owned(), "b: c".to_owned()),
            ],
            body: b"{}".to_vec(),
        };
        assert_eq!(answer, expected);
        Ok(())
    }
}
