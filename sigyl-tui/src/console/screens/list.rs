//! Rows of one kind: they are asked for, ordered, narrowed, selected and opened alike, whatever they are.

mod behind;

use std::cell::Cell;
use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::Failure;
use sigyl_core::wire::v1::{Frame, Response};

use self::behind::Behind;
use super::{Noun, Screen};
use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::loaded::Loaded;
use crate::console::paint;
use crate::console::turn::{Do, Tag, Turn, Values};
use crate::console::view::View;
use crate::console::widgets::{Grid, put};
use crate::render::{Glyph, Role};

/// Columns from which on the selected row is shown whole beside the list.
const BOTH: u16 = 110;

/// Columns that the list, and what is shown whole, keep however they are pulled.
const EACH: u16 = 30;

/// A list of them.
pub(in crate::console) struct List<N: Noun> {
    noun: N,
    items: Loaded<Vec<N::Item>>,
    /// Items that are shown, by their place among all.
    order: Vec<usize>,
    filter: String,
    by: Option<(usize, bool)>,
    /// The selected one: what it is, and where it was last.
    selected: Option<String>,
    at: usize,
    /// Whether what was selected is not there any more: nothing is, until somebody selects something.
    gone: bool,
    first: usize,
    /// What is marked, by what tells it from all others.
    marks: BTreeSet<String>,
    /// How far behind the first ones one is.
    behind: Behind,
    /// Whether what a filter finds is asked for, and whether the filter is another one since.
    searches: bool,
    another: bool,
    /// Columns of the list, where somebody pulled them so, and where what is shown whole began when it was drawn last.
    left: Option<u16>,
    rule: Cell<Option<u16>>,
}

const WHOLE: Tag = Tag(0);
const NEXT: Tag = Tag(1);
const FOUND: Tag = Tag(2);

impl<N: Noun> List<N> {
    /// A list that has not been asked for.
    pub(in crate::console) fn new(noun: N) -> Self {
        Self {
            noun,
            items: Loaded::default(),
            order: Vec::new(),
            filter: String::new(),
            by: None,
            selected: None,
            at: 0,
            gone: false,
            first: 0,
            marks: BTreeSet::new(),
            behind: Behind::default(),
            searches: false,
            another: false,
            left: None,
            rule: Cell::new(None),
        }
    }

    /// Shows these.
    pub(in crate::console) fn set(&mut self, items: Vec<N::Item>) {
        self.items.take(Ok(items));
        self.arrange();
    }

    /// Selects the first one.
    pub(in crate::console) fn top(&mut self) {
        self.first = 0;
        self.select(0);
    }

    /// The selected one.
    pub(in crate::console) fn item(&self) -> Option<&N::Item> {
        let at = *self.order.get(self.at).filter(|_| !self.gone)?;
        self.items.get()?.get(at)
    }

    fn all(&self) -> &[N::Item] {
        self.items.get().map_or(&[], Vec::as_slice)
    }

    /// Orders and narrows anew; the selection stays on what it was on.
    fn arrange(&mut self) {
        let Self { noun, items, order, filter, by, .. } = self;
        let items = items.get().map_or(&[][..], Vec::as_slice);
        let wanted = filter.to_lowercase();
        let fits = |item: &N::Item| wanted.is_empty() || noun.fits(item, &wanted);
        *order = (0..items.len()).filter(|at| fits(&items[*at])).collect();
        if let Some((column, down)) = *by {
            order.sort_by_cached_key(|at| noun.key(&items[*at], column));
            if down {
                order.reverse();
            }
        }
        let same = self
            .selected
            .as_ref()
            .and_then(|id| self.order.iter().position(|at| self.noun.id(&self.all()[*at]) == *id));
        match (same, &self.selected) {
            (None, Some(_)) if !self.order.is_empty() && self.filter.is_empty() => {
                self.at = self.at.min(self.order.len() - 1);
                self.gone = true;
            }
            (same, _) => self.select(same.unwrap_or(self.at)),
        }
    }

    /// Asks for what the filter finds, once at a time: what is typed meanwhile is asked for with the answer.
    fn search(&mut self, turn: &mut Turn<'_>) {
        self.another = self.searches;
        if self.searches {
            return;
        }
        if let Some(request) = self.noun.search(&self.filter) {
            self.searches = true;
            turn.todo.push(Do::Forget(NEXT));
            self.items.ask(turn.now);
            turn.ask(FOUND, request);
        }
    }

    fn take_found(&mut self, answer: Result<Response, Failure>, turn: &mut Turn<'_>) {
        self.searches = false;
        let taken = answer.and_then(|response| Ok((self.noun.cursor(&response), self.noun.items(response)?)));
        match taken {
            Ok((cursor, items)) => {
                self.noun.searched();
                self.behind = Behind::default();
                self.behind.cursor = cursor;
                self.items.take(Ok(items));
            }
            // What is here stays, and is narrowed.
            Err(failure) => self.items.take(Err(failure)),
        }
        self.arrange();
        if self.another {
            self.search(turn);
        }
    }

