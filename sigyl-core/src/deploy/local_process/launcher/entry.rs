//! The door through which a binary becomes a launcher.

use super::{confine, keeper};

/// First argument that makes the binary a keeper.
pub(in super::super) const KEEP: &str = "__sigyl-keep";
/// First argument that makes it the confined stage.
pub(super) const CONFINE: &str = "__sigyl-confine";

/// Becomes a launcher if this process was started as one, and then never returns.
///
/// Call it first in `main`, before threads, signal handlers or a runtime: the local target starts every server
/// through the binary that [`LocalConfig`](super::super::LocalConfig) names.
#[expect(clippy::exit, reason = "a launcher has no caller to return to")]
pub fn run_if_asked() {
    let asked = std::env::args_os().nth(1);
    match asked.as_ref().and_then(|word| word.to_str()) {
        Some(KEEP) => std::process::exit(keeper::run()),
        Some(CONFINE) => std::process::exit(confine::run()),
        _ => {}
    }
}
