//! How the end of a run is shown.

use sigyl_core::wire::v1::RunEnd;

use super::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;

/// Shows the end: findings and notices to standard error, and on standard output what the command is for, which is
/// the address alone, or the document.
pub(super) fn show(end: &RunEnd, cx: &mut Context) -> Result<Exit, Problem> {
    cx.output.tell(&render::run_end(end, &cx.told, &cx.output.err_look));
    if cx.output.is_json() {
        cx.output.document("sigyl.run/1", end)?;
    } else if let Some(url) = &end.url {
        cx.output.print(&format!("{}\n", render::specimen(url)))?;
    }
    Ok(Exit::of_run(&end.run, [&end.report, &end.live].into_iter().flatten()))
}
