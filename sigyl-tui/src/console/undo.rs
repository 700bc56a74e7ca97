//! What was done, and what takes it back: where whoever answers has the opposite of an action, its form is filled for it.

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
    /// The action that takes it back, with what is known of its fields.
    back: (&'static str, Values),
}

/// The opposite of an action that ended well, by what was known before it; nothing where there is none.
fn opposite(state: &State, name: &str, values: &Values) -> Option<(&'static str, Values)> {
    let keep = |fields: &[&'static str]| -> Option<Values> {
        fields.iter().map(|field| Some((*field, values.get(field)?.clone()))).collect()
    };
    let toggled = |field: &'static str, of: &'static str| -> Option<Values> {
        let other = if values.get(field)? == "yes" { "no" } else { "yes" };
        let mut kept = keep(&[of])?;
        kept.insert(field, other.to_owned());
        Some(kept)
    };
    let server = || {
        let name = values.get("name")?.trim().parse().ok()?;
        state.server(&name)
    };
    Some(match name {
        "quarantine" => ("lift-quarantine", keep(&["what"])?),
        "lift-quarantine" => ("quarantine", keep(&["what"])?),
        "disable-account" => ("disable-account", toggled("disabled", "login")?),
        "set-administrator" => ("set-administrator", toggled("administrator", "login")?),
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

/// Whether all is as it was before: the run did not end well, or let the same version serve.
fn is_so(state: &State, done: &Done) -> bool {
    let (name, values) = &done.back;
    let server = || state.server(&values.get("name")?.trim().parse().ok()?);
    let active = || server()?.server.active.as_ref().map(ToString::to_string);
    *name == "rollback" && active().as_ref() == values.get("version")
}

impl App {
    /// Keeps how an action that goes well is taken back.
    pub(super) fn keep_opposite(&mut self, name: &'static str, values: &Values) {
        let Some(back) = opposite(&self.state, name, values) else { return };
        let on = ["name", "what", "login"].iter().find_map(|field| values.get(field));
        let words = format!("{name} {}", specimen(on.map_or("", |on| on.trim())));
        if self.undone.len() == KEPT {
            self.undone.remove(0);
        }
        self.undone.push(Done { words, back });
    }

    /// Fills the form that takes back what was done last; it is sent like any other.
    pub(super) fn undo(&mut self) {
        while self.undone.last().is_some_and(|done| is_so(&self.state, done)) {
            self.undone.pop();
        }
        let Some(Done { words, back: (name, values) }) = self.undone.pop() else {
            let says = "nothing to take back: of what was done here, nothing has an opposite";
            return self.say(Role::Dim, says.to_owned());
        };
        if let Some(action) = actions::find(name) {
            self.say(Role::Dim, format!("takes back: {words}"));
            self.layers.push(Box::new(Form::new(action, &values)));
        }
    }
}

#[cfg(test)]
mod tests {
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
        let mut with = Vec::new();
        for action in actions::all() {
            let Some((name, back)) = opposite(&state(), action.name, &values) else { continue };
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
        let (_, back) = opposite(&state(), "disable-account", &values).unwrap();
        assert_eq!(back["disabled"], "no");
        let (_, back) = opposite(&state(), "redeploy", &values).unwrap();
        assert_eq!(back["version"], clock.server.active.unwrap().to_string());
    }

    #[test]
    fn a_redeploy_that_changed_nothing_is_not_taken_back() {
        let mut desk = Desk::new(100, 30);
        let clock = fixtures::serving().server.name.to_string();
        desk.app.keep_opposite("redeploy", &Values::from([("name", clock.clone())]));
        desk.press("u");
        assert!(desk.frame().contains("nothing to take back"), "{}", desk.frame());
        let back = Values::from([("name", clock), ("version", "0.0.1".to_owned())]);
        desk.app.undone.push(Done { words: "redeploy clock".to_owned(), back: ("rollback", back) });
        desk.press("u");
        let frame = desk.frame();
        assert!(frame.contains("Let an earlier version serve again") && frame.contains("0.0.1"), "{frame}");
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
