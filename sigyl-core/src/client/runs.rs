//! Runs: begun, watched, decided.

use super::call::Call;
use super::operation::{
    APPROVE_RUN, CANCEL_RUN, LIST_RUNS, PROMOTE_RUN, REJECT_RUN, RELEASE, RELEASE_AGAIN, SHOW_REPORT,
    SHOW_RUN, SHOW_RUN_SOURCE, SHOW_SARIF, UPLOAD_SOURCE, WATCH_RUN,
};
use super::told::{Listener, Picked, Silent, Told, data};
use super::{Client, ClientError};
use crate::domain::{Digest, Report, Run, RunId, Seq, ServerName};
use crate::event::Event;
use crate::wire::v1::{Begun, Promotion, Reason, Release, RunEnd, Runs, SourceWindow, Uploaded};

/// What is told of a run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RunNews {
    /// Something happened in it.
    Event(Box<Event>),
    /// It is over, or waits for a decision: nothing is told after this.
    End(Box<RunEnd>),
}

impl Client {
    /// Sends a `.tar.gz`, as [`crate::source::SourceTree::pack`] makes it, to be released within an hour.
    pub async fn upload(&self, packed: Vec<u8>) -> Result<Uploaded, ClientError> {
        let digest = Digest::of(&packed);
        self.ask(Call::of(UPLOAD_SOURCE).asks("digest", digest).archive(packed).long()).await
    }

    /// Scans, records, builds, starts and probes a new server, or one of that name.
    pub async fn release(&self, release: &Release) -> Result<RunId, ClientError> {
        self.ask::<Begun>(Call::of(RELEASE).json(release)?).await.map(|it| it.run)
    }

    /// The same for a server that exists, with its settings kept.
    pub async fn release_again(&self, name: &ServerName, release: &Release) -> Result<RunId, ClientError> {
        self.ask::<Begun>(Call::of(RELEASE_AGAIN).part(name).json(release)?).await.map(|it| it.run)
    }

    /// Lists the runs that the key may see, newest first.
    pub async fn runs(&self, limit: usize) -> Result<Vec<Run>, ClientError> {
        self.ask::<Runs>(Call::of(LIST_RUNS).asks("limit", limit)).await.map(|it| it.runs)
    }

    /// Shows how a run stands, with its reports.
    pub async fn run(&self, run: &RunId) -> Result<RunEnd, ClientError> {
        self.ask(Call::of(SHOW_RUN).part(run)).await
    }

    /// Returns what a scan of a run found in the source, or in what the started server says of itself.
    pub async fn report(&self, run: &RunId, live: bool) -> Result<Report, ClientError> {
        self.ask(Call::of(SHOW_REPORT).part(run).asks("live", live)).await
    }

    /// Shows lines of a file of what a run fetched, from line `from` on.
    pub async fn run_source(
        &self,
        run: &RunId,
        path: &str,
        from: u32,
        lines: u32,
    ) -> Result<SourceWindow, ClientError> {
        let call = Call::of(SHOW_RUN_SOURCE).part(run);
        self.ask(call.asks("path", path).asks("from", from).asks("lines", lines)).await
    }

    /// The same as a log of SARIF 2.1.0, as code hosts take it.
    pub async fn sarif(&self, run: &RunId, live: bool) -> Result<String, ClientError> {
        self.text(Call::of(SHOW_SARIF).part(run).asks("live", live)).await
    }

    /// Follows a run from an event on. When the connection breaks, it is taken up after the last event that came.
    pub fn watch(&self, run: &RunId, after: Seq) -> Told<RunNews> {
        let call = Call::of(WATCH_RUN).part(run).asks("after", after.0);
        Told::of(Listener::new(self, call, Silent::Again), |event| match event.event.as_str() {
            "event" => Ok(Picked::Piece(RunNews::Event(data(WATCH_RUN.id, event)?))),
            "end" => Ok(Picked::Last(RunNews::End(data(WATCH_RUN.id, event)?))),
            _ => Ok(Picked::Nothing),
        })
    }

    /// Lets a held run pass.
    pub async fn approve(&self, run: &RunId, reason: &str) -> Result<RunId, ClientError> {
        let call = Call::of(APPROVE_RUN).part(run).json(&Reason { reason: reason.to_owned() })?;
        self.ask::<Begun>(call).await.map(|it| it.run)
    }

    /// Cancels a run that is at work.
    pub async fn cancel(&self, run: &RunId) -> Result<RunId, ClientError> {
        self.ask::<Begun>(Call::of(CANCEL_RUN).part(run)).await.map(|it| it.run)
    }

    /// Lets a version that a run tries go on now, to a larger share of new clients or to all of them.
    pub async fn promote(&self, run: &RunId, to: Option<u8>) -> Result<RunId, ClientError> {
        let call = Call::of(PROMOTE_RUN).part(run).json(&Promotion { to })?;
        self.ask::<Begun>(call).await.map(|it| it.run)
    }

    /// Turns a held run down.
    pub async fn reject(&self, run: &RunId, reason: &str) -> Result<Run, ClientError> {
        self.ask(Call::of(REJECT_RUN).part(run).json(&Reason { reason: reason.to_owned() })?).await
    }
}
