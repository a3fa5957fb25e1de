//! The document on daylight saving, and its pictures, are made from what the engine does.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod daylight_saving;
mod picture;
