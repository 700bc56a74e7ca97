//! The operations, by noun: each decodes, makes one call to the core, and encodes.

pub(crate) mod health;
