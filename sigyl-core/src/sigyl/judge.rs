//! Judging anew what is on record, by the rules of today.

use super::Sigyl;
use super::audit::{Act, Told};
use crate::domain::{
    Action, Admission, Basis, Caller, Digest, Entity, Hold, Judgement, JudgementRecord, LiveJudgement,
    Permissions, Plan, Policy, Report, Run, RunId, RunState, ServerName, SourceKind, SourceRef, Timestamp,
    Verdict, VersionRecord, Waiver,
};
use crate::error::Error;
use crate::pipeline::{Order, new_id};
use crate::scan::{Scanner, Subject, carry_over};
use crate::source::SourceTree;
use crate::store::{Change, Page, StoreError};
use crate::wire::v1::Rescanned;

/// How many items are asked for at a time.
pub(super) const PAGE: usize = 500;
/// Reasons that are named one by one.
const NAMED: usize = 10;

impl Told for Vec<Rescanned> {
    fn told(&self) -> Option<String> {
        Some(format!("{} versions", self.len()))
    }
}

impl Sigyl {
    /// Shows the policy that this process judges by.
    pub fn policy(&self, caller: &Caller) -> Result<Policy, Error> {
        caller.require(Action::Read)?;
        Ok(self.inner.platform.settings.policy.clone())
    }

    /// Judges the kept sources of versions by the rules and the policy of today, fetches nothing, and records what was
    /// found. With `running`, only what serves; without a name, all servers.
    pub async fn rescan(
        &self,
        caller: &Caller,
        names: &[ServerName],
        running: bool,
    ) -> Result<Vec<Rescanned>, Error> {
        let shown: Vec<_> = names.iter().map(ToString::to_string).collect();
        let act = Act::on("rescan", shown.join(" "), None);
        let (sigyl, who, names) = (self.clone(), caller.clone(), names.to_vec());
        self.audited(caller, act, async move { sigyl.rescan_all(&who, names, running).await }).await
    }

    async fn rescan_all(
        &self,
        caller: &Caller,
        mut names: Vec<ServerName>,
        running: bool,
    ) -> Result<Vec<Rescanned>, Error> {
        caller.require(Action::Operate)?;
        if names.is_empty() {
            names = self.names().await?;
        }
        let mut all = Vec::new();
        for name in names {
            self.known(caller, Action::Operate, &name).await?;
            let serves = self.inner.platform.store.deployment(&name).await?.map(|it| it.version);
            for record in self.records(&name).await? {
                let is_running = serves.as_ref() == Some(&record.version);
                if is_running || !running {
                    all.push(self.rescan_one(caller, record, is_running).await?);
                }
            }
        }
        Ok(all)
    }

    async fn rescan_one(
        &self,
        caller: &Caller,
        record: VersionRecord,
        running: bool,
    ) -> Result<Rescanned, Error> {
        let platform = &self.inner.platform;
        let was = self.kept(&record).await?;
        let waivers = was.as_ref().map(|kept| kept.waivers.clone()).unwrap_or_default();
        let now = platform.clock.now();
        let policy = platform.settings.policy.for_server(&record.server);
        let mut row = Rescanned {
            server: record.server.clone(),
            version: record.version.clone(),
            running,
            was: was.as_ref().map(|kept| kept.judge(&policy, now).verdict),
            verdict: None,
            admitted: false,
            why: Vec::new(),
            run: None,
            failed: None,
        };
        let instructions = match running {
            true => platform.store.deployment(&record.server).await?,
            false => None,
        };
        let instructions = instructions.and_then(|it| it.declared).and_then(|it| it.instructions);
        let (mut source, mut live) = match self.look_again(&record, instructions, policy.clone()).await? {
            Ok(reports) => reports,
            Err(why) => {
                row.failed = Some(why);
                return Ok(row);
            }
        };
        let deep = was.as_ref().is_some_and(|was| was.deep);
        if let Some(was) = &was {
            carry_over(&mut source, &was.source, deep, &policy);
            if let (Some(live), Some(before)) = (&mut live, &was.live) {
                carry_over(live, before, false, &policy);
            }
        }
        let kept = Kept { source, live, deep, waivers };
        let judged = kept.judge(&policy, now);
        row.verdict = Some(judged.verdict);
        row.admitted = judged.admits(&record);
        row.why = judged.why.clone();
        row.run = Some(self.keep(caller, &record, kept, judged, now).await?);
        Ok(row)
    }

