//! `hours`, and the clock of a server that runs with `--dev`.

use std::process::Output;

use serde_json::{Value, json};

use crate::process::{Place, fed, pagebell};

const EDGE: &str = "/v26.0/1234567890/messenger_call_settings";

/// Runs a command with text on its stdin.
fn with_input(arguments: &[&str], input: &str) -> Output {
    let mut command = pagebell();
    command.args(arguments);
    fed(command, input)
}

fn printed(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn complaint(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// A store with a Page that takes calls on Mondays to Fridays, 09:00 to 17:00 in Paris. The hours
/// were made by `hours parse` and posted as they were printed.
fn place_with_hours() -> Place {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let parsed = pagebell()
        .args([
            "hours",
            "parse",
            "Mon-Fri 9am-5pm",
            "--timezone",
            "Europe/Paris",
        ])
        .output()
        .unwrap();
    assert!(parsed.status.success(), "{parsed:?}");
    let body = format!("{{\"call_hours\":{}}}", printed(&parsed).trim());
    assert_eq!(server.ask("POST", EDGE, &token, &body).status, 200);
    server.signal("TERM");
    assert_eq!(server.wait().0, Some(0));
    place
}

#[test]
fn a_page_is_open_or_closed_and_until_when() {
    let place = place_with_hours();
    let at = ["hours", "1234567890", "--at", "2026-11-23T09:30:00+01:00"];
    assert_eq!(
        place.must(&at),
        "Open on Monday 23 November 2026 at 09:30, until 17:00 the same day (Europe/Paris)\n\
         Calls ring in Meta's inbox and apps; the call button shows.\n"
    );
    let now = place.must(&["hours", "1234567890"]);
    assert!(
        now.starts_with("Open now, until 17:00 today (Europe/Paris)\n")
            || now.starts_with("Closed now, opens "),
        "{now}"
    );

    let week = place.must(&["hours", "1234567890", "--at", "1774746000", "--week"]);
    assert!(week.contains("Sun 29 Mar  ····  ······"), "{week}");
    assert!(
        week.contains("the clock goes from 02:00 to 03:00"),
        "{week}"
    );

    let json = place.must(&[&at[..], &["--json", "--week"]].concat());
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["open_until"], "2026-11-23T17:00:00+01:00");
    assert_eq!(json["intervals"].as_array().unwrap().len(), 6);
    let video = place.must(&["hours", "1234567890", "--medium", "video", "--json"]);
    let video: Value = serde_json::from_str(&video).unwrap();
    assert_eq!(video["reason"], "video_disabled");
}

#[test]
fn what_cannot_be_shown_is_said() {
    let place = place_with_hours();
    for (arguments, code, expected) in [
        (&["hours", "5555"][..], 1, "there is no page 5555"),
        (&["hours", "bakery"], 2, "bakery"),
        (&["hours"], 2, "PAGE_ID"),
        (&["hours", "1234567890", "--at", "noon"], 2, "RFC 3339"),
        (
            &["hours", "1234567890", "--medium", "fax"],
            2,
            "audio or video",
        ),
    ] {
        let output = place.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        assert!(
            complaint(&output).contains(expected),
            "{}",
            complaint(&output)
        );
    }
}

#[test]
fn text_becomes_call_hours_and_text_again() {
    let text = "Mon-Fri 09:00-12:00, 13:00-17:00; Sat 10:00-14:00 (Europe/Paris)";
    let two = ["--max-entries-per-day", "2"];
    let parsed = pagebell()
        .args(["hours", "parse", text])
        .args(two)
        .output()
        .unwrap();
    let json: Value = serde_json::from_str(printed(&parsed)).unwrap();
    assert_eq!(json["timezone_id"], "Europe/Paris");
    assert_eq!(json["weekly_operating_hours"].as_array().unwrap().len(), 11);
    for shape in [
        json.clone(),
        json!({ "call_hours": json, "audio_enabled": true }),
        json!({ "data": [{ "call_hours": json }] }),
    ] {
        let formatted = with_input(&["hours", "format"], &shape.to_string());
        assert_eq!(printed(&formatted), format!("{text}\n"));
    }
    let from_stdin = with_input(&["hours", "parse", "-", "--timezone", "UTC"], "Sun 10-12\n");
    assert_eq!(
        printed(&from_stdin),
        "{\"timezone_id\":\"UTC\",\"weekly_operating_hours\":[{\"day_of_week\":\"SUNDAY\",\
         \"open_time\":\"1000\",\"close_time\":\"1200\"}]}\n"
    );
}

#[test]
fn text_that_cannot_be_used_is_refused_with_the_reason() {
    for (arguments, code, expected) in [
        (&["parse", "Mon 9am-5pm"][..], 1, "in which time zone?"),
        (&["parse", "Mon 9-5 (UTC)"], 1, "can be read in two ways"),
        (
            &["parse", "daily 20:00-02:00 (UTC)"],
            1,
            "runs past midnight into Monday",
        ),
        (
            &["parse", "Mon 9-10", "--timezone", "Europe/Pari"],
            2,
            "Europe/Paris",
        ),
        (
            &["parse", "Mon 9-10 (UTC)", "--max-entries-per-day", "25"],
            2,
            "from 1 to 24",
        ),
        (&["format", "{"], 1, "JSON"),
        (&["format", "{}"], 1, "there are no call_hours"),
        (
            &["format", "{\"timezone_id\":\"UTC\"}"],
            1,
            "weekly_operating_hours",
        ),
        (&["import", "Mo-Fr 09:00-17:00"], 1, "--timezone"),
        (
            &["format", "{\"error\":{\"message\":\"expired\"}}"],
            1,
            "this is an error: expired",
        ),
        (
            &["format", "{\"data\":[{\"icon_enabled\":true}]}"],
            1,
            "there are no call_hours in it",
        ),
        (
            &["import", "whenever", "--timezone", "UTC"],
            1,
            "not opening_hours",
        ),
    ] {
        let output = pagebell().arg("hours").args(arguments).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        assert!(
            complaint(&output).contains(expected),
            "{}",
            complaint(&output)
        );
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn openstreetmap_is_imported_and_what_is_lost_is_said() {
    let output = pagebell()
        .args(["hours", "import", "Mo-Fr 09:00-17:00; PH off; Dec 25 off"])
        .args(["--timezone", "Europe/Paris"])
        .output()
        .unwrap();
    let json: Value = serde_json::from_str(printed(&output)).unwrap();
    assert_eq!(json["weekly_operating_hours"].as_array().unwrap().len(), 5);
    let lost: Vec<&str> = complaint(&output).lines().collect();
    assert_eq!(
        lost,
        [
            "lost: PH closed (call hours know no public holidays)",
            "lost: Dec 25 closed (it depends on the date)"
        ]
    );
}

#[test]
fn the_clock_of_a_development_server_can_be_steered() {
    let place = place_with_hours();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let steer = |body: &str| server.ask("POST", "/control/clock", &token, body);
    let availability = || {
        let edge = "/v26.0/1234567890/messenger_call_availability";
        let answer = server.ask("GET", edge, &token, "");
        let json: Value = serde_json::from_str(&answer.body).unwrap();
        json["data"][0].clone()
    };
    let answer = steer("{\"set\":\"2026-11-23T16:59:59+01:00\",\"freeze\":true}");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(availability()["accepting_calls"], true);
    assert_eq!(steer("{\"advance\":\"1s\"}").status, 200);
    assert_eq!(availability()["reason"], "outside_call_hours");
    assert_eq!(availability()["next_open"], "2026-11-24T09:00:00+01:00");
    drop(server);

    let server = place.serve(&[]);
    let answer = server.ask("POST", "/control/clock", &token, "{\"freeze\":true}");
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("--dev"), "{}", answer.body);
}
