//! A mark that a server cannot take off: not with a new session, an empty environment or another name.
//!
//! A hard limit goes on to all that a process starts, and only the privileged may raise it again. The one on file locks
//! has bound nothing since Linux 2.4.25, so its value is free to say who started a server.

use std::fs;
use std::sync::OnceLock;

use rustix::process::{Resource, getrlimit};

use crate::domain::Digest;

/// Where the values of marks begin.
const MARKS: u64 = 0x5167 << 48;

/// Returns the mark for everything that belongs to `owner`.
pub(in super::super) fn mark_of(owner: &str) -> u64 {
    // Twelve hexadecimal digits always read.
    MARKS | u64::from_str_radix(&Digest::of(owner.as_bytes()).short(), 16).unwrap_or(0)
}

/// Returns the mark of a process, or the limit that stands in its place; `None` when it cannot be looked at.
pub(super) fn mark_on(pid: u32) -> Option<u64> {
    parse(&fs::read_to_string(format!("/proc/{pid}/limits")).ok()?)
}

/// Tells whether a process stands below this one's own limit, as every server does and hardly anything else.
pub(super) fn is_marked(pid: u32) -> Option<bool> {
    // Asked for before any server runs: one may lower the limits of its user's other processes, this one's too.
    static OWN: OnceLock<u64> = OnceLock::new();
    let own = OWN.get_or_init(|| getrlimit(Resource::Locks).maximum.unwrap_or(u64::MAX));
    Some(mark_on(pid)? < *own)
}

fn parse(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max file locks"))?;
    match line.split_whitespace().nth(1)? {
        "unlimited" => Some(u64::MAX),
        hard => hard.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hard_limit_is_read() {
        let text = "Limit  Soft Limit  Hard Limit  Units\nMax open files  1  2  files\nMax file locks  3  4  locks\n";
        assert_eq!(parse(text), Some(4));
        assert_eq!(parse(&text.replace("3  4", "unlimited  unlimited")), Some(u64::MAX));
        assert_eq!(parse(""), None);
        assert_eq!(mark_on(std::process::id()), getrlimit(Resource::Locks).maximum.or(Some(u64::MAX)));
        assert_eq!(is_marked(std::process::id()), Some(false));
        assert_eq!(is_marked(u32::MAX), None);
    }

    #[test]
    fn each_owner_has_its_own_mark() {
        assert!(mark_of("a") != mark_of("b") && mark_of("a") >= MARKS && mark_of("a") < MARKS + (1 << 48));
    }
}
