//! Quarantine: set at once, lifted by approval alone. What it covers stops, is not shown, and is not let in again.

use std::sync::PoisonError;

use super::audit::{Act, Told};
use super::unreached::{self, At};
use super::{Sigyl, restore};
use crate::domain::{
    Action, Caller, Denied, Deployment, DocumentName, Kind, Quarantine, Quarantines, Run, Server, ServerName,
    Suspect, Version, VersionRecord, WorkspaceName,
};
use crate::error::Error;
use crate::event::EventKind;
use crate::registry::Shelf;
use crate::store::Change;
use crate::wire::v1::{Affected, QuarantineView};

/// Quarantines that may stand at a time.
const MOST: usize = 10_000;

/// What is decided of a suspect.
#[derive(Clone, Copy, Debug)]
enum Decided {
    /// It is put under quarantine.
    Guilty,
    /// The quarantine is lifted.
    Free,
}

impl Decided {
    /// What the audit calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Guilty => "quarantine",
            Self::Free => "lift_quarantine",
        }
    }
}

impl Told for QuarantineView {
    fn told(&self) -> Option<String> {
        let left = self.affected.iter().flat_map(|one| one.unreached.iter().map(move |it| (&one.server, it)));
        let left = left.map(|(server, it)| match it.stays {
            true => format!("{server} {} stays at {} and is not called", it.version, it.place),
            false => format!("{server} {} may still run at {}", it.version, it.place),
        });
        let words = [self.quarantine.reason.clone(), format!("{} server(s)", self.affected.len())];
        Some(words.into_iter().chain(left).collect::<Vec<_>>().join("; "))
    }
}

impl Sigyl {
    /// Puts a server, a source or a tool under quarantine. Once this returns, nothing that it covers serves here, is called
    /// or shown, and runs on it were told to stop; what stays at another
    /// place, or may still run at one that could not be reached, is named. Until it is lifted, none of it is started or recorded again. A name, of
    /// the server or of its document, is for those who approve on it, a digest for administrators, since it may reach into
    /// every workspace.
    pub async fn quarantine(
        &self,
        caller: &Caller,
        what: Suspect,
        reason: &str,
    ) -> Result<QuarantineView, Error> {
        self.decide(Decided::Guilty, caller, what, reason).await
    }

    /// Does what both setting and lifting take: who may, a reason, one decision at a time, and the audit.
    async fn decide(
        &self,
        how: Decided,
        caller: &Caller,
        what: Suspect,
        reason: &str,
    ) -> Result<QuarantineView, Error> {
        let what = meant(what);
        let act = act(how.name(), &what);
        let (sigyl, who, reason) = (self.clone(), caller.clone(), reason.to_owned());
        let work = async move {
            let workspace = sigyl.decides_for(&who, &what).await?;
            let reason = sound(reason)?;
            let _deciding = sigyl.inner.deciding.lock().await;
            match how {
                Decided::Free => sigyl.take_quarantine(&who, what, reason, workspace).await,
                Decided::Guilty => sigyl.put_quarantine(&who, what, reason, workspace).await,
            }
        };
        self.audited(caller, act, work).await
    }

    async fn put_quarantine(
        &self,
        caller: &Caller,
        what: Suspect,
        reason: String,
        workspace: Option<WorkspaceName>,
    ) -> Result<QuarantineView, Error> {
        let quarantine = Quarantine {
            what,
            reason,
            by: caller.name().to_owned(),
            account: caller.account().cloned(),
            workspace,
            since: self.inner.platform.clock.now(),
        };
        self.require_room_for(&quarantine).await?;
        self.inner.platform.store.apply(Change::Quarantine(Box::new(quarantine.clone()))).await?;
        self.forbid(&self.standing().await?);
        let mut affected = self.affected(&quarantine).await?;
        let stopped = self.stop_covered(&quarantine, &mut affected).await;
        self.inner.platform.shelf.follow_quarantine(&quarantine.what).await?;
        let (what, reason) = (&quarantine.what, &quarantine.reason);
        for one in &affected {
            let kind = EventKind::Quarantined { what: what.clone(), reason: reason.clone() };
            self.inner.platform.emitter.emit(None, Some(&one.server), kind);
        }
        // All else is done by now; what could not be ended is told.
        stopped?;
        Ok(self.shown_to(caller, quarantine, affected))
    }

