//! Runs: begun, watched, decided, and what was found on the way.

use std::sync::Arc;

use hyper::header::HeaderValue;
use sigyl_core::Held;
use sigyl_core::access::Class;
use sigyl_core::domain::{Action, Caller, Denied, Locator, Report, RunId};
use sigyl_core::scan::render::{Origin, sarif};
use sigyl_core::wire::v1::{Deploy, Promotion, Reason, Redeploy, Release, Runs, SourceOf};

use super::servers::{NOT_SHOWN, WINDOW, begun, name, window};
use crate::app::App;
use crate::request::{Ask, LISTED_MOST};
use crate::respond::{Answer, Problem};
use crate::router::{Access, BEGUN, Doc, Method, Param, Reply, Route, fails, gives, handler, param, shows};
use crate::sse;

/// Bytes of a release: its settings and secrets.
const RELEASE: usize = 1 << 20;

/// Bytes of what names a source.
const SOURCE: usize = 2_000;

/// What a log of findings is, as content.
const SARIF_KIND: &str = "application/sarif+json";

/// Bytes of a decision.
const DECISION: usize = 16 << 10;

/// Runs that are listed when no number is asked for.
const LISTED: usize = 50;

const READ: Access = Access::Key(Action::Read);
/// What an order for a run can be answered with.
const BEGINS: &[Reply] = &[
    BEGUN,
    fails(404, "There is no such workspace or server, for this key at least."),
    fails(409, "The name belongs to another workspace."),
    fails(422, "A waiver or a grant cannot be taken."),
];

const NO_RUN: Reply = fails(404, "There is no such run, for this key at least.");

pub(crate) const ROUTES: &[Route] = &[
    Route::change(
        Method::Post,
        "/api/v1/releases",
        Access::Key(Action::Deploy),
        handler!(release),
        RELEASE_DOC,
    )
    .counts_as(Class::Deploy),
    Route::change(
        Method::Post,
        "/api/v1/servers/{name}/releases",
        Access::Key(Action::Deploy),
        handler!(again),
        AGAIN,
    )
    .counts_as(Class::Deploy),
    Route::get("/api/v1/runs", READ, handler!(list), LIST),
    Route::get("/api/v1/runs/{run}", READ, handler!(show), SHOW),
    Route::get("/api/v1/runs/{run}/report", READ, handler!(report), REPORT),
    Route::get("/api/v1/runs/{run}/report.sarif", READ, handler!(sarif_log), SARIF),
    Route::get("/api/v1/runs/{run}/source", READ, handler!(source), SOURCE_DOC),
    Route::get("/api/v1/runs/{run}/events", READ, handler!(events), EVENTS).lasting(),
    Route::change(
        Method::Post,
        "/api/v1/runs/{run}/approval",
        Access::Key(Action::Approve),
        handler!(approve),
        APPROVE,
    )
    .counts_as(Class::Deploy),
    Route::change(
        Method::Post,
        "/api/v1/runs/{run}/rejection",
        Access::Key(Action::Approve),
        handler!(reject),
        REJECT,
    ),
    Route::change(
        Method::Post,
        "/api/v1/runs/{run}/cancellation",
        Access::Key(Action::Deploy),
        handler!(cancel),
        CANCEL,
    ),
    Route::change(
        Method::Post,
        "/api/v1/runs/{run}/promotion",
        Access::Key(Action::Deploy),
        handler!(promote),
        PROMOTE,
    ),
];

const RELEASE_DOC: Doc =
    Doc::new("release", "Scans, records, builds, starts and probes a server from its source.", BEGINS)
        .takes("Release");
const AGAIN: Doc =
    Doc::new("releaseAgain", "The same for a server that exists, with its settings kept.", BEGINS)
        .takes("ReleaseAgain");
