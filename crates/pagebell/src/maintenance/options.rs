//! The options of `pagebell backup`, `restore`, `check`, `import`, `export` and `migrate`.

#![allow(
    clippy::doc_markdown,
    reason = "these comments are help texts, shown as they are"
)]

use std::path::PathBuf;

use clap::Args;

use crate::shared_options::{DefaultSettingsOptions, HoursLimitsOption, StoreOption};
use crate::store_location::StoreLocation;

/// Copy the store into a file, also while a server uses it.
///
/// The copy is the store as it was at one moment, is examined like by `check`, and has its name only
/// when it is whole and on disk. It holds the secrets of apps: keep it like the store.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    pagebell backup pagebell-2026-11-22.db\n  \
    pagebell backup /mnt/backups/pagebell.db --store sqlite:/var/lib/pagebell/pagebell.db")]
pub(crate) struct BackupOptions {
    /// The file to make; it must not exist yet
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) store: StoreOption,
}

/// Make the store what a backup holds; no server and no other command may use it.
///
/// The backup is examined first, and the new store takes its place in one step. Where --store is a
/// symbolic link, its target is replaced. Tokens that are revoked in the store that is replaced
/// stay revoked. Where there is none, tokens that were revoked since the backup are valid again:
/// pagebell token list shows them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    pagebell restore pagebell-2026-11-22.db --store sqlite:fresh.db\n  \
    pagebell restore pagebell-2026-11-22.db --replace")]
pub(crate) struct RestoreOptions {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Replace the store that is there; it is kept beside the new one under another name
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) store: StoreOption,
}

/// Examine the store: the file, the settings and the history of each Page, apps and tokens.
///
/// All of it is read, as it is at one moment; a server may use it meanwhile. Exits with 1 when
/// something is wrong, a line for each finding.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pagebell check --store sqlite:/var/lib/pagebell/pagebell.db")]
pub(crate) struct CheckOptions {
    #[command(flatten)]
    pub(crate) store: StoreOption,
}

/// Add or update many Pages, with their settings.
///
/// Each line is a JSON object with the page_id, and with name and settings where there are any.
/// Settings are like the body of a POST: a field that is absent stays as it is, and starts from the
/// default on a Page that was never configured. A Page that is just so already is not touched, so a
/// file can be imported again. Sorted by page_id it goes fastest. A server may use the store
/// meanwhile.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    pagebell export --store sqlite:old.db | pagebell import --store sqlite:new.db\n  \
    echo '{\"page_id\":\"1234567890\",\"settings\":{\"video_enabled\":true}}' | pagebell import")]
pub(crate) struct ImportOptions {
    /// The file; - or nothing reads stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: HoursLimitsOption,
    #[command(flatten)]
    pub(crate) default_settings: DefaultSettingsOptions,
    #[command(flatten)]
    pub(crate) store: StoreOption,
}

/// Write all Pages with their settings, as lines for import; not their history, nor apps and tokens.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pagebell export > pages.jsonl")]
pub(crate) struct ExportOptions {
    #[command(flatten)]
    pub(crate) store: StoreOption,
}

/// Copy everything into another store: settings, history, apps, Pages and tokens.
///
/// When it is interrupted, or when the source was changed meanwhile, run it again: what was added
/// since is added, and tokens that were revoked since are revoked. What is in the target already is
/// never overwritten: Pages, apps and tokens that were changed there are named, and the exit code
/// is 1.
///
/// Both stores are compared at the end, by count and checksum, for which all of both is read. So
/// each pass, the last one after the servers were stopped too, takes a time that grows with the
/// stores: a million entries of history take about 20 seconds.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    pagebell migrate --from sqlite:pagebell.db --to postgres://pagebell@127.0.0.1:5432/pagebell\n  \
    pagebell migrate --from postgres://pagebell@127.0.0.1:5432/pagebell --to sqlite:copy.db")]
pub(crate) struct MigrateOptions {
    /// The store to copy from
    #[arg(
        long,
        value_name = "STORE",
        env = "PAGEBELL_MIGRATE_FROM",
        hide_env_values = true
    )]
    pub(crate) from: StoreLocation,
    /// The store to copy into; a file or a schema that is missing is made
    #[arg(
        long,
        value_name = "STORE",
        env = "PAGEBELL_MIGRATE_TO",
        hide_env_values = true
    )]
    pub(crate) to: StoreLocation,
}
