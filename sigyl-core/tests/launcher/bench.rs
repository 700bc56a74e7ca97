//! What the tests stand on: a target in a fresh folder, and sessions with its servers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sigyl_core::clock::SystemClock;
use sigyl_core::deploy::local_process::{LocalConfig, LocalProcess};
use sigyl_core::deploy::{ReleaseSpec, Released, Target as _, TargetError};
use sigyl_core::domain::{
    Admission, Artifact, Digest, Judgement, Launch, Permissions, Policy, Report, Resources, RevisionId,
    Score, SecretName, SecretValue, ServerName, SourceKind, SourceRef, Stats, Timestamp, Transport, Usage,
    Verdict, Version, Window,
};
use sigyl_core::mcp::{Pipes, Upstream};
use sigyl_core::source::ToolEnv;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::fake;

/// Long enough for a slow machine; a healthy one needs a fraction.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) target: LocalProcess,
}

/// Makes a target in a fresh folder, without any tools to build with.
pub(crate) fn bench() -> Bench {
    bench_with(ToolEnv::default())
}

/// Makes a target in a fresh folder.
pub(crate) fn bench_with(tools: ToolEnv) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let target = target(dir.path(), tools).unwrap();
    Bench { dir, target }
}

/// Makes a target whose data directory is `data` in a folder.
pub(crate) fn target(dir: &Path, tool_env: ToolEnv) -> Result<LocalProcess, TargetError> {
    LocalProcess::new(LocalConfig {
        data_dir: dir.join("data"),
        cache_dir: dir.join("cache"),
        tool_env,
        offline: true,
        launcher: "/proc/self/exe".into(),
        clock: Arc::new(SystemClock),
    })
}

/// The admission that a report without findings earns.
pub(crate) fn admission(source: Digest) -> Admission {
    let report = Report {
        schema: Report::SCHEMA.to_owned(),
        source: SourceRef { kind: SourceKind::Path, locator: "x".to_owned(), digest: source },
        verdict: Verdict::Pass,
        partial: false,
        score: Score { value: 100, max: 100, formula: String::new() },
        findings: Vec::new(),
        skipped: Vec::new(),
        analyzers: Vec::new(),
        stats: Stats::default(),
        rules: None,
        policy: None,
        advisories: None,
        suppressed: Vec::new(),
    };
    let none = Permissions::default();
    let judged = Judgement::new(&report, &Policy::default(), &[], &none, Timestamp::EPOCH).unwrap();
    Admission::from_verdict(&judged).unwrap()
}

pub(crate) fn name() -> ServerName {
    ServerName::parse("io.test/fake").unwrap()
}

/// A release of the fake server in `mode`.
pub(crate) fn fake(mode: &[&str], transport: Transport) -> ReleaseSpec {
    let program = std::env::current_exe().unwrap();
    let dir = program.parent().unwrap().to_owned();
    ReleaseSpec {
        server: name(),
        version: Version::parse("1.0.0").unwrap(),
        source: Digest::of(b"fake"),
        commit: None,
        revision: RevisionId::parse("r1").unwrap(),
        launch: Artifact::Program(Launch {
            program,
            args: std::iter::once(&fake::MODE).chain(mode).map(|word| (*word).to_owned()).collect(),
            dir: dir.clone(),
            readable: vec![dir],
        }),
        transport,
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        granted: Permissions::default(),
        resources: Resources::default(),
        start_timeout: None,
    }
}

/// The program that a release starts.
pub(crate) fn program(spec: &mut ReleaseSpec) -> &mut Launch {
    match &mut spec.launch {
        Artifact::Program(launch) => launch,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn stdio(mode: &[&str]) -> ReleaseSpec {
    fake(mode, Transport::Stdio)
}

pub(crate) fn http(mode: &[&str]) -> ReleaseSpec {
    fake(mode, Transport::Http { path: "/mcp".to_owned(), port: None })
}

pub(crate) fn secret(spec: &mut ReleaseSpec, name: &str, value: &str) {
    spec.secrets.insert(SecretName::parse(name).unwrap(), SecretValue::new(value));
}

impl Bench {
    pub(crate) async fn release(&self, spec: ReleaseSpec) -> Released {
        self.restore(spec).await.unwrap()
    }

    pub(crate) async fn restore(&self, spec: ReleaseSpec) -> Result<Released, TargetError> {
        self.target.restore(&admission(spec.source), spec).await
    }

    pub(crate) async fn status(&self) -> sigyl_core::deploy::Status {
        self.target.status(&name(), &RevisionId::parse("r1").unwrap()).await.unwrap().unwrap()
    }

    pub(crate) async fn usage(&self) -> Usage {
        let window = Window::before(Timestamp::from_millis(1_800_000_000_000), 3_600).unwrap();
        let revision = RevisionId::parse("r1").unwrap();
        self.target.usage(&name(), &revision, window).await.unwrap().unwrap()
    }

    pub(crate) async fn retire(&self) {
        self.target.retire(&name(), &RevisionId::parse("r1").unwrap(), Duration::from_secs(1)).await.unwrap();
    }

    /// Everything in the log so far.
    pub(crate) async fn log(&self) -> String {
        let lines = self.target.logs(&name(), 100_000).await.unwrap().lines;
        lines.into_iter().map(|line| line.text + "\n").collect()
    }
}

/// One session with a fake stdio server.
pub(crate) struct Session {
    stdin: Box<dyn tokio::io::AsyncWrite + Send + Unpin>,
    stdout: BufReader<Box<dyn tokio::io::AsyncRead + Send + Unpin>>,
    _guard: Box<dyn std::any::Any + Send + Sync>,
}

impl Session {
    pub(crate) async fn open(released: &Released) -> Self {
        let Upstream::Stdio(spawn) = &released.upstream else { panic!("not stdio") };
        let Pipes { stdin, stdout, guard } = spawn.spawn().await.unwrap();
        Self { stdin, stdout: BufReader::new(stdout), _guard: guard }
    }

    /// Sends a line and returns the answer; empty when the server is gone.
    pub(crate) async fn ask(&mut self, line: &str) -> String {
        let mut answer = String::new();
        if self.stdin.write_all(format!("{line}\n").as_bytes()).await.is_ok() {
            self.stdout.read_line(&mut answer).await.unwrap();
        }
        answer.trim_end().to_owned()
    }

    pub(crate) async fn pid(&mut self) -> u32 {
        self.ask("pid").await.parse().unwrap()
    }
}

pub(crate) fn lives(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Waits until something is so; panics when it never is.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !so().await {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(LONG, wait).await.is_ok(), "never so: {what}");
}
