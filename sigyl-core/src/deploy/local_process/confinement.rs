//! What an instance may touch, and what is said about it: one file, so that words and rules cannot part.

use std::fs;
use std::path::{Path, PathBuf};

use super::launcher::{Ports, Sandbox};
use crate::deploy::TargetError;
use crate::domain::{Confinement, Launch, Permissions, Resources};

/// Processes of one instance at a time.
pub(super) const PROCESSES: usize = 512;
/// Open files of one process.
pub(super) const FILES: u64 = 16_384;

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
/// Where the dynamic loader lies: no program starts without it.
const LOADERS: &[&str] = &["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/lib32"];
/// Where a program named without a path is looked for.
const PROGRAMS: &[&str] = &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// What the rules are made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) launch: &'a Launch,
    pub(super) granted: &'a Permissions,
    pub(super) resources: &'a Resources,
    /// The server's own writable folder.
    pub(super) private: &'a Path,
    /// The port that it serves on, when it speaks HTTP.
    pub(super) port: Option<u16>,
    /// Sigyl's own folder, which nothing may open.
    pub(super) data_dir: &'a Path,
}

/// The rules of one instance, the words for them, and what could not be granted.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) sandbox: Sandbox,
    pub(super) words: Confinement,
    pub(super) notes: Vec<String>,
}

/// Makes the rules of an instance.
pub(super) fn hold(abi: u8, wanted: &Wanted<'_>) -> Result<Held, TargetError> {
    let mut notes = Vec::new();
    let mut read: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    read.extend(paths("read", &wanted.granted.read, &mut notes)?);
    let mut write = paths("write", &wanted.granted.write, &mut notes)?;
    write.push(wanted.private.to_owned());
    let mut execute = wanted.launch.readable.clone();
    execute.extend(loaders());
    execute.extend(with_interpreter(&wanted.launch.program, &wanted.launch.readable));
    for program in &wanted.granted.exec {
        if program == "*" {
            execute.extend(PROGRAMS.iter().chain(&["/usr"]).map(PathBuf::from));
        } else if let Some(path) = find(program, &wanted.launch.readable) {
            execute.extend(with_interpreter(&path, &wanted.launch.readable));
        } else {
            notes.push(format!("exec={program} was granted, but there is no such program"));
        }
    }
    keeps_out(wanted.data_dir, execute.iter().chain(&read).chain(&write), wanted.private)?;
    let sandbox = Sandbox {
        abi,
        execute,
        read,
        write,
        devices: DEVICES.iter().map(PathBuf::from).collect(),
        bind: wanted.port.into_iter().collect(),
        connect: ports(wanted.granted),
    };
    Ok(Held { sandbox, words: words(abi, wanted), notes })
}

/// What a build command may touch besides the system.
#[derive(Clone, Debug, Default)]
pub(super) struct Workshop {
    /// May be read and executed: toolchain, package sources.
    pub(super) execute: Vec<PathBuf>,
    /// May be read.
    pub(super) read: Vec<PathBuf>,
    /// May be written and executed: the tree that is built, its output, its scratch.
    pub(super) write: Vec<PathBuf>,
    /// Whether it may reach the network.
    pub(super) network: bool,
}

/// Makes the rules of a build command that runs code of the source or of its dependencies.
pub(super) fn build_rules(abi: u8, workshop: Workshop) -> Sandbox {
    let mut execute: Vec<PathBuf> =
        PROGRAMS.iter().chain(SYSTEM).map(PathBuf::from).filter(|path| is_code(path)).collect();
    execute.extend(workshop.execute);
    execute.extend(workshop.write.iter().cloned());
    Sandbox {
        abi,
        execute,
        read: SYSTEM.iter().map(PathBuf::from).chain(workshop.read).collect(),
        write: workshop.write,
        devices: DEVICES.iter().map(PathBuf::from).collect(),
        bind: Vec::new(),
        connect: if workshop.network { Ports::All } else { Ports::Only(Vec::new()) },
    }
}

fn is_code(path: &Path) -> bool {
    !path.starts_with("/etc") && !path.starts_with("/proc") && !path.starts_with("/sys")
}

/// Says what this kernel can and cannot enforce for any server.
pub(super) fn in_general(abi: u8) -> Confinement {
    let mut words = Confinement::default();
    by_kernel(abi, &mut words);
    by_sigyl(&mut words);
    words
}

fn words(abi: u8, wanted: &Wanted<'_>) -> Confinement {
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
    words
        .enforced
        .push(format!("processes: at most {PROCESSES}, with {FILES} open files each; all end with Sigyl"));
    words
        .unenforced
        .push("threads, ended processes and files in memory are not counted against its limits".to_owned());
    words.unenforced.push(
        "what was open when Sigyl was started is inherited, and arguments of other processes can be read"
            .to_owned(),
    );
    words.unenforced.push("UDP, such as name look-ups, is open".to_owned());
    words.unenforced.push("disk space in its private folder is not limited".to_owned());
}

