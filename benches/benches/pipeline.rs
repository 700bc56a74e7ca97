//! What a release costs without the server's own start-up: fetch, manifest, scan, admission, record, release, probe,
//! activation and every event and step on the disk, with a target that starts nothing and a server that answers at
//! once.
//!
//!     cargo bench -p sigyl-benches --bench pipeline -- examples/servers/clock
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints figures and may stop at any failure"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value, json};
use sigyl_core::deploy::{
    BuildSpec, Built, Notice, Pending, ReleaseSpec, Released, Status, Target, TargetError,
};
use sigyl_core::domain::{
    Admission, Artifact, Caller, Confinement, Launch, Locator, RevisionId, RunState, Seq, ServerName,
};
use sigyl_core::mcp::{Pipes, Spawn, SpawnError, Upstream};
use sigyl_core::source::{Progress, ToolEnv};
use sigyl_core::wire::v1::Deploy;
use sigyl_core::{Config, Sigyl};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::{broadcast, mpsc};

const ROUNDS: usize = 30;

#[derive(Debug)]
struct Toy;

#[async_trait]
impl Spawn for Toy {
    async fn spawn(&self) -> Result<Pipes, SpawnError> {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (stdout, stdin) = tokio::io::split(ours);
        tokio::spawn(answer(theirs));
        Ok(Pipes { stdin: Box::new(stdin), stdout: Box::new(stdout), guard: Box::new(()) })
    }
}

async fn answer(pipe: tokio::io::DuplexStream) {
    let (reader, mut writer) = tokio::io::split(pipe);
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let request: Value = serde_json::from_str(&line).unwrap();
        let Some(id) = request.get("id") else { continue };
        let result = match request["method"].as_str() {
            Some("initialize") => json!({"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                "serverInfo": {"name": "toy", "version": "1"}}),
            Some("tools/list") => json!({"tools": [{"name": "now", "inputSchema": {"type": "object"}}]}),
            _ => {
                let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "none"}});
                writer.write_all(format!("{error}\n").as_bytes()).await.unwrap();
                continue;
            }
        };
        let answer = json!({"jsonrpc": "2.0", "id": id, "result": result});
        writer.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
    }
}

#[derive(Debug)]
struct Nothing;

#[async_trait]
impl Target for Nothing {
    async fn build(&self, _: &Admission, _: BuildSpec<'_>, _: &dyn Progress) -> Result<Built, TargetError> {
        let launch =
            Launch { program: "/toy".into(), args: Vec::new(), dir: "/".into(), readable: Vec::new() };
        Ok(Built { launch: Artifact::Program(launch), cached: true })
    }

    async fn release(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError> {
        self.restore(admission, spec).await
    }

    async fn restore(&self, _: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError> {
        let upstream = Upstream::Stdio(Arc::new(Toy));
        Ok(Released {
            revision: spec.revision,
            confinement: Confinement::default(),
            upstream,
            at: None,
            cost: None,
        })
    }

    async fn status(&self, _: &ServerName, _: &RevisionId) -> Result<Option<Status>, TargetError> {
        Ok(None)
    }

    async fn logs(&self, _: &ServerName, _: usize) -> Result<Pending, TargetError> {
        Ok(Pending { lines: Vec::new(), follow: broadcast::channel(1).1 })
    }

    async fn retire(&self, _: &ServerName, _: &RevisionId, _: Duration) -> Result<(), TargetError> {
        Ok(())
    }

    async fn stop_all(&self, _: Duration) {}

    async fn purge(&self, _: &ServerName) -> Result<Vec<String>, TargetError> {
        Ok(Vec::new())
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        broadcast::channel(1).1
    }

    fn confinement(&self) -> Confinement {
        Confinement::default()
    }
}

#[tokio::main]
async fn main() {
    let named = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/servers/clock");
    let source = std::fs::canonicalize(named.unwrap_or_else(|| default.to_owned())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let tools = ToolEnv::pick(std::env::vars_os());
    let mut config =
        Config::new(folder.path().join("data"), folder.path().join("cache"), tools, "/nonexistent".into());
    config.target = Some(Arc::new(Nothing));
    config.offline = true;
    let sigyl = Sigyl::open(config).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..=ROUNDS {
        let begun = Instant::now();
        release(&sigyl, &source).await;
        times.push(begun.elapsed());
    }
    // The first round fills caches and counts for nothing.
    times.remove(0);
    times.sort();
    println!(
        "release of {} without its own start-up, {ROUNDS} rounds: median {:.1} ms, p90 {:.1} ms, max {:.1} ms",
        source.display(),
        times[ROUNDS / 2].as_secs_f64() * 1e3,
        times[ROUNDS * 9 / 10].as_secs_f64() * 1e3,
        times[ROUNDS - 1].as_secs_f64() * 1e3,
    );
}

async fn release(sigyl: &Sigyl, source: &std::path::Path) {
    let caller = Caller::local_owner();
    let deploy = Deploy {
        source: Locator::Path(source.to_owned()),
        name: None,
        workspace: None,
        target: None,
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        grant: Vec::new(),
        waive: Vec::new(),
        allow_scripts: Vec::new(),
        deep: false,
        review: false,
        canary: None,
        audience: None,
    };
    let run = sigyl.deploy(&caller, deploy).await.unwrap();
    let (frames, mut told) = mpsc::channel(256);
    tokio::spawn(async move { while told.recv().await.is_some() {} });
    let end = sigyl.watch(&caller, &run, Seq(0), &frames).await.unwrap();
    assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);
}
