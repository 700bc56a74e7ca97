//! The steps together: which is shown, what was found in what is selected, and where a key leads.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sigyl_core::domain::{
    Failure, GitHubAsker, GitHubFiles, Locator, RepositoriesOf, RepositoryName, RepositoryOwner,
};
use sigyl_core::wire::v1::{Request, Response};

use super::level::{Level, Listed, To};
use crate::console::command::Command;
use crate::console::loaded::Loaded;
use crate::console::turn::{Do, Tag, Turn};
use crate::console::widgets::Entry;
use crate::link::Answer as _;

/// The list of the step that is shown, and what was found in what is selected.
const LIST: Tag = Tag(10);
const FILES: Tag = Tag(11);

/// What becomes of the choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Chosen {
    /// Nothing yet.
    Nothing,
    /// It was left.
    Left,
    /// A source.
    Source(String),
}

/// What was looked into: a repository, and which branch or tag of it.
type Inside = (RepositoryName, Option<String>);

/// What is chosen from.
pub(in super::super) struct Chooser {
    /// The steps so far; the last is shown.
    pub(super) levels: Vec<Level>,
    /// What was found in what was looked into last.
    pub(super) inside: Option<(Inside, Loaded<GitHubFiles>)>,
    pub(super) wrong: Option<String>,
}

impl Chooser {
    /// Its keys, for the footer.
    pub(in super::super) const KEYS: [(&str, &str); 5] = [
        ("type", "to narrow"),
        ("↑↓", "choose"),
        ("↵", "go on"),
        ("^R", "ask again"),
        ("Esc", "a step back"),
    ];

    /// Begins where a source that was begun leads: with what is installed, somebody's repositories, or branches and tags.
    pub(in super::super) fn begin(text: &str, turn: &mut Turn<'_>) -> Self {
        let text = text.trim().strip_prefix("github:").unwrap_or_default();
        let (owner, begun) = text.split_once('/').unwrap_or((text, ""));
        let repository = text.split_once('#').and_then(|(name, _)| RepositoryName::parse(name).ok());
        let listed = match (repository, RepositoryOwner::parse(owner)) {
            (Some(repository), _) => Listed::Refs(repository, Loaded::default()),
            (None, Ok(owner)) => Listed::Repositories(RepositoriesOf::Owner(owner), Loaded::default()),
            (None, Err(_)) => Listed::Installations(Loaded::default()),
        };
        let mut chooser = Self { levels: Vec::new(), inside: None, wrong: None };
        let narrows = matches!(listed, Listed::Repositories(..));
        chooser.push(listed, turn);
        if let Some(level) = chooser.levels.last_mut().filter(|_| narrows) {
            level.filter = Entry::with(begun.split(':').next().unwrap_or_default());
        }
        chooser
    }

    fn push(&mut self, listed: Listed, turn: &mut Turn<'_>) {
        self.levels.push(Level::new(listed));
        self.wrong = None;
        self.ask(turn);
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        if let Some(level) = self.levels.last_mut() {
            turn.ask(LIST, level.ask(now));
        }
    }

    /// Takes an answer, if it is for a question of this choice.
    pub(in super::super) fn answered(
        &mut self,
        tag: Tag,
        answer: Result<Response, Failure>,
        turn: &mut Turn<'_>,
    ) {
        if tag == FILES {
            if let Some((_, files)) = &mut self.inside {
                files.take(answer.and_then(|it| GitHubFiles::take(it).map_err(|problem| problem.failure)));
            }
        } else if tag == LIST
            && let Some(level) = self.levels.last_mut()
        {
            level.take(answer);
            // A token has no installations: what it sees is one list.
            if level.asker() == Some(GitHubAsker::Token) {
                self.levels.clear();
                self.push(Listed::Repositories(RepositoriesOf::Token, Loaded::default()), turn);
                return;
            }
        }
        self.look_inside(turn);
    }

    /// Asks what stands in what is selected. One question at a time: who goes down a list asks for what they rest on.
    fn look_inside(&mut self, turn: &mut Turn<'_>) {
        if self.inside.as_ref().is_some_and(|(_, files)| files.is_asked()) {
            return;
        }
        let Some(inside) = self.selected() else { return };
        if self.inside.as_ref().is_some_and(|(known, _)| *known == inside) {
            return;
        }
        let mut files = Loaded::default();
        files.ask(turn.now);
        let (repository, reference) = inside.clone();
        self.inside = Some((inside, files));
        turn.ask(FILES, Request::GitHubFiles { repository, reference });
    }

