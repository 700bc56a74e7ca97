//! Deploy, redeploy, rollback, delete, approve, reject: operations that are runs.

use std::sync::PoisonError;

use super::audit::{Act, Told};
use super::query::shown_to;
use super::reach::{require_plain, require_reach};
use super::secrets::check_value;
use super::{Frames, Sigyl};
use crate::deploy::{LOCAL, Target};
use crate::domain::{
    Action, AuditOutcome, Caller, Canary, Decision, Denied, Locator, Namespace, Permissions, Plan, Run,
    RunId, RunState, Seq, Server, ServerName, Version, check_settings,
};
use crate::error::Error;
use crate::event::{EventKind, Heard};
use crate::pipeline::{Order, Started, StepError, start};
use crate::registry::previous;
use crate::store::Page;
use crate::wire::v1::{Deploy, Frame, Reconfigure, Redeploy, RunEnd, Settings};

impl Told for Run {}

/// A rollback that began, between which versions.
struct RollsBack {
    run: RunId,
    from: Option<Version>,
    to: Option<Version>,
}

impl Told for RollsBack {
    fn told(&self) -> Option<String> {
        let named =
            |version: &Option<Version>| version.as_ref().map_or("none".to_owned(), Version::to_string);
        Some(format!("run {}, from {} to {}", self.run, named(&self.from), named(&self.to)))
    }
}

impl Sigyl {
    /// Starts a deploy and returns its run; [`Sigyl::watch`] follows it.
    pub async fn deploy(&self, caller: &Caller, deploy: Deploy) -> Result<RunId, Error> {
        let act = match &deploy.name {
            Some(name) => Act::on_server("deploy", name),
            None => Act::on("deploy", &deploy.source, deploy.workspace.as_ref()),
        };
        let (sigyl, who) = (self.clone(), caller.clone());
        self.audited(caller, act, async move { sigyl.start_deploy(&who, deploy).await }).await
    }

    async fn start_deploy(&self, caller: &Caller, deploy: Deploy) -> Result<RunId, Error> {
        let placed = self.placed(caller, Action::Deploy, deploy.workspace, deploy.name.as_ref()).await?;
        deploy.canary.as_ref().map_or(Ok(()), Canary::check).map_err(StepError::from)?;
        check_settings(&deploy.env, &[]).map_err(StepError::from)?;
        require_reach(caller, &deploy.env, &deploy.grant, &deploy.allow_scripts)?;
        // It acts there in the name of whoever operates this installation, who pays for it.
        if let Some(place) = deploy.target.as_deref().filter(|place| *place != LOCAL)
            && !caller.may(Action::Operate)
        {
            return Err(Denied::new(caller, format!("deploy to `{place}`")).into());
        }
        let target = self.inner.platform.targets.named(deploy.target.as_deref()).map_err(StepError::from)?;
        may_be_granted(&**target, &deploy.grant)?;
        self.require_upload(caller, &deploy.source)?;
        let order = Order {
            target: deploy.target,
            source: Some(deploy.source),
            in_our_name: caller.may(Action::Operate),
            name: deploy.name,
            env: deploy.env,
            grant: deploy.grant,
            waive: deploy.waive,
            allow_scripts: deploy.allow_scripts,
            deep: deploy.deep,
            review: deploy.review,
            canary: deploy.canary,
            audience: deploy.audience,
            ..placed
        };
        self.begin(caller, Plan::Release, order, deploy.secrets).await
    }

    /// Starts a redeploy of a server that exists: settings, secrets and grants are kept unless told otherwise.
    pub async fn redeploy(&self, caller: &Caller, redeploy: Redeploy) -> Result<RunId, Error> {
        let act = Act::on_server("redeploy", &redeploy.name);
        let (sigyl, who) = (self.clone(), caller.clone());
        self.audited(caller, act, async move { sigyl.start_redeploy(&who, redeploy, false).await }).await
    }

    /// Releases what a server follows, as [`Sigyl::redeploy`] does: GitHub is asked in the name of this installation.
    pub(super) async fn redeploy_followed(
        &self,
        caller: &Caller,
        redeploy: Redeploy,
    ) -> Result<RunId, Error> {
        let act = Act::on_server("redeploy", &redeploy.name);
        let (sigyl, who) = (self.clone(), caller.clone());
        let work = async move { sigyl.start_redeploy(&who, redeploy, true).await };
        self.audited(caller, act, work).await
    }

