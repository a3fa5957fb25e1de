//! `pagebell export`.

use std::io::{BufWriter, Write, stdout};

use graph_api::{CallHoursPayload, CallRoutingPayload, PageMessengerCallSettingsPayload};
use serde::Serialize;
use settings_store::PageRecord;

use super::ExportOptions;
use crate::administration::on_store;
use crate::failure::Failure;
use crate::store_location::Opening;

/// How many Pages are read at a time, so that millions of them need no memory.
const PORTION: usize = 1_000;

pub(crate) fn export(options: &ExportOptions) -> Result<(), Failure> {
    on_store(&options.store.location(), Opening::Reading, async |store| {
        let mut output = BufWriter::new(stdout().lock());
        let mut after = None;
        loop {
            let pages = store.pages(after, PORTION).await?;
            let Some(last) = pages.last() else { break };
            after = Some(last.page_id);
            for page in &pages {
                writeln!(output, "{}", line(page))?;
            }
        }
        Ok(output.flush()?)
    })
}

/// A Page as a line, its members in the order in which people read them.
#[derive(Serialize)]
struct Line<'a> {
    page_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// Stated only where it is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    eligible: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engaged_users: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Settings>,
}

/// The settings of the wire, but with `call_hours` also where there are none: absent, they would
/// stay what they are where this is imported.
#[derive(Serialize)]
struct Settings {
    audio_enabled: bool,
    icon_enabled: bool,
    video_enabled: bool,
    call_routing: CallRoutingPayload,
    call_hours: Option<CallHoursPayload>,
}

fn line(page: &PageRecord) -> String {
    let line = Line {
        page_id: page.page_id.to_string(),
        name: page.name.as_deref(),
        eligible: (!page.calling.eligible).then_some(false),
        engaged_users: page.calling.engaged_users,
        settings: page.settings.as_ref().map(|settings| {
            let payload = PageMessengerCallSettingsPayload::from(settings);
            Settings {
                audio_enabled: payload.audio_enabled,
                icon_enabled: payload.icon_enabled,
                video_enabled: payload.video_enabled,
                call_routing: payload.call_routing,
                call_hours: payload.call_hours,
            }
        }),
    };
    serde_json::to_string(&line).expect("structs of plain values serialize")
}
