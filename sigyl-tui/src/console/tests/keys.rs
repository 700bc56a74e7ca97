//! Every key of the table does something where it says it does.

use crossterm::event::{KeyEvent, KeyModifiers};

use super::Desk;
use crate::console::command::Command;
use crate::console::input::Input;
use crate::console::keymap::{BINDINGS, Scope};

/// Keys that lead to a screen with this scope.
fn way_to(scope: Scope) -> &'static str {
    match scope {
        Scope::Everywhere | Scope::List | Scope::Dashboard => "Esc",
        Scope::Sheet | Scope::Policy => "g p",
        Scope::Tabs | Scope::Server => "/ c l o c k Enter Enter",
        Scope::Stream => "/ c l o c k Enter Enter 5",
        Scope::Tools => "/ c l o c k Enter Enter 2",
        Scope::Versions => "/ c l o c k Enter Enter 4",
        Scope::Secrets => "/ c l o c k Enter Enter 7",
        Scope::Deployments => "g y",
        Scope::Run => "g n Enter",
        Scope::Drift => "g n Enter c",
        Scope::Runs => "g n",
        Scope::Findings => "g s",
        Scope::Registry => "g r",
        Scope::Quarantines => "g q",
        Scope::Keys => "g k",
        Scope::Accounts => "g a",
        Scope::Workspaces => "g w",
        Scope::Members => "g w Enter",
        Scope::Audit => "g u",
        Scope::Settings => "g c",
    }
}

#[test]
fn every_key_means_what_its_row_says_on_a_screen_that_has_it() {
    for row in BINDINGS {
        let mut desk = Desk::new(80, 24);
        desk.press(way_to(row.scope));
        let scopes = desk.app.shown().screen.scopes();
        assert!(
            row.scope == Scope::Everywhere || scopes.contains(&row.scope),
            "{:?} on {scopes:?}",
            row.scope
        );
        for chord in row.keys.iter() {
            // A nearer scope may have the key for something else.
            let found = desk.app.keys.find(&scopes, &chord.event());
            let hidden = scopes.iter().take_while(|scope| **scope != row.scope).any(|nearer| {
                BINDINGS.iter().any(|other| other.scope == *nearer && other.keys.contains(chord))
            });
            assert!(hidden || found == Some(row.command), "{chord:?} is {found:?} and not {:?}", row.command);
        }
    }
}

/// What has to be so that a key has something to do: rows below and above, a way back and forth, marks, a filter, a tab.
const BEFORE: [&str; 11] = [
    "",
    "3",
    "Down Down",
    "End",
    "End Up",
    "g p Esc",
    "g n",
    "Space",
    "/ c l o c k Enter",
    "Down Down Down Down Down",
    "g a b y Enter ^s",
];

/// What a key could change: all that is drawn but for the message above the keys, where a refusal stands too, and all that is
/// asked and done.
fn seen(desk: &mut Desk) -> (Vec<ratatui::buffer::Cell>, usize, usize) {
    let mut cells = desk.cells();
    let (width, height) = (usize::from(desk.app.size.0), usize::from(desk.app.size.1));
    cells.drain(width * (height - 2)..width * (height - 1));
    (cells, desk.asked.len(), desk.done.len())
}

/// The run that is begun below.
const RUN: &str = "019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10";

/// What is told of it.
fn told(seq: u64, mut kind: serde_json::Value) -> sigyl_core::wire::v1::Frame {
    let whole = serde_json::json!({"seq": seq, "at": "2026-11-22T14:01:30Z", "run": RUN, "server": "clock"});
    kind.as_object_mut().unwrap().extend(whole.as_object().unwrap().clone());
    sigyl_core::wire::v1::Frame::Event(Box::new(serde_json::from_value(kind).unwrap()))
}

/// What a run tells that tries a version.
fn trial() -> [sigyl_core::wire::v1::Frame; 3] {
    [
        told(1, serde_json::json!({"kind": "run", "state": "running", "note": null})),
        told(2, serde_json::json!({"kind": "step", "step": "canary", "state": "started", "note": null})),
        told(
            3,
            serde_json::json!({
                "kind": "tried", "version": "1.3.0", "percent": 10, "until": "2026-11-22T14:03:30Z",
                "serving": {"calls": 90, "failed": 0, "p50": 3_000, "p95": 9_000},
                "tried": {"calls": 10, "failed": 1, "p50": 4_000, "p95": 12_000},
            }),
        ),
    ]
}

