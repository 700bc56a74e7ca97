//! What the fuzz target of deliveries drives: how their bodies are read, as each event that they may be said to be.

use super::happened::{Happened, Repository};
use crate::domain::{CommitId, RepositoryName};

const EVENTS: [&str; 7] =
    ["ping", "push", "release", "installation", "installation_repositories", "repository", "star"];

/// Reads a body as each event.
///
/// # Panics
///
/// When a name or a commit is taken that would not be taken again as it is written: that is what the fuzzer looks for.
pub fn body(data: &[u8]) {
    for event in EVENTS {
        match Happened::read(event, data) {
            Ok(Happened::Pushed(push)) => {
                check(&push.repository);
                push.before.iter().chain(&push.after).for_each(check_commit);
            }
            Ok(Happened::Released(release)) => check(&release.repository),
            Ok(Happened::Renamed(renamed)) => check(&renamed.repository),
            Ok(Happened::Gone(repository)) => check(&repository),
            Ok(Happened::Installed(installed)) => {
                installed.added.iter().chain(&installed.removed).for_each(check_name);
            }
            Ok(Happened::Ping | Happened::Nothing(_)) | Err(_) => {}
        }
    }
}

fn check(repository: &Repository) {
    check_name(&repository.name);
}

fn check_name(name: &RepositoryName) {
    assert_eq!(
        RepositoryName::parse(&name.to_string()).as_ref(),
        Ok(name),
        "a name is read as it is written"
    );
}

fn check_commit(commit: &CommitId) {
    assert_eq!(
        CommitId::parse(&commit.to_string()).as_ref(),
        Ok(commit),
        "a commit is read as it is written"
    );
}
