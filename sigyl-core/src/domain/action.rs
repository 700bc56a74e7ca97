//! What can be done, how far each thing reaches, and whom it takes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Role;

/// What a caller wants to do; every operation of the handle names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Read what the registry publishes of servers.
    Browse,
    /// See servers, versions, runs, reports, events.
    Read,
    /// See the logs of a server.
    ReadLogs,
    /// Call a tool of a running server.
    Call,
    /// Probe a server now.
    Probe,
    /// Record versions and listings.
    Publish,
    /// Deploy, redeploy, roll back.
    Deploy,
    /// Set and remove secrets of a server, without reading their values.
    Secrets,
    /// Read the value of a secret.
    Reveal,
    /// Decide a held run.
    Approve,
    /// Remove a server with its records.
    Delete,
    /// Make and revoke one's own keys.
    Keys,
    /// Say who belongs to a workspace, revoke keys of its members, move its servers.
    Manage,
    /// Make accounts and workspaces, read the whole audit.
    Administer,
    /// Back up, restore, stop the owner.
    Operate,
}

/// How far an action reaches, and whom it takes besides the scope for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// What the registry shows to all who may read it.
    Registry,
    /// One workspace, by members of at least this role.
    Workspace(Role),
    /// The whole installation, by administrators.
    Installation,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 15] = [
        Self::Browse,
        Self::Read,
        Self::ReadLogs,
        Self::Call,
        Self::Probe,
        Self::Publish,
        Self::Deploy,
        Self::Secrets,
        Self::Reveal,
        Self::Approve,
        Self::Delete,
        Self::Keys,
        Self::Manage,
        Self::Administer,
        Self::Operate,
    ];

    /// The one table: the word of scopes, what it is in a sentence, and its reach.
    const fn about(self) -> (&'static str, &'static str, Reach) {
        use Reach::{Installation, Registry, Workspace};
        match self {
            Self::Browse => ("browse", "browse the registry", Registry),
            Self::Read => ("read", "read records", Workspace(Role::Viewer)),
            Self::ReadLogs => ("read_logs", "read logs", Workspace(Role::Member)),
            Self::Call => ("call", "call tools", Workspace(Role::Member)),
            Self::Probe => ("probe", "probe servers", Workspace(Role::Member)),
            Self::Publish => ("publish", "publish", Workspace(Role::Member)),
            Self::Deploy => ("deploy", "deploy", Workspace(Role::Member)),
            Self::Secrets => ("secrets", "set secrets", Workspace(Role::Member)),
            Self::Reveal => ("reveal", "read values of secrets", Workspace(Role::Admin)),
            Self::Approve => ("approve", "decide held runs", Workspace(Role::Admin)),
            Self::Delete => ("delete", "delete servers", Workspace(Role::Admin)),
            Self::Keys => ("keys", "make keys", Workspace(Role::Viewer)),
            Self::Manage => ("manage", "manage members and keys", Workspace(Role::Admin)),
            Self::Administer => ("administer", "administer the installation", Installation),
            Self::Operate => ("operate", "operate the data directory", Installation),
        }
    }

    /// Returns the word that scopes and records name it by.
    pub const fn word(self) -> &'static str {
        self.about().0
    }

    /// Returns how far it reaches.
    pub const fn reach(self) -> Reach {
        self.about().2
    }

    /// Tells whether it is done to servers, so that a pattern over their names narrows it.
    pub const fn is_on_servers(self) -> bool {
        !matches!(self, Self::Keys | Self::Manage | Self::Administer | Self::Operate)
    }

    /// Finds the action of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.about().1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_is_listed_once_and_its_word_is_how_it_is_written() {
        let mut words: Vec<_> = Action::ALL.into_iter().map(Action::word).collect();
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.word());
            assert_eq!(Action::of_word(action.word()), Some(action));
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Action::ALL.len());
        // What is named last in the enum has as many before it: nothing is left out of the list.
        assert_eq!(Action::Operate as usize + 1, Action::ALL.len());
        assert!(Action::ALL.is_sorted());
    }

    #[test]
    fn deciding_deleting_and_managing_take_an_admin() {
        for action in [Action::Approve, Action::Delete, Action::Manage] {
            assert_eq!(action.reach(), Reach::Workspace(Role::Admin), "{action}");
        }
        for action in [Action::Administer, Action::Operate] {
            assert_eq!(action.reach(), Reach::Installation, "{action}");
        }
    }
}
