//! Where a process comes from: from a server, and whether a keeper still stands above it.

use std::fs;

use super::entry::KEEP;
use super::family::{Family, Seen, everyone, look};
use super::mark::{is_marked, mark_on};

/// Steps from a process to its ancestors at most; more than a family may have processes.
const GENERATIONS: usize = 4096;

/// Tells whether a process is, or descends from, a server that a local target started, of whichever data directory.
///
/// Landlock before ABI 9 cannot keep a server from connecting to a socket in the file system: whoever listens on one
/// must refuse such a peer. An unknown process counts as confined. One whose keeper was killed still bears its mark.
pub fn is_confined(pid: u32) -> bool {
    let mut at = pid;
    for _ in 0..GENERATIONS {
        if at <= 1 {
            return false;
        }
        let (Some(seen), Some(marked)) = (look(at), is_marked(at)) else { return true };
        if marked || is_keeper(at) {
            return true;
        }
        at = seen.parent;
    }
    true
}

fn is_keeper(pid: u32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline"))
        .is_ok_and(|line| line.split(|byte| *byte == 0).nth(1) == Some(KEEP.as_bytes()))
}

/// Processes cannot be looked at, so that nobody can tell who is left.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("processes cannot be looked at: /proc or free descriptors are missing")]
pub(in super::super) struct Blind;

/// Finds what is left of servers, in one look at every process there is: whoever has the variable `name` with a value
/// that starts with `prefix`, and whoever a killed keeper with this mark left behind.
pub(in super::super) fn left_behind(name: &str, prefix: &str, mark: u64) -> Result<Family, Blind> {
    let own = std::process::id();
    let (wanted, user) = (format!("{name}={prefix}"), rustix::process::getuid().as_raw().to_string());
    let is_left =
        |seen: &Seen| !seen.zombie && seen.pid != own && (has(seen, &wanted) || is_orphan(seen, mark, &user));
    let sees = || Family::sees(own).then_some(()).ok_or(Blind);
    sees()?;
    let members = everyone().filter(is_left).collect();
    // Without descriptors, or `/proc`, every look finds nobody.
    sees()?;
    Ok(Family::made_of(members))
}

/// Tells whether the environment that a process was started with holds this, or more after it.
fn has(seen: &Seen, wanted: &str) -> bool {
    // One that is gone, or another user's, is not ours to end.
    fs::read(format!("/proc/{}/environ", seen.pid))
        .is_ok_and(|vars| vars.split(|byte| *byte == 0).any(|var| var.starts_with(wanted.as_bytes())))
}

/// Tells whether this was left by a keeper that somebody killed: a process of this user that bears `mark` and has no
/// keeper above it. What another user started is not Sigyl's to end, whatever it bears.
///
/// A server may lower the limit that carries the mark, to look like another's. So a process that is confined and bears
/// any other mark counts too, if nobody keeps it.
fn is_orphan(seen: &Seen, mark: u64, user: &str) -> bool {
    let is_mine = mark_on(seen.pid) == Some(mark);
    if !is_mine && is_marked(seen.pid) != Some(true) {
        return false;
    }
    // One that is gone is nobody's.
    let Ok(status) = fs::read_to_string(format!("/proc/{}/status", seen.pid)) else { return false };
    let is_own = first_of(&status, "Uid:") == Some(user);
    // Like every server it can gain no privileges any more, and that cannot be taken off.
    let is_held = first_of(&status, "NoNewPrivs:") == Some("1");
    is_own && (is_held || is_mine) && !is_kept(seen)
}

/// Returns the first value of a line of `/proc/PID/status`.
fn first_of<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()
}

/// Tells whether the first ancestor that bears no mark is a keeper. A server can give itself the name of one, and is
/// marked all the same.
fn is_kept(seen: &Seen) -> bool {
    let mut at = seen.parent;
    for _ in 0..GENERATIONS {
        // Where the processes of other users are hidden, the first of all is too.
        if at <= 1 {
            return false;
        }
        match (is_marked(at), look(at)) {
            (Some(true), Some(above)) => at = above.parent,
            (Some(false), Some(_)) => return is_keeper(at),
            // It ended meanwhile; whoever looks again sees who has its children now.
            _ => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_a_process_is_its_real_one() {
        let status = "Name:\tUid: 7\nUid:\t5\t6\t7\t8\nNoNewPrivs:\t1\n";
        assert_eq!((first_of(status, "Uid:"), first_of(status, "NoNewPrivs:")), (Some("5"), Some("1")));
        assert_eq!(first_of("", "Uid:"), None);
    }

    #[test]
    fn a_process_that_does_not_exist_counts_as_confined_and_this_one_does_not() {
        assert!(is_confined(u32::MAX) && !is_confined(std::process::id()));
    }
}
