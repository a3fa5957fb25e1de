//! The configuration file, and how it comes together with the command line.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::command_line::{ProfileName, ServeOptions};
use crate::failure::Failure;
use crate::lifetime::Lifetime;
use crate::listen_address::ListenAddress;
use crate::logging::{LogFormat, LogLevel};
use crate::store_location::StoreLocation;

/// The file. Each key is the option of the same name; a key that is not known is an error.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConfigurationFile {
    listen: Option<ListenAddress>,
    store: Option<StoreLocation>,
    dev: Option<bool>,
    profile: Option<ProfileName>,
    default_version: Option<String>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    log_format: Option<LogFormat>,
    log_level: Option<LogLevel>,
    access_log: Option<bool>,
    call_hours: CallHoursSection,
    default_settings: DefaultSettingsSection,
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
struct CallHoursSection {
    max_entries_per_day: Option<u8>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DefaultSettingsSection {
    audio_enabled: Option<bool>,
    icon_enabled: Option<bool>,
    video_enabled: Option<bool>,
    ring_target: Option<String>,
}

/// The options, with those that only the file names filled in.
pub(crate) fn with_file(options: ServeOptions) -> Result<ServeOptions, Failure> {
    let Some(path) = options.config.clone() else {
        return Ok(options);
    };
    let failed = |reason: String| Failure::ConfigurationFile {
        file: path.clone(),
        reason,
    };
    let text = std::fs::read_to_string(&path)
        .map_err(|error| failed(format!("{error}; name a file that can be read")))?;
    let file = read(&text).map_err(failed)?;
    merge(options, file, &path)
}

fn read(text: &str) -> Result<ConfigurationFile, String> {
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

fn merge(
    options: ServeOptions,
    file: ConfigurationFile,
    path: &Path,
) -> Result<ServeOptions, Failure> {
    let named = |key: &str, value: &str, expected: &str| Failure::ConfigurationFile {
        file: path.to_owned(),
        reason: format!("{key} is {value:?}, but it must be {expected}"),
    };
    let default_version = match file.default_version {
        None => None,
        Some(name) => Some(graph_api::GraphVersion::named(&name).ok_or_else(|| {
            let known = graph_api::GraphVersion::ALL.map(graph_api::GraphVersion::name);
            named(
                "default_version",
                &name,
                &format!("one of {}", known.join(", ")),
            )
        })?),
    };
    let defaults = file.default_settings;
    let ring_target =
        match &defaults.ring_target {
            None => None,
            Some(name) => Some(name.parse().map_err(|_unknown| {
                named("default_settings.ring_target", name, "META or PARTNERS")
            })?),
        };
    Ok(ServeOptions {
        config: options.config,
        listen: options.listen.or(file.listen),
        store: options.store.or(file.store),
        dev: options.dev.or(file.dev),
        profile: options.profile.or(file.profile),
        default_version: options.default_version.or(default_version),
        tls_certificate: options.tls_certificate.or(file.tls_certificate),
        tls_key: options.tls_key.or(file.tls_key),
        log_format: options.log_format.or(file.log_format),
        log_level: options.log_level.or(file.log_level),
        access_log: options.access_log.or(file.access_log),
        call_hours_max_entries_per_day: options
            .call_hours_max_entries_per_day
            .or(file.call_hours.max_entries_per_day),
        default_settings_audio_enabled: options
            .default_settings_audio_enabled
            .or(defaults.audio_enabled),
        default_settings_icon_enabled: options
            .default_settings_icon_enabled
            .or(defaults.icon_enabled),
        default_settings_video_enabled: options
            .default_settings_video_enabled
            .or(defaults.video_enabled),
        default_settings_ring_target: options.default_settings_ring_target.or(ring_target),
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named() {
        let message = read("listen = \"127.0.0.1:0\"\nlisen = 1\n").unwrap_err();
        assert!(
            message.contains("lisen") && message.contains("line 2"),
            "{message}"
        );
        let message = read("[call_hours]\nmax_entries = 2\n").unwrap_err();
        assert!(message.contains("max_entries"), "{message}");
    }

    #[test]
    fn the_command_line_wins() {
        let options = ServeOptions {
            max_headers: Some(7),
            ..ServeOptions::default()
        };
        let file =
            read("max_headers = 9\nmax_connections = 5\ncall_hours.max_entries_per_day = 2\n");
        let merged = merge(options, file.unwrap(), Path::new("file.toml")).unwrap();
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
            let file = read(text).unwrap();
            let failure = merge(ServeOptions::default(), file, Path::new("file.toml")).unwrap_err();
            assert!(failure.to_string().contains(part), "{failure}");
        }
        for text in [
            "store = \"mysql:x\"",
            "request_time = \"soon\"",
            "listen = \"here\"",
            "dev = 1",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
