//! Who descends from whom, by `/proc`: finding, measuring and signalling a whole family.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

/// One process, told apart from a later one with the same id by its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) pid: u32,
    pub(super) parent: u32,
    started: u64,
    threads: u64,
    /// Ticks of a processor that it used, with those of its children that it waited for.
    ticks: u64,
    pub(super) zombie: bool,
}

/// All living descendants of one process.
#[derive(Debug)]
pub(in super::super) struct Family {
    members: Vec<Seen>,
    /// Ended processes that nobody asked about; each takes a place in the machine's table.
    ended: usize,
}

impl Family {
    /// Holds these alone.
    pub(super) fn made_of(members: Vec<Seen>) -> Self {
        Self { members, ended: 0 }
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
        let all = members.len();
        members.retain(|seen| !seen.zombie);
        let ended = all - members.len();
        Self { members, ended }
    }

    /// Tells whether a process that lives can be looked at: without descriptors, or `/proc`, every family seems empty.
    pub(super) fn sees(pid: u32) -> bool {
        look(pid).is_some()
    }

    /// Follows the children of `root` downwards: cheap, but it may miss one that moves meanwhile.
    pub(in super::super) fn below(root: u32) -> Self {
        let (mut members, mut ended) = (Vec::new(), 0);
        let mut met = HashSet::from([root]);
        let mut waiting = vec![root];
        while let Some(pid) = waiting.pop() {
            for child in children(pid) {
                if met.insert(child) {
                    waiting.push(child);
                    match look(child) {
                        Some(seen) if seen.zombie => ended += 1,
                        seen => members.extend(seen),
                    }
                }
            }
        }
        Self { members, ended }
    }

    /// Returns the process ids.
    pub(in super::super) fn pids(&self) -> Vec<u32> {
        self.members.iter().map(|seen| seen.pid).collect()
    }

    /// Counts the processes, ended ones that were not asked about too.
    pub(super) fn processes(&self) -> usize {
        self.members.len() + self.ended
    }

    /// Counts the threads of all processes.
    pub(super) fn threads(&self) -> u64 {
        self.members.iter().map(|seen| seen.threads).sum()
    }

    /// Returns the time of processors that all of them used, with those of theirs that ended and were waited for.
    pub(in super::super) fn processor_time(&self) -> Duration {
        let ticks: u64 = self.members.iter().map(|seen| seen.ticks).sum();
        let a_second = rustix::param::clock_ticks_per_second().max(1);
        Duration::from_millis(ticks.saturating_mul(1_000) / a_second)
    }

    /// Returns the bytes of memory that they hold together, shared pages counted once, with files that lie in memory.
    pub(in super::super) fn memory(&self) -> u64 {
        let (mut held, mut mapped, mut files) = (0, 0, HashMap::new());
        for seen in &self.members {
            let used = memory(seen.pid);
            held += used.all;
            mapped += used.shared;
            files.extend(memory_files(seen.pid));
        }
        // What of these files is mapped was counted as memory of a process.
        held + files.values().sum::<u64>().saturating_sub(mapped)
    }

    /// Sends `signal` to each; one that is gone already is fine.
    pub(in super::super) fn signal(&self, signal: Signal) {
        for seen in &self.members {
            send(seen, signal);
        }
    }
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

pub(super) fn everyone() -> impl Iterator<Item = Seen> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| look(entry.file_name().to_str()?.parse().ok()?))
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split(' ').filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