const LIST: Doc = Doc::new(
    "listRuns",
    "Lists the runs that the caller may see, newest first.",
    &[gives(
        "Runs",
        "They, and the run to go on after when there may be more: a part can hold fewer than were asked for.",
    )],
)
.asks(&[param("after", "Text", "The run after which to go on."), param("limit", "Count", "How many.")]);
const SHOW: Doc =
    Doc::new("showRun", "Shows how a run stands, with its reports.", &[gives("RunEnd", "It."), NO_RUN]);
const LIVE: &[Param] =
    &[param("live", "Switch", "What the started server says of itself, in place of its source.")];
const NO_REPORT: Reply = fails(404, "There is no such run, for this key at least, or no such report of it.");
const REPORT: Doc =
    Doc::new("showReport", "Shows what a scan of a run found.", &[gives("Report", "That."), NO_REPORT])
        .asks(LIVE);
const SARIF: Doc = Doc::new(
    "showSarif",
    "The same as a log of SARIF 2.1.0, as code hosts take it.",
    &[shows(SARIF_KIND, "The log."), NO_REPORT],
)
.asks(LIVE);
const SOURCE_DOC: Doc = Doc::new(
    "showRunSource",
    "Shows lines of a file of what a run fetched, with secrets masked as in its report.",
    &[
        gives("SourceWindow", "The lines."),
        fails(404, "There is no such run, for this key at least, its source is not kept any more, or has no such file."),
        NOT_SHOWN,
    ],
)
.asks(WINDOW);
const EVENTS: Doc = Doc::new(
    "watchRun",
    "What happens in a run, as a stream of numbered events, until it ends or waits for a decision: then comes `end`.",
    &[shows("text/event-stream", "The events."), NO_RUN],
)
.asks(&[param("after", "Number", "The last event that was seen; the header Last-Event-ID counts before it.")]);
const APPROVE: Doc = Doc::new(
    "approveRun",
    "Lets a held run pass.",
    &[BEGUN, NO_RUN, fails(409, "The run does not wait for a decision.")],
)
.takes("Decision");
const REJECT: Doc = Doc::new(
    "rejectRun",
    "Turns a held run down.",
    &[gives("Run", "How it stands."), NO_RUN, fails(409, "The run does not wait for a decision.")],
)
.takes("Decision");

const CANCEL: Doc = Doc::new(
    "cancelRun",
    "Cancels a run that is at work: what it did is taken back.",
    &[BEGUN, NO_RUN, fails(409, "The run is not at work, or is a removal.")],
);

const PROMOTE: Doc = Doc::new(
    "promoteRun",
    "Lets a version that a run tries with some new clients go on now: to a larger share, or to all. What its calls came to is \
     judged once more, and cancelRun takes it back until it takes over.",
    &[BEGUN, NO_RUN, fails(409, "The run tries no version now, was promoted already, or tries it with as many.")],
)
.takes("Promotion");

/// Reads where the code is. A key says for whom it is; what reaches into the machine that serves is for those who operate it.
fn locator(wanted: &Release, caller: &Caller) -> Result<Option<Locator>, Problem> {
    let Some(text) = &wanted.source else { return Ok(None) };
    if text.len() > SOURCE {
        return Err(Problem::invalid(format!("`source` is longer than {SOURCE} bytes")));
    }
    let locator = Locator::parse(text).map_err(|error| Problem::invalid(error.to_string()))?;
    let is_elsewhere = !locator.is_here();
    if is_elsewhere || caller.may(Action::Operate) {
        return Ok(Some(locator));
    }
    let denied = Denied::new(caller, "deploy what is on the machine of the server");
    Err(Problem::from(sigyl_core::Error::from(denied)))
}

