//! The program itself: what it prints, what it refuses, how it begins and ends.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn program(folder: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sigyl-server"));
    program.env_clear().env("HOME", folder).current_dir(folder);
    program
}

/// Reads the log up to a line with `wanted`, and leaves.
fn line_with(child: &mut Child, wanted: &str) -> String {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    lines.find_map(|line| line.ok().filter(|line| line.contains(wanted))).unwrap()
}

#[test]
fn it_prints_every_setting_with_its_origin() {
    let folder = tempfile::tempdir().unwrap();
    let printed = program(folder.path())
        .args(["--print-config", "--listen", "127.0.0.1:9"])
        .env("SIGYL_REGISTRY_ANONYMOUS_READ", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.status.success());
    for (setting, origin) in [
        ("listen = \"127.0.0.1:9\"", "# flag"),
        ("registry.anonymous_read = true", "# SIGYL_REGISTRY_ANONYMOUS_READ"),
        ("offline = false", "# default"),
    ] {
        let found = text.lines().find(|line| line.starts_with(setting)).unwrap();
        assert!(found.ends_with(origin), "{found}");
    }
}

#[test]
fn it_does_not_send_keys_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let refused = program(folder.path()).args(["--listen", "0.0.0.0:0"]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(said.contains("in the clear") && said.contains("TLS"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn it_serves_an_empty_folder_until_it_is_told_to_end_also_when_nobody_reads_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = program(folder.path())
        .args(["--listen", "127.0.0.1:0"])
        .env("SIGYL_LOG_FORMAT", "json")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let line = line_with(&mut child, "listening on http://");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = line["fields"]["message"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    stream.write_all(b"GET /ready HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK"), "{said}");
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success() && child.wait().unwrap().success());
}

#[test]
fn a_log_that_is_no_terminal_has_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    let refused = program(folder.path()).args(["--listen", "0.0.0.0:0"]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && !said.contains('\u{1b}'), "{said:?}");
    assert!(!said.contains("Location:") && !said.contains("Backtrace omitted"), "{said}");
    let mut child =
        program(folder.path()).args(["--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
    let line = line_with(&mut child, "listening on http://");
    assert!(!line.contains('\u{1b}'), "{line:?}");
    child.kill().unwrap();
    child.wait().unwrap();
}
