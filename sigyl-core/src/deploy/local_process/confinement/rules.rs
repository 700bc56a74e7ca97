//! The rules of an instance or of a build command.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::launcher::{Ports, Sandbox};
use super::grants::{Closed, Granted, is_name, look};
use super::programs::{PROGRAMS, Programs, loaders, real};
use super::words::words;
use crate::deploy::TargetError;
use crate::domain::{Confinement, Launch, Permissions, Resources};

/// Processes of one instance at a time.
pub(in super::super) const PROCESSES: usize = 512;
/// Threads of one instance at a time.
pub(in super::super) const THREADS: u64 = 4096;
/// Open files of one process.
pub(in super::super) const FILES: u64 = 16_384;

/// What every program may read to run at all.
const SYSTEM: &[&str] = &[
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    "/bin",
    "/sbin",
    "/proc",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl",
    "/etc/timezone",
];
/// Devices that hold nothing.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// What the rules are made from.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Wanted<'a> {
    pub(in super::super) launch: &'a Launch,
    pub(in super::super) granted: &'a Permissions,
    pub(in super::super) resources: &'a Resources,
    /// The server's own writable folder.
    pub(in super::super) private: &'a Path,
    /// The port that it serves on, when it speaks HTTP.
    pub(in super::super) port: Option<u16>,
    /// Sigyl's own folders.
    pub(in super::super) closed: Closed<'a>,
}

/// The rules of one instance, and the words for them.
#[derive(Debug)]
pub(in super::super) struct Held {
    pub(in super::super) sandbox: Sandbox,
    pub(in super::super) words: Confinement,
}

/// Makes the rules of an instance.
pub(in super::super) fn hold(abi: u8, wanted: &Wanted<'_>) -> Result<Held, TargetError> {
    let mut opened = Opened { closed: wanted.closed, missing: Vec::new() };
    let read = opened.paths("read", &wanted.granted.read)?;
    let mut write = opened.paths("write", &wanted.granted.write)?;
    write.push(wanted.private.to_owned());
    let mut execute = wanted.launch.readable.clone();
    execute.extend(loaders());
    execute.extend(opened.programs(wanted)?);
    wanted.closed.keeps_out(execute.iter().chain(&read).chain(&write), wanted.private)?;
    let mut words = words(abi, wanted);
    words.unenforced.extend(opened.missing);
    let sandbox = Sandbox {
        abi,
        system: SYSTEM.iter().map(PathBuf::from).collect(),
        execute: real_all(execute),
        read,
        write,
        devices: DEVICES.iter().map(PathBuf::from).collect(),
        bind: wanted.port.into_iter().collect(),
        connect: ports(wanted.granted),
    };
    Ok(Held { sandbox, words })
}

/// What the operator granted, as far as it is there.
#[derive(Debug)]
struct Opened<'a> {
    closed: Closed<'a>,
    /// What is granted and not there, in words.
    missing: Vec<String>,
}

impl Opened<'_> {
    fn paths(&mut self, kind: &str, granted: &BTreeSet<String>) -> Result<Vec<PathBuf>, TargetError> {
        let mut found = Vec::new();
        for text in granted {
            match look(kind, text, self.closed)? {
                Granted::Here(path) => found.push(path),
                Granted::Missing => self.miss(kind, text, "nothing is there"),
            }
        }
        Ok(found)
    }

    /// Returns what may be started: the server's own program, what was granted, and what they need to run.
    fn programs(&mut self, wanted: &Wanted<'_>) -> Result<Vec<PathBuf>, TargetError> {
        let mut programs = Programs::of(&wanted.launch.readable);
        let mut all = Vec::new();
        for program in &wanted.granted.exec {
            if program == "*" {
                all.extend(PROGRAMS.iter().chain(&["/usr"]).map(PathBuf::from));
                continue;
            }
            let is_there =
                is_name(program) || matches!(look("exec", program, self.closed)?, Granted::Here(_));
            if !is_there || !programs.grant(program) {
                self.miss("exec", program, "there is no such program");
            }
        }
        all.extend(programs.granted()?);
        all.extend(programs.needed_by(&wanted.launch.program)?);
        Ok(all)
    }

    fn miss(&mut self, kind: &str, text: &str, why: &str) {
        self.missing.push(format!(
            "{kind}={text} was granted and opens nothing: {why} (it is looked for at each start)"
        ));
    }
}

fn real_all(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.iter().map(|path| real(path)).collect()
}

/// What a build command may touch besides the system.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Workshop {
    /// May be read and executed: toolchain, package sources.
    pub(in super::super) execute: Vec<PathBuf>,
    /// May be read.
    pub(in super::super) read: Vec<PathBuf>,
    /// May be written and executed: the tree that is built, its output, its scratch.
    pub(in super::super) write: Vec<PathBuf>,
    /// Whether it may reach the network.
    pub(in super::super) network: bool,
}

