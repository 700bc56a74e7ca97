//! A source that is chosen at GitHub: where the App is installed, a repository, a branch or a tag. Whoever answers asks GitHub.

mod chooser;
mod draw;
mod level;

pub(super) use chooser::{Chooser, Chosen};
