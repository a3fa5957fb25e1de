//! Trace ids, by which a caller and an operator speak of the same request.

use std::fmt;

/// How many random bytes one [`TraceIds`] is made of.
pub const TRACE_RANDOM_BYTES: usize = 33;

const REQUEST_LENGTH: usize = 23;
const TRACE_LENGTH: usize = 11;

/// The two ids that every Graph answer carries (seen): `fbtrace_id`, which is also the header
/// `x-fb-request-id`, and the different, shorter `x-fb-trace-id`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceIds {
    request: [u8; REQUEST_LENGTH],
    trace: [u8; TRACE_LENGTH],
}

impl TraceIds {
    /// Ids made of these random bytes.
    pub fn from_random(random: [u8; TRACE_RANDOM_BYTES]) -> Self {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let letter = |byte: u8| ALPHABET[usize::from(byte & 63)];
        let mut request = [b'A'; REQUEST_LENGTH];
        for (place, byte) in request[1..].iter_mut().zip(&random) {
            *place = letter(*byte);
        }
        let mut trace = [b'A'; TRACE_LENGTH];
        for (place, byte) in trace.iter_mut().zip(&random[REQUEST_LENGTH - 1..]) {
            *place = letter(*byte);
        }
        Self { request, trace }
    }

    /// `fbtrace_id`: 23 characters of the base64url alphabet, the first an `A`.
    pub fn request_id(&self) -> &str {
        std::str::from_utf8(&self.request).expect("the alphabet is ASCII")
    }

    /// `x-fb-trace-id`: 11 characters of the base64url alphabet.
    pub fn trace_id(&self) -> &str {
        std::str::from_utf8(&self.trace).expect("the alphabet is ASCII")
    }
}

impl fmt::Debug for TraceIds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TraceIds({})", self.request_id())
    }
}
