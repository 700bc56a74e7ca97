//! Learns the weights of the scanner's learned signal, and shows how they do on texts that were not learned.

mod learn;
mod read;
mod show;

pub use learn::Weights;
pub use read::{Text, read_texts};
pub use show::tell;
