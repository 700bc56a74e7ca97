//! What is enforced and what is not, in words.

use super::rules::{FILES, PROCESSES, THREADS, Wanted};
use crate::domain::Confinement;

/// Says what this kernel can and cannot enforce for any server.
pub(in super::super) fn in_general(abi: u8) -> Confinement {
    let mut words = Confinement::default();
    by_kernel(abi, &mut words);
    by_sigyl(&mut words);
    words
}

pub(super) fn words(abi: u8, wanted: &Wanted<'_>) -> Confinement {
    let mut words = in_general(abi);
    let Confinement { enforced, unenforced } = &mut words;
    match wanted.resources.memory {
        Some(limit) => enforced.push(format!(
            "memory: it is stopped and restarted over {} MiB, looked at twice a second",
            limit >> 20
        )),
        None => unenforced.push("memory: no limit was set".to_owned()),
    }
    if let Some(cpu) = wanted.resources.cpu {
        unenforced.push(format!("processor time: the limit of {cpu} is not enforced on this target"));
    }
    if abi >= 4 {
        for pair in &wanted.granted.network {
            let Some((host, port)) = pair.rsplit_once(':') else { continue };
            match (host, port) {
                ("*", "*") => {}
                (_, "*") => unenforced
                    .push(format!("network={pair} opens every port of every host, not of {host} alone")),
                ("*", _) => {}
                _ => unenforced
                    .push(format!("network={pair} opens port {port} of every host, not of {host} alone")),
            }
        }
    }
    words
}

fn by_kernel(abi: u8, words: &mut Confinement) {
    let mut say = |from: u8, does: &str, does_not: &str| {
        if abi >= from {
            words.enforced.push(does.to_owned());
        } else {
            words.unenforced.push(format!("{does_not} (needs Landlock ABI {from}, this kernel has {abi})"));
        }
    };
    say(
        1,
        "files: reads its own tree, its runtime, the system's libraries and settings, and what was granted; writes only its private folder and what was granted",
        "files: it can read and write whatever this user can",
    );
    say(1, "programs: starts only its runtime and what was granted", "programs: it can start any program");
    say(3, "truncating files", "truncating files that it may not write");
    say(
        4,
        "TCP: plain connections only to granted ports, binding only to its own",
        "TCP: it can connect anywhere and listen on any port",
    );
    say(5, "device commands", "commands to devices");
    say(
        6,
        "signals and abstract sockets: reach only its own processes",
        "signals and abstract sockets: it can reach every process of this user",
    );
    say(9, "Unix sockets: reaches only its own", "Unix sockets in the file system can be connected to");
    if abi >= 4 {
        words.unenforced.push(
            "TCP: multipath TCP, fast open and listening without a chosen port get past the port rules"
                .to_owned(),
        );
    }
    if abi >= 1 {
        words.unenforced.push(
            "programs: one that it may read can still be loaded as data, with the same rights as its own"
                .to_owned(),
        );
    }
}

fn by_sigyl(words: &mut Confinement) {
    words.enforced.push("environment: holds only what was given to it".to_owned());
    words.enforced.push("set-user-id programs and root's capabilities give it nothing".to_owned());
    words.enforced.push(format!(
        "processes: at most {PROCESSES}, with {THREADS} threads together and {FILES} open files each; all end with Sigyl"
    ));
    words.enforced.push("what was open when Sigyl was started stays closed to it".to_owned());
    words.unenforced.push(
        "files elsewhere: which are there and when they are used can be seen, and mode, owner and times of this user's \
         be changed, but not their content"
            .to_owned(),
    );
    words.unenforced.push(
        "other processes: their arguments can be read, and limits and priorities of this user's be lowered, which can \
         make them fail"
            .to_owned(),
    );
    words
        .unenforced
        .push("System V memory and queues and the kernel's key rings of this user are open to it".to_owned());
    words.unenforced.push(
        "memory: shared segments that nobody has attached, and files in memory of a process that hides itself, are not \
         counted"
            .to_owned(),
    );
    words.unenforced.push("UDP, such as name look-ups, is open".to_owned());
    words.unenforced.push("disk space in its private folder is not limited".to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kernel_cannot_do_is_said() {
        let none = in_general(0);
        assert!(none.unenforced.iter().any(|word| word.starts_with("files: it can read and write whatever")));
        assert!(!none.enforced.iter().any(|word| word.starts_with("TCP")));
        let seven = in_general(7);
        assert!(seven.enforced.iter().any(|word| word.starts_with("TCP")));
        assert!(seven.unenforced.iter().any(|word| word.contains("needs Landlock ABI 9, this kernel has 7")));
        assert!(seven.unenforced.iter().any(|word| word.starts_with("UDP")));
    }
}