    fn select(&mut self, at: usize) {
        self.at = at.min(self.order.len().saturating_sub(1));
        self.gone = false;
        self.selected = self.item().map(|item| self.noun.id(item));
    }

    fn scroll(&mut self, height: u16) {
        let rows = usize::from(height.saturating_sub(2)).max(1);
        self.first = self.first.clamp(self.at.saturating_sub(rows - 1), self.at);
    }

    fn order_by(&mut self) {
        let columns = self.noun.columns();
        let next = self.by.map_or(0, |(column, _)| column + 1);
        self.by = (next..columns.len()).find(|at| !columns[*at].title.is_empty()).map(|at| (at, false));
        self.arrange();
    }

    fn moved(&mut self, command: Command, page: usize) -> bool {
        let last = self.order.len().saturating_sub(1);
        let at = match command {
            Command::Up => self.at.saturating_sub(1),
            Command::Down => self.at + 1,
            Command::PageUp => self.at.saturating_sub(page),
            Command::PageDown => self.at + page,
            Command::Top => 0,
            Command::Bottom => last,
            _ => return false,
        };
        self.select(at);
        true
    }

    fn rows(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let grid = Grid::new(self.noun.columns(), area.width.saturating_sub(2));
        let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
        grid.titles(inner, buf, self.by, view);
        let rows = usize::from(area.height.saturating_sub(1));
        let first = self.first.clamp((self.at + 1).saturating_sub(rows.max(1)), self.at);
        for (line, at) in self.order.iter().enumerate().skip(first).take(rows) {
            let y = area.y + 1 + u16::try_from(line - first).unwrap_or(0);
            let place = Rect { y, height: 1, ..inner };
            let item = &self.all()[*at];
            grid.row(place, buf, &self.noun.cells(item, view), view);
            let at_it = line == self.at && !self.gone;
            let sign = match (at_it, view.look.ascii) {
                (true, true) => ">",
                (true, false) => "▌",
                _ => " ",
            };
            put(buf, area, area.x, y, sign, view.theme.accent);
            if !self.marks.is_empty() && self.marks.contains(&self.noun.id(item)) {
                put(buf, area, area.x + 1, y, view.look.sign(Glyph::Done), view.theme.accent);
            }
            if at_it {
                buf.set_style(Rect { y, height: 1, ..area }, view.theme.selection);
            }
        }
    }

    fn foot(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let (shown, all) = (self.order.len(), self.all().len());
        let mut parts = Vec::new();
        if !self.filter.is_empty() {
            let filter = crate::render::specimen(&self.filter);
            // It looks at what is here; going down asks for more, and those are looked at too.
            let more = if self.is_all() { "" } else { ", and not all are here: down asks for more" };
            parts.push(format!("{shown} of {all} with \"{filter}\"{more}"));
        } else if all > 0 {
            parts.push(self.counted());
        }
        if !self.marks.is_empty() {
            parts.push(format!("{} marked", self.marks.len()));
        }
        parts.extend(self.noun.more(all).map(str::to_owned));
        parts.extend(self.noun.aside(view.state).map(str::to_owned));
        if view.look.ascii {
            parts.iter_mut().for_each(|part| *part = part.replace('…', "..."));
        }
        let mut x = put(buf, area, area.x + 2, area.y, &parts.join(" · "), view.theme.role(Role::Dim));
        if let Some((role, says)) = self.items.says(view.now) {
            if x > area.x + 2 {
                x += 2;
            }
            put(
                buf,
                area,
                x,
                area.y,
                &view.look.cut(&says, usize::from(area.right().saturating_sub(x))),
                view.theme.role(role),
            );
        }
    }
}

impl<N: Noun> Screen for List<N> {
    fn title(&self) -> String {
        self.noun.title()
    }

    fn scopes(&self) -> Vec<Scope> {
        self.noun.scopes().iter().copied().chain([Scope::List]).collect()
    }

    fn place(&self) -> Option<Place> {
        self.noun.place()
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        match self.noun.request() {
            Some(request) => {
                self.behind = Behind::default();
                turn.todo.push(Do::Forget(NEXT));
                self.items.ask(turn.now);
                turn.ask(WHOLE, request);
            }
            None => self.news(turn),
        }
    }

    fn answered(&mut self, tag: Tag, answer: Result<Response, Failure>, turn: &mut Turn<'_>) {
        if tag == NEXT {
            self.take_next(answer);
            return self.scroll(turn.height);
        }
        if tag == FOUND {
            self.take_found(answer, turn);
            return self.scroll(turn.height);
        }
        let answer = answer.and_then(|response| match response {
            // What was told one by one is all there is.
            Response::Ok => Ok(self.items.get_mut().map(std::mem::take).unwrap_or_default()),
            response => {
                self.behind.cursor = self.noun.cursor(&response);
                self.noun.items(response)
            }
        });
        self.items.take(answer);
        self.arrange();
        self.scroll(turn.height);
    }

