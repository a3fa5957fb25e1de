use call_settings::{HoursLimits, SettingsSubmission, Submitted};

use super::*;
use crate::Edge;
use crate::catalogue::CATALOGUE;

fn trace() -> TraceIds {
    TraceIds::from_random([7; crate::TRACE_RANDOM_BYTES])
}

/// One error of every kind.
fn one_of_each() -> Vec<GraphError> {
    let method = http::Method::POST;
    let time = Timestamp::from_second(1_448_316_000).unwrap();
    let violations = SettingsSubmission {
        audio_enabled: Submitted::Null,
        ..SettingsSubmission::default()
    }
    .validate(HoursLimits::default())
    .unwrap_err();
    vec![
        GraphError::body_too_large(65_536),
        GraphError::headers_too_large("100 headers"),
        GraphError::request_malformed(),
        GraphError::host_invalid("no header Host"),
        GraphError::request_too_slow(30),
        GraphError::too_many_unfinished(),
        GraphError::encoded_body("gzip"),
        GraphError::unknown_version("v99.0", "/1/messenger_call_settings"),
        GraphError::no_node(true),
        GraphError::unknown_alias("abc"),
        GraphError::unknown_edge("posts", &Edge::ALL),
        GraphError::unknown_path("/posts", &Edge::ALL),
        GraphError::unsupported_method(&method, "1", "GET and POST"),
        GraphError::token_missing(),
        GraphError::token_missing_for_me(),
        GraphError::credentials_incomplete("oauth_token"),
        GraphError::tokens_differ("access_token and Authorization"),
        GraphError::token_unknown(),
        GraphError::token_expired(time, time),
        GraphError::token_revoked(time),
        GraphError::page_token_required(),
        GraphError::proof_required(),
        GraphError::proof_invalid(),
        GraphError::no_single_me("all Pages"),
        GraphError::body_not_json("end of file"),
        GraphError::json_too_deep(),
        GraphError::json_too_many_values(),
        GraphError::body_not_object("[]"),
        GraphError::body_malformed("no boundary"),
        GraphError::too_many_parameters(),
        GraphError::fields_syntax("name.", 0, ","),
        GraphError::fields_wrong_type("7"),
        GraphError::unknown_fields("bogus", "MessengerCallSettings", "audio_enabled"),
        GraphError::alias_not_supported("hours"),
        GraphError::parameters_invalid(&violations),
        GraphError::page_not_covered("1"),
        GraphError::scope_missing("pages_messaging"),
        GraphError::object_missing(&method, "1"),
        GraphError::revision_mismatch(7),
        GraphError::revision_not_reached(7, 8),
        GraphError::batch_too_large(51, 50),
        GraphError::batch_not_array("{}"),
        GraphError::batch_unresolved(0, "first"),
        GraphError::batch_operation_invalid(3, " must be an object - got 1"),
        GraphError::batch_dependency_failed("first", "$.data"),
        GraphError::batch_answer_too_large(4_194_304),
        GraphError::input_token_missing(),
        GraphError::debug_token_not_allowed(),
        GraphError::clock_not_steerable(),
        GraphError::too_many_waiting(),
        GraphError::too_many_unread(true),
        GraphError::store_unavailable(true),
        GraphError::unknown(),
    ]
}

#[test]
fn every_kind_fills_all_of_its_placeholders() {
    let errors = one_of_each();
    let kinds: Vec<_> = errors.iter().map(GraphError::id).collect();
    let catalogue: Vec<_> = CATALOGUE.iter().map(|entry| entry.id).collect();
    assert_eq!(
        kinds, catalogue,
        "one error of each kind, in the catalogue's order"
    );
    for error in errors {
        let entry = error.entry();
        for template in [entry.message, entry.way_out] {
            for placeholder in template.split('{').skip(1) {
                let name = placeholder.split('}').next().unwrap();
                let filled = error.values.iter().any(|(known, _value)| *known == name);
                assert!(filled, "{:?} leaves {{{name}}} empty", error.id());
            }
        }
    }
}

#[test]
fn the_envelopes_stay_as_they_are() {
    let all: Vec<String> = one_of_each()
        .iter()
        .map(|error| {
            format!(
                "{} {}\n{}",
                error.entry().status,
                error.www_authenticate(),
                error.standard_error(&trace()).to_json(false)
            )
        })
        .collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn the_reference_page_prints_errors_flat() {
    let error = GraphError::token_missing().standard_error(&trace());
    let flat: Value = serde_json::from_str(&error.to_json(true)).unwrap();
    assert_eq!(flat["code"], 104);
    let wrapped: Value = serde_json::from_str(&error.to_json(false)).unwrap();
    assert_eq!(wrapped["error"], flat);
}

#[test]
fn what_came_from_outside_is_shortened() {
    let long = "x".repeat(9_000);
    let method = long.parse().unwrap();
    for error in [
        GraphError::encoded_body(&long),
        GraphError::unknown_alias(&long),
        GraphError::alias_not_supported(&long),
        GraphError::unsupported_method(&method, "1", "GET and POST"),
        GraphError::object_missing(&method, "1"),
    ] {
        let length = error.standard_error(&trace()).to_json(false).len();
        assert!(length < 1_500, "{:?}: {length} bytes", error.id());
    }
}

#[test]
fn the_header_carries_no_quote_and_no_control_character() {
    let header = GraphError::body_malformed("a\"b\\c\r\né").www_authenticate();
    assert!(header.ends_with("cannot be read: a'b'c???\""), "{header}");
}

#[test]
fn times_are_written_as_recorded() {
    let time = Timestamp::from_second(1_448_316_000).unwrap();
    assert_eq!(legacy_time(time), "Monday, 23-Nov-15 14:00:00 PST");
}

#[test]
fn trace_ids_have_the_recorded_form() {
    let ids = trace();
    assert_eq!(ids.request_id().len(), 23);
    assert!(ids.request_id().starts_with('A'));
    assert_eq!(ids.trace_id().len(), 11);
}
