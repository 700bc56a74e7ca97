//! Where answers go, and what becomes of actions.

use std::time::Duration;

use sigyl_core::domain::{Failure, Kind, RunId, RunState, Timestamp};
use sigyl_core::event::EventKind;
use sigyl_core::wire::v1::{Frame, Owner, Request, Response, SessionCounts, WhoAmI};

use super::actions::{self, Action, Does, FieldKind, Given, Wrong};
use super::app::{App, Asked};
use super::effect::{Effect, Ticket};
use super::input::{LinkKind, Linked};
use super::keymap::Scope;
use super::layers::Form;
use super::loaded::sentence;
use super::outside::Seen;
use super::screens::{Asking, RunScreen, Sheet};
use super::turn::Values;
use super::undo::Done;
use crate::link::Answer as _;
use crate::render::Role;

/// Runs that are known from the beginning.
const RUNS: usize = 500;
/// Time between two looks at servers and runs, however much happens.
const PAUSE_MILLIS: i64 = 200;
/// How much longer than a look took nobody looks again, and the longest that this can be: however many servers there are, whoever
/// answers has time for something else.
const RESTS: i64 = 4;
const PAUSE_MOST_MILLIS: i64 = 10_000;
/// Time between two looks at how much is called, and the same where many kinds of calls are counted.
const COUNT_MILLIS: i64 = 5_000;
const MANY_MILLIS: i64 = 30_000;
/// How long a wait for an action is told by tenths of a second.
const SHORT: Duration = Duration::from_secs(10);
/// Kinds of calls that are many.
const MANY: usize = 2_000;
/// Servers whose memory is given back within a frame.
const FEW: usize = 500;
/// Things that an action is done to at once, at most.
const EACH: usize = 100;
/// Time before the feed is listened to again.
const AGAIN: Duration = Duration::from_secs(1);

impl App {
    pub(super) fn linked(&mut self, link: Result<Linked, Failure>) {
        match link {
            Ok(link) => {
                if let Some(notice) = &link.notice {
                    self.say(Role::Warn, notice.clone());
                }
                self.state.link = Some(link);
                self.stale = true;
                self.uncounted = false;
                self.ask(Asked::Who, Request::WhoAmI);
                self.listen();
                self.renew();
                let shown = self.shown().id;
                self.tell(shown, |screen, turn| screen.ask(turn));
            }
            Err(failure) => {
                self.state.broken = Some(sentence(&failure));
                self.say(Role::Error, sentence(&failure));
            }
        }
    }

    fn listen(&mut self) {
        self.listen_at = None;
        let feed = Request::Feed { after: self.seen, server: None, kinds: Vec::new(), follow: true };
        self.ask(Asked::Feed, feed);
    }

    /// Looks again at what every screen may look at, without waiting; and tries whoever was lost.
    pub(super) fn look_again(&mut self) {
        self.stale = true;
        (self.renewed, self.counted) = (None, None);
        self.listen_at = self.listen_at.map(|_| self.now);
        self.renew();
    }

    /// Whoever answers speaks again: what was known before may be old, and somebody else may answer now.
    fn heard(&mut self) {
        self.stale = true;
        self.counted = None;
        self.ask(Asked::Who, Request::WhoAmI);
        if self.state.link.as_ref().is_some_and(|link| link.kind == LinkKind::Owner) {
            self.ask(Asked::Owner, Request::Owner);
        }
        self.screens.iter_mut().chain(&mut self.ahead).for_each(|shown| shown.missed = true);
        let id = self.shown().id;
        if let Some(shown) = self.screens.last_mut() {
            shown.missed = false;
        }
        self.tell(id, |screen, turn| screen.heard(turn));
    }

    /// Asks for servers and runs if something changed, but not more often than it helps.
    pub(super) fn renew(&mut self) {
        if self.state.link.is_none() {
            return;
        }
        if self.listen_at.is_some_and(|at| at <= self.now) {
            self.stale = true;
            self.listen();
        }
        let waits = self.state.servers.is_asked() || self.state.runs.is_asked();
        let pause = self.took.saturating_mul(RESTS).clamp(PAUSE_MILLIS, PAUSE_MOST_MILLIS);
        let due = self.renewed.is_none_or(|at| self.now.millis() - at.millis() >= pause);
        if self.stale && !waits && due {
            self.stale = false;
            self.renewed = Some(self.now);
            self.state.servers.ask(self.now);
            self.state.runs.ask(self.now);
            self.ask(Asked::Servers, Request::List);
            self.ask(Asked::Runs, Request::Runs { limit: RUNS });
        }
        self.count();
    }

