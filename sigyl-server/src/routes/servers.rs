//! Servers: what is on record, how it stands, and what is done to it.

use std::sync::Arc;

use hyper::StatusCode;
use serde_json::Value;
use sigyl_core::Held;
use sigyl_core::access::Class;
use sigyl_core::domain::{Action, RunId, ServerName, Version, Window};
use sigyl_core::wire::v1::{
    Begun, CallCounts, Reconfigure, Rollback, Servers, Settings, SourceOf, Transfer, Versions,
};

use crate::app::App;
use crate::request::{Ask, LISTED_MOST, newest_first};
use crate::respond::{Answer, Problem};
use crate::router::{
    Access, BEGUN, DONE, Doc, Method, PARTS, Param, Route, fails, gives, handler, param, shows,
};
use crate::sse;

/// Bytes of a body that names something.
const SMALL: usize = 16 << 10;

/// Bytes of settings.
const SETTINGS: usize = 1 << 20;

/// Bytes of the arguments of a call.
const ARGUMENTS: usize = 1 << 20;

/// Lines or calls of the past when no number is asked for.
const PAST: usize = 100;

/// Lines of a file when no number is asked for.
const WINDOW_LINES: u32 = 200;

const READ: Access = Access::Key(Action::Read);

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/api/v1/servers", READ, handler!(list), LIST),
    Route::get("/api/v1/servers/{name}", READ, handler!(show), SHOW),
    Route::change(
        Method::Delete,
        "/api/v1/servers/{name}",
        Access::Key(Action::Delete),
        handler!(delete),
        DELETE,
    )
    .counts_as(Class::Deploy),
    Route::get("/api/v1/servers/{name}/versions", READ, handler!(versions), VERSIONS),
    Route::get("/api/v1/servers/{name}/versions/{version}/source", READ, handler!(source), SOURCE),
    Route::change(
        Method::Post,
        "/api/v1/servers/{name}/rollback",
        Access::Key(Action::Deploy),
        handler!(rollback),
        ROLLBACK,
    )
    .counts_as(Class::Deploy),
    Route::change(
        Method::Post,
        "/api/v1/servers/{name}/reconfigure",
        Access::Key(Action::Deploy),
        handler!(reconfigure),
        RECONFIGURE,
    )
    .counts_as(Class::Deploy),
    Route::change(
        Method::Put,
        "/api/v1/servers/{name}/workspace",
        Access::Key(Action::Manage),
        handler!(transfer),
        TRANSFER,
    ),
    Route::get("/api/v1/servers/{name}/logs", Access::Key(Action::ReadLogs), handler!(logs), LOGS).lasting(),
    Route::get("/api/v1/servers/{name}/metrics", Access::Key(Action::ReadLogs), handler!(usage), USAGE),
    Route::get("/api/v1/calls", Access::Key(Action::ReadLogs), handler!(counts), COUNTS),
    Route::get("/api/v1/sessions", Access::Key(Action::ReadLogs), handler!(sessions), SESSIONS),
    Route::get("/api/v1/servers/{name}/calls", Access::Key(Action::ReadLogs), handler!(calls), CALLS)
        .lasting(),
    Route::change(
        Method::Post,
        "/api/v1/servers/{name}/probe",
        Access::Key(Action::Probe),
        handler!(probe),
        PROBE,
    ),
    Route::change(
        Method::Post,
        "/api/v1/servers/{name}/tools/{tool}",
        Access::Key(Action::Call),
        handler!(call),
        CALL,
    )
    .lasting(),
];

pub(super) const NO_SERVER: crate::router::Reply =
    fails(404, "There is no such server, for this key at least.");
const NOT_RUNNING: crate::router::Reply = fails(409, "The server does not run.");
const NO_ANSWER: crate::router::Reply = fails(502, "The server does not answer as it should.");

const FOLLOWED: &[Param] = &[
    param("limit", "Count", "How much of the past."),
    param("follow", "Switch", "Whether to stay, and be sent what comes."),
];

