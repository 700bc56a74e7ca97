//! Stdio servers.

use std::time::{Duration, Instant};

use sigyl_core::deploy::Target as _;
use sigyl_core::mcp::Upstream;

use crate::bench::{Session, bench, lives, program, secret, stdio, until};

pub(crate) async fn a_session_gets_the_process_of_the_release_and_the_next_one_another() {
    let bench = bench();
    let released = bench.release(stdio(&["obey"])).await;
    let before = bench.status().await;
    assert!(before.running);
    let (mut first, mut second) = (Session::open(&released).await, Session::open(&released).await);
    let (one, two) = (first.pid().await, second.pid().await);
    assert_eq!(before.pids, [one]);
    assert_ne!(one, two);
    let mut pids = bench.status().await.pids;
    pids.sort_unstable();
    let mut both = vec![one, two];
    both.sort_unstable();
    assert_eq!(pids, both);
}

pub(crate) async fn a_server_that_exits_at_once_is_told_with_its_last_words() {
    let bench = bench();
    let released = bench.release(stdio(&["exit", "3"])).await;
    let Upstream::Stdio(spawn) = &released.upstream else { panic!() };
    let mut why = String::new();
    until("the end is told", async || match spawn.spawn().await {
        Err(error) => {
            why = error.to_string();
            true
        }
        // It was handed out before it ended.
        Ok(pipes) => {
            why = spawn.ended(&*pipes.guard).await.unwrap_or_default();
            !why.is_empty()
        }
    })
    .await;
    assert!(why.contains("exited with code 3") && why.contains("cannot find the configuration"), "{why}");
    until("the status tells it too", async || {
        let status = bench.status().await;
        !status.running && status.last_exit.is_some_and(|exit| exit.contains("code 3"))
    })
    .await;
}

pub(crate) async fn what_cannot_be_started_is_told() {
    let bench = bench();
    let mut spec = stdio(&["obey"]);
    program(&mut spec).program = "/nowhere/server".into();
    let error = bench.restore(spec).await.unwrap_err().to_string();
    assert!(error.contains("/nowhere/server"), "{error}");
    let mut spec = stdio(&["obey"]);
    program(&mut spec).dir = "/nowhere".into();
    let error = bench.restore(spec).await.unwrap_err().to_string();
    assert!(error.contains("could not start") && error.contains("/nowhere"), "{error}");
}

pub(crate) async fn letting_go_of_a_session_ends_its_process_and_what_it_detached() {
    let bench = bench();
    let released = bench.release(stdio(&["obey"])).await;
    let mut session = Session::open(&released).await;
    let (pid, far): (u32, u32) = (session.pid().await, session.ask("detach").await.parse().unwrap());
    assert!(lives(pid) && lives(far));
    drop(session);
    until("both are gone", async || !lives(pid) && !lives(far)).await;
    until("and forgotten", async || bench.status().await.pids.is_empty()).await;
    assert!(bench.status().await.running);
}

pub(crate) async fn one_that_ignores_term_is_killed() {
    let bench = bench();
    let released = bench.release(stdio(&["stubborn"])).await;
    let pid = Session::open(&released).await.pid().await;
    let start = Instant::now();
    bench.retire().await;
    assert!(!lives(pid));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

pub(crate) async fn a_retired_version_starts_no_more() {
    let bench = bench();
    let released = bench.release(stdio(&["obey"])).await;
    let pid = bench.status().await.pids[0];
    bench.retire().await;
    assert!(!lives(pid));
    let Upstream::Stdio(spawn) = &released.upstream else { panic!() };
    assert!(spawn.spawn().await.unwrap_err().to_string().contains("retired"));
}

pub(crate) async fn a_failing_server_is_started_less_and_less_often() {
    let bench = bench();
    let mut notices = bench.target.notices();
    let released = bench.release(stdio(&["obey"])).await;
    let start = Instant::now();
    for attempt in 1..=2 {
        let mut session = Session::open(&released).await;
        session.ask("abort").await;
        let notice = notices.recv().await.unwrap();
        assert_eq!(notice.attempt, attempt);
        assert!(notice.note.contains("exited with code 9"), "{}", notice.note);
    }
    Session::open(&released).await.pid().await;
    // Half a second and a second, each less a fifth.
    assert!(start.elapsed() > Duration::from_millis(1150), "{:?}", start.elapsed());
    assert_eq!(bench.status().await.restarts, 2);
}

pub(crate) async fn the_environment_holds_what_was_given_and_a_secret_is_nowhere_else() {
    let bench = bench();
    let mut spec = stdio(&["obey"]);
    spec.env.insert("PLAIN".to_owned(), "seen".to_owned());
    secret(&mut spec, "API_KEY", "planted-secret-7e1f");
    let released = bench.release(spec).await;
    let mut session = Session::open(&released).await;
    let env = session.ask("env").await;
    let mut names: Vec<&str> = env.split('\u{1}').filter_map(|var| Some(var.split_once('=')?.0)).collect();
    names.sort_unstable();
    let known = [
        "API_KEY",
        "HOME",
        "LANG",
        "PATH",
        "PLAIN",
        "SIGYL_INSTANCE",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "XDG_STATE_HOME",
    ];
    assert_eq!(names, known);
    assert!(env.contains("API_KEY=planted-secret-7e1f"));
    // No process but the server itself has it in its arguments or environment, and no file holds it.
    let pid = session.pid().await;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(other) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        for file in ["cmdline", "environ"] {
            let text = std::fs::read(entry.path().join(file)).unwrap_or_default();
            let holds = text.windows(19).any(|window| window == b"planted-secret-7e1f");
            assert_eq!(holds, other == pid && file == "environ", "{other} {file}");
        }
    }
    for file in walk(bench.dir.path()) {
        let text = std::fs::read(&file).unwrap();
        assert!(!text.windows(19).any(|window| window == b"planted-secret-7e1f"), "{}", file.display());
    }
}

pub(crate) fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            files.extend(walk(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

pub(crate) async fn a_retired_server_sees_the_end_of_its_input_before_any_signal() {
    let bench = bench();
    let released = bench.release(stdio(&["farewell"])).await;
    let mut session = Session::open(&released).await;
    session.pid().await;
    // The session still holds the pipe, and TERM would end the server before it says anything.
    bench.retire().await;
    let log = bench.log().await;
    assert!(log.contains("saw the end of its input") && log.contains("exited with code 0"), "{log}");
    assert_eq!(session.ask("pid").await, "");
}