    /// Counts calls again if somebody looks at how many there are.
    fn count(&mut self) {
        let looks = self.shown().screen.counts();
        let many = self.state.counts.get().is_some_and(|counts| counts.len() > MANY);
        let pause = if many { MANY_MILLIS } else { COUNT_MILLIS };
        let due = self.counted.is_none_or(|at| self.now.millis() - at.millis() >= pause);
        if looks && due && !self.uncounted && !self.state.counts.is_asked() && self.state.broken.is_none() {
            self.counted = Some(self.now);
            self.state.counts.ask(self.now);
            self.ask(Asked::Counts, Request::CountCalls);
            // Whoever takes longer to count sessions than calls is not asked twice at once.
            if !self.state.sessions.is_asked() {
                self.state.sessions.ask(self.now);
                self.ask(Asked::Sessions, Request::CountSessions);
            }
        }
    }

    /// How long nothing has to be looked at, if no input comes.
    pub(super) fn patience(&self) -> Duration {
        let waits = self.stale || self.acts() || self.state.servers.get().is_none();
        if waits { Duration::from_millis(100) } else { Duration::from_secs(1) }
    }

    /// Whether an action is waited for whose wait is told by tenths of a second. One that takes longer is told by seconds.
    pub(super) fn acts(&self) -> bool {
        self.asked.values().any(|asked| match asked {
            Asked::Action(_, _, since, ..) | Asked::Each(_, _, since, _) => self.now.since(*since) < SHORT,
            _ => false,
        })
    }

    pub(super) fn told(&mut self, ticket: Ticket, frame: Frame) {
        match self.asked.get(&ticket) {
            Some(Asked::Feed) => self.fed(frame),
            Some(Asked::Screen(id, tag)) => {
                let (id, tag) = (*id, *tag);
                self.tell(id, |screen, turn| screen.told(tag, frame, turn));
            }
            _ => {}
        }
    }

    fn fed(&mut self, frame: Frame) {
        if self.state.broken.take().is_some() {
            self.heard();
        }
        match frame {
            Frame::Event(event) => {
                self.seen = Some(event.seq);
                self.stale |= self.state.event(&event);
                match (&event.kind, &event.run) {
                    (EventKind::Tried { .. }, _) => self.news(),
                    (EventKind::Promoted { to, .. }, Some(run)) => self.promoted(run, *to),
                    _ => {}
                }
            }
            Frame::Mark { seq } => self.seen = Some(seq),
            Frame::Gap { seq, .. } => {
                self.seen = Some(seq);
                self.stale = true;
            }
            _ => {}
        }
        self.renew();
    }

    /// A run goes on to a larger share, or takes over: whoever asked for that has it, though the answer comes only when the run ends.
    fn promoted(&mut self, run: &RunId, to: Option<u8>) {
        let of = |asked: &Asked| match asked {
            Asked::Action("promote", values, ..) => {
                values.get("run").is_some_and(|of| of.trim() == run.as_str())
            }
            Asked::Each("promote", on, ..) => on.trim() == run.as_str(),
            _ => false,
        };
        let told =
            self.asked.values().find_map(|asked| of(asked).then_some(matches!(asked, Asked::Each(..))));
        let Some(each) = told else { return };
        self.forget(of);
        match each {
            true => self.one_done("promote", run.as_str(), Ok(Response::Ok), None),
            false => {
                let to = to.map_or_else(|| "takes over".to_owned(), |to| format!("goes on to {to} %"));
                self.say(Role::Ok, format!("promote: it {to}; the run says how it ends"));
            }
        }
    }