    /// Scans the kept tree of a version, and the tools that it last had; the inner error is about this version alone.
    async fn look_again(
        &self,
        record: &VersionRecord,
        instructions: Option<String>,
        policy: Policy,
    ) -> Result<Result<(Report, Option<Report>), String>, Error> {
        let platform = &self.inner.platform;
        let (rules, clock) = (platform.rules.clone(), platform.clock.clone());
        let (trees, record) = (platform.settings.trees.clone(), record.clone());
        let work = move || {
            let rules = rules.get()?;
            let tree = match SourceTree::open_kept(&trees, record.source.digest) {
                Ok(tree) => tree,
                Err(error) => return Ok(Err(format!("its kept source cannot be read: {error}"))),
            };
            let manifest = match serde_json::from_value(record.manifest.clone()) {
                Ok(manifest) => manifest,
                Err(error) => return Ok(Err(format!("its recorded manifest cannot be read: {error}"))),
            };
            let scanner = Scanner::new(&rules, policy);
            let subject =
                Subject { manifest: Some(&manifest), reference: record.source.clone(), ..Subject::of(&tree) };
            let source = scanner.scan(&subject, &*clock);
            let tools: Vec<_> = record.tools.iter().map(|pin| pin.tool.clone()).collect();
            let (prompts, resources) = (others(&record, Entity::Prompt), others(&record, Entity::Resource));
            if tools.is_empty() && prompts.is_empty() && resources.is_empty() && instructions.is_none() {
                return Ok(Ok((source, None)));
            }
            let pins = record.tools.iter().map(|pin| pin.sha256);
            let pins = pins.chain(record.others.iter().flatten().map(|pin| pin.sha256));
            let all: Vec<u8> = pins.flat_map(|digest| *digest.as_bytes()).collect();
            let reference = SourceRef {
                kind: SourceKind::Tools,
                locator: format!("recorded tools of {}", record.server),
                digest: Digest::of(&all),
            };
            let instructions = instructions.as_deref();
            let (tools, prompts, resources) = (&tools, &prompts, &resources);
            let nothing = Subject::of_nothing(reference);
            let subject = Subject { tools, prompts, resources, instructions, ..nothing };
            let live = scanner.scan(&subject, &*clock);
            Ok(Ok((source, Some(live))))
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Engine(error.to_string()))?
    }

    /// Keeps what was found, as a run that only scanned.
    async fn keep(
        &self,
        caller: &Caller,
        record: &VersionRecord,
        kept: Kept,
        judged: Judged,
        now: Timestamp,
    ) -> Result<RunId, Error> {
        let store = &self.inner.platform.store;
        let workspace = store.server(&record.server).await?.map(|server| server.workspace);
        let order = Order {
            workspace: workspace.unwrap_or_default(),
            name: Some(record.server.clone()),
            ..Order::default()
        };
        let request = serde_json::to_value(&order);
        let run = Run {
            id: new_id(now)?,
            plan: Plan::Scan,
            caller: caller.name().to_owned(),
            account: caller.account().cloned(),
            workspace: order.workspace.clone(),
            request: request.map_err(|error| StoreError::Engine(error.to_string()))?,
            server: Some(record.server.clone()),
            version: Some(record.version.clone()),
            state: RunState::Done,
            steps: Vec::new(),
            source: Some(record.source.digest),
            report: Some(kept.source.id()),
            live: kept.live.as_ref().map(Report::id),
            judgement: judged.record,
            seen: None,
            decision: None,
            failure: None,
            notices: judged.told,
            removed: Vec::new(),
            created: now,
            updated: self.inner.platform.clock.now(),
        };
        let id = run.id.clone();
        for report in std::iter::once(kept.source).chain(kept.live) {
            store.apply(Change::PutReport(Box::new(report))).await?;
        }
        store.apply(Change::PutRun(Box::new(run))).await?;
        Ok(id)
    }

