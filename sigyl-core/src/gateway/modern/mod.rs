//! The modern era over pipes: one shared process for all clients, which know nothing of each other.

mod answer;
mod board;
mod shared;

pub(super) use shared::ModernSlot;
