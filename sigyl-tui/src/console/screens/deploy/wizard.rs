//! The pages together: what was typed, what was seen, and which page is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::{Failure, Run, SecretName, ServerName};
use sigyl_core::wire::v1::{Request, Response, SecretView, ServerView};

use super::github::Chooser;
use super::more;
use super::order::order;
use super::page::Page;
use super::preview::preview;
use super::record::Recorded;
use super::settings::Settings;
use super::summary::Summary;
use crate::console::actions;
use crate::console::command::Command;
use crate::console::input::LinkKind;
use crate::console::keymap::Scope;
use crate::console::loaded::{Loaded, sentence};
use crate::console::outside::{Looked, Outside, Seen};
use crate::console::screens::{Asking, RunScreen, Screen, Sheet};
use crate::console::turn::{Do, Tag, Turn};
use crate::console::view::View;
use crate::console::widgets::{Fill, Line};
use crate::link::Answer as _;
use crate::render::specimen;

const LOOK: Tag = Tag(0);
const NAMES: Tag = Tag(1);
const SECRETS: Tag = Tag(2);

/// What is typed on the way to a deploy.
pub(crate) struct Wizard {
    pub(super) page: Page,
    pub(super) source: Line,
    /// Paths that begin as was typed.
    pub(super) names: Vec<String>,
    pub(super) looked: Loaded<Rc<Looked>>,
    /// What was looked at.
    looked_at: Option<String>,
    pub(super) settings: Settings,
    /// Settings of an earlier run that no line has yet.
    env: BTreeMap<String, String>,
    pub(super) more: Vec<Line>,
    /// The line that has the keys, on a page of lines.
    pub(super) at: usize,
    pub(super) wrong: Option<String>,
    /// Secrets that a server of this name has already.
    kept: Option<(ServerName, BTreeSet<SecretName>)>,
    /// The text of a page that is read.
    pub(super) sheet: Option<Sheet>,
    /// The command that does the same, on the last page.
    command: String,
    /// What a source is chosen from at GitHub, in front of the first page.
    pub(super) chooser: Option<Chooser>,
}

impl Default for Wizard {
    fn default() -> Self {
        let words = "a folder, an archive, npm:NAME[@VERSION], pypi:NAME[@VERSION], github:OWNER/REPO[#REF][:SUBDIR] or git:URL[#REF][:SUBDIR]";
        Self {
            page: Page::Source,
            source: Line::new("source", words, Fill::Text, "").needed(true),
            names: Vec::new(),
            looked: Loaded::default(),
            looked_at: None,
            settings: Settings::default(),
            env: BTreeMap::new(),
            more: more::lines(&Default::default()),
            at: 0,
            wrong: None,
            kept: None,
            sheet: None,
            command: String::new(),
            chooser: None,
        }
    }
}

impl Wizard {
    /// The way of an earlier deploy again, as far as its record tells it; nothing of a run that was none.
    pub(in crate::console) fn of_run(run: &Run) -> Option<Self> {
        let recorded = Recorded::of(run)?;
        let mut wizard = Self { env: recorded.env, more: more::lines(&recorded.more), ..Self::default() };
        wizard.source.set(&recorded.source);
        Some(wizard)
    }

    /// A deploy of this source, which is not looked at yet.
    pub(in crate::console) fn of_source(source: &str) -> Self {
        let mut wizard = Self::default();
        wizard.source.set(source);
        wizard
    }

    /// The same again, with what was wrong; it was refused before it began, or it failed.
    pub(in crate::console) fn again(mut self, wrong: Option<String>) -> Self {
        self.wrong = wrong;
        self
    }

    pub(super) fn manifest(&self) -> Option<&sigyl_core::manifest::Manifest> {
        self.looked.get().and_then(|looked| looked.manifest.as_ref())
    }

    /// The name that the server will have, as far as it is known.
    fn name(&self) -> Option<ServerName> {
        let typed = self.more.first().map(|line| line.text().trim()).filter(|text| !text.is_empty());
        match typed {
            Some(typed) => ServerName::parse(typed).ok(),
            None => self.manifest().map(|manifest| manifest.name.clone()),
        }
    }

    pub(super) fn kept(&self) -> BTreeSet<SecretName> {
        let name = self.name();
        let kept = self.kept.as_ref().filter(|(of, _)| Some(of) == name.as_ref());
        kept.map(|(_, kept)| kept.clone()).unwrap_or_default()
    }

    fn look(&mut self, turn: &mut Turn<'_>) {
        let text = self.source.text().trim().to_owned();
        match actions::source(&text) {
            Ok(source) => {
                self.looked = Loaded::default();
                self.looked.ask(turn.now);
                self.looked_at = Some(text);
                self.sheet = None;
                turn.todo.push(Do::See(LOOK, Outside::Look(Box::new(source))));
            }
            Err(wrong) => {
                self.page = Page::Source;
                self.wrong = Some(wrong.why);
            }
        }
    }

