//! What is on record and how it stands: lists, views, logs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::place::may_on_run;
use super::quarantine::covering;
use super::{Frames, Sigyl};
use crate::deploy::Status;
use crate::domain::{
    Action, Caller, Deployment, Digest, JudgementRecord, Locator, Mask, Quarantines, Report, ReportId, Run,
    RunId, RunState, Server, ServerName, Suppressed, Verdict, VersionRecord, Waiver,
};
use crate::error::Error;
use crate::pipeline::Front as _;
use crate::scan::RuleSet;
use crate::store::{Page, StoreError};
use crate::wire::registry::Rated;
use crate::wire::v1::{FindingCounts, Frame, Observed, Owner, Part, RunEnd, ServerView, VersionView};

/// How many items are asked for at a time.
const PAGE: usize = 1_000;
/// Servers that are looked at at the same time.
const AT_ONCE: usize = 32;
/// Lines of the past of a log, and runs, that can be asked for at once.
const MOST: usize = 10_000;
/// How long another place may take to say how a server is.
const ELSEWHERE: Duration = Duration::from_secs(5);
/// Records that are looked at for one answer, whether they are shown or not.
pub(super) const LOOKED_MOST: usize = 20_000;

impl Sigyl {
    /// Tells who owns the data directory: this process.
    pub fn owner(&self, caller: &Caller) -> Result<Owner, Error> {
        caller.require(Action::Read)?;
        Ok(Owner {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            since: self.inner.since,
            endpoint: self.inner.front.base(),
            offline: self.inner.offline,
            policy: Some(self.inner.platform.settings.policy.used(self.inner.platform.clock.now())),
        })
    }

    /// Tells whether requests can be served: the store answers, and nobody asked this process to end. Says nothing of
    /// what is in the store, and so asks nobody who they are.
    pub async fn ready(&self) -> Result<bool, Error> {
        self.inner.platform.store.servers(Page::first(1)).await?;
        Ok(!self.inner.stop.is_cancelled())
    }