    fn told(&mut self, _tag: Tag, frame: Frame, _turn: &mut Turn<'_>) {
        let Some(item) = self.noun.told(frame) else { return };
        match self.items.get_mut() {
            Some(items) => items.push(item),
            None => self.items.take(Ok(vec![item])),
        }
        self.arrange();
    }

    fn heard(&mut self, turn: &mut Turn<'_>) {
        if !self.items.is_asked() {
            self.ask(turn);
        }
    }

    fn news(&mut self, turn: &mut Turn<'_>) {
        if let Some(items) = self.noun.known(turn.state) {
            let items = self.with_those_behind(items);
            self.items.take(Ok(items));
            self.arrange();
            self.scroll(turn.height);
        } else if self.noun.renews() && !self.items.is_asked() && self.noun.request().is_some() {
            self.ask(turn);
        }
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool {
        let page = usize::from(turn.height.saturating_sub(3)).max(1);
        match command {
            Command::Open => {
                if let Some(item) = self.item() {
                    match self.filter.is_empty() {
                        true => self.noun.open(item, turn),
                        false => self.noun.open_at(item, &self.filter, turn),
                    }
                }
            }
            Command::Mark => {
                if let Some(id) = self.item().map(|item| self.noun.id(item))
                    && !self.marks.remove(&id)
                {
                    self.marks.insert(id);
                }
                self.moved(Command::Down, page);
            }
            Command::Sort => self.order_by(),
            Command::Reverse => {
                self.by = Some(self.by.map_or((0, true), |(column, down)| (column, !down)));
                self.arrange();
            }
            Command::Copy => turn.todo.push(Do::Copy(self.selected.clone().unwrap_or_default())),
            Command::Refresh => self.ask(turn),
            other if self.moved(other, page) => self.go_on(turn),
            _ => return false,
        }
        self.scroll(turn.height);
        true
    }

    fn offers(&self, command: Command) -> bool {
        self.noun.offers(self.item(), command)
    }

    fn counts(&self) -> bool {
        self.noun.counts()
    }

    fn values(&self, _turn: &Turn<'_>) -> Values {
        self.noun.values(self.item())
    }

    fn marked(&self) -> Vec<Values> {
        let marked = self.all().iter().filter(|item| self.marks.contains(&self.noun.id(item)));
        marked.map(|item| self.noun.values(Some(item))).collect()
    }

    fn unmark(&mut self) {
        self.marks.clear();
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.filter)
    }

    fn set_filter(&mut self, text: &str, turn: &mut Turn<'_>) {
        text.clone_into(&mut self.filter);
        self.arrange();
        self.search(turn);
        self.scroll(turn.height);
    }

    fn click(&mut self, (_, row): (u16, u16), turn: &mut Turn<'_>) {
        let at = self.first + usize::from(row.saturating_sub(1));
        if row == 0 || at >= self.order.len() {
            return;
        }
        if at == self.at {
            self.command(Command::Open, turn);
        } else {
            self.select(at);
        }
    }

    fn grabs(&self, (x, _): (u16, u16)) -> bool {
        self.rule.get().is_some_and(|rule| rule.abs_diff(x) <= 1)
    }

    fn pull(&mut self, (x, _): (u16, u16)) {
        self.left = Some(x);
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        self.rule.set(None);
        let foot = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
        let body = Rect { height: area.height.saturating_sub(1), ..area };
        self.foot(foot, buf, view);
        if self.all().is_empty() && self.items.get().is_some() {
            let lines = crate::render::wrap(self.noun.none(), &view.look_of(area.width.saturating_sub(4)), 0);
            for (y, line) in (body.y + 1..body.bottom()).zip(lines.lines()) {
                put(buf, body, body.x + 2, y, line, view.theme.role(Role::Dim));
            }
            return;
        }
        let left = self.left.unwrap_or((body.width / 2).max(64));
        let left = left.min(body.width.saturating_sub(EACH)).max(EACH);
        let right = Rect { x: body.x + left + 2, width: body.width.saturating_sub(left + 2), ..body };
        let look = view.look_of(right.width);
        let whole = self.item().filter(|_| body.width >= BOTH);
        let Some(text) = whole.and_then(|item| self.noun.whole(item, &look, view.now)) else {
            return self.rows(body, buf, view);
        };
        self.rows(Rect { width: left, ..body }, buf, view);
        self.rule.set(Some(right.x - 2 - area.x));
        let rule = if view.look.ascii { "|" } else { "│" };
        (body.y..body.bottom()).for_each(|y| {
            put(buf, body, right.x - 2, y, rule, view.theme.border);
        });
        for (y, line) in (right.y..right.bottom()).zip(paint::folded(&text, right.width, view.theme)) {
            buf.set_line(right.x, y, &line, right.width);
        }
    }
}