    fn show(&mut self, page: Page, turn: &mut Turn<'_>) {
        self.page = page;
        (self.at, self.wrong, self.sheet) = (0, None, None);
        self.names.clear();
        match page {
            Page::Look if self.looked_at.as_deref() != Some(self.source.text().trim()) => self.look(turn),
            Page::Look => self.read(),
            Page::Settings => {
                self.leave_over();
                self.ask_kept(turn);
            }
            Page::Summary => self.summary(turn),
            Page::Source | Page::Place => {}
        }
    }

    /// Shows what the look came to.
    fn read(&mut self) {
        self.sheet = self
            .looked
            .get()
            .cloned()
            .map(|looked| Sheet::new("look", Asking::Here(Box::new(move |look| preview(&looked, look)))));
    }

    /// Settings of an earlier run that the manifest does not ask for are given all the same.
    fn leave_over(&mut self) {
        for (name, value) in std::mem::take(&mut self.env) {
            let known = self.settings.lines.iter().any(|setting| setting.line.name == name);
            let Some(line) = self.more.get_mut(3).filter(|_| !known) else { continue };
            if value.contains(char::is_whitespace) {
                self.wrong =
                    Some(format!("{name} was set too: its value has blanks, so it has to be set anew"));
            } else {
                let text = format!("{} {name}={value}", line.text());
                line.set(text.trim());
            }
        }
    }

    fn ask_kept(&mut self, turn: &mut Turn<'_>) {
        let name = self.name().filter(|name| turn.state.server(name).is_some());
        if let Some(name) = name.filter(|name| self.kept.as_ref().is_none_or(|(of, _)| of != name)) {
            self.kept = Some((name.clone(), BTreeSet::new()));
            turn.ask(SECRETS, Request::Secrets { name });
        }
    }

    fn summary(&mut self, turn: &mut Turn<'_>) {
        let deploy = match order(self.source.text().trim(), &self.settings, &self.more) {
            Ok(deploy) => deploy,
            Err((page, at, why)) => return self.mend(page, at, why),
        };
        let present: Option<&ServerView> = self.name().and_then(|name| turn.state.server(&name));
        let summary = Summary {
            deploy,
            looked: self.looked.get().cloned(),
            kept: self.kept(),
            present: present.cloned().map(Box::new),
            flags: turn.state.flags.clone(),
            sends: turn.state.link.as_ref().is_some_and(|link| link.kind == LinkKind::Server),
        };
        self.command = summary.command();
        self.sheet = Some(Sheet::new("summary", Asking::Here(Box::new(move |look| summary.text(look)))));
    }

    /// Goes to what is wrong.
    fn mend(&mut self, page: Page, at: usize, why: String) {
        (self.page, self.at, self.wrong, self.sheet) = (page, at, Some(why), None);
    }

    fn deploy(&mut self, turn: &mut Turn<'_>) {
        match order(self.source.text().trim(), &self.settings, &self.more) {
            Ok(deploy) => {
                self.wrong = None;
                let of = self.name().map_or_else(|| deploy.source.to_string(), |name| name.to_string());
                turn.todo.push(Do::Lasting(format!("deploy {}", specimen(&of))));
                let request = Box::new(Request::Deploy(deploy));
                let wizard = Box::new(std::mem::take(self));
                turn.todo.push(Do::Instead(Box::new(RunScreen::begin("deploy", request).with_pages(wizard))));
            }
            Err((page, at, why)) => self.mend(page, at, why),
        }
    }

    /// Goes on, if nothing on this page keeps one here.
    fn next(&mut self, turn: &mut Turn<'_>) {
        match self.page {
            Page::Source if self.source.is_empty() => self.wrong = Some("a source is needed".to_owned()),
            Page::Look if self.looked.is_asked() => self.wrong = Some("it is being looked at".to_owned()),
            Page::Look if self.looked.get().is_some() && self.manifest().is_none() => {
                self.wrong = Some("mend the manifest first; ^R looks again".to_owned());
            }
            Page::Settings => {
                let (kept, manifest) = (self.kept(), self.manifest());
                match manifest.map_or(Ok(()), |manifest| self.settings.check(manifest, &kept)) {
                    Ok(()) => self.show(Page::Place, turn),
                    Err((at, why)) => (self.at, self.wrong) = (at, Some(why)),
                }
            }
            Page::Summary => self.deploy(turn),
            page => self.show(page.next(), turn),
        }
    }

