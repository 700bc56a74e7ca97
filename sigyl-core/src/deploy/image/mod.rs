//! What targets on other machines have in common: how a tree becomes an image (`dockerfile`), how a server of standard
//! input and output speaks HTTP there (`bridge`), and what a server and its instances are called (`names`).

pub(super) mod bridge;
pub(super) mod dockerfile;
mod names;
#[cfg(test)]
pub(super) mod tests;

pub use names::Names;
