//! Another policy, tried on what is on record.

use std::collections::{BTreeMap, BTreeSet};

use super::Sigyl;
use super::judge::{Kept, PAGE};
use super::place::may_on_run;
use crate::domain::{Action, Caller, Digest, Policy, ReportId, Run, RunState, ServerName, Timestamp};
use crate::error::Error;
use crate::pipeline::Order;
use crate::scan::policy::{self, PolicyRead};
use crate::store::{Page, StoreError};
use crate::wire::v1::{PolicyChange, PolicyTest};

impl Sigyl {
    /// Judges every version on record that the caller may see by another policy, from the reports that are kept, and tells what would change.
    pub async fn test_policy(&self, caller: &Caller, file: &str, text: &str) -> Result<PolicyTest, Error> {
        caller.require(Action::Read)?;
        let now = self.inner.platform.clock.now();
        let PolicyRead { policy: new, .. } = self.read_policy(file, text, now).await?;
        let mut test = PolicyTest {
            policy: new.used(now),
            versions: 0,
            stopped: 0,
            unread: Vec::new(),
            changes: Vec::new(),
        };
        let mut recorded = BTreeSet::new();
        let mut sight = self.sight(caller);
        for name in self.names().await? {
            if !sight.shows(&name).await? {
                continue;
            }
            let running = self.inner.platform.store.deployment(&name).await?.map(|it| it.version);
            for record in self.records(&name).await? {
                recorded.insert((name.clone(), record.source.digest));
                let version = record.version.clone();
                let Some(kept) = self.kept(&record).await? else {
                    test.unread.push(format!("{name} {version}: its report is gone"));
                    continue;
                };
                test.versions += 1;
                let running = running.as_ref() == Some(&version);
                let change = self.changed(&kept, &name, &new, now);
                test.changes.extend(change.map(|it| PolicyChange { version: Some(version), running, ..it }));
            }
        }
        for (name, run) in self.stopped_runs(&recorded).await? {
            if !may_on_run(caller, Action::Read, &run) {
                continue;
            }
            let Some(kept) = self.kept_of(&run).await? else {
                test.unread.push(format!("{name}, run {}: its report is gone", run.id));
                continue;
            };
            test.stopped += 1;
            let change = self.changed(&kept, &name, &new, now);
            let (version, id) = (run.version, Some(run.id));
            test.changes.extend(change.map(|it| PolicyChange { version, run: id, ..it }));
        }
        Ok(test)
    }

    /// Tells what another policy makes of reports, if that is something else.
    fn changed(&self, kept: &Kept, name: &ServerName, new: &Policy, now: Timestamp) -> Option<PolicyChange> {
        let before = kept.judge(&self.inner.platform.settings.policy.for_server(name), now);
        let after = kept.judge(&new.for_server(name), now);
        (before.verdict != after.verdict).then(|| PolicyChange {
            server: name.clone(),
            version: None,
            run: None,
            running: false,
            before: before.verdict,
            after: after.verdict,
            why: if after.verdict > before.verdict { after.why } else { before.why },
        })
    }

    /// Finds the last run of each server that a verdict stopped, unless what it was about is on record since.
    async fn stopped_runs(
        &self,
        recorded: &BTreeSet<(ServerName, Digest)>,
    ) -> Result<BTreeMap<ServerName, Run>, Error> {
        let (mut stopped, mut after) = (BTreeMap::new(), None);
        loop {
            let page = self.inner.platform.store.runs(Page { after, limit: PAGE }).await?;
            let whole = page.len() == PAGE;
            after = page.last().map(|run| run.id.clone());
            for run in page {
                let (Some(name), Some(source)) = (run.server.clone(), run.source) else { continue };
                let is_stopped = matches!(run.state, RunState::Blocked | RunState::Held);
                if is_stopped && run.report.is_some() && !recorded.contains(&(name.clone(), source)) {
                    // They come with the newest first.
                    stopped.entry(name).or_insert(run);
                }
            }
            if !whole {
                return Ok(stopped);
            }
        }
    }

    /// What a run was judged by; nothing when its report is gone.
    async fn kept_of(&self, run: &Run) -> Result<Option<Kept>, Error> {
        let store = &self.inner.platform.store;
        let report = |id: Option<ReportId>| async move {
            match id {
                Some(id) => store.report(id).await,
                None => Ok(None),
            }
        };
        let Some(source) = report(run.report).await? else { return Ok(None) };
        let order = serde_json::from_value::<Order>(run.request.clone()).unwrap_or_default();
        Ok(Some(Kept { source, live: report(run.live).await?, deep: order.deep, waivers: order.waive }))
    }

    async fn read_policy(&self, file: &str, text: &str, now: Timestamp) -> Result<PolicyRead, Error> {
        let rules = self.inner.platform.rules.clone();
        let (file, text) = (file.to_owned(), text.to_owned());
        let read = move || Ok(policy::read(&file, text.as_bytes(), &*rules.get()?, now)?);
        tokio::task::spawn_blocking(read).await.map_err(|error| StoreError::Engine(error.to_string()))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Report, RunId, Verdict, VersionRecord};
    use crate::sigyl::Config;
    use crate::store::Change;
    use crate::store::contract::fixture;

