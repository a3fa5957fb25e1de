//! `pagebell page set`

#![allow(
    clippy::doc_markdown,
    reason = "these comments are help texts, shown as they are"
)]

use std::io::{Write, stdout};

use call_settings::PageId;
use clap::builder::BoolValueParser;
use clap::{ArgAction, ArgGroup, Args};
use settings_store::{CallingChange, PageChange, parse_name};

use super::no_page;
use crate::administration::on_store;
use crate::failure::Failure;
use crate::shared_options::StoreOption;
use crate::store_location::Opening;

/// What is to be changed of a Page.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("change").required(true).multiple(true)
        .args(["name", "eligible", "engaged_users"]),
    after_help = "Examples:\n  \
        pagebell page set 1234567890 --eligible false\n  \
        pagebell page set 1234567890 --name Bakery --engaged-users 1500"
)]
pub(crate) struct PageSetOptions {
    /// The id of the Page
    page_id: PageId,
    /// A name for people
    #[arg(long, value_parser = parse_name)]
    name: Option<String>,
    /// Whether the Page may use the calling API
    #[arg(long, action = ArgAction::Set, value_parser = BoolValueParser::new())]
    eligible: Option<bool>,
    /// How many people are engaged with the Page
    #[arg(long, value_name = "NUMBER")]
    engaged_users: Option<u64>,
    #[command(flatten)]
    store: StoreOption,
}

pub(crate) fn run(options: PageSetOptions) -> Result<(), Failure> {
    let location = options.store.location();
    let page_id = options.page_id;
    let change = PageChange {
        page_id,
        name: options.name,
        calling: CallingChange {
            eligible: options.eligible,
            engaged_users: options.engaged_users,
        },
    };
    let found = on_store(&location, Opening::Existing, async |store| {
        Ok(store.set_page(change).await?)
    })?;
    if !found {
        return Err(no_page(page_id, &location));
    }
    writeln!(stdout(), "page {page_id} set")?;
    Ok(())
}
