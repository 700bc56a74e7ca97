//! Servers: what is on record, how it stands, and what is done to it.

use serde_json::Value;

use super::call::Call;
use super::operation::{
    CALL_TOOL, COUNT_CALLS, COUNT_SESSIONS, DELETE_SERVER, LIST_SERVERS, LIST_VERSIONS, MEASURE_SERVER,
    PROBE_SERVER, READ_CALLS, READ_LOGS, RECONFIGURE, ROLL_BACK, SHOW_SERVER, SHOW_SOURCE, TRANSFER_SERVER,
};
use super::told::{Listener, Picked, Silent, Told, data};
use super::{Client, ClientError};
use crate::deploy::LogLine;
use crate::domain::{RunId, ServerName, Version, WorkspaceName};
use crate::mcp::Probe;
use crate::store::CallRecord;
use crate::wire::v1::{
    Begun, CallCount, CallCounts, Rollback, ServerView, Servers, SessionCounts, Settings, SourceWindow,
    Transfer, UsageView, VersionView, Versions,
};

/// What an address calls the version that serves; no version has this name.
const ACTIVE: &str = "active";

impl Client {
    /// Tells how many calls there were, by caller, server and tool, since the server began.
    pub async fn call_counts(&self) -> Result<Vec<CallCount>, ClientError> {
        self.all(Call::of(COUNT_CALLS), |part: CallCounts| (part.counts, part.next)).await
    }

    /// Tells how many sessions are open at the server's endpoint now, by server and caller.
    pub async fn session_counts(&self) -> Result<SessionCounts, ClientError> {
        self.ask(Call::of(COUNT_SESSIONS)).await
    }

    /// Lists the servers that the key may see.
    pub async fn servers(&self) -> Result<Vec<ServerView>, ClientError> {
        self.all(Call::of(LIST_SERVERS), |part: Servers| (part.servers, part.next)).await
    }

    /// Shows a server.
    pub async fn server(&self, name: &ServerName) -> Result<ServerView, ClientError> {
        self.ask(Call::of(SHOW_SERVER).part(name)).await
    }

    /// Removes a server; `confirm` is its name, typed by a person.
    pub async fn delete_server(&self, name: &ServerName, confirm: &str) -> Result<RunId, ClientError> {
        self.ask::<Begun>(Call::of(DELETE_SERVER).part(name).asks("confirm", confirm)).await.map(|it| it.run)
    }

    /// Lists the versions of a server, newest first.
    pub async fn versions(&self, name: &ServerName) -> Result<Vec<VersionView>, ClientError> {
        self.all(Call::of(LIST_VERSIONS).part(name), |part: Versions| (part.versions, part.next)).await
    }

    /// Shows lines of a file of the kept source of a version, from line `from` on: of the one that serves, else the latest,
    /// when none is named.
    pub async fn source(
        &self,
        name: &ServerName,
        version: Option<&Version>,
        path: &str,
        from: u32,
        lines: u32,
    ) -> Result<SourceWindow, ClientError> {
        let version = version.map_or(ACTIVE, Version::as_str);
        let call = Call::of(SHOW_SOURCE).part(name).part(version);
        self.ask(call.asks("path", path).asks("from", from).asks("lines", lines)).await
    }

    /// Lets an earlier version serve again: the one before the present one when none is named.
    pub async fn roll_back(&self, name: &ServerName, version: Option<Version>) -> Result<RunId, ClientError> {
        let call = Call::of(ROLL_BACK).part(name).json(&Rollback { version })?;
        self.ask::<Begun>(call).await.map(|it| it.run)
    }

    /// Starts the version that serves anew, with other settings or limits, or with the same.
    pub async fn reconfigure(&self, name: &ServerName, settings: &Settings) -> Result<RunId, ClientError> {
        let call = Call::of(RECONFIGURE).part(name).json(settings)?;
        self.ask::<Begun>(call).await.map(|it| it.run)
    }

    /// Gives a server to another workspace.
    pub async fn transfer(&self, name: &ServerName, to: &WorkspaceName) -> Result<(), ClientError> {
        self.done(Call::of(TRANSFER_SERVER).part(name).json(&Transfer { workspace: to.clone() })?).await
    }

    /// Reads the log of a server: `limit` lines of the past, and with `follow` what comes.
    pub fn logs(&self, name: &ServerName, limit: usize, follow: bool) -> Told<LogLine> {
        let call = Call::of(READ_LOGS).part(name).asks("limit", limit).asks("follow", follow);
        Told::of(Listener::new(self, call, silence(follow)), |event| match event.event.as_str() {
            "log" => data(READ_LOGS.id, event).map(Picked::Piece),
            _ => Ok(Picked::Nothing),
        })
    }

    /// Reads the calls of a server's tools: `limit` of the past, and with `follow` what comes.
    pub fn calls(&self, name: &ServerName, limit: usize, follow: bool) -> Told<CallRecord> {
        let call = Call::of(READ_CALLS).part(name).asks("limit", limit).asks("follow", follow);
        Told::of(Listener::new(self, call, silence(follow)), |event| match event.event.as_str() {
            "call" => data(READ_CALLS.id, event).map(Picked::Piece),
            _ => Ok(Picked::Nothing),
        })
    }

    /// Tells what was measured of a server where it runs, in the last `since` seconds.
    pub async fn usage(&self, name: &ServerName, since: u64) -> Result<UsageView, ClientError> {
        self.ask(Call::of(MEASURE_SERVER).part(name).asks("since", since)).await
    }

    /// Asks a running server what it is.
    pub async fn probe(&self, name: &ServerName) -> Result<Probe, ClientError> {
        self.ask(Call::of(PROBE_SERVER).part(name)).await
    }

    /// Calls a tool of a running server.
    pub async fn call(&self, name: &ServerName, tool: &str, arguments: &Value) -> Result<Value, ClientError> {
        self.ask(Call::of(CALL_TOOL).part(name).part(tool).json(arguments)?.long()).await
    }
}

/// Whoever stays does not go by itself; lines have no numbers, so that nobody could say where to go on.
fn silence(follow: bool) -> Silent {
    if follow { Silent::CutOff } else { Silent::Over }
}