    /// Refuses one that stands already, or one too many.
    async fn require_room_for(&self, new: &Quarantine) -> Result<(), Error> {
        let standing = self.standing().await?;
        match standing.iter().find(|one| one.what == new.what) {
            Some(weaker) if weaker.yields_to(new) => Ok(()),
            Some(same) => {
                // What failed after it was on record is tried again.
                let mut affected = self.affected(same).await?;
                self.stop_covered(same, &mut affected).await?;
                Err(Error::Standing(new.what.clone()))
            }
            None if standing.len() >= MOST => Err(Error::TooManyStanding(standing.len())),
            None => Ok(()),
        }
    }

    /// Lifts a quarantine; what it covered starts again, unless another covers it. With four eyes in the policy, it takes
    /// somebody else than who set it. What an administrator set, or another workspace, is lifted by administrators alone.
    pub async fn lift_quarantine(
        &self,
        caller: &Caller,
        what: Suspect,
        reason: &str,
    ) -> Result<QuarantineView, Error> {
        self.decide(Decided::Free, caller, what, reason).await
    }

    async fn take_quarantine(
        &self,
        caller: &Caller,
        what: Suspect,
        reason: String,
        workspace: Option<WorkspaceName>,
    ) -> Result<QuarantineView, Error> {
        let standing = self.standing().await?.into_iter().find(|one| one.what == what);
        let quarantine = standing.ok_or(Error::NotStanding(what))?;
        if workspace.is_some() && quarantine.workspace != workspace {
            let what = "lift a quarantine that its workspace did not set: that is for an administrator";
            return Err(Denied::new(caller, what).into());
        }
        if self.inner.platform.settings.policy.four_eyes && quarantine.is_of(caller) {
            let what = "lift a quarantine that it set itself: the policy wants four eyes";
            return Err(Denied::new(caller, what).into());
        }
        self.inner.platform.store.apply(Change::LiftQuarantine(quarantine.what.clone())).await?;
        let affected = self.affected(&quarantine).await?;
        self.inner.platform.shelf.follow_quarantine(&quarantine.what).await?;
        for one in &affected {
            self.forget_left(&one.server);
            self.inner.front.unbar(&one.server);
        }
        // What another one covers is barred again, before anything starts.
        self.bar_covered().await?;
        for one in &affected {
            self.start_again(&one.server).await?;
            let kind = EventKind::QuarantineLifted { what: quarantine.what.clone(), reason: reason.clone() };
            self.inner.platform.emitter.emit(None, Some(&one.server), kind);
        }
        Ok(self.shown_to(caller, quarantine, affected))
    }

    /// Lists the quarantines that the caller may see: all of them those who administer, else those of names of their
    /// workspaces. What covers a server stands in its own view too.
    pub async fn quarantines(&self, caller: &Caller) -> Result<Vec<Quarantine>, Error> {
        caller.require(Action::Read)?;
        let mut found = Vec::new();
        for one in self.standing().await? {
            if self.may_see(caller, &one.what).await? {
                found.push(one);
            }
        }
        Ok(found)
    }

    /// Shows a quarantine, with what it covers.
    pub async fn show_quarantine(&self, caller: &Caller, what: &Suspect) -> Result<QuarantineView, Error> {
        caller.require(Action::Read)?;
        let what = &meant(what.clone());
        let found = self.standing().await?.into_iter().find(|one| one.what == *what);
        match found {
            Some(found) if self.may_see(caller, what).await? => {
                let affected = self.affected(&found).await?;
                Ok(self.shown_to(caller, found, affected))
            }
            _ => Err(Error::NotStanding(what.clone())),
        }
    }

    async fn standing(&self) -> Result<Vec<Quarantine>, Error> {
        Ok(self.inner.platform.store.quarantines().await?)
    }

    /// Returns all that is under quarantine.
    pub(super) async fn in_force(&self) -> Result<Quarantines, Error> {
        Ok(self.standing().await?.into_iter().collect())
    }

