use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::http::RenderedReference;

/// Whatever the caller calls the server, the kept text is the one that is rendered for that name.
#[test]
fn a_kept_text_is_the_one_for_the_base_address_of_the_caller() {
    let configuration = Configuration::default();
    let version = GraphVersion::NEWEST;
    let kept = RenderedReference::default();
    let renders = AtomicUsize::new(0);
    let endpoints = render(&configuration, version, ENDPOINTS, "http://x").unwrap();
    let of_endpoints: Vec<_> = endpoints.lines().map(|id| format!("{id}.md")).collect();
    assert!(!of_endpoints.is_empty());
    let mut files = vec![HTML_PAGE, MARKDOWN_PAGE, "openapi.json", "openapi.yaml"];
    files.extend(of_endpoints.iter().map(String::as_str));
    for file in &files {
        for (is_secure, host) in [
            (false, "127.0.0.1:8484"),
            (true, "calls.example"),
            (true, "[::1]:8443"),
        ] {
            let origin = Origin { is_secure, host };
            let text = kept.text(version, file, origin, |base| {
                renders.fetch_add(1, Ordering::Relaxed);
                render(&configuration, version, file, base)
            });
            let expected = render(&configuration, version, file, &origin.to_string());
            assert_eq!(text, expected, "{file} for {origin}");
        }
    }
    assert_eq!(renders.into_inner(), files.len(), "each is rendered once");
}