/// A run that a redeploy begins: it tries a version, and ends so, where it ends.
fn begun(ends: Option<&str>) -> Desk {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter Enter r ^s");
    trial().into_iter().for_each(|frame| desk.tell("redeploy", frame));
    if let Some(state) = ends {
        let mut run = serde_json::to_value(crate::fixtures::held_run()).unwrap();
        run["state"] = if state == "taken" { "failed" } else { state }.into();
        if state == "taken" {
            run["failure"] =
                serde_json::json!({"code": "E0401", "kind": "conflict", "message": "it is on record"});
        }
        let end = serde_json::json!({"run": run, "report": null, "url": null});
        let at = desk.open.iter().position(|(_, asked)| super::answers::name(asked) == "redeploy").unwrap();
        let (ticket, _) = desk.open.remove(at);
        let answer = serde_json::from_value(serde_json::json!({"result": "run", "with": end})).unwrap();
        desk.answer(ticket, Ok(answer));
        desk.settle();
    }
    desk
}

/// Consoles on a screen with this scope, by number: what is there decides what a key has to do.
fn stands(scope: Scope, number: usize) -> Option<Desk> {
    match (scope, number) {
        (_, 0) => Some(there(scope)),
        (Scope::Run, 1) => Some(begun(None)),
        (Scope::Run, 2) => Some(begun(Some("done"))),
        (Scope::Run, 3) => Some(begun(Some("failed"))),
        // Its version is on record with another source.
        (Scope::Run, 4) => Some(begun(Some("taken"))),
        (Scope::Deployments, 1) => {
            let mut desk = Desk::new(80, 24);
            trial().into_iter().for_each(|frame| desk.tell("feed", frame));
            desk.press("g y Down");
            Some(desk)
        }
        _ => None,
    }
}

/// A console on a screen with this scope, with lines where lines come.
fn there(scope: Scope) -> Desk {
    let mut desk = Desk::new(80, 24);
    desk.press(way_to(scope));
    if scope == Scope::Stream {
        let line = |number: usize| {
            let by = if number.is_multiple_of(2) { "server" } else { "supervisor" };
            let text = format!("INFO {number} {}", "long ".repeat(40));
            let line = serde_json::json!({"at": "2026-11-22T14:01:00Z", "stream": by, "text": text});
            sigyl_core::wire::v1::Frame::Log(serde_json::from_value(line).unwrap())
        };
        (0..60).for_each(|number| desk.tell("logs", line(number)));
    }
    desk
}

/// Whether a key does something after these others: it changes what is drawn, or asks, or does, and does not only say no.
fn does(mut desk: Desk, scope: Scope, before: &str, chord: crate::console::keymap::Chord) -> bool {
    if !before.is_empty() {
        desk.press(before);
    }
    let scopes = desk.app.shown().screen.scopes();
    if scope != Scope::Everywhere && !scopes.contains(&scope) {
        return false;
    }
    let was = seen(&mut desk);
    desk.take(Input::Key(chord.event()));
    desk.settle();
    seen(&mut desk) != was
}

#[test]
fn every_key_that_is_pressed_where_it_works_does_something() {
    let mut idle = Vec::new();
    for row in BINDINGS {
        let scopes = there(row.scope).app.shown().screen.scopes();
        for chord in row.keys.iter() {
            // A nearer scope may have the key for something else: then it is that row's.
            let nearer = scopes.iter().take_while(|scope| **scope != row.scope);
            let hidden = nearer.into_iter().any(|nearer| {
                BINDINGS.iter().any(|other| other.scope == *nearer && other.keys.contains(chord))
            });
            let stands = || (0..).map_while(|number| stands(row.scope, number));
            let does = |before: &&str| stands().any(|desk| does(desk, row.scope, before, *chord));
            if !hidden && !BEFORE.iter().any(does) {
                idle.push(format!("{:?} {} {:?}", row.scope, chord.name(true), row.command));
            }
        }
    }
    assert!(idle.is_empty(), "these do nothing: {idle:#?}");
}

#[test]
fn every_key_of_rows_does_something_on_every_screen_that_has_rows() {
    let mut idle = Vec::new();
    for (place, letter, ..) in crate::console::command::Place::ALL {
        let mut desk = Desk::new(80, 24);
        desk.press(&format!("g {letter}"));
        let scopes = desk.app.shown().screen.scopes();
        // A registry without documents has no rows.
        if !scopes.contains(&Scope::List) || place == crate::console::command::Place::Registry {
            continue;
        }
        for key in ["o", "O", "Space", "y", "^r"] {
            let mut desk = Desk::new(80, 24);
            desk.press(&format!("g {letter}"));
            let was = seen(&mut desk);
            desk.press(key);
            if seen(&mut desk) == was {
                idle.push(format!("{place:?} {key}"));
            }
        }
    }
    assert!(idle.is_empty(), "these do nothing: {idle:#?}");
}

