//! What a key, a click or a line of the palette means.

/// A meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// One up.
    Up,
    /// One down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first.
    Top,
    /// To the last.
    Bottom,
    /// Show more of what is selected.
    Open,
    /// Close what is in front, or go back.
    Back,
    /// Go back.
    Backward,
    /// Go where one was before going back.
    Forward,
    /// The keys that work here.
    Help,
    /// Everything that can be done, by name.
    Palette,
    /// Narrow what is shown.
    Filter,
    /// Go somewhere.
    GoTo,
    /// What was said before.
    Messages,
    /// Ask again for what is shown.
    Refresh,
    /// Order by the next column.
    Sort,
    /// Order the other way round.
    Reverse,
    /// Mark what is selected for several at once, or not any more.
    Mark,
    /// Copy what is selected.
    Copy,
    /// Another tab.
    Tab(u8),
    /// The tab to the right.
    NextTab,
    /// The tab to the left.
    PreviousTab,
    /// Go on showing what comes, or stop.
    Follow,
    /// Break long lines, or not.
    Wrap,
    /// Show only lines that are as grave as this, and the next time graver ones.
    Level,
    /// Show only lines that one wrote.
    By,
    /// Go to a time.
    Jump,
    /// Write what is shown into a file.
    Save,
    /// Try what failed again.
    Again,
    /// Take back what was done last.
    Undo,
    /// Start an action.
    Act(&'static str),
    /// Show a place.
    Place(Place),
    /// Another theme.
    Theme,
    /// Back to the shell for a moment.
    Suspend,
    /// End.
    Quit,
}

impl Command {
    /// What a file of keys calls it.
    pub(super) fn name(self) -> String {
        let name = match self {
            Self::Act(name) => name,
            Self::Tab(tab) => return format!("tab-{}", u16::from(tab) + 1),
            Self::Place(place) => return format!("go-{}", place.title().to_lowercase().replace(' ', "-")),
            Self::Up => "up",
            Self::Down => "down",
            Self::PageUp => "page-up",
            Self::PageDown => "page-down",
            Self::Top => "first",
            Self::Bottom => "last",
            Self::Open => "open",
            Self::Back => "close",
            Self::Backward => "back",
            Self::Forward => "forward",
            Self::Help => "help",
            Self::Palette => "palette",
            Self::Filter => "filter",
            Self::GoTo => "go",
            Self::Messages => "messages",
            Self::Refresh => "refresh",
            Self::Sort => "sort",
            Self::Reverse => "reverse",
            Self::Mark => "mark",
            Self::Copy => "copy",
            Self::NextTab => "next-tab",
            Self::PreviousTab => "previous-tab",
            Self::Follow => "follow",
            Self::Wrap => "wrap",
            Self::Level => "level",
            Self::By => "by",
            Self::Jump => "jump",
            Self::Save => "save",
            Self::Again => "again",
            Self::Undo => "undo",
            Self::Theme => "theme",
            Self::Suspend => "suspend",
            Self::Quit => "quit",
        };
        name.to_owned()
    }
}

/// A screen that is there from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// What needs attention, and what runs.
    Dashboard,
    /// Documents of the registry.
    Registry,
    /// Runs.
    Runs,
    /// Findings of all servers.
    Security,
    /// What is under quarantine.
    Quarantines,
    /// The policy in force.
    Policy,
    /// What is called, and how often.
    Traffic,
    /// What serves, where, and to whom.
    Deployments,
    /// Events that belong to no run.
    Events,
    /// The caller's keys.
    Keys,
    /// Workspaces.
    Workspaces,
    /// Accounts.
    Accounts,
    /// The audit.
    Audit,
    /// The documentation.
    Docs,
    /// Who one is, what answers, and how this looks.
    Settings,
}

impl Place {
    /// All of them, with the key that goes there and what is there.
    pub(super) const ALL: [(Self, char, &'static str, &'static str); 15] = [
        (Self::Dashboard, 'd', "Dashboard", "what needs attention, and every server"),
        (Self::Registry, 'r', "Registry", "documents of the registry, by words"),
        (Self::Runs, 'n', "Runs", "deploys, scans and deletions, newest first"),
        (Self::Security, 's', "Security", "findings over all servers"),
        (Self::Quarantines, 'q', "Quarantines", "what must not run"),
        (Self::Policy, 'p', "Policy", "what findings are judged by"),
        (Self::Deployments, 'y', "Deployments", "what serves where, its share and health"),
        (Self::Traffic, 't', "Traffic", "calls by caller, server and tool"),
        (Self::Events, 'e', "Events", "health, restarts and changed tools"),
        (Self::Keys, 'k', "API keys", "your keys"),
        (Self::Workspaces, 'w', "Workspaces", "workspaces and their members"),
        (Self::Accounts, 'a', "Accounts", "who may sign in"),
        (Self::Audit, 'u', "Audit", "who did what, chained"),
        (Self::Docs, 'h', "Docs", "the documentation of this version"),
        (Self::Settings, 'c', "Settings", "who you are, what answers, how this looks"),
    ];

    /// What it is called.
    pub(super) fn title(self) -> &'static str {
        Self::ALL.iter().find(|(place, ..)| *place == self).map_or("", |(_, _, title, _)| title)
    }
}
