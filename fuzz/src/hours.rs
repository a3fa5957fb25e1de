//! Call hours as people write them.

use bytes::Bytes;
use call_settings::{
    CallHours, CallHoursChange, DayOfWeek, HoursLimits, HoursText, TimeZoneId, WeekText,
};
use graph_api::{CallHoursPayload, Parameters, settings_submission};

/// Reads hours; the input is their text.
///
/// Hours that are read are written as a text that is read as the same hours, go through JSON
/// unchanged, stand in the order of the week and never overlap. A narrower limit refuses them or
/// reads the same. Mistakes are told in a line.
pub fn hours(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let utc: TimeZoneId = "UTC".parse().expect("a zone");
    for zone in [None, Some(utc)] {
        match CallHours::from_text(&text, zone, HoursLimits::WIDEST) {
            Ok(hours) => {
                check(&hours);
                let narrow = CallHours::from_text(&text, zone, HoursLimits::default());
                if let Ok(narrow) = narrow {
                    assert_eq!(week(&narrow), week(&hours), "a limit changes the meaning");
                } else {
                    let most = DayOfWeek::ALL.map(|day| hours.spans_of(day).len());
                    let entries = hours.weekly_operating_hours().len();
                    let is_in_need = most.iter().any(|count| *count > 1) || entries > 7;
                    assert!(is_in_need, "refused without need: {narrow:?}");
                }
            }
            Err(error) => {
                let told = error.to_string();
                assert!(!told.is_empty() && told.len() < 1024, "{told}");
            }
        }
    }
}

/// Checks hours that were made of any text.
pub(crate) fn check(hours: &CallHours) {
    let entries = hours.weekly_operating_hours();
    assert!(
        entries.is_sorted_by_key(|entry| (entry.day().days_since_monday(), entry.open())),
        "not in the order of the week"
    );
    for (position, entry) in entries.iter().enumerate() {
        assert!(entry.open() < entry.close());
        assert!(
            !entries[..position]
                .iter()
                .any(|other| other.overlaps(*entry))
        );
    }

    let written = HoursText(hours).to_string();
    let again = CallHours::from_text(&written, None, HoursLimits::WIDEST);
    assert_eq!(again.as_ref(), Ok(hours), "{written}");
    let week = WeekText(hours).to_string();
    let again = CallHours::from_text(&week, Some(hours.timezone_id()), HoursLimits::WIDEST);
    assert_eq!(again.as_ref(), Ok(hours), "{week}");

    let payload = CallHoursPayload::from(hours);
    let json = serde_json::to_string(&payload).expect("a struct of texts");
    let body = Bytes::from(format!("{{\"call_hours\":{json}}}"));
    let mut parameters = Parameters::default();
    let read = parameters.extend_from_body(Some("application/json"), &body);
    assert!(read.is_ok(), "{json}");
    let update = settings_submission(&parameters).validate(HoursLimits::WIDEST);
    let update = update.expect("hours that were read are lawful");
    assert_eq!(update.call_hours, CallHoursChange::Replace(hours.clone()));
}

/// The open minutes of the week, as spans without seams.
fn week(hours: &CallHours) -> String {
    WeekText(hours).to_string()
}
