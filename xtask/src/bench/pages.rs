//! Pages by the million: the same ids and settings each time, computed from an index.
//!
//! `get_pages.lua` computes the same ids; a load that asks for others fails, since such Pages do
//! not exist.

use std::io::{self, BufWriter, Write};

/// A prime just below 2^24, so that multiplying by less permutes the indexes below it.
const SCATTER: u64 = 16_777_213;
const FIRST_PAGE: u64 = 1_000_000_000_000_000;
const LOW_RANGE: u64 = 1 << 24;

/// How many different Pages there are.
pub(crate) const MOST_PAGES: u32 = 16_777_213;

const RING_TARGETS: [&str; 2] = ["META", "PARTNERS"];
const TIMEZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Africa/Lagos",
    "Australia/Sydney",
    "Pacific/Auckland",
];
const WORKING_DAYS: [&str; 5] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"];

/// The id of a Page: scattered over 48 bits, and exact in a double.
pub(crate) fn page_id(index: u32) -> u64 {
    let high = u64::from(index) * 10_368_889 % SCATTER;
    let low = u64::from(index) * 6_364_137 % SCATTER;
    FIRST_PAGE + high * LOW_RANGE + low
}

/// The settings of a Page: all five fields, in the order of an answer.
pub(crate) fn settings(index: u32) -> String {
    let place = index as usize;
    let ring_target = RING_TARGETS[place % RING_TARGETS.len()];
    let timezone = TIMEZONES[place % TIMEZONES.len()];
    let (opens, closes) = (6 + index % 5, index % 60);
    let week = WORKING_DAYS.map(|day| {
        format!(
            r#"{{"day_of_week":"{day}","open_time":"{opens:02}00","close_time":"17{closes:02}"}}"#
        )
    });
    format!(
        r#"{{"audio_enabled":true,"icon_enabled":{},"video_enabled":{},"call_routing":{{"ring_target":"{ring_target}"}},"call_hours":{{"timezone_id":"{timezone}","weekly_operating_hours":[{}]}}}}"#,
        !index.is_multiple_of(3),
        index.is_multiple_of(4),
        week.join(",")
    )
}

/// What a GET of the Page answers.
pub(crate) fn answer(index: u32) -> String {
    format!(r#"{{"data":[{}]}}"#, settings(index))
}

/// Writes the first `count` Pages as lines for `pagebell import`, in the order of their ids, which
/// is the order that an export has.
pub(crate) fn write_lines(count: u32, writer: impl Write) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(1 << 18, writer);
    let mut indexes: Vec<u32> = (0..count).collect();
    indexes.sort_unstable_by_key(|index| page_id(*index));
    for index in indexes {
        writeln!(
            writer,
            r#"{{"page_id":"{}","name":"Page {index}","settings":{}}}"#,
            page_id(index),
            settings(index)
        )?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn ids_differ_and_are_exact_in_a_double() {
        let ids: HashSet<u64> = (0..MOST_PAGES).step_by(101).map(page_id).collect();
        assert_eq!(ids.len(), MOST_PAGES.div_ceil(101) as usize);
        assert!(ids.iter().all(|id| *id < 1 << 53));
    }

    #[test]
    fn an_id_is_the_one_that_the_script_computes() {
        // As LuaJIT printed them: string.format("%.0f", ...) of the script.
        assert_eq!(page_id(0), 1_000_000_000_000_000);
        assert_eq!(page_id(1), 1_173_961_096_797_161);
        assert_eq!(page_id(9_999_999), 1_265_346_846_884_754);
    }

    #[test]
    fn every_line_is_a_page_with_its_settings() -> anyhow::Result<()> {
        let mut lines = Vec::new();
        write_lines(3, &mut lines)?;
        let lines = String::from_utf8(lines)?;
        assert_eq!(lines.lines().count(), 3);
        let mut indexes = [0, 1, 2];
        indexes.sort_unstable_by_key(|index| page_id(*index));
        for (index, line) in indexes.into_iter().zip(lines.lines()) {
            let line: Value = serde_json::from_str(line)?;
            assert_eq!(line["page_id"], page_id(index).to_string());
            assert_eq!(
                line["settings"],
                serde_json::from_str::<Value>(&settings(index))?
            );
            let days = &line["settings"]["call_hours"]["weekly_operating_hours"];
            assert_eq!(days.as_array().map(Vec::len), Some(5));
        }
        Ok(())
    }
}
