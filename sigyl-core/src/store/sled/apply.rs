//! What each change does to the records. Pure but for reading: it writes into a draft.

use std::collections::BTreeSet;

use crate::domain::{
    Admission, Attested, Deployment, Digest, Pin, Report, ReportId, Run, RunId, RunState, SecretName, Seq,
    Server, ServerName, ToolPin, Version, VersionRecord, WorkspaceName,
};
use crate::event::Event;
use crate::store::key::{Key, Span};
use crate::store::{CallRecord, Change, SealedSecret, StoreError, Tombstone};

use super::draft::Draft;
use super::{access, deliveries, follows, listings, once, quarantine, said};

/// Writes `change` into `draft`, and returns its name and subject for the journal.
pub(super) fn apply(draft: &mut Draft<'_>, change: Change) -> Result<(&'static str, String), StoreError> {
    match change {
        Change::PutRun(run) => put_run(draft, &run),
        Change::Events(events) => put_events(draft, events),
        Change::PutReport(report) => put_report(draft, &report),
        Change::PublishVersion { server, version, admission } => {
            publish(draft, &server, *version, &admission)
        }
        Change::Activate { server, deployment, tools, others, attested } => {
            activate(draft, &server, &deployment, (tools, others), attested.as_deref())
        }
        Change::PutSecret(secret) => put_secret(draft, &secret),
        Change::DeleteSecret { owner, name } => delete_secret(draft, &owner, &name),
        Change::Calls(calls) => put_calls(draft, &calls),
        Change::DeleteServer { name, tombstone } => delete_server(draft, &name, tombstone),
        Change::MoveServer { name, to } => move_server(draft, &name, to),
        Change::NotePlace { name, place } => note_place(draft, &name, place),
        Change::PutAccount(account) => access::put_account(draft, &account),
        Change::DeleteAccount { account, keys, workspaces } => {
            access::delete_account(draft, &account, &keys, &workspaces)
        }
        Change::PutWorkspace(workspace) => access::put_workspace(draft, &workspace),
        Change::PutKey(key) => access::put_key(draft, &key),
        Change::RevokeKey { id, at } => access::revoke_key(draft, &id, at),
        Change::ForgetKey(id) => access::forget_key(draft, &id),
        Change::KeyUses(uses) => access::key_uses(draft, &uses),
        Change::Audit(entries) => access::audit(draft, &entries),
        Change::PutPepper(sealed) => access::put_pepper(draft, &sealed),
        Change::PutSigningKey(sealed) => access::put_signing_key(draft, &sealed),
        Change::PutGitHubApp(kept) => access::put_github_app(draft, &kept),
        Change::ForgetGitHubApp => access::forget_github_app(draft),
        Change::Reseal { was, now } => reseal(draft, &was, now),
        Change::ForgetSealed { secrets, keys, at } => access::forget_sealed(draft, &secrets, &keys, at),
        Change::PutMasterKey(record) => access::put_master_key(draft, &record),
        Change::PublishListing(listing) => listings::publish(draft, &listing),
        Change::PutListings(new) => listings::put(draft, &new),
        Change::PutBookmark(bookmark) => listings::put_bookmark(draft, &bookmark),
        Change::SetStanding { name, versions, standing } => {
            listings::set_standing(draft, &name, &versions, &standing)
        }
        Change::PutOverlay { name, overlay } => said::put_overlay(draft, &name, overlay.as_deref()),
        Change::PutRating { name, rating } => said::put_rating(draft, &name, &rating),
        Change::DeleteRating { name, account } => said::delete_rating(draft, &name, account.as_ref()),
        Change::Downloads(downloads) => said::put_downloads(draft, &downloads),
        Change::BeginOnce { once, since } => once::begin(draft, &once, since),
        Change::EndOnce { key, name, answer } => once::end(draft, &key, &name, answer.map(|it| *it)),
        Change::TakeDelivery { delivery, since } => deliveries::take(draft, &delivery, since),
        Change::PutFollow(follow) => follows::put(draft, &follow),
        Change::EndFollow(name) => follows::end(draft, &name),
        Change::Observe { server, version, digests } => observe(draft, &server, &version, &digests),
        Change::Quarantine(quarantine) => quarantine::put(draft, &quarantine),
        Change::LiftQuarantine(what) => quarantine::lift(draft, &what),
    }
}

