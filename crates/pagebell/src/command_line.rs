//! The command line. Help texts are part of the product: snapshots in `tests/` hold them.

#![allow(
    clippy::doc_markdown,
    reason = "these comments are help texts, shown as they are"
)]

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::sync::LazyLock;

use call_settings::PageId;
use clap::builder::BoolishValueParser;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use graph_api::GraphVersion;
use serde::Deserialize;
use settings_store::{AppId, NameError, parse_name};

use crate::administration::page::PageSetOptions;
use crate::failure::Failure;
use crate::hours::HoursOptions;
use crate::lifetime::Lifetime;
use crate::listen_address::ListenAddress;
use crate::logging::{LogFormat, LogLevel};
use crate::maintenance::{
    BackupOptions, CheckOptions, ExportOptions, ImportOptions, MigrateOptions, RestoreOptions,
};
use crate::shared_options::{DefaultSettingsOptions, StoreOption};
use crate::store_location::StoreLocation;

/// The Messenger call settings system: a server that answers like the Graph API, and the tool that
/// administers its store.
#[derive(Debug, Parser)]
#[command(
    name = "pagebell",
    version,
    long_version = versions(),
    max_term_width = 100,
    after_help = "Examples:\n  \
        pagebell serve --dev\n  \
        pagebell page add 1234567890 --name Bakery\n  \
        pagebell token create --page 1234567890 --expires-in 60d\n\n\
        Exit codes: 0 done, 1 refused, 2 could not run."
)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The version of the program and of what it carries.
fn versions() -> &'static str {
    static VERSIONS: LazyLock<String> = LazyLock::new(|| {
        format!(
            "{} (SQLite {}, time zones {})",
            env!("CARGO_PKG_VERSION"),
            store_sqlite::sqlite_version(),
            call_settings::TimeZoneId::data_version(),
        )
    });
    &VERSIONS
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Serve(Box<ServeOptions>),
    /// Add and list apps
    #[command(subcommand)]
    App(AppCommand),
    /// Add, list and remove Pages
    #[command(subcommand)]
    Page(PageCommand),
    /// Create, list and revoke access tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Whether a Page takes calls, and until when; call hours from text and to text
    Hours(Box<HoursOptions>),
    Import(ImportOptions),
    Export(ExportOptions),
    Migrate(MigrateOptions),
    Backup(BackupOptions),
    Restore(RestoreOptions),
    Check(CheckOptions),
    /// Print the completion script of a shell
    #[command(
        after_help = "Example:\n  pagebell completion bash > ~/.local/share/bash-completion/completions/pagebell"
    )]
    Completion {
        /// The shell
        shell: Shell,
    },
}

/// Writes the completion script of a shell.
pub(crate) fn write_completion(shell: Shell) -> Result<(), Failure> {
    // Into memory first: the generator panics when its output cannot be written.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "pagebell", &mut script);
    Ok(stdout().write_all(&script)?)
}

/// The profile by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProfileName {
    /// Like the live API, with this server's extensions
    Graph,
    /// The published reference page to the letter
    Reference,
}

/// Every option is also an environment variable (PAGEBELL_ and its name) and a key of the
/// configuration file. The command line wins over the environment, and that over the file.
#[derive(Debug, Default, Args)]
#[command(after_help = "Examples:\n  \
    pagebell serve --dev\n  \
    pagebell serve --listen 127.0.0.1:0 --store sqlite::memory: --dev\n  \
    PAGEBELL_STORE=sqlite:/var/lib/pagebell/pagebell.db pagebell serve --config /etc/pagebell.toml")]
pub(crate) struct ServeOptions {
    /// A TOML file with options, such as: listen = "127.0.0.1:8484"
    #[arg(long, env = "PAGEBELL_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where to listen; port 0 picks a free port [default: 127.0.0.1:8484]
    #[arg(long, env = "PAGEBELL_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<ListenAddress>,

