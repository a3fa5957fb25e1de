//! The configuration file, and how it comes together with the command line.

use std::path::{Path, PathBuf};

use call_settings::RingTarget;
use graph_api::GraphVersion;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::command_line::{ProfileName, ServeOptions};
use crate::failure::Failure;
use crate::lifetime::Lifetime;
use crate::listen_address::ListenAddress;
use crate::logging::{LogFormat, LogLevel};
use crate::store_location::StoreLocation;

/// The file. Each key is the option of the same name; a key that is not known is an error.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConfigurationFile {
    listen: Option<ListenAddress>,
    pub(crate) store: Option<StoreLocation>,
    dev: Option<bool>,
    profile: Option<ProfileName>,
    #[serde(deserialize_with = "version")]
    default_version: Option<GraphVersion>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    log_format: Option<LogFormat>,
    log_level: Option<LogLevel>,
    access_log: Option<bool>,
    pub(crate) call_hours: CallHoursSection,
    pub(crate) default_settings: DefaultSettingsSection,
    max_body_bytes: Option<usize>,
    max_batch_body_bytes: Option<usize>,
    max_headers: Option<usize>,
    max_header_bytes: Option<usize>,
    header_time: Option<Lifetime>,
    request_time: Option<Lifetime>,
    drain_time: Option<Lifetime>,
    max_connections: Option<usize>,
    cache_mebibytes: Option<u64>,
    cache_bound: Option<Lifetime>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CallHoursSection {
    pub(crate) max_entries_per_day: Option<u8>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DefaultSettingsSection {
    pub(crate) audio_enabled: Option<bool>,
    pub(crate) icon_enabled: Option<bool>,
    pub(crate) video_enabled: Option<bool>,
    #[serde(deserialize_with = "ring_target")]
    pub(crate) ring_target: Option<RingTarget>,
}

fn version<'de, D: Deserializer<'de>>(value: D) -> Result<Option<GraphVersion>, D::Error> {
    let name = String::deserialize(value)?;
    GraphVersion::named(&name).map(Some).ok_or_else(|| {
        let known = GraphVersion::ALL.map(GraphVersion::name).join(", ");
        D::Error::custom(format!("{name:?} is no version; the versions are {known}"))
    })
}

fn ring_target<'de, D: Deserializer<'de>>(value: D) -> Result<Option<RingTarget>, D::Error> {
    let name = String::deserialize(value)?;
    name.parse().map(Some).map_err(|_unknown| {
        D::Error::custom(format!(
            "{name:?} is no ring_target; write META or PARTNERS"
        ))
    })
}

impl ConfigurationFile {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |reason: String| Failure::ConfigurationFile {
            file: path.to_owned(),
            reason,
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| failed(format!("{error}; name a file that can be read")))?;
        parse(&text).map_err(failed)
    }
}

/// The options, with those that only the file names filled in.
pub(crate) fn with_file(options: ServeOptions) -> Result<ServeOptions, Failure> {
    match &options.config {
        None => Ok(options),
        Some(path) => {
            let file = ConfigurationFile::read(path)?;
            Ok(merge(options, file))
        }
    }
}

fn parse(text: &str) -> Result<ConfigurationFile, String> {
    toml::from_str(text).map_err(|error| {
        let before = |end: usize| text[..end.min(text.len())].chars();
        let line = error
            .span()
            .map(|span| before(span.start).filter(|it| *it == '\n').count() + 1);
        let message = error.message().replace('\n', " ");
        match line {
            Some(line) => format!("line {line}: {message}"),
            None => message,
        }
    })
}

fn merge(options: ServeOptions, file: ConfigurationFile) -> ServeOptions {
    ServeOptions {
        config: options.config,
        listen: options.listen.or(file.listen),
        store: options.store.or(file.store),
        dev: options.dev.or(file.dev),
        profile: options.profile.or(file.profile),
        default_version: options.default_version.or(file.default_version),
        tls_certificate: options.tls_certificate.or(file.tls_certificate),
        tls_key: options.tls_key.or(file.tls_key),
        log_format: options.log_format.or(file.log_format),
        log_level: options.log_level.or(file.log_level),
        access_log: options.access_log.or(file.access_log),
        call_hours_max_entries_per_day: options
            .call_hours_max_entries_per_day
            .or(file.call_hours.max_entries_per_day),
        default_settings: options.default_settings.or(&file.default_settings),
        max_body_bytes: options.max_body_bytes.or(file.max_body_bytes),
        max_batch_body_bytes: options.max_batch_body_bytes.or(file.max_batch_body_bytes),
        max_headers: options.max_headers.or(file.max_headers),
        max_header_bytes: options.max_header_bytes.or(file.max_header_bytes),
        header_time: options.header_time.or(file.header_time),
        request_time: options.request_time.or(file.request_time),
        drain_time: options.drain_time.or(file.drain_time),
        max_connections: options.max_connections.or(file.max_connections),
        cache_mebibytes: options.cache_mebibytes.or(file.cache_mebibytes),
        cache_bound: options.cache_bound.or(file.cache_bound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named() {
        let message = parse("listen = \"127.0.0.1:0\"\nlisen = 1\n").unwrap_err();
        assert!(
            message.contains("lisen") && message.contains("line 2"),
            "{message}"
        );
        let message = parse("[call_hours]\nmax_entries = 2\n").unwrap_err();
        assert!(message.contains("max_entries"), "{message}");
    }

    #[test]
    fn the_command_line_wins() {
        let options = ServeOptions {
            max_headers: Some(7),
            ..ServeOptions::default()
        };
        let file =
            parse("max_headers = 9\nmax_connections = 5\ncall_hours.max_entries_per_day = 2\n");
        let merged = merge(options, file.unwrap());
        assert_eq!(merged.max_headers, Some(7));
        assert_eq!(merged.max_connections, Some(5));
        assert_eq!(merged.call_hours_max_entries_per_day, Some(2));
    }

    #[test]
    fn values_are_checked() {
        for (text, part) in [
            ("default_version = \"v9.0\"", "v20.0"),
            ("[default_settings]\nring_target = \"BOTH\"", "PARTNERS"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
        for text in [
            "store = 1",
            "request_time = \"soon\"",
            "listen = \"here\"",
            "dev = 1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    /// What is wrong with a store is said when it is opened, as the text may hold a password.
    #[test]
    fn a_bad_store_is_not_repeated() {
        let file = parse("store = \" postgres://u:s3cret@127.0.0.1/d\"").unwrap();
        assert!(matches!(file.store, Some(StoreLocation::Unusable(_))));
    }
}
