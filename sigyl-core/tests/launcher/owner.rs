//! What is left when Sigyl itself is killed.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sigyl_core::source::ToolEnv;

use crate::bench::{Bench, Session, bench, lives, stdio, target, until};

/// First argument that makes this binary a Sigyl to be killed.
pub(crate) const MODE: &str = "owner";

/// Starts a server that detached a process, tells their ids, and waits to be killed.
pub(crate) fn run(args: &[String]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let root = args.first().map_or(dir.path(), Path::new);
        let bench = Bench { target: target(root, ToolEnv::default()).unwrap(), dir };
        // One that ends neither when its input does nor when it is asked to: only who kills it can have ended it.
        let released = bench.release(stdio(&["stubborn"])).await;
        let mut session = Session::open(&released).await;
        let (pid, far) = (session.pid().await, session.ask("detach").await);
        println!("{pid} {far} {}", parent(pid));
        // Whoever started it may be gone before it could kill it.
        tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await.unwrap();
    });
}

pub(crate) fn parent(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Starts an owner; returns the ids of its server, of what that detached, and of the keeper.
fn start(dir: &Path) -> (Child, [u32; 3]) {
    let mut owner = Command::new("/proc/self/exe");
    owner.args([MODE, dir.to_str().unwrap()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut owner = owner.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(owner.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let pids: Vec<u32> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
    (owner, pids.try_into().unwrap())
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

pub(crate) async fn no_process_outlives_a_killed_owner() {
    let dir = tempfile::tempdir().unwrap();
    let (mut owner, pids) = start(dir.path());
    assert!(pids.iter().all(|pid| lives(*pid)));
    owner.kill().unwrap();
    owner.wait().unwrap();
    let start = Instant::now();
    until("all are gone", async || !pids.iter().any(|pid| lives(*pid))).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

pub(crate) async fn leftovers_of_an_earlier_owner_are_ended() {
    let dir = tempfile::tempdir().unwrap();
    let (mut owner, [server, far, keeper]) = start(dir.path());
    // Neither gets to end the family: the owner is stopped while its keeper is killed, and then killed itself. The
    // kernel ends the server with the keeper that it was confined under; what the server detached stays.
    signal(owner.id(), Signal::STOP);
    signal(keeper, Signal::KILL);
    owner.kill().unwrap();
    owner.wait().unwrap();
    until("keeper and server are gone", async || !lives(keeper) && !lives(server)).await;
    assert!(lives(far));
    drop(target(dir.path(), ToolEnv::default()).unwrap());
    assert!(!lives(far));
}

pub(crate) async fn a_killed_keeper_takes_its_family_with_it() {
    let bench = bench();
    let released = bench.release(stdio(&["obey"])).await;
    let mut session = Session::open(&released).await;
    let (pid, far): (u32, u32) = (session.pid().await, session.ask("detach").await.parse().unwrap());
    let hidden: u32 = session.ask("hide").await.parse().unwrap();
    // Without an environment, and below nobody: only what it bears tells whose it is.
    until("it hides", async || {
        std::fs::read(format!("/proc/{hidden}/environ")).is_ok_and(|env| env.is_empty())
    })
    .await;
    signal(parent(pid), Signal::KILL);
    until("all are gone", async || !lives(pid) && !lives(far) && !lives(hidden)).await;
    until("it is told", async || bench.log().await.contains("its keeper was killed")).await;
}

pub(crate) async fn a_keeper_that_a_server_made_blind_frees_nobody() {
    let bench = bench();
    let released = bench.release(stdio(&["obey"])).await;
    let mut session = Session::open(&released).await;
    let (pid, far): (u32, u32) = (session.pid().await, session.ask("detach").await.parse().unwrap());
    assert_eq!(session.ask("starve").await, "starved");
    until("all are gone", async || !lives(pid) && !lives(far)).await;
    until("it is told", async || bench.log().await.contains("could not look at it any more")).await;
}
