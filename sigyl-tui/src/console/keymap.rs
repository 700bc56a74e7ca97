//! The keys: one table, from which dispatch, help and footer come.

use std::borrow::Cow;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::command::Command;

/// Where a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// On every screen.
    Everywhere,
    /// Where there are rows.
    List,
    /// Where there is text.
    Sheet,
    /// Where there are tabs.
    Tabs,
    /// Where lines come.
    Stream,
    /// The dashboard.
    Dashboard,
    /// One server.
    Server,
    /// Its tools.
    Tools,
    /// Its versions.
    Versions,
    /// Its secrets.
    Secrets,
    /// What serves.
    Deployments,
    /// A run.
    Run,
    /// What a held server says otherwise.
    Drift,
    /// Runs.
    Runs,
    /// Findings.
    Findings,
    /// Documents.
    Registry,
    /// Quarantines.
    Quarantines,
    /// The policy.
    Policy,
    /// Keys.
    Keys,
    /// Accounts.
    Accounts,
    /// Workspaces.
    Workspaces,
    /// Members of one.
    Members,
    /// The audit.
    Audit,
    /// Settings.
    Settings,
}

impl Scope {
    /// All of them.
    pub(super) const ALL: [Self; 24] = [
        Self::Everywhere,
        Self::List,
        Self::Sheet,
        Self::Tabs,
        Self::Stream,
        Self::Dashboard,
        Self::Server,
        Self::Tools,
        Self::Versions,
        Self::Secrets,
        Self::Deployments,
        Self::Run,
        Self::Drift,
        Self::Runs,
        Self::Findings,
        Self::Registry,
        Self::Quarantines,
        Self::Policy,
        Self::Keys,
        Self::Accounts,
        Self::Workspaces,
        Self::Members,
        Self::Audit,
        Self::Settings,
    ];

    /// What a file calls it: its title in small letters, or one word of it.
    pub(super) fn name(self) -> String {
        match self {
            Self::Stream => "stream".to_owned(),
            other => other.title().to_lowercase(),
        }
    }

    /// What the help calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::List => "Rows",
            Self::Sheet => "Text",
            Self::Tabs => "Tabs",
            Self::Stream => "Lines that come",
            Self::Dashboard => "Dashboard",
            Self::Server => "Server",
            Self::Tools => "Tools",
            Self::Versions => "Versions",
            Self::Secrets => "Secrets",
            Self::Deployments => "Deployments",
            Self::Run => "Run",
            Self::Drift => "Drift",
            Self::Runs => "Runs",
            Self::Findings => "Findings",
            Self::Registry => "Registry",
            Self::Quarantines => "Quarantines",
            Self::Policy => "Policy",
            Self::Keys => "Keys",
            Self::Accounts => "Accounts",
            Self::Workspaces => "Workspaces",
            Self::Members => "Members",
            Self::Audit => "Audit",
            Self::Settings => "Settings",
        }
    }
}

/// A key with what is held beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chord {
    code: KeyCode,
    ctrl: bool,
    alt: bool,
}

const fn key(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), ctrl: false, alt: false }
}

const fn ctrl(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), ctrl: true, alt: false }
}

const fn alt(code: KeyCode) -> Chord {
    Chord { code, ctrl: false, alt: true }
}

const fn code(code: KeyCode) -> Chord {
    Chord { code, ctrl: false, alt: false }
}

impl Chord {
    /// A chord of its parts.
    pub(super) const fn with(code: KeyCode, ctrl: bool, alt: bool) -> Self {
        Self { code, ctrl, alt }
    }

    /// The chord of a key that was pressed. A capital is a letter of its own, whatever makes it.
    pub(super) fn of(event: &KeyEvent) -> Self {
        Self {
            code: event.code,
            ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
            alt: event.modifiers.contains(KeyModifiers::ALT),
        }
    }

    /// Whether it is a letter where one types.
    pub(super) fn is_text(self) -> bool {
        let typed = matches!(self.code, KeyCode::Char(_) | KeyCode::Backspace | KeyCode::Home | KeyCode::End);
        typed && !self.ctrl && !self.alt
    }

