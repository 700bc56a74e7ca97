//! Answers: what a handler says, and how it leaves the server.

mod answer;
mod finish;
mod problem;
mod send;

pub(crate) use answer::{Answer, Content};
pub(crate) use finish::{finish, let_pages_read, tag};
pub(crate) use problem::Problem;
pub(crate) use send::{Body, Room, respond};