const LIST: Doc = Doc::new(
    "listServers",
    "Lists the servers that the caller may see, by name.",
    &[gives("Servers", "They.")],
)
.asks(PARTS);
const SHOW: Doc = Doc::new("showServer", "Shows a server.", &[gives("Server", "It."), NO_SERVER]);
const DELETE: Doc = Doc::new(
    "deleteServer",
    "Removes a server with its records. Its versions never come back with other content.",
    &[BEGUN, NO_SERVER],
)
.asks(&[param("confirm", "Text", "The name of the server, once more.")]);
const VERSIONS: Doc = Doc::new(
    "listVersions",
    "Lists the versions of a server, newest first.",
    &[gives("Versions", "They."), NO_SERVER],
)
.asks(PARTS);
pub(super) const WINDOW: &[Param] = &[
    param("path", "Text", "The file, by its path inside the source."),
    param("from", "Count", "The first line, from 1, which is meant when absent."),
    param("lines", "Count", "How many lines, 200 when absent, and at most 2 000."),
];
pub(super) const NOT_SHOWN: crate::router::Reply = fails(
    409,
    "The file is no text in UTF-8, is too large, or holds a secret that cannot be masked for sure.",
);
const SOURCE: Doc = Doc::new(
    "showSource",
    "Shows lines of a file of the kept source of a version, with secrets masked as in its report. `active` is the version \
     that serves, else the latest.",
    &[
        gives("SourceWindow", "The lines."),
        fails(404, "There is no such server or version, for this key at least, its source is not kept any more, or has no such file."),
        NOT_SHOWN,
    ],
)
.asks(WINDOW);
const ROLLBACK: Doc =
    Doc::new("rollBack", "Lets an earlier version serve again.", &[BEGUN, NO_SERVER]).takes("Rollback");
const RECONFIGURE: Doc = Doc::new(
    "reconfigureServer",
    "Starts the version that serves anew, with other settings or limits, or with the same. Nothing is built again that \
     is still there.",
    &[BEGUN, NO_SERVER],
)
.takes("Settings");
const TRANSFER: Doc = Doc::new(
    "transferServer",
    "Gives a server to another workspace.",
    &[DONE, NO_SERVER, fails(409, "It cannot go there.")],
)
.takes("Transfer");
const LOGS: Doc = Doc::new(
    "readLogs",
    "The log of a server, as a stream of events `log`.",
    &[shows("text/event-stream", "The lines."), NO_SERVER],
)
.asks(FOLLOWED);
const USAGE: Doc = Doc::new(
    "measureServer",
    "What was measured of a server where it runs. What was not measured is null, and never zero.",
    &[gives("Usage", "It."), NO_SERVER, NOT_RUNNING, fails(502, "The place where it runs does not tell it.")],
)
.asks(&[param("since", "Span", "Seconds before now that are asked about; 3600 when absent.")]);
const COUNTS: Doc = Doc::new(
    "countCalls",
    "How many calls there were by caller, server and tool since the server began, of what the caller may see.",
    &[gives("CallCounts", "The counts. Of very many callers and tools, the rest is counted as `(other)`.")],
)
.asks(PARTS);
const SESSIONS: Doc = Doc::new(
    "countSessions",
    "How many sessions are open at the endpoint now, by server and caller, of what the caller may see.",
    &[gives("SessionCounts", "The counts, the most first. Of very many, the rest is counted in `others`.")],
);
const CALLS: Doc = Doc::new(
    "readCalls",
    "The calls of a server's tools, as a stream of events `call`: never what they say.",
    &[shows("text/event-stream", "The calls."), NO_SERVER],
)
.asks(FOLLOWED);
const PROBE: Doc = Doc::new(
    "probeServer",
    "Asks a running server what it is; calls no tool.",
    &[gives("Probe", "What it said."), NO_SERVER, NOT_RUNNING, NO_ANSWER],
);
const CALL: Doc = Doc::new(
    "callTool",
    "Calls a tool of a running server.",
    &[gives("Anything", "What the tool gave."), NO_SERVER, NOT_RUNNING, NO_ANSWER],
)
.takes("Arguments");

/// Answers that a run was begun.
pub(super) fn begun(run: RunId) -> Result<Answer, Problem> {
    Ok(Answer::json(&Begun::of(run))?.status(StatusCode::ACCEPTED))
}

/// Reads the name of a server from the address.
pub(super) fn name(ask: &Ask) -> Result<ServerName, Problem> {
    ask.part("name", ServerName::parse)
}

async fn list(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let part = ask.query()?.part("servers")?;
    let (servers, next) = part.of(app.core.list(&ask.caller).await?, |one| one.server.name.to_string());
    Answer::json(&Servers { servers, next })
}

