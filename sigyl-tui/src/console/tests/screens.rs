//! Every screen at two sizes, and what it does with strangers' words.

use sigyl_core::wire::v1::Frame;

use super::Desk;
use crate::console::command::Place;
use crate::console::theme::NAMES;
use crate::fixtures;

const SIZES: [(u16, u16); 2] = [(80, 24), (140, 40)];

/// Draws a screen at both sizes, after these keys: its text in one theme, and the roles of that text in another one. That the
/// text is the same in every theme is a test of its own.
pub(super) fn snapshot(name: &str, keys: &str) {
    for (width, height) in SIZES {
        for theme in ["dark", "light"] {
            let mut desk = Desk::alone(width, height, theme);
            desk.link();
            if !keys.is_empty() {
                desk.press(keys);
            }
            let (name, frame) = match theme {
                "dark" => (format!("{name}_{width}"), desk.frame()),
                _ => (format!("{name}_{width}_roles"), desk.roles()),
            };
            insta::assert_snapshot!(name, frame);
        }
    }
}

/// What stands left of what is previewed: documents change, and the console does not.
fn without_preview(frame: &str) -> String {
    let lines = frame.lines().map(|line| line.split('│').next().unwrap_or_default());
    let lines = lines.map(|line| line.replace(|c: char| c.is_ascii_digit(), "").trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn documentation_is_listed_beside_its_beginning() {
    for (width, height) in SIZES {
        let mut desk = Desk::new(width, height);
        desk.press("g h");
        insta::assert_snapshot!(format!("place_docs_{width}"), without_preview(&desk.frame()));
        desk.press("Enter");
        let frame = desk.frame();
        assert!(frame.contains("Docs › Overview") && frame.contains("lines 1 to"), "{frame}");
    }
}

#[test]
fn screens_that_are_opened_from_others_are_shown_at_both_sizes() {
    let of_clock = |keys: &str| format!("/ c l o c k Enter Enter {keys}");
    let ways = [
        ("members", "g w Enter".to_owned()),
        ("compare", of_clock("4 c")),
        ("drift", "g n Enter c".to_owned()),
        ("changes", of_clock("4 Space Space f ^s")),
        ("report", "g n Enter v".to_owned()),
        ("run_ended", "g n Enter".to_owned()),
        ("finding", "g s Enter".to_owned()),
        ("tool", of_clock("2 Enter")),
        ("call", of_clock("2 c ^s")),
        ("reveal", of_clock("7 R Space ^s")),
        ("document", "g r Enter".to_owned()),
        ("audit_entry", "g u Enter".to_owned()),
        ("form", of_clock("r")),
    ];
    for (name, keys) in ways {
        snapshot(name, &keys);
    }
}

#[test]
fn the_dashboard_says_what_needs_somebody() {
    snapshot("dashboard", "");
}

#[test]
fn a_server_is_shown_from_all_sides() {
    let tabs = [
        "overview",
        "tools",
        "scan",
        "versions",
        "logs",
        "calls",
        "secrets",
        "ratings",
        "deployments",
        "traffic",
        "readme",
    ];
    let keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "-"];
    for (key, tab) in keys.iter().zip(tabs) {
        snapshot(&format!("server_{tab}"), &format!("/ c l o c k Enter Enter {key}"));
    }
}

#[test]
fn every_place_has_its_key_and_its_screen() {
    for (place, letter, title, _) in Place::ALL {
        let name = format!("place_{}", title.to_lowercase().replace(' ', "_"));
        // The documentation is not copied into a snapshot that every change of it would change.
        if place != Place::Docs {
            snapshot(&name, &format!("g {letter}"));
        }
        let mut desk = Desk::new(80, 24);
        desk.press(&format!("g {letter}"));
        assert_eq!(desk.app.shown().screen.place(), Some(place));
    }
}

#[test]
fn layers_stand_in_front() {
    snapshot("layer_help", "?");
    snapshot("layer_palette", ": d e l");
    snapshot("layer_goto", "g");
    snapshot("layer_delete", "/ c l o c k Enter Enter D");
    snapshot("layer_filter", "/ c l");
    snapshot("layer_quit", "q");
    snapshot("layer_messages", "g c t !");
}

#[test]
fn colours_change_nothing_but_colours() {
    let frames: Vec<String> = NAMES
        .iter()
        .map(|name| {
            let mut desk = Desk::alone(80, 24, name);
            desk.link();
            desk.frame()
        })
        .collect();
    assert!(frames.iter().all(|frame| *frame == frames[0]));
    let mut desk = Desk::alone(80, 24, "none");
    desk.link();
    let plain = |cell: &ratatui::buffer::Cell| {
        use ratatui::style::Color;
        cell.fg == Color::Reset && cell.bg == Color::Reset
    };
    assert!(desk.cells().iter().all(plain));
}

#[test]
fn nothing_of_a_stranger_is_obeyed_on_any_screen() {
    let mut keys: Vec<String> = Place::ALL.iter().map(|(_, letter, ..)| format!("g {letter}")).collect();
    keys.extend((0..=9).map(|tab| format!("/ c l o c k Enter Enter {tab}")));
    keys.push("g s Enter".to_owned());
    keys.push("/ c l o c k Enter Enter p".to_owned());
    for keys in keys {
        for (width, height) in SIZES {
            let mut desk = Desk::new(width, height);
            desk.press(&keys);
            let hidden = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
            let frame = desk.frame();
            assert!(!frame.contains(hidden), "{keys}: {frame:?}");
        }
    }
}

#[test]
fn a_log_follows_until_somebody_looks_back() {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter Enter 5");
    let line = |number: usize| {
        serde_json::from_value(serde_json::json!({
            "at": "2026-11-22T14:01:00Z", "stream": "server", "text": format!("line {number}\u{1b}[2J"),
        }))
        .unwrap()
    };
    (0..100).for_each(|number| desk.tell("logs", Frame::Log(line(number))));
    assert!(desk.frame().contains("line 99⟦ESC⟧[2J"));
    desk.press("Up Up");
    (100..120).for_each(|number| desk.tell("logs", Frame::Log(line(number))));
    let frame = desk.frame();
    assert!(frame.contains("line 97⟦ESC⟧") && !frame.contains("line 98⟦ESC⟧"), "{frame}");
    assert!(frame.contains("22 newer; f follows"), "{frame}");
    desk.press("f");
    assert!(desk.frame().contains("line 119"));
    desk.press("/ l i n e Space 1 [ 0 1 ] $ Esc");
    desk.press("/");
    desk.write("line 11[78]");
    let frame = desk.frame();
    assert!(frame.contains("2 of 120 with /line 11[78]/"), "{frame}");
    desk.write("(");
    assert!(desk.frame().contains("taken as plain text"), "{}", desk.frame());
}

#[test]
fn a_run_is_followed_to_its_end() {
    let mut desk = Desk::new(80, 24);
    desk.press("d");
    desk.write("examples/servers/clock");
    desk.press("Enter Enter Tab");
    desk.write("CET");
    desk.press("^s ^s Enter");
    let event = |kind: serde_json::Value| {
        let mut event = serde_json::json!({
            "seq": 1, "at": "2026-11-22T14:01:30Z", "run": "019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10", "server": "clock",
        });
        event.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        event
    };
    let kinds = [
        serde_json::json!({"kind": "run", "state": "running", "note": null}),
        serde_json::json!({"kind": "step", "step": "fetch_source", "state": "started", "note": null}),
        serde_json::json!({"kind": "step", "step": "fetch_source", "state": "done", "note": "7 files"}),
        serde_json::json!({"kind": "step", "step": "build_image", "state": "started", "note": null}),
        serde_json::json!({"kind": "progress", "step": "build_image", "done": 6, "total": 11, "unit": "crates"}),
        serde_json::json!({"kind": "log", "step": "build_image", "line": "Compiling\u{1b}]0;title\u{7}"}),
    ];
    for (seq, kind) in kinds.into_iter().enumerate() {
        let mut event = event(kind);
        event["seq"] = (seq + 1).into();
        desk.tell("deploy", Frame::Event(Box::new(serde_json::from_value(event).unwrap())));
    }
    insta::assert_snapshot!("run_80", desk.frame());
    let (ticket, _) =
        desk.open.iter().find(|(_, request)| super::answers::name(request) == "deploy").unwrap().clone();
    let end = serde_json::json!({"result": "run", "with": {"run": fixtures::held_run(), "report": super::answers::report(), "url": null}});
    desk.answer(ticket, Ok(serde_json::from_value(end).unwrap()));
    desk.settle();
    let frame = desk.frame();
    assert!(frame.contains("held") && frame.contains("a approve"), "{frame}");
    desk.press("a");
    desk.write("looked at it");
    desk.press("Enter");
    assert!(desk.asked.iter().any(|request| super::answers::name(request) == "approve"));
}

#[test]
fn what_is_too_small_says_so() {
    let mut desk = Desk::new(59, 20);
    insta::assert_snapshot!(desk.frame().trim(), @"59×20 is too small: 60×16 at least · q ends");
}

#[test]
fn a_terminal_that_is_too_small_can_be_left() {
    use crate::console::effect::Effect;
    use crate::console::input::Input;
    for (width, height) in [(50, 14), (20, 4)] {
        for key in ["q", "^c"] {
            let mut desk = Desk::new(80, 24);
            desk.resize(width, height);
            desk.press(key);
            let frame = desk.frame();
            assert!(frame.starts_with("y end"), "{frame}");
            desk.press("x j");
            desk.take(Input::Paste("y".to_owned()));
            assert!(desk.done.is_empty());
            desk.press("n");
            assert!(desk.frame().contains("too small") && desk.app.layers.is_empty());
            desk.press(key);
            desk.press("y");
            assert!(matches!(desk.done[..], [Effect::Quit]));
        }
    }
}

#[test]
fn a_key_in_a_terminal_that_is_too_small_is_typed_nowhere() {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter Enter E");
    let form = desk.frame();
    desk.resize(50, 14);
    desk.press("q n a");
    desk.resize(80, 24);
    assert_eq!(desk.frame(), form);
}

#[test]
fn an_end_is_asked_about_once() {
    let mut desk = Desk::new(80, 24);
    desk.press("^c ^c ^c q");
    assert_eq!(desk.app.layers.len(), 1);
    desk.press("n");
    assert!(desk.app.layers.is_empty());
}

#[test]
fn what_was_scrolled_stays_full_on_a_screen_of_another_size() {
    let mut desk = Desk::new(80, 24);
    desk.press("g h Enter");
    desk.frame();
    desk.take(crate::console::input::Input::Key(super::desk::key_of("End")));
    desk.resize(160, 48);
    let frame = desk.frame();
    let says = frame.lines().find_map(|line| line.trim().strip_prefix("lines ")).unwrap();
    let numbers: Vec<usize> = says.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [first, last, all] = numbers[..] else { panic!("{says}") };
    assert_eq!((last, last - first + 1), (all, 43), "{frame}");
}

#[test]
fn the_log_of_a_run_scrolls_down_again_from_its_beginning() {
    let mut desk = Desk::new(80, 24);
    desk.press("g n Enter");
    let end = desk.frame();
    desk.take(crate::console::input::Input::Key(super::desk::key_of("Home")));
    let top = desk.frame();
    assert_ne!(top, end);
    desk.press("Down");
    assert_ne!(desk.frame(), top);
}

#[test]
fn what_vanished_from_the_dashboard_gives_its_row_to_nobody() {
    use crate::console::input::Input;
    use sigyl_core::wire::v1::Response;
    let mut desk = Desk::new(80, 24);
    desk.press("Down Down");
    let name = |desk: &mut Desk| {
        desk.press("D");
        let named = desk.frame().contains("*name         clock");
        desk.press("Esc");
        named
    };
    assert!(name(&mut desk), "{}", desk.frame());
    desk.app.stale = true;
    desk.take(Input::Tick(fixtures::now().plus(std::time::Duration::from_secs(1))));
    let at = desk.open.iter().position(|(_, request)| super::answers::name(request) == "list").unwrap();
    let (ticket, _) = desk.open.remove(at);
    desk.answer(ticket, Ok(Response::Servers(vec![fixtures::stopped(), fixtures::held()])));
    desk.press("D");
    let frame = desk.frame();
    assert!(frame.contains("Delete a server") && !frame.contains("*name         io.github"), "{frame}");
}
