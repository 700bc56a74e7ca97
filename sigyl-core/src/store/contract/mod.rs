//! What every store promises, as a suite that each backend runs against itself. A broken promise is a panic.

mod access;
mod activate;
mod audit;
mod delete;
mod deliveries;
mod documents;
pub mod fixture;
mod follows;
mod limits;
mod listing;
mod once;
mod publish;
mod quarantine;
mod said;
mod suite;

pub use suite::run;
