//! What a server cannot do, where the kernel has Landlock.

use std::os::fd::AsRawFd as _;

use sigyl_core::deploy::Target as _;
use sigyl_core::domain::Permissions;
use sigyl_core::launcher::is_confined;
use sigyl_core::mcp::Upstream;

use crate::bench::{Bench, Session, bench, lives, stdio};
use crate::owner::parent;

/// Tells loudly when this kernel cannot hold what the test is about.
fn kernel_holds(bench: &Bench, what: &str) -> bool {
    let holds = bench.target.confinement().enforced.iter().any(|word| word.starts_with(what));
    if !holds {
        eprintln!("NOT TESTED: this kernel cannot enforce `{what}`");
    }
    holds
}

async fn session(bench: &Bench, grants: &[String]) -> Session {
    let mut spec = stdio(&["obey"]);
    let mut granted = Permissions::default();
    for grant in grants {
        granted.grant(grant).unwrap();
    }
    spec.granted = granted;
    let released = bench.release(spec).await;
    Session::open(&released).await
}

pub(crate) async fn files_of_the_operator_are_out_of_reach() {
    let bench = bench();
    if !kernel_holds(&bench, "files") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("id_rsa");
    std::fs::write(&file, "key").unwrap();
    let mut server = session(&bench, &[]).await;
    let data = bench.dir.path().join("data");
    std::fs::write(data.join("master.key"), "key").unwrap();
    for order in [
        format!("read {}", file.display()),
        format!("list {}", home.path().display()),
        format!("write {}/new", home.path().display()),
        format!("read {}/master.key", data.display()),
        format!("list {}", data.display()),
        "read /etc/shadow".to_owned(),
        "list /root".to_owned(),
        "list /home".to_owned(),
        "write /usr/x".to_owned(),
        "write /tmp/x".to_owned(),
        format!("write {}/x", std::env::current_exe().unwrap().parent().unwrap().display()),
    ] {
        assert_eq!(server.ask(&order).await, "error: PermissionDenied", "{order}");
    }
    let env = server.ask("env").await;
    let home = env.split('\u{1}').find_map(|var| var.strip_prefix("HOME=")).unwrap();
    assert_eq!(server.ask(&format!("write {home}/own")).await, "written");
    assert_eq!(server.ask("write /dev/null").await, "written");
    assert_eq!(server.ask("read /etc/hosts").await.split(' ').next_back(), Some("bytes"));
}

pub(crate) async fn what_was_granted_can_be_touched() {
    let bench = bench();
    let open = tempfile::tempdir().unwrap();
    std::fs::write(open.path().join("a"), "abc").unwrap();
    let path = open.path().display();
    let mut server = session(&bench, &[format!("read={path}")]).await;
    assert_eq!(server.ask(&format!("read {path}/a")).await, "3 bytes");
    if kernel_holds(&bench, "files") {
        assert_eq!(server.ask(&format!("write {path}/b")).await, "error: PermissionDenied");
    }
    let mut server = session(&bench, &[format!("write={path}"), "exec=true".to_owned()]).await;
    assert_eq!(server.ask(&format!("write {path}/b")).await, "written");
    assert_eq!(server.ask("exec true").await, "exit status: 0");
}

pub(crate) async fn a_granted_path_that_became_a_link_opens_nothing() {
    let bench = bench();
    if !kernel_holds(&bench, "files") {
        return;
    }
    let (open, secret) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let open = open.path().canonicalize().unwrap();
    std::fs::create_dir(open.join("sub")).unwrap();
    std::fs::write(secret.path().join("key"), "key").unwrap();
    let mut spec = stdio(&["obey"]);
    for grant in [format!("write={}", open.display()), format!("read={}/sub", open.display())] {
        spec.granted.grant(&grant).unwrap();
    }
    let released = bench.release(spec.clone()).await;
    let mut first = Session::open(&released).await;
    assert_eq!(
        first.ask(&format!("link {} {}/sub", secret.path().display(), open.display())).await,
        "linked"
    );
    let Upstream::Stdio(spawn) = &released.upstream else { panic!("not stdio") };
    let Err(error) = spawn.spawn().await else { panic!("it follows the link") };
    assert!(error.why.contains("sub is a link now"), "{}", error.why);
    let error = bench.restore(spec).await.unwrap_err().to_string();
    assert!(error.contains("leads to") && error.contains("--grant read="), "{error}");
}

pub(crate) async fn what_sigyl_inherited_does_not_reach_a_server() {
    let bench = bench();
    let file = tempfile::NamedTempFile::new().unwrap();
    // What a shell or an editor left open has no flag that closes it.
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    let mut server = session(&bench, &[]).await;
    let at = format!("/proc/self/fd/{}", file.as_raw_fd());
    assert_eq!(std::fs::read_link(&at).unwrap(), file.path());
    assert_ne!(server.ask(&format!("where {at}")).await, file.path().display().to_string());
    let keeper = std::fs::read_link(at.replace("self", &parent(server.pid().await).to_string()));
    assert_ne!(keeper.ok().as_deref(), Some(file.path()));
}

pub(crate) async fn the_network_is_closed_but_for_granted_ports() {
    let bench = bench();
    if !kernel_holds(&bench, "TCP") {
        return;
    }
    let (open, closed) = (listener(), listener());
    let ports = (open.local_addr().unwrap().port(), closed.local_addr().unwrap().port());
    let mut server = session(&bench, &[]).await;
    assert_eq!(server.ask(&format!("connect {}", ports.0)).await, "error: PermissionDenied");
    assert_eq!(server.ask("listen").await, "error: PermissionDenied");
    let mut server = session(&bench, &[format!("network=127.0.0.1:{}", ports.0)]).await;
    assert_eq!(server.ask(&format!("connect {}", ports.0)).await, "connected");
    assert_eq!(server.ask(&format!("connect {}", ports.1)).await, "error: PermissionDenied");
    let mut server = session(&bench, &["network=*:*".to_owned()]).await;
    assert_eq!(server.ask(&format!("connect {}", ports.1)).await, "connected");
}

fn listener() -> std::net::TcpListener {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap()
}

pub(crate) async fn foreign_processes_and_programs_are_out_of_reach() {
    let bench = bench();
    let mut server = session(&bench, &[]).await;
    let own = std::process::id();
    if kernel_holds(&bench, "programs") {
        assert_eq!(server.ask("exec /bin/true").await, "error: PermissionDenied");
        assert_eq!(server.ask(&format!("read /proc/{own}/environ")).await, "error: PermissionDenied");
    }
    if kernel_holds(&bench, "signals") {
        let mut child = std::process::Command::new("/proc/self/exe").args(["fake", "sleep"]).spawn().unwrap();
        assert_eq!(server.ask(&format!("kill {}", child.id())).await, "error: PermissionDenied");
        assert!(lives(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

pub(crate) async fn a_server_is_known_as_confined() {
    let bench = bench();
    let mut server = session(&bench, &[]).await;
    let (pid, far) = (server.pid().await, server.ask("detach").await.parse().unwrap());
    let hidden = server.ask("hide").await.parse().unwrap();
    assert!(is_confined(pid) && is_confined(far) && is_confined(hidden));
    assert!(!is_confined(std::process::id()));
}
