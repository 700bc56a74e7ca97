//! Whoever answers is lost for a while, and comes back.

use std::time::Duration;

use sigyl_core::domain::{Failure, Kind, Seq};
use sigyl_core::wire::v1::{Frame, Request, Response};

use super::Desk;
use super::answers::name;
use crate::console::input::{Input, LinkKind, Linked};
use crate::fixtures;

const RUN: &str = "019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4bff";

fn gone() -> Failure {
    Failure {
        code: "E0705".to_owned(),
        kind: Kind::Unavailable,
        message: "the owner did not answer to the end".to_owned(),
        hint: None,
    }
}

/// Takes an open question by name.
fn take(desk: &mut Desk, op: &str) -> (crate::console::effect::Ticket, Request) {
    let at = desk.open.iter().position(|(_, request)| name(request) == op);
    desk.open.remove(at.unwrap_or_else(|| panic!("{op} is not asked")))
}

fn fails(desk: &mut Desk, op: &str) {
    let (ticket, _) = take(desk, op);
    desk.answer(ticket, Err(gone()));
}

fn tick(desk: &mut Desk, seconds: u64) {
    desk.take(Input::Tick(fixtures::now().plus(Duration::from_secs(seconds))));
}

/// It is asked again after a second, and speaks.
fn comes_back(desk: &mut Desk, seconds: u64) {
    tick(desk, seconds);
    desk.tell("feed", Frame::Mark { seq: Seq(9) });
}

fn asked(desk: &Desk, op: &str) -> usize {
    desk.asked.iter().filter(|request| name(request) == op).count()
}

fn event(seq: u64, kind: serde_json::Value) -> Frame {
    let mut event =
        serde_json::json!({"seq": seq, "at": "2026-11-22T14:01:30Z", "run": RUN, "server": "clock"});
    event.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
    Frame::Event(Box::new(serde_json::from_value(event).unwrap()))
}

fn running() -> Desk {
    let mut desk = Desk::new(100, 24);
    desk.press("d a Enter Enter Tab C E T ^s ^s Enter");
    desk.tell("deploy", event(1, serde_json::json!({"kind": "run", "state": "running", "note": null})));
    let step = serde_json::json!({"kind": "step", "step": "fetch_source", "state": "started", "note": null});
    desk.tell("deploy", event(2, step));
    desk
}

#[test]
fn a_run_that_is_not_heard_of_did_not_fail_and_is_followed_again() {
    let mut desk = running();
    fails(&mut desk, "feed");
    fails(&mut desk, "deploy");
    let frame = desk.frame();
    assert!(!frame.contains("failed") && frame.contains("running"), "{frame}");
    assert!(frame.contains("stale") && frame.contains("nothing is heard of it any more: E0705"), "{frame}");
    let waited = |frame: &str| frame.lines().find(|line| line.contains("fetch_source")).map(str::to_owned);
    tick(&mut desk, 1);
    let before = waited(&desk.frame());
    tick(&mut desk, 50);
    assert_eq!(waited(&desk.frame()), before, "no time is told that nobody knows of");
    desk.tell("feed", Frame::Mark { seq: Seq(9) });
    let again = desk.open.iter().find_map(|(_, request)| match request {
        Request::Watch { run, after } => Some((run.to_string(), *after)),
        _ => None,
    });
    assert_eq!(again, Some((RUN.to_owned(), Seq(2))));
    let frame = desk.frame();
    assert!(!frame.contains("nothing is heard") && frame.contains("running"), "{frame}");
    desk.press("A");
    assert!(!desk.app.layers.is_empty(), "it can be cancelled: {}", desk.frame());
}

#[test]
fn a_run_whose_end_was_cut_off_late_is_followed_with_the_next_news() {
    let mut desk = running();
    fails(&mut desk, "feed");
    comes_back(&mut desk, 2);
    desk.settle();
    fails(&mut desk, "deploy");
    assert_eq!(asked(&desk, "watch"), 0);
    desk.app.stale = true;
    tick(&mut desk, 9);
    let (ticket, request) = take(&mut desk, "list");
    desk.answer(ticket, super::answers::answer(&request));
    assert_eq!(asked(&desk, "watch"), 1);
}