    /// The key press that it is.
    #[cfg(test)]
    pub(super) fn event(self) -> KeyEvent {
        let mut modifiers = KeyModifiers::NONE;
        modifiers.set(KeyModifiers::CONTROL, self.ctrl);
        modifiers.set(KeyModifiers::ALT, self.alt);
        KeyEvent::new(self.code, modifiers)
    }

    /// How it is written on the screen.
    pub(super) fn name(self, ascii: bool) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) if self.ctrl => c.to_ascii_uppercase().to_string(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter if ascii => "Enter".to_owned(),
            KeyCode::Enter => "↵".to_owned(),
            KeyCode::Up if !ascii => "↑".to_owned(),
            KeyCode::Down if !ascii => "↓".to_owned(),
            KeyCode::Left if !ascii => "←".to_owned(),
            KeyCode::Right if !ascii => "→".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::BackTab => "S-Tab".to_owned(),
            other => other.to_string(),
        };
        match self {
            Self { ctrl: true, .. } => format!("^{name}"),
            Self { alt: true, .. } => format!("M-{name}"),
            _ => name,
        }
    }
}

/// One row of the table.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    /// Where it works.
    pub(super) scope: Scope,
    /// The keys that do it.
    pub(super) keys: Cow<'static, [Chord]>,
    /// What they do.
    pub(super) command: Command,
    /// The same in words.
    pub(super) words: &'static str,
    /// Whether the footer shows it.
    pub(super) footer: bool,
}

const fn row(scope: Scope, keys: &'static [Chord], command: Command, words: &'static str) -> Binding {
    Binding { scope, keys: Cow::Borrowed(keys), command, words, footer: false }
}

/// A row that the footer shows.
const fn shown(scope: Scope, keys: &'static [Chord], command: Command, words: &'static str) -> Binding {
    Binding { scope, keys: Cow::Borrowed(keys), command, words, footer: true }
}

use Command as C;
use Scope as S;

