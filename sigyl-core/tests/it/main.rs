//! What the library promises as a whole, in one binary.

mod layering;
mod store_kill;