async fn show(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.show(&ask.caller, &name(&ask)?).await?)
}

async fn delete(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    let confirmed = query.text("confirm").unwrap_or_default();
    begun(app.core.delete(&ask.caller, name(&ask)?, confirmed).await?)
}

async fn versions(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let part = ask.query()?.part("versions")?;
    let (versions, next) = part.of(app.core.versions(&ask.caller, &name(&ask)?).await?, |one| {
        newest_first(one.record.recorded, &one.record.version)
    });
    Answer::json(&Versions { versions, next })
}

/// Which lines of which file are asked for.
pub(super) fn window(ask: &Ask) -> Result<(String, u32, u32), Problem> {
    let query = ask.query()?;
    // Who may see nothing here is told of no file: the core looks at the path, after it knows who asks.
    let path = query.text("path").unwrap_or_default();
    let from = query.value("from", "the number of a line")?.unwrap_or(1);
    Ok((path.to_owned(), from, query.value("lines", "a number of lines")?.unwrap_or(WINDOW_LINES)))
}

async fn source(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let version = match ask.text("version")?.as_str() {
        "active" => None,
        _ => Some(ask.part("version", Version::parse)?),
    };
    let (of, (path, from, lines)) = (SourceOf::Version { name: name(&ask)?, version }, window(&ask)?);
    Answer::json(&app.core.source(&ask.caller, &of, &path, from, lines).await?)
}

async fn rollback(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name) = (ask.caller.clone(), name(&ask)?);
    let Rollback { version } = ask.json(SMALL).await?;
    begun(app.core.rollback(&caller, name, version).await?)
}

async fn reconfigure(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name) = (ask.caller.clone(), name(&ask)?);
    let settings: Settings = ask.json(SETTINGS).await?;
    begun(app.core.reconfigure(&caller, Reconfigure { name, settings }).await?)
}

async fn transfer(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name) = (ask.caller.clone(), name(&ask)?);
    let Transfer { workspace } = ask.json(SMALL).await?;
    app.core.transfer(&caller, &name, &workspace).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// How much of the past is asked for, and whether to stay.
fn followed(ask: &Ask) -> Result<(usize, bool), Problem> {
    let query = ask.query()?;
    let limit = query.count("limit", LISTED_MOST)?.unwrap_or(PAST);
    Ok((limit, query.value("follow", "true or false")?.unwrap_or(false)))
}

fn log_reader(ask: &Ask, name: &ServerName) -> sse::Reader {
    let about = Held::Server(name.clone());
    sse::Reader { caller: ask.caller.clone(), right: Action::ReadLogs, about }
}

async fn logs(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (name, (limit, follow)) = (name(&ask)?, followed(&ask)?);
    let (core, reader) = (app.core.clone(), log_reader(&ask, &name));
    sse::stream_of(&app, reader, move |frames| {
        Box::pin(async move { core.logs(&ask.caller, &name, limit, follow, &frames).await.map(|()| None) })
    })
    .await
}

async fn usage(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let since = ask.query()?.value("since", "a number of seconds")?.unwrap_or(Window::USUAL.as_secs());
    Answer::json(&app.core.usage(&ask.caller, &name(&ask)?, since).await?)
}

async fn counts(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let part = ask.query()?.part("calls")?;
    let (counts, next) = part.of(app.core.call_counts(&ask.caller).await?, |one| {
        format!("{}\n{}\n{}", one.server, one.caller, one.tool)
    });
    Answer::json(&CallCounts { counts, next })
}

async fn sessions(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.session_counts(&ask.caller).await?)
}

async fn calls(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (name, (limit, follow)) = (name(&ask)?, followed(&ask)?);
    let (core, reader) = (app.core.clone(), log_reader(&ask, &name));
    sse::stream_of(&app, reader, move |frames| {
        Box::pin(async move { core.calls(&ask.caller, &name, limit, follow, &frames).await.map(|()| None) })
    })
    .await
}

async fn probe(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.probe(&ask.caller, &name(&ask)?).await?)
}

async fn call(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name, tool) = (ask.caller.clone(), name(&ask)?, ask.text("tool")?);
    let arguments: Value = ask.json(ARGUMENTS).await?;
    Answer::json(&app.core.call(&caller, &name, &tool, arguments).await?)
}
