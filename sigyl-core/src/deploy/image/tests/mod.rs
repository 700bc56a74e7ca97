//! Sources to build images of.

pub(in crate::deploy) mod source;