#[test]
fn every_action_that_a_key_starts_begins_something() {
    let known = |name: &str| crate::console::actions::find(name).is_some();
    for row in BINDINGS {
        if let Command::Act(name) = row.command {
            assert!(known(name), "{name}");
            let mut desk = Desk::new(80, 24);
            desk.press(way_to(row.scope));
            if !desk.app.shown().screen.offers(row.command) {
                desk.take(Input::Key(row.keys[0].event()));
                assert!(desk.frame().contains("that cannot be done here now"), "{name}");
                continue;
            }
            let (asked, screens) = (desk.asked.len(), desk.app.screens.len());
            desk.take(Input::Key(row.keys[0].event()));
            let begun =
                !desk.app.layers.is_empty() || desk.asked.len() > asked || desk.app.screens.len() > screens;
            assert!(begun, "{name} begins nothing");
        }
    }
}

#[test]
fn back_and_forward_walk_the_same_way() {
    let mut desk = Desk::new(80, 24);
    desk.press("g n g k");
    assert_eq!(desk.app.shown().screen.title(), "API keys");
    desk.press("Backspace");
    assert_eq!(desk.app.shown().screen.title(), "Runs");
    desk.take(Input::Key(KeyEvent::new(crossterm::event::KeyCode::Right, KeyModifiers::ALT)));
    assert_eq!(desk.app.shown().screen.title(), "API keys");
    desk.press("Esc Esc Esc Esc");
    assert_eq!(desk.app.shown().screen.title(), "Dashboard");
}

#[test]
fn escape_takes_a_filter_away_before_it_goes_back() {
    let mut desk = Desk::new(80, 24);
    desk.press("g n / h e l d Enter");
    assert!(desk.frame().contains("1 of 4 with \"held\""), "{}", desk.frame());
    desk.press("Esc");
    assert_eq!(desk.app.shown().screen.title(), "Runs");
    assert!(!desk.frame().contains("with \"held\""));
}

#[test]
fn an_end_is_asked_about_only_when_something_stops() {
    use crate::console::effect::Effect;
    let mut desk = Desk::new(80, 24);
    desk.press("q");
    assert!(desk.done.is_empty() && desk.frame().contains("clock would stop"));
    desk.press("n q y");
    assert!(matches!(desk.done[..], [Effect::Quit]));
    let mut alone = Desk::alone(80, 24, "none");
    alone.press("^c");
    assert!(matches!(alone.done[..], [Effect::Quit]));
}

#[test]
fn help_footer_and_palette_show_the_keys_that_the_operator_wants() {
    use std::rc::Rc;
    let mut desk = Desk::new(100, 40);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    std::fs::write(&file, "[dashboard]\ndeploy = 'f2'\n[everywhere]\nhelp = 'H'\nmessages = []\n").unwrap();
    desk.app.keys = Rc::new(crate::console::own::read(&file, crate::console::own::keymap).unwrap());
    let frame = desk.frame();
    assert!(frame.contains("F2 deploy") && frame.contains("H help"), "{frame}");
    desk.press("? H");
    let frame = desk.frame();
    assert!(frame.contains("F2                deploy") && !frame.contains("what was said before"), "{frame}");
    desk.press("Esc : d e p l o y");
    assert!(desk.frame().contains("F2"), "{}", desk.frame());
    desk.press("Esc d");
    assert!(desk.app.layers.is_empty(), "{}", desk.frame());
}

#[test]
fn runs_and_pages_are_found_by_name_too() {
    let mut desk = Desk::new(100, 40);
    desk.press(":");
    desk.write("Knative");
    desk.press("Enter");
    assert_eq!(desk.app.shown().screen.title(), "Knative");
    desk.press(":");
    desk.write("rollback clock done");
    desk.press("Enter");
    assert!(desk.app.shown().screen.title().starts_with("run"), "{}", desk.frame());
}

#[test]
fn an_entry_of_the_audit_is_found_by_its_day_and_workspace() {
    for wanted in ["2026-11-22t14:01", "default", "1 2026"] {
        let mut desk = Desk::new(100, 24);
        desk.press("g u /");
        desk.write(wanted);
        desk.press("Enter");
        assert!(desk.frame().contains("1 of 1 with"), "{wanted}: {}", desk.frame());
    }
}

#[test]
fn themes_go_round_by_the_operators_own() {
    use crate::console::theme::{Palette, Theme};
    let mut desk = Desk::new(80, 24);
    desk.app.own = Palette::named("light").map(|palette| Theme::own(&palette));
    desk.press("g c");
    let names = ["light", "contrast", "16", "none", "own", "dark"];
    for name in names {
        desk.press("t");
        assert_eq!(desk.app.theme.name, name);
    }
    desk.app.own = None;
    desk.press("t t t t t");
    assert_eq!(desk.app.theme.name, "dark");
}