    pub(super) fn answered(&mut self, ticket: Ticket, answer: Result<Box<Response>, Failure>) {
        let answer = answer.map(|response| *response);
        match self.asked.remove(&ticket) {
            Some(Asked::Servers) => {
                let servers = answer.and_then(|it| Vec::take(it).map_err(|problem| problem.failure));
                let old = self.state.servers.exchange(servers);
                let many = |old: &Vec<_>| old.len() > FEW;
                self.effects.extend(old.filter(many).map(Effect::Discard));
                self.took = self.renewed.map_or(0, |at| self.now.millis() - at.millis());
                self.news();
            }
            Some(Asked::Runs) => {
                self.state.runs.take(answer.and_then(|it| Vec::take(it).map_err(|problem| problem.failure)));
                self.news();
            }
            Some(Asked::Who) => {
                self.state
                    .who
                    .take(answer.and_then(|it| WhoAmI::take(it).map_err(|problem| problem.failure)));
            }
            Some(Asked::Owner) => {
                let owner = answer.and_then(|it| Owner::take(it).map_err(|problem| problem.failure));
                match (owner, &mut self.state.link) {
                    (Ok(owner), Some(link)) => link.owned_by(owner.pid),
                    (Err(failure), _) => self.say(Role::Warn, sentence(&failure)),
                    (Ok(_), None) => {}
                }
            }
            Some(Asked::Counts) => {
                let counts = answer.and_then(|it| Vec::take(it).map_err(|problem| problem.failure));
                match &counts {
                    Ok(counts) => self.state.pulse.take(self.now, counts),
                    Err(failure) => self.uncounted = failure.kind == Kind::Denied,
                }
                self.state.counts.take(counts);
                self.news();
            }
            Some(Asked::Sessions) => {
                let sessions =
                    answer.and_then(|it| SessionCounts::take(it).map_err(|problem| problem.failure));
                self.state.sessions.take(sessions);
            }
            Some(Asked::Feed) => {
                // It ends only when whoever answers is gone, or cannot be reached.
                self.state.broken = Some(match answer {
                    Ok(_) => "whoever answers has ended".to_owned(),
                    Err(failure) => sentence(&failure),
                });
                self.listen_at = Some(self.now.plus(AGAIN));
            }
            Some(Asked::Screen(id, tag)) => self.tell(id, |screen, turn| screen.answered(tag, answer, turn)),
            Some(Asked::Save) => {}
            Some(Asked::Each(name, on, _, back)) => self.one_done(name, &on, answer, back),
            Some(Asked::Action(name, values, _, pressed, back)) => {
                self.done(name, &values, (pressed, back), answer);
            }
            None => {}
        }
        self.renew();
    }

    /// Tells the screen that is shown; the others are told when one goes back to them.
    pub(super) fn news(&mut self) {
        let shown = self.shown().id;
        self.tell(shown, |screen, turn| screen.news(turn));
    }

    /// Starts an action: with a form, unless everything that it needs is known.
    pub(super) fn start(&mut self, name: &str, mut values: Values) {
        let Some(action) = actions::find(name) else { return };
        if self.state.link.is_none() {
            return self.say(Role::Warn, "nothing answers yet".to_owned());
        }
        if let Some(name) = values.get("name").cloned() {
            values.entry("what").or_insert(name);
        }
        if action.name == "configure" {
            let server = values.get("name").and_then(|name| name.parse().ok());
            let set = server.and_then(|server| self.state.server(&server)).map(actions::is_set);
            set.into_iter().flatten().for_each(|(name, text)| {
                values.entry(name).or_insert(text);
            });
        }
        // Only what the action takes goes with it.
        values.retain(|name, _| action.fields.iter().any(|field| field.name == *name));
        values.retain(|name, _| !action.fresh.contains(name));
        if action.is_ready(&Given(&values)) {
            self.send(action.name, values);
        } else {
            self.layers.push(Box::new(Form::new(action, &values)));
        }
    }

