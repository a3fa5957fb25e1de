//! Promises about apps and tokens.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeSet;

use jiff::ToSpan;
use secrecy::SecretString;

use super::{Heard, add, page, start};
use crate::{AppId, AppRecord, Coverage, SettingsStore, TokenHash, TokenId, TokenKey, TokenRecord};

fn app(number: u64) -> AppRecord {
    AppRecord {
        app_id: AppId::new(number),
        name: format!("App {number}"),
        secret: SecretString::from("0123456789abcdef0123456789abcdef"),
        require_proof: number.is_multiple_of(2),
        created_at: start(),
    }
}

fn token(number: u64, coverage: Coverage) -> TokenRecord {
    TokenRecord {
        token_id: TokenId::new(number),
        hash: TokenHash::of(&format!("token {number}")),
        app_id: None,
        coverage,
        scopes: vec!["pages_messaging".to_owned(), "own scope".to_owned()],
        issued_at: start(),
        expires_at: None,
        revoked_at: None,
    }
}

/// Apps come back as they were put.
pub async fn apps_are_kept(store: &dyn SettingsStore) {
    assert_eq!(store.app(AppId::new(1)).await.unwrap(), None);
    for number in [7, u64::MAX] {
        store.put_app(app(number)).await.unwrap();
        let read = store.app(AppId::new(number)).await.unwrap();
        assert_eq!(read, Some(app(number)));
    }
    let mut changed = app(7);
    changed.require_proof = true;
    store.put_app(changed.clone()).await.unwrap();
    assert_eq!(store.app(AppId::new(7)).await.unwrap(), Some(changed));
    assert_eq!(store.apps().await.unwrap().len(), 2);
}

/// Tokens come back as they were put, found by hash, and are revoked by id or hash.
pub async fn tokens_are_kept_and_revoked(store: &dyn SettingsStore) {
    store.put_app(app(9)).await.unwrap();
    let pages = Coverage::Pages(BTreeSet::from([page(1), page(u64::MAX)]));
    let mut some_pages = token(1, pages);
    some_pages.app_id = Some(AppId::new(9));
    some_pages.expires_at = Some(start() + 60.minutes());
    let all_pages = token(2, Coverage::AllPages);
    let no_page = token(3, Coverage::Pages(BTreeSet::new()));
    for token in [&some_pages, &all_pages, &no_page] {
        store.put_token(token.clone()).await.unwrap();
        let read = store.token(token.hash).await.unwrap();
        assert_eq!(read.as_ref(), Some(token));
    }
    let both = store.token_with_app(some_pages.hash).await.unwrap();
    assert_eq!(both, Some((some_pages.clone(), Some(app(9)))));
    let alone = store.token_with_app(all_pages.hash).await.unwrap();
    assert_eq!(alone, Some((all_pages.clone(), None)));
    assert_eq!(store.token(TokenHash::of("another")).await.unwrap(), None);
    let listed = store.tokens().await.unwrap();
    assert_eq!(listed, [some_pages.clone(), all_pages.clone(), no_page]);

    let later = start() + 5.seconds();
    let by_id = TokenKey::Id(TokenId::new(1));
    assert!(store.revoke_token(by_id, start()).await.unwrap());
    assert!(store.revoke_token(by_id, later).await.unwrap());
    let revoked = store.token(some_pages.hash).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(start()), "the first time counts");

    let by_hash = TokenKey::Hash(all_pages.hash);
    assert!(store.revoke_token(by_hash, later).await.unwrap());
    let unknown = TokenKey::Id(TokenId::new(404));
    assert!(!store.revoke_token(unknown, later).await.unwrap());
}

