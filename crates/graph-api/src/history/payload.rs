//! The JSON shapes of a history. The OpenAPI documents are made from these types.

use bytes::Bytes;
use call_settings::{CallSettings, SettingsField};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Cursor;
use crate::selected_json::push_fields;
use crate::{Field, FieldSelection, PageMessengerCallSettingsPayload};

/// One change of the settings of a Page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntryPayload {
    /// The revision that the change made; the next change makes the next number.
    #[schema(required = false)]
    pub revision: u64,
    /// When it was stored, RFC 3339 in UTC.
    #[schema(example = "2026-11-23T08:30:00Z", required = false)]
    pub changed_at: String,
    /// The fields that it changed.
    #[schema(required = false)]
    pub changed_fields: Vec<String>,
    /// The settings before it. Absent: the Page had the defaults.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(nullable = false)]
    pub before: Option<PageMessengerCallSettingsPayload>,
    /// The settings after it. Absent: the Page was removed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(nullable = false)]
    pub after: Option<PageMessengerCallSettingsPayload>,
    /// The id of the access token that made it, which is no secret. Absent: the command line made
    /// it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(nullable = false)]
    pub token_id: Option<String>,
    /// The id of that token's app, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(nullable = false)]
    pub app_id: Option<String>,
    /// The id of the request that made it.
    #[schema(required = false)]
    pub fbtrace_id: String,
}

/// A field of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the field of its wire name")]
pub enum HistoryField {
    Revision,
    ChangedAt,
    ChangedFields,
    Before,
    After,
    TokenId,
    AppId,
    FbtraceId,
}

const SETTINGS_FIELDS: [&str; SettingsField::ALL.len()] = {
    let mut names = [""; SettingsField::ALL.len()];
    let mut position = 0;
    while position < names.len() {
        names[position] = SettingsField::ALL[position].name();
        position += 1;
    }
    names
};

impl Field for HistoryField {
    const NODE_TYPE: &'static str = "MessengerCallSettingsHistory";

    fn all() -> &'static [Self] {
        &[
            Self::Revision,
            Self::ChangedAt,
            Self::ChangedFields,
            Self::Before,
            Self::After,
            Self::TokenId,
            Self::AppId,
            Self::FbtraceId,
        ]
    }

    fn name(self) -> &'static str {
        match self {
            Self::Revision => "revision",
            Self::ChangedAt => "changed_at",
            Self::ChangedFields => "changed_fields",
            Self::Before => "before",
            Self::After => "after",
            Self::TokenId => "token_id",
            Self::AppId => "app_id",
            Self::FbtraceId => "fbtrace_id",
        }
    }

    fn members(self) -> &'static [&'static str] {
        match self {
            Self::Before | Self::After => &SETTINGS_FIELDS,
            _ => &[],
        }
    }

    fn members_of(self, _member: &str) -> &'static [&'static str] {
        &[]
    }
}

/// The answer: entries, the newest first, and where there are more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MessengerCallSettingsHistoryGetResponse)]
pub struct HistoryList {
    /// The entries, the newest first.
    pub data: Vec<HistoryEntryPayload>,
    /// Where there are more. Absent: there is no entry at all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(nullable = false)]
    pub paging: Option<PagingPayload>,
}

/// Where there are more entries (documented for the Graph API as a whole).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PagingPayload {
    /// The places of the first and the last entry.
    pub cursors: PagingCursors,
    /// The address of newer entries, without a token. Absent: there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(nullable = false)]
    pub previous: Option<String>,
    /// The address of older entries, without a token. Absent: there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// The places of the first and the last entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PagingCursors {
    /// For the parameter `before`: newer entries.
    #[schema(example = "r42")]
    pub before: String,
    /// For the parameter `after`: older entries.
    #[schema(example = "r18")]
    pub after: String,
}

/// A page of a history before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    /// The entries, the newest first.
    pub entries: Vec<HistoryEntryPayload>,
    /// There are newer ones.
    pub has_newer: bool,
    /// There are older ones.
    pub has_older: bool,
}

impl HistoryEntryPayload {
    /// An entry. What a Page without settings had are the defaults.
    pub fn new(
        revision: u64,
        changed_at: Timestamp,
        before: Option<&CallSettings>,
        after: Option<&CallSettings>,
        defaults: &CallSettings,
    ) -> Self {
        let from = PageMessengerCallSettingsPayload::from(before.unwrap_or(defaults));
        let to = PageMessengerCallSettingsPayload::from(after.unwrap_or(defaults));
        Self {
            revision,
            changed_at: changed_at.to_string(),
            changed_fields: SettingsField::ALL
                .into_iter()
                .filter(|field| !is_same(*field, &from, &to))
                .map(|field| field.name().to_owned())
                .collect(),
            before: before.map(|_| from),
            after: after.map(|_| to),
            token_id: None,
            app_id: None,
            fbtrace_id: String::new(),
        }
    }
}

fn is_same(
    field: SettingsField,
    one: &PageMessengerCallSettingsPayload,
    other: &PageMessengerCallSettingsPayload,
) -> bool {
    match field {
        SettingsField::AudioEnabled => one.audio_enabled == other.audio_enabled,
        SettingsField::IconEnabled => one.icon_enabled == other.icon_enabled,
        SettingsField::VideoEnabled => one.video_enabled == other.video_enabled,
        SettingsField::CallRouting => one.call_routing == other.call_routing,
        SettingsField::CallHours => one.call_hours == other.call_hours,
    }
}

impl HistoryPage {
    /// The answer with the selected fields. `address` is that of the edge, to which the cursors of
    /// `next` and `previous` are added; `limit` and the selection stand in them too, so that each
    /// page has the same form.
    pub fn list(
        self,
        selection: &FieldSelection<HistoryField>,
        address: &str,
        limit: usize,
    ) -> Bytes {
        let fields = match selection {
            FieldSelection::All => String::new(),
            FieldSelection::Some(_) => {
                let text = selection.to_string();
                let encoded = form_urlencoded::byte_serialize(text.as_bytes());
                format!("&fields={}", encoded.collect::<String>())
            }
        };
        let link =
            |name: &str, cursor: &str| format!("{address}?limit={limit}{fields}&{name}={cursor}");
        let paging = match (self.entries.first(), self.entries.last()) {
            (Some(first), Some(last)) => {
                let cursors = PagingCursors {
                    before: Cursor(first.revision).to_string(),
                    after: Cursor(last.revision).to_string(),
                };
                Some(PagingPayload {
                    previous: self.has_newer.then(|| link("before", &cursors.before)),
                    next: self.has_older.then(|| link("after", &cursors.after)),
                    cursors,
                })
            }
            _ => None,
        };
        let FieldSelection::Some(selected) = selection else {
            let list = HistoryList {
                data: self.entries,
                paging,
            };
            let body = serde_json::to_vec(&list).expect("plain structs serialize");
            return Bytes::from(body);
        };
        let mut body = String::from("{\"data\":[");
        for (position, entry) in self.entries.iter().enumerate() {
            if position > 0 {
                body.push(',');
            }
            body.push('{');
            let value = serde_json::to_value(entry).expect("plain structs serialize");
            push_fields(&mut body, &value, selected);
            body.push('}');
        }
        body.push(']');
        if let Some(paging) = paging {
            let paging = serde_json::to_string(&paging).expect("plain structs serialize");
            body.push_str(",\"paging\":");
            body.push_str(&paging);
        }
        body.push('}');
        Bytes::from(body)
    }
}
