//! Segments and queries against a plain scan.

use std::collections::BTreeMap;

use call_settings::PageId;
use proptest::prelude::*;

use super::*;
use crate::{PageSearch, signed};

/// Names of few letters, so that words meet in many of them, and of other scripts.
const NAME: &str = "([abé] ?){0,6}|[東京カé]{0,4}|[a\n ]{0,3}|\\PC{0,8}";

fn segments(names: &BTreeMap<i64, String>) -> Vec<EncodedSegment> {
    let mut builder = SegmentBuilder::default();
    let mut segments: Vec<EncodedSegment> = names
        .iter()
        .flat_map(|(id, name)| builder.add(*id, name))
        .collect();
    segments.extend(builder.finish());
    segments
}

fn found(segments: &[EncodedSegment], text: &str) -> Vec<i64> {
    let query = PageSearch::new(text).name_query().unwrap();
    segments
        .iter()
        .filter(|segment| query.may_be_in(&segment.filter))
        .flat_map(|segment| query.find(segment.first_id, &segment.names).unwrap())
        .collect()
}

/// An id that no text of these tests begins.
fn scan(names: &BTreeMap<i64, String>, text: &str) -> Vec<i64> {
    let search = PageSearch::new(text);
    let id = PageId::new(9);
    let found = names
        .iter()
        .filter(|(_, name)| search.finds(id, Some(name)));
    found.map(|(signed_id, _)| *signed_id).collect()
}

proptest! {
    #[test]
    fn a_query_finds_what_a_scan_finds(
        names in prop::collection::btree_map(any::<i64>(), NAME, 0..40),
        text in NAME,
    ) {
        prop_assume!(!PageSearch::new(&text).finds_all() && !text.trim().starts_with('9'));
        prop_assert_eq!(found(&segments(&names), &text), scan(&names, &text));
    }

    #[test]
    fn changed_segments_hold_the_names_as_they_are_then(
        before in prop::collection::btree_map(-4_i64..4, NAME, 0..8),
        changes in prop::collection::vec((-4_i64..4, prop::option::of(NAME)), 0..8),
    ) {
        let mut names = before.clone();
        let mut changed = NameChanges::default();
        for (id, name) in &changes {
            changed.set(PageId::new(id.cast_unsigned()), name.as_deref());
            match name {
                Some(name) => names.insert(*id, name.clone()),
                None => names.remove(id),
            };
        }
        let present = segments(&before);
        let keys: Vec<i64> = present.iter().map(|segment| segment.first_id).collect();
        prop_assert_eq!(&keys, &FIRST_SEGMENTS);
        let mut after = Vec::new();
        let touched = changed.segments(&keys, 9);
        for (position, segment) in present.into_iter().enumerate() {
            let written = if touched.contains(&segment.first_id) {
                let next = keys.get(position + 1).copied();
                changed.apply(&segment, next).unwrap()
            } else {
                Vec::new()
            };
            if written.is_empty() {
                after.push(segment);
            } else {
                after.extend(written);
            }
        }
        prop_assert!(changed.span().is_none());
        prop_assert_eq!(after, segments(&names));
    }

    #[test]
    fn any_bytes_are_a_segment_or_damage(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut with_form = vec![1, 2];
        with_form.extend(&bytes);
        let query = PageSearch::new("a").name_query().unwrap();
        for bytes in [&bytes, &with_form] {
            let decoded = NameSegment::decode(0, bytes);
            let found = query.find(0, bytes);
            prop_assert!(decoded.is_err() || found.is_ok());
        }
    }
}

#[test]
fn long_segments_are_divided() {
    let names: BTreeMap<i64, String> = (0..5_000)
        .map(|id| (id * 3 - 6_000, format!("name {id}")))
        .collect();
    let all = segments(&names);
    assert_eq!(all.len(), 2 + 3);
    assert_eq!(
        found(&all, "name"),
        names.keys().copied().collect::<Vec<_>>()
    );
    assert!(all.is_sorted_by_key(|segment| segment.first_id));
    let keys: Vec<i64> = all.iter().map(|segment| segment.first_id).collect();
    for (segment, next) in all.iter().zip(keys.iter().skip(1).map(Some).chain([None])) {
        let decoded = NameSegment::decode(segment.first_id, &segment.names).unwrap();
        assert_eq!(
            decoded.encode(segment.first_id),
            std::slice::from_ref(segment)
        );
        assert!(decoded.is_covered_by(&segment.filter));
        let within = scan(&names, "name").into_iter();
        let within =
            within.filter(|id| *id >= segment.first_id && next.is_none_or(|next| id < next));
        let query = PageSearch::new("name").name_query().unwrap();
        let found = query.find(segment.first_id, &segment.names).unwrap();
        assert_eq!(found, within.collect::<Vec<_>>());
        assert_eq!(
            decoded.encode(segment.first_id),
            std::slice::from_ref(segment)
        );
    }

    let mut one = NameSegment::decode(0, &SegmentBuilder::default().finish()[1].names).unwrap();
    for id in 0..3_000 {
        one.set(id, Some("Bakery"));
    }
    let parts = one.encode(0);
    assert_eq!(
        parts.iter().map(|part| part.first_id).collect::<Vec<_>>(),
        [0, 1_000, 2_000]
    );
}

#[test]
fn names_of_10_000_letters_have_segments_of_few() {
    let names: BTreeMap<i64, String> = (0..20)
        .map(|id| (id, format!("{}{id}end", "long ".repeat(2_000))))
        .collect();
    let all = segments(&names);
    assert_eq!(found(&all, "7end long"), [7, 17]);
    assert!(all.iter().all(|segment| segment.names.len() < 70_000));
    let huge = BTreeMap::from([(signed(5), "x".repeat(200_000))]);
    assert_eq!(found(&segments(&huge), "xxxx"), [5]);
}

#[test]
fn a_filter_keeps_most_searches_out() {
    let names: BTreeMap<i64, String> = (0..1_000)
        .map(|id| (id, format!("Bakery Müller {id}, Zürich")))
        .collect();
    let segment = &segments(&names)[1];
    let may_be_in = |text: &str| {
        let query = PageSearch::new(text).name_query().unwrap();
        query.may_be_in(&segment.filter)
    };
    for text in ["muller", "zurich 77", "ke", "b", "999,"] {
        assert!(may_be_in(text), "{text}");
    }
    for text in ["zzzz", "garage", "東", "東京都", "qx"] {
        assert!(!may_be_in(text), "{text}");
    }
    let long = format!("muller{}", "abcdefghi".repeat(1_000));
    let query = PageSearch::new(&long).name_query().unwrap();
    assert!(query.bits().count() <= 12);
}
