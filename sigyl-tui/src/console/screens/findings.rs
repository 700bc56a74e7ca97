//! Findings of one server, or of all: the reports are read one after the other, and rows appear as they come.

mod accepted;
mod explain;
mod rows;
mod sources;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sigyl_core::domain::{Failure, RunId, Seq, ServerName, Suppressed};
use sigyl_core::wire::v1::{Request, Response, RunEnd, VersionView};

use self::rows::Rows;
pub(super) use self::rows::{Found, place, severity, sheet, whole};
use self::sources::Of;
pub(super) use self::sources::Standing;
use super::{List, Screen};
use crate::console::command::{Command, Place};
use crate::console::keymap::Scope;
use crate::console::loaded::sentence;
use crate::console::turn::{Tag, Turn, Values};
use crate::console::view::View;
use crate::console::widgets::put;
use crate::link::Answer as _;
use crate::render::Role;

const VERSIONS: Tag = Tag(0);
const REPORT: Tag = Tag(1);
/// Reports that are read before rows are ordered anew, once there are as many.
const TOGETHER: usize = 50;
/// Findings that are listed at most: the gravest.
const MOST: usize = 10_000;

/// Findings of the versions that serve, and of the runs that were stopped.
pub(in crate::console) struct Findings {
    only: Option<ServerName>,
    rows: List<Rows>,
    found: Vec<Found>,
    /// What is still to be read, and what is read now.
    queue: VecDeque<Of>,
    reading: Option<(Of, Option<RunId>)>,
    /// What was read or is to be, with the run that found it, and the mark of all that.
    known: BTreeMap<Of, Option<RunId>>,
    mark: u64,
    read: usize,
    /// How many are read when rows are ordered anew, and how many findings are not listed.
    shows: usize,
    left_out: usize,
    /// The last report: its run, and what it came to.
    last: Option<(RunId, String)>,
    /// Whether something of what was read was not looked at.
    partial: bool,
    /// What could not be read, and why.
    unread: Vec<String>,
    begun: bool,
    /// Whether all was read once, or somebody selected something: until then the worst one is selected, whenever it comes.
    settled: bool,
}

impl Findings {
    /// Findings of one server.
    pub(in crate::console) fn of(server: ServerName) -> Self {
        Self::new(Some(server))
    }

    /// Findings of all servers.
    pub(in crate::console) fn all() -> Self {
        Self::new(None)
    }

    fn new(only: Option<ServerName>) -> Self {
        let rows = List::new(Rows { all: only.is_none() });
        Self {
            only,
            rows,
            found: Vec::new(),
            queue: VecDeque::new(),
            reading: None,
            known: BTreeMap::new(),
            mark: 0,
            read: 0,
            shows: 0,
            left_out: 0,
            last: None,
            partial: false,
            unread: Vec::new(),
            begun: false,
            settled: false,
        }
    }

    fn next(&mut self, turn: &mut Turn<'_>) {
        self.reading = self.queue.pop_front().map(|of| (of, None));
        match &mut self.reading {
            Some((Of::Server(name, _, None), _)) => {
                turn.ask(VERSIONS, Request::Versions { name: name.clone() });
            }
            Some((of, reading)) => {
                let (Of::Run(run, ..) | Of::Server(_, _, Some(run))) = &*of else { return };
                *reading = Some(run.clone());
                self.known.insert(of.clone(), Some(run.clone()));
                turn.ask(REPORT, Request::Watch { run: run.clone(), after: Seq(0) });
            }
            None => {
                self.show();
                self.settled |= self.read > 0;
            }
        }
    }

    /// Reads what is new, and leaves away what does not serve or wait any more; the rest stays as it was read.
    fn renew(&mut self, turn: &mut Turn<'_>) {
        let mark = sources::mark(turn.state, self.only.as_ref());
        if mark == self.mark {
            return;
        }
        self.mark = mark;
        let wanted = sources::wanted(turn.state, self.only.as_ref());
        self.queue.retain(|of| wanted.contains(of));
        let gone: Vec<Of> = self.known.keys().filter(|of| !wanted.contains(of)).cloned().collect();
        for of in &gone {
            let run = self.known.remove(of).flatten();
            let (server, standing) = of.stands();
            self.found.retain(|it| {
                Some(&it.run) != run.as_ref() || it.server.as_ref() != server || it.standing != standing
            });
        }
        for of in wanted {
            if !self.known.contains_key(&of) {
                self.known.insert(of.clone(), None);
                // What is read at this moment went and came back: it is read once.
                if self.reading.as_ref().is_none_or(|(now, _)| *now != of) {
                    self.queue.push_back(of);
                }
            }
        }
        if !gone.is_empty() {
            self.show();
        }
        if self.reading.is_none() && !self.queue.is_empty() {
            self.next(turn);
        }
    }

