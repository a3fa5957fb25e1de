//! What the handlers beside the server answer: the same bytes and headers to every request.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Parser;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

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

/// The one answer.
#[derive(Debug, Clone)]
pub(crate) struct FixedAnswer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl FixedAnswer {
    /// What the command line says.
    pub(crate) fn from_command_line() -> anyhow::Result<Self> {
        let options = Options::parse();
        let content = fs::read(&options.body)
            .with_context(|| format!("cannot read {}", options.body.display()))?;
        Ok(Self {
            headers: options.headers.into_iter().collect(),
            body: Bytes::from(content),
        })
    }
}

fn parse_header(text: &str) -> anyhow::Result<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':').context("a header is `name: value`")?;
    Ok((name.trim().parse()?, value.trim().parse()?))
}