#[test]
fn what_is_known_is_asked_for_again_once_somebody_answers_again() {
    let mut desk = Desk::alone(100, 24, "dark");
    let linked =
        Linked { place: "/home/ada/sigyl of process 7".to_owned(), kind: LinkKind::Owner, notice: None };
    desk.take(Input::Linked(Ok(linked)));
    desk.settle();
    assert!(desk.frame().contains("/home/ada/sigyl of process 7"), "{}", desk.frame());
    fails(&mut desk, "feed");
    let lists = asked(&desk, "list");
    tick(&mut desk, 2);
    fails(&mut desk, "list");
    fails(&mut desk, "runs");
    assert!(desk.frame().contains("stale"), "{}", desk.frame());
    desk.tell("feed", Frame::Mark { seq: Seq(9) });
    tick(&mut desk, 4);
    assert!(asked(&desk, "list") > lists + 1, "the list is asked for again");
    let (ticket, _) = take(&mut desk, "owner");
    let owner = serde_json::json!({"result": "owner", "with": {
        "pid": 8, "version": "0.1.0", "since": "2026-11-22T14:01:00Z", "endpoint": null,
    }});
    desk.answer(ticket, Ok(serde_json::from_value(owner).unwrap()));
    let frame = desk.frame();
    assert!(frame.contains("/home/ada/sigyl of process 8") && !frame.contains("process 7"), "{frame}");
}

#[test]
fn a_screen_that_was_not_in_sight_asks_again_when_it_is() {
    let mut desk = Desk::new(100, 24);
    desk.press("g k g a");
    fails(&mut desk, "feed");
    let (keys, accounts) = (asked(&desk, "keys"), asked(&desk, "accounts"));
    comes_back(&mut desk, 2);
    desk.settle();
    assert_eq!((asked(&desk, "keys"), asked(&desk, "accounts")), (keys, accounts + 1));
    desk.press("Backspace");
    assert_eq!(asked(&desk, "keys"), keys + 1);
}

#[test]
fn logs_go_on_where_they_were_and_keep_what_is_here() {
    let line = |number: usize| {
        let line = serde_json::json!({
            "at": "2026-11-22T14:01:00Z", "stream": "server", "text": format!("line {number}"),
        });
        Frame::Log(serde_json::from_value(line).unwrap())
    };
    for ends in [false, true] {
        let mut desk = Desk::new(80, 24);
        desk.press("/ c l o c k Enter Enter 5");
        (0..5).for_each(|number| desk.tell("logs", line(number)));
        fails(&mut desk, "feed");
        let (ticket, _) = take(&mut desk, "logs");
        desk.answer(ticket, if ends { Ok(Response::Ok) } else { Err(gone()) });
        let says = if ends { "ended; ^R asks again" } else { "cut off, goes on by itself: E0705" };
        assert!(desk.frame().contains(says), "{}", desk.frame());
        comes_back(&mut desk, 2);
        (3..7).for_each(|number| desk.tell("logs", line(number)));
        let frame = desk.frame();
        assert!((0..7).all(|number| frame.matches(&format!("line {number}")).count() == 1), "{frame}");
        assert!(frame.contains("7 lines · following"), "{frame}");
        // Whoever asks again keeps them too.
        desk.press("^r");
        (5..8).for_each(|number| desk.tell("logs", line(number)));
        assert!(desk.frame().contains("8 lines · following"), "{}", desk.frame());
    }
}

#[test]
fn logs_of_another_tab_go_on_when_one_comes_back_to_them() {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter Enter 5");
    fails(&mut desk, "logs");
    desk.press("4");
    fails(&mut desk, "feed");
    let logs = asked(&desk, "logs");
    comes_back(&mut desk, 2);
    desk.settle();
    assert_eq!(asked(&desk, "logs"), logs, "nobody sees them");
    desk.press("5");
    assert_eq!(asked(&desk, "logs"), logs + 1);
}

#[test]
fn asking_again_on_the_dashboard_asks() {
    let mut desk = Desk::new(80, 24);
    let lists = asked(&desk, "list");
    desk.press("^r");
    assert_eq!(asked(&desk, "list"), lists + 1);
    fails(&mut desk, "feed");
    let feeds = asked(&desk, "feed");
    desk.press("^r");
    assert_eq!(asked(&desk, "feed"), feeds + 1, "whoever was lost is tried at once");
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut desk = Desk::new(80, 24);
    tick(&mut desk, 7_200);
    desk.settle();
    desk.press("g c t");
    desk.press("Esc");
    fails(&mut desk, "feed");
    let (lists, counts, feeds) = (asked(&desk, "list"), asked(&desk, "count_calls"), asked(&desk, "feed"));
    for second in 0..10 {
        tick(&mut desk, second);
        desk.settle();
    }
    assert!(asked(&desk, "feed") > feeds, "it listens again");
    desk.tell("feed", Frame::Gap { seq: Seq(10), why: "1 event".to_owned() });
    tick(&mut desk, 11);
    desk.settle();
    assert!(asked(&desk, "list") > lists + 1 && asked(&desk, "count_calls") > counts);
    tick(&mut desk, 12);
    assert!(!desk.frame().contains("theme: "), "what was said goes: {}", desk.frame());
}