    async fn start_redeploy(
        &self,
        caller: &Caller,
        redeploy: Redeploy,
        is_followed: bool,
    ) -> Result<RunId, Error> {
        let server = self.known(caller, Action::Deploy, &redeploy.name).await?;
        redeploy.canary.as_ref().map_or(Ok(()), Canary::check).map_err(StepError::from)?;
        let deployment = self.inner.platform.store.deployment(&server.name).await?;
        let target = deployment.as_ref().and_then(|deployment| deployment.target.as_deref());
        let target = self.inner.platform.targets.of(target).map_err(StepError::from)?;
        may_be_granted(&**target, &redeploy.grant)?;
        // Others would read by it what they may not see: another branch, or a commit that nobody reviewed.
        let in_our_name = is_followed || redeploy.source.is_none() || caller.may(Action::Operate);
        let source = match redeploy.source {
            Some(source) => {
                self.require_upload(caller, &source)?;
                source
            }
            None => self.recorded_source(&server).await?,
        };
        check_settings(&redeploy.env, &[]).map_err(StepError::from)?;
        require_reach(caller, &redeploy.env, &redeploy.grant, &redeploy.allow_scripts)?;
        let order = Order {
            in_our_name,
            source: Some(source),
            env: redeploy.env,
            grant: redeploy.grant,
            revoke: redeploy.revoke,
            waive: redeploy.waive,
            allow_scripts: redeploy.allow_scripts,
            deep: redeploy.deep,
            review: redeploy.review,
            canary: redeploy.canary,
            audience: redeploy.audience,
            ..of_server(server)
        };
        self.begin(caller, Plan::Redeploy, order, redeploy.secrets).await
    }

    /// Returns what a redeploy reads again: the branch that a server follows, or what was named last.
    async fn recorded_source(&self, server: &Server) -> Result<Locator, Error> {
        if let Some(follow) = self.inner.platform.store.follow(&server.name).await? {
            // A tag may be called the same, and git would take that first.
            return Ok(self.followed(server, &follow, &format!("refs/heads/{}", follow.branch)));
        }
        let read = Locator::parse(&server.locator);
        let step = crate::domain::StepId::FetchSource;
        Ok(read.map_err(|error| StepError::Defect { step, why: error.to_string() })?)
    }

    /// Starts a rollback to `version`, or to the one that served before.
    pub async fn rollback(
        &self,
        caller: &Caller,
        name: ServerName,
        version: Option<Version>,
    ) -> Result<RunId, Error> {
        let act = Act::on_server("rollback", &name);
        let (sigyl, who) = (self.clone(), caller.clone());
        let work = async move {
            let server = sigyl.known(&who, Action::Deploy, &name).await?;
            let to = match &version {
                Some(version) => Some(version.clone()),
                None => previous(&*sigyl.inner.platform.store, &name).await?,
            };
            let from = server.active.clone();
            let order = Order { version, ..of_server(server) };
            let run = sigyl.begin(&who, Plan::Rollback, order, Default::default()).await?;
            Ok(RollsBack { run, from, to })
        };
        Ok(self.audited(caller, act, work).await?.run)
    }

    /// Starts the version that serves anew with other settings or limits, or with the same: beside itself, from which it
    /// takes over once it passed its probe. Nothing is fetched, and nothing is built that is still there.
    pub async fn reconfigure(&self, caller: &Caller, change: Reconfigure) -> Result<RunId, Error> {
        let act = Act::on_server("reconfigure", &change.name);
        let (sigyl, who) = (self.clone(), caller.clone());
        self.audited(caller, act, async move { sigyl.start_reconfigure(&who, change).await }).await
    }

    async fn start_reconfigure(&self, caller: &Caller, change: Reconfigure) -> Result<RunId, Error> {
        let server = self.known(caller, Action::Deploy, &change.name).await?;
        let Settings { env, unset, limits, reset_limits, audience } = change.settings;
        check_settings(&env, &unset).map_err(StepError::from)?;
        require_reach(caller, &env, &[], &[])?;
        unset.iter().try_for_each(|name| require_plain(caller, name))?;
        limits.check().map_err(StepError::from)?;
        // Where it runs is known once no other run works on it.
        let may_scale = caller.may(Action::Operate);
        let order = Order { env, unset, limits, reset_limits, may_scale, audience, ..of_server(server) };
        self.begin(caller, Plan::Reconfigure, order, Default::default()).await
    }

    /// Starts the removal of a server; `confirm` is its exact name, typed by a person.
    pub async fn delete(&self, caller: &Caller, name: ServerName, confirm: &str) -> Result<RunId, Error> {
        let act = Act::on_server("delete", &name);
        let (sigyl, who, typed) = (self.clone(), caller.clone(), confirm.to_owned());
        let work = async move {
            let server = sigyl.known(&who, Action::Delete, &name).await?;
            if typed != name.as_str() {
                return Err(Error::NotConfirmed { name, typed: typed.chars().take(200).collect() });
            }
            sigyl.begin(&who, Plan::Delete, of_server(server), Default::default()).await
        };
        self.audited(caller, act, work).await
    }

