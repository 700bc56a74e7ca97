//! What was done, and what takes it back: where whoever answers has the opposite of an action, its form is filled for it.

use sigyl_core::domain::ServerName;

use super::actions;
use super::app::App;
use super::layers::Form;
use super::state::State;
use super::turn::Values;
use crate::render::{Role, specimen};

/// Things that can be taken back; the oldest is forgotten first.
const KEPT: usize = 20;

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Done {
    /// What, in words.
    words: String,
    /// The action that takes it back, with what is known of its fields; nothing where none does.
    back: Option<(&'static str, Values)>,
    /// The server that goes by it: as long as it is there, nothing was done.
    goes: Option<ServerName>,
}

impl Done {
    /// Something that stays, whatever comes.
    fn lasting(words: String, goes: Option<ServerName>) -> Self {
        Self { words, back: None, goes }
    }
}

/// What changes nothing, though its fields have to be filled.
const READS: [&str; 8] = [
    "test-policy",
    "rescan",
    "validate",
    "verify-audit",
    "master-key",
    "export-me",
    "reveal-secret",
    "followed-branches",
];

/// Names under which a screen tells how an account stands, beside its login: they are no fields, and no form is filled by them.
pub(super) const WAS_DISABLED: &str = "was disabled";
pub(super) const WAS_ADMINISTRATOR: &str = "was administrator";

/// The opposite of an action, by what is known as it is sent, and by what the screen in front has selected; nothing where there
/// is none, or where it is not known how things stood.
fn opposite(state: &State, selected: &Values, name: &str, values: &Values) -> Option<(&'static str, Values)> {
    let keep = |fields: &[&'static str]| -> Option<Values> {
        fields.iter().map(|field| Some((*field, values.get(field)?.clone()))).collect()
    };
    // What was so before is restored: what is typed says only what is so now.
    let restored = |field: &'static str, was: &str| -> Option<Values> {
        let typed = |of: &Values| of.get("login").map(|login| login.trim().to_owned());
        let before = selected.get(was).filter(|_| typed(selected) == typed(values))?;
        let mut kept = keep(&["login"])?;
        kept.insert(field, before.clone());
        Some(kept).filter(|_| values.get(field).is_some_and(|now| now.trim() != before))
    };
    let server = || {
        let name = values.get("name")?.trim().parse().ok()?;
        state.server(&name)
    };
    Some(match name {
        "quarantine" => ("lift-quarantine", keep(&["what"])?),
        "lift-quarantine" => ("quarantine", keep(&["what"])?),
        "disable-account" => ("disable-account", restored("disabled", WAS_DISABLED)?),
        "set-administrator" => ("set-administrator", restored("administrator", WAS_ADMINISTRATOR)?),
        "create-account" => ("delete-account", keep(&["login"])?),
        "transfer" => {
            let mut back = keep(&["name"])?;
            back.insert("to", server()?.server.workspace.to_string());
            ("transfer", back)
        }
        // What served before serves again.
        "redeploy" | "rollback" => {
            let mut back = keep(&["name"])?;
            back.insert("version", server()?.server.active.as_ref()?.to_string());
            ("rollback", back)
        }
        _ => return None,
    })
}

/// Whether all is as it was before: the run did not end well, let the same version serve, or still works.
fn is_so(state: &State, done: &Done) -> bool {
    let Some((name, values)) = &done.back else {
        return done.goes.as_ref().is_some_and(|server| state.server(server).is_some());
    };
    let server = || state.server(&values.get("name")?.trim().parse().ok()?);
    let active = || server()?.server.active.as_ref().map(ToString::to_string);
    *name == "rollback" && active().as_ref() == values.get("version")
}

impl App {
    /// How an action that is sent now is taken back, once it went well.
    pub(super) fn opposite(&mut self, name: &'static str, values: &Values) -> Option<Done> {
        let selected = self.values();
        let on =
            ["name", "what", "login", "run", "key", "document"].iter().find_map(|field| values.get(field));
        let words = format!("{name} {}", specimen(on.map_or("", |on| on.trim())));
        let words = words.trim_end().to_owned();
        match opposite(&self.state, &selected, name, values) {
            Some(back) => Some(Done { words, back: Some(back), goes: None }),
            // It is named all the same: what was done before it was not done last.
            None => {
                let changes =
                    actions::find(name).is_some_and(|action| !action.looks && !READS.contains(&name));
                let goes =
                    values.get("name").filter(|_| name == "delete").and_then(|it| it.trim().parse().ok());
                changes.then(|| Done::lasting(words, goes))
            }
        }
    }

    /// Keeps that something was done that stays.
    pub(super) fn keep_lasting(&mut self, words: String) {
        self.keep(Some(Done::lasting(words, None)));
    }