    fn show(&mut self) {
        self.found.sort_by(|a, b| {
            // What is accepted for now stands below what somebody still has to look at.
            let open = |it: &Found| !it.is_accepted();
            let worst =
                |it: &Found| std::cmp::Reverse((open(it), it.finding.severity, it.finding.confidence));
            worst(a).cmp(&worst(b)).then_with(|| {
                // What has no name stands behind what has one.
                (a.server.is_none(), &a.server).cmp(&(b.server.is_none(), &b.server))
            })
        });
        self.left_out += self.found.len().saturating_sub(MOST);
        self.found.truncate(MOST);
        self.rows.set(self.found.clone());
        if !self.settled {
            self.rows.top();
        }
    }

    fn versions(&mut self, views: &[VersionView], turn: &mut Turn<'_>) {
        let serves = views.iter().find(|view| view.active);
        let newest = views.first().filter(|_| self.only.is_some());
        let run = serves.or(newest).map(|view| view.record.run.clone());
        match (&mut self.reading, run) {
            (Some((of, reading)), Some(run)) => {
                *reading = Some(run.clone());
                if let Some(known) = self.known.get_mut(of) {
                    *known = Some(run.clone());
                }
                // Its end has both reports: of the source, and of what the started server says of itself.
                turn.ask(REPORT, Request::Watch { run, after: Seq(0) });
            }
            _ => self.done(turn),
        }
    }

    fn reports(&mut self, end: RunEnd) {
        let Some((of, Some(run))) = self.reading.clone() else { return };
        if !self.known.contains_key(&of) {
            // It does not serve or wait any more since it was asked for.
            return;
        }
        let (server, standing) = of.stands();
        let accepted: Rc<[Suppressed]> = accepted::of(&end).into();
        let Some(source) = end.report else {
            self.unread.push(format!("{}: its run has no report", of.name()));
            return;
        };
        let verdict = end.live.as_ref().map_or(source.verdict, |live| live.verdict.max(source.verdict));
        let partial = source.partial || end.live.as_ref().is_some_and(|live| live.partial);
        self.partial |= partial;
        let gaps = if partial { ", and not everything was looked at" } else { "" };
        let judged = end.run.judgement.as_ref().map(|judged| judged.verdict);
        let judged = accepted::judged(verdict, judged, &accepted);
        self.last = Some((run.clone(), format!("{judged}, {} files{gaps}", source.stats.files)));
        let also: Rc<str> = accepted::again(&end.accepted).into();
        let mut known = BTreeSet::new();
        let live = end.live.into_iter().flat_map(|live| live.findings);
        for finding in source.findings.into_iter().chain(live) {
            if known.insert(finding.fingerprint()) {
                let accepted = accepted.iter().find(|one| one.is_of(&finding)).cloned();
                let (server, run, also) = (server.cloned(), run.clone(), also.clone());
                self.found.push(Found { server, standing, run, finding, accepted, also });
            }
        }
    }

    fn done(&mut self, turn: &mut Turn<'_>) {
        self.read += 1;
        // Rows appear as they come, but are not ordered anew for each of thousands of reports.
        if self.read < TOGETHER || self.read >= self.shows {
            self.shows = self.read + TOGETHER.max(self.read / 10);
            self.show();
        }
        self.next(turn);
    }

