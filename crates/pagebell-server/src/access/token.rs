//! What a token permits.

use call_settings::PageId;
use graph_api::{GraphError, Node};
use jiff::Timestamp;
use settings_store::{AppRecord, Coverage, TokenRecord};

use crate::Configuration;

/// The scope that reading and updating settings need.
pub const READ_SCOPE: &str = "pages_messaging";

/// The scope that steering the server itself needs.
pub const OPERATOR_SCOPE: &str = "pagebell_operator";

/// Stands between the id and the secret of an app in its own access token (documented).
pub const APP_TOKEN_SEPARATOR: char = '|';

/// A token that is known, with its app.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) token: TokenRecord,
    pub(crate) app: Option<AppRecord>,
}

/// Who makes a request.
#[derive(Debug)]
pub(crate) enum Caller {
    /// Someone with an access token.
    Token(std::sync::Arc<Access>),
    /// An app by its own access token: id and secret.
    App(AppRecord),
}

impl Access {
    /// Takes what a store found. A token whose app does not exist is not known: the app might have
    /// required a proof.
    pub(crate) fn of_stored((token, app): (TokenRecord, Option<AppRecord>)) -> Option<Self> {
        if token.app_id.is_some() && app.is_none() {
            tracing::error!(token_id = %token.token_id, "the app of a token does not exist");
            return None;
        }
        Some(Self { token, app })
    }

    /// Refuses a token that is revoked or expired.
    pub(crate) fn check_alive(&self, now: Timestamp) -> Result<(), GraphError> {
        if let Some(revoked) = self.token.revoked_at {
            return Err(GraphError::token_revoked(revoked));
        }
        match self.token.expires_at {
            Some(expired) if expired <= now => Err(GraphError::token_expired(expired, now)),
            _ => Ok(()),
        }
    }

    /// The Page that a path means to this token.
    pub(crate) fn page(
        &self,
        node: Node,
        configuration: &Configuration,
    ) -> Result<PageId, GraphError> {
        let coverage = &self.token.coverage;
        if let Node::Page(page_id) = node {
            return Ok(page_id);
        }
        if let Some(page_id) = coverage.single_page() {
            return Ok(page_id);
        }
        match configuration.page_of_token {
            Some((token_id, page_id)) if token_id == self.token.token_id => Ok(page_id),
            _ => Err(GraphError::no_single_me(&match coverage {
                Coverage::AllPages => "all Pages".to_owned(),
                Coverage::Pages(pages) => format!("{} Pages", pages.len()),
            })),
        }
    }

    /// Refuses a Page that the token does not cover.
    pub(crate) fn check_covers(&self, page_id: PageId) -> Result<(), GraphError> {
        if self.token.coverage.covers(page_id) {
            Ok(())
        } else {
            Err(GraphError::page_not_covered(&page_id.to_string()))
        }
    }

    /// Refuses a Page that the token does not cover, and a token without the scope.
    pub(crate) fn check_permits(&self, page_id: PageId, scope: &str) -> Result<(), GraphError> {
        self.check_covers(page_id)?;
        if self.token.scopes.iter().any(|held| held == scope) {
            Ok(())
        } else {
            Err(GraphError::scope_missing(scope))
        }
    }
}
