//! One bench per promise: see the folder `benches`.