async fn release(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let wanted: Release = ask.json(RELEASE).await?;
    if !wanted.revoke.is_empty() {
        return Err(Problem::invalid("`revoke` is for a server that exists: release it again"));
    }
    let source =
        locator(&wanted, &caller)?.ok_or_else(|| Problem::invalid("`source` says where the code is"))?;
    let deploy = Deploy {
        workspace: wanted.workspace,
        name: wanted.name,
        target: wanted.target,
        env: wanted.env,
        secrets: wanted.secrets,
        grant: wanted.grant,
        waive: wanted.waive,
        allow_scripts: wanted.allow_scripts,
        deep: wanted.deep,
        review: wanted.review,
        canary: wanted.canary,
        audience: wanted.audience,
        ..Deploy::of(source)
    };
    begun(app.core.deploy(&caller, deploy).await?)
}

async fn again(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name) = (ask.caller.clone(), name(&ask)?);
    let wanted: Release = ask.json(RELEASE).await?;
    if wanted.workspace.is_some() || wanted.name.is_some() {
        return Err(Problem::invalid("a server that exists keeps its name and its workspace"));
    }
    if wanted.target.is_some() {
        return Err(Problem::invalid("`target` is for a new server: one that exists stays where it runs"));
    }
    let redeploy = Redeploy {
        name,
        source: locator(&wanted, &caller)?,
        env: wanted.env,
        secrets: wanted.secrets,
        grant: wanted.grant,
        revoke: wanted.revoke,
        waive: wanted.waive,
        allow_scripts: wanted.allow_scripts,
        deep: wanted.deep,
        review: wanted.review,
        canary: wanted.canary,
        audience: wanted.audience,
    };
    begun(app.core.redeploy(&caller, redeploy).await?)
}

async fn list(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    let after = query.value("after", "the id of a run")?;
    let limit = query.count("limit", LISTED_MOST)?.unwrap_or(LISTED);
    let part = app.core.runs(&ask.caller, after, limit).await?;
    Answer::json(&Runs { runs: part.items, next: part.next })
}

fn id(ask: &Ask) -> Result<RunId, Problem> {
    ask.part("run", RunId::parse)
}

async fn show(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.outcome(&ask.caller, &id(&ask)?).await?)
}

async fn found(app: &App, ask: Ask) -> Result<Report, Problem> {
    let live = ask.query()?.value("live", "true or false")?.unwrap_or(false);
    let run = id(&ask)?;
    Ok(app.core.report(&ask.caller, &run, live).await?)
}

async fn report(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&found(&app, ask).await?)
}

async fn sarif_log(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let report = found(&app, ask).await?;
    let log = sarif(&report, &*app.core.rules()?, &Origin::default());
    Ok(Answer::whole(HeaderValue::from_static(SARIF_KIND), log))
}

async fn source(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (of, (path, from, lines)) = (SourceOf::Run(id(&ask)?), window(&ask)?);
    Answer::json(&app.core.source(&ask.caller, &of, &path, from, lines).await?)
}

async fn events(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (run, after) = (id(&ask)?, sse::seen(&ask)?.unwrap_or_default());
    let about = Held::Run(run.clone());
    let reader = sse::Reader { caller: ask.caller.clone(), right: Action::Read, about };
    let core = app.core.clone();
    sse::stream_of(&app, reader, move |frames| {
        Box::pin(async move { core.watch(&ask.caller, &run, after, &frames).await.map(Some) })
    })
    .await
}

async fn approve(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, run) = (ask.caller.clone(), id(&ask)?);
    let Reason { reason } = ask.json(DECISION).await?;
    begun(app.core.approve(&caller, &run, &reason).await?)
}

async fn reject(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, run) = (ask.caller.clone(), id(&ask)?);
    let Reason { reason } = ask.json(DECISION).await?;
    Answer::json(&app.core.reject(&caller, &run, &reason).await?)
}

async fn promote(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, run) = (ask.caller.clone(), id(&ask)?);
    let Promotion { to } = ask.json(DECISION).await?;
    begun(app.core.promote(&caller, &run, to).await?)
}

async fn cancel(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    begun(app.core.cancel(&ask.caller, &id(&ask)?).await?)
}
