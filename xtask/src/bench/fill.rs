//! Reading each Page of a store once, so that the server has all of them at hand.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::bench::pages;

/// How many requests are sent before the answers to them are read.
const PIPELINED: u32 = 100;
const LIMIT: Duration = Duration::from_secs(30);

/// Gets each of the first `count` Pages once; any answer but 200 is an error.
pub(crate) fn read_each(
    address: SocketAddr,
    authorization: &str,
    count: u32,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut requests = Vec::new();
    let mut next = 0;
    while next < count {
        let end = count.min(next + PIPELINED);
        requests.clear();
        for index in next..end {
            let id = pages::page_id(index);
            write!(
                requests,
                "GET /v26.0/{id}/messenger_call_settings HTTP/1.1\r\nhost: {address}\r\n{authorization}\r\n\r\n"
            )?;
        }
        stream.write_all(&requests)?;
        for index in next..end {
            skip_answer(&mut answers)
                .with_context(|| format!("no settings of the Page {}", pages::page_id(index)))?;
        }
        next = end;
    }
    Ok(())
}

fn skip_answer(answers: &mut BufReader<TcpStream>) -> anyhow::Result<()> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200 ") {
        bail!("the answer is {:?}", line.trim_end());
    }
    let mut length = None;
    loop {
        line.clear();
        answers.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = Some(value.trim().parse::<usize>()?);
        }
    }
    let mut body = vec![0; length.context("the answer does not say its length")?];
    answers.read_exact(&mut body)?;
    Ok(())
}
