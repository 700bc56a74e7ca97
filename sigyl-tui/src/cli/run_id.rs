//! Which run is meant: its whole id, or the beginning that `sigyl runs` shows.

use sigyl_core::domain::{Kind, Run, RunId};
use sigyl_core::wire::v1::{Frame, Request};

use crate::link::{Answer as _, Link};
use crate::problem::Problem;

/// How many runs are searched for a beginning.
const SEARCHED: usize = 1000;
/// Characters of a whole id.
const WHOLE: usize = 36;

/// Finds the run whose id begins with `text`.
pub(super) async fn find(text: &RunId, link: &Link) -> Result<RunId, Problem> {
    if text.as_str().len() >= WHOLE {
        return Ok(text.clone());
    }
    let runs = Vec::<Run>::take(link.call(Request::Runs { limit: SEARCHED }, &mut |_: Frame| {}).await?)?;
    let mut matching = runs.iter().filter(|run| run.id.as_str().starts_with(text.as_str()));
    match (matching.next(), matching.next()) {
        (Some(run), None) => Ok(run.id.clone()),
        (Some(_), Some(_)) => Err(Problem::failed(
            "E0010",
            Kind::Conflict,
            format!("more than one run begins with {text}"),
            "write more of its id; `sigyl runs` shows enough to tell runs apart",
        )),
        (None, _) => Err(Problem::failed(
            "E0010",
            Kind::NotFound,
            format!("none of the last {SEARCHED} runs begins with {text}"),
            "`sigyl runs` lists them; an older run is named by its whole id",
        )),
    }
}
