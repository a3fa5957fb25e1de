//! The decision held against others: a slow second implementation, and answers of Python's zoneinfo.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod random_hours;
mod second_opinion;
mod zoneinfo_table;
