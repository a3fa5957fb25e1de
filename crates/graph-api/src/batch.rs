//! Batches: many operations in one request (documented).
//!
//! This module reads a batch, puts the values of earlier answers in the place of references, and
//! writes the answers. Running an operation is the caller's part: it is an ordinary request.

mod operation;
mod reference;
mod response;

pub use operation::{BatchOperation, BatchPlan, MAX_BATCH_OPERATIONS, OperationSlot};
pub use response::{BatchAnswer, HeaderPair, write_answers};
