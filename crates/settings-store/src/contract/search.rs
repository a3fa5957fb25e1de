//! The promise that a search finds what the names hold.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use call_settings::{PageId, SettingsUpdate};

use super::{page, start};
use crate::{
    CallingChange, ImportedPage, NewPage, PageChange, PageSearch, PagesImport, SettingsStore,
};

/// How many Pages there are at first.
const PAGES: u64 = 1_300;

/// The first of their ids. More names than a segment of an index holds lie below the end of the
/// signed range, some lie behind it.
const FIRST: u64 = (1 << 63) - 1_200;

const CHANGES: u64 = 60;

const WORDS: [&str; 16] = [
    "Bakery",
    "bäckerei",
    "Garage",
    "Müller",
    "MULLER",
    "Zürich",
    "東京カフェ",
    "カフェ",
    "москва",
    "a",
    "ab",
    "ABA",
    "%",
    "_",
    "63",
    "of 10,000 letters",
];

/// Numbers that look random and are always the same ones.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn word(&mut self) -> &'static str {
        WORDS[usize::try_from(self.below(WORDS.len() as u64)).unwrap()]
    }

    /// Some words with or without white space between them; rarely none, or very many.
    fn name(&mut self) -> String {
        let count = match self.below(200) {
            0 => 0,
            1 => 150,
            other => 1 + other % 4,
        };
        let separator = ["", " ", "\n"][usize::try_from(self.below(3)).unwrap()];
        let words: Vec<&str> = (0..count).map(|_| self.word()).collect();
        words.join(separator)
    }
}

/// The Pages that there should be, with their names.
type Names = BTreeMap<PageId, Option<String>>;

/// After any changes of names, a search finds exactly what a scan of all names finds, in the order of
/// the ids and from any Page on.
pub async fn searches_find_what_the_names_hold(store: &dyn SettingsStore) {
    let mut numbers = Numbers(0x2545_F491_4F6C_DD1D);
    let mut names = Names::new();
    let mut order: Vec<u64> = (0..PAGES).map(|number| FIRST + number).collect();
    for last in (1..order.len()).rev() {
        let other = usize::try_from(numbers.below(last as u64 + 1)).unwrap();
        order.swap(last, other);
    }
    for part in order.chunks(700) {
        import(store, &mut names, &mut numbers, part).await;
    }
    for _ in 0..CHANGES {
        change(store, &mut names, &mut numbers).await;
    }
    let renamed: Vec<u64> = (0..40).map(|_| FIRST + numbers.below(PAGES + 20)).collect();
    import(store, &mut names, &mut numbers, &renamed).await;
    compare(store, &names, &mut numbers).await;
    whole_pages(store, &mut names).await;
    compare(store, &names, &mut numbers).await;
}

async fn import(store: &dyn SettingsStore, names: &mut Names, numbers: &mut Numbers, part: &[u64]) {
    let mut pages = Vec::new();
    for number in part {
        let name = (numbers.below(10) > 0).then(|| numbers.name());
        let page_id = page(*number);
        let present = names.entry(page_id).or_default();
        *present = name.clone().or(present.take());
        pages.push(ImportedPage {
            page_id,
            name,
            update: SettingsUpdate::default(),
            calling: CallingChange::default(),
        });
    }
    let import = PagesImport {
        pages,
        defaults: Arc::default(),
        at: start(),
    };
    store.import_pages(import).await.unwrap();
}

async fn change(store: &dyn SettingsStore, names: &mut Names, numbers: &mut Numbers) {
    let page_id = page(FIRST + numbers.below(PAGES + 20));
    let name = (numbers.below(4) > 0).then(|| numbers.name());
    match numbers.below(3) {
        0 => {
            let new = NewPage {
                page_id,
                name: name.clone(),
                at: start(),
            };
            store.add_page(new).await.unwrap();
            let present = names.entry(page_id).or_default();
            *present = name.or(present.take());
        }
        1 => {
            let change = PageChange {
                page_id,
                name: name.clone(),
                calling: CallingChange::default(),
            };
            let found = store.set_page(change).await.unwrap();
            assert_eq!(found, names.contains_key(&page_id));
            names
                .entry(page_id)
                .and_modify(|present| *present = name.or(present.take()));
            if !found {
                names.remove(&page_id);
            }
        }
        _ => {
            let removed = store.remove_page(page_id, start()).await.unwrap();
            assert_eq!(removed, names.remove(&page_id).is_some());
        }
    }
}

/// Whole Pages bring their names, and take those of Pages that were removed where they come from.
async fn whole_pages(store: &dyn SettingsStore, names: &mut Names) {
    let new = NewPage {
        page_id: page(1),
        name: Some("Müller first".to_owned()),
        at: start(),
    };
    store.add_page(new).await.unwrap();
    let mut whole = store.whole_pages(None, 1).await.unwrap().remove(0);
    assert!(store.remove_page(page(1), start()).await.unwrap());
    let mut removed = store.whole_pages(None, 1).await.unwrap().remove(0);
    for (copy, number) in [(&mut whole, 2), (&mut removed, 2)] {
        copy.record.page_id = page(number);
        for entry in &mut copy.history {
            entry.page_id = page(number);
        }
    }
    let mut other = whole.clone();
    other.record.page_id = page(3);
    let put = store.put_whole_pages(vec![whole, other]).await.unwrap();
    assert_eq!(put.written, 2);
    names.insert(page(3), Some("Müller first".to_owned()));
    names.insert(page(2), Some("Müller first".to_owned()));
    compare_text(store, names, "first").await;
    let put = store.put_whole_pages(vec![removed]).await.unwrap();
    assert_eq!(put.written, 1);
    names.remove(&page(2));
}

async fn compare(store: &dyn SettingsStore, names: &Names, numbers: &mut Numbers) {
    for text in ["9", "92", "9223372036854775", "no name", "\u{301}", " "] {
        compare_text(store, names, text).await;
    }
    for word in WORDS {
        compare_text(store, names, word).await;
    }
    for _ in 0..4 {
        let (one, other) = (numbers.word(), numbers.word());
        compare_text(store, names, &format!("{one} {other}")).await;
        compare_text(store, names, &format!("{one}{other}")).await;
    }
}

async fn compare_text(store: &dyn SettingsStore, names: &Names, text: &str) {
    let search = PageSearch::new(text);
    let scan: Vec<PageId> = names
        .iter()
        .filter(|(page_id, name)| search.finds(**page_id, name.as_deref()))
        .map(|(page_id, _)| *page_id)
        .collect();
    let middle = page(FIRST + PAGES / 2);
    for (after, limit) in [(None, 10_000), (None, 3), (Some(middle), 2)] {
        let found = store.find_pages(text, after, limit).await.unwrap();
        let found: Vec<PageId> = found.iter().map(|record| record.page_id).collect();
        let behind = scan
            .iter()
            .filter(|id| after.is_none_or(|after| **id > after));
        let expected: Vec<PageId> = behind.take(limit).copied().collect();
        assert_eq!(found, expected, "{text:?} behind {after:?}");
    }
}
