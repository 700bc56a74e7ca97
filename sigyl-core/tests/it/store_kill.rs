//! What the store has acknowledged survives `kill -9`, at any moment, also while it opens; and the audit stays whole.
//!
//! The test starts itself again as the writer, kills it, and looks. `SIGYL_KILLS` sets how often.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use sigyl_core::access::{AuditLog, verify_chain};
use sigyl_core::domain::{AuditHead, Digest, RunState};
use sigyl_core::store::contract::fixture;
use sigyl_core::store::sled::SledStore;
use sigyl_core::store::{Change, Page, Store as _};

const DIR: &str = "SIGYL_KILL_DIR";
const ROUND: &str = "SIGYL_KILL_ROUND";
const KILLS: u32 = 16;
const WRITERS: usize = 4;
const AUDITORS: usize = 2;

#[test]
fn acknowledged_writes_survive_kills() {
    if let Some(dir) = std::env::var_os(DIR) {
        let round = std::env::var(ROUND).unwrap();
        return write_until_killed(Path::new(&dir), &round);
    }
    let kills = std::env::var("SIGYL_KILLS").map_or(KILLS, |count| count.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut while_opening = 0;
    for round in 0..kills {
        // Every other kill is aimed at the open.
        let seen = run_and_kill(dir.path(), round, round % 2 == 1);
        while_opening += u32::from(!seen.iter().any(|line| line == "open"));
        acknowledged.extend(seen.into_iter().filter(|line| line != "open"));
        // Most kills hit a store that was killed before and not looked at in between.
        if round % 5 == 4 {
            check(dir.path(), &acknowledged);
        }
    }
    check(dir.path(), &acknowledged);
    println!("{} acknowledged, {kills} kills, {while_opening} of them while opening", acknowledged.len());
    assert!(acknowledged.len() > kills as usize, "the writer got something done");
}

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(0) % below
}

/// Starts a writer, kills it at a random moment, and returns what it said.
fn run_and_kill(dir: &Path, round: u32, while_opening: bool) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store_kill::acknowledged_writes_survive_kills", "--nocapture"])
        .env(DIR, dir)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in output.lines() {
            if let Some(said) = line.unwrap().strip_prefix("said ") {
                sender.send(said.to_owned()).unwrap();
            }
        }
    });
    assert_eq!(lines.recv().unwrap(), "start");
    let mut seen = Vec::new();
    if while_opening {
        seen.extend(lines.recv_timeout(Duration::from_micros(random(25_000))).ok());
    } else {
        let count = usize::try_from(random(300)).unwrap();
        seen.extend(lines.iter().take(count));
        seen.extend(lines.recv_timeout(Duration::from_micros(random(3_000))).ok());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    seen.extend(lines);
    seen
}

fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "said {what}").unwrap();
    out.flush().unwrap();
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn write_until_killed(dir: &Path, round: &str) {
    say("start");
    let store = Arc::new(SledStore::open(dir).unwrap());
    say("open");
    let log = AuditLog::start(store.clone());
    let auditor = async |writer: usize| {
        for number in 0.. {
            let id = format!("{round}-{writer}-{number}");
            let fact = fixture::audited(&AuditHead::NONE, &id).fact;
            say(&log.append(fact).await.unwrap().to_string());
        }
    };
    let writer = async |writer: usize| {
        for number in 0.. {
            let id = format!("{round}-{writer}-{number}");
            store.apply(change(&id)).await.unwrap();
            say(&id);
        }
    };
    let audited = futures_util::future::join_all((0..AUDITORS).map(auditor));
    futures_util::future::join(audited, futures_util::future::join_all((0..WRITERS).map(writer))).await;
}

/// The change that an id stands for: runs, small or in a file of their own, and versions.
fn change(id: &str) -> Change {
    match Digest::of(id.as_bytes()).as_bytes()[0] {
        0..40 => fixture::publish(&format!("s-{}", &id[..1]), &format!("0.0.{id}"), id),
        byte => {
            let mut run = fixture::run(id, RunState::Running);
            run.request = id.repeat(if byte < 60 { 1_000 } else { 30 }).into();
            Change::PutRun(Box::new(run))
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn check(dir: &Path, acknowledged: &BTreeSet<String>) {
    let store = SledStore::open(dir).unwrap();
    let (heads, ids): (Vec<_>, Vec<_>) = acknowledged.iter().partition(|said| said.contains(':'));
    for kept in heads {
        let kept = AuditHead::parse(kept).unwrap();
        let page = Page { after: Some(kept.number - 1), limit: 1 };
        assert_eq!(store.audit(page).await.unwrap()[0].head(), kept);
    }
    verify_chain(&store, None).await.unwrap();
    for id in ids {
        match change(id) {
            Change::PutRun(run) => assert_eq!(store.run(&run.id).await.unwrap(), Some(*run)),
            Change::PublishVersion { server, version, .. } => {
                assert!(store.server(&server.name).await.unwrap().is_some());
                let found = store.version(&server.name, &version.version).await.unwrap();
                assert_eq!(found.as_ref(), Some(&*version));
                let by_source = store.version_of(&server.name, version.source.digest).await.unwrap();
                assert_eq!(by_source.as_ref(), Some(&*version));
            }
            other => panic!("{other:?}"),
        }
    }
    // What was not acknowledged is there whole or not at all: no listing meets half a change.
    let mut journal = store.journal(Page::first(usize::MAX)).await.unwrap();
    // Entries of the audit that come together are one change.
    journal.retain(|line| line.change != "audit");
    let runs = store.open_runs().await.unwrap().len();
    let mut versions = 0;
    for server in store.servers(Page::first(usize::MAX)).await.unwrap() {
        versions += store.versions(&server.name, Page::first(usize::MAX)).await.unwrap().len();
    }
    assert_eq!(journal.len(), runs + versions, "every change is journalled once");
}
