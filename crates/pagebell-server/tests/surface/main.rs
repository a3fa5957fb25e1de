//! The Graph surface through `dispatch`: no socket, a frozen clock, a store in memory.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod access;
mod availability;
mod batch;
mod clock_control;
mod conditions;
mod copies;
mod debug_token;
mod faults;
mod harness;
mod history;
mod isolation;
mod large_answers;
mod last_instant;
mod mutated_updates;
mod openapi;
mod page;
mod read;
mod reference_profile;
mod refusals;
mod slow_store;
mod unfinished;
mod update;
