//! Promises about Pages.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use call_settings::{PageId, SettingsUpdate};

use super::{add, audio, hours, mondays, page, start, stored, write};
use crate::{
    Added, CallingChange, Imported, ImportedPage, NewPage, PageChange, PagesImport, Revision,
    SettingsStore, StoreError, WriteOutcome,
};

/// Pages come in the order of their ids, a portion at a time.
pub async fn pages_are_added_listed_and_removed(store: &dyn SettingsStore) {
    for number in [5, 3, 9] {
        add(store, number).await;
    }
    let named = |name: &str| NewPage {
        page_id: page(3),
        name: Some(name.to_owned()),
        at: start(),
    };
    assert_eq!(
        store.add_page(named("Bakery")).await.unwrap(),
        Added::AlreadyThere
    );
    let read = store.page(page(3)).await.unwrap().unwrap();
    assert_eq!(read.name.as_deref(), Some("Bakery"));

    let ids = async |after: Option<u64>, limit| -> Vec<u64> {
        let pages = store.pages(after.map(PageId::new), limit).await.unwrap();
        pages.iter().map(|page| page.page_id.get()).collect()
    };
    assert_eq!(ids(None, 2).await, [3, 5]);
    assert_eq!(ids(Some(5), 2).await, [9]);

    assert!(store.remove_page(page(5), start()).await.unwrap());
    assert!(!store.remove_page(page(5), start()).await.unwrap());
    assert_eq!(ids(None, 10).await, [3, 9]);
    assert_eq!(store.page(page(5)).await.unwrap(), None);
    let outcome = store.update_settings(write(5, audio(true))).await.unwrap();
    assert_eq!(outcome, WriteOutcome::PageMissing);
}

/// A Page that comes back has no settings and shows nothing of its former history, whatever the
/// cursor is; its revisions go on, and all of its history is kept for whoever copies the store.
pub async fn removed_pages_come_back_empty(store: &dyn SettingsStore) {
    add(store, 1).await;
    stored(store, write(1, audio(false))).await;
    assert!(store.remove_page(page(1), start()).await.unwrap());
    let history = async |before: Option<u64>| -> Vec<u64> {
        let before = before.map(Revision::new);
        let entries = store.history(page(1), before, 10).await.unwrap();
        entries.iter().map(|entry| entry.revision.get()).collect()
    };
    assert!(history(None).await.is_empty());
    add(store, 1).await;
    let back = store.page(page(1)).await.unwrap().unwrap();
    assert_eq!((back.settings, back.revision), (None, Revision::new(2)));
    assert!(history(None).await.is_empty());
    stored(store, write(1, audio(false))).await;
    stored(store, write(1, audio(true))).await;

    assert_eq!(history(None).await, [4, 3]);
    assert_eq!(history(Some(4)).await, [3]);
    for before in 0..=3 {
        assert!(history(Some(before)).await.is_empty(), "{before}");
    }
    let first = store.history(page(1), Some(Revision::new(4)), 1).await;
    assert_eq!(first.unwrap()[0].before, None);
    let whole = store.whole_pages(None, 1).await.unwrap().remove(0);
    assert_eq!(whole.history.len(), 4);
    assert_eq!(
        whole.history[1].after, None,
        "the removal is in the history"
    );
}

/// Ids use all 64 bits and keep their unsigned order.
pub async fn page_ids_of_the_whole_range(store: &dyn SettingsStore) {
    let middle = u64::MAX / 2;
    let numbers = [1, middle, middle + 1, middle + 2, u64::MAX];
    for number in numbers {
        add(store, number).await;
        stored(store, write(number, audio(false))).await;
    }
    for number in numbers {
        let read = store.page(page(number)).await.unwrap().unwrap();
        assert_eq!(read.page_id, page(number));
        assert_eq!(store.history(page(number), None, 9).await.unwrap().len(), 1);
    }
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let pages = store.pages(after, 2).await.unwrap();
        let Some(last) = pages.last() else { break };
        after = Some(last.page_id);
        listed.extend(pages.iter().map(|page| page.page_id.get()));
    }
    assert_eq!(listed, numbers);
}

/// Pages are found by parts of their name or the beginning of their id.
pub async fn pages_are_found(store: &dyn SettingsStore) {
    let names = [
        (3, Some("Old Bakery")),
        (31, Some("100%_Mill")),
        (4, None),
        (50, Some("Bäckerei Müller, Zürich")),
        (51, Some("Äpfel & Birnen")),
        (u64::MAX, Some("Last bakery")),
    ];
    for (number, name) in names {
        let new = NewPage {
            page_id: page(number),
            name: name.map(str::to_owned),
            at: start(),
        };
        store.add_page(new).await.unwrap();
    }
    let found = async |text: &str, after: Option<u64>, limit| -> Vec<u64> {
        let after = after.map(PageId::new);
        let pages = store.find_pages(text, after, limit).await.unwrap();
        pages.iter().map(|page| page.page_id.get()).collect()
    };
    assert_eq!(found("", None, 10).await, [3, 4, 31, 50, 51, u64::MAX]);
    for text in ["muller", "MÜLLER", "zurich BÄCKEREI", "mu\u{308}ller"] {
        assert_eq!(found(text, None, 10).await, [50], "{text}");
    }
    for text in ["äpfel", "ÄPFEL", "apfel", "birnen apfel"] {
        assert_eq!(found(text, None, 10).await, [51], "{text}");
    }
    assert_eq!(found("BAKERY", None, 10).await, [3, u64::MAX]);
    assert_eq!(found("bakery", Some(3), 10).await, [u64::MAX]);
    assert_eq!(found("bakery", None, 1).await, [3]);
    assert_eq!(found("3", None, 10).await, [3, 31]);
    assert_eq!(found("1844", None, 10).await, [u64::MAX]);
    assert_eq!(found("%_", None, 10).await, [31], "no pattern, but text");
    assert!(found("x", None, 10).await.is_empty());
    assert!(store.remove_page(page(3), start()).await.unwrap());
    assert_eq!(found("3", None, 10).await, [31]);
}

