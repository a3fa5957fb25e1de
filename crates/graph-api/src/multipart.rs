//! Multipart bodies, `curl -F` and the official samples.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream;

use crate::GraphError;

/// The most parts of one body, the count of [`MAX_PARAMETERS`](crate::MAX_PARAMETERS).
const MAX_PARTS: usize = crate::MAX_PARAMETERS;

/// The names and texts of the parts; files are read as text.
///
/// # Errors
///
/// The body is no multipart body of this boundary, has too many parts, or a part whose name cannot
/// be read: left out, its value would be lost under an answer of success.
pub(crate) fn read(content_type: &str, body: Bytes) -> Result<Vec<(String, String)>, GraphError> {
    let malformed = |error: multer::Error| GraphError::body_malformed(&error.to_string());
    let boundary = multer::parse_boundary(content_type).map_err(malformed)?;
    let whole = stream::iter([Ok::<Bytes, Infallible>(body)]);
    let mut parts = multer::Multipart::new(whole, boundary);
    let mut found = Vec::new();
    let read_all = async {
        while let Some(part) = parts.next_field().await.map_err(malformed)? {
            let Some(name) = part.name().filter(|name| !name.is_empty()) else {
                return Err(GraphError::body_malformed(&format!(
                    "part {} has no name; give each part a Content-Disposition: form-data; \
                     name=\"...\"",
                    found.len()
                )));
            };
            let name = name.to_owned();
            if found.len() == MAX_PARTS {
                return Err(GraphError::too_many_parameters());
            }
            let bytes = part.bytes().await.map_err(malformed)?;
            found.push((name, String::from_utf8_lossy(&bytes).into_owned()));
        }
        Ok(())
    };
    // The whole body has been received, so the reader never has to wait.
    match read_all.now_or_never() {
        Some(Ok(())) => Ok(found),
        Some(Err(error)) => Err(error),
        None => Err(GraphError::body_malformed("the last boundary is missing")),
    }
}
