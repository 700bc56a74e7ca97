//! Answers: what a handler says, and how it leaves the server.

mod answer;
mod problem;
mod send;

pub(crate) use answer::{Answer, Content};
pub(crate) use problem::Problem;
pub(crate) use send::{Body, respond};
