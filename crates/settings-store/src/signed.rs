//! Unsigned ids in engines that have only signed numbers.

use std::ops::RangeInclusive;

use call_settings::PageId;

/// An unsigned number as the signed one of the same bits, the form in which stores keep ids.
pub const fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// The number that was made a signed one.
pub const fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}

/// The signed ids behind a Page, in the order of the unsigned ones: those over the signed range are
/// negative and come last.
pub fn signed_ids_after(after: Option<PageId>) -> Vec<RangeInclusive<i64>> {
    match after.map(|page_id| signed(page_id.get())) {
        None => vec![0..=i64::MAX, i64::MIN..=-1],
        Some(i64::MAX) => vec![i64::MIN..=-1],
        Some(after) if after >= 0 => vec![after + 1..=i64::MAX, i64::MIN..=-1],
        Some(-1) => Vec::new(),
        Some(after) => vec![after + 1..=-1],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_hold_every_id_behind_and_no_other_in_order() {
        let half = u64::MAX / 2;
        let numbers = [
            0,
            1,
            half - 1,
            half,
            half + 1,
            half + 2,
            u64::MAX - 1,
            u64::MAX,
        ];
        for after in numbers {
            let ranges = signed_ids_after(Some(PageId::new(after)));
            for number in numbers {
                let is_in = ranges.iter().any(|range| range.contains(&signed(number)));
                assert_eq!(is_in, number > after, "{number} behind {after}");
            }
            assert!(ranges.is_sorted_by_key(|range| unsigned(*range.start())));
        }
        assert_eq!(signed_ids_after(None).len(), 2);
    }
}
