//! What rests while nobody sees it, low screens, and texts that name keys.

use std::rc::Rc;

use sigyl_core::wire::v1::{Frame, Request, Response};

use super::Desk;
use super::answers::name;
use super::desk::key_of;
use crate::console::effect::Effect;
use crate::console::input::{Input, LinkKind, Linked};
use crate::fixtures;

fn line(number: usize) -> Frame {
    let at = format!("2026-11-22T14:01:{number:02}Z");
    let line = serde_json::json!({"at": at, "stream": "server", "text": format!("line {number}")});
    Frame::Log(serde_json::from_value(line).unwrap())
}

fn follows(desk: &Desk, op: &str) -> bool {
    desk.open.iter().any(|(_, request)| name(request) == op)
}

#[test]
fn a_stream_rests_while_nobody_sees_it_and_goes_on_where_it_was() {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter Enter 5");
    (0..5).for_each(|number| desk.tell("logs", line(number)));
    for (away, back) in [("4", "5"), ("g k", "Esc"), ("Esc", "")] {
        desk.press(away);
        assert!(!follows(&desk, "logs"), "{away}");
        match back {
            "" => desk.take(Input::Key(crossterm::event::KeyEvent::new(
                crossterm::event::KeyCode::Right,
                crossterm::event::KeyModifiers::ALT,
            ))),
            back => desk.press(back),
        }
        assert!(follows(&desk, "logs"), "{back}");
        (2..7).for_each(|number| desk.tell("logs", line(number)));
        let frame = desk.frame();
        assert!((0..7).all(|number| frame.matches(&format!("line {number}")).count() == 1), "{frame}");
        assert!(frame.contains("7 lines · following"), "{frame}");
    }
    desk.press("4 5");
    desk.tell("logs", line(30));
    let frame = desk.frame();
    assert!(frame.contains("is not shown") && frame.contains("line 30"), "{frame}");
}

#[test]
fn a_file_that_cannot_be_read_takes_no_key_of_whoever_went_on() {
    for went_on in [false, true] {
        let mut desk = Desk::new(80, 24);
        desk.press("g r n");
        desk.write("/gone.json");
        desk.press("^s");
        let read = desk.done.iter().find_map(|effect| match effect {
            Effect::Read(ticket, _) => Some(*ticket),
            _ => None,
        });
        if went_on {
            desk.press("Down");
        }
        let failure = sigyl_core::domain::Failure {
            code: "E0028".to_owned(),
            kind: sigyl_core::domain::Kind::Invalid,
            message: "could not read /gone.json".to_owned(),
            hint: None,
        };
        desk.take(Input::Read(read.unwrap(), Err(failure)));
        assert_eq!(desk.app.layers.is_empty(), went_on);
        assert!(desk.frame().contains("could not read /gone.json"), "{}", desk.frame());
    }
}

#[test]
fn on_a_low_screen_the_servers_keep_their_rows() {
    let mut desk = Desk::new(80, 16);
    desk.press("/ c l o c k Enter");
    let frame = desk.frame();
    assert!(frame.contains("●  clock               serving"), "{frame}");
}

#[test]
fn texts_name_the_keys_that_the_operator_wants() {
    let mut desk = Desk::alone(100, 30, "dark");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    std::fs::write(&file, "[dashboard]\ndeploy = 'f2'\n[everywhere]\nhelp = []\n[stream]\nfollow = 'F'\n")
        .unwrap();
    desk.app.keys = Rc::new(crate::console::own::read(&file, crate::console::own::keymap).unwrap());
    let linked = Linked { place: "/home/ada/sigyl".to_owned(), kind: LinkKind::Own, notice: None };
    desk.take(Input::Linked(Ok(linked)));
    let at = desk.open.iter().position(|(_, request)| matches!(request, Request::List)).unwrap();
    let (ticket, _) = desk.open.remove(at);
    desk.answer(ticket, Ok(Response::Servers(Vec::new())));
    let frame = desk.frame();
    assert!(frame.contains("F2  deploys one") && frame.contains(":  shows every key"), "{frame}");
    desk.press("g e");
    desk.tell("events", line(1));
    desk.press("F");
    assert!(desk.frame().contains("F follows"), "{}", desk.frame());
}

#[test]
fn a_run_at_work_is_cancelled_after_a_switch() {
    let mut desk = Desk::new(80, 24);
    desk.press("d a Enter Enter Tab C E T ^s ^s Enter");
    desk.press("A");
    assert!(desk.app.layers.is_empty(), "a run without a number cannot be cancelled");
    let event = serde_json::json!({
        "seq": 1, "at": "2026-11-22T14:01:30Z", "run": "019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4bff", "server": "clock",
        "kind": "run", "state": "running", "note": null,
    });
    desk.tell("deploy", Frame::Event(Box::new(serde_json::from_value(event).unwrap())));
    desk.press("A ^s");
    assert!(desk.frame().contains("sure is needed"), "{}", desk.frame());
    desk.press("Space ^s");
    let cancelled = desk.asked.iter().any(|request| {
        matches!(request, Request::Cancel { run } if run.as_str() == "019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4bff")
    });
    assert!(cancelled && follows(&desk, "deploy"), "its end is still waited for");
}

#[test]
fn a_finding_is_accepted_with_a_reason_and_a_last_day() {
    let mut desk = Desk::new(80, 24);
    desk.press("g s w");
    assert!(desk.frame().contains("path-from-argument@src/server.py:48:12"), "{}", desk.frame());
    desk.write("the folder is checked before");
    desk.press("Tab");
    desk.write("soon");
    desk.press("^s");
    assert!(desk.frame().contains("expires: "), "{}", desk.frame());
    desk.press("^u");
    desk.write("2027-01-31");
    desk.press("^s");
    let waived = desk.asked.iter().find_map(|request| match request {
        Request::Redeploy(redeploy) => redeploy.waive.first().cloned(),
        _ => None,
    });
    let waiver = waived.unwrap();
    assert_eq!(
        (waiver.rule.as_str(), waiver.path.as_deref()),
        ("path-from-argument", Some("src/server.py:48:12"))
    );
    assert_eq!(waiver.reason, "the folder is checked before");
    assert_eq!(waiver.expires.to_string(), "2027-01-31T23:59:59.999Z");
}

#[test]
fn a_run_that_ended_a_moment_ago_is_not_asked_about() {
    let mut state = crate::console::state::State::default();
    state.link = Some(Linked { place: String::new(), kind: LinkKind::Own, notice: None });
    let mut run = fixtures::held_run();
    run.state = sigyl_core::domain::RunState::Running;
    let id = run.id.clone();
    state.runs.take(Ok(vec![run]));
    assert_eq!(state.runs_here(), [id.as_str()]);
    let event = |of: &str| {
        let event = serde_json::json!({
            "seq": 1, "at": "2026-11-22T14:01:30Z", "run": id, "server": "clock", "kind": "run", "state": of, "note": null,
        });
        serde_json::from_value(event).unwrap()
    };
    state.event(&event("done"));
    assert!(state.runs_here().is_empty(), "the list is older than its end");
    state.event(&event("running"));
    assert_eq!(state.runs_here(), [id.as_str()]);
}

#[test]
fn a_look_that_nobody_waits_for_is_forgotten() {
    let mut desk = Desk::new(80, 24);
    desk.press("d a");
    desk.take(Input::Key(key_of("Enter")));
    desk.take(Input::Key(key_of("^r")));
    desk.settle();
    assert!(desk.frame().contains("▸2 look") && desk.frame().contains("clock 0.2.0"), "{}", desk.frame());
}