fn paths(
    kind: &str,
    granted: &std::collections::BTreeSet<String>,
    notes: &mut Vec<String>,
) -> Result<Vec<PathBuf>, TargetError> {
    let mut found = Vec::new();
    for text in granted {
        let path = PathBuf::from(text);
        if !path.is_absolute() {
            return Err(TargetError::Unsupported(format!(
                "{kind}={text} cannot be granted here: name an absolute path (its own tree is readable, and HOME is its \
                 own folder)"
            )));
        }
        if path.exists() {
            found.push(path);
        } else {
            notes.push(format!("{kind}={text} was granted, but nothing is there"));
        }
    }
    Ok(found)
}

/// Refuses rules that would open Sigyl's own folder: master key, store and control socket are there.
fn keeps_out<'a>(
    data_dir: &Path,
    opened: impl Iterator<Item = &'a PathBuf>,
    private: &Path,
) -> Result<(), TargetError> {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (data_dir, private) = (real(data_dir), real(private));
    for path in opened {
        let path = real(path);
        if data_dir.starts_with(&path)
            || path.starts_with(&data_dir) && path != private && is_secret(&path, &data_dir)
        {
            return Err(TargetError::Unsupported(format!(
                "{} cannot be opened to a server: it is, or holds, Sigyl's own data directory {}",
                path.display(),
                data_dir.display()
            )));
        }
    }
    Ok(())
}

/// Only built trees may lie in the data directory, when the cache is put there.
fn is_secret(path: &Path, data_dir: &Path) -> bool {
    !path.strip_prefix(data_dir).is_ok_and(|inner| inner.iter().any(|part| part == "builds"))
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

fn loaders() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut look = |dir: &Path| {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("ld-") && name.contains(".so") || name == "ld.so" {
                found.push(entry.path());
            }
        }
    };
    for dir in LOADERS {
        look(Path::new(dir));
        // Debian keeps it one folder deeper, by architecture.
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().contains("-linux-") {
                look(&entry.path());
            }
        }
    }
    found
}

/// Returns the program and, for a script, the programs in its first line.
fn with_interpreter(program: &Path, readable: &[PathBuf]) -> Vec<PathBuf> {
    let mut needed = vec![program.to_owned()];
    let Some(line) = first_line(program) else { return needed };
    let mut words = line.split_whitespace();
    let Some(interpreter) = words.next() else { return needed };
    needed.push(PathBuf::from(interpreter));
    if interpreter.ends_with("/env") {
        needed.extend(words.find(|word| !word.starts_with('-')).and_then(|name| find(name, readable)));
    }
    needed
}

fn first_line(program: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut start = Vec::new();
    // A program that cannot be read has no line to tell; starting it says why.
    fs::File::open(program).ok()?.take(256).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    String::from_utf8(line.to_vec()).ok()
}

/// Finds a program by path or name, first in the runtime's own folders.
fn find(program: &str, readable: &[PathBuf]) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_absolute() && path.exists());
    }
    search_path(readable).into_iter().map(|dir| dir.join(program)).find(|path| path.exists())
}

/// Returns the folders in which a server finds programs.
pub(super) fn search_path(readable: &[PathBuf]) -> Vec<PathBuf> {
    let own = readable.iter().map(|dir| dir.join("bin")).filter(|dir| dir.is_dir());
    own.chain(PROGRAMS.iter().map(PathBuf::from)).collect()
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
            data_dir: Path::new("/var/lib/sigyl"),
        }
    }

    fn launch() -> Launch {
        Launch { program: "/bin/sh".into(), args: vec![], dir: "/usr".into(), readable: vec![] }
    }

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
        assert_eq!(held.notes.len(), 2, "{:?}", held.notes);
        for part in ["port 443 of every host", "limit of 0.5 is not enforced"] {
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
        let private = dir.path().join("private/x");
        for text in [
            format!("read={}", dir.path().display()),
            "write=/".to_owned(),
            format!("read={}/store", dir.path().display()),
        ] {
            fs::create_dir_all(dir.path().join("store")).unwrap();
            let mut granted = Permissions::default();
            granted.grant(&text).unwrap();
            let launch = launch();
            let wanted = Wanted {
                data_dir: dir.path(),
                private: &private,
                ..wanted(&launch, &granted, &resources, &private)
            };
            assert!(hold(7, &wanted).is_err(), "{text}");
        }
    }

    #[test]
    fn a_relative_grant_is_refused() {
        let mut granted = Permissions::default();
        granted.grant("write=data").unwrap();
        let (launch, resources) = (launch(), Resources::default());
        let error = hold(7, &wanted(&launch, &granted, &resources, Path::new("/tmp"))).unwrap_err();
        assert!(error.to_string().contains("absolute path"), "{error}");
    }
}
