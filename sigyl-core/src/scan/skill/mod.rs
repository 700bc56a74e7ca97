//! Files that are instructions to an agent: skills, rules of a project, commands, and the hooks beside them.
//!
//! An order is what such a file is for. What hides, steals, overrides, stays behind or takes the question away is not.

mod hook;
mod known;
mod matter;

pub(super) use hook::hooks;
pub(super) use known::{is_instructions, is_judged_as_tool, is_mild};
pub(super) use matter::matter;
