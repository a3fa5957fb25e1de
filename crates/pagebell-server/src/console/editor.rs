//! Reading, trying and saving the settings of a Page.

use bytes::Bytes;
use call_settings::{
    CallAvailability, CallSettings, Medium, Moment, PageId, SettingsUpdate, at_whole_second,
};
use graph_api::{
    GraphError, PageMessengerCallSettingsPayload, Parameters, TraceIds, check_names,
    settings_submission,
};
use serde::Serialize;
use settings_store::{PageRecord, Revision, StoreError, WriteOutcome};

use super::changes::{self, Change};
use super::merge::{Difference, merge};
use super::{Session, zones};
use crate::dispatch::Pagebell;

/// The settings of a Page as the console shows them.
#[derive(Debug, Serialize)]
pub(crate) struct PageState {
    pub(crate) revision: u64,
    pub(crate) settings: PageMessengerCallSettingsPayload,
    #[serde(flatten)]
    pub(crate) outlook: Outlook,
}

/// What settings mean to a caller now.
#[derive(Debug, Serialize)]
pub(crate) struct Outlook {
    /// What a caller with audio meets, in a sentence.
    pub(crate) audio: String,
    /// What a caller with video meets.
    pub(crate) video: String,
    /// Whether there is a button to call with.
    pub(crate) button: &'static str,
    /// The next change of the clock in the zone of the hours.
    pub(crate) next_shift: Option<String>,
}

/// What an update would do.
#[derive(Debug, Serialize)]
pub(crate) struct Preview {
    changes: Vec<Change>,
    #[serde(flatten)]
    outlook: Outlook,
}

/// Someone else changed the Page meanwhile: how it is now, and how an edit of its earlier settings
/// goes together with that.
#[derive(Debug, Serialize)]
pub(crate) struct Conflict {
    pub(super) stored: PageState,
    /// Who changed it last and when, in words; `None`: the history does not tell.
    pub(super) changed_by: Option<String>,
    /// The stored settings with what the edit changed.
    merged: PageMessengerCallSettingsPayload,
    /// The same for the form that works without a script.
    #[serde(skip)]
    pub(super) merged_settings: CallSettings,
    /// What of the edit differs from what is stored.
    pub(super) differences: Vec<Difference>,
    /// What others changed and the edit leaves as it is.
    pub(super) kept: Vec<Change>,
}

/// The answer to what an update would do.
#[derive(Debug)]
pub(crate) enum Previewed {
    Changes(Preview),
    Conflict(Box<Conflict>),
}

/// What became of an update.
#[derive(Debug)]
pub(crate) enum Saved {
    Stored(PageState),
    Conflict(Box<Conflict>),
    Missing,
}

impl Pagebell {
    /// A Page that the session sees.
    pub(crate) async fn console_page(
        &self,
        session: &Session,
        page_id: PageId,
    ) -> Result<Option<PageRecord>, StoreError> {
        if session.access.token.coverage.covers(page_id) {
            self.store.page(page_id).await
        } else {
            Ok(None)
        }
    }

    pub(crate) fn page_state(&self, record: &PageRecord) -> PageState {
        let settings = self.settings_of(record);
        PageState {
            revision: record.revision.get(),
            settings: settings.into(),
            outlook: self.outlook(settings),
        }
    }

    /// The settings of a Page, the defaults where it has none of its own.
    pub(crate) fn settings_of<'a>(&'a self, record: &'a PageRecord) -> &'a CallSettings {
        record.settings.as_ref().unwrap_or(&self.default_settings)
    }

    fn outlook(&self, settings: &CallSettings) -> Outlook {
        let now = at_whole_second(self.surroundings.clock.now());
        let availability = CallAvailability::new(settings);
        let sentence = |medium| availability.sentence(medium, Moment::Now(now));
        Outlook {
            audio: sentence(Medium::Audio),
            video: sentence(Medium::Video),
            button: if settings.icon_enabled {
                "Shown"
            } else {
                "Hidden: people can start no call and not call back"
            },
            next_shift: availability
                .timezone_id()
                .and_then(|zone| zones::next_shift(zone, now)),
        }
    }

    /// What an update, a JSON object as the API takes it, would do to a Page that was at a revision
    /// when it was made.
    pub(crate) async fn preview(
        &self,
        record: &PageRecord,
        expected: Revision,
        body: &Bytes,
    ) -> Result<Result<Previewed, GraphError>, StoreError> {
        let update = match self.read_update(body) {
            Ok(update) => update,
            Err(error) => return Ok(Err(error)),
        };
        if record.revision != expected {
            let conflict = self.conflict(record, expected, &update).await?;
            return Ok(Ok(Previewed::Conflict(conflict)));
        }
        let before = self.settings_of(record);
        let after = before.updated(&update);
        Ok(Ok(Previewed::Changes(Preview {
            changes: changes::between(before, &after),
            outlook: self.outlook(&after),
        })))
    }

    async fn conflict(
        &self,
        record: &PageRecord,
        expected: Revision,
        update: &SettingsUpdate,
    ) -> Result<Box<Conflict>, StoreError> {
        let base = self.settings_at(record.page_id, expected).await?;
        let merge = merge(base.as_ref(), self.settings_of(record), update);
        Ok(Box::new(Conflict {
            stored: self.page_state(record),
            changed_by: self.change_to(record.page_id, record.revision).await?,
            merged: (&merge.settings).into(),
            merged_settings: merge.settings,
            differences: merge.differences,
            kept: merge.kept,
        }))
    }

    /// Stores an update if the Page is still at this revision.
    pub(crate) async fn save(
        &self,
        session: &Session,
        page_id: PageId,
        expected: Revision,
        body: &Bytes,
        trace: &TraceIds,
    ) -> Result<Result<Saved, GraphError>, StoreError> {
        match self.read_update(body) {
            Ok(update) => self
                .save_update(session, page_id, expected, update, trace)
                .await
                .map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Stores an update that was read if the Page is still at this revision.
    pub(crate) async fn save_update(
        &self,
        session: &Session,
        page_id: PageId,
        expected: Revision,
        update: SettingsUpdate,
        trace: &TraceIds,
    ) -> Result<Saved, StoreError> {
        let outcome = self
            .write_settings(
                &session.access,
                page_id,
                update.clone(),
                Some(expected),
                trace,
            )
            .await?;
        Ok(match outcome {
            WriteOutcome::Stored(written) => Saved::Stored(self.page_state(&written.record)),
            WriteOutcome::PageMissing => Saved::Missing,
            WriteOutcome::RevisionMismatch { .. } => match self.store.page(page_id).await? {
                None => Saved::Missing,
                Some(record) => Saved::Conflict(self.conflict(&record, expected, &update).await?),
            },
        })
    }

    fn read_update(&self, body: &Bytes) -> Result<SettingsUpdate, GraphError> {
        let mut parameters = Parameters::default();
        parameters.extend_from_body(Some("application/json"), body)?;
        check_names(&parameters)?;
        settings_submission(&parameters)
            .validate(self.configuration.hours_limits)
            .map_err(|violations| GraphError::parameters_invalid(&violations))
    }
}
