//! `pagebell token`

use std::collections::BTreeSet;
use std::io::{Write, stdout};

use jiff::{SignedDuration, Timestamp};
use pagebell_server::{OPERATOR_SCOPE, READ_SCOPE};
use serde_json::json;
use settings_store::{Coverage, TokenHash, TokenId, TokenKey, TokenRecord};

use super::{on_store, write_json, write_table};
use crate::command_line::{NewToken, TokenCommand};
use crate::failure::Failure;
use crate::identifiers::{new_id, new_token};
use crate::store_location::Opening;
use crate::{logging, system};

/// The scopes of a token for which none are named.
pub(crate) const DEFAULT_SCOPES: [&str; 2] = [READ_SCOPE, "pages_manage_metadata"];

/// Every scope that means something.
const KNOWN_SCOPES: [&str; 3] = [DEFAULT_SCOPES[0], DEFAULT_SCOPES[1], OPERATOR_SCOPE];

pub(crate) fn run(command: TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(options) => create(options),
        TokenCommand::List { json, store } => {
            let now = system::surroundings().clock.now();
            let tokens = on_store(&store.location(), Opening::Reading, async |store| {
                Ok(store.tokens().await?)
            })?;
            write_list(&tokens, now, json)
        }
        TokenCommand::Revoke { token, store } => {
            let now = system::surroundings().clock.now();
            // An id is a number; a token never is, as it begins with letters.
            let key = match token.parse::<TokenId>() {
                Ok(token_id) => TokenKey::Id(token_id),
                Err(_) => TokenKey::Hash(TokenHash::of(&token)),
            };
            let location = store.location();
            let revoked = on_store(&location, Opening::Existing, async |store| {
                Ok(store.revoke_token(key, now).await?)
            })?;
            if !revoked {
                return Err(Failure::Refused(format!(
                    "there is no such token in {location}; pagebell token list shows the ids"
                )));
            }
            writeln!(stdout(), "token revoked")?;
            Ok(())
        }
    }
}

fn create(options: NewToken) -> Result<(), Failure> {
    let surroundings = system::surroundings();
    let now = surroundings.clock.now();
    let token = new_token(&*surroundings.entropy);
    for scope in &options.scopes {
        if !KNOWN_SCOPES.contains(&scope.as_str()) {
            logging::write_notice(&format!(
                "pagebell: note: nothing here asks for the scope {scope:?}; known are {}",
                KNOWN_SCOPES.join(", ")
            ));
        }
    }
    let scopes = if options.scopes.is_empty() {
        DEFAULT_SCOPES.map(str::to_owned).to_vec()
    } else {
        options.scopes
    };
    let expires_at = options
        .expires_in
        .map(|lifetime| {
            SignedDuration::try_from(lifetime.duration())
                .ok()
                .and_then(|lifetime| now.checked_add(lifetime).ok())
                .ok_or_else(|| Failure::Options(format!("--expires-in {lifetime} is too long")))
        })
        .transpose()?;
    let coverage = if options.all_pages {
        Coverage::AllPages
    } else {
        Coverage::Pages(options.pages.iter().copied().collect::<BTreeSet<_>>())
    };
    let token_id = TokenId::new(new_id(&*surroundings.entropy));
    let record = TokenRecord {
        token_id,
        hash: TokenHash::of(&token),
        app_id: options.app,
        coverage,
        scopes,
        issued_at: now,
        expires_at,
        revoked_at: None,
    };
    on_store(
        &options.store.location(),
        Opening::MayBeFirst,
        async |store| {
            if let Some(app_id) = options.app
                && store.app(app_id).await?.is_none()
            {
                return Err(Failure::Refused(format!(
                    "there is no app {app_id}; pagebell app list shows the ids"
                )));
            }
            for page_id in &options.pages {
                if store.page(*page_id).await?.is_none() {
                    logging::write_notice(&format!(
                        "pagebell: note: there is no page {page_id} yet; add it with pagebell page add {page_id}"
                    ));
                }
            }
            let put = store.put_token(record).await;
            put.map_err(|error| Failure::unconfirmed(error, "token", token_id))
        },
    )?;
    writeln!(stdout(), "{token}").map_err(|error| {
        Failure::Unconfirmed(format!(
            "the token {token_id} is stored, and cannot be written ({error}), so that nobody knows \
             it; revoke it with pagebell token revoke {token_id}"
        ))
    })
}

fn write_list(tokens: &[TokenRecord], now: Timestamp, as_json: bool) -> Result<(), Failure> {
    let mut output = stdout().lock();
    if as_json {
        let elements: Vec<_> = tokens.iter().map(|token| to_json(token, now)).collect();
        return write_json(&mut output, &elements);
    }
    let rows: Vec<_> = tokens
        .iter()
        .map(|token| {
            [
                token.token_id.to_string(),
                status(token, now).to_owned(),
                token
                    .expires_at
                    .map_or("never".to_owned(), |at| at.strftime("%F").to_string()),
                token
                    .app_id
                    .map_or("-".to_owned(), |app_id| app_id.to_string()),
                token.scopes.join(","),
                match &token.coverage {
                    Coverage::AllPages => "all".to_owned(),
                    Coverage::Pages(pages) => pages
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(","),
                },
            ]
        })
        .collect();
    write_table(
        &mut output,
        ["TOKEN_ID", "STATUS", "EXPIRES", "APP_ID", "SCOPES", "PAGES"],
        &rows,
    )
}

fn to_json(token: &TokenRecord, now: Timestamp) -> serde_json::Value {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "token_id": token.token_id.to_string(),
        "status": status(token, now),
        "app_id": token.app_id.map(|app_id| app_id.to_string()),
        "all_pages": token.coverage == Coverage::AllPages,
        "pages": match &token.coverage {
            Coverage::AllPages => None,
            Coverage::Pages(pages) => Some(pages.iter().map(ToString::to_string).collect::<Vec<_>>()),
        },
        "scopes": token.scopes,
        "issued_at": token.issued_at.to_string(),
        "expires_at": time(token.expires_at),
        "revoked_at": time(token.revoked_at),
    })
}

fn status(token: &TokenRecord, now: Timestamp) -> &'static str {
    if token.revoked_at.is_some() {
        "revoked"
    } else if token.expires_at.is_some_and(|at| at <= now) {
        "expired"
    } else {
        "valid"
    }
}
