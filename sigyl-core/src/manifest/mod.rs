//! Reads `sigyl.yaml` (how a server runs) and `mcp.yaml` (what it is) into one checked [`Manifest`].

mod model;

pub use model::{Build, DeclaredSecret, Health, Manifest, Runtime, SecretType, Start};