/// All keys.
pub(super) const BINDINGS: &[Binding] = &[
    shown(S::Dashboard, &[key('d')], C::Act("deploy"), "deploy"),
    shown(S::Dashboard, &[key('r')], C::Act("redeploy"), "redeploy"),
    row(S::Dashboard, &[key('D')], C::Act("delete"), "delete server"),
    row(S::Dashboard, &[key('S')], C::Act("rescan"), "judge all again by the rules of today"),
    shown(S::Server, &[key('r')], C::Act("redeploy"), "redeploy"),
    row(S::Server, &[key('C')], C::Act("configure"), "settings and limits"),
    row(S::Server, &[key('N')], C::Act("restart"), "start it anew"),
    row(S::Server, &[key('p')], C::Act("probe"), "ask it what it is"),
    row(S::Server, &[key('d')], C::Act("drift"), "what its tools say otherwise now"),
    row(S::Server, &[key('E')], C::Act("edit"), "change how it is presented"),
    row(S::Server, &[key('*')], C::Act("rate"), "rate"),
    row(S::Server, &[key('x')], C::Act("quarantine"), "put under quarantine"),
    row(S::Server, &[key('m')], C::Act("transfer"), "give to another workspace"),
    shown(S::Server, &[key('D')], C::Act("delete"), "delete server"),
    shown(S::Tools, &[key('c')], C::Act("call"), "call"),
    shown(S::Versions, &[key('c')], C::Act("compare"), "changes"),
    shown(S::Versions, &[key('f')], C::Act("finding-changes"), "findings"),
    shown(S::Versions, &[key('b')], C::Act("rollback"), "let it serve again"),
    shown(S::Secrets, &[key('n')], C::Act("new-secret"), "new"),
    shown(S::Secrets, &[key('e')], C::Act("set-secret"), "rotate"),
    row(S::Secrets, &[key('R')], C::Act("reveal-secret"), "show the value"),
    shown(S::Secrets, &[key('X')], C::Act("remove-secret"), "remove"),
    shown(S::Deployments, &[key('r')], C::Act("redeploy"), "redeploy"),
    shown(S::Deployments, &[key('b')], C::Act("rollback"), "roll back"),
    shown(S::Deployments, &[key('C')], C::Act("configure"), "scale, limits and settings"),
    shown(S::Deployments, &[key('N')], C::Act("restart"), "start it anew"),
    shown(S::Deployments, &[key('P')], C::Act("promote"), "promote"),
    shown(S::Deployments, &[key('A')], C::Act("cancel"), "take what is tried back"),
    row(S::Deployments, &[key('p')], C::Act("probe"), "ask it what it is"),
    row(S::Deployments, &[key('m')], C::Act("metrics"), "what was measured in the last hour"),
    row(S::Deployments, &[key('D')], C::Act("delete"), "delete the server"),
    shown(S::Run, &[code(KeyCode::Enter)], C::Open, "the server"),
    shown(S::Run, &[key('a')], C::Act("approve"), "approve"),
    shown(S::Run, &[key('x')], C::Act("reject"), "reject"),
    shown(S::Run, &[key('P')], C::Act("promote"), "promote"),
    shown(S::Run, &[key('A')], C::Act("cancel"), "cancel"),
    shown(S::Run, &[key('R')], C::Again, "try again"),
    shown(S::Run, &[key('r')], C::Act("redeploy"), "redeploy"),
    shown(S::Run, &[key('v')], C::Act("report"), "findings"),
    shown(S::Run, &[key('c')], C::Act("seen"), "what its tools say"),
    shown(S::Drift, &[key('a')], C::Act("approve"), "approve"),
    shown(S::Drift, &[key('x')], C::Act("reject"), "block: reject"),
    row(S::Runs, &[key('a')], C::Act("approve"), "approve"),
    row(S::Runs, &[key('x')], C::Act("reject"), "reject"),
    row(S::Runs, &[key('P')], C::Act("promote"), "let what is tried take over"),
    row(S::Runs, &[key('A')], C::Act("cancel"), "cancel"),
    shown(S::Findings, &[key('v')], C::Act("report"), "the report, whole"),
    shown(S::Findings, &[key('w')], C::Act("waive"), "accept, with a reason"),
    row(S::Findings, &[key('c')], C::Act("finding-changes"), "what was found otherwise before"),
    row(S::Findings, &[key('S')], C::Act("rescan"), "judge all again by the rules of today"),
    shown(S::Registry, &[key('s')], C::Act("search"), "search"),
    shown(S::Registry, &[key('i')], C::Act("install"), "put into an editor"),
    row(S::Registry, &[key('n')], C::Act("publish"), "publish a document"),
    row(S::Registry, &[key('v')], C::Act("validate"), "check a document"),
    shown(S::Registry, &[key('d')], C::Act("deploy-document"), "deploy"),
    row(S::Registry, &[key('X')], C::Act("deprecate"), "deprecate, delete or restore"),
    shown(S::Quarantines, &[key('n')], C::Act("quarantine"), "put under quarantine"),
    shown(S::Quarantines, &[key('L')], C::Act("lift-quarantine"), "lift"),
    shown(S::Policy, &[key('t')], C::Act("test-policy"), "try another policy"),
    shown(S::Keys, &[key('n')], C::Act("create-key"), "new key"),
    shown(S::Keys, &[key('X')], C::Act("revoke-key"), "revoke"),
    shown(S::Accounts, &[key('n')], C::Act("create-account"), "new account"),
    row(S::Accounts, &[key('b')], C::Act("disable-account"), "disable or enable"),
    row(S::Accounts, &[key('A')], C::Act("set-administrator"), "make an administrator, or not"),
    row(S::Accounts, &[key('X')], C::Act("delete-account"), "delete"),
    shown(S::Workspaces, &[key('n')], C::Act("create-workspace"), "new workspace"),
    shown(S::Members, &[key('n')], C::Act("set-member"), "add, or give a role"),
    shown(S::Members, &[key('X')], C::Act("remove-member"), "take out"),
    shown(S::Audit, &[key('v')], C::Act("verify-audit"), "check the chain"),
    shown(S::Settings, &[key('t')], C::Theme, "another theme"),
    shown(S::Settings, &[key('E')], C::Act("rename-me"), "change your name"),
    shown(S::Settings, &[key('e')], C::Act("export-me"), "all that is on record of you"),
    shown(S::Settings, &[key('M')], C::Act("rotate-master-key"), "let a new master key take over"),
    row(S::Settings, &[key('X')], C::Act("delete-me"), "delete your account"),
    row(S::Tabs, &[key('1')], C::Tab(0), "first tab"),
    row(S::Tabs, &[key('2')], C::Tab(1), "second tab"),
    row(S::Tabs, &[key('3')], C::Tab(2), "third tab"),
    row(S::Tabs, &[key('4')], C::Tab(3), "fourth tab"),
    row(S::Tabs, &[key('5')], C::Tab(4), "fifth tab"),
    row(S::Tabs, &[key('6')], C::Tab(5), "sixth tab"),
    row(S::Tabs, &[key('7')], C::Tab(6), "seventh tab"),
    row(S::Tabs, &[key('8')], C::Tab(7), "eighth tab"),
    row(S::Tabs, &[key('9')], C::Tab(8), "ninth tab"),
    row(S::Tabs, &[key('0')], C::Tab(9), "tenth tab"),
    row(S::Tabs, &[key('-')], C::Tab(10), "eleventh tab"),
    row(S::Tabs, &[code(KeyCode::Tab), key('l'), code(KeyCode::Right)], C::NextTab, "tab to the right"),
    row(S::Tabs, &[code(KeyCode::BackTab), key('h'), code(KeyCode::Left)], C::PreviousTab, "tab to the left"),
    shown(S::Stream, &[key('f')], C::Follow, "follow or stop"),
    shown(S::Stream, &[key('w')], C::Wrap, "wrap lines"),
    shown(S::Stream, &[key('v')], C::Level, "by level"),
    row(S::Stream, &[key('b')], C::By, "only lines of the server, or of Sigyl"),
    row(S::Stream, &[key('t')], C::Jump, "go to a time"),
    shown(S::Stream, &[key('s')], C::Save, "save"),
    row(S::Stream, &[key('y')], C::Copy, "copy what is shown"),
    shown(S::List, &[code(KeyCode::Enter)], C::Open, "open"),
    row(S::List, &[key('o')], C::Sort, "order by the next column"),
    row(S::List, &[key('O')], C::Reverse, "the other way round"),
    row(S::List, &[key(' ')], C::Mark, "mark for several at once, or not"),
    row(S::List, &[key('y')], C::Copy, "copy"),
    row(S::Sheet, &[key('y')], C::Copy, "copy"),
    shown(S::Everywhere, &[key('/')], C::Filter, "filter"),
    shown(S::Everywhere, &[key(':'), ctrl('p')], C::Palette, "command"),
    shown(S::Everywhere, &[key('g')], C::GoTo, "go to…"),
    shown(S::Everywhere, &[key('?'), code(KeyCode::F(1))], C::Help, "help"),
    row(S::Everywhere, &[code(KeyCode::Esc)], C::Back, "close what is in front, else back"),
    row(S::Everywhere, &[code(KeyCode::Backspace), alt(KeyCode::Left)], C::Backward, "back"),
    row(S::Everywhere, &[alt(KeyCode::Right)], C::Forward, "forward again"),
    row(S::Everywhere, &[key('k'), code(KeyCode::Up)], C::Up, "up"),
    row(S::Everywhere, &[key('j'), code(KeyCode::Down)], C::Down, "down"),
    row(S::Everywhere, &[ctrl('u'), code(KeyCode::PageUp)], C::PageUp, "a page up"),
    row(S::Everywhere, &[ctrl('d'), code(KeyCode::PageDown)], C::PageDown, "a page down"),
    row(S::Everywhere, &[code(KeyCode::Home)], C::Top, "to the first"),
    row(S::Everywhere, &[key('G'), code(KeyCode::End)], C::Bottom, "to the last"),
    row(S::Everywhere, &[ctrl('r'), code(KeyCode::F(5))], C::Refresh, "ask again"),
    row(S::Everywhere, &[key('!')], C::Messages, "what was said before"),
    row(S::Everywhere, &[key('u')], C::Undo, "take back what was done last"),
    row(S::Everywhere, &[ctrl('z')], C::Suspend, "back to the shell; `fg` returns"),
    shown(S::Everywhere, &[key('q'), ctrl('c')], C::Quit, "quit"),
];