/// An import adds, updates and brings back Pages, each change with its revision and history; what is
/// so already stays untouched, and nobody's settings are reset by a line without any.
pub async fn many_pages_are_imported_like_updates(store: &dyn SettingsStore) {
    add(store, 7).await;
    stored(store, write(7, audio(false))).await;
    add(store, 8).await;
    stored(store, write(8, audio(false))).await;
    assert!(store.remove_page(page(8), start()).await.unwrap());

    let line = |number: u64, name: Option<&str>, update: SettingsUpdate| ImportedPage {
        page_id: page(number),
        name: name.map(str::to_owned),
        update,
        calling: CallingChange::default(),
    };
    let import = |pages: Vec<ImportedPage>| PagesImport {
        pages,
        defaults: std::sync::Arc::default(),
        at: start(),
    };
    let pages = vec![
        line(u64::MAX, Some("Highest"), hours(mondays())),
        line(7, None, SettingsUpdate::default()),
        line(8, Some("Back"), audio(true)),
        line(5, None, audio(false)),
        line(5, None, hours(mondays())),
        line(6, Some("Plain"), SettingsUpdate::default()),
    ];
    let imported = store.import_pages(import(pages.clone())).await.unwrap();
    let (added, changed, unchanged) = (4, 1, 1);
    assert_eq!(
        imported,
        Imported {
            added,
            changed,
            unchanged
        }
    );

    let read = async |number| store.page(page(number)).await.unwrap().unwrap();
    let five = read(5).await;
    let settings = five.settings.unwrap();
    assert_eq!(
        (five.revision, settings.audio_enabled),
        (Revision::new(2), false)
    );
    assert_eq!(settings.call_hours, Some(mondays()));
    let history = store.history(page(5), None, 9).await.unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(history[0].before, history[1].after);
    let seven = read(7).await;
    assert_eq!(seven.revision, Revision::new(1));
    assert!(!seven.settings.unwrap().audio_enabled);
    let eight = read(8).await;
    assert_eq!(
        (eight.revision, eight.name.as_deref()),
        (Revision::new(3), Some("Back"))
    );
    let six = read(6).await;
    assert_eq!((six.revision, six.settings), (Revision::new(0), None));
    assert_eq!(read(u64::MAX).await.name.as_deref(), Some("Highest"));

    // The last line of Page 5 alone would change nothing; its first one comes before it again.
    let again = pages.into_iter().filter(|line| line.page_id != page(5));
    let imported = store.import_pages(import(again.collect())).await.unwrap();
    assert_eq!((imported.added, imported.changed), (0, 0));
    assert_eq!(imported.unchanged, 4);
    assert_eq!(
        store.history(page(8), None, 9).await.unwrap().len(),
        1,
        "an import of the same makes no history"
    );
}

/// A name with U+0000 is refused with the Page that it is of, and nothing of what came with it is
/// stored.
pub async fn names_that_not_every_store_keeps_are_refused(store: &dyn SettingsStore) {
    add(store, 1).await;
    let name = Some("Bake\0ry".to_owned());
    let new_page = NewPage {
        page_id: page(1),
        name: name.clone(),
        at: start(),
    };
    let line = |number, name| ImportedPage {
        page_id: page(number),
        name,
        calling: CallingChange::default(),
        update: audio(false),
    };
    let import = PagesImport {
        pages: vec![line(2, None), line(1, name.clone())],
        defaults: std::sync::Arc::default(),
        at: start(),
    };
    let change = PageChange {
        page_id: page(1),
        name: name.clone(),
        calling: CallingChange::default(),
    };
    let mut whole = store.whole_pages(None, 1).await.unwrap();
    whole[0].record.name = name;
    for refused in [
        store.add_page(new_page).await.map(|_added| ()),
        store.set_page(change).await.map(|_found| ()),
        store.import_pages(import).await.map(|_imported| ()),
        store.put_whole_pages(whole).await.map(|_moved| ()),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, StoreError::Unstorable { .. }), "{error}");
        assert!(
            error.to_string().contains("the name of the Page 1 "),
            "{error}"
        );
    }
    let pages = store.pages(None, 9).await.unwrap();
    assert_eq!(pages.len(), 1);
    assert_eq!(pages[0].name, None);
}