    /// Finds the quarantine that covers a server or the version that serves it.
    pub(super) async fn covering_active(&self, server: &Server) -> Result<Option<Quarantine>, Error> {
        let active = match &server.active {
            Some(version) => self.inner.platform.store.version(&server.name, version).await?,
            None => None,
        };
        Ok(covering(&self.in_force().await?, server, active.as_ref()).cloned())
    }

    /// Tells whether what should serve must not.
    pub(super) async fn is_covered(&self, deployment: &Deployment) -> Result<bool, Error> {
        let all = self.in_force().await?;
        let record = self.inner.platform.store.version(&deployment.server, &deployment.version).await?;
        let digests = record.iter().flat_map(VersionRecord::digests).chain([deployment.source]);
        Ok(all.of(&deployment.server, digests).is_some())
    }

    /// Bars from being reached what is covered: names, and the versions that would serve. No other version comes to serve
    /// without the store, which refuses it.
    pub(super) async fn bar_covered(&self) -> Result<(), Error> {
        let standing = self.standing().await?;
        self.forbid(&standing);
        for quarantine in &standing {
            if let Suspect::Name(name) = &quarantine.what {
                self.inner.front.bar(name, None, quarantine.refuse(name).to_string());
            }
        }
        if standing.is_empty() {
            return Ok(());
        }
        let (all, store) = (Quarantines::from_iter(standing), &self.inner.platform.store);
        for deployment in store.deployments().await? {
            let record = store.version(&deployment.server, &deployment.version).await?;
            if let Some(found) = record.as_ref().and_then(|record| all.of_version(record)) {
                let why = found.refuse(&deployment.server).to_string();
                self.inner.front.bar(&deployment.server, Some(vec![deployment.version]), why);
            }
        }
        Ok(())
    }

    /// Keeps from clients whatever any server declares that has one of these digests.
    fn forbid(&self, standing: &[Quarantine]) {
        let why = |one: &Quarantine| match &one.what {
            Suspect::Digest(digest) => Some((*digest, one.refuse("what it declares").to_string())),
            Suspect::Name(_) => None,
        };
        self.inner.front.gateway().forbid(standing.iter().filter_map(why).collect());
    }

    fn bar(&self, quarantine: &Quarantine, affected: &Affected) {
        let versions = match &quarantine.what {
            Suspect::Name(_) => None,
            _ => Some(affected.versions.clone()),
        };
        let why = quarantine.refuse(&affected.server).to_string();
        self.inner.front.bar(&affected.server, versions, why);
    }

    /// Ends what runs of what is covered, and notes what may still run at other places. Everything is tried; the first
    /// failure is told.
    pub(super) async fn stop_covered(
        &self,
        quarantine: &Quarantine,
        affected: &mut [Affected],
    ) -> Result<(), Error> {
        // Nobody reaches the last while the first is being ended.
        for one in affected.iter() {
            self.bar(quarantine, one);
        }
        let mut failed = self.cancel_runs(quarantine).await.err();
        for one in affected {
            match self.end_instances(&one.server, &one.versions, At::All).await {
                Ok(left) => one.unreached = left,
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Stops runs at work on what is covered, as far as that is known by now. What comes further is refused by the store.
    async fn cancel_runs(&self, quarantine: &Quarantine) -> Result<(), Error> {
        let at_work: Vec<_> = {
            let runs = self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner);
            runs.values().cloned().collect()
        };
        for started in at_work {
            let run = self.inner.platform.store.run(&started.id).await?;
            if run.is_some_and(|run| is_about(&run, &quarantine.what)) {
                started.cancel();
            }
        }
        Ok(())
    }

    /// Starts what should serve, where this process serves.
    async fn start_again(&self, name: &ServerName) -> Result<(), Error> {
        if self.inner.front.base().is_none() {
            return Ok(());
        }
        let Some(deployment) = self.inner.platform.store.deployment(name).await? else { return Ok(()) };
        if self.inner.front.gateway().refuses(name, &deployment.version)
            || self.inner.front.upstream(name).is_some()
        {
            return Ok(());
        }
        self.inner.front.gateway().expect(name.clone());
        let (sigyl, stop) = (self.clone(), self.inner.stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = restore::keep_trying(sigyl, deployment) => {}
            }
        });
        Ok(())
    }

