//! Connections: taken within bounds, given up when their client is too slow, and ended in order.

mod accept;
mod converse;
mod line;
mod peers;

pub(crate) use accept::accept;
pub(crate) use line::{Line, Underway};
