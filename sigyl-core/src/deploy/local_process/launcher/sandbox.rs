//! What a server may touch, as Landlock rules that a process applies to itself.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, LandlockStatus, NetPort,
    PathBeneath, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError,
    RulesetStatus, Scope, path_beneath_rules,
};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat2};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// The newest file rights asked for; an older kernel enforces those that it knows.
const FILES: ABI = ABI::V9;

/// TCP ports that may be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Ports {
    /// Every port.
    All,
    /// These alone.
    Only(Vec<u16>),
}

/// The rights of a process; everything else is denied. A path that does not exist gives none.
///
/// Only in `system` a link is followed. Any other path was looked at when the rules were made, and whoever put a link
/// there since then would choose what the rule opens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Sandbox {
    /// The Landlock ABI that Sigyl found; zero when the kernel has none, and then nothing is enforced.
    pub(in super::super) abi: u8,
    /// Folders and files of the system that may be read.
    pub(in super::super) system: Vec<PathBuf>,
    /// May be read and executed.
    pub(in super::super) execute: Vec<PathBuf>,
    /// May be read.
    pub(in super::super) read: Vec<PathBuf>,
    /// May be read and written, but not executed.
    pub(in super::super) write: Vec<PathBuf>,
    /// May be opened for writing, and nothing more: devices such as `/dev/null`.
    pub(in super::super) devices: Vec<PathBuf>,
    /// TCP ports that it may listen on.
    pub(in super::super) bind: Vec<u16>,
    /// TCP ports that it may reach.
    pub(in super::super) connect: Ports,
}

impl Sandbox {
    /// Restricts nothing.
    pub(in super::super) fn none() -> Self {
        let none = Vec::new;
        Self {
            abi: 0,
            system: none(),
            execute: none(),
            read: none(),
            write: none(),
            devices: none(),
            bind: Vec::new(),
            connect: Ports::All,
        }
    }

    /// Restricts the calling thread and all that it starts, for good. Fails rather than enforce less than was found.
    pub(super) fn apply(&self) -> Result<(), String> {
        if self.abi == 0 {
            return Ok(());
        }
        let failed = |error: RulesetError| format!("could not confine itself: {error}");
        let status = self.rules()?.restrict_self().map_err(failed)?;
        let abi = abi_of(status.landlock);
        if status.ruleset == RulesetStatus::NotEnforced || abi < self.abi {
            return Err(format!(
                "the kernel confines less than it said (Landlock ABI {abi}, not {})",
                self.abi
            ));
        }
        Ok(())
    }

    fn rules(&self) -> Result<RulesetCreated, String> {
        let failed = |error: RulesetError| format!("could not make the rules of its confinement: {error}");
        let all = AccessFs::from_all(FILES);
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let write =
            all & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev);
        let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev | AccessFs::Truncate;
        let mut rules = self
            .ports()
            .and_then(|rules| rules.add_rules(path_beneath_rules(&self.system, read)))
            .and_then(|rules| rules.add_rules(path_beneath_rules(&self.devices, device)))
            .map_err(failed)?;
        for (paths, access) in
            [(&self.execute, read | AccessFs::Execute), (&self.read, read), (&self.write, write)]
        {
            for path in paths {
                let Some(place) = open(path)? else { continue };
                let access = if is_folder(&place) { access } else { access & AccessFs::from_file(FILES) };
                rules = rules.add_rule(PathBeneath::new(place, access)).map_err(failed)?;
            }
        }
        Ok(rules)
    }

    /// Begins the rules with those of the network.
    fn ports(&self) -> Result<RulesetCreated, RulesetError> {
        let mut net: BitFlags<AccessNet> = AccessNet::BindTcp.into();
        if matches!(self.connect, Ports::Only(_)) {
            net |= AccessNet::ConnectTcp;
        }
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(FILES))?
            .handle_access(net)?
            .scope(Scope::from_all(ABI::V6))?
            .create()?;
        for port in &self.bind {
            rules = rules.add_rule(NetPort::new(*port, AccessNet::BindTcp))?;
        }
        if let Ports::Only(ports) = &self.connect {
            for port in ports {
                rules = rules.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
            }
        }
        Ok(rules)
    }
}

/// Opens a path for a rule, through no link; nothing when there is nothing that this user could reach.
fn open(path: &Path) -> Result<Option<OwnedFd>, String> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Ok(place) => Ok(Some(place)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => Ok(None),
        Err(Errno::LOOP) => Err(format!(
            "{} is a link now, or lies behind one, and was none when its rules were made: it is not opened to the server",
            path.display()
        )),
        Err(error) => Err(format!("could not open {} for a rule: {error}", path.display())),
    }
}

fn is_folder(place: &OwnedFd) -> bool {
    // A place that tells nothing of itself gets the rights of a file, which are the fewer.
    fstat(place).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

/// Returns the Landlock ABI in force: zero when there is none.
///
/// The only sure way to learn it is to restrict something: a thread that ends right after.
pub(in super::super) fn landlock_abi() -> u8 {
    let measure = || {
        let rules = Ruleset::default().handle_access(AccessFs::Execute).and_then(Ruleset::create);
        rules.and_then(RulesetCreated::restrict_self).map_or(0, |status| abi_of(status.landlock))
    };
    std::thread::Builder::new().spawn(measure).ok().and_then(|thread| thread.join().ok()).unwrap_or(0)
}

fn abi_of(status: LandlockStatus) -> u8 {
    match status {
        LandlockStatus::Available { effective_abi, .. } => u8::try_from(effective_abi as i32).unwrap_or(0),
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_made_through_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(dir.join("real/inner")).unwrap();
        std::os::unix::fs::symlink(dir.join("real"), dir.join("link")).unwrap();
        assert!(open(&dir.join("real/inner")).unwrap().is_some());
        assert!(open(&dir.join("absent")).unwrap().is_none());
        for path in ["link", "link/inner"] {
            assert!(open(&dir.join(path)).unwrap_err().contains("is a link now"), "{path}");
        }
    }
}
