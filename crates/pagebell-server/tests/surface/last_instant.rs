//! A clock that stands at the last instant that there is.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use pagebell_server::Clock;

use crate::harness::{Harness, MONDAYS, PATH};

#[tokio::test]
async fn everything_but_what_lies_beyond_is_answered_at_the_last_instant() {
    let harness = Harness::new().await;
    let left = Timestamp::MAX
        .duration_since(harness.clock.now())
        .as_millis();
    harness
        .clock
        .advance(Duration::from_millis(u64::try_from(left).unwrap()));
    let hours = format!("{{\"call_hours\":{MONDAYS}}}");
    assert_eq!(harness.post(&hours).await.response.status, 200);
    let edge = PATH.trim_end_matches("_settings");
    for address in [
        PATH.to_owned(),
        format!("{edge}_settings_history"),
        format!("{edge}_availability"),
        format!("{edge}_availability?medium=video"),
        "/v26.0/debug_token?input_token=one".to_owned(),
    ] {
        let answer = harness.get(&address).await;
        assert_eq!(answer.response.status, 200, "{address}: {}", answer.json);
    }
    let answer = harness.ask(Method::GET, PATH, "brief", None, "").await;
    assert_eq!(answer.codes(), (400, 190, Some(463)));
}
