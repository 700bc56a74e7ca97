//! What is written when the console breaks off.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::app::App;
use super::terminal::Panic;

/// Writes a report into the first of these folders that takes it, for its owner alone, and says where it is.
pub(super) fn write(folders: &[PathBuf], app: &App, panic: &Panic) -> io::Result<PathBuf> {
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for folder in folders {
        match write_in(folder, app, panic) {
            Ok(path) => return Ok(path),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn write_in(folder: &Path, app: &App, panic: &Panic) -> io::Result<PathBuf> {
    let path = folder.join(format!("console-{}-{}.jsonl", app.present().millis(), std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let begun = json!({
        "sigyl": env!("CARGO_PKG_VERSION"),
        "at": app.present(),
        "panic": panic.message,
        "backtrace": panic.backtrace,
        "size": app.size,
        "theme": app.theme.name,
        "ascii": app.look.ascii,
        "dropped": app.recorder.dropped(),
    });
    let mut text = begun.to_string() + "\n";
    for line in app.recorder.lines() {
        text.push_str(line);
        text.push('\n');
    }
    file.write_all(text.as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::console::tests::Desk;

    #[test]
    fn a_report_is_for_its_owner_alone_and_goes_where_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let mut desk = Desk::new(80, 24);
        desk.press("g r");
        let panic = Panic { message: "a row too many".to_owned(), backtrace: String::new() };
        let folders = [folder.path().join("missing"), folder.path().to_owned()];
        let path = write(&folders, &desk.app, &panic).unwrap();
        assert_eq!(path.parent(), Some(folder.path()));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["panic"], "a row too many");
        assert!(lines.len() > 4 && text.contains(r#"{"Char":"g"}"#), "{text}");
        assert!(write(&folders[..1], &desk.app, &panic).is_err());
    }
}
