//! HTTP servers.

use std::time::Duration;

use sigyl_core::deploy::{Released, Target as _};
use sigyl_core::domain::Transport;
use sigyl_core::mcp::Upstream;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::bench::{bench, fake, http, lives, until};

fn port(released: &Released) -> u16 {
    let Upstream::Http { url } = &released.upstream else { panic!("not HTTP") };
    url.strip_prefix("http://127.0.0.1:").unwrap().strip_suffix("/mcp").unwrap().parse().unwrap()
}

async fn tell(port: u16, word: &[u8; 4]) {
    TcpStream::connect(("127.0.0.1", port)).await.unwrap().write_all(word).await.unwrap();
}

pub(crate) async fn a_server_is_ready_when_its_port_is_open() {
    let bench = bench();
    let released = bench.release(http(&["serve"])).await;
    assert!(TcpStream::connect(("127.0.0.1", port(&released))).await.is_ok());
    let status = bench.status().await;
    assert!(status.running && status.restarts == 0 && status.since.is_some());
    let used = bench.usage().await;
    assert!(used.processes.is_some_and(|count| count >= 1) && used.since == status.since, "{used:?}");
    assert!(used.resident.is_some_and(|held| held > 64 << 10) && used.processor_time.is_some(), "{used:?}");
    assert_eq!((&used.requests, used.billed, used.notes.len()), (&None, None, 0), "nobody counts these here");
    bench.retire().await;
    let none = bench.usage().await;
    assert_eq!((none.processes, none.resident, none.notes.len()), (Some(0), None, 1), "{none:?}");
    assert!(!lives(status.pids[0]));
    assert!(TcpStream::connect(("127.0.0.1", port(&released))).await.is_err());
}

pub(crate) async fn one_that_exits_is_started_again() {
    let bench = bench();
    let mut notices = bench.target.notices();
    let released = bench.release(http(&["serve"])).await;
    let before = bench.status().await.pids;
    tell(port(&released), b"EXIT").await;
    let notice = notices.recv().await.unwrap();
    assert_eq!(notice.attempt, 1);
    assert!(
        notice.note.contains("exited with code 7") && notice.note.contains("told to exit"),
        "{}",
        notice.note
    );
    until("it runs again", async || bench.status().await.running).await;
    let after = bench.status().await;
    assert_ne!(before, after.pids);
    assert_eq!(after.restarts, 1);
    assert!(TcpStream::connect(("127.0.0.1", port(&released))).await.is_ok(), "on the same port");
}

pub(crate) async fn one_that_exits_at_once_is_told_with_its_last_words() {
    let bench = bench();
    let error = bench.restore(http(&["exit", "4"])).await.unwrap_err().to_string();
    assert!(
        error.contains("exited with code 4") && error.contains("cannot find the configuration"),
        "{error}"
    );
    assert!(bench.target.status(&crate::bench::name(), &http(&[]).revision).await.unwrap().is_none());
}

pub(crate) async fn one_that_listens_elsewhere_is_told_both_ports() {
    let bench = bench();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = bench.restore(http(&["serve-port", &other.to_string()])).await.unwrap_err().to_string();
    // With Landlock it cannot listen there at all; without, it is seen there.
    assert!(
        error.contains(&format!("cannot listen on {other}"))
            || error.contains(&format!("port {other} instead"))
    );
    assert!(error.contains("PORT"), "{error}");
}

pub(crate) async fn one_that_never_listens_runs_into_its_limit() {
    let bench = bench();
    let mut spec = http(&["sleep"]);
    spec.start_timeout = Some(Duration::from_millis(300));
    let error = bench.restore(spec).await.unwrap_err().to_string();
    assert!(error.contains("opening port"), "{error}");
}

pub(crate) async fn a_taken_port_is_told() {
    let bench = bench();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let spec = fake(&["serve"], Transport::Http { path: "/mcp".to_owned(), port: Some(port) });
    let error = bench.restore(spec).await.unwrap_err().to_string();
    assert!(error.contains(&format!("port {port}")) && error.contains("not free"), "{error}");
}

pub(crate) async fn one_that_is_open_to_the_network_is_told() {
    let bench = bench();
    let released = bench.release(http(&["serve-all"])).await;
    assert!(released.confinement.unenforced.iter().any(|word| word.contains("every network address")));
}

pub(crate) async fn one_that_holds_too_much_memory_is_stopped_and_started_again() {
    let bench = bench();
    let mut notices = bench.target.notices();
    let mut spec = http(&["serve"]);
    spec.resources.memory = Some(64 << 20);
    let released = bench.release(spec).await;
    tell(port(&released), b"EAT!").await;
    let notice = notices.recv().await.unwrap();
    assert!(notice.note.contains("may hold 64 MiB"), "{}", notice.note);
    assert_eq!(notice.attempt, 1);
}
