//! Who descends from whom, by `/proc`: finding, measuring and signalling a whole family.

use std::collections::{HashMap, HashSet};
use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use super::entry::KEEP;
use super::mark::{is_marked, mark_on};

/// One process, told apart from a later one with the same id by its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    pid: u32,
    parent: u32,
    started: u64,
    zombie: bool,
}

/// All living descendants of one process.
#[derive(Debug)]
pub(in super::super) struct Family {
    members: Vec<Seen>,
}

impl Family {
    /// Holds what both hold.
    pub(in super::super) fn with(mut self, other: Self) -> Self {
        self.members.extend(other.members);
        self
    }

    /// Looks at every process there is and keeps the descendants of `root`.
    pub(in super::super) fn of(root: u32) -> Self {
        let all = everyone();
        let mut children: HashMap<u32, Vec<Seen>> = HashMap::new();
        for seen in all {
            children.entry(seen.parent).or_default().push(seen);
        }
        let mut members = Vec::new();
        let mut met = HashSet::from([root]);
        let mut waiting = vec![root];
        while let Some(pid) = waiting.pop() {
            for seen in children.get(&pid).into_iter().flatten() {
                if met.insert(seen.pid) {
                    waiting.push(seen.pid);
                    members.push(*seen);
                }
            }
        }
        members.retain(|seen| !seen.zombie);
        Self { members }
    }

    /// Follows the children of `root` downwards: cheap, but it may miss one that moves meanwhile.
    pub(in super::super) fn below(root: u32) -> Self {
        let mut members = Vec::new();
        let mut met = HashSet::from([root]);
        let mut waiting = vec![root];
        while let Some(pid) = waiting.pop() {
            for child in children(pid) {
                if met.insert(child) {
                    waiting.push(child);
                    members.extend(look(child).filter(|seen| !seen.zombie));
                }
            }
        }
        Self { members }
    }

    /// Returns the process ids.
    pub(in super::super) fn pids(&self) -> Vec<u32> {
        self.members.iter().map(|seen| seen.pid).collect()
    }

    /// Returns the bytes of memory that they hold together, shared pages counted once.
    pub(super) fn memory(&self) -> u64 {
        self.members.iter().map(|seen| memory(seen.pid)).sum()
    }

    /// Sends `signal` to each; one that is gone already is fine.
    pub(in super::super) fn signal(&self, signal: Signal) {
        for seen in &self.members {
            send(seen, signal);
        }
    }
}

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

/// Finds what was left by a keeper that somebody killed: processes that bear `mark` and have no keeper above them.
///
/// A server may lower the limit that carries the mark, to look like another's. So a process that is confined and bears
/// any other mark counts too, if nobody keeps it.
pub(in super::super) fn orphans(mark: u64) -> Family {
    let own = std::process::id();
    let is_left = |seen: &Seen| {
        let bears = mark_on(seen.pid) == Some(mark) || is_marked(seen.pid) == Some(true) && is_held(seen.pid);
        !seen.zombie && seen.pid != own && bears && !is_kept(seen)
    };
    Family { members: everyone().filter(is_left).collect() }
}

/// Tells whether a process can gain no privileges any more, as every server; the bit cannot be taken off.
fn is_held(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.strip_prefix("NoNewPrivs:").is_some_and(|bit| bit.trim() == "1"))
}

/// Tells whether the first ancestor that bears no mark is a keeper. A server can give itself the name of one, and is
/// marked all the same.
fn is_kept(seen: &Seen) -> bool {
    let mut at = seen.parent;
    for _ in 0..GENERATIONS {
        match (is_marked(at), look(at)) {
            (Some(true), Some(above)) => at = above.parent,
            (Some(false), Some(_)) => return is_keeper(at),
            // It ended meanwhile; whoever looks again sees who has its children now.
            _ => return true,
        }
    }
    false
}

/// Finds the processes whose environment holds the variable `name` with a value that starts with `prefix`.
pub(in super::super) fn marked(name: &str, prefix: &str) -> Family {
    let wanted = format!("{name}={prefix}");
    let own = std::process::id();
    let members = everyone().filter(|seen| !seen.zombie && seen.pid != own).filter(|seen| {
        fs::read(format!("/proc/{}/environ", seen.pid))
            .is_ok_and(|vars| vars.split(|byte| *byte == 0).any(|var| var.starts_with(wanted.as_bytes())))
    });
    Family { members: members.collect() }
}

