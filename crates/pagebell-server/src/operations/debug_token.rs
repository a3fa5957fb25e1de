//! `GET /debug_token`

use std::borrow::Cow;

use bytes::Bytes;
use graph_api::GraphError;
use graph_api::debug_token::{DebugToken, DebugTokenError, GranularScope};
use jiff::Timestamp;
use settings_store::{AppId, AppRecord, Coverage, TokenHash};

use crate::access::{APP_TOKEN_SEPARATOR, Access, Caller, OPERATOR_SCOPE};
use crate::dispatch::{Operation, Pagebell, only_get, store_failed, too_many_waiting};

/// The most Pages of a token that is described where the request runs.
const MOST_PAGES_OF_SHORT_ANSWER: usize = 1_000;

impl Pagebell {
    /// Answers what is known of a token, to its app, its holder or an operator.
    pub(crate) async fn debug_token(&self, operation: Operation<'_>) -> Result<Bytes, GraphError> {
        only_get(operation, "debug_token")?;
        let parameters = operation.parameters;
        let credentials = self
            .credentials(operation)?
            .ok_or_else(GraphError::token_missing)?;
        let caller = self.authenticate(operation, &credentials).await?;
        operation.body.clone()?;
        self.refuse_conditions(operation, "debug_token")?;
        let input = parameters
            .text("input_token")
            .filter(|input| !input.is_empty())
            .ok_or_else(GraphError::input_token_missing)?;
        let described = if input.contains(APP_TOKEN_SEPARATOR) {
            self.describe_app_token(operation, &caller, input).await?
        } else {
            self.describe_token(operation, &caller, input).await?
        };
        let fields = parameters.list("fields")?;
        let pages = described.granular_scopes.iter();
        let pages = pages.filter_map(|scope| scope.target_ids.as_ref().map(Vec::len));
        if pages.sum::<usize>() <= MOST_PAGES_OF_SHORT_ANSWER {
            return Ok(Bytes::from(described.to_json(fields.as_deref())));
        }
        let fields = fields.map(Cow::into_owned);
        let writing = async move { described.to_json(fields.as_ref()) };
        let written = self.offloaded.others.run(writing).await;
        written.map(Bytes::from).map_err(too_many_waiting)
    }

    async fn describe_token(
        &self,
        operation: Operation<'_>,
        caller: &Caller,
        input: &str,
    ) -> Result<DebugToken, GraphError> {
        let found = self
            .copies
            .token(&*self.store, TokenHash::of(input))
            .await
            .map_err(|error| store_failed(&error, operation.trace))?;
        let Some(access) = found else {
            return Ok(dead(&GraphError::token_unknown()));
        };
        let is_own = matches!(caller, Caller::Token(own) if own.token.hash == access.token.hash);
        if !is_own && !may_look(caller, access.token.app_id) {
            return Err(GraphError::debug_token_not_allowed());
        }
        Ok(describe(&access, self.surroundings.clock.now()))
    }

    async fn describe_app_token(
        &self,
        operation: Operation<'_>,
        caller: &Caller,
        input: &str,
    ) -> Result<DebugToken, GraphError> {
        let found = self
            .app_of(input)
            .await
            .map_err(|error| store_failed(&error, operation.trace))?;
        let Some(app) = found else {
            return Ok(dead(&GraphError::token_unknown()));
        };
        if !may_look(caller, Some(app.app_id)) {
            return Err(GraphError::debug_token_not_allowed());
        }
        Ok(DebugToken {
            token_type: Some("APP"),
            expires_at: Some(0),
            issued_at: Some(app.created_at.as_second()),
            is_valid: true,
            ..of_app(Some(&app))
        })
    }
}

/// Whether a caller may look at a token of an app that is not the caller's own token.
fn may_look(caller: &Caller, app_id: Option<AppId>) -> bool {
    match caller {
        Caller::App(app) => app_id == Some(app.app_id),
        Caller::Token(access) => {
            let same_app = app_id.is_some() && access.token.app_id == app_id;
            let scopes = &access.token.scopes;
            same_app || scopes.iter().any(|scope| scope == OPERATOR_SCOPE)
        }
    }
}

fn describe(access: &Access, now: Timestamp) -> DebugToken {
    let token = &access.token;
    let alive = access.check_alive(now);
    let target_ids = match &token.coverage {
        Coverage::AllPages => None,
        Coverage::Pages(pages) => Some(pages.iter().map(ToString::to_string).collect::<Vec<_>>()),
    };
    DebugToken {
        token_type: Some("PAGE"),
        expires_at: Some(token.expires_at.map_or(0, Timestamp::as_second)),
        data_access_expires_at: Some(0),
        issued_at: Some(token.issued_at.as_second()),
        error: alive.as_ref().err().map(describe_error),
        is_valid: alive.is_ok(),
        profile_id: token.coverage.single_page().map(|page| page.to_string()),
        granular_scopes: token
            .scopes
            .iter()
            .map(|scope| GranularScope {
                scope: scope.clone(),
                target_ids: target_ids.clone(),
            })
            .collect(),
        scopes: token.scopes.clone(),
        ..of_app(access.app.as_ref())
    }
}

fn of_app(app: Option<&AppRecord>) -> DebugToken {
    DebugToken {
        app_id: app.map(|app| app.app_id.to_string()),
        application: app.map(|app| app.name.clone()),
        ..DebugToken::default()
    }
}

fn dead(error: &GraphError) -> DebugToken {
    DebugToken {
        error: Some(describe_error(error)),
        ..DebugToken::default()
    }
}

fn describe_error(error: &GraphError) -> DebugTokenError {
    DebugTokenError {
        code: error.entry().code,
        message: error.message(),
        subcode: error.entry().subcode,
    }
}
