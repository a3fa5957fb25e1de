//! What `--dev` makes sure of: an app, a Page and a token to try things with.

use std::collections::BTreeSet;

use call_settings::PageId;
use hmac::{Hmac, KeyInit, Mac};
use pagebell_server::{OPERATOR_SCOPE, Surroundings};
use secrecy::{ExposeSecret, SecretString};
use settings_store::{
    AppId, AppRecord, Coverage, NewPage, SettingsStore, StoreError, TokenHash, TokenId, TokenRecord,
};
use sha2::Sha256;

use crate::administration::token::DEFAULT_SCOPES;
use crate::identifiers::{TOKEN_PREFIX, hexadecimal, new_app_secret};

/// The demonstration's Page.
pub(crate) const PAGE: PageId = PageId::new(1_234_567_890);

const APP: AppId = AppId::new(100_000_000_000_001);
/// The id of the demonstration's first token; each further generation has the next one.
const FIRST_TOKEN: u64 = 100_000_000_000_002;

/// What `--dev` shows of the demonstration.
pub(crate) struct Demonstration {
    /// The access token.
    pub(crate) token: String,
    /// The id of the token.
    pub(crate) token_id: TokenId,
    /// The id of the app.
    pub(crate) app_id: AppId,
    /// The app's secret.
    pub(crate) app_secret: SecretString,
}

/// Makes sure that the app, the Page and the token are in the store, and returns them.
///
/// As only a hash of a token is kept, the token is made from the app's secret: it is the same at
/// each start on the same store, and nobody who does not have the store can know it. A token that
/// was revoked stays so; the one of the next generation takes its place.
pub(crate) async fn prepare(
    store: &dyn SettingsStore,
    surroundings: &Surroundings,
) -> Result<Demonstration, StoreError> {
    let now = surroundings.clock.now();
    let app = if let Some(app) = store.app(APP).await? {
        app
    } else {
        let app = AppRecord {
            app_id: APP,
            name: "Demo".to_owned(),
            secret: new_app_secret(&*surroundings.entropy),
            require_proof: false,
            created_at: now,
        };
        store.put_app(app.clone()).await?;
        app
    };
    if store.page(PAGE).await?.is_none() {
        let page = NewPage {
            page_id: PAGE,
            name: Some("Demo".to_owned()),
            at: now,
        };
        store.add_page(page).await?;
    }
    let generation = usable_generation(store, &app).await?;
    if !generation.is_stored {
        let scopes = BTreeSet::from(DEFAULT_SCOPES)
            .into_iter()
            .chain([OPERATOR_SCOPE])
            .map(str::to_owned)
            .collect();
        let record = TokenRecord {
            token_id: generation.token_id,
            hash: TokenHash::of(&generation.token),
            app_id: Some(APP),
            coverage: Coverage::AllPages,
            scopes,
            issued_at: now,
            expires_at: None,
            revoked_at: None,
        };
        store.put_token(record).await?;
    }
    Ok(Demonstration {
        token: generation.token,
        token_id: generation.token_id,
        app_id: APP,
        app_secret: app.secret,
    })
}

/// The id of the demonstration's token if one opens the store: it was made by an earlier start with
/// `--dev`.
pub(crate) async fn open_token(store: &dyn SettingsStore) -> Result<Option<TokenId>, StoreError> {
    let Some(app) = store.app(APP).await? else {
        return Ok(None);
    };
    let generation = usable_generation(store, &app).await?;
    Ok(generation.is_stored.then_some(generation.token_id))
}

/// One of the tokens that follow each other as they are revoked.
struct Generation {
    token_id: TokenId,
    token: String,
    is_stored: bool,
}

/// The first generation whose token is not revoked.
async fn usable_generation(
    store: &dyn SettingsStore,
    app: &AppRecord,
) -> Result<Generation, StoreError> {
    let mut number = 0;
    loop {
        let token = token_of(app, number);
        let known = store.token(TokenHash::of(&token)).await?;
        let is_stored = known.is_some();
        if known.is_none_or(|known| known.revoked_at.is_none()) {
            return Ok(Generation {
                token_id: TokenId::new(FIRST_TOKEN + number),
                token,
                is_stored,
            });
        }
        number += 1;
    }
}

fn token_of(app: &AppRecord, generation: u64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(app.secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(b"the access token of serve --dev");
    if generation > 0 {
        mac.update(format!(", generation {generation}").as_bytes());
    }
    format!(
        "{TOKEN_PREFIX}dev{}",
        hexadecimal(&mac.finalize().into_bytes())
    )
}