    /// Keeps how something that was done is taken back.
    pub(super) fn keep(&mut self, done: Option<Done>) {
        let Some(done) = done else { return };
        if self.undone.len() == KEPT {
            self.undone.remove(0);
        }
        self.undone.push(done);
    }

    /// Why it cannot be told yet whether something that changed nothing so far will; nothing where it is over.
    fn unsettled(&self, Done { words, back, goes }: &Done) -> Option<String> {
        let named = back.iter().find_map(|(_, values)| values.get("name")?.trim().parse().ok());
        let server: Option<ServerName> = named.or_else(|| goes.clone());
        if server.is_some_and(|server| self.state.is_at_work(&server)) {
            return Some(format!("{words} is still at work: A cancels it"));
        }
        let looks = self.stale || self.state.servers.is_asked() || self.state.runs.is_asked();
        looks.then(|| format!("how {words} ended is not known yet: take it back once it is"))
    }

    /// Fills the form that takes back what was done last; it is sent like any other.
    pub(super) fn undo(&mut self) {
        while let Some(done) = self.undone.last().filter(|done| is_so(&self.state, done)) {
            // What is below it was not done last: it is not offered as long as this may still change something.
            if let Some(why) = self.unsettled(done) {
                return self.say(Role::Warn, why);
            }
            self.undone.pop();
        }
        let Some(Done { words, back, .. }) = self.undone.pop() else {
            let says = "nothing to take back: of what was done here, nothing has an opposite";
            return self.say(Role::Dim, says.to_owned());
        };
        let Some((name, values)) = back else {
            let more =
                if self.undone.is_empty() { "" } else { "; once more takes back what was done before it" };
            return self.say(Role::Warn, format!("{words} cannot be taken back{more}"));
        };
        if let Some(action) = actions::find(name) {
            self.say(Role::Dim, format!("takes back: {words}"));
            self.layers.push(Box::new(Form::new(action, &values)));
        }
    }
}

#[cfg(test)]
mod tests {
    use sigyl_core::domain::RunState;

    use super::*;
    use crate::console::tests::Desk;
    use crate::fixtures;

    fn state() -> State {
        let mut state = State::default();
        state.servers.take(Ok(vec![fixtures::serving()]));
        state
    }

    #[test]
    fn every_opposite_is_an_action_whose_fields_it_fills() {
        let clock = fixtures::serving();
        let values: Values = [
            ("name", clock.server.name.to_string()),
            ("what", "evil".to_owned()),
            ("login", "bob".to_owned()),
            ("disabled", "yes".to_owned()),
            ("administrator", "no".to_owned()),
            ("to", "other".to_owned()),
        ]
        .into();
        let selected = Values::from([
            ("login", "bob".to_owned()),
            (WAS_DISABLED, "no".to_owned()),
            (WAS_ADMINISTRATOR, "yes".to_owned()),
        ]);
        let mut with = Vec::new();
        for action in actions::all() {
            let found = opposite(&state(), &selected, action.name, &values);
            let Some((name, back)) = found else { continue };
            let opposite = actions::find(name).unwrap();
            let known = |field: &str| opposite.fields.iter().any(|known| known.name == field);
            assert!(back.keys().all(|field| known(field)), "{name}: {back:?}");
            with.push(action.name);
        }
        with.sort_unstable();
        let wanted = [
            "create-account",
            "disable-account",
            "lift-quarantine",
            "quarantine",
            "redeploy",
            "rollback",
            "set-administrator",
            "transfer",
        ];
        assert_eq!(with, wanted);
        let (_, back) = opposite(&state(), &selected, "disable-account", &values).unwrap();
        assert_eq!(back["disabled"], "no");
        let (_, back) = opposite(&state(), &selected, "redeploy", &values).unwrap();
        assert_eq!(back["version"], clock.server.active.unwrap().to_string());
    }

    #[test]
    fn an_account_is_given_back_what_it_was_and_not_the_contrary_of_what_was_typed() {
        let typed =
            |disabled: &str| Values::from([("login", "bob".to_owned()), ("disabled", disabled.to_owned())]);
        let bob = |was: &str| Values::from([("login", "bob".to_owned()), (WAS_DISABLED, was.to_owned())]);
        let back = |selected: &Values, now: &str| {
            opposite(&state(), selected, "disable-account", &typed(now))
                .map(|(_, back)| back["disabled"].clone())
        };
        assert_eq!(back(&bob("yes"), "no").as_deref(), Some("yes"));
        assert_eq!(back(&bob("yes"), "yes"), None, "it was disabled before");
        let ada = Values::from([("login", "ada".to_owned()), (WAS_DISABLED, "no".to_owned())]);
        assert_eq!(back(&ada, "yes"), None, "how somebody else stands is not known");
    }

