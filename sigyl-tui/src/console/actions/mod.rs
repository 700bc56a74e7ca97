//! What can be done, as a table: each action has fields, makes a request of them, and says what becomes of the answer. The
//! palette lists the table, screens start rows of it with what is selected, and a test holds it against the operations of
//! the server.

mod access;
mod action;
mod asked;
mod branches;
mod given;
mod judging;
mod registry;
mod servers;
mod table;

pub(super) use action::{Action, Does, Field, FieldKind};
pub(super) use given::{Given, Wrong};
pub(super) use servers::{deploy, is_set, source};
pub(super) use table::{all, find};
