//! Promises about moving everything.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use call_settings::PageId;

use super::{add, audio, hours, mondays, page, start, stored, write};
use crate::{Inventory, Moved, NewPage, SettingsStore, WholePage};

/// What is added to the ids, so that what was taken from a store can be put into the same.
const OFFSET: u64 = 1000;

/// Whole Pages come out in the order of their ids and go in with all that they had; twice is the same
/// as once, a longer history goes on, and what was changed since is left.
pub async fn whole_pages_move_with_their_history(store: &dyn SettingsStore) {
    let highest = u64::MAX - 2 * OFFSET;
    for number in [3, 1, 2, highest] {
        add(store, number).await;
    }
    let named = NewPage {
        page_id: page(2),
        name: Some("Bakery".to_owned()),
        at: start(),
    };
    store.add_page(named).await.unwrap();
    for number in [1, 3, highest] {
        stored(store, write(number, audio(false))).await;
        stored(store, write(number, hours(mondays()))).await;
    }
    assert!(store.remove_page(page(3), start()).await.unwrap());

    let first = store.whole_pages(None, 3).await.unwrap();
    let last = store.whole_pages(Some(page(3)), 3).await.unwrap();
    assert_eq!((ids(&first), ids(&last)), (vec![1, 2, 3], vec![highest]));
    assert_eq!(revisions(&first[0]), [1, 2]);
    assert_eq!(
        (revisions(&first[2]), first[2].removed),
        (vec![1, 2, 3], true)
    );

    let others: Vec<WholePage> = [first, last].concat().iter().map(renumbered).collect();
    let put = store.put_whole_pages(others.clone()).await.unwrap();
    assert_eq!(put, moved(4, 0, &[]));
    let again = store.put_whole_pages(others.clone()).await.unwrap();
    assert_eq!(again, moved(0, 4, &[]));
    for expected in &others {
        assert_eq!(&whole(store, expected.record.page_id).await, expected);
    }
    let removed = store.page(page(OFFSET + 3)).await.unwrap();
    assert_eq!(removed, None);

    // One was changed here, one goes on where it came from, one stays.
    stored(store, write(OFFSET + 1, audio(true))).await;
    stored(store, write(highest, audio(true))).await;
    let longer = renumbered(&whole(store, page(highest)).await);
    let pages = vec![others[0].clone(), others[1].clone(), longer.clone()];
    let put = store.put_whole_pages(pages).await.unwrap();
    assert_eq!(put, moved(1, 1, &[OFFSET + 1]));
    let kept = whole(store, page(OFFSET + 1)).await;
    assert_eq!(revisions(&kept), [1, 2, 3], "left as it was");
    assert_eq!(whole(store, longer.record.page_id).await, longer);

    let (one, many) = (inventory(store, 1).await, inventory(store, 100).await);
    assert_eq!(one.checksum(), many.checksum());
    assert_eq!((many.pages, many.history_entries), (6, 17));
    stored(store, write(1, audio(true))).await;
    assert_ne!(inventory(store, 100).await.checksum(), many.checksum());
}

fn moved(written: u64, unchanged: u64, conflicts: &[u64]) -> Moved {
    Moved {
        written,
        unchanged,
        conflicts: conflicts.iter().map(|number| page(*number)).collect(),
    }
}

fn ids(pages: &[WholePage]) -> Vec<u64> {
    let ids = pages.iter().map(|page| page.record.page_id.get());
    ids.collect()
}

fn revisions(page: &WholePage) -> Vec<u64> {
    let entries = page.history.iter().map(|entry| entry.revision.get());
    entries.collect()
}

async fn whole(store: &dyn SettingsStore, page_id: PageId) -> WholePage {
    let before = PageId::new(page_id.get() - 1);
    let mut pages = store.whole_pages(Some(before), 1).await.unwrap();
    pages.remove(0)
}

async fn inventory(store: &dyn SettingsStore, portion: usize) -> Inventory {
    let mut inventory = Inventory::default();
    let mut after = None;
    loop {
        let pages = store.whole_pages(after, portion).await.unwrap();
        let Some(last) = pages.last() else {
            return inventory;
        };
        after = Some(last.record.page_id);
        for page in &pages {
            inventory.add_page(page);
        }
    }
}

/// The same under another id.
fn renumbered(page: &WholePage) -> WholePage {
    let page_id = PageId::new(page.record.page_id.get() + OFFSET);
    let mut page = page.clone();
    page.record.page_id = page_id;
    for entry in &mut page.history {
        entry.page_id = page_id;
    }
    page
}