    pub(super) async fn names(&self) -> Result<Vec<ServerName>, Error> {
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let page = self.inner.platform.store.servers(Page { after, limit: PAGE }).await?;
            let whole = page.len() == PAGE;
            names.extend(page.into_iter().map(|server| server.name));
            if !whole {
                return Ok(names);
            }
            after = names.last().cloned();
        }
    }

    pub(super) async fn records(&self, name: &ServerName) -> Result<Vec<VersionRecord>, Error> {
        let (mut records, mut after) = (Vec::<VersionRecord>::new(), None);
        loop {
            let page = self.inner.platform.store.versions(name, Page { after, limit: PAGE }).await?;
            let whole = page.len() == PAGE;
            records.extend(page);
            if !whole {
                return Ok(records);
            }
            after = records.last().map(|record| record.version.clone());
        }
    }

    /// What a version was admitted with; nothing when its report is gone.
    pub(super) async fn kept(&self, record: &VersionRecord) -> Result<Option<Kept>, Error> {
        let store = &self.inner.platform.store;
        let Some(source) = store.report(record.report).await? else { return Ok(None) };
        let run = store.run(&record.run).await?;
        let live = match run.as_ref().and_then(|run| run.live) {
            Some(id) => store.report(id).await?,
            None => None,
        };
        let order = run.and_then(|run| serde_json::from_value::<Order>(run.request).ok()).unwrap_or_default();
        Ok(Some(Kept { source, live, deep: order.deep, waivers: order.waive }))
    }
}

/// What a version can be judged by.
pub(super) struct Kept {
    pub(super) source: Report,
    pub(super) live: Option<Report>,
    /// Whether the code of dependencies was looked at.
    pub(super) deep: bool,
    pub(super) waivers: Vec<Waiver>,
}

/// What a judgement came to.
pub(super) struct Judged {
    record: Option<JudgementRecord>,
    pub(super) verdict: Verdict,
    /// What holds or blocks it, in words.
    pub(super) why: Vec<String>,
    /// What became of waivers.
    told: Vec<String>,
    /// What the source alone came to.
    judgement: Option<Judgement>,
    live_holds: Vec<Hold>,
    live_blocks: bool,
}

impl Kept {
    /// Judges both reports; waivers that no longer apply are left out.
    pub(super) fn judge(&self, policy: &Policy, now: Timestamp) -> Judged {
        let none = Permissions::default();
        let valid: Vec<Waiver> =
            self.waivers.iter().filter(|waiver| waiver.expires >= now).cloned().collect();
        let judged = Judgement::with_waivers(&self.source, policy, &valid, &none, now)
            .or_else(|_| Judgement::with_waivers(&self.source, policy, &[], &none, now));
        let Ok((judgement, waived)) = judged else { return Judged::undecided() };
        let record = judgement.record().clone();
        let live = self.live.as_ref().map(|live| {
            LiveJudgement::new(live, policy, &record, &waived.unmatched, now)
                .or_else(|_| LiveJudgement::new(live, policy, &record, &[], now))
        });
        let blocking = self.source.findings.iter().filter(|one| record.blocks.contains(&one.fingerprint()));
        let mut why: Vec<String> = blocking.map(|one| format!("finding {}", one.rule)).collect();
        why.extend(record.gap.iter().chain(&record.holds).map(ToString::to_string));
        let (mut verdict, mut live_holds, mut live_blocks) = (record.verdict, Vec::new(), false);
        if let Some(Ok(live)) = live {
            live_blocks = !live.blocks.is_empty() || live.gap.is_some();
            why.extend(live.blocks.iter().map(|one| format!("finding {} in its tools", one.rule)));
            why.extend(live.gap.iter().chain(&live.holds).map(ToString::to_string));
            verdict = match (live_blocks, live.holds.is_empty()) {
                (true, _) => Verdict::Block,
                (false, false) => verdict.max(Verdict::Hold),
                (false, true) => verdict,
            };
            live_holds = live.holds;
        }
        why.sort();
        why.dedup();
        let more = why.len().saturating_sub(NAMED);
        why.truncate(NAMED);
        why.extend((more > 0).then(|| format!("and {more} more")));
        let record = Some(JudgementRecord { verdict, ..record });
        Judged {
            record,
            verdict,
            why,
            told: waived.told,
            judgement: Some(judgement),
            live_holds,
            live_blocks,
        }
    }
}