    /// Finds what a quarantine covers.
    async fn affected(&self, quarantine: &Quarantine) -> Result<Vec<Affected>, Error> {
        let names = match &quarantine.what {
            Suspect::Name(name) => vec![name.clone()],
            _ => self.names().await?,
        };
        let mut found = Vec::new();
        for name in names {
            let Some(server) = self.inner.platform.store.server(&name).await? else { continue };
            let records = self.records(&name).await?;
            let versions: Vec<Version> =
                records.into_iter().filter(|it| quarantine.covers(it)).map(|it| it.version).collect();
            if !versions.is_empty() || matches!(quarantine.what, Suspect::Name(_)) {
                let active = server.active.as_ref().is_some_and(|active| versions.contains(active));
                let (workspace, unreached) = (server.workspace, Vec::new());
                found.push(Affected { server: name, workspace, versions, active, unreached });
            }
        }
        Ok(found)
    }

    fn shown_to(&self, caller: &Caller, quarantine: Quarantine, affected: Vec<Affected>) -> QuarantineView {
        let seen = affected.into_iter().filter(|one| caller.sees(&one.workspace, &one.server));
        let mut affected: Vec<_> = seen.collect();
        unreached::shown_to(caller, &mut affected);
        QuarantineView { quarantine, affected }
    }

    /// Refuses who may neither set nor lift a quarantine of this; tells for which workspace the caller decides, or nothing
    /// when that is for the whole installation.
    async fn decides_for(&self, caller: &Caller, what: &Suspect) -> Result<Option<WorkspaceName>, Error> {
        caller.require(Action::Approve)?;
        let whole = caller.may(Action::Administer);
        let Suspect::Name(name) = what else {
            caller.require(Action::Administer)?;
            return Ok(None);
        };
        match self.known(caller, Action::Approve, name).await {
            Err(Error::NoServer(_)) => {}
            found => return found.map(|server| (!whole).then_some(server.workspace)),
        }
        // It may be the name of a document, or one that is to be kept from ever coming.
        let listed = DocumentName::parse(name.as_str()).ok();
        match listed.and_then(|name| self.inner.platform.shelf.workspace(&name)) {
            Some(workspace) if self.inner.platform.store.server(name).await?.is_none() => {
                caller.require_on(Action::Approve, &workspace, name)?;
                Ok((!whole).then_some(workspace))
            }
            _ if whole => Ok(None),
            _ => Err(Error::NoServer(name.clone())),
        }
    }

    async fn may_see(&self, caller: &Caller, what: &Suspect) -> Result<bool, Error> {
        if caller.may(Action::Administer) {
            return Ok(true);
        }
        let Suspect::Name(name) = what else { return Ok(false) };
        match self.known(caller, Action::Read, name).await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Denied) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Returns what is meant by a name that the registry shows: the server whose versions have documents under it.
fn meant(what: Suspect) -> Suspect {
    let Suspect::Name(name) = &what else { return what };
    let document = DocumentName::parse(name.as_str()).ok();
    document.and_then(|name| Shelf::source_of(&name)).map_or(what, Suspect::Name)
}

fn act(what: &'static str, on: &Suspect) -> Act {
    match on {
        Suspect::Name(name) => Act::on_server(what, name),
        _ => Act::on(what, on, None),
    }
}

/// Finds the quarantine that covers a server or the version that serves it.
pub(super) fn covering<'a>(
    all: &'a Quarantines,
    server: &Server,
    active: Option<&VersionRecord>,
) -> Option<&'a Quarantine> {
    match active {
        Some(record) => all.of_version(record),
        None => all.of_name(&server.name),
    }
}

/// Checks a reason: it is kept, and shown to who is refused.
fn sound(reason: String) -> Result<String, Error> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::NoReason);
    }
    if reason.chars().count() > Quarantine::REASON_MAX || reason.chars().any(char::is_control) {
        return Err(Error::BadReason);
    }
    Ok(reason.to_owned())
}

/// Tells whether a run at work is about what is put under quarantine.
fn is_about(run: &Run, what: &Suspect) -> bool {
    let deletes = run.plan == crate::domain::Plan::Delete;
    !deletes
        && match what {
            Suspect::Name(name) => run.server.as_ref() == Some(name),
            Suspect::Digest(digest) => run.source == Some(*digest),
        }
}
