//! The texts of the reference, rendered once.
//!
//! Rendering one takes milliseconds of a thread, and anybody may ask for it. So each is rendered
//! for a base address that stands for all others, and kept; an answer puts the caller's base
//! address in its place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use graph_api::GraphVersion;

use crate::Origin;

/// Stands for the caller's host and port.
const ANY_HOST: &str = "any-host.pagebell.invalid";

/// The texts that have been rendered. There are as many as the reference has pages and files.
#[derive(Debug, Default)]
pub(crate) struct RenderedReference {
    texts: Mutex<HashMap<(GraphVersion, String), Arc<str>>>,
}

impl RenderedReference {
    /// The text of a file for a caller's origin. `render` gets a base address and makes the text
    /// for it; `None`: there is no such file, and nothing is kept.
    pub(super) fn text(
        &self,
        version: GraphVersion,
        file: &str,
        origin: Origin<'_>,
        render: impl FnOnce(&str) -> Option<String>,
    ) -> Option<String> {
        let text = self.kept(version, file, render)?;
        let any = Origin {
            is_secure: false,
            host: ANY_HOST,
        };
        // First the whole address, then the host where it stands without the scheme.
        let text = text.replace(&any.to_string(), &origin.to_string());
        Some(text.replace(ANY_HOST, origin.host))
    }

    fn kept(
        &self,
        version: GraphVersion,
        file: &str,
        render: impl FnOnce(&str) -> Option<String>,
    ) -> Option<Arc<str>> {
        let key = (version, file.to_owned());
        let texts = || self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = texts().get(&key) {
            return Some(Arc::clone(text));
        }
        let text: Arc<str> = render(&format!("http://{ANY_HOST}"))?.into();
        texts().insert(key, Arc::clone(&text));
        Some(text)
    }
}