    /// The run that a list has as it stands now.
    fn works(desk: &mut Desk, state: RunState) {
        let mut runs = fixtures::runs();
        runs[0].state = state;
        desk.app.state.runs.take(Ok(runs));
    }

    #[test]
    fn nothing_before_a_run_that_still_works_is_taken_back() {
        let mut desk = Desk::new(100, 30);
        let clock = Values::from([("name", fixtures::serving().server.name.to_string())]);
        let lifted = Values::from([("what", "evil".to_owned())]);
        desk.app.keep(Some(Done {
            words: "quarantine evil".to_owned(),
            back: Some(("lift-quarantine", lifted)),
            goes: None,
        }));
        let done = desk.app.opposite("redeploy", &clock);
        desk.app.keep(done);
        works(&mut desk, RunState::Running);
        desk.press("u u");
        assert!(desk.app.layers.is_empty(), "{}", desk.frame());
        assert!(desk.frame().contains("redeploy clock is still at work: A cancels it"), "{}", desk.frame());
        works(&mut desk, RunState::Failed);
        desk.app.stale = true;
        desk.press("u");
        assert!(desk.frame().contains("how redeploy clock ended is not known yet"), "{}", desk.frame());
        desk.app.stale = false;
        desk.press("u");
        assert!(desk.frame().contains("Lift a quarantine"), "{}", desk.frame());
    }

    #[test]
    fn where_a_server_was_is_read_before_it_is_given_away() {
        let mut desk = Desk::new(100, 30);
        let values = Values::from([
            ("name", "clock".to_owned()),
            ("to", "other".to_owned()),
            ("sure", "yes".to_owned()),
        ]);
        desk.app.send("transfer", values);
        let mut moved = fixtures::serving();
        moved.server.workspace = "other".parse().unwrap();
        desk.app.state.servers.take(Ok(vec![moved]));
        let ticket = desk.app.next;
        desk.answer(crate::console::effect::Ticket(ticket), Ok(sigyl_core::wire::v1::Response::Ok));
        assert_eq!(desk.app.undone.last().unwrap().back.as_ref().unwrap().1["to"], "default");
    }

    #[test]
    fn a_redeploy_that_changed_nothing_is_not_taken_back() {
        let mut desk = Desk::new(100, 30);
        let clock = fixtures::serving().server.name.to_string();
        let done = desk.app.opposite("redeploy", &Values::from([("name", clock.clone())]));
        desk.app.keep(done);
        desk.press("u");
        assert!(desk.frame().contains("nothing to take back"), "{}", desk.frame());
        let back = Values::from([("name", clock), ("version", "0.0.1".to_owned())]);
        desk.app.undone.push(Done {
            words: "redeploy clock".to_owned(),
            back: Some(("rollback", back)),
            goes: None,
        });
        desk.press("u");
        let frame = desk.frame();
        assert!(frame.contains("Let an earlier version serve again") && frame.contains("0.0.1"), "{frame}");
    }

    #[test]
    fn what_has_no_opposite_is_named_before_anything_older_is_taken_back() {
        let mut desk = Desk::new(100, 30);
        let lifted = Values::from([("what", "evil".to_owned())]);
        let older =
            Done { words: "quarantine evil".to_owned(), back: Some(("lift-quarantine", lifted)), goes: None };
        desk.app.keep(Some(older));
        let gone = desk.app.opposite("delete", &Values::from([("name", "gone".to_owned())]));
        desk.app.keep(gone);
        desk.press("u");
        let frame = desk.frame();
        assert!(frame.contains("delete gone cannot be taken back; once more"), "{frame}");
        assert!(!frame.contains("Lift a quarantine"), "{frame}");
        desk.press("u");
        assert!(desk.frame().contains("Lift a quarantine"), "{}", desk.frame());
        let refused = desk.app.opposite("delete", &Values::from([("name", "clock".to_owned())]));
        desk.app.keep(refused);
        desk.press("Esc u");
        assert!(desk.frame().contains("nothing to take back"), "it is still there: {}", desk.frame());
        assert!(desk.app.opposite("test-policy", &Values::new()).is_none(), "it changed nothing");
    }

    #[test]
    fn what_was_done_last_is_taken_back_by_its_form() {
        let mut desk = Desk::new(100, 30);
        desk.press("u");
        assert!(desk.frame().contains("nothing to take back"), "{}", desk.frame());
        desk.press("g a b");
        desk.press("y Enter");
        desk.press("^s");
        desk.press("u");
        let frame = desk.frame();
        assert!(frame.contains("Disable an account") && frame.contains("[no]"), "{frame}");
        desk.press("Esc u");
        assert!(desk.frame().contains("nothing to take back"), "{}", desk.frame());
    }
}