pub(super) type Journalled = Result<(&'static str, String), StoreError>;

fn put_run(draft: &mut Draft<'_>, run: &Run) -> Journalled {
    draft.next_seq();
    let (key, open) = (Key::Run(&run.id), Key::OpenRun(&run.id));
    let named = draft.get::<Run>(&key)?.and_then(|before| before.report);
    if named != run.report {
        let user = key.encode();
        if let Some(before) = named {
            draft.remove(&Key::ReportUse(before, &user))?;
        }
        if let Some(report) = run.report {
            draft.mark(&Key::ReportUse(report, &user));
        }
    }
    draft.put(&key, run)?;
    if run.is_settled() {
        draft.remove(&open)?;
    } else {
        draft.mark(&open);
    }
    Ok(("put_run", run.id.to_string()))
}

fn put_events(draft: &mut Draft<'_>, events: Vec<Event>) -> Journalled {
    let subject = match events.first().map(|event| (&event.run, &event.server)) {
        Some((Some(run), _)) => run.to_string(),
        Some((None, Some(server))) => server.to_string(),
        Some((None, None)) | None => String::new(),
    };
    if events.is_empty() {
        draft.next_seq();
    }
    for mut event in events {
        event.seq = draft.next_seq();
        if let Some(run) = &event.run {
            draft.mark(&Key::RunEvent(run, event.seq));
        }
        draft.create(&Key::Event(event.seq), &event)?;
    }
    Ok(("events", subject))
}

fn put_report(draft: &mut Draft<'_>, report: &Report) -> Journalled {
    draft.next_seq();
    let id = report.id();
    if !draft.has(&Key::Report(id))? {
        draft.put(&Key::Report(id), report)?;
    }
    Ok(("put_report", id.to_string()))
}

fn publish(
    draft: &mut Draft<'_>,
    server: &Server,
    version: VersionRecord,
    admission: &Admission,
) -> Journalled {
    let seq = draft.next_seq();
    let agrees = version.server == server.name
        && version.source.digest == admission.source()
        && version.report == admission.report()
        && version.policy == admission.policy()
        && version.basis == *admission.basis();
    if !agrees {
        return Err(StoreError::NotAdmitted { server: server.name.clone(), version: version.version });
    }
    let subject = format!("{} {}", server.name, version.version);
    quarantine::refuse(draft, &version)?;
    let key = Key::Version(&server.name, &version.version);
    let recorded = match draft.get::<(Seq, VersionRecord)>(&key)? {
        Some((_, recorded)) => Some(recorded.source.digest),
        None => draft.get::<Digest>(&Key::Grave(&server.name, &version.version))?,
    };
    let offered = version.source.digest;
    if let Some(recorded) = recorded.filter(|recorded| *recorded != offered) {
        let server = server.name.clone();
        return Err(StoreError::VersionTaken { server, version: version.version, recorded, offered });
    }
    if !draft.has(&key)? {
        draft.create(&Key::VersionAt(&server.name, seq), &version.version)?;
        draft.put(&Key::VersionOf(&server.name, offered), &version.version)?;
        draft.mark(&Key::ReportUse(version.report, &key.encode()));
        draft.create(&key, &(seq, &version))?;
    }
    draft.put(&Key::Server(&server.name), server)?;
    Ok(("publish_version", subject))
}

fn activate(
    draft: &mut Draft<'_>,
    server: &Server,
    deployment: &Deployment,
    (tools, others): (Vec<ToolPin>, Vec<Pin>),
    attested: Option<&Attested>,
) -> Journalled {
    let seq = draft.next_seq();
    let (name, version) = (&deployment.server, &deployment.version);
    let key = Key::Version(name, version);
    let Some((recorded, mut record)) = draft.get::<(Seq, VersionRecord)>(&key)? else {
        return Err(missing(format!("version {version} of {name}")));
    };
    if server.name != *name || record.source.digest != deployment.source {
        return Err(StoreError::NotAdmitted { server: name.clone(), version: version.clone() });
    }
    record.tools = tools;
    record.others = Some(others);
    quarantine::refuse(draft, &record)?;
    draft.put(&key, &(recorded, &record))?;
    draft.put(&Key::Server(name), server)?;
    draft.put(&Key::Deployment(name), deployment)?;
    draft.create(&Key::Activation(name, seq), deployment)?;
    if let Some(attested) = attested {
        draft.put(&Key::Attested(name, &deployment.revision), attested)?;
    }
    Ok(("activate", format!("{name} {version}")))
}

/// Notes what a version declares, under quarantine or not: that is how it is found.
fn observe(draft: &mut Draft<'_>, name: &ServerName, version: &Version, digests: &[Digest]) -> Journalled {
    draft.next_seq();
    let key = Key::Version(name, version);
    if let Some((recorded, mut record)) = draft.get::<(Seq, VersionRecord)>(&key)?
        && record.saw(digests)
    {
        draft.put(&key, &(recorded, &record))?;
    }
    Ok(("observe", format!("{name} {version}")))
}

fn put_secret(draft: &mut Draft<'_>, secret: &SealedSecret) -> Journalled {
    draft.next_seq();
    draft.put(&Key::Secret(&secret.owner, &secret.name), secret)?;
    Ok(("put_secret", format!("{} {}", secret.owner, secret.name)))
}

fn delete_secret(draft: &mut Draft<'_>, owner: &ServerName, name: &SecretName) -> Journalled {
    draft.next_seq();
    let key = Key::Secret(owner, name);
    if !draft.has(&key)? {
        return Err(missing(format!("secret {name} of {owner}")));
    }
    draft.remove(&key)?;
    Ok(("delete_secret", format!("{owner} {name}")))
}

fn reseal(draft: &mut Draft<'_>, was: &[u8], now: SealedSecret) -> Journalled {
    draft.next_seq();
    let key = Key::Secret(&now.owner, &now.name);
    // Only how it is sealed changes: what else is on record of it stays as it is.
    if let Some(found) = draft.get::<SealedSecret>(&key)?.filter(|found| found.sealed == was) {
        draft.put(&key, &SealedSecret { sealed: now.sealed.clone(), ..found })?;
    }
    Ok(("reseal", format!("{} {}", now.owner, now.name)))
}

fn put_calls(draft: &mut Draft<'_>, calls: &[CallRecord]) -> Journalled {
    if calls.is_empty() {
        draft.next_seq();
    }
    for call in calls {
        let seq = draft.next_seq();
        draft.create(&Key::Call(&call.server, seq), call)?;
    }
    Ok(("calls", calls.first().map(|call| call.server.to_string()).unwrap_or_default()))
}

/// Moves a server with its runs. The writer gives this change a group of its own.
fn move_server(draft: &mut Draft<'_>, name: &ServerName, to: WorkspaceName) -> Journalled {
    draft.next_seq();
    let key = Key::Server(name);
    let Some(server) = draft.get::<Server>(&key)? else { return Err(missing(format!("server {name}"))) };
    if !draft.has(&Key::Workspace(&to))? {
        return Err(missing(format!("workspace {to}")));
    }
    let subject = format!("{name} {to}");
    for run in draft.recorded::<Run>(&Span::Runs) {
        let run = run?;
        if run.server.as_ref() == Some(name) {
            let id = run.id.clone();
            draft.put(&Key::Run(&id), &Run { workspace: to.clone(), ..run })?;
        }
    }
    draft.put(&key, &Server { workspace: to, ..server })?;
    Ok(("move_server", subject))
}

/// Names a place in the record of a server, and changes nothing else of it.
fn note_place(draft: &mut Draft<'_>, name: &ServerName, place: String) -> Journalled {
    draft.next_seq();
    let key = Key::Server(name);
    let Some(mut server) = draft.get::<Server>(&key)? else { return Err(missing(format!("server {name}"))) };
    let subject = format!("{name} {place}");
    if server.targets.insert(place) {
        draft.put(&key, &server)?;
    }
    Ok(("note_place", subject))
}

/// Removes a server. The writer gives this change a group of its own, so what is on record is all there is.
fn delete_server(draft: &mut Draft<'_>, name: &ServerName, mut tombstone: Tombstone) -> Journalled {
    draft.next_seq();
    let journalled = ("delete_server", name.to_string());
    let earlier = draft.get::<Tombstone>(&Key::Tombstone(name))?;
    let Some(server) = draft.get::<Server>(&Key::Server(name))? else {
        return match earlier {
            Some(earlier) if earlier.run == tombstone.run => Ok(journalled),
            _ => Err(missing(format!("server {name}"))),
        };
    };
    tombstone.workspace = server.workspace;
    let mut buried = earlier.map(|earlier| earlier.versions).unwrap_or_default();
    let records = draft.recorded::<(Seq, VersionRecord)>(&Span::Versions(name));
    for record in records {
        let (_, record) = record?;
        bury(draft, name, &record.version, record.source.digest)?;
        let user = Key::Version(name, &record.version).encode();
        release_report(draft, record.report, &user)?;
        buried.push((record.version, record.source.digest));
    }
    buried.sort();
    buried.dedup();
    tombstone.versions = buried;
    for span in [
        Span::Versions(name),
        Span::VersionsAt(name),
        Span::VersionsOf(name),
        Span::Activations(name),
        Span::Attested(name),
        Span::Secrets(name),
        Span::Calls(name),
        Span::Ratings(name),
    ] {
        draft.remove_all(&span)?;
    }
    let runs = forget_runs(draft, name, &tombstone.run)?;
    forget_events(draft, name, &runs)?;
    draft.remove(&Key::Server(name))?;
    draft.remove(&Key::Deployment(name))?;
    draft.remove(&Key::Overlay(name))?;
    draft.remove(&Key::Follow(name))?;
    draft.remove(&Key::RatingTotal(name))?;
    draft.remove(&Key::DownloadTotal(name))?;
    draft.put(&Key::Tombstone(name), &tombstone)?;
    Ok(journalled)
}

/// Removes the runs of a server, and returns which. What is at work stays, for it will be recorded again: the run that
/// removes the server above all.
fn forget_runs(draft: &mut Draft<'_>, name: &ServerName, by: &RunId) -> Result<BTreeSet<RunId>, StoreError> {
    let mut gone = BTreeSet::new();
    for run in draft.recorded::<Run>(&Span::Runs) {
        let run = run?;
        if run.server.as_ref() != Some(name) || run.id == *by || run.state == RunState::Running {
            continue;
        }
        let key = Key::Run(&run.id);
        if let Some(report) = run.report {
            release_report(draft, report, &key.encode())?;
        }
        draft.remove(&key)?;
        draft.remove(&Key::OpenRun(&run.id))?;
        gone.insert(run.id);
    }
    Ok(gone)
}

/// Removes the events of these runs, and those of the server that belong to none.
fn forget_events(draft: &mut Draft<'_>, name: &ServerName, runs: &BTreeSet<RunId>) -> Result<(), StoreError> {
    for event in draft.recorded::<Event>(&Span::Events) {
        let event = event?;
        match &event.run {
            Some(run) if runs.contains(run) => draft.remove(&Key::RunEvent(run, event.seq))?,
            None if event.server.as_ref() == Some(name) => {}
            _ => continue,
        }
        draft.remove(&Key::Event(event.seq))?;
    }
    Ok(())
}

fn bury(
    draft: &mut Draft<'_>,
    name: &ServerName,
    version: &Version,
    digest: Digest,
) -> Result<(), StoreError> {
    draft.put(&Key::Grave(name, version), &digest)
}

/// Takes a user from a report, and the report with it when that was the last.
fn release_report(draft: &mut Draft<'_>, report: ReportId, user: &[u8]) -> Result<(), StoreError> {
    draft.remove(&Key::ReportUse(report, user))?;
    if draft.any(&Span::ReportUses(report))? {
        return Ok(());
    }
    draft.remove(&Key::Report(report))
}

pub(super) fn missing(what: String) -> StoreError {
    StoreError::Missing { what }
}
