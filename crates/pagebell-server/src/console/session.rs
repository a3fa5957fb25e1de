//! Who is signed in. The access token is the session: it stays in a cookie that scripts cannot read
//! and other sites cannot send, and every request looks it up anew, so a token that is revoked is
//! signed out at once.

use std::sync::Arc;

use graph_api::GraphError;
use secrecy::{ExposeSecret, SecretString};
use settings_store::{Coverage, StoreError, TokenHash};

use super::form_token::{FormKey, FormToken};
use crate::access::{Access, READ_SCOPE};
use crate::dispatch::Pagebell;

/// Someone who is signed in.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) access: Arc<Access>,
    /// What forms and scripts of this session send back, and other sites cannot know.
    pub(crate) form_token: FormToken,
    token: SecretString,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// The token is not known, has expired or was revoked, or may not read settings.
    #[error("{0}")]
    Refused(String),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Session {
    /// Whether a value that came with a request is a form token of this session: the browser's, or
    /// the one that follows from the access token.
    pub(crate) fn is_form_token(&self, value: &str) -> bool {
        let derived = FormKey::of_access_token(self.token.expose_secret()).form_token();
        self.form_token.is(value) || derived.is(value)
    }

    /// The value of the cookie.
    pub(crate) fn cookie_value(&self) -> &str {
        self.token.expose_secret()
    }

    /// The Pages that the session sees, in words.
    pub(crate) fn sees(&self) -> String {
        match &self.access.token.coverage {
            Coverage::AllPages => "all Pages".to_owned(),
            Coverage::Pages(pages) if pages.len() == 1 => "1 Page".to_owned(),
            Coverage::Pages(pages) => format!("{} Pages", pages.len()),
        }
    }
}

impl Pagebell {
    /// The session of an access token in a browser with this form key.
    pub(crate) async fn session(
        &self,
        token: &str,
        form_key: Option<&FormKey>,
    ) -> Result<Session, SessionError> {
        let refused = |error: &GraphError| SessionError::Refused(error.message());
        // A cookie carries no other characters, and no token has them.
        if !token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
        {
            return Err(refused(&GraphError::token_unknown()));
        }
        let access = self
            .copies
            .token(&*self.store, TokenHash::of(token))
            .await?
            .ok_or_else(|| refused(&GraphError::token_unknown()))?;
        let now = self.surroundings.clock.now();
        access.check_alive(now).map_err(|error| refused(&error))?;
        if !access.token.scopes.iter().any(|scope| scope == READ_SCOPE) {
            return Err(refused(&GraphError::scope_missing(READ_SCOPE)));
        }
        // A browser has no app secret to make a proof with, and a token that was stolen must not be
        // worth more here than at the API.
        if access.app.as_ref().is_some_and(|app| app.require_proof) {
            return Err(refused(&GraphError::proof_required()));
        }
        let form_token = match form_key {
            Some(key) => key.form_token(),
            None => FormKey::of_access_token(token).form_token(),
        };
        Ok(Session {
            access,
            form_token,
            token: SecretString::from(token),
        })
    }
}
