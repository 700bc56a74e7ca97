//! Facts to feed a store with, for suites, benches and tests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::domain::{
    Account, AccountId, Actor, Admission, ApiKey, Artifact, Attested, AuditEntry, AuditFact, AuditHead,
    AuditOutcome, Confinement, Deployment, Digest, DocumentName, DocumentVersion, Envelope, GitHubApp,
    Identity, Judgement, KeyHash, KeyId, Label, Launch, Listing, Login, Origin, Overlay, Permissions, Plan,
    Policy, Profile, Proof, Quarantine, Rating, RawDocument, Report, Resources, RevisionId, Role, Run, RunId,
    RunState, Scope, Score, SecretName, Server, ServerName, SourceKind, SourceRef, Standing, Stars, Stats,
    StepId, Suspect, Timestamp, Tool, ToolPin, Transport, Verdict, Version, VersionRecord, Workspace,
    WorkspaceName,
};
use crate::event::{Event, EventKind};
use crate::store::{CallOutcome, CallRecord, Change, KeptApp, KeyRecord, SealedSecret, Tombstone};

fn known<T, E: std::fmt::Display>(parsed: Result<T, E>) -> T {
    match parsed {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

/// A server's name.
pub fn name(text: &str) -> ServerName {
    known(ServerName::parse(text))
}

/// A version.
pub fn version(text: &str) -> Version {
    known(Version::parse(text))
}

/// A run's id.
pub fn run_id(text: &str) -> RunId {
    known(RunId::parse(text))
}

/// A secret's name.
pub fn secret_name(text: &str) -> SecretName {
    known(SecretName::parse(text))
}

/// A time, in seconds since 1970.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// A report without findings on a source with this content.
pub fn report(source: &str) -> Report {
    Report {
        schema: Report::SCHEMA.to_owned(),
        source: source_ref(source),
        verdict: Verdict::Pass,
        partial: false,
        score: Score { value: 100, max: 100, formula: "100".to_owned() },
        findings: Vec::new(),
        skipped: Vec::new(),
        analyzers: Vec::new(),
        stats: Stats { files: 1, bytes: source.len() as u64, elapsed_ms: 3, ..Stats::default() },
        rules: None,
        policy: None,
        advisories: None,
        suppressed: Vec::new(),
    }
}

/// Where a source with this content came from.
pub fn source_ref(source: &str) -> SourceRef {
    SourceRef {
        kind: SourceKind::Path,
        locator: "servers/clock".to_owned(),
        digest: Digest::of(source.as_bytes()),
    }
}

/// The admission that a passing report earns.
pub fn admission(report: &Report) -> Admission {
    let judged =
        known(Judgement::new(report, &Policy::default(), &[], &Permissions::default(), Timestamp::EPOCH));
    known(Admission::from_verdict(&judged))
}

/// A server.
pub fn server(server: &str, latest: &str) -> Server {
    Server {
        name: name(server),
        workspace: WorkspaceName::default(),
        title: None,
        description: Some("tells the time".to_owned()),
        created: at(1),
        latest: version(latest),
        active: None,
        granted: Permissions::default(),
        locator: "servers/clock".to_owned(),
        env: BTreeMap::new(),
        limits: Resources::default(),
        allow_scripts: BTreeSet::new(),
        targets: BTreeSet::new(),
    }
}

/// The record of a version that was made from a source with this content.
pub fn version_record(server: &str, number: &str, source: &str) -> VersionRecord {
    let report = report(source);
    let admission = admission(&report);
    VersionRecord {
        server: name(server),
        version: version(number),
        source: report.source.clone(),
        report: report.id(),
        policy: admission.policy(),
        basis: admission.basis().clone(),
        recorded: at(2),
        run: run_id("run-1"),
        manifest: json!({ "name": server, "version": number }),
        tools: Vec::new(),
        others: None,
        seen: Vec::new(),
    }
}

/// Publishes a version that was made from a source with this content.
pub fn publish(name: &str, number: &str, source: &str) -> Change {
    Change::PublishVersion {
        server: Box::new(server(name, number)),
        version: Box::new(version_record(name, number, source)),
        admission: Box::new(admission(&report(source))),
    }
}

/// What serves a version that was made from a source with this content.
pub fn deployment(server: &str, number: &str, source: &str) -> Deployment {
    Deployment {
        server: name(server),
        version: version(number),
        source: Digest::of(source.as_bytes()),
        run: run_id("run-1"),
        revision: known(RevisionId::parse("rev-1")),
        transport: Transport::Stdio,
        launch: Artifact::Program(Launch {
            program: "/bin/clock".into(),
            args: Vec::new(),
            dir: "/srv/clock".into(),
            readable: Vec::new(),
        }),
        target: None,
        env: BTreeMap::new(),
        secrets: BTreeSet::new(),
        granted: Permissions::default(),
        resources: Resources::default(),
        confinement: Confinement::default(),
        audience: Default::default(),
        activated: at(3),
        declared: None,
    }
}

/// A tool with this description.
pub fn tool(name: &str, description: &str) -> ToolPin {
    let definition = json!({ "name": name, "description": description });
    let tool: Tool = known(serde_json::from_value(definition));
    ToolPin { sha256: known(tool.digest()), md5: tool.mcp_scan_md5(), tool }
}

/// Activates a version with these tools.
pub fn activate(name: &str, number: &str, source: &str, tools: Vec<ToolPin>) -> Change {
    let active = Some(version(number));
    Change::Activate {
        server: Box::new(Server { active, ..server(name, number) }),
        deployment: Box::new(deployment(name, number, source)),
        tools,
        others: Vec::new(),
        attested: None,
    }
}

/// A run.
pub fn run(id: &str, state: RunState) -> Run {
    Run {
        id: run_id(id),
        plan: Plan::Release,
        caller: "local owner".to_owned(),
        account: None,
        workspace: WorkspaceName::default(),
        request: Value::Null,
        server: None,
        version: None,
        state,
        steps: Vec::new(),
        source: None,
        report: None,
        live: None,
        judgement: None,
        seen: None,
        decision: None,
        failure: None,
        notices: Vec::new(),
        removed: Vec::new(),
        created: at(1),
        updated: at(1),
    }
}

/// A line from a step of a run.
pub fn event(run: Option<&str>, line: &str) -> Event {
    Event {
        seq: Default::default(),
        at: at(4),
        run: run.map(run_id),
        server: None,
        kind: EventKind::Log { step: StepId::FetchSource, line: line.to_owned() },
    }
}

/// A call of a tool.
pub fn call(server: &str, tool: &str) -> CallRecord {
    CallRecord {
        server: name(server),
        version: version("1.0.0"),
        tool: tool.to_owned(),
        caller: None,
        at: at(5),
        micros: 1_234,
        outcome: CallOutcome::Ok,
        trace: None,
    }
}

/// A secret as the vault would hand it over.
pub fn secret(owner: &str, name_: &str) -> SealedSecret {
    SealedSecret {
        owner: name(owner),
        name: secret_name(name_),
        sealed: vec![1, 2, 3],
        updated: at(6),
        by: Some("ada".to_owned()),
        version: 1,
    }
}

/// Deletes a server.
pub fn delete(server: &str, run: &str) -> Change {
    let tombstone = Tombstone {
        server: name(server),
        deleted: at(7),
        run: run_id(run),
        versions: Vec::new(),
        workspace: WorkspaceName::default(),
    };
    Change::DeleteServer { name: name(server), tombstone }
}

/// An account's id.
pub fn account_id(text: &str) -> AccountId {
    known(AccountId::parse(text))
}

/// A login.
pub fn login(text: &str) -> Login {
    known(Login::parse(text))
}

/// Somebody as GitHub knows them.
pub fn identity(subject: &str) -> Identity {
    known(Identity::new("https://github.com", subject))
}

/// A key's id.
pub fn key_id(text: &str) -> KeyId {
    known(KeyId::parse(text))
}

/// An account.
pub fn account(id: &str, name: &str) -> Account {
    Account {
        id: account_id(id),
        login: login(name),
        name: None,
        administrator: false,
        created: at(8),
        disabled: None,
        identities: Vec::new(),
        namespaces: Vec::new(),
    }
}

/// A workspace with these members.
pub fn workspace(name: &str, members: &[(&str, Role)]) -> Workspace {
    Workspace {
        name: known(WorkspaceName::parse(name)),
        title: None,
        created: at(8),
        members: members.iter().map(|(id, role)| (account_id(id), *role)).collect(),
    }
}

/// A key of an account for everything, everywhere, for good.
pub fn api_key(id: &str, account: &str) -> ApiKey {
    ApiKey {
        id: key_id(id),
        account: account_id(account),
        workspace: None,
        label: known(Label::parse("test")),
        scopes: vec![Scope::EVERYTHING],
        networks: Vec::new(),
        created: at(8),
        expires: None,
        revoked: None,
        last_used: None,
        uses: 0,
        hash: KeyHash::new([7; 32]),
        parent: None,
        sign_in: false,
        view: None,
    }
}

/// An entry of the audit after `head`.
pub fn audited(head: &AuditHead, on: &str) -> AuditEntry {
    let who = Actor { name: "ada".to_owned(), account: None, key: None };
    let fact = AuditFact {
        at: at(9),
        who,
        what: "deploy".to_owned(),
        on: on.to_owned(),
        workspace: Some(WorkspaceName::default()),
        from: None,
        outcome: AuditOutcome::Done,
        note: None,
    };
    known(AuditEntry::after(head, fact))
}

/// What is signed of a release, as far as the store is concerned.
pub fn attested(payload: &str) -> Attested {
    let envelope = |payload: String| Envelope {
        payload_type: "application/vnd.in-toto+json".to_owned(),
        payload,
        signatures: Vec::new(),
    };
    Attested { statement: envelope(payload.to_owned()), sbom: envelope(format!("{payload}{payload}")) }
}

/// The same activation, with what is signed of it.
pub fn with_statement(change: Change, payload: &str) -> Change {
    match change {
        Change::Activate { server, deployment, tools, others, .. } => Change::Activate {
            server,
            deployment,
            tools,
            others,
            attested: Some(Box::new(attested(payload))),
        },
        other => other,
    }
}

/// A pepper as the vault would hand it over.
pub fn sealed_pepper(byte: u8) -> SealedSecret {
    SealedSecret { sealed: vec![byte; 9], ..secret("sigyl", "PEPPER") }
}

/// A GitHub App, as it is kept.
pub fn kept_app(byte: u8) -> KeptApp {
    let web = "https://github.example";
    let app = GitHubApp {
        id: 7,
        slug: "sigyl-x".to_owned(),
        name: "sigyl-x".to_owned(),
        html_url: format!("{web}/apps/sigyl-x"),
        api_url: format!("{web}/api/v3"),
        web_url: web.to_owned(),
        hook_url: None,
    };
    KeptApp { app, sealed: SealedSecret { sealed: vec![byte; 9], ..secret("sigyl", "GITHUB_APP") } }
}

/// The name of a document.
pub fn document_name(text: &str) -> DocumentName {
    known(DocumentName::parse(text))
}

/// The version of a document.
pub fn document_version(text: &str) -> DocumentVersion {
    known(DocumentVersion::parse(text))
}

/// A document with this description, imported.
pub fn listing(name: &str, version: &str, description: &str) -> Listing {
    let text = json!({ "name": name, "version": version, "description": description }).to_string();
    let (document, members) = known(RawDocument::parse(text.as_bytes()));
    Listing {
        name: document_name(name),
        version: document_version(version),
        workspace: WorkspaceName::default(),
        document,
        digest: known(RawDocument::digest_of(&members)),
        standing: Standing::active(at(8)),
        published: at(8),
        updated: at(8),
        origin: Origin::Imported { source: "a file".to_owned(), at: at(8), problems: 0, official: None },
        proof: Proof::Unproven,
        others: Default::default(),
    }
}

/// A quarantine of a name or a digest.
pub fn quarantine(what: &str) -> Quarantine {
    Quarantine {
        what: known(Suspect::parse(what)),
        reason: "it sends what it reads elsewhere".to_owned(),
        by: "ada".to_owned(),
        account: None,
        workspace: None,
        since: at(9),
    }
}

/// An overlay with this title.
pub fn overlay(title: &str) -> Overlay {
    let profile = Profile { title: Some(known(Label::parse(title))), ..Profile::default() };
    Overlay { profile, by: "ada".to_owned(), updated: at(9) }
}

/// A rating of an account.
pub fn rating(account: &str, stars: u8) -> Rating {
    Rating {
        account: Some(account_id(account)),
        by: account.to_owned(),
        stars: known(Stars::new(stars)),
        comment: None,
        at: at(9),
    }
}

/// What is on record of a master key, as the vault would hand it over.
pub fn key_record(key: &str) -> KeyRecord {
    KeyRecord { key: key.to_owned(), salt: None, handover: None, since: at(6) }
}
