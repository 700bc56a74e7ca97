//! Input that nobody means: floods of keys and of the mouse, huge pastes, more lines and servers than anybody has, and every size.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Request, Response};

use super::Desk;
use super::answers::name;
use crate::console::command::Place;
use crate::console::input::Input;
use crate::fixtures;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// Ways to every kind of screen, and to what stands in front of them.
fn ways() -> Vec<String> {
    let mut ways: Vec<String> = Place::ALL.iter().map(|(_, letter, ..)| format!("g {letter}")).collect();
    ways.extend((1..=8).map(|tab| format!("/ c l o c k Enter Enter {tab}")));
    let more = ["?", ":", "g", "!", "q", "/ x", "d", "d a Enter", "g n Enter", "g s Enter", "g w Enter"];
    ways.extend(more.map(str::to_owned));
    ways.push("/ c l o c k Enter Enter E".to_owned());
    ways.push("/ c l o c k Enter Enter D".to_owned());
    ways
}

fn codes() -> Vec<KeyCode> {
    use KeyCode as K;
    let others = [
        K::Enter,
        K::Esc,
        K::Tab,
        K::BackTab,
        K::Up,
        K::Down,
        K::Left,
        K::Right,
        K::Home,
        K::End,
        K::PageUp,
        K::PageDown,
        K::Backspace,
        K::Delete,
        K::F(1),
        K::F(5),
        K::Null,
        K::Insert,
    ];
    (' '..='~').chain(['é', '日', '\u{202e}', '\u{0}']).map(K::Char).chain(others).collect()
}

#[test]
fn a_flood_of_keys_breaks_nothing_and_stays_bounded() {
    let codes = codes();
    let modifiers = [KeyModifiers::NONE, KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT];
    let mut dice = Dice(7);
    let mut desk = Desk::new(80, 24);
    for pressed in 0..20_000 {
        let code = codes[dice.roll(codes.len())];
        desk.take(Input::Key(KeyEvent::new(code, modifiers[dice.roll(modifiers.len())])));
        if pressed % 50 == 0 {
            desk.settle();
            desk.frame();
        }
    }
    assert!(desk.app.layers.len() < 10, "{} layers", desk.app.layers.len());
    assert!(desk.app.screens.len() <= 51, "{} screens", desk.app.screens.len());
}

#[test]
fn a_flood_of_the_mouse_breaks_nothing() {
    let mut dice = Dice(11);
    let left = MouseButton::Left;
    let kinds = [
        MouseEventKind::Down(left),
        MouseEventKind::Up(left),
        MouseEventKind::Drag(left),
        MouseEventKind::Moved,
        MouseEventKind::ScrollDown,
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollLeft,
        MouseEventKind::Down(MouseButton::Right),
    ];
    for way in ways() {
        let mut desk = Desk::new(140, 30);
        desk.press(&way);
        for _ in 0..300 {
            let kind = kinds[dice.roll(kinds.len())];
            // Also where there is no terminal any more.
            let (column, row) = (dice.roll(160), dice.roll(40));
            let (column, row) = (u16::try_from(column).unwrap(), u16::try_from(row).unwrap());
            desk.take(Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
            if dice.roll(20) == 0 {
                desk.settle();
                desk.frame();
            }
        }
    }
}

#[test]
fn a_paste_of_a_megabyte_is_taken_as_far_as_there_is_room() {
    let text = "x\u{1b}[2J\u{202e} ".repeat((1 << 20) / 8);
    for way in ways() {
        let mut desk = Desk::new(80, 24);
        desk.press(&way);
        desk.take(Input::Paste(text.clone()));
        desk.settle();
        let frame = desk.frame();
        assert!(!frame.contains(['\u{1b}', '\u{202e}']), "{way}: {frame}");
        desk.press("^u Esc");
        desk.frame();
    }
}

#[test]
fn every_screen_is_drawn_at_every_size() {
    for way in ways() {
        let mut desk = Desk::new(80, 24);
        desk.press(&way);
        let before = desk.frame();
        for (width, height) in [
            (1, 1),
            (0, 0),
            (200, 60),
            (60, 16),
            (59, 16),
            (61, 17),
            (400, 5),
            (5, 400),
            (109, 24),
            (110, 24),
        ] {
            desk.resize(width, height);
            desk.frame();
            desk.wheel(true);
        }
        desk.resize(80, 24);
        (0..10).for_each(|_| desk.wheel(false));
        let after = desk.frame();
        assert_eq!(after.lines().count(), before.lines().count(), "{way}");
    }
}

/// A console whose whoever answers has this many servers.
fn crowded(count: usize) -> Desk {
    let mut desk = Desk::new(120, 30);
    desk.app.stale = true;
    desk.take(Input::Tick(fixtures::now().plus(std::time::Duration::from_secs(60))));
    let at = desk.open.iter().position(|(_, request)| matches!(request, Request::List)).unwrap();
    let (ticket, _) = desk.open.remove(at);
    let mut kinds = [fixtures::stopped(), fixtures::serving()];
    kinds.iter_mut().for_each(|view| view.tools.clear());
    let servers = (0..count).map(|number| {
        let mut view = kinds[number % 2].clone();
        view.server.name = ServerName::parse(&format!("server-{number:06}")).unwrap();
        view
    });
    desk.answer(ticket, Ok(Response::Servers(servers.collect())));
    desk.settle();
    desk
}

#[test]
fn a_hundred_thousand_servers_are_shown_ordered_narrowed_and_found() {
    let mut desk = crowded(100_000);
    assert!(desk.frame().contains("server-000000"), "{}", desk.frame());
    desk.press("O");
    assert!(desk.frame().contains("server-099999"), "{}", desk.frame());
    desk.press("/");
    desk.take(Input::Paste("server-012345".to_owned()));
    desk.press("Enter Enter");
    assert_eq!(desk.app.shown().screen.title(), "server-012345");
    desk.press(":");
    desk.take(Input::Paste("server-054321".to_owned()));
    assert!(desk.frame().contains("server-054321"), "{}", desk.frame());
}

#[test]
fn findings_of_very_many_servers_are_cut_to_the_gravest_and_that_is_said() {
    let mut desk = crowded(600);
    // Their reports are answered below: they are too many to be settled.
    ["g", "s"].iter().for_each(|key| desk.take(Input::Key(super::desk::key_of(key))));
    let mut report = super::answers::report();
    let finding = report.findings[0].clone();
    report.findings = (0..100)
        .map(|line| {
            let mut finding = serde_json::to_value(&finding).unwrap();
            finding["evidence"] = format!("open({line})").into();
            finding["severity"] = if line == 99 { "block".into() } else { "error".into() };
            serde_json::from_value(finding).unwrap()
        })
        .collect();
    // The reports of all of them come, one after the other.
    while let Some(at) =
        desk.open.iter().position(|(_, request)| matches!(name(request).as_str(), "versions" | "watch"))
    {
        let (ticket, request) = desk.open.remove(at);
        let answer = match &request {
            Request::Watch { .. } => {
                let end = serde_json::json!({"run": fixtures::held_run(), "report": report, "url": null});
                serde_json::from_value(serde_json::json!({"result": "run", "with": end})).unwrap()
            }
            other => super::answers::answer(other).unwrap(),
        };
        desk.answer(ticket, Ok(answer));
    }
    let frame = desk.frame();
    // Those of a run that is held and of one that was blocked are among them.
    assert!(frame.contains("10000 are the gravest: 50200 more findings are not listed"), "{frame}");
    assert!(frame.contains("block"), "{frame}");
}
