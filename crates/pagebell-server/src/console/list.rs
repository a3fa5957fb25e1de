//! The list of Pages.

use call_settings::{AvailabilityReason, CallAvailability, CallSettings, Medium, PageId};
use jiff::Timestamp;
use settings_store::{Coverage, PageRecord, PageSearch, StoreError};

use super::{Session, changes};
use crate::dispatch::Pagebell;

/// How many Pages a list shows at a time.
pub(crate) const PAGES_OF_A_LIST: usize = 50;

/// A row of the list.
#[derive(Debug)]
pub(crate) struct PageRow {
    pub(crate) page_id: PageId,
    pub(crate) name: String,
    pub(crate) state: PageStatus,
    pub(crate) ring_target: &'static str,
    pub(crate) media: &'static str,
}

/// Whether a call can ring at a Page now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageStatus {
    /// A call of one of the media that are on can ring.
    Open,
    /// It is outside the call hours.
    Closed,
    /// Calls would ring, but people have no button to start one with.
    ButtonHidden,
    /// No medium is on.
    Off,
}

impl PageStatus {
    /// The status at an instant. The best medium decides: a Page that takes video calls only is
    /// open for these.
    fn of(settings: &CallSettings, at: Timestamp) -> Self {
        let availability = CallAvailability::new(settings);
        let decisions = [Medium::Audio, Medium::Video].map(|it| availability.decide(it, at));
        let has = |reason| decisions.iter().any(|decision| decision.reason == reason);
        let is_open = has(AvailabilityReason::Open);
        if !is_open && !has(AvailabilityReason::OutsideCallHours) {
            Self::Off
        } else if !settings.icon_enabled {
            Self::ButtonHidden
        } else if is_open {
            Self::Open
        } else {
            Self::Closed
        }
    }

    /// The status in words.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Closed => "Closed",
            Self::ButtonHidden => "Button hidden",
            Self::Off => "Off",
        }
    }
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
                let search = PageSearch::new(text);
                let mut found = Vec::new();
                for page_id in pages.iter().filter(|page_id| Some(**page_id) > after) {
                    let record = match self.store.page(*page_id).await {
                        Err(error @ StoreError::Corrupt { .. }) => {
                            tracing::error!(%error, "a Page is left out of a list");
                            None
                        }
                        read => read?,
                    };
                    found.extend(record.filter(|it| search.finds(it.page_id, it.name.as_deref())));
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
        PageRow {
            page_id: record.page_id,
            name: record.name.clone().unwrap_or_default(),
            state: PageStatus::of(settings, self.surroundings.clock.now()),
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

#[cfg(test)]
mod tests {
    use call_settings::{CallHours, HoursLimits};

    use super::*;

    #[test]
    fn the_status_is_that_of_the_best_medium_with_a_button() {
        // A Monday, at noon in Paris.
        let at = "2026-11-23T11:00:00Z".parse().unwrap();
        let hours = |text: &str| CallHours::from_text(text, None, HoursLimits::default()).unwrap();
        let open = Some("Mon 9-17 (Europe/Paris)");
        let closed = Some("Tue 9-17 (Europe/Paris)");
        for (audio_enabled, video_enabled, icon_enabled, week, status) in [
            (true, true, true, None, PageStatus::Open),
            (true, false, true, open, PageStatus::Open),
            (false, true, true, None, PageStatus::Open),
            (false, true, true, open, PageStatus::Open),
            (false, true, true, closed, PageStatus::Closed),
            (true, true, true, closed, PageStatus::Closed),
            (true, true, false, None, PageStatus::ButtonHidden),
            (false, true, false, closed, PageStatus::ButtonHidden),
            (false, false, true, open, PageStatus::Off),
            (false, false, false, closed, PageStatus::Off),
        ] {
            let settings = CallSettings {
                audio_enabled,
                video_enabled,
                icon_enabled,
                call_hours: week.map(hours),
                ..CallSettings::default()
            };
            assert_eq!(PageStatus::of(&settings, at), status, "{settings:?}");
        }
    }
}