/// A token that is put again, by its hash or by its id, takes the place of the one that is there
/// and stays revoked since the first time.
pub async fn a_revocation_is_never_cleared(store: &dyn SettingsStore) {
    let heard = std::sync::Arc::new(Heard::default());
    store.set_observer(heard.clone());
    let first = token(1, Coverage::AllPages);
    store.put_token(first.clone()).await.unwrap();
    let by_id = TokenKey::Id(first.token_id);
    assert!(store.revoke_token(by_id, start()).await.unwrap());

    let later = Some(start() + 5.seconds());
    let other_id = TokenRecord {
        token_id: TokenId::new(2),
        ..first.clone()
    };
    let other_hash = TokenRecord {
        hash: TokenHash::of("another"),
        revoked_at: later,
        ..other_id.clone()
    };
    for put in [first.clone(), other_id, other_hash.clone()] {
        store.put_token(put.clone()).await.unwrap();
        let read = store.token(put.hash).await.unwrap().unwrap();
        assert_eq!(read.revoked_at, Some(start()));
        assert_eq!(store.tokens().await.unwrap(), [read]);
    }
    assert_eq!(store.token(first.hash).await.unwrap(), None);
    let heard = heard.invalidated.lock().unwrap();
    let of_first = crate::Invalidation::Token(first.hash);
    let of_other = crate::Invalidation::Token(other_hash.hash);
    assert!(
        heard.contains(&of_first) && heard.ends_with(&[of_other]),
        "{heard:?}"
    );
    assert_eq!(
        heard.iter().filter(|what| **what == of_first).count(),
        5,
        "put, revoked, put, put, and replaced: {heard:?}"
    );
}

/// A Page that was removed and added again opens to no former token: not by removal here, and not
/// by one that comes with the whole Page from another store.
pub async fn removed_pages_open_to_no_former_token(store: &dyn SettingsStore) {
    let heard = std::sync::Arc::new(Heard::default());
    store.set_observer(heard.clone());
    for number in [1, 2, u64::MAX] {
        add(store, number).await;
    }
    let named = |pages: &[u64]| Coverage::Pages(pages.iter().copied().map(page).collect());
    let (both, one) = (
        token(1, named(&[1, u64::MAX])),
        token(2, named(&[u64::MAX])),
    );
    let (other, all) = (token(3, named(&[2, 1844])), token(4, Coverage::AllPages));
    for token in [&both, &one, &other, &all] {
        store.put_token(token.clone()).await.unwrap();
    }
    heard.invalidated.lock().unwrap().clear();
    assert!(store.remove_page(page(u64::MAX), start()).await.unwrap());
    for hash in [both.hash, one.hash] {
        let told = crate::Invalidation::Token(hash);
        assert!(heard.invalidated.lock().unwrap().contains(&told));
    }
    add(store, u64::MAX).await;
    let coverage = async |hash| store.token(hash).await.unwrap().unwrap().coverage;
    assert_eq!(coverage(both.hash).await, named(&[1]));
    assert_eq!(coverage(one.hash).await, named(&[]), "it covers nothing");
    assert_eq!(coverage(other.hash).await, other.coverage);
    assert_eq!(coverage(all.hash).await, Coverage::AllPages);

    // Page 1 was removed and added again in another store, from which it is moved here.
    let removed_there = crate::WholePage {
        record: crate::PageRecord::unconfigured(page(1), crate::Revision::new(1)),
        removed: false,
        history: vec![crate::HistoryEntry {
            page_id: page(1),
            revision: crate::Revision::new(1),
            before: None,
            after: None,
            author: crate::Author::default(),
            changed_at: start(),
            trace_id: String::new(),
        }],
    };
    let moved = store.put_whole_pages(vec![removed_there]).await.unwrap();
    assert_eq!(moved.written, 1);
    assert_eq!(coverage(both.hash).await, named(&[]));
    assert!(store.history(page(1), None, 9).await.unwrap().is_empty());
    // A token that is issued afterwards opens it.
    let new = token(5, named(&[1]));
    store.put_token(new.clone()).await.unwrap();
    assert_eq!(coverage(new.hash).await, new.coverage);
}
