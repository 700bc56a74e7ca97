//! What a release is made of: a list of components (CycloneDX 1.6), from the locks that its source carries.
//!
//! What the locks do not say is not in it: no licence, no component of the base image, and no name of a registry for what
//! came from elsewhere.

mod cargo;
mod component;
mod go;
mod list;
mod npm;
mod pip;
mod uncovered;

pub use list::bom;