    /// The store: sqlite:PATH, postgres://USER@HOST:PORT/DATABASE for any number of servers, or
    /// sqlite::memory: to keep nothing [default: sqlite:pagebell.db]
    #[arg(
        long,
        env = "PAGEBELL_STORE",
        value_name = "STORE",
        hide_env_values = true
    )]
    pub(crate) store: Option<StoreLocation>,

    /// How old an answer may be where several servers share a PostgreSQL store: 1s lets each of them
    /// keep copies for a second, 0s reads every answer from the store [default: 0s]
    #[arg(long, env = "PAGEBELL_CACHE_BOUND", value_name = "DURATION")]
    pub(crate) cache_bound: Option<Lifetime>,

    /// For development: make a demo app, Page and token, print them, and add unknown Pages on
    /// their first use
    #[arg(long, env = "PAGEBELL_DEV", value_name = "BOOL", value_parser = BoolishValueParser::new(), num_args = 0..=1, default_missing_value = "true")]
    pub(crate) dev: Option<bool>,

    /// Which behaviour to show [default: graph]
    #[arg(long, env = "PAGEBELL_PROFILE", value_enum)]
    pub(crate) profile: Option<ProfileName>,

    /// The version that requests without one are served as [default: the newest]
    #[arg(long, env = "PAGEBELL_DEFAULT_VERSION", value_name = "VERSION", value_parser = parse_version)]
    pub(crate) default_version: Option<GraphVersion>,

    /// The certificate and those above it (PEM); turns TLS on
    #[arg(long, env = "PAGEBELL_TLS_CERTIFICATE", value_name = "FILE")]
    pub(crate) tls_certificate: Option<PathBuf>,

    /// The certificate's private key (PEM)
    #[arg(long, env = "PAGEBELL_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,

    /// The form of log lines on stderr [default: text]
    #[arg(long, env = "PAGEBELL_LOG_FORMAT", value_enum)]
    pub(crate) log_format: Option<LogFormat>,

    /// The least important events to log [default: info]
    #[arg(long, env = "PAGEBELL_LOG_LEVEL", value_enum)]
    pub(crate) log_level: Option<LogLevel>,

    /// Log every request [default: only with --dev]
    #[arg(long, env = "PAGEBELL_ACCESS_LOG", value_name = "BOOL", value_parser = BoolishValueParser::new(), num_args = 0..=1, default_missing_value = "true")]
    pub(crate) access_log: Option<bool>,

    /// How many entries a day of the call hours may have [default: 1]
    #[arg(
        long,
        env = "PAGEBELL_CALL_HOURS_MAX_ENTRIES_PER_DAY",
        value_name = "NUMBER"
    )]
    pub(crate) call_hours_max_entries_per_day: Option<u8>,

    #[command(flatten)]
    pub(crate) default_settings: DefaultSettingsOptions,

    /// The largest body of a request [default: 65536]
    #[arg(long, env = "PAGEBELL_MAX_BODY_BYTES", value_name = "BYTES")]
    pub(crate) max_body_bytes: Option<usize>,

    /// The largest body of a batch [default: 1048576]
    #[arg(long, env = "PAGEBELL_MAX_BATCH_BODY_BYTES", value_name = "BYTES")]
    pub(crate) max_batch_body_bytes: Option<usize>,

    /// The most headers of a request [default: 64]
    #[arg(long, env = "PAGEBELL_MAX_HEADERS", value_name = "NUMBER")]
    pub(crate) max_headers: Option<usize>,

    /// The largest address and headers of a request together [default: 16384]
    #[arg(long, env = "PAGEBELL_MAX_HEADER_BYTES", value_name = "BYTES")]
    pub(crate) max_header_bytes: Option<usize>,

    /// How long the headers of a request may take, and a connection be idle [default: 30s]
    #[arg(long, env = "PAGEBELL_HEADER_TIME", value_name = "DURATION")]
    pub(crate) header_time: Option<Lifetime>,

    /// How long the body of a request may take, and its answer [default: 30s]
    #[arg(long, env = "PAGEBELL_REQUEST_TIME", value_name = "DURATION")]
    pub(crate) request_time: Option<Lifetime>,

    /// How long to go on answering after the signal to stop, while /readyz says 503: longer than a
    /// balancer takes to look there [default: 0s]
    #[arg(long, env = "PAGEBELL_DRAIN_TIME", value_name = "DURATION")]
    pub(crate) drain_time: Option<Lifetime>,

    /// The most connections at a time; more take the place of idle ones, or wait [default: 10000]
    #[arg(long, env = "PAGEBELL_MAX_CONNECTIONS", value_name = "NUMBER")]
    pub(crate) max_connections: Option<usize>,

    /// The most memory for answers kept at hand [default: 256]
    #[arg(long, env = "PAGEBELL_CACHE_MEBIBYTES", value_name = "MEBIBYTES")]
    pub(crate) cache_mebibytes: Option<u64>,
}

fn parse_scope(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("a scope has a name".to_owned());
    }
    parse_name(text).map_err(|error: NameError| error.to_string())
}

fn parse_expiry(text: &str) -> Result<Lifetime, String> {
    match text.parse::<Lifetime>() {
        Ok(lifetime) if lifetime.duration().is_zero() => {
            Err("a token that lives for no time opens nothing".to_owned())
        }
        Ok(lifetime) => Ok(lifetime),
        Err(error) => Err(error.to_string()),
    }
}

