//! Tokens and proofs.

use std::fmt::Write as _;

use graph_api::{ParameterValue, Parameters};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use pagebell_server::Profile;
use sha2::Sha256;

use crate::envelope::checked;
use crate::message::Message;
use crate::server::{NOW, SECRET, STRICT_APP, Server, TOKENS, Token};

/// Tells a token apart from any word of an answer.
const MARK: &str = "SECRET";

/// How far from the present the time of a proof may be, in seconds (documented).
const PROOF_SECONDS: i64 = 300;

/// Asks with credentials; the input is a request, of which header, query and body count. It always
/// reads the Page.
///
/// Nobody gets in but with a living token that stands in the request as such, all that stand in it
/// being the same; with a right proof where one is given, and never without one where the app wants
/// it. In the profile `reference` the token stands in all three places. A token in the header is
/// never repeated.
pub fn credentials(input: &[u8]) {
    let message = Message::read(input);
    for profile in [Profile::Graph, Profile::Reference] {
        let server = Server::new(profile);
        let mut request = message.request();
        request.method = &Method::GET;
        request.path = "/v26.0/1234567890/messenger_call_settings";
        let response = server.ask(request);
        let json = checked(&response, profile);
        if response.error.is_none() {
            check_admitted(&message, profile);
        } else if let Some(header) = message.header("Authorization") {
            let secret = header.rsplit(' ').next().unwrap_or_default();
            if secret.contains(MARK) && !message.query.contains(MARK) {
                assert!(!json.to_string().contains(MARK), "{json}");
            }
        }
    }
}

fn check_admitted(message: &Message, profile: Profile) {
    let parameters = Parameters::from_query(&message.query);
    let of = |name| -> Vec<String> {
        let values = parameters.all(name).filter_map(ParameterValue::as_text);
        values
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (first, second) = (of("access_token"), of("oauth_token"));
    let header = message.header("Authorization");
    let header = header.and_then(|header| header.trim().split_once(' '));
    let is_known = |scheme: &str| {
        scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth")
    };
    let of_header = header
        .filter(|(scheme, _token)| is_known(scheme))
        .map(|(_scheme, token)| token.trim())
        .filter(|token| !token.is_empty());
    let places: Vec<&str> = first
        .iter()
        .chain(&second)
        .map(String::as_str)
        .chain(of_header)
        .collect();
    let token = *places.first().expect("nobody gets in without a token");
    assert!(places.iter().all(|other| *other == token), "{places:?}");
    if profile == Profile::Reference {
        assert!(!first.is_empty() && !second.is_empty() && of_header.is_some());
    }
    let known = TOKENS.iter().find(|known| known.text == token);
    let known = known.expect("nobody gets in with a token that nobody was given");
    assert!(known.is_alive && ["all", "one", "of-app", "strict"].contains(&token));
    check_proof(known, &parameters);
}

fn check_proof(token: &Token, parameters: &Parameters) {
    let Some(proof) = parameters.text("appsecret_proof") else {
        assert_ne!(token.app, Some(STRICT_APP), "in without a proof");
        return;
    };
    assert!(token.app.is_some(), "a proof of an app that is none");
    let mut proved = token.text.to_owned();
    if let Some(time) = parameters.text("appsecret_time") {
        let seconds: i64 = time.parse().expect("a proof's time is a number");
        assert!(NOW.abs_diff(seconds) <= PROOF_SECONDS.unsigned_abs());
        proved = format!("{proved}|{time}");
    }
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length");
    let mac = mac.chain_update(proved).finalize().into_bytes();
    let mut expected = String::new();
    for byte in mac {
        write!(expected, "{byte:02x}").expect("writing to a string");
    }
    assert_eq!(proof, expected, "in with a wrong proof");
}
