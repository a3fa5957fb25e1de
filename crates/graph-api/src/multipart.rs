//! Multipart bodies, `curl -F` and the official samples.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream;

use crate::GraphError;

/// The names and texts of the parts. Parts without a name are left out; files are read as text.
pub(crate) fn read(content_type: &str, body: Bytes) -> Result<Vec<(String, String)>, GraphError> {
    let malformed = |error: multer::Error| GraphError::body_malformed(&error.to_string());
    let boundary = multer::parse_boundary(content_type).map_err(malformed)?;
    let whole = stream::iter([Ok::<Bytes, Infallible>(body)]);
    let mut parts = multer::Multipart::new(whole, boundary);
    let mut found = Vec::new();
    let read_all = async {
        while let Some(part) = parts.next_field().await? {
            let name = part.name().map(str::to_owned);
            let bytes = part.bytes().await?;
            if let Some(name) = name {
                found.push((name, String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
        Ok(())
    };
    // The whole body is at hand, so the reader never has to wait.
    match read_all.now_or_never() {
        Some(Ok(())) => Ok(found),
        Some(Err(error)) => Err(malformed(error)),
        None => Err(GraphError::body_malformed("the last boundary is missing")),
    }
}