/// Makes the rules of a build command that runs code of the source or of its dependencies.
pub(in super::super) fn build_rules(abi: u8, workshop: Workshop) -> Sandbox {
    let mut execute: Vec<PathBuf> =
        PROGRAMS.iter().chain(SYSTEM).map(PathBuf::from).filter(|path| is_code(path)).collect();
    execute.extend(workshop.execute);
    execute.extend(workshop.write.iter().cloned());
    Sandbox {
        abi,
        system: SYSTEM.iter().map(PathBuf::from).collect(),
        execute: real_all(execute),
        read: real_all(workshop.read),
        write: real_all(workshop.write),
        devices: DEVICES.iter().map(PathBuf::from).collect(),
        bind: Vec::new(),
        connect: if workshop.network { Ports::All } else { Ports::Only(Vec::new()) },
    }
}

fn is_code(path: &Path) -> bool {
    !path.starts_with("/etc") && !path.starts_with("/proc") && !path.starts_with("/sys")
}

fn ports(granted: &Permissions) -> Ports {
    let mut only = Vec::new();
    for pair in &granted.network {
        match pair.rsplit_once(':').map(|(_, port)| port.parse()) {
            Some(Ok(port)) => only.push(port),
            // `*`; anything else was refused when it was granted.
            Some(Err(_)) if pair.ends_with(":*") => return Ports::All,
            _ => {}
        }
    }
    Ports::Only(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted<'a>(
        launch: &'a Launch,
        granted: &'a Permissions,
        resources: &'a Resources,
        dir: &'a Path,
    ) -> Wanted<'a> {
        Wanted {
            launch,
            granted,
            resources,
            private: dir,
            port: Some(4000),
            closed: Closed {
                data_dir: Path::new("/var/lib/sigyl"),
                cache_dir: Path::new("/var/cache/sigyl"),
            },
        }
    }

    fn launch() -> Launch {
        Launch { program: "/bin/sh".into(), args: vec![], dir: "/usr".into(), readable: vec![] }
    }

    #[test]
    fn grants_open_what_they_name_and_say_what_they_cannot_keep() {
        let mut granted = Permissions::default();
        for text in [
            "network=api.example:443",
            "read=/etc/hostname",
            "exec=ls",
            "exec=no-such-program",
            "read=/nowhere/x",
        ] {
            granted.grant(text).unwrap();
        }
        let resources = Resources { cpu: Some(0.5), memory: Some(64 << 20), ..Resources::default() };
        let dir = tempfile::tempdir().unwrap();
        let held = hold(7, &wanted(&launch(), &granted, &resources, dir.path())).unwrap();
        assert_eq!(held.sandbox.connect, Ports::Only(vec![443]));
        assert_eq!(held.sandbox.bind, [4000]);
        assert!(held.sandbox.execute.iter().any(|path| path.ends_with("ls")));
        for part in [
            "exec=no-such-program was granted and opens nothing",
            "read=/nowhere/x was granted and opens nothing",
            "port 443 of every host",
            "limit of 0.5 is not enforced",
        ] {
            assert!(held.words.unenforced.iter().any(|word| word.contains(part)), "{part}");
        }
        assert!(held.words.enforced.iter().any(|word| word.contains("64 MiB")));
    }

    #[test]
    fn nothing_granted_means_no_port_and_no_foreign_program() {
        let (granted, resources) = (Permissions::default(), Resources::default());
        let dir = tempfile::tempdir().unwrap();
        let held = hold(7, &wanted(&launch(), &granted, &resources, dir.path())).unwrap();
        assert_eq!(held.sandbox.connect, Ports::Only(vec![]));
        assert!(!held.sandbox.execute.iter().any(|path| path.ends_with("ls") || path == Path::new("/usr")));
        assert_eq!(held.sandbox.write, [dir.path()]);
    }

    #[test]
    fn sigyls_own_folder_is_never_opened() {
        let (dir, resources) = (tempfile::tempdir().unwrap(), Resources::default());
        let (private, cache) = (dir.path().join("private/x"), dir.path().join("cache"));
        std::fs::create_dir_all(dir.path().join("store")).unwrap();
        let closed = Closed { data_dir: dir.path(), cache_dir: &cache };
        for text in ["read=DIR", "write=/", "read=DIR/store", "exec=DIR/store"] {
            let mut granted = Permissions::default();
            granted.grant(&text.replace("DIR", &dir.path().display().to_string())).unwrap();
            let launch = launch();
            let wanted =
                Wanted { closed, private: &private, ..wanted(&launch, &granted, &resources, &private) };
            assert!(hold(7, &wanted).is_err(), "{text}");
        }
        for (place, is_fine) in [("cache/builds/k", true), ("store/builds", false), ("", false)] {
            let launch = Launch { readable: vec![dir.path().join(place)], ..launch() };
            let granted = Permissions::default();
            let wanted =
                Wanted { closed, private: &private, ..wanted(&launch, &granted, &resources, &private) };
            assert_eq!(hold(7, &wanted).is_ok(), is_fine, "{place}");
        }
    }
}
