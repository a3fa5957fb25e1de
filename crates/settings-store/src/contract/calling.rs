//! Promises about what is stated about calling on a Page.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::sync::Arc;

use call_settings::SettingsUpdate;

use super::{Heard, add, audio, page, start, stored, write};
use crate::{
    CallingChange, Imported, ImportedPage, Inventory, PageCalling, PageChange, PagesImport,
    Revision, SettingsStore, WholePage,
};

/// More than a signed number of 64 bits holds.
const MANY: u64 = u64::MAX - 1;

const NOTHING: CallingChange = CallingChange {
    eligible: None,
    engaged_users: None,
};

const NOT_ELIGIBLE: CallingChange = CallingChange {
    eligible: Some(false),
    engaged_users: None,
};

fn engaged(users: u64) -> CallingChange {
    CallingChange {
        eligible: None,
        engaged_users: Some(users),
    }
}

fn change(number: u64, name: Option<&str>, calling: CallingChange) -> PageChange {
    PageChange {
        page_id: page(number),
        name: name.map(str::to_owned),
        calling,
    }
}

async fn calling(store: &dyn SettingsStore, number: u64) -> (bool, Option<u64>) {
    let record = store.page(page(number)).await.unwrap().unwrap();
    (record.calling.eligible, record.calling.engaged_users)
}

/// What is named is changed and the rest stays, without a revision; updates leave it alone, observers
/// are told, and a removal resets all of it.
pub async fn pages_are_changed_outside_of_their_settings(store: &dyn SettingsStore) {
    add(store, 1).await;
    add(store, 2).await;
    stored(store, write(1, audio(false))).await;
    assert_eq!(calling(store, 1).await, (true, None), "the default");
    let missing = store.set_page(change(3, Some("x"), NOT_ELIGIBLE)).await;
    assert!(!missing.unwrap());
    assert_eq!(store.page(page(3)).await.unwrap(), None, "it is not added");

    let heard = Arc::new(Heard::default());
    store.set_observer(heard.clone());
    let set = async |change| assert!(store.set_page(change).await.unwrap());
    set(change(1, Some("Bakery"), NOTHING)).await;
    set(change(1, None, NOT_ELIGIBLE)).await;
    let told = heard.written.lock().unwrap().len() + heard.invalidated.lock().unwrap().len();
    assert_eq!(told, 2, "once for each change");
    assert_eq!(calling(store, 1).await, (false, None));
    set(change(1, None, engaged(MANY))).await;
    assert_eq!(calling(store, 1).await, (false, Some(MANY)));

    let written = stored(store, write(1, audio(true))).await;
    let expected = PageCalling {
        eligible: false,
        engaged_users: Some(MANY),
    };
    assert_eq!(written.record.calling, expected);
    assert_eq!(written.record.revision, Revision::new(2));
    assert_eq!(written.record.name.as_deref(), Some("Bakery"));
    let listed = store.pages(None, 10).await.unwrap();
    assert_eq!(listed[0], written.record);
    assert_eq!(store.history(page(1), None, 9).await.unwrap().len(), 2);
    let eligible = CallingChange {
        eligible: Some(true),
        engaged_users: Some(0),
    };
    set(change(1, None, eligible)).await;
    assert_eq!(calling(store, 1).await, (true, Some(0)));
    assert_eq!(calling(store, 2).await, (true, None), "another Page");

    set(change(1, None, NOT_ELIGIBLE)).await;
    assert!(store.remove_page(page(1), start()).await.unwrap());
    assert!(!store.set_page(change(1, None, NOT_ELIGIBLE)).await.unwrap());
    add(store, 1).await;
    assert_eq!(calling(store, 1).await, (true, None), "reset");
}

/// An import states what its lines name, and counts a Page that is so already as unchanged.
pub async fn imports_state_calling(store: &dyn SettingsStore) {
    add(store, 1).await;
    stored(store, write(1, audio(false))).await;
    add(store, 2).await;
    assert!(store.remove_page(page(2), start()).await.unwrap());
    let line = |number: u64, update: SettingsUpdate, calling| ImportedPage {
        page_id: page(number),
        name: None,
        update,
        calling,
    };
    let import = async |pages: Vec<ImportedPage>| -> (u64, u64, u64) {
        let import = PagesImport {
            pages,
            defaults: Arc::default(),
            at: start(),
        };
        let imported = store.import_pages(import).await.unwrap();
        let Imported {
            added,
            changed,
            unchanged,
        } = imported;
        (added, changed, unchanged)
    };
    let nothing = SettingsUpdate::default;
    let pages = vec![
        line(1, nothing(), NOT_ELIGIBLE),
        line(2, nothing(), engaged(20)),
        line(3, audio(true), NOT_ELIGIBLE),
        line(4, nothing(), engaged(4)),
        line(4, nothing(), engaged(5)),
    ];
    assert_eq!(import(pages.clone()).await, (3, 2, 0));
    assert_eq!(calling(store, 1).await, (false, None));
    assert_eq!(calling(store, 2).await, (true, Some(20)));
    assert_eq!(calling(store, 3).await, (false, None));
    assert_eq!(calling(store, 4).await, (true, Some(5)));
    let one = store.page(page(1)).await.unwrap().unwrap();
    assert_eq!(one.revision, Revision::new(1));
    assert!(!one.settings.unwrap().audio_enabled);

    assert_eq!(import(pages[..3].to_vec()).await, (0, 0, 3));
    let silent = vec![line(1, audio(true), NOTHING), line(3, nothing(), NOTHING)];
    assert_eq!(import(silent).await, (0, 1, 1));
    assert_eq!(calling(store, 1).await, (false, None), "it stays");
}

/// A copy of everything carries and compares it. What was stated where a Page is copied to stays.
pub async fn whole_pages_carry_what_is_stated_about_calling(store: &dyn SettingsStore) {
    add(store, 1).await;
    stored(store, write(1, audio(false))).await;
    let plain = whole(store, 1).await;
    let mut stated = plain.clone();
    stated.record.calling = PageCalling {
        eligible: false,
        engaged_users: Some(MANY),
    };
    assert_ne!(checksum(&plain), checksum(&stated));
    let put = async |page: &WholePage| store.put_whole_pages(vec![page.clone()]).await.unwrap();
    assert_eq!(put(&stated).await.written, 1);
    assert_eq!(whole(store, 1).await, stated);
    assert_eq!(put(&stated).await.unchanged, 1);
    assert_eq!(put(&plain).await.conflicts, [page(1)], "it stays");
    assert_eq!(whole(store, 1).await, stated);

    // In the other store the Page was removed and added again: that ends what was stated before.
    assert!(store.remove_page(page(1), start()).await.unwrap());
    add(store, 1).await;
    let added_again = whole(store, 1).await;
    let mut other = added_again.clone();
    other.record.page_id = page(2);
    for entry in &mut other.history {
        entry.page_id = page(2);
    }
    let mut earlier = stated;
    earlier.record.page_id = page(2);
    for entry in &mut earlier.history {
        entry.page_id = page(2);
    }
    assert_eq!(put(&earlier).await.written, 1);
    assert_eq!(put(&other).await.written, 1);
    assert_eq!(calling(store, 2).await, (true, None));
}

async fn whole(store: &dyn SettingsStore, number: u64) -> WholePage {
    let before = page(number - 1);
    let mut pages = store.whole_pages(Some(before), 1).await.unwrap();
    pages.remove(0)
}

fn checksum(page: &WholePage) -> String {
    let mut inventory = Inventory::default();
    inventory.add_page(page);
    inventory.checksum()
}