    fn says(&self) -> Option<(Role, String)> {
        if let Some((of, _)) = &self.reading {
            let name = of.name();
            let left = self.queue.len();
            let out = match self.left_out {
                0 => String::new(),
                out => format!(", {out} findings not listed"),
            };
            return Some((
                Role::Dim,
                format!("reading the report of {name}; {} read, {left} to come{out}", self.read),
            ));
        }
        if let Some(first) = self.unread.first() {
            return Some((Role::Error, format!("{} could not be read: {first}", self.unread.len())));
        }
        if self.left_out > 0 {
            let out = self.left_out;
            return Some((Role::Warn, format!("are the gravest: {out} more findings are not listed")));
        }
        match &self.last {
            Some((_, says)) if self.only.is_some() => Some((Role::Dim, says.clone())),
            _ if self.partial => {
                Some((Role::Warn, "of some servers, not everything was looked at".to_owned()))
            }
            _ => None,
        }
    }
}

impl Screen for Findings {
    fn title(&self) -> String {
        self.rows.title()
    }

    fn scopes(&self) -> Vec<Scope> {
        self.rows.scopes()
    }

    fn place(&self) -> Option<Place> {
        self.only.is_none().then_some(Place::Security)
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        let known = turn.state.servers.get().is_some() && turn.state.runs.get().is_some();
        self.begun = known || self.only.is_some();
        let wanted =
            if self.begun { sources::wanted(turn.state, self.only.as_ref()) } else { BTreeSet::new() };
        self.mark = sources::mark(turn.state, self.only.as_ref());
        self.known = wanted.iter().map(|of| (of.clone(), None)).collect();
        self.queue = wanted.into_iter().collect();
        (self.read, self.reading) = (0, None);
        (self.shows, self.left_out) = (0, 0);
        (self.partial, self.last) = (false, None);
        self.found.clear();
        self.unread.clear();
        self.next(turn);
    }

    fn answered(&mut self, tag: Tag, answer: Result<Response, Failure>, turn: &mut Turn<'_>) {
        let read = match answer {
            Ok(response) if tag == VERSIONS => {
                match Vec::<VersionView>::take(response).map_err(|problem| problem.failure) {
                    Ok(views) => return self.versions(&views, turn),
                    Err(failure) => Err(failure),
                }
            }
            Ok(response) => RunEnd::take(response).map_err(|problem| problem.failure),
            Err(failure) => Err(failure),
        };
        if !self.reading.as_ref().is_some_and(|(_, run)| tag == VERSIONS || run.is_some()) {
            // An answer to what was asked before somebody asked anew.
            return;
        }
        match read {
            Ok(end) => self.reports(end),
            Err(failure) => {
                let name = self.reading.as_ref().map_or_else(String::new, |(of, _)| of.name());
                self.unread.push(format!("{name}: {}", sentence(&failure)));
            }
        }
        self.done(turn);
    }

    fn news(&mut self, turn: &mut Turn<'_>) {
        if self.begun {
            self.renew(turn);
        } else if turn.state.servers.get().is_some() && turn.state.runs.get().is_some() {
            self.ask(turn);
        }
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_>) -> bool {
        if command == Command::Refresh {
            self.ask(turn);
            return true;
        }
        self.settled = true;
        self.rows.command(command, turn)
    }

    fn offers(&self, command: Command) -> bool {
        match command {
            Command::Act("report") => self.last.is_some(),
            other => self.rows.offers(other),
        }
    }

    fn values(&self, turn: &Turn<'_>) -> Values {
        let mut values = self.rows.values(turn);
        if let Some((run, _)) = self.last.as_ref().filter(|_| self.only.is_some()) {
            values.entry("run").or_insert_with(|| run.to_string());
        }
        values
    }

    fn marked(&self) -> Vec<Values> {
        self.rows.marked()
    }

    fn unmark(&mut self) {
        self.rows.unmark();
    }

    fn filter(&self) -> Option<&str> {
        self.rows.filter()
    }

    fn set_filter(&mut self, text: &str, turn: &mut Turn<'_>) {
        self.rows.set_filter(text, turn);
    }

    fn click(&mut self, at: (u16, u16), turn: &mut Turn<'_>) {
        self.settled = true;
        self.rows.click(at, turn);
    }

    fn grabs(&self, at: (u16, u16)) -> bool {
        self.rows.grabs(at)
    }

