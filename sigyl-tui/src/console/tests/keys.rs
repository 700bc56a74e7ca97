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
