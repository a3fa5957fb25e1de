//! Looking after a store: copies of it, whether it is sound, many Pages at once, and another store.

mod backup;
mod check;
mod export;
mod import;
mod migrate;
mod options;

pub(crate) use options::{
    BackupOptions, CheckOptions, ExportOptions, ImportOptions, MigrateOptions, RestoreOptions,
};

pub(crate) use backup::{back_up, restore};
pub(crate) use check::check;
pub(crate) use export::export;
pub(crate) use import::import;
pub(crate) use migrate::migrate;

/// A count and what is counted, in the singular or the plural that an `s` makes.
fn counted(count: u64, what: &str) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let plural = if count == 1 { "" } else { "s" };
    format!("{text} {what}{plural}")
}

/// What a store holds, in words.
fn in_words(contents: store_sqlite::Contents) -> String {
    let entries = match contents.history_entries {
        1 => "1 entry".to_owned(),
        count => counted(count, "entrie"),
    };
    format!(
        "{}, {entries} of history, {}, {}",
        counted(contents.pages, "Page"),
        counted(contents.apps, "app"),
        counted(contents.tokens, "token"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_well() {
        assert_eq!(counted(0, "Page"), "0 Pages");
        assert_eq!(counted(1, "Page"), "1 Page");
        assert_eq!(counted(1_234_567, "Page"), "1,234,567 Pages");
        let contents = store_sqlite::Contents {
            pages: 1,
            history_entries: 1_000,
            apps: 0,
            tokens: 2,
        };
        assert_eq!(
            in_words(contents),
            "1 Page, 1,000 entries of history, 0 apps, 2 tokens"
        );
    }
}
