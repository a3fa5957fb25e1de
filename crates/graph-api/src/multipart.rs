//! Multipart bodies, `curl -F` and the official samples.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream;
use http::HeaderMap;
use http::header::CONTENT_DISPOSITION;

use crate::GraphError;

/// The most parts of one body, the count of [`MAX_PARAMETERS`](crate::MAX_PARAMETERS).
const MAX_PARTS: usize = crate::MAX_PARAMETERS;

/// The names and texts of the parts; files are read as text.
///
/// # Errors
///
/// The body is no multipart body of this boundary from its beginning to its end, has too many
/// parts, or a part whose name cannot be read in one way: left out, its value would be lost under
/// an answer of success.
pub(crate) fn read(content_type: &str, body: Bytes) -> Result<Vec<(String, String)>, GraphError> {
    let malformed = |error: multer::Error| GraphError::body_malformed(&error.to_string());
    let boundary = multer::parse_boundary(content_type).map_err(malformed)?;
    check_ends(&body, &boundary)?;
    let whole = stream::iter([Ok::<Bytes, Infallible>(body)]);
    let mut parts = multer::Multipart::new(whole, boundary);
    let mut found = Vec::new();
    let read_all = async {
        while let Some(part) = parts.next_field().await.map_err(malformed)? {
            let Some(name) = name_of(part.headers()) else {
                return Err(GraphError::body_malformed(&format!(
                    "part {} has no name that can be read; give each part one header \
                     Content-Disposition: form-data; name=\"...\"",
                    found.len()
                )));
            };
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

/// Refuses what stands before the first boundary and behind the last one, where no reader looks for
/// parts.
fn check_ends(body: &[u8], boundary: &str) -> Result<(), GraphError> {
    let text = body.trim_ascii();
    let begins = text
        .strip_prefix(b"--")
        .is_some_and(|rest| rest.starts_with(boundary.as_bytes()));
    let ends = text
        .strip_suffix(b"--")
        .is_some_and(|rest| rest.ends_with(boundary.as_bytes()));
    if begins && ends {
        Ok(())
    } else {
        Err(GraphError::body_malformed(
            "it does not begin and end with the boundary of its Content-Type",
        ))
    }
}

/// The name of a part, if its headers have exactly one.
fn name_of(headers: &HeaderMap) -> Option<String> {
    let mut dispositions = headers.get_all(CONTENT_DISPOSITION).iter();
    let (disposition, None) = (dispositions.next()?, dispositions.next()) else {
        return None;
    };
    let text = std::str::from_utf8(disposition.as_bytes()).ok()?;
    let (kind, mut rest) = text.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let mut name = None;
    loop {
        let (attribute, behind) = rest.split_once('=')?;
        let (value, behind) = value_of(behind.trim_start())?;
        let attribute = attribute.trim();
        if attribute.eq_ignore_ascii_case("name") {
            if name.replace(value).is_some() {
                return None;
            }
        } else if attribute.eq_ignore_ascii_case("name*") {
            return None;
        }
        let behind = behind.trim_start();
        if behind.is_empty() {
            return name.filter(|name| !name.is_empty());
        }
        rest = behind.strip_prefix(';')?;
        if rest.trim().is_empty() {
            return name.filter(|name| !name.is_empty());
        }
    }
}

/// The value of an attribute, in quotes or without, and the text behind it. Within quotes a
/// backslash stands before a quote or a backslash.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        let (value, behind) = text.split_at(end);
        return Some((value.trim().to_owned(), behind));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[position + 1..])),
            '\\' => match characters.clone().next() {
                Some((_, escaped @ ('"' | '\\'))) => {
                    characters.next();
                    value.push(escaped);
                }
                // Browsers of old wrote the paths of files so.
                _ => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(disposition: &str) -> Option<String> {
        let value = http::HeaderValue::from_bytes(disposition.as_bytes()).ok()?;
        name_of(&HeaderMap::from_iter([(CONTENT_DISPOSITION, value)]))
    }

    #[test]
    fn a_part_has_one_name() {
        for disposition in [
            "form-data; name=\"a\"",
            "Form-Data;name=a",
            "form-data; NAME=\"a\"",
            "form-data; name = \"a\" ; filename=\"b; name=c\";",
            "form-data; filename=\"; name=video; \\\" \"; name=\"a\"",
            "form-data; name=\"a\"; filename*=UTF-8''b",
        ] {
            assert_eq!(name(disposition).as_deref(), Some("a"), "{disposition}");
        }
        assert_eq!(
            name("form-data; name=\"\\\"\\\\x\"").as_deref(),
            Some("\"\\x")
        );
        for disposition in [
            "form-data",
            "form-data; filename=\"name=a\"",
            "form-data; name=\"\"",
            "form-data; name=\"a\"; name=\"b\"",
            "form-data; name=\"a\"; name*=UTF-8''b",
            "form-data; name=\"a",
            "form-data; name=\"a\" name=\"b\"",
            "attachment; name=\"a\"",
        ] {
            assert_eq!(name(disposition), None, "{disposition}");
        }
        let value = http::HeaderValue::from_static("form-data; name=a");
        let twice = [
            (CONTENT_DISPOSITION, value.clone()),
            (CONTENT_DISPOSITION, value),
        ];
        assert_eq!(name_of(&HeaderMap::from_iter(twice)), None);
    }

    #[test]
    fn nothing_stands_before_the_first_boundary_or_behind_the_last() {
        let check = |body: &str| check_ends(body.as_bytes(), "x").is_ok();
        assert!(check("--x\r\n\r\n\r\n--x--"));
        assert!(check("\r\n--x\r\n--x--\r\n"));
        assert!(!check("a\r\n--x\r\n--x--"));
        assert!(!check("--x\r\n--x--\r\n--x\r\n"));
        assert!(!check("--x\r\n--x--\r\na"));
        assert!(!check("--x\r\n"));
    }
}