    /// What is selected, when it can be looked into.
    pub(super) fn selected(&self) -> Option<Inside> {
        match self.levels.last()?.selected()?.to {
            To::Refs(repository) => Some((repository, None)),
            To::Reference(repository, reference) => Some((repository, Some(reference))),
            To::Repositories(_) | To::Nowhere(_) => None,
        }
    }

    /// Takes a key.
    pub(in super::super) fn key(&mut self, key: KeyEvent, turn: &mut Turn<'_>) -> Chosen {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let page = usize::from(turn.height / 2).max(1);
        match key.code {
            KeyCode::Esc => return self.back(turn),
            KeyCode::Enter => return self.enter(turn),
            KeyCode::Up => self.step(|at| at.saturating_sub(1), turn),
            KeyCode::Down => self.step(|at| at.saturating_add(1), turn),
            KeyCode::PageUp => self.step(|at| at.saturating_sub(page), turn),
            KeyCode::PageDown => self.step(|at| at.saturating_add(page), turn),
            KeyCode::Char('r') if ctrl => {
                self.inside = None;
                turn.todo.push(Do::Forget(FILES));
                self.ask(turn);
            }
            _ => {
                let typed = self.levels.last_mut().is_some_and(|level| level.filter.key(key));
                if typed {
                    self.narrowed(turn);
                }
            }
        }
        Chosen::Nothing
    }

    /// Takes a command that moves; tells whether it did.
    pub(in super::super) fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool {
        match command {
            Command::Up => self.step(|at| at.saturating_sub(1), turn),
            Command::Down => self.step(|at| at.saturating_add(1), turn),
            _ => return false,
        }
        true
    }

    /// Takes pasted text.
    pub(in super::super) fn paste(&mut self, text: &str, turn: &mut Turn<'_>) {
        if let Some(level) = self.levels.last_mut() {
            level.filter.paste(text);
        }
        self.narrowed(turn);
    }

    fn narrowed(&mut self, turn: &mut Turn<'_>) {
        self.wrong = None;
        if let Some(level) = self.levels.last_mut() {
            level.at = 0;
        }
        self.look_inside(turn);
    }

    fn step(&mut self, to: impl Fn(usize) -> usize, turn: &mut Turn<'_>) {
        self.wrong = None;
        if let Some(level) = self.levels.last_mut() {
            level.at = to(level.at).min(level.rows(None).len().saturating_sub(1));
        }
        self.look_inside(turn);
    }

    fn back(&mut self, turn: &mut Turn<'_>) -> Chosen {
        self.wrong = None;
        self.levels.pop();
        turn.todo.push(Do::Forget(LIST));
        if self.levels.is_empty() {
            turn.todo.push(Do::Forget(FILES));
            return Chosen::Left;
        }
        self.look_inside(turn);
        Chosen::Nothing
    }

    fn enter(&mut self, turn: &mut Turn<'_>) -> Chosen {
        let Some(level) = self.levels.last() else { return Chosen::Left };
        let to = level.selected().map(|row| row.to).or_else(|| level.typed());
        match to {
            None => {}
            Some(To::Nowhere(why)) => self.wrong = Some(why.to_owned()),
            Some(To::Repositories(of)) => self.push(Listed::Repositories(of, Loaded::default()), turn),
            Some(To::Refs(repository)) => self.push(Listed::Refs(repository, Loaded::default()), turn),
            Some(To::Reference(repository, reference)) => match source(repository, reference) {
                Some(source) => {
                    turn.todo.push(Do::Forget(FILES));
                    return Chosen::Source(source);
                }
                None => self.wrong = Some("no source can be named so: type the commit instead".to_owned()),
            },
        }
        Chosen::Nothing
    }
}

/// Writes a source, if reading it again comes to the same.
fn source(repository: RepositoryName, reference: String) -> Option<String> {
    let locator = Locator::GitHub { repository, reference: Some(reference), subdir: None };
    let text = locator.to_string();
    (Locator::parse(&text).ok()? == locator).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_reads_back_as_another_source_is_not_taken() {
        let named = |reference: &str| source(RepositoryName::parse("octo/x").unwrap(), reference.to_owned());
        assert_eq!(named("feature/a").as_deref(), Some("github:octo/x#feature/a"));
        for other in ["a:b", "-x", "../x"] {
            assert_eq!(named(other), None, "{other}");
        }
    }
}
