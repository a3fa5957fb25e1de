//! What a token permits.

use call_settings::PageId;
use graph_api::{GraphError, Node};
use jiff::Timestamp;
use settings_store::{AppRecord, Coverage, TokenRecord};

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
    pub(crate) fn page(&self, node: Node) -> Result<PageId, GraphError> {
        match (node, &self.token.coverage) {
            (Node::Page(page_id), _) => Ok(page_id),
            (Node::Me, coverage) => coverage.single_page().ok_or_else(|| {
                GraphError::no_single_me(&match coverage {
                    Coverage::AllPages => "all Pages".to_owned(),
                    Coverage::Pages(pages) => format!("{} Pages", pages.len()),
                })
            }),
        }
    }

    /// Refuses a Page that the token does not cover, and a token without the scope.
    pub(crate) fn check_permits(&self, page_id: PageId, scope: &str) -> Result<(), GraphError> {
        if !self.token.coverage.covers(page_id) {
            return Err(GraphError::page_not_covered(&page_id.to_string()));
        }
        if self.token.scopes.iter().any(|held| held == scope) {
            Ok(())
        } else {
            Err(GraphError::scope_missing(scope))
        }
    }
}
