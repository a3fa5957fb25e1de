//! A plain axum service: one route and one handler that answers with the same bytes.
//!
//! `cargo xtask bench full` measures the real server beside it: what a service written with the
//! usual framework reaches before it does any work.
#![allow(
    clippy::print_stdout,
    reason = "whoever starts it reads the address from its output"
)]

mod fixed_answer;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use axum::{Router, serve};
use tokio::net::TcpListener;

use crate::fixed_answer::FixedAnswer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let answer = FixedAnswer::from_command_line()?;
    let router = Router::new()
        .route(
            "/{version}/{page_id}/messenger_call_settings",
            get(read_settings),
        )
        .with_state(answer);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Without it the service still answers, only later.
        let _ = stream.set_nodelay(true);
    });
    serve(listener, router).await?;
    Ok(())
}

async fn read_settings(
    Path((_version, _page_id)): Path<(String, u64)>,
    State(answer): State<FixedAnswer>,
) -> Response {
    (answer.headers, answer.body).into_response()
}