    /// Lists the servers that the caller may see, by name.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<ServerView>, Error> {
        caller.require(Action::Read)?;
        let (held, quarantines) = (self.held_runs().await?, self.in_force().await?);
        let (mut views, mut after) = (Vec::new(), None);
        loop {
            let page = self.inner.platform.store.servers(Page { after, limit: PAGE }).await?;
            after = page.last().filter(|_| page.len() == PAGE).map(|last| last.name.clone());
            let seen = page.into_iter().filter(|it| caller.sees(&it.workspace, &it.name));
            let looks = seen.map(|server| self.view(caller, server, &held, &quarantines));
            // Each look goes to the store and back several times, and to other places.
            let mut looked = stream::iter(looks).buffered(AT_ONCE);
            while let Some(view) = looked.try_next().await? {
                views.push(view);
            }
            if after.is_none() {
                return Ok(views);
            }
        }
    }

    /// Shows one server.
    pub async fn show(&self, caller: &Caller, name: &ServerName) -> Result<ServerView, Error> {
        let server = self.known(caller, Action::Read, name).await?;
        self.look(caller, server).await
    }

    /// Lists the versions of a server, newest first.
    pub async fn versions(&self, caller: &Caller, name: &ServerName) -> Result<Vec<VersionView>, Error> {
        let server = self.known(caller, Action::Read, name).await?;
        let (mut views, mut after) = (Vec::new(), None);
        loop {
            let page = self.inner.platform.store.versions(name, Page { after, limit: PAGE }).await?;
            after = page.last().filter(|_| page.len() == PAGE).map(|last| last.version.clone());
            for record in page {
                views.push(VersionView {
                    verdict: self.found(&record, &record.run).await?.verdict,
                    latest: record.version == server.latest,
                    active: server.active.as_ref() == Some(&record.version),
                    record,
                });
            }
            if after.is_none() {
                return Ok(views);
            }
        }
    }

    /// Tells how an instance is. That of another place is not known when the place does not say so soon: a view of all
    /// servers does not wait for one.
    async fn status_of(
        &self,
        caller: &Caller,
        name: &ServerName,
        deployment: &Deployment,
    ) -> Result<Option<Status>, Error> {
        let target = self.inner.platform.targets.of(deployment.target.as_deref());
        if deployment.elsewhere().is_none() {
            return Ok(target?.status(name, &deployment.revision).await?);
        }
        let asked = async { target?.status(name, &deployment.revision).await };
        match tokio::time::timeout(ELSEWHERE, asked).await {
            Ok(Ok(status)) => Ok(status),
            Ok(Err(error)) => {
                tracing::warn!(server.name = %name, %error, "how a server is at another place is not known");
                // What mends it names accounts and files of the installation.
                let may_know = caller.may(Action::Operate);
                let why =
                    if may_know { error.to_string() } else { "the place cannot be asked now".to_owned() };
                Ok(Some(Status::unknown(why)))
            }
            Err(_) => {
                let why = format!("no answer within {} s", ELSEWHERE.as_secs());
                Ok(Some(Status::unknown(why)))
            }
        }
    }

    /// What hides the secrets of a server in what comes as it is: what it prints elsewhere, and its source.
    pub(super) async fn mask_of(&self, name: &ServerName) -> Result<Mask, Error> {
        let platform = &self.inner.platform;
        let mut secrets = Vec::new();
        for sealed in platform.store.secrets(name).await? {
            secrets.push((sealed.name.clone(), platform.vault.reveal(&sealed)?));
        }
        Ok(Mask::all(&[platform.masks.of(name), Mask::of(secrets.iter().map(|(name, value)| (name, value)))]))
    }

    /// Lists the runs that the caller may see after a run, or from the newest on: newest first, at most `limit`. Who sees
    /// few of them is given what is among the next `LOOKED_MOST`, and where to go on.
    pub async fn runs(
        &self,
        caller: &Caller,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Part<Run, RunId>, Error> {
        caller.require(Action::Read)?;
        let (limit, mut part, mut looked) = (limit.min(MOST), Part { items: Vec::new(), next: after }, 0);
        while part.items.len() < limit && looked < LOOKED_MOST {
            let page = Page { after: part.next.take(), limit: PAGE.min(limit - part.items.len()) };
            let whole = page.limit;
            let runs = self.inner.platform.store.runs(page).await?;
            looked += runs.len();
            part.next = runs.last().filter(|_| runs.len() == whole).map(|last| last.id.clone());
            let seen = runs.into_iter().filter(|run| may_on_run(caller, Action::Read, run));
            part.items.extend(seen.map(|run| Run { seen: None, ..shown_to(caller, run) }));
            if part.next.is_none() {
                break;
            }
        }
        Ok(part)
    }

    /// Finds a run.
    pub async fn run(&self, caller: &Caller, id: &RunId) -> Result<Run, Error> {
        Ok(shown_to(caller, self.known_run(caller, Action::Read, id).await?))
    }

    /// Shows how a run stands, with its reports.
    pub async fn outcome(&self, caller: &Caller, id: &RunId) -> Result<RunEnd, Error> {
        let run = self.run(caller, id).await?;
        self.run_end(run).await
    }

    /// Returns what a scan of a run found in the source, or in what the started server says of itself.
    pub async fn report(&self, caller: &Caller, id: &RunId, live: bool) -> Result<Report, Error> {
        let end = self.outcome(caller, id).await?;
        let report = if live { end.live } else { end.report };
        report.ok_or_else(|| Error::NoReport { run: id.clone(), live })
    }

    /// Returns the rules that are in force.
    pub fn rules(&self) -> Result<Arc<RuleSet>, Error> {
        Ok(self.inner.platform.rules.get()?)
    }

    /// Reads the last lines of a server's log; with `follow`, stays and sends what comes until this process stops or
    /// the reader leaves.
    pub async fn logs(
        &self,
        caller: &Caller,
        name: &ServerName,
        lines: usize,
        follow: bool,
        frames: &Frames,
    ) -> Result<(), Error> {
        self.known(caller, Action::ReadLogs, name).await?;
        let platform = &self.inner.platform;
        let deployment = platform.store.deployment(name).await?;
        let target = platform.targets.of(deployment.as_ref().and_then(|it| it.target.as_deref()))?;
        let mut pending = target.logs(name, lines.min(MOST)).await?;
        if deployment.is_some_and(|deployment| deployment.elsewhere().is_some()) {
            let mask = self.mask_of(name).await?;
            for line in &mut pending.lines {
                line.text = mask.text(&line.text).into_owned();
            }
        }
        for line in pending.lines {
            if frames.send(Frame::Log(line)).await.is_err() {
                return Ok(());
            }
        }
        if !follow {
            return Ok(());
        }
        loop {
            tokio::select! {
                () = self.inner.stop.cancelled() => return Ok(()),
                () = frames.closed() => return Ok(()),
                line = pending.follow.recv() => match line {
                    Ok(line) => if frames.send(Frame::Log(line)).await.is_err() { return Ok(()) },
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return Ok(()),
                },
            }
        }
    }

    /// Shows a server that the caller may see.
    pub(super) async fn look(&self, caller: &Caller, server: Server) -> Result<ServerView, Error> {
        let (held, quarantines) = (self.held_runs().await?, self.in_force().await?);
        self.view(caller, server, &held, &quarantines).await
    }

    pub(super) async fn run_end(&self, run: Run) -> Result<RunEnd, Error> {
        let report = self.report_of(run.report).await?;
        let live = self.report_of(run.live).await?;
        let url = match (&run.server, run.state) {
            (Some(name), RunState::Done) if run.plan != crate::domain::Plan::Delete => self.url(name),
            _ => None,
        };
        let accepted = self.accepted(&run, report.iter().chain(&live))?;
        Ok(RunEnd { run, report, live, url, accepted })
    }

    /// The findings that the order of a run accepts. A run that takes a recorded version has the order's waivers in its own.
    fn accepted<'a>(
        &self,
        run: &Run,
        reports: impl Iterator<Item = &'a Report>,
    ) -> Result<Vec<Suppressed>, Error> {
        let corrupt = |why: serde_json::Error| StoreError::Corrupt {
            key: format!("run {}", run.id),
            why: why.to_string(),
        };
        let waivers: Vec<Waiver> = match run.request.get("waive") {
            Some(waivers) => serde_json::from_value(waivers.clone()).map_err(corrupt)?,
            None => Vec::new(),
        };
        let reports: Vec<&Report> = reports.collect();
        Ok(Suppressed::by_order(&waivers, &reports, &run.caller, self.inner.platform.clock.now()))
    }

    async fn report_of(&self, id: Option<ReportId>) -> Result<Option<Report>, Error> {
        match id {
            Some(id) => Ok(self.inner.platform.store.report(id).await?),
            None => Ok(None),
        }
    }

    /// Returns the address of a server that clients can reach now.
    fn url(&self, name: &ServerName) -> Option<String> {
        self.inner.front.upstream(name)?;
        self.inner.front.url(name)
    }

    async fn held_runs(&self) -> Result<Vec<Run>, Error> {
        let open = self.inner.platform.store.open_runs().await?;
        Ok(open.into_iter().filter(|run| run.state == RunState::Held).collect())
    }

    async fn view(
        &self,
        caller: &Caller,
        mut server: Server,
        held: &[Run],
        quarantines: &Quarantines,
    ) -> Result<ServerView, Error> {
        let store = &self.inner.platform.store;
        let mut deployment = store.deployment(&server.name).await?;
        if !caller.may_on(Action::Deploy, &server.workspace, &server.name) {
            let settings = deployment.iter_mut().map(|deployment| &mut deployment.env);
            settings.chain([&mut server.env]).for_each(hide_values);
        }
        let active = match &server.active {
            Some(version) => store.version(&server.name, version).await?,
            None => None,
        };
        let status = match &deployment {
            Some(deployment) => self.status_of(caller, &server.name, deployment).await?,
            None => None,
        };
        let health =
            self.inner.health.lock().unwrap_or_else(PoisonError::into_inner).get(&server.name).cloned();
        let drift =
            self.inner.drift.lock().unwrap_or_else(PoisonError::into_inner).get(&server.name).cloned();
        // What was seen of an instance says nothing of the one after it.
        let drift = drift.filter(|(of, _)| deployment.as_ref().is_some_and(|now| now.revision == *of));
        let (Found { verdict, counts: found, accepted }, observed) = match &active {
            Some(record) => {
                let run = deployment.as_ref().map_or(&record.run, |deployment| &deployment.run);
                (self.found(record, run).await?, self.observed(run).await?)
            }
            None => (Found::default(), None),
        };
        let quarantine = covering(quarantines, &server, active.as_ref()).cloned();
        // What is recorded and not started serves for no reason at all.
        let observed = observed.filter(|_| status.is_some());
        let overlay = store.overlay(&server.name).await?;
        let rating = Rated::of(store.rating_total(&server.name).await?);
        Ok(ServerView {
            overlay,
            rating,
            downloads: store.downloads(&server.name).await?,
            drift: drift.map(|(_, what)| what),
            url: deployment.as_ref().and_then(|_| self.url(&server.name)),
            confinement: deployment.as_ref().map(|deployment| deployment.confinement.clone()),
            held: held.iter().find(|run| run.server.as_ref() == Some(&server.name)).map(|run| run.id.clone()),
            tools: active
                .map(|record| record.tools.into_iter().map(|pin| pin.tool).collect())
                .unwrap_or_default(),
            verdict,
            found,
            accepted,
            observed,
            quarantine,
            deployment,
            status,
            health,
            server,
        })
    }

    /// What would have become of what `run` activated, had the policy stopped anything.
    async fn observed(&self, run: &RunId) -> Result<Option<Observed>, Error> {
        let judged = self.inner.platform.store.run(run).await?.and_then(|run| run.judgement);
        let stopped = judged.filter(|judged| judged.verdict >= Verdict::Hold);
        let observed = |judged: JudgementRecord| {
            judged.observed.map(|until| Observed { would_be: judged.verdict, until })
        };
        Ok(stopped.and_then(observed))
    }

    /// What was found in a version's source and in what it said when `run` started it.
    async fn found(&self, record: &VersionRecord, run: &RunId) -> Result<Found, Error> {
        let source = self.report_of(Some(record.report)).await?;
        let run = self.inner.platform.store.run(run).await?;
        let live = self.report_of(run.as_ref().and_then(|run| run.live)).await?;
        let reports: Vec<Report> = source.into_iter().chain(live).collect();
        let verdict = reports.iter().map(|report| report.verdict).max();
        let ordered = match &run {
            Some(run) => self.accepted(run, reports.iter())?,
            None => Vec::new(),
        };
        let standing = reports.iter().flat_map(|report| &report.suppressed);
        let known =
            standing.filter(|one| reports.iter().any(|it| it.findings.iter().any(|it| one.is_of(it))));
        let all = known.chain(&ordered).filter(|one| one.applied);
        let accepted: BTreeSet<Digest> = all.map(|one| one.fingerprint).collect();
        Ok(Found {
            verdict,
            counts: verdict.map(|_| FindingCounts::of(&reports)),
            accepted: accepted.len() as u64,
        })
    }
}

