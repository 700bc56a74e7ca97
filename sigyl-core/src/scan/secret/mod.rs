//! Credentials by the form their vendors give them: one table for what is found and for what evidence masks.
//!
//! A [`Finder`] looks for the fixed part of every form in one pass and reads the rest from there, each form in bounded
//! steps. What a credential is worth follows from its checksum or structure where the form has one, and from what stands
//! around it.

mod anchors;
mod aside;
mod assigned;
mod dummy;
mod finder;
mod form;
mod judge;
mod known;
mod mark;
mod named;
mod shapes;

pub(super) use anchors::{Anchor, anchors, literals, words};
pub(super) use aside::is_aside;
pub(super) use assigned::{Assigned, assignments};
pub(super) use dummy::{entropy, is_made_up, is_placeholder};
pub(super) use finder::{Finder, Found as FoundCredential};
pub(super) use form::Worth;
pub(super) use named::{NameKind, kind_of_name, vendor_of};
pub(super) use shapes::begins_like_a_shape;