    fn line(&mut self) -> Option<&mut Line> {
        match self.page {
            Page::Source => Some(&mut self.source),
            Page::Settings => self.settings.lines.get_mut(self.at).map(|setting| &mut setting.line),
            Page::Place => self.more.get_mut(self.at),
            Page::Look | Page::Summary => None,
        }
    }

    /// Lines of this page.
    pub(super) fn count(&self) -> usize {
        match self.page {
            Page::Source => 1,
            Page::Settings => self.settings.lines.len(),
            Page::Place => self.more.len(),
            Page::Look | Page::Summary => 0,
        }
    }

    /// Whether it is a page that one types on.
    pub(super) fn is_typed(&self) -> bool {
        matches!(self.page, Page::Source | Page::Settings | Page::Place)
    }

    fn complete(&mut self, turn: &mut Turn<'_>) {
        let text = self.source.text().to_owned();
        let elsewhere = ["npm:", "pypi:", "git:http", "git:ssh", "upload:"];
        if text.starts_with("github:") {
            self.choose_at_github(&text, turn);
        } else if elsewhere.iter().any(|begin| text.starts_with(begin)) {
            self.wrong = Some("only paths of this machine and github: are completed".to_owned());
        } else {
            turn.todo.push(Do::See(NAMES, Outside::Names(text)));
        }
    }

    /// Takes names as far as they begin alike.
    fn named(&mut self, named: Result<Vec<String>, String>) {
        match named {
            Err(why) => self.wrong = Some(why),
            Ok(names) => {
                match common(&names) {
                    None => self.wrong = Some("nothing begins so".to_owned()),
                    // Whoever typed on meanwhile keeps what they typed.
                    Some(begin) if begin.len() > self.source.text().len() || begin.starts_with('/') => {
                        self.source.set(&begin);
                    }
                    Some(_) => {}
                }
                self.names = if names.len() > 1 { names } else { Vec::new() };
            }
        }
    }

    fn typed(&mut self, key: KeyEvent, turn: &mut Turn<'_>) {
        let last = self.count().saturating_sub(1);
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('s') if ctrl => self.next(turn),
            KeyCode::Tab if self.page == Page::Source => self.complete(turn),
            KeyCode::Char('g') if ctrl && self.page == Page::Source => {
                self.choose_at_github("", turn);
            }
            KeyCode::Enter if self.at >= last => self.next(turn),
            KeyCode::Enter | KeyCode::Tab | KeyCode::Down => {
                self.at = if self.at >= last { 0 } else { self.at + 1 };
                self.wrong = None;
            }
            KeyCode::BackTab | KeyCode::Up => {
                self.at = if self.at == 0 { last } else { self.at - 1 };
                self.wrong = None;
            }
            _ => {
                self.wrong = None;
                self.names.clear();
                if let Some(line) = self.line() {
                    line.key(key);
                }
            }
        }
    }
}

/// What all of them begin with; nothing when there is none.
fn common(names: &[String]) -> Option<String> {
    let (first, rest) = names.split_first()?;
    let mut begin = first.as_str();
    for name in rest {
        while !name.starts_with(begin) {
            begin = begin.char_indices().next_back().map_or("", |(at, _)| &begin[..at]);
        }
    }
    Some(begin.to_owned())
}

impl Screen for Wizard {
    fn title(&self) -> String {
        match self.name() {
            Some(name) if self.page > Page::Source => format!("deploy {name}"),
            _ => "deploy".to_owned(),
        }
    }

    fn scopes(&self) -> Vec<Scope> {
        if self.sheet.is_some() { vec![Scope::Sheet] } else { Vec::new() }
    }

