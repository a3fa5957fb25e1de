//! What every answer must be, whatever was asked.

use graph_api::StandardError;
use http::HeaderValue;
use pagebell_server::{GraphResponse, Profile};
use serde_json::Value;

/// Checks that status, headers and body of an answer agree, and returns the body.
pub(crate) fn checked(response: &GraphResponse, profile: Profile) -> Value {
    let json: Value = serde_json::from_slice(&response.body).expect("every body is JSON");
    let status = response.status;
    match response.error {
        None => {
            assert_eq!(status, 200, "a success with another status");
            assert!(
                json.get("error").is_none(),
                "a success with an error: {json}"
            );
            assert!(response.www_authenticate.is_none());
        }
        Some(id) => {
            assert!(json.is_object() && response.revision.is_none());
            let error = match profile {
                Profile::Graph => &json["error"],
                Profile::Reference => &json,
            };
            let error: StandardError =
                serde_json::from_value(error.clone()).expect("an error has the envelope");
            check_error(&error);
            assert_eq!(error.code, id.entry().code);
            assert_eq!(error.fbtrace_id, response.trace.request_id());
            let expected = match (profile, id.entry().status) {
                (Profile::Reference, other) if other != 403 && other < 500 => 400,
                (_, status) => status,
            };
            assert_eq!(status, expected, "{error:?}");
            // Nothing that a caller sends is a fault of the server.
            assert!(status < 500, "{error:?}");
            let header = response.www_authenticate.as_deref();
            let header = header.expect("an error tells how to authenticate");
            assert!(HeaderValue::from_str(header).is_ok(), "{header:?}");
        }
    }
    json
}

/// Checks the words of an error.
pub(crate) fn check_error(error: &StandardError) {
    assert!(!error.message.is_empty() && !error.error_user_title.is_empty());
    assert!(!error.error_user_msg.is_empty());
    for text in [&error.message, &error.error_user_msg] {
        // What came from outside is shortened before it is repeated.
        assert!(text.len() < 1024, "a message of {} bytes", text.len());
        assert!(!text.contains(['\n', '\r', '\0']), "{text:?}");
    }
}