/// What was found in a version.
#[derive(Default)]
struct Found {
    /// The worse of the verdicts on its source and on what it said when it was started.
    verdict: Option<Verdict>,
    /// How much was found in both.
    counts: Option<FindingCounts>,
    /// How much of that is accepted.
    accepted: u64,
}

/// A run as it is shown to a caller: even sealed secrets stay inside, and values of plain settings are for those alone
/// who may set them.
pub(super) fn shown_to(caller: &Caller, mut run: Run) -> Run {
    let may_set = may_on_run(caller, Action::Deploy, &run);
    if let Some(order) = run.request.as_object_mut() {
        order.remove("sealed");
        order.remove("before");
        if let Some(env) = order.get_mut("env").and_then(Value::as_object_mut).filter(|_| !may_set) {
            env.values_mut().for_each(|value| *value = HIDDEN.into());
        }
        // A repository may have been named with a login.
        let source = order.get("source").and_then(Value::as_str);
        let open = source.and_then(|text| Locator::parse(text).ok()).map(|known| known.without_credentials());
        if let Some(open) = open {
            order.insert("source".to_owned(), Value::String(open.to_string()));
        }
    }
    run
}

/// What stands in the place of a value that is not shown.
const HIDDEN: &str = "(hidden)";

fn hide_values(settings: &mut BTreeMap<String, String>) {
    settings.values_mut().for_each(|value| HIDDEN.clone_into(value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigyl::Config;
    use crate::store::Change;
    use crate::store::contract::fixture;

    #[tokio::test]
    async fn a_version_is_judged_by_what_it_said_as_well_as_by_its_source() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        let sigyl = Sigyl::open(config).await.unwrap();
        let live = Report { verdict: Verdict::Hold, ..fixture::report("live") };
        let run = Run { live: Some(live.id()), ..fixture::run("run-1", RunState::Done) };
        for change in [
            Change::PutReport(Box::new(fixture::report("a"))),
            Change::PutReport(Box::new(live)),
            Change::PutRun(Box::new(run)),
            fixture::publish("clock", "1.0.0", "a"),
            fixture::activate("clock", "1.0.0", "a", Vec::new()),
        ] {
            sigyl.inner.platform.store.apply(change).await.unwrap();
        }
        let (caller, name) = (Caller::local_owner(), fixture::name("clock"));
        assert_eq!(sigyl.show(&caller, &name).await.unwrap().verdict, Some(Verdict::Hold));
        assert_eq!(sigyl.versions(&caller, &name).await.unwrap()[0].verdict, Some(Verdict::Hold));
        sigyl.shutdown().await;
    }
}
