//! Trace ids, by which a caller and an operator speak of the same request.

use std::fmt;
use std::ops::Range;

/// How many random bytes one [`TraceIds`] is made of.
pub const TRACE_RANDOM_BYTES: usize = 33;

const REQUEST_LENGTH: usize = 23;
const TRACE_LENGTH: usize = 11;

/// The two ids that every Graph answer carries (seen): `fbtrace_id`, which is also the header
/// `x-fb-request-id`, and the different, shorter `x-fb-trace-id`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceIds {
    letters: [u8; REQUEST_LENGTH + TRACE_LENGTH],
}

impl TraceIds {
    /// Ids made of these random bytes.
    pub fn from_random(random: [u8; TRACE_RANDOM_BYTES]) -> Self {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let letter = |byte: u8| ALPHABET[usize::from(byte & 63)];
        let mut letters = [b'A'; REQUEST_LENGTH + TRACE_LENGTH];
        for (place, byte) in letters[1..].iter_mut().zip(random) {
            *place = letter(byte);
        }
        Self { letters }
    }

    /// Both ids one behind the other, printable ASCII.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.letters
    }

    /// Where `fbtrace_id` and `x-fb-trace-id` stand in [`Self::as_bytes`].
    pub const fn ranges(&self) -> (Range<usize>, Range<usize>) {
        (
            0..REQUEST_LENGTH,
            REQUEST_LENGTH..REQUEST_LENGTH + TRACE_LENGTH,
        )
    }

    fn text(&self, range: Range<usize>) -> &str {
        std::str::from_utf8(&self.letters[range]).expect("the alphabet is ASCII")
    }

    /// `fbtrace_id`: 23 characters of the base64url alphabet, the first an `A`.
    pub fn request_id(&self) -> &str {
        self.text(self.ranges().0)
    }

    /// `x-fb-trace-id`: 11 characters of the base64url alphabet.
    pub fn trace_id(&self) -> &str {
        self.text(self.ranges().1)
    }
}

impl fmt::Debug for TraceIds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TraceIds({})", self.request_id())
    }
}