    /// Starts an action on what is marked.
    pub(super) fn start_each(&mut self, name: &str, values: Values, mut each: Vec<Values>) {
        let Some(action) = actions::find(name) else { return };
        if action.looks {
            return self.start(name, beside(action, values, &each));
        }
        if !action.each {
            let says = format!("{name} is for one at a time: Esc takes the marks away");
            return self.say(Role::Warn, says);
        }
        if self.state.link.is_none() {
            return self.say(Role::Warn, "nothing answers yet".to_owned());
        }
        if each.len() > EACH {
            return self.say(Role::Warn, format!("{} are marked: {EACH} at once at most", each.len()));
        }
        for values in &mut each {
            values.retain(|name, _| action.fields.iter().any(|field| field.name == *name));
            values.retain(|name, _| !action.fresh.contains(name));
        }
        self.layers.push(Box::new(Form::each(action, each)));
    }

    /// Sends an action for each of several.
    pub(super) fn send_each(&mut self, name: &'static str, each: &[Values]) {
        let Some(action) = actions::find(name) else { return };
        self.each = (0, 0);
        for values in each {
            let on = values.get("name").or(values.get("run")).cloned().unwrap_or_default();
            // Each was checked when the form was sent.
            match action.request(values) {
                Ok(Some(request)) => {
                    let back = self.opposite(action.name, values);
                    self.ask(Asked::Each(action.name, on, self.now, back), request);
                }
                Ok(None) => {}
                Err(wrong) => self.say(Role::Error, format!("{name} {on}: {wrong}")),
            }
        }
        let shown = self.shown().id;
        self.tell(shown, |screen, _| screen.unmark());
        self.say(Role::Dim, format!("{name}: {} begun; `!` shows how each ends", each.len()));
    }

    /// Says how one of several ended, and how all did once they have.
    fn one_done(
        &mut self,
        name: &'static str,
        on: &str,
        answer: Result<Response, Failure>,
        back: Option<Done>,
    ) {
        let on = crate::render::specimen(on);
        let well = match &answer {
            Err(failure) => Err(sentence(failure)),
            Ok(Response::Run(end)) if end.run.state != RunState::Done => {
                let why = end.run.failure.as_ref().map(sentence);
                Err(why.unwrap_or_else(|| end.run.state.to_string()))
            }
            Ok(_) => Ok(()),
        };
        match well {
            Ok(()) => {
                self.each.0 += 1;
                self.keep(back);
                self.say(Role::Ok, format!("{name} {on}: done"));
            }
            Err(why) => {
                self.each.1 += 1;
                self.say(Role::Error, format!("{name} {on}: {why}"));
            }
        }
        if !self.asked.values().any(|asked| matches!(asked, Asked::Each(of, ..) if *of == name)) {
            let (well, badly) = self.each;
            let role = if badly == 0 { Role::Ok } else { Role::Warn };
            self.say(role, format!("{name}: {well} of {} ended well; `!` shows each", well + badly));
        }
        self.stale = true;
    }

    /// Sends an action whose fields are filled. A file is read first.
    pub(super) fn send(&mut self, name: &'static str, values: Values) {
        let Some(action) = actions::find(name) else { return };
        let file = action.fields.iter().find(|field| field.kind == FieldKind::File);
        match file.and_then(|field| Some((field.name, values.get(field.name)?.clone()))) {
            Some((field, path)) => {
                let ticket = self.ticket();
                self.files.insert(ticket, (name, values, field, self.pressed));
                self.effects.push(Effect::Read(ticket, path.into()));
            }
            None => self.perform(action, &values, &values),
        }
    }

    pub(super) fn read(&mut self, ticket: Ticket, text: Result<String, Failure>) {
        let Some((name, typed, field, pressed)) = self.files.remove(&ticket) else { return };
        let Some(action) = actions::find(name) else { return };
        match text {
            Ok(text) => {
                let mut values = typed.clone();
                values.insert(field, text);
                self.perform(action, &typed, &values);
            }
            // Whoever went on meanwhile gets the words alone, as after a refusal.
            Err(failure) if pressed != self.pressed => self.say(Role::Error, sentence(&failure)),
            Err(failure) => self.again(action, &typed, sentence(&failure)),
        }
    }

    pub(super) fn seen(&mut self, ticket: Ticket, seen: Seen) {
        if let Some(Asked::Screen(id, tag)) = self.asked.remove(&ticket) {
            self.tell(id, |screen, turn| screen.seen(tag, seen, turn));
        }
    }

