//! What must hold for any input.
//!
//! Each target is a function that takes any bytes and panics where a property of the code does not
//! hold. libFuzzer calls it through `fuzz_targets/`, and a test with every file of `corpus/`. Inputs
//! are text wherever they can be, so that seeds and findings can be read.

mod batch;
mod credentials;
mod dispatch;
mod envelope;
mod fields;
mod hours;
mod message;
mod openstreetmap;
mod parameters;
mod server;
mod settings;
mod work;

pub use batch::batch;
pub use credentials::credentials;
pub use dispatch::dispatch;
pub use fields::fields;
pub use hours::hours;
pub use openstreetmap::openstreetmap;
pub use parameters::parameters;
pub use settings::settings;
pub use work::{READERS, Reader, read_all_patterns};

/// A target: its name, which is the name of its program and its corpus, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("parameters", parameters),
    ("fields", fields),
    ("settings", settings),
    ("batch", batch),
    ("hours", hours),
    ("openstreetmap", openstreetmap),
    ("credentials", credentials),
    ("dispatch", dispatch),
];