/// The keys as they are now: those of the table, but where the operator wants others.
#[derive(Debug)]
pub(super) struct Keymap {
    rows: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self { rows: BINDINGS.to_vec() }
    }
}

impl Keymap {
    /// Finds what a key means, in the first of the scopes that knows it.
    pub(super) fn find(&self, scopes: &[Scope], event: &KeyEvent) -> Option<Command> {
        let chord = Chord::of(event);
        let mut scopes = scopes.iter().chain([&Scope::Everywhere]);
        scopes.find_map(|scope| {
            let row = self.rows.iter().find(|row| row.scope == *scope && row.keys.contains(&chord));
            row.map(|row| row.command)
        })
    }

    /// The rows that work in these scopes, the most special first.
    pub(super) fn rows<'a>(&'a self, scopes: &'a [Scope]) -> impl Iterator<Item = &'a Binding> + 'a {
        let scopes = scopes.iter().chain([&Scope::Everywhere]);
        let rows = scopes.flat_map(|scope| self.rows.iter().filter(move |row| row.scope == *scope));
        rows.filter(|row| !row.keys.is_empty())
    }

    /// The key that does something in these scopes.
    pub(super) fn key_of(&self, command: Command, scopes: &[Scope]) -> Option<Chord> {
        self.rows(scopes).find(|row| row.command == command).and_then(|row| row.keys.first().copied())
    }

    /// Rows whose keys are the operator's own, each with what the table has.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&Binding, &'static Binding)> {
        self.rows.iter().zip(BINDINGS).filter(|(now, shipped)| now.keys != shipped.keys)
    }

    /// All rows of a scope, also those without a key.
    pub(super) fn of(&mut self, scope: Scope) -> impl Iterator<Item = &mut Binding> {
        self.rows.iter_mut().filter(move |row| row.scope == scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_scope() {
        for (at, row) in BINDINGS.iter().enumerate() {
            for key in row.keys.iter() {
                let others = &BINDINGS[at + 1..];
                let twin = others.iter().find(|other| other.scope == row.scope && other.keys.contains(key));
                assert!(twin.is_none(), "{key:?} means {:?} and {twin:?}", row.command);
            }
        }
    }

    #[test]
    fn what_destroys_is_a_capital() {
        for row in BINDINGS {
            let destroys = ["delete", "revoke", "remove"].iter().any(|word| row.words.starts_with(word));
            let capital = row.keys.iter().all(|key| matches!(key.code, KeyCode::Char('A'..='Z')));
            assert!(!destroys || capital, "{:?}", row.command);
        }
    }

    #[test]
    fn the_nearest_scope_decides() {
        let press = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        let keymap = Keymap::default();
        let find = |scopes: &[Scope], event: &KeyEvent| keymap.find(scopes, event);
        assert_eq!(find(&[S::Dashboard, S::List], &press('d')), Some(C::Act("deploy")));
        assert_eq!(find(&[S::Registry, S::List], &press('d')), Some(C::Act("deploy-document")));
        assert_eq!(find(&[S::Sheet], &press('d')), None);
        assert_eq!(find(&[], &KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(C::Quit));
        assert_eq!(find(&[], &press('c')), None);
    }

    #[test]
    fn keys_have_names_without_unicode_too() {
        for row in BINDINGS {
            assert!(row.keys.iter().all(|key| key.name(true).is_ascii()), "{:?}", row.command);
        }
        assert_eq!(ctrl('p').name(false), "^P");
        assert_eq!(code(KeyCode::Enter).name(false), "↵");
    }
}
