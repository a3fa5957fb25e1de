//! `pagebell hours PAGE_ID`

use std::io::{Write, stdout};

use call_settings::{CallAvailability, CallSettings, PageId, RingTarget};
use graph_api::availability::{AvailabilityRequest, MessengerCallAvailabilityPayload};
use jiff::{SignedDuration, Timestamp};
use settings_store::SettingsStore;

use super::options::ShowOptions;
use super::{sentence, week_picture};
use crate::administration::on_store;
use crate::failure::Failure;
use crate::system;

pub(super) fn run(options: &ShowOptions) -> Result<(), Failure> {
    let page_id = options.page_id.ok_or_else(|| {
        Failure::Options("name a Page by its id, or one of parse, format, import".to_owned())
    })?;
    let settings = settings_of(options, page_id)?;
    let now = system::surroundings().clock.now();
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let at = options.at.unwrap_or(now);
    let availability = CallAvailability::new(&settings);
    let mut output = stdout().lock();
    if options.json {
        let week = SignedDuration::from_hours(7 * 24);
        let request = AvailabilityRequest {
            medium: options.medium,
            at,
            until: at.checked_add(week).ok().filter(|_| options.week),
        };
        let payload = MessengerCallAvailabilityPayload::new(&availability, &request);
        let json = serde_json::to_string_pretty(&payload).expect("a struct of strings serializes");
        writeln!(output, "{json}")?;
        return Ok(());
    }
    let moment = match options.at {
        None => sentence::Moment::Now(now),
        Some(at) => sentence::Moment::At(at),
    };
    let decided = sentence::of_availability(&availability, options.medium, moment);
    writeln!(output, "{decided}")?;
    let rings = match settings.ring_target {
        RingTarget::Meta => "Calls ring in Meta's inbox and apps",
        RingTarget::Partners => "Calls ring at the partners",
    };
    let icon = if settings.icon_enabled {
        "shows"
    } else {
        "is hidden"
    };
    writeln!(output, "{rings}; the call button {icon}.")?;
    if options.week {
        if let Some(hours) = &settings.call_hours {
            write!(output, "\n{}", week_picture::draw(hours, at))?;
        } else {
            writeln!(
                output,
                "\nNo call hours are set: calls are taken at any hour."
            )?;
        }
    }
    Ok(())
}

/// The settings of a Page as a reader of the API would see them, without the defaults that an
/// operator may have given the server.
fn settings_of(options: &ShowOptions, page_id: PageId) -> Result<CallSettings, Failure> {
    let location = options.store.location();
    let page = on_store(&location.open_existing()?, async |store| {
        Ok(store.page(page_id).await?)
    })?;
    match page {
        Some(page) => Ok(page.settings.unwrap_or_default()),
        None => Err(Failure::Refused(format!(
            "there is no page {page_id} in {location}"
        ))),
    }
}
