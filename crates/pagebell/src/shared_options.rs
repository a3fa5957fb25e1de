//! The options that the server and commands share. Each is also an environment variable and a key
//! of the configuration file: the command line wins over the environment, and that over the file.

#![allow(
    clippy::doc_markdown,
    reason = "these comments are help texts, shown as they are"
)]

use std::path::PathBuf;

use call_settings::{CallSettings, HoursLimits, RingTarget};
use clap::Args;
use clap::builder::BoolishValueParser;

use crate::configuration_file::{ConfigurationFile, DefaultSettingsSection};
use crate::failure::Failure;
use crate::store_location::{BadLocation, StoreLocation};

/// The option `--config`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ConfigOption {
    /// The configuration file of the server; what it says of the store and of settings counts here
    /// too
    #[arg(long, env = "PAGEBELL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigOption {
    /// What the file says; nothing without a file.
    pub(crate) fn read(&self) -> Result<ConfigurationFile, Failure> {
        match &self.config {
            None => Ok(ConfigurationFile::default()),
            Some(path) => ConfigurationFile::read(path),
        }
    }
}

/// The options `--store` and `--config`.
#[derive(Clone, Debug, Args)]
pub(crate) struct StoreOption {
    /// The store: sqlite:PATH or postgres://USER@HOST:PORT/DATABASE [default: sqlite:pagebell.db,
    /// where there is one]
    #[arg(
        long,
        env = "PAGEBELL_STORE",
        value_name = "STORE",
        hide_env_values = true
    )]
    store: Option<StoreLocation>,
    #[command(flatten)]
    pub(crate) config: ConfigOption,
}

impl StoreOption {
    /// Where the store is. A configuration file that cannot be used makes a location that cannot be
    /// opened, and its error says why.
    pub(crate) fn location(&self) -> StoreLocation {
        if let Some(location) = &self.store {
            return location.clone();
        }
        match self.config.read() {
            Ok(file) => file.store.unwrap_or_default(),
            Err(failure) => {
                StoreLocation::Unusable(BadLocation::Configuration(failure.to_string()))
            }
        }
    }
}

/// The option `--max-entries-per-day`.
#[derive(Clone, Debug, Args)]
pub(crate) struct HoursLimitsOption {
    /// How many entries a day may have; call_hours_max_entries_per_day of the server [default: 1]
    #[arg(
        long,
        env = "PAGEBELL_CALL_HOURS_MAX_ENTRIES_PER_DAY",
        value_name = "NUMBER",
        value_parser = parse_hours_limits
    )]
    max_entries_per_day: Option<HoursLimits>,
}

impl HoursLimitsOption {
    pub(crate) fn limits(&self, file: &ConfigurationFile) -> Result<HoursLimits, Failure> {
        match self.max_entries_per_day {
            Some(limits) => Ok(limits),
            None => hours_limits(file.call_hours.max_entries_per_day),
        }
    }
}

/// The limits of call hours, where they are named; the defaults otherwise.
pub(crate) fn hours_limits(max_entries_per_day: Option<u8>) -> Result<HoursLimits, Failure> {
    match max_entries_per_day {
        None => Ok(HoursLimits::default()),
        Some(number) => HoursLimits::new(number)
            .map_err(|error| Failure::Options(format!("call_hours: {error}"))),
    }
}

fn parse_hours_limits(text: &str) -> Result<HoursLimits, String> {
    let number = text
        .parse::<u8>()
        .map_err(|_error| "not a number from 1 to 24".to_owned())?;
    HoursLimits::new(number).map_err(|error| error.to_string())
}

/// The settings of a Page that was never configured.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DefaultSettingsOptions {
    /// audio_enabled of a Page that was never configured [default: true]
    #[arg(
        long = "default-settings-audio-enabled",
        id = "default_settings_audio_enabled",
        env = "PAGEBELL_DEFAULT_SETTINGS_AUDIO_ENABLED",
        value_name = "BOOL",
        value_parser = BoolishValueParser::new()
    )]
    audio_enabled: Option<bool>,

    /// icon_enabled of a Page that was never configured [default: true]
    #[arg(
        long = "default-settings-icon-enabled",
        id = "default_settings_icon_enabled",
        env = "PAGEBELL_DEFAULT_SETTINGS_ICON_ENABLED",
        value_name = "BOOL",
        value_parser = BoolishValueParser::new()
    )]
    icon_enabled: Option<bool>,

    /// video_enabled of a Page that was never configured [default: false]
    #[arg(
        long = "default-settings-video-enabled",
        id = "default_settings_video_enabled",
        env = "PAGEBELL_DEFAULT_SETTINGS_VIDEO_ENABLED",
        value_name = "BOOL",
        value_parser = BoolishValueParser::new()
    )]
    video_enabled: Option<bool>,

    /// ring_target of a Page that was never configured: META or PARTNERS [default: META]
    #[arg(
        long = "default-settings-ring-target",
        id = "default_settings_ring_target",
        env = "PAGEBELL_DEFAULT_SETTINGS_RING_TARGET",
        value_name = "TARGET"
    )]
    ring_target: Option<RingTarget>,
}

impl DefaultSettingsOptions {
    /// With what only the file names filled in.
    pub(crate) fn or(self, file: &DefaultSettingsSection) -> Self {
        Self {
            audio_enabled: self.audio_enabled.or(file.audio_enabled),
            icon_enabled: self.icon_enabled.or(file.icon_enabled),
            video_enabled: self.video_enabled.or(file.video_enabled),
            ring_target: self.ring_target.or(file.ring_target),
        }
    }

    /// All of them, with the program's own defaults for the rest.
    pub(crate) fn settings(&self) -> CallSettings {
        let defaults = CallSettings::default();
        CallSettings {
            audio_enabled: self.audio_enabled.unwrap_or(defaults.audio_enabled),
            icon_enabled: self.icon_enabled.unwrap_or(defaults.icon_enabled),
            video_enabled: self.video_enabled.unwrap_or(defaults.video_enabled),
            ring_target: self.ring_target.unwrap_or(defaults.ring_target),
            call_hours: defaults.call_hours,
        }
    }
}
