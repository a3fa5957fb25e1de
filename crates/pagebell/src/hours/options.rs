//! The options of `pagebell hours`.

#![allow(
    clippy::doc_markdown,
    reason = "these comments are help texts, shown as they are"
)]

use call_settings::{HoursLimits, Medium, PageId, TimeZoneId};
use clap::{Args, Subcommand};
use graph_api::parse_instant;
use jiff::Timestamp;

use crate::failure::Failure;
use crate::shared_options::{ConfigOption, DefaultSettingsOptions, HoursLimitsOption, StoreOption};

/// What `pagebell hours` is asked for.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
        pagebell hours 1234567890 --week\n  \
        pagebell hours 1234567890 --at 2026-03-29T01:30:00+01:00 --json\n  \
        pagebell hours parse 'Mon-Fri 09:00-17:00; Sat 10:00-14:00' --timezone Europe/Paris"
)]
pub(crate) struct HoursOptions {
    #[command(subcommand)]
    pub(crate) command: Option<HoursCommand>,
    #[command(flatten)]
    pub(crate) show: ShowOptions,
}

/// The hours of a Page.
#[derive(Debug, Args)]
pub(crate) struct ShowOptions {
    /// The id of the Page
    #[arg(required = true)]
    pub(crate) page_id: Option<PageId>,
    /// The time in question: RFC 3339, or Unix seconds [default: now, by this machine's clock]
    #[arg(long, value_name = "TIME", value_parser = parse_instant, allow_negative_numbers = true)]
    pub(crate) at: Option<Timestamp>,
    /// What the call carries: audio or video
    #[arg(long, value_name = "MEDIUM", default_value_t)]
    pub(crate) medium: Medium,
    /// Draw the next seven days; with --json, list their open intervals
    #[arg(long)]
    pub(crate) week: bool,
    /// As JSON, with the fields of the edge messenger_call_availability
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) default_settings: DefaultSettingsOptions,
    #[command(flatten)]
    pub(crate) store: StoreOption,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HoursCommand {
    /// Turn hours as people write them into call_hours for the API
    #[command(after_help = "Examples:\n  \
        pagebell hours parse 'Mon-Fri 9am-5pm, Sat 10am-2pm' --timezone Europe/Paris\n  \
        pagebell hours parse 'Fri 20:00-02:00 (America/New_York)'\n  \
        pagebell hours parse '24/7; Sun closed' --timezone UTC\n  \
        pagebell hours parse 'daily 9:00-12:00, 13:00-17:00 (UTC)' --max-entries-per-day 2")]
    Parse(HoursSource),
    /// Turn call_hours of the API into text for people
    #[command(after_help = "Examples:\n  \
        curl -s -H \"Authorization: Bearer $TOKEN\" \"$PAGE\" | pagebell hours format")]
    Format {
        /// call_hours, or settings or an answer with them, as JSON; - or nothing reads stdin
        #[arg(value_name = "JSON")]
        json: Option<String>,
    },
    /// Turn opening_hours of OpenStreetMap into call_hours, and say what was lost
    #[command(after_help = "Examples:\n  \
        pagebell hours import 'Mo-Fr 08:00-12:00,13:00-17:30; PH off' --timezone Europe/Paris \\\n    \
        --max-entries-per-day 2")]
    Import(HoursSource),
}

/// Hours to be read, and where they are meant.
#[derive(Debug, Args)]
pub(crate) struct HoursSource {
    /// The hours; - or nothing reads them from stdin
    #[arg(value_name = "HOURS")]
    pub(crate) hours: Option<String>,
    /// The time zone in which they are meant, such as Europe/Paris
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<TimeZoneId>,
    #[command(flatten)]
    pub(crate) limits: HoursLimitsOption,
    #[command(flatten)]
    pub(crate) config: ConfigOption,
}

impl HoursSource {
    /// How many entries a day may have.
    pub(super) fn limits(&self) -> Result<HoursLimits, Failure> {
        self.limits.limits(&self.config.read()?)
    }
}