    fn ask(&mut self, _turn: &mut Turn<'_>) {}

    fn answered(&mut self, tag: Tag, answer: Result<Response, Failure>, turn: &mut Turn<'_>) {
        if tag != SECRETS {
            return self.told_of_github(tag, answer, turn);
        }
        let answer = answer.and_then(|it| Vec::<SecretView>::take(it).map_err(|problem| problem.failure));
        match (answer, &mut self.kept) {
            (Ok(secrets), Some((_, kept))) => {
                *kept = secrets.into_iter().filter(|it| !it.given_up).map(|it| it.name).collect();
            }
            (Err(failure), _) => {
                self.wrong = Some(format!("which secrets it has is not known: {}", sentence(&failure)));
            }
            (Ok(_), None) => {}
        }
    }

    fn seen(&mut self, tag: Tag, seen: Seen, _turn: &mut Turn<'_>) {
        match seen {
            Seen::Look(looked) if tag == LOOK => {
                self.looked.take(looked.map(Rc::new));
                if let Some(manifest) = self.looked.get().and_then(|looked| looked.manifest.as_ref()) {
                    self.settings = Settings::of(manifest, &self.settings, &self.env);
                }
                self.wrong = None;
                if self.page == Page::Look {
                    self.read();
                }
            }
            Seen::Names(named) if tag == NAMES => self.named(named),
            Seen::Look(_) | Seen::Names(_) => {}
        }
    }

    fn key(&mut self, key: KeyEvent, turn: &mut Turn<'_>) -> bool {
        let held = key.modifiers.intersection(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let everywhere = held.contains(KeyModifiers::ALT)
            || matches!(key.code, KeyCode::F(_))
            || !held.is_empty() && matches!(key.code, KeyCode::Char('c' | 'z' | 'p'));
        let filtered = self.filter().is_some_and(|filter| !filter.is_empty());
        match (key.code, self.page.previous()) {
            _ if everywhere => false,
            _ if self.chooser.is_some() => {
                self.choose(key, turn);
                true
            }
            (KeyCode::Char('r'), _) if !held.is_empty() && self.page == Page::Look => {
                self.look(turn);
                true
            }
            (KeyCode::Esc, _) if filtered => false,
            (KeyCode::Esc, Some(previous)) => {
                self.show(previous, turn);
                true
            }
            (KeyCode::Esc, None) => false,
            (KeyCode::Enter, _) if !self.is_typed() => {
                self.next(turn);
                true
            }
            (KeyCode::Backspace, Some(previous)) if !self.is_typed() => {
                self.show(previous, turn);
                true
            }
            _ if self.is_typed() => {
                self.typed(key, turn);
                true
            }
            _ => false,
        }
    }

    fn paste(&mut self, text: &str, turn: &mut Turn<'_>) {
        if let Some(chooser) = &mut self.chooser {
            return chooser.paste(text, turn);
        }
        let left = self.line().map_or(0, |line| line.paste(text));
        self.wrong = (left > 0).then(|| format!("{left} characters of what was pasted did not fit"));
    }

    fn hides(&self) -> bool {
        let line = match self.page {
            Page::Settings => self.settings.lines.get(self.at).map(|setting| &setting.line),
            Page::Place => self.more.get(self.at),
            _ => None,
        };
        line.is_some_and(|line| line.fill == Fill::Hidden)
    }

    fn own_keys(&self) -> Option<Vec<(&'static str, &'static str)>> {
        if self.chooser.is_some() {
            return Some(Chooser::KEYS.to_vec());
        }
        let back = if self.page == Page::Source { ("Esc", "leave") } else { ("Esc", "the page before") };
        Some(match self.page {
            Page::Source => vec![("Tab", "complete"), ("^G", "GitHub"), ("↵", "look at it"), back],
            Page::Look if self.looked.get().is_some() && self.manifest().is_none() => {
                vec![("/", "filter"), ("^R", "look again"), back]
            }
            Page::Look => vec![("^R", "look again"), ("/", "filter"), ("↵", "go on"), back],
            // Without a line there is none to go to.
            Page::Settings if self.count() == 0 => vec![("^S", "go on"), back],
            Page::Settings | Page::Place => {
                vec![("Tab", "next line"), ("S-Tab", "the line before"), ("^S", "go on"), back]
            }
            Page::Summary => vec![("y", "copy the command"), ("↵", "deploy"), back],
        })
    }

    fn types(&self) -> bool {
        self.is_typed() || self.chooser.is_some()
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool {
        if let Some(chooser) = &mut self.chooser {
            return chooser.command(command, turn);
        }
        match (command, self.page) {
            (Command::Refresh, Page::Look) => self.look(turn),
            (Command::Copy, Page::Summary) => turn.todo.push(Do::Copy(self.command.clone())),
            (Command::Up | Command::Down, _) if self.is_typed() => {
                let last = self.count().saturating_sub(1);
                let up = command == Command::Up;
                self.at = if up { self.at.saturating_sub(1) } else { (self.at + 1).min(last) };
            }
            (other, _) => {
                let Some(sheet) = &mut self.sheet else { return false };
                turn.height = turn.height.saturating_sub(3);
                let taken = sheet.command(other, turn);
                turn.height += 3;
                return taken;
            }
        }
        true
    }

    fn filter(&self) -> Option<&str> {
        self.sheet.as_ref().filter(|_| self.page == Page::Look).and_then(|sheet| sheet.filter())
    }

    fn set_filter(&mut self, text: &str, turn: &mut Turn<'_>) {
        if let Some(sheet) = &mut self.sheet {
            sheet.set_filter(text, turn);
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.draw_page(area, buf, view);
        if let Some(chooser) = &self.chooser {
            chooser.draw(area, buf, view);
        }
    }
}
