//! The least a hyper server can do: it answers every request with the same bytes.
//!
//! `cargo xtask bench` measures the real server beside it; the distance between the two is what
//! routing, checking tokens and finding settings cost.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "whoever starts it reads the address from its output"
)]

use std::convert::Infallible;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Parser;
use http_body_util::Full;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

/// Answer every request with the same bytes.
#[derive(Debug, Parser)]
struct Options {
    /// The file whose content is the body of every answer
    #[arg(long)]
    body: PathBuf,
    /// A header of every answer, as `name: value`; may be given several times
    #[arg(long = "header", value_parser = parse_header)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let content = fs::read(&options.body)
        .with_context(|| format!("cannot read {}", options.body.display()))?;
    let body = Bytes::from(content);
    let headers: HeaderMap = options.headers.into_iter().collect();

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream, body.clone(), headers.clone()));
    }
}

async fn serve(stream: TcpStream, body: Bytes, headers: HeaderMap) {
    let answer = service_fn(move |_: Request<body::Incoming>| {
        let mut response = Response::new(Full::new(body.clone()));
        *response.headers_mut() = headers.clone();
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    if let Err(error) = connection.await {
        eprintln!("connection ended: {error}");
    }
}

fn parse_header(text: &str) -> anyhow::Result<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':').context("a header is `name: value`")?;
    Ok((name.trim().parse()?, value.trim().parse()?))
}
