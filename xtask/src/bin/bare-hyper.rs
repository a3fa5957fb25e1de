//! The least a hyper server can do: it answers every request with the same bytes.
//!
//! `cargo xtask bench` measures the real server beside it; the distance between the two is what
//! routing, checking tokens and finding settings cost.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "whoever starts it reads the address from its output"
)]

mod fixed_answer;

use std::convert::Infallible;

use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::fixed_answer::FixedAnswer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let answer = FixedAnswer::from_command_line()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream, answer.clone()));
    }
}

async fn serve(stream: TcpStream, answer: FixedAnswer) {
    let handler = service_fn(move |_: Request<body::Incoming>| {
        let mut response = Response::new(Full::new(answer.body.clone()));
        *response.headers_mut() = answer.headers.clone();
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), handler);
    if let Err(error) = connection.await {
        eprintln!("connection ended: {error}");
    }
}