fn parse_version(text: &str) -> Result<GraphVersion, String> {
    GraphVersion::named(text).ok_or_else(|| {
        let names = GraphVersion::ALL.map(GraphVersion::name).join(", ");
        format!("the versions are {names}")
    })
}

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Add an app; prints its id and its secret
    #[command(after_help = "Example:\n  pagebell app add 'Contact centre' --require-proof")]
    Add {
        /// A name for people
        #[arg(value_parser = parse_name)]
        name: String,
        /// Refuse calls with the app's tokens that carry no appsecret_proof
        #[arg(long)]
        require_proof: bool,
        #[command(flatten)]
        store: StoreOption,
    },
    /// List apps, without their secrets
    List {
        /// As a JSON array
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreOption,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PageCommand {
    /// Add a Page, or give it another name
    #[command(after_help = "Example:\n  pagebell page add 1234567890 --name Bakery")]
    Add {
        /// The id of the Page: a decimal number of up to 64 bits
        page_id: PageId,
        /// A name for people
        #[arg(long, value_parser = parse_name)]
        name: Option<String>,
        #[command(flatten)]
        store: StoreOption,
    },
    /// List Pages
    List {
        /// As a JSON array
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreOption,
    },
    /// Change the name of a Page, or what is stated about calling on it
    Set(PageSetOptions),
    /// Remove a Page and its settings, and take it out of the tokens that name it; its history is
    /// kept for the record
    Remove {
        /// The id of the Page
        page_id: PageId,
        #[command(flatten)]
        store: StoreOption,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create an access token; prints the token alone, which is not shown again
    #[command(after_help = "Examples:\n  \
        pagebell token create --page 1234567890 --page 1234567891\n  \
        pagebell token create --all-pages --scope pages_messaging --expires-in 60d")]
    Create(NewToken),
    /// List tokens, without the tokens themselves
    List {
        /// As a JSON array
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreOption,
    },
    /// Revoke a token
    Revoke {
        /// The token, or its id
        #[arg(value_name = "TOKEN_OR_ID")]
        token: String,
        #[command(flatten)]
        store: StoreOption,
    },
}

/// What a new token is to be.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("coverage").required(true).args(["pages", "all_pages"]))]
pub(crate) struct NewToken {
    /// A Page that the token covers; may be given several times
    #[arg(long = "page", value_name = "PAGE_ID")]
    pub(crate) pages: Vec<PageId>,
    /// Cover all Pages, also those that are added later
    #[arg(long)]
    pub(crate) all_pages: bool,
    /// The app that the token belongs to
    #[arg(long, value_name = "APP_ID")]
    pub(crate) app: Option<AppId>,
    /// What the token permits; may be given several times [default: pages_messaging and
    /// pages_manage_metadata]
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', value_parser = parse_scope)]
    pub(crate) scopes: Vec<String>,
    /// How long the token lives: a number and one of ms, s, m, h, d [default: for good]
    #[arg(long, value_name = "DURATION", value_parser = parse_expiry)]
    pub(crate) expires_in: Option<Lifetime>,
    #[command(flatten)]
    pub(crate) store: StoreOption,
}

#[cfg(test)]
mod tests {
    use pagebell_server::Limits;

    use super::*;

    #[test]
    fn the_help_says_the_real_defaults() {
        let limits = Limits::default();
        let settings = call_settings::CallSettings::default();
        let hours = call_settings::HoursLimits::default();
        let command = CommandLine::command();
        let serve = command.find_subcommand("serve").unwrap();
        for (option, default) in [
            ("store", StoreLocation::default().to_string()),
            ("max_body_bytes", limits.body_bytes.to_string()),
            ("max_batch_body_bytes", limits.batch_body_bytes.to_string()),
            ("max_headers", limits.header_count.to_string()),
            ("max_header_bytes", limits.header_bytes.to_string()),
            ("header_time", format!("{}s", limits.header_time.as_secs())),
            (
                "request_time",
                format!("{}s", limits.request_time.as_secs()),
            ),
            ("drain_time", format!("{}s", limits.drain_time.as_secs())),
            ("max_connections", limits.connections.to_string()),
            ("cache_mebibytes", (limits.cache_bytes >> 20).to_string()),
            (
                "call_hours_max_entries_per_day",
                hours.max_entries_per_day().to_string(),
            ),
            (
                "default_settings_audio_enabled",
                settings.audio_enabled.to_string(),
            ),
            (
                "default_settings_icon_enabled",
                settings.icon_enabled.to_string(),
            ),
            (
                "default_settings_video_enabled",
                settings.video_enabled.to_string(),
            ),
            (
                "default_settings_ring_target",
                settings.ring_target.to_string(),
            ),
        ] {
            let argument = serve
                .get_arguments()
                .find(|it| it.get_id() == option)
                .unwrap();
            let help = argument.get_help().unwrap().to_string();
            assert!(
                help.contains(&format!("[default: {default}]")),
                "{option}: {help}"
            );
        }
    }

    /// The documents are made from what help texts list.
    #[test]
    fn no_command_and_no_option_is_hidden() {
        fn look(command: &clap::Command) {
            assert!(!command.is_hide_set(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(!argument.is_hide_set(), "{}", argument.get_id());
            }
            command.get_subcommands().for_each(look);
        }
        look(&CommandLine::command());
    }

    #[test]
    fn every_option_of_serve_has_its_environment_variable() {
        let command = CommandLine::command();
        let serve = command.find_subcommand("serve").unwrap();
        for argument in serve.get_arguments().filter(|it| it.get_id() != "help") {
            let name = argument.get_id().as_str().to_uppercase();
            let variable = argument
                .get_env()
                .and_then(|it| it.to_str())
                .unwrap_or_default();
            assert_eq!(variable, format!("PAGEBELL_{name}"));
        }
    }
}