    /// Lets a held run pass; it goes on at once.
    pub async fn approve(&self, caller: &Caller, run: &RunId, reason: &str) -> Result<RunId, Error> {
        let act = Act::on_run("approve", run);
        let (sigyl, who, run, reason) = (self.clone(), caller.clone(), run.clone(), reason.to_owned());
        let work = async move {
            let _deciding = sigyl.inner.deciding.lock().await;
            let held = sigyl.held(&who, &run, &reason).await?;
            if sigyl.inner.platform.settings.policy.four_eyes && held.is_of(&who) {
                return Err(Denied::new(&who, "approve its own release: the policy wants four eyes").into());
            }
            sigyl.require_opening(&who, &held).await?;
            let judged = held.judgement.clone().ok_or(Error::NoRun(run))?;
            let approval = sigyl.inner.tracker.approval(&judged, who.name(), &reason);
            let (id, server) = (held.id.clone(), held.server.clone());
            let started = sigyl.inner.tracker.resume(held, approval).await?;
            let kind = EventKind::Decided { approved: true, by: who.name().to_owned(), reason };
            sigyl.inner.platform.emitter.emit(Some(&id), server.as_ref(), kind);
            Ok(sigyl.remember(started))
        };
        self.audited(caller, act, work).await
    }

    /// Turns a held run down.
    pub async fn reject(&self, caller: &Caller, run: &RunId, reason: &str) -> Result<Run, Error> {
        let act = Act::on_run("reject", run);
        let (sigyl, who, run, reason) = (self.clone(), caller.clone(), run.clone(), reason.to_owned());
        let work = async move {
            let _deciding = sigyl.inner.deciding.lock().await;
            let held = sigyl.held(&who, &run, &reason).await?;
            let at = sigyl.inner.platform.clock.now();
            let kind =
                EventKind::Decided { approved: false, by: who.name().to_owned(), reason: reason.clone() };
            sigyl.inner.platform.emitter.emit(Some(&held.id), held.server.as_ref(), kind);
            let decision = Decision::Rejected { who: who.name().to_owned(), reason, at };
            Ok(shown_to(&who, sigyl.inner.tracker.reject(held, decision).await?))
        };
        self.audited(caller, act, work).await
    }

    /// Follows a run from a position on until it is over or held, and returns how it ended.
    pub async fn watch(
        &self,
        caller: &Caller,
        run: &RunId,
        after: Seq,
        frames: &Frames,
    ) -> Result<RunEnd, Error> {
        self.known_run(caller, Action::Read, run).await?;
        let mut heard = self.inner.platform.emitter.bus().subscribe();
        let mut after = self.tell_stored(run, after, frames).await?;
        loop {
            let started = self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner).get(run).cloned();
            let record = self.run(caller, run).await?;
            if record.state != RunState::Running || started.is_none() {
                // The record says how it ended before the last event is told.
                if let Some(mut started) = started {
                    started.wait().await;
                    self.forget(run);
                }
                self.inner.platform.emitter.flush().await;
                self.tell_stored(run, after, frames).await?;
                return self.run_end(record).await;
            }
            let mut started = started.ok_or_else(|| Error::NoRun(run.clone()))?;
            tokio::select! {
                () = started.wait() => self.forget(run),
                news = heard.next() => match news {
                    Heard::Event(event) if event.run.as_ref() == Some(run) && event.seq > after => {
                        after = event.seq;
                        // A reader that left loses only what it would have read.
                        frames.send(Frame::Event(event)).await.ok();
                    }
                    Heard::Event(_) | Heard::Closed => {}
                    Heard::Missed(_) => after = self.tell_stored(run, after, frames).await?,
                },
            }
        }
    }

    async fn begin(
        &self,
        caller: &Caller,
        plan: Plan,
        mut order: Order,
        secrets: std::collections::BTreeMap<crate::domain::SecretName, crate::domain::SecretValue>,
    ) -> Result<RunId, Error> {
        if !order.waive.is_empty() && self.inner.platform.settings.policy.four_eyes {
            let what = "accept findings of its own release: the policy wants four eyes";
            return Err(Denied::new(caller, what).into());
        }
        self.check_opening(caller, &mut order).await?;
        // Who accepts a finding decides what would otherwise be held or blocked, and who gives a secret sets it.
        for (given, action) in
            [(!order.waive.is_empty(), Action::Approve), (!secrets.is_empty(), Action::Secrets)]
        {
            match &order.name {
                Some(name) if given => caller.require_on(action, &order.workspace, name)?,
                None if given => {
                    caller.require_in(action, &order.workspace)?;
                    order.within = Namespace::both(order.within, caller.names_for(action));
                }
                Some(_) | None => {}
            }
        }
        for (name, value) in &secrets {
            require_plain(caller, name.as_str())?;
            check_value(name, value)?;
        }
        let now = self.inner.platform.clock.now();
        for waiver in &order.waive {
            waiver.check_end(now).map_err(StepError::from)?;
        }
        let (waive, workspace, audience) =
            (order.waive.clone(), order.workspace.clone(), order.audience.clone());
        let source = order.source.as_ref().map(ToString::to_string);
        let on = order.name.as_ref().map(ToString::to_string).or(source).unwrap_or_default();
        let started = start(self.inner.platform.clone(), plan, caller, order, secrets).await?;
        let run = self.remember(started);
        self.tell_opening(caller, &on, &workspace, audience.as_ref()).await?;
        for waiver in &waive {
            // Who accepted what, why and until when is looked for by its own name.
            let (on, note) =
                (format!("{on} {waiver}"), format!("until {}: {}", waiver.expires, waiver.reason));
            let workspace = Some(workspace.clone());
            self.append(caller, "accept_finding", on, workspace, AuditOutcome::Done, Some(note)).await?;
        }
        Ok(run)
    }

    fn remember(&self, started: Started) -> RunId {
        let id = started.id.clone();
        self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), started);
        id
    }

    fn forget(&self, run: &RunId) {
        self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner).remove(run);
    }

    async fn held(&self, caller: &Caller, run: &RunId, reason: &str) -> Result<Run, Error> {
        let record = self.known_run(caller, Action::Approve, run).await?;
        if reason.trim().is_empty() {
            return Err(Error::NoReason);
        }
        match record.state {
            RunState::Held if self.inner.tracker.expire(&record).await? => {
                Err(Error::NotHeld { run: run.clone(), state: RunState::Void })
            }
            RunState::Held => Ok(record),
            state => Err(Error::NotHeld { run: run.clone(), state }),
        }
    }

    /// Sends the stored events of a run after a position; returns the new position.
    async fn tell_stored(&self, run: &RunId, mut after: Seq, frames: &Frames) -> Result<Seq, Error> {
        loop {
            let events =
                self.inner.platform.store.events(Some(run), Page { after: Some(after), limit: 500 }).await?;
            let Some(last) = events.last() else { return Ok(after) };
            after = last.seq;
            for event in events {
                // A reader that left loses only what it would have read.
                frames.send(Frame::Event(Box::new(event))).await.ok();
            }
        }
    }
}