    fn pull(&mut self, to: (u16, u16)) {
        self.rows.pull(to);
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, view: &View<'_>) {
        let unknown = self.reading.is_some() || !self.unread.is_empty() || self.partial || !self.begun;
        if self.found.is_empty() && unknown {
            let says = "Nothing so far, and not everything was looked at: below stands what is missing.";
            put(buf, area, area.x + 2, area.y + 1, says, view.theme.role(Role::Dim));
        } else {
            self.rows.draw(area, buf, view);
        }
        if let Some((role, says)) = self.says() {
            let foot = Rect {
                x: area.x + 8,
                width: area.width.saturating_sub(9),
                y: area.bottom().saturating_sub(1),
                height: 1,
            };
            put(
                buf,
                foot,
                foot.x,
                foot.y,
                &view.look.cut(&says, usize::from(foot.width)),
                view.theme.role(role),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::{RunState, Severity};

    use super::*;
    use crate::console::state::State;
    use crate::fixtures;
    use crate::render::Look;

    /// Servers and runs: one serves, one run is held, one is blocked and has no server.
    fn known() -> State {
        let mut state = State::default();
        state.servers.take(Ok(vec![fixtures::serving()]));
        state.runs.take(Ok(fixtures::runs()));
        state
    }

    /// What is asked, in order, where nothing is answered but what versions there are and what each run found.
    fn read(
        findings: &mut Findings,
        state: &State,
        mut begin: impl FnMut(&mut Findings, &mut Turn<'_>),
    ) -> Vec<String> {
        use crate::console::turn::Do;
        let mut asked = Vec::new();
        let mut turn = Turn::new(state, fixtures::now(), 20);
        begin(findings, &mut turn);
        let mut todo = turn.todo;
        while let Some(Do::Ask(tag, request)) = todo.pop() {
            let answer = match &*request {
                Request::Versions { name } => {
                    asked.push(name.to_string());
                    Response::Versions(fixtures::versions())
                }
                Request::Watch { run, .. } => {
                    asked.push(run.to_string());
                    let report = Some(crate::console::tests::report());
                    let run = fixtures::held_run();
                    Response::Run(Box::new(RunEnd {
                        run,
                        report,
                        live: None,
                        url: None,
                        accepted: Vec::new(),
                    }))
                }
                other => panic!("it asks {other:?}"),
            };
            let mut turn = Turn::new(state, fixtures::now(), 20);
            findings.answered(tag, Ok(answer), &mut turn);
            todo = turn.todo;
        }
        asked
    }

    #[test]
    fn what_was_stopped_is_read_beside_what_serves() {
        let (mut findings, state) = (Findings::all(), known());
        let asked = read(&mut findings, &state, |it, turn| it.ask(turn));
        assert_eq!(
            asked.len(),
            3,
            "the run that started the server, the held run and the blocked one: {asked:?}"
        );
        let mut stands: Vec<_> = findings.found.iter().map(|it| (it.standing, it.server.is_some())).collect();
        stands.sort_unstable();
        assert_eq!(stands, [(Standing::Serves, true), (Standing::Held, true), (Standing::Blocked, false)]);
    }

    #[test]
    fn what_is_accepted_says_so_in_its_row_its_page_and_the_verdict_and_is_accepted_again() {
        let (mut findings, state) = (Findings::of(fixtures::serving().server.name), known());
        let mut turn = Turn::new(&state, fixtures::now(), 20);
        findings.ask(&mut turn);
        let report = crate::console::tests::report();
        let finding = &report.findings[0];
        let accepted = Suppressed {
            rule: finding.rule.clone(),
            severity: finding.severity,
            location: finding.location.clone(),
            fingerprint: finding.fingerprint(),
            by: sigyl_core::domain::SuppressedBy::Waiver,
            reason: "known".to_owned(),
            owner: Some("ada".to_owned()),
            expires: Some(sigyl_core::domain::Timestamp::parse("2026-12-31").unwrap()),
            applied: true,
        };
        let (run, report) = (fixtures::held_run(), Some(report));
        let accepted = vec![accepted];
        let end = RunEnd { run, report, live: None, url: None, accepted };
        findings.answered(REPORT, Ok(Response::Run(Box::new(end))), &mut turn);
        let found = findings.found[0].clone();
        let says = "accepted until 2026-12-31 by ada: known";
        assert!(whole(&found, &Look::PLAIN).contains(says));
        assert!(findings.last.as_ref().unwrap().1.contains("1 accepted"), "{:?}", findings.last);
        let theme = crate::console::theme::Theme::plain();
        let keys = crate::console::keymap::Keymap::default();
        let view =
            View { state: &state, keys: &keys, theme: &theme, look: Look::PLAIN, now: fixtures::now() };
        let mut buf = Buffer::empty(Rect::new(0, 0, 100, 10));
        findings.draw(buf.area, &mut buf, &view);
        let drawn: String = buf.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(drawn.contains("accepted") && drawn.contains("until 2026-12-31"), "{drawn}");
        let values = findings.values(&turn);
        assert!(values["also"].ends_with(" until 2026-12-31: known"), "{values:?}");
        let mut values = values;
        values.extend([("reason", "too".to_owned()), ("expires", "2026-11-30".to_owned())]);
        values.insert("finding", "other-rule".to_owned());
        let action = crate::console::actions::find("waive").unwrap();
        let Ok(Some(Request::Redeploy(order))) = action.request(&values) else { panic!("{values:?}") };
        let all: Vec<_> = order.waive.iter().map(|it| (it.rule.to_string(), it.reason.as_str())).collect();
        assert_eq!(all, [("other-rule".to_owned(), "too"), (found.finding.rule.to_string(), "known")]);
        values.insert("also", "nonsense".to_owned());
        assert_eq!(action.request(&values).unwrap_err().field, "also");
    }

    #[test]
    fn the_worst_is_selected_until_all_was_read_and_then_nothing_moves() {
        let (mut findings, state) = (Findings::all(), known());
        read(&mut findings, &state, |it, turn| it.ask(turn));
        let selected = |findings: &Findings| findings.rows.item().map(|it| it.run.clone());
        assert_eq!(selected(&findings), findings.found.first().map(|it| it.run.clone()), "the first row");
        let before = selected(&findings);
        let mut worse = findings.found[0].clone();
        worse.finding.severity = Severity::Block;
        worse.run = fixtures::runs()[1].id.clone();
        findings.found.push(worse);
        findings.show();
        assert_eq!(selected(&findings), before, "it stays where it was, and is not the first row any more");
        assert_ne!(findings.found.first().map(|it| it.run.clone()), before);
    }

    #[test]
    fn only_what_is_new_is_read_and_what_went_is_left_away() {
        let (mut findings, mut state) = (Findings::all(), known());
        read(&mut findings, &state, |it, turn| it.ask(turn));
        assert!(read(&mut findings, &state, |it, turn| it.news(turn)).is_empty(), "nothing is another one");
        let mut runs = fixtures::runs();
        let held = runs.iter_mut().find(|run| run.state == RunState::Held).unwrap();
        held.state = RunState::Done;
        state.runs.take(Ok(runs));
        assert!(read(&mut findings, &state, |it, turn| it.news(turn)).is_empty());
        assert!(findings.found.iter().all(|it| it.standing != Standing::Held), "it was decided");
        let mut view = fixtures::serving();
        view.server.active = Some(sigyl_core::domain::Version::parse("1.1.0").unwrap());
        state.servers.take(Ok(vec![view]));
        assert_eq!(read(&mut findings, &state, |it, turn| it.news(turn)).len(), 1, "another version serves");
        assert_eq!(findings.found.len(), 2);
        // The same version is started again, with what was accepted meanwhile.
        let mut view = state.servers.get().unwrap()[0].clone();
        view.deployment.as_mut().unwrap().run = fixtures::runs()[0].id.clone();
        state.servers.take(Ok(vec![view]));
        let asked = read(&mut findings, &state, |it, turn| it.news(turn));
        assert_eq!(asked, [fixtures::runs()[0].id.to_string()], "what is accepted stands in the last run");
    }

    #[test]
    fn a_finding_says_why_where_its_rule_comes_with_the_program() {
        let mut finding = crate::console::tests::report().findings.remove(0);
        finding.rule = sigyl_core::domain::RuleId::parse("important-tag").unwrap();
        let run = fixtures::held_run().id;
        let mut found =
            Found { server: None, standing: Standing::Held, run, finding, accepted: None, also: "".into() };
        let text = whole(&found, &Look::PLAIN);
        assert!(text.contains("\nwhy\n") && text.contains("held: it does not serve"), "{text}");
        found.finding.rule = sigyl_core::domain::RuleId::parse("my-own").unwrap();
        assert!(whole(&found, &Look::PLAIN).contains("not one of those that come with Sigyl"));
    }
}
