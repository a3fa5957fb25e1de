//! The files that pages are made of: inside the binary, under names that change with their content,
//! so that browsers may keep them for good.

use std::fmt::Write;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// A file.
#[derive(Debug)]
pub(crate) struct Asset {
    /// The name without what changes with the content.
    name: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) content: &'static str,
    /// Where it is served.
    address: String,
}

const FILES: [(&str, &str, &str); 9] = [
    (
        "console-drafts.js",
        "text/javascript; charset=utf-8",
        include_str!("../assets/console-drafts.js"),
    ),
    (
        "console-parts.js",
        "text/javascript; charset=utf-8",
        include_str!("../assets/console-parts.js"),
    ),
    (
        "console.css",
        "text/css; charset=utf-8",
        include_str!("../assets/console.css"),
    ),
    (
        "console.js",
        "text/javascript; charset=utf-8",
        include_str!("../assets/console.js"),
    ),
    (
        "icon.svg",
        "image/svg+xml",
        include_str!("../assets/icon.svg"),
    ),
    (
        "reference.css",
        "text/css; charset=utf-8",
        include_str!("../assets/reference.css"),
    ),
    (
        "reference.js",
        "text/javascript; charset=utf-8",
        include_str!("../assets/reference.js"),
    ),
    (
        "time-zones.js",
        "text/javascript; charset=utf-8",
        include_str!("../assets/time-zones.js"),
    ),
    (
        "without-script.css",
        "text/css; charset=utf-8",
        include_str!("../assets/without-script.css"),
    ),
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    FILES
        .into_iter()
        .map(|(name, content_type, content)| Asset {
            name,
            content_type,
            content,
            address: format!("/assets/{}-{name}", &hash(content)),
        })
        .collect()
});

/// The first digits of a content's hash.
fn hash(content: &str) -> String {
    Sha256::digest(content.as_bytes())
        .iter()
        .take(8)
        .fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Where a file is served.
pub(crate) fn address(name: &str) -> &'static str {
    ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .map(|asset| asset.address.as_str())
        .expect("templates name files that there are")
}

/// The file at an address.
pub(crate) fn at(address: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.address == address)
}