/// Begins an order about a server that is on record.
fn of_server(server: Server) -> Order {
    Order { workspace: server.workspace, name: Some(server.name), ..Order::default() }
}

/// Fails on a grant that is never given, before anything is fetched or built for it.
fn may_be_granted(target: &dyn Target, grants: &[String]) -> Result<(), StepError> {
    let mut asked = Permissions::default();
    grants.iter().try_for_each(|grant| asked.grant(grant))?;
    target.settle(&asked)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::clock::{Clock as _, SystemClock};
    use crate::domain::{RuleId, Waiver};
    use crate::sigyl::Config;

    #[tokio::test]
    async fn a_finding_is_accepted_for_a_year_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        let sigyl = Sigyl::open(config).await.unwrap();
        let order = |days: u64| Order {
            waive: vec![Waiver {
                rule: RuleId::parse("debug-mode").unwrap(),
                path: None,
                fingerprint: None,
                reason: "known".into(),
                owner: None,
                expires: SystemClock.now().plus(std::time::Duration::from_secs(days * 24 * 3600)),
            }],
            source: Some(Locator::Path(at("nowhere"))),
            ..Order::default()
        };
        let owner = Caller::local_owner();
        let refused = sigyl.begin(&owner, Plan::Release, order(400), Default::default()).await.unwrap_err();
        assert_eq!(refused.code(), "E0304");
        assert!(refused.failure().message.contains("more than a year away"), "{}", refused.failure().message);
        assert!(sigyl.begin(&owner, Plan::Release, order(365), Default::default()).await.is_ok());
        sigyl.shutdown().await;
    }

    #[tokio::test]
    async fn a_setting_is_called_what_it_sets_whoever_asks() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let config = Config::new(at("data"), at("cache"), Default::default(), "/nonexistent".into());
        let sigyl = Sigyl::open(config).await.unwrap();
        let env = BTreeMap::from([("NODE_OPTIONS=--require x".to_owned(), "y".to_owned())]);
        let deploy = Deploy { env, ..Deploy::of(Locator::parse("npm:weather").unwrap()) };
        for caller in [Caller::local_owner(), Caller::limited("ci", [Action::Deploy])] {
            let refused = sigyl.deploy(&caller, deploy.clone()).await.unwrap_err();
            assert_eq!(refused.code(), "E0311", "{refused}");
        }
        sigyl.shutdown().await;
    }
}
