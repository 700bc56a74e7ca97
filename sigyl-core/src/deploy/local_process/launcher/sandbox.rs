//! What a server may touch, as Landlock rules that a process applies to itself.

use std::path::PathBuf;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, LandlockStatus, NetPort,
    Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
    path_beneath_rules,
};
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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Sandbox {
    /// The Landlock ABI that Sigyl found; zero when the kernel has none, and then nothing is enforced.
    pub(in super::super) abi: u8,
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
        let status = self
            .rules()
            .and_then(RulesetCreated::restrict_self)
            .map_err(|error| format!("could not confine itself: {error}"))?;
        let abi = abi_of(status.landlock);
        if status.ruleset == RulesetStatus::NotEnforced || abi < self.abi {
            return Err(format!(
                "the kernel confines less than it said (Landlock ABI {abi}, not {})",
                self.abi
            ));
        }
        Ok(())
    }

    fn rules(&self) -> Result<RulesetCreated, RulesetError> {
        let all = AccessFs::from_all(FILES);
        let mut net: BitFlags<AccessNet> = AccessNet::BindTcp.into();
        if matches!(self.connect, Ports::Only(_)) {
            net |= AccessNet::ConnectTcp;
        }
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let write =
            all & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev);
        let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev | AccessFs::Truncate;
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)?
            .handle_access(net)?
            .scope(Scope::from_all(ABI::V6))?
            .create()?
            .add_rules(path_beneath_rules(&self.execute, read | AccessFs::Execute))?
            .add_rules(path_beneath_rules(&self.read, read))?
            .add_rules(path_beneath_rules(&self.write, write))?
            .add_rules(path_beneath_rules(&self.devices, device))?;
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
