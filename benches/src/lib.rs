//! One bench per promise: see the folder `benches`. What the detection is measured with stands here.

pub mod detection;
pub mod learning;