/// Lists the TCP ports that the processes listen on, with whether each is open to more than this machine.
pub(in super::super) fn listening_ports(pids: &[u32]) -> Vec<(u16, bool)> {
    let inodes: HashSet<String> = pids.iter().flat_map(|pid| sockets(*pid)).collect();
    let mut ports = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = fs::read_to_string(table).unwrap_or_default();
        for line in text.lines().skip(1) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (Some(local), Some(&"0A"), Some(inode)) = (words.get(1), words.get(3), words.get(9)) else {
                continue;
            };
            let Some((address, port)) = local.rsplit_once(':') else { continue };
            if let (true, Ok(port)) = (inodes.contains(*inode), u16::from_str_radix(port, 16)) {
                ports.push((port, !is_loopback(address)));
            }
        }
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn is_loopback(address: &str) -> bool {
    // Addresses are in the byte order of the machine, 32 bits at a time: 127.0.0.1, ::1 and ::ffff:127.0.0.1.
    matches!(
        address,
        "0100007F"
            | "7F000001"
            | "00000000000000000000000001000000"
            | "00000000000000000000000000000001"
            | "0000000000000000FFFF00000100007F"
            | "00000000000000000000FFFF7F000001"
    )
}

fn sockets(pid: u32) -> Vec<String> {
    let Ok(fds) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    fds.flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok()) // A descriptor may close while we look.
        .filter_map(|to| Some(to.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect()
}

fn everyone() -> impl Iterator<Item = Seen> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| look(entry.file_name().to_str()?.parse().ok()?))
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split(' ').filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

fn look(pid: u32) -> Option<Seen> {
    parse_stat(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads `pid (name) state parent …`; the name may hold blanks and parentheses.
fn parse_stat(pid: u32, stat: &str) -> Option<Seen> {
    let words: Vec<&str> = stat.get(stat.rfind(')')? + 1..)?.split_whitespace().collect();
    Some(Seen {
        pid,
        parent: words.get(1)?.parse().ok()?,
        started: words.get(19)?.parse().ok()?,
        zombie: matches!(*words.first()?, "Z" | "X"),
    })
}

fn memory(pid: u32) -> u64 {
    // Shared pages count once over the family; a process that may not be looked into still tells its resident ones.
    let field = |file: &str, name: &str| -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
        text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
    };
    field("smaps_rollup", "Pss:").or_else(|| field("status", "VmRSS:")).unwrap_or(0) << 10
}

fn send(seen: &Seen, signal: Signal) {
    let Some(pid) = i32::try_from(seen.pid).ok().and_then(Pid::from_raw) else { return };
    // The descriptor pins the process, so that a reused id is never hit: checked after it is open.
    let sent = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(fd) if look(seen.pid).is_some_and(|now| now.started == seen.started) => {
            pidfd_send_signal(fd, signal)
        }
        Ok(_) => return,
        Err(Errno::NOSYS) => kill_process(pid, signal),
        Err(error) => Err(error),
    };
    // Gone already, or not ours to end: the caller looks again and tells who is left.
    sent.ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_forge_the_fields_after_it() {
        let mut fields = vec!["S".to_owned(), "42".to_owned()];
        fields.extend((0..17).map(|_| "0".to_owned()));
        fields.push("777".to_owned());
        let stat = format!("9 (a) R 1 (b) {}", fields.join(" "));
        assert_eq!(parse_stat(9, &stat), Some(Seen { pid: 9, parent: 42, started: 777, zombie: false }));
        assert_eq!(parse_stat(9, "9 (x"), None);
    }

    #[test]
    fn this_process_is_seen_with_its_memory_and_is_not_confined() {
        let own = std::process::id();
        assert!(look(own).is_some_and(|seen| !seen.zombie));
        assert!(memory(own) > 100 << 10);
        assert!(!is_confined(own));
    }

    #[test]
    fn a_process_that_does_not_exist_counts_as_confined() {
        assert!(is_confined(u32::MAX));
    }

    #[test]
    fn a_listening_socket_is_found_with_its_reach() {
        let here = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = here.local_addr().unwrap().port();
        assert!(listening_ports(&[std::process::id()]).contains(&(port, false)));
        let there = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        let port = there.local_addr().unwrap().port();
        assert!(listening_ports(&[std::process::id()]).contains(&(port, true)));
    }
}
