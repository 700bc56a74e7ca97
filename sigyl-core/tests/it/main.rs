//! What the library promises as a whole, in one binary.
#![expect(clippy::unwrap_used, reason = "a test may stop at any failure")]

mod layering;
mod store_kill;