    const NEWER: &str = "rules: [{match: {rule: debug-mode}, then: block, reason: not here}]\n";

    async fn opened() -> (Sigyl, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        (Sigyl::open(config).await.unwrap(), folder)
    }

    /// A report of one finding.
    fn found(source: &str, rule: &str, severity: &str, verdict: Verdict) -> Report {
        let finding = serde_json::json!({"rule": rule, "category": "insecure_config", "severity": severity,
            "confidence": "high", "message": "m", "location": null, "evidence": "e", "fix": null});
        let findings = vec![serde_json::from_value(finding).unwrap()];
        Report { findings, verdict, ..fixture::report(source) }
    }

    #[tokio::test]
    async fn a_release_that_was_stopped_is_judged_as_well_until_its_source_is_on_record() {
        let (sigyl, _folder) = opened().await;
        let store = &sigyl.inner.platform.store;
        let stopped = |id: &str, state, report: &Report| Run {
            report: Some(report.id()),
            source: Some(report.source.digest),
            server: Some(fixture::name("clock")),
            version: None,
            ..fixture::run(id, state)
        };
        let reports = ["old", "new", "mended"].map(|of| found(of, "debug-mode", "block", Verdict::Block));
        let [old, new, mended] = &reports;
        for change in [
            Change::PutReport(Box::new(old.clone())),
            Change::PutReport(Box::new(new.clone())),
            Change::PutRun(Box::new(stopped("run-1", RunState::Blocked, old))),
            Change::PutRun(Box::new(stopped("run-2", RunState::Blocked, new))),
            Change::PutRun(Box::new(stopped("run-3", RunState::Failed, mended))),
        ] {
            store.apply(change).await.unwrap();
        }
        let lax = "rules: [{match: {rule: debug-mode}, then: ignore, reason: a demo}]\n";
        let test = sigyl.test_policy(&Caller::local_owner(), "new.yaml", lax).await.unwrap();
        assert_eq!((test.versions, test.stopped), (0, 1), "{test:?}");
        let [change] = &test.changes[..] else { panic!("{test:?}") };
        assert_eq!((change.before, change.after), (Verdict::Block, Verdict::Pass));
        assert_eq!(change.run, Some(RunId::parse("run-2").unwrap()));
        for change in
            [Change::PutReport(Box::new(fixture::report("new"))), fixture::publish("clock", "1.0.0", "new")]
        {
            store.apply(change).await.unwrap();
        }
        let test = sigyl.test_policy(&Caller::local_owner(), "new.yaml", lax).await.unwrap();
        assert_eq!(test.changes[0].run, Some(RunId::parse("run-1").unwrap()));
        sigyl.shutdown().await;
    }

    #[tokio::test]
    async fn another_policy_is_tried_on_the_reports_that_are_kept() {
        let (sigyl, _folder) = opened().await;
        let owner = Caller::local_owner();
        let store = &sigyl.inner.platform.store;
        for change in
            [Change::PutReport(Box::new(fixture::report("a"))), fixture::publish("clock", "1.0.0", "a")]
        {
            store.apply(change).await.unwrap();
        }
        let same = sigyl.test_policy(&owner, "new.yaml", NEWER).await.unwrap();
        assert_eq!((same.versions, same.changes.len()), (1, 0), "its report holds no finding");
        let finding = serde_json::json!({"rule": "debug-mode", "category": "insecure_config", "severity": "warning",
            "confidence": "high", "message": "m", "location": null, "evidence": "e", "fix": null});
        let report = Report {
            findings: vec![serde_json::from_value(finding).unwrap()],
            verdict: Verdict::Warn,
            ..fixture::report("y")
        };
        let admission = fixture::admission(&report);
        let version = VersionRecord { report: report.id(), ..fixture::version_record("other", "1.0.0", "y") };
        let version = VersionRecord { basis: admission.basis().clone(), ..version };
        for change in [
            Change::PutReport(Box::new(report)),
            Change::PublishVersion {
                server: Box::new(fixture::server("other", "1.0.0")),
                version: Box::new(version),
                admission: Box::new(admission),
            },
        ] {
            store.apply(change).await.unwrap();
        }
        let test = sigyl.test_policy(&owner, "new.yaml", NEWER).await.unwrap();
        let [change] = &test.changes[..] else { panic!("{test:?}") };
        assert_eq!((change.server.as_str(), change.running), ("other", false));
        assert_eq!((change.before, change.after), (Verdict::Warn, Verdict::Block));
        assert_eq!(change.why, ["finding debug-mode"]);
        let wrong = sigyl.test_policy(&owner, "new.yaml", "ruels: []\n").await.unwrap_err().failure();
        assert!(wrong.code == "E0202" && wrong.message.contains("new.yaml:1:1"), "{wrong:?}");
        let reader = Caller::limited("bob", [Action::Call]);
        assert_eq!(sigyl.test_policy(&reader, "x", NEWER).await.unwrap_err().code(), "E0901");
        assert_eq!(sigyl.rescan(&reader, &[], true).await.unwrap_err().code(), "E0901");
        sigyl.shutdown().await;
    }
}
