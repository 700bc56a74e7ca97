//! What findings are judged by, and what is on record judged again.

use std::sync::Arc;

use sigyl_core::access::Class;
use sigyl_core::domain::Action;
use sigyl_core::wire::v1::{PolicyText, Rescan, RescannedVersions};

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Doc, Method, Route, fails, gives, handler};

/// Bytes of a policy, and of names.
const POLICY: usize = 2 << 20;

const READ: Access = Access::Key(Action::Read);

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/api/v1/policy", READ, handler!(show), SHOW),
    Route::change(Method::Post, "/api/v1/policy/test", READ, handler!(test), TEST),
    Route::change(Method::Post, "/api/v1/rescans", Access::Key(Action::Operate), handler!(rescan), RESCAN)
        .counts_as(Class::Deploy)
        .lasting(),
];

const SHOW: Doc =
    Doc::new("showPolicy", "Shows the policy that this server judges by.", &[gives("Policy", "It.")]);
const TEST: Doc = Doc::new(
    "testPolicy",
    "Tells what another policy would make of the versions on record that the caller may see; it changes nothing.",
    &[gives("PolicyTest", "What it would.")],
)
.takes("PolicyText");
const RESCAN: Doc = Doc::new(
    "rescan",
    "Judges kept sources by the rules and the policy of today, and records what was found.",
    &[gives("Rescanned", "What became of each version."), fails(404, "There is no such server.")],
)
.takes("Rescan");

async fn show(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.policy(&ask.caller)?)
}

async fn test(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let PolicyText { file, text } = ask.json(POLICY).await?;
    Answer::json(&app.core.test_policy(&caller, &file, &text).await?)
}

async fn rescan(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let Rescan { names, running } = ask.json(POLICY).await?;
    Answer::json(&RescannedVersions { versions: app.core.rescan(&caller, &names, running).await? })
}
