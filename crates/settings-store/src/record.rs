//! What a store keeps.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use call_settings::{CallSettings, PageId};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{PageCalling, StoreError};

/// How often the settings of a Page were changed. It starts at 0;
/// each stored change, the removal of the Page too, adds exactly 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(u64);

impl Revision {
    /// The last one, which no change follows: databases keep it as a signed number.
    pub const LAST: Self = Self(i64::MAX as u64);

    /// The revision with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The revision after this one; `None`: this is [`Self::LAST`].
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        if self.0 < Self::LAST.0 {
            Some(Self(self.0 + 1))
        } else {
            None
        }
    }

    /// The revision that a database keeps of a Page as a signed number.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where it is negative.
    pub fn from_signed(number: i64, page_id: PageId) -> Result<Self, StoreError> {
        u64::try_from(number)
            .map(Self)
            .map_err(|_negative| StoreError::Corrupt {
                what: format!("the revision {number} of the Page {page_id} is negative"),
            })
    }
}

/// A Page and its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRecord {
    /// The Page.
    pub page_id: PageId,
    /// A name for people, where one was given.
    pub name: Option<String>,
    /// The revision of the settings.
    pub revision: Revision,
    /// The settings; `None`: never configured.
    pub settings: Option<CallSettings>,
    /// What is stated about calling, beside the settings.
    pub calling: PageCalling,
}

impl PageRecord {
    /// A Page without a name and settings at this revision.
    pub fn unconfigured(page_id: PageId, revision: Revision) -> Self {
        Self {
            page_id,
            name: None,
            revision,
            settings: None,
            calling: PageCalling::default(),
        }
    }
}

macro_rules! decimal_id {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u64);

        impl $name {
            /// The id with this number.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                match text.parse() {
                    Ok(number) if digits => Ok(Self(number)),
                    _ => Err(ParseIdError),
                }
            }
        }
    };
}

decimal_id!(AppId, "The id of an app, written in decimal.");
decimal_id!(
    TokenId,
    "The id of an access token, written in decimal. It is no secret and permits nothing."
);

/// The text is no decimal id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is a decimal number")]
pub struct ParseIdError;

/// An app: what tokens belong to, and whose secret proves where a call comes from.
#[derive(Clone, Debug)]
pub struct AppRecord {
    /// The app.
    pub app_id: AppId,
    /// A name for people.
    pub name: String,
    /// The secret, 32 hexadecimal digits. It is kept readable, as `appsecret_proof` needs it.
    pub secret: SecretString,
    /// Whether each call with a token of this app needs an `appsecret_proof`.
    pub require_proof: bool,
    /// When the app was added.
    pub created_at: Timestamp,
}

impl PartialEq for AppRecord {
    fn eq(&self, other: &Self) -> bool {
        self.app_id == other.app_id
            && self.name == other.name
            && self.secret.expose_secret() == other.secret.expose_secret()
            && self.require_proof == other.require_proof
            && self.created_at == other.created_at
    }
}

/// The SHA-256 of an access token: all that is kept of it. Tokens are long and random, so a plain
/// hash cannot be turned back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// The hash as it was stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash as it is stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenHash(..)")
    }
}

/// Which Pages a token covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every Page, also those that are added later.
    AllPages,
    /// These Pages.
    Pages(BTreeSet<PageId>),
}

impl Coverage {
    /// Whether the Page is covered.
    pub fn covers(&self, page_id: PageId) -> bool {
        match self {
            Self::AllPages => true,
            Self::Pages(pages) => pages.contains(&page_id),
        }
    }

    /// The Page, where exactly one is covered.
    pub fn single_page(&self) -> Option<PageId> {
        match self {
            Self::Pages(pages) if pages.len() == 1 => pages.first().copied(),
            _ => None,
        }
    }
}

/// An access token, without the token itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// Its id.
    pub token_id: TokenId,
    /// Its hash.
    pub hash: TokenHash,
    /// The app it belongs to, where there is one.
    pub app_id: Option<AppId>,
    /// The Pages it covers.
    pub coverage: Coverage,
    /// What it permits.
    pub scopes: Vec<String>,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it expires; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked; `None`: it was not.
    pub revoked_at: Option<Timestamp>,
}

/// How an operator names a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKey {
    /// By its id.
    Id(TokenId),
    /// By the token itself.
    Hash(TokenHash),
}

/// Who changed something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The token of the request.
    pub token_id: Option<TokenId>,
    /// The token's app.
    pub app_id: Option<AppId>,
}

/// One stored change of the settings of a Page. Entries are only ever added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The Page.
    pub page_id: PageId,
    /// The revision that the change made.
    pub revision: Revision,
    /// The settings before; `None`: never configured.
    pub before: Option<CallSettings>,
    /// The settings after; `None`: the Page was removed.
    pub after: Option<CallSettings>,
    /// Who changed them.
    pub author: Author,
    /// When, with milliseconds.
    pub changed_at: Timestamp,
    /// The `fbtrace_id` of the request; empty for a change from the command line.
    pub trace_id: String,
}