    /// Goes back from a run that was refused before it began, to the form that it is from.
    pub(super) fn form_again(&mut self, id: u64, name: &str, values: &Values, wrong: String) {
        let Some(action) = actions::find(name) else { return };
        if self.shown().id == id && self.screens.len() > 1 {
            self.leave(id);
            self.appears();
            self.again(action, values, wrong);
        } else {
            self.say(Role::Error, wrong);
        }
    }

    fn perform(&mut self, action: &'static Action, typed: &Values, values: &Values) {
        let given = Given(values);
        let begun = match action.does {
            Does::Run(make) => make(&given).map(|request| {
                let back = self.opposite(action.name, typed);
                self.keep(back);
                // A run that is not on the list yet works as well.
                self.stale = true;
                let run = RunScreen::begin(action.name, Box::new(request));
                self.open(Box::new(run.with_form(action.name, shown(action, typed))));
            }),
            Does::Open(open) => open(&given).map(|screen| self.open(screen)),
            Does::Say(make, _) | Does::Show(make, _) => make(&given).map(|request| {
                let back = self.opposite(action.name, typed);
                let asked = Asked::Action(action.name, typed.clone(), self.now, self.pressed, back);
                self.ask(asked, request);
            }),
        };
        if let Err(Wrong { field, why }) = begun {
            self.again(action, typed, format!("{field}: {}", crate::render::specimen(&why)));
        }
    }

    fn again(&mut self, action: &'static Action, values: &Values, wrong: String) {
        self.say(Role::Error, wrong.clone());
        // Somebody who is at something else already is not disturbed.
        if self.layers.is_empty() {
            self.layers.push(Box::new(Form::again(action, values, wrong)));
        }
    }

    /// An action was answered: how many keys had been pressed when it was sent, and what takes it back.
    fn done(
        &mut self,
        name: &'static str,
        values: &Values,
        (pressed, back): (u64, Option<Done>),
        answer: Result<Response, Failure>,
    ) {
        let Some(action) = actions::find(name) else { return };
        let response = match answer {
            Ok(response) => response,
            // Whoever went on meanwhile gets the words alone: a form in front of what they do would take their next key.
            Err(failure) if pressed != self.pressed => return self.say(Role::Error, sentence(&failure)),
            Err(failure) => return self.again(action, values, sentence(&failure)),
        };
        let shown = self.shown().id;
        self.keep(back);
        match action.does {
            Does::Show(_, show) => {
                // What is below shows what was there before it was done.
                if !action.looks {
                    self.tell(shown, |screen, turn| screen.ask(turn));
                }
                let asking = Asking::Of(Box::new(Request::Owner), Box::new(show));
                let sheet = Sheet::shows(action.name, asking, response, action.secret);
                // A tool is called again as it was called: its key has the same arguments.
                let again = action.name == "call";
                let sheet = if again { sheet.with(&[Scope::Tools], values.clone()) } else { sheet };
                self.open(Box::new(sheet));
            }
            Does::Say(_, words) => {
                self.say(Role::Ok, format!("{}: {words}", action.words));
                self.tell(shown, |screen, turn| screen.ask(turn));
            }
            Does::Run(_) | Does::Open(_) => {}
        }
        self.stale = true;
    }

    /// The present time, for tests and drawing.
    pub(super) fn present(&self) -> Timestamp {
        self.now
    }
}

/// What an action that looks begins with: where it holds one version against another, both that are marked, the later first.
fn beside(action: &Action, mut values: Values, each: &[Values]) -> Values {
    let takes = |name: &str| action.fields.iter().any(|field| field.name == name);
    if let [later, earlier] = each
        && takes("against")
        && let (Some(later), Some(earlier)) = (later.get("version"), earlier.get("version"))
    {
        values.insert("version", later.clone());
        values.insert("against", earlier.clone());
    }
    values
}

/// Values of an action, but for what nobody may see.
fn shown(action: &Action, values: &Values) -> Values {
    let hidden =
        |name: &str| action.fields.iter().any(|field| field.name == name && field.kind == FieldKind::Hidden);
    values.iter().filter(|(name, _)| !hidden(name)).map(|(name, text)| (*name, text.clone())).collect()
}