pub(super) fn look(pid: u32) -> Option<Seen> {
    parse_stat(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads `pid (name) state parent …`; the name may hold blanks and parentheses.
fn parse_stat(pid: u32, stat: &str) -> Option<Seen> {
    let words: Vec<&str> = stat.get(stat.rfind(')')? + 1..)?.split_whitespace().collect();
    // Those of its own in the program and in the kernel, and the same of its children.
    let ticks: Option<Vec<u64>> = words.get(11..15)?.iter().map(|word| word.parse().ok()).collect();
    Some(Seen {
        pid,
        parent: words.get(1)?.parse().ok()?,
        started: words.get(19)?.parse().ok()?,
        threads: words.get(17)?.parse().ok()?,
        ticks: ticks?.iter().sum(),
        zombie: matches!(*words.first()?, "Z" | "X"),
    })
}

/// Bytes of one process.
#[derive(Clone, Copy, Debug)]
struct Used {
    all: u64,
    /// Those of files in memory.
    shared: u64,
}

fn memory(pid: u32) -> Used {
    // One that has ended holds nothing.
    let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let field = |text: &str, name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
    };
    // Shared pages count once over the family; a process that may not be looked into still tells its resident ones.
    let text = read("smaps_rollup");
    if let Some(all) = field(&text, "Pss:") {
        return Used { all, shared: field(&text, "Pss_Shmem:").unwrap_or(0) };
    }
    let text = read("status");
    Used { all: field(&text, "VmRSS:").unwrap_or(0), shared: field(&text, "RssShmem:").unwrap_or(0) }
}

/// Returns the files without a name that a process holds open in memory, by identity, with their bytes. They belong
/// to no process until they are mapped.
fn memory_files(pid: u32) -> Vec<((u64, u64), u64)> {
    let Ok(fds) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    let in_memory = |fd: &fs::DirEntry| {
        fs::read_link(fd.path()).is_ok_and(|to| to.as_os_str().as_encoded_bytes().starts_with(b"/memfd:"))
    };
    let files = fds.flatten().filter(in_memory).filter_map(|fd| fs::metadata(fd.path()).ok());
    files.map(|meta| ((meta.dev(), meta.ino()), meta.blocks() * 512)).collect()
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
        fields.extend((0..9).map(|_| "0".to_owned()));
        fields.extend(["4", "3", "2", "1", "0", "0", "5", "0", "777"].map(str::to_owned));
        let stat = format!("9 (a) R 1 (b) {}", fields.join(" "));
        assert_eq!(
            parse_stat(9, &stat),
            Some(Seen { pid: 9, parent: 42, started: 777, threads: 5, ticks: 10, zombie: false })
        );
        assert_eq!(parse_stat(9, "9 (x"), None);
    }

    #[test]
    fn this_process_is_seen_with_its_memory() {
        let own = std::process::id();
        assert!(look(own).is_some_and(|seen| !seen.zombie));
        assert!(memory(own).all > 100 << 10);
    }

    #[test]
    fn the_time_of_processors_that_a_process_used_grows() {
        let used = || Family::made_of(look(std::process::id()).into_iter().collect()).processor_time();
        let (before, mut rounds) = (used(), 0_u64);
        while used() == before {
            rounds = std::hint::black_box(rounds.wrapping_add(1));
        }
        assert!(used() > before);
    }

    #[test]
    fn threads_and_ended_processes_and_files_in_memory_are_counted() {
        use std::io::Write as _;
        let own = std::process::id();
        let (hold, wait) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || wait.recv().is_err());
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        while look(pid).is_some_and(|seen| !seen.zombie) {
            std::thread::yield_now();
        }
        let below = Family::below(own);
        assert!(below.ended >= 1 && below.processes() > below.members.len(), "the ended one takes a place");
        assert!(!Family::below(own).pids().contains(&pid));
        child.wait().unwrap();
        let family = Family::made_of(look(own).into_iter().collect());
        assert!(family.threads() >= 2);
        let file = rustix::fs::memfd_create("held", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        let mut file = fs::File::from(file);
        file.write_all(&vec![1; 8 << 20]).unwrap();
        let id = (file.metadata().unwrap().dev(), file.metadata().unwrap().ino());
        let files = memory_files(own);
        assert!(files.iter().any(|(file, bytes)| *file == id && *bytes >= 8 << 20));
        assert!(family.memory() >= 8 << 20);
        drop(hold);
        assert!(thread.join().unwrap());
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
