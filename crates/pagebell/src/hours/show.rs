//! `pagebell hours PAGE_ID`

use std::io::{Write, stdout};

use call_settings::{CallAvailability, CallSettings, Moment, PageId, RingTarget, at_whole_second};
use graph_api::availability::{AvailabilityRequest, MessengerCallAvailabilityPayload};
use jiff::SignedDuration;

use super::options::ShowOptions;
use super::week_picture;
use crate::administration::on_store;
use crate::failure::Failure;
use crate::store_location::Opening;
use crate::system;

pub(super) fn run(options: &ShowOptions) -> Result<(), Failure> {
    let page_id = options.page_id.ok_or_else(|| {
        Failure::Options("name a Page by its id, or one of parse, format, import".to_owned())
    })?;
    let stored = settings_of(options, page_id)?;
    let is_configured = stored.is_some();
    let settings = if let Some(settings) = stored {
        settings
    } else {
        let configured = options.store.config.read()?.default_settings;
        options.default_settings.clone().or(&configured).settings()
    };
    let now = at_whole_second(system::surroundings().clock.now());
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
        None => Moment::Now(now),
        Some(at) => Moment::At(at),
    };
    let decided = availability.sentence(options.medium, moment);
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
    if !is_configured {
        writeln!(
            output,
            "The Page was never configured: these are the configured defaults."
        )?;
    }
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

/// The settings of a Page; `None`: it was never configured.
fn settings_of(options: &ShowOptions, page_id: PageId) -> Result<Option<CallSettings>, Failure> {
    let location = options.store.location();
    let page = on_store(&location, Opening::Reading, async |store| {
        Ok(store.page(page_id).await?)
    })?;
    match page {
        Some(page) => Ok(page.settings),
        None => Err(Failure::Refused(format!(
            "there is no page {page_id} in {location}"
        ))),
    }
}
