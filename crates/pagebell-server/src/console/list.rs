//! The list of Pages.

use call_settings::{AvailabilityReason, CallAvailability, CallSettings, Medium, PageId};
use settings_store::{Coverage, PageRecord, StoreError};

use super::{Session, changes};
use crate::dispatch::Pagebell;

/// How many Pages a list shows at a time.
pub(crate) const PAGES_OF_A_LIST: usize = 50;

/// A row of the list.
#[derive(Debug)]
pub(crate) struct PageRow {
    pub(crate) page_id: PageId,
    pub(crate) name: String,
    /// Whether audio calls are taken now, in words.
    pub(crate) state: &'static str,
    pub(crate) ring_target: &'static str,
    pub(crate) media: &'static str,
}

/// A part of the list.
#[derive(Debug)]
pub(crate) struct PageList {
    pub(crate) rows: Vec<PageRow>,
    /// Where the next part begins; `None`: this is the last.
    pub(crate) next: Option<PageId>,
}

impl Pagebell {
    /// The Pages of a session that a text finds.
    pub(crate) async fn list_pages(
        &self,
        session: &Session,
        text: &str,
        after: Option<PageId>,
    ) -> Result<PageList, StoreError> {
        let wanted = PAGES_OF_A_LIST + 1;
        let mut records = match &session.access.token.coverage {
            Coverage::AllPages => self.store.find_pages(text, after, wanted).await?,
            Coverage::Pages(pages) => {
                let mut found = Vec::new();
                for page_id in pages.iter().filter(|page_id| Some(**page_id) > after) {
                    let record = self.store.page(*page_id).await?;
                    found.extend(record.filter(|record| record.is_found_by(text)));
                    if found.len() == wanted {
                        break;
                    }
                }
                found
            }
        };
        let has_more = records.len() == wanted;
        records.truncate(PAGES_OF_A_LIST);
        Ok(PageList {
            next: records.last().map(|last| last.page_id).filter(|_| has_more),
            rows: records.iter().map(|record| self.row(record)).collect(),
        })
    }

    fn row(&self, record: &PageRecord) -> PageRow {
        let settings: &CallSettings = record.settings.as_ref().unwrap_or(&self.default_settings);
        let now = self.surroundings.clock.now();
        let decision = CallAvailability::new(settings).decide(Medium::Audio, now);
        PageRow {
            page_id: record.page_id,
            name: record.name.clone().unwrap_or_default(),
            state: match decision.reason {
                AvailabilityReason::Open => "Open",
                AvailabilityReason::OutsideCallHours => "Closed",
                AvailabilityReason::AudioDisabled | AvailabilityReason::VideoDisabled => "Off",
            },
            ring_target: changes::ring_target(settings.ring_target),
            media: match (settings.audio_enabled, settings.video_enabled) {
                (true, true) => "audio, video",
                (true, false) => "audio",
                (false, true) => "video",
                (false, false) => "none",
            },
        }
    }
}
