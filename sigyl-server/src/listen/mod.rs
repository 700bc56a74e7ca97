//! Connections: taken within bounds, given up when their client is too slow, and ended in order.

mod accept;
mod converse;
mod line;
mod peers;
mod tls;

pub(crate) use accept::accept;
pub(crate) use line::{Line, Underway};
pub(crate) use peers::network;
pub use tls::{Tls, TlsError};
