//! `appsecret_proof` (documented): shows that a call comes from where the app's secret is.

use graph_api::GraphError;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use settings_store::AppRecord;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::credentials::{Credentials, Proof};

/// How long a proof with a time is good, in seconds (documented).
const PROOF_LIFETIME_SECONDS: i64 = 5 * 60;

/// Checks the proof of a request against the token's app. A wrong proof is refused even where none
/// is required (seen); a token without an app has no secret that a proof could be right for.
pub(crate) fn verify(
    app: Option<&AppRecord>,
    credentials: &Credentials<'_>,
    now: Timestamp,
) -> Result<(), GraphError> {
    let proof = match credentials.proof {
        Proof::Text(proof) => proof,
        Proof::Absent => {
            return match app {
                Some(app) if app.require_proof => Err(GraphError::proof_required()),
                _ => Ok(()),
            };
        }
        Proof::Number(_) | Proof::Unreadable => return Err(GraphError::proof_invalid()),
    };
    let app = app.ok_or_else(GraphError::proof_invalid)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(app.secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(credentials.token.as_bytes());
    let written;
    let time = match credentials.proof_time {
        Proof::Absent => None,
        Proof::Text(time) => Some(time),
        Proof::Number(seconds) => {
            written = seconds.to_string();
            Some(written.as_str())
        }
        Proof::Unreadable => return Err(GraphError::proof_invalid()),
    };
    if let Some(time) = time {
        let seconds: i64 = time.parse().map_err(|_error| GraphError::proof_invalid())?;
        // A little into the future is a clock that is a little wrong.
        let age = now.as_second().saturating_sub(seconds);
        if !(-PROOF_LIFETIME_SECONDS..=PROOF_LIFETIME_SECONDS).contains(&age) {
            return Err(GraphError::proof_invalid());
        }
        mac.update(b"|");
        mac.update(time.as_bytes());
    }
    let expected = hexadecimal(&mac.finalize().into_bytes());
    if bool::from(expected.as_bytes().ct_eq(proof.as_bytes())) {
        Ok(())
    } else {
        Err(GraphError::proof_invalid())
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use settings_store::AppId;

    use super::*;

    /// From an independent implementation: `printf %s token | openssl dgst -sha256 -hmac secret`.
    const PROOF: &str = "e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a";

    fn app(require_proof: bool) -> AppRecord {
        AppRecord {
            app_id: AppId::new(1),
            name: "Demo".to_owned(),
            secret: SecretString::from("secret"),
            require_proof,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn check(app: Option<&AppRecord>, proof: Option<&str>, time: Option<&str>) -> Result<(), i64> {
        let time = time.map_or(Proof::Absent, Proof::Text);
        check_with_time(app, proof, time)
    }

    fn check_with_time(
        app: Option<&AppRecord>,
        proof: Option<&str>,
        time: Proof<'_>,
    ) -> Result<(), i64> {
        let credentials = Credentials {
            token: "token",
            proof: proof.map_or(Proof::Absent, Proof::Text),
            proof_time: time,
        };
        let now = Timestamp::from_second(1_000_000).unwrap();
        verify(app, &credentials, now).map_err(|error| i64::from(error.entry().code))
    }

    #[test]
    fn right_wrong_and_absent_proofs() {
        let (plain, strict) = (app(false), app(true));
        assert_eq!(check(Some(&plain), None, None), Ok(()));
        assert_eq!(check(None, None, None), Ok(()));
        assert_eq!(check(Some(&strict), None, None), Err(100));
        assert_eq!(check(Some(&strict), Some(PROOF), None), Ok(()));
        assert_eq!(check(Some(&plain), Some(PROOF), None), Ok(()));
        assert_eq!(check(None, Some(PROOF), None), Err(100));
        for wrong in ["", "00", &PROOF.to_uppercase(), &PROOF[1..]] {
            assert_eq!(check(Some(&plain), Some(wrong), None), Err(100), "{wrong}");
        }
    }

    #[test]
    fn a_time_is_part_of_the_proof_and_runs_out() {
        let app = app(false);
        let of_time = |time: &str| {
            let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
            mac.update(format!("token|{time}").as_bytes());
            hexadecimal(&mac.finalize().into_bytes())
        };
        for (time, good) in [
            ("1000000", true),
            ("999700", true),
            ("999699", false),
            ("1000301", false),
            ("soon", false),
        ] {
            let checked = check(Some(&app), Some(&of_time(time)), Some(time));
            assert_eq!(checked.is_ok(), good, "{time}");
        }
        let number = Proof::Number(1_000_000);
        let proof = of_time("1000000");
        assert_eq!(check_with_time(Some(&app), Some(&proof), number), Ok(()));
        assert!(check_with_time(Some(&app), Some(&proof), Proof::Unreadable).is_err());
        assert!(check(Some(&app), Some(PROOF), Some("1000000")).is_err());
    }
}