impl Judged {
    /// What cannot be judged is not let pass.
    fn undecided() -> Self {
        let why = vec!["it cannot be judged".to_owned()];
        Self {
            record: None,
            verdict: Verdict::Block,
            why,
            told: Vec::new(),
            judgement: None,
            live_holds: Vec::new(),
            live_blocks: true,
        }
    }

    /// Tells whether the version would be admitted now, with what a person decided on it.
    fn admits(&self, record: &VersionRecord) -> bool {
        let Some(judgement) = &self.judgement else { return false };
        let observed = judgement.record().observed.is_some();
        let live = observed
            || !self.live_blocks
                && self
                    .live_holds
                    .iter()
                    .all(|hold| matches!(&record.basis, Basis::Approval(approval) if approval.accepts(hold)));
        live && Admission::still(judgement, record).is_ok()
    }
}

/// Returns what a version declared of one kind when it was probed.
fn others(record: &VersionRecord, entity: Entity) -> Vec<serde_json::Value> {
    let pins = record.others.iter().flatten().filter(|pin| pin.entity == entity);
    pins.map(|pin| pin.definition.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigyl::Config;
    use crate::source::Limits;
    use crate::store::contract::fixture;

    /// What a person let pass after they read what was found in a source.
    fn approved(sigyl: &Sigyl, tree: &SourceTree) -> (Report, Admission) {
        let rules = sigyl.inner.platform.rules.get().unwrap();
        let scanner = Scanner::new(&rules, Policy::default());
        let report = scanner.scan(&Subject::of(tree), &*sigyl.inner.platform.clock);
        let none = Permissions::default();
        let judged = Judgement::new(&report, &Policy::default(), &[], &none, Timestamp::EPOCH).unwrap();
        let judged_record = judged.record();
        let approval = crate::domain::Approval {
            who: "ada".into(),
            reason: "read it".into(),
            at: Timestamp::EPOCH,
            expires: Timestamp::EPOCH,
            source: judged_record.source,
            report: judged_record.report,
            policy: judged_record.policy,
            covers: judged_record.holds.clone(),
        };
        let admission = Admission::from_approval(&judged, &approval, Timestamp::EPOCH).unwrap();
        (report, admission)
    }

    /// A data directory with one server whose source, a line of Python, is kept and serves.
    async fn house(code: &str) -> (Sigyl, tempfile::TempDir) {
        house_of("main.py", code, false).await
    }

    async fn house_of(file: &str, code: &str, by_approval: bool) -> (Sigyl, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        let sigyl = Sigyl::open(config).await.unwrap();
        std::fs::create_dir(at("source")).unwrap();
        std::fs::write(at("source").join(file), code).unwrap();
        let platform = &sigyl.inner.platform;
        let tree = SourceTree::from_folder(&at("source"), &Limits::default()).unwrap();
        let tree = tree.keep(&platform.settings.trees).unwrap();
        let text = "name: clock\nversion: 1.0.0\nruntime: python\nentryPoint: main.py\nstartCommand: {type: stdio}\n";
        std::fs::write(at("sigyl.yaml"), text).unwrap();
        let whole = SourceTree::from_folder(folder.path(), &Limits::default()).unwrap();
        let manifest = crate::manifest::read(&crate::scan::TreeFiles(&whole)).unwrap().manifest;
        let (report, admission) = if by_approval {
            approved(&sigyl, &tree)
        } else {
            let report = Report { source: tree.reference().clone(), ..fixture::report("x") };
            let admission = fixture::admission(&report);
            (report, admission)
        };
        let record = VersionRecord {
            source: tree.reference().clone(),
            report: report.id(),
            basis: admission.basis().clone(),
            manifest: serde_json::to_value(&manifest).unwrap(),
            ..fixture::version_record("clock", "1.0.0", "x")
        };
        let deployment =
            crate::domain::Deployment { source: tree.digest(), ..fixture::deployment("clock", "1.0.0", "x") };
        for change in [
            Change::PutReport(Box::new(report)),
            Change::PublishVersion {
                server: Box::new(fixture::server("clock", "1.0.0")),
                version: Box::new(record),
                admission: Box::new(admission),
            },
            Change::Activate {
                server: Box::new(crate::domain::Server {
                    active: Some(fixture::version("1.0.0")),
                    ..fixture::server("clock", "1.0.0")
                }),
                deployment: Box::new(deployment),
                tools: Vec::new(),
                others: Vec::new(),
                attested: None,
            },
        ] {
            platform.store.apply(change).await.unwrap();
        }
        (sigyl, folder)
    }

    const AUTH: &str = "def login(request):\n    if session_id in sessions:\n        return True\n";

    #[tokio::test]
    async fn what_serves_and_would_not_be_admitted_is_told_and_kept() {
        let owner = Caller::local_owner();
        for (code, verdict, admitted) in
            [(AUTH, Verdict::Block, false), ("print('x')\n", Verdict::Pass, true)]
        {
            let (sigyl, _folder) = house(code).await;
            let rows = sigyl.rescan(&owner, &[], true).await.unwrap();
            let [row] = &rows[..] else { panic!("{rows:?}") };
            assert_eq!(
                (row.was, row.verdict, row.admitted),
                (Some(Verdict::Pass), Some(verdict), admitted),
                "{row:?}"
            );
            let run = sigyl.run(&owner, row.run.as_ref().unwrap()).await.unwrap();
            assert_eq!((run.plan, run.state), (Plan::Scan, RunState::Done));
            let report = sigyl.inner.platform.store.report(run.report.unwrap()).await.unwrap().unwrap();
            assert_eq!(report.verdict, verdict);
            sigyl.shutdown().await;
        }
    }

    #[tokio::test]
    async fn what_a_person_approved_stays_approved_as_long_as_it_is_all_that_holds_it() {
        let code = "const auth = req.headers.authorization;\nawait fetch(url, { headers: { Authorization: auth } });\n";
        for (by_approval, admitted) in [(false, false), (true, true)] {
            let (sigyl, _folder) = house_of("proxy.ts", code, by_approval).await;
            let rows = sigyl.rescan(&Caller::local_owner(), &[], true).await.unwrap();
            assert_eq!((rows[0].verdict, rows[0].admitted), (Some(Verdict::Hold), admitted), "{rows:?}");
            sigyl.shutdown().await;
        }
    }

    #[tokio::test]
    async fn a_source_that_is_gone_is_told_and_hides_no_other() {
        let (sigyl, folder) = house(AUTH).await;
        std::fs::remove_dir_all(folder.path().join("data/trees")).unwrap();
        let rows = sigyl.rescan(&Caller::local_owner(), &[fixture::name("clock")], false).await.unwrap();
        assert!(rows[0].failed.as_ref().unwrap().contains("cannot be read") && !rows[0].admitted, "{rows:?}");
        assert!(sigyl.rescan(&Caller::local_owner(), &[fixture::name("other")], false).await.is_err());
        sigyl.shutdown().await;
    }
}
