//! The modern era over pipes: one shared process for all clients, which know nothing of each other.

mod answer;
mod board;
mod process;

pub(super) use process::ModernSlot;
