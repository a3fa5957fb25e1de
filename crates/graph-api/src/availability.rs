//! The edge `messenger_call_availability` (ours): whether a Page takes a call at an instant, and
//! until when or from when on.

mod field;
mod payload;
mod request;

pub use field::AvailabilityField;
pub use payload::{
    AvailabilityList, AvailabilityReasonName, MessengerCallAvailabilityPayload, OpenIntervalPayload,
};
pub use request::{AvailabilityRequest, LONGEST_SPAN_DAYS};
