//! The way from a source to a server, page by page.

use sigyl_core::domain::{Failure, Kind};
use sigyl_core::wire::v1::{Deploy, Request};

use super::Desk;
use super::answers::name;
use super::desk::key_of;
use super::screens::snapshot;
use crate::console::input::Input;

/// Keys to the settings of a source that can be deployed.
const TO_SETTINGS: &str = "d a Enter Enter";
/// The same, to the last page.
const TO_SUMMARY: &str = "d a Enter Enter Tab C E T ^s ^s";

fn deployed(desk: &Desk) -> Option<Deploy> {
    desk.asked.iter().find_map(|request| match request {
        Request::Deploy(deploy) => Some(deploy.clone()),
        _ => None,
    })
}

/// Refuses the deploy that is asked for.
fn refuse(desk: &mut Desk, message: &str) {
    let at = desk.open.iter().position(|(_, request)| name(request) == "deploy").unwrap();
    let (ticket, _) = desk.open.remove(at);
    let failure = Failure {
        code: "E0901".to_owned(),
        kind: Kind::Denied,
        message: message.to_owned(),
        hint: Some("ask an owner".to_owned()),
    };
    desk.answer(ticket, Err(failure));
}

#[test]
fn each_page_shows_one_decision() {
    snapshot("wizard_source", "d");
    snapshot("wizard_names", "d e Tab");
    snapshot("wizard_look", "d a Enter");
    snapshot("wizard_settings", TO_SETTINGS);
    snapshot("wizard_place", "d a Enter Enter Tab C E T ^s");
    snapshot("wizard_broken", "d b r o k e n Enter");
    snapshot("wizard_gone", "d g i t : g o n e Enter");
}

/// Answers the newest question of this name.
fn answer(desk: &mut Desk, op: &str, answer: Result<serde_json::Value, Failure>) {
    let at = desk.open.iter().rposition(|(_, request)| name(request) == op).unwrap();
    let (ticket, _) = desk.open.remove(at);
    desk.answer(ticket, answer.map(|with| serde_json::from_value(with).unwrap()));
}

fn asks(desk: &Desk, op: &str) -> usize {
    desk.asked.iter().filter(|request| name(request) == op).count()
}

#[test]
fn a_source_is_chosen_at_github_step_by_step() {
    snapshot("wizard_github", "d ^g");
    snapshot("wizard_github_repositories", "d ^g Enter");
    snapshot("wizard_github_refs", "d ^g Enter Enter");
    let mut desk = Desk::new(80, 24);
    desk.press("d ^g Enter");
    desk.write("weath");
    assert!(!desk.frame().contains("octo-org/attic"), "{}", desk.frame());
    desk.press("Enter");
    assert!(desk.frame().contains("branch, shown first"), "{}", desk.frame());
    assert!(desk.frame().contains("at its root: sigyl.yaml, package.json"), "{}", desk.frame());
    desk.press("Enter");
    let frame = desk.frame();
    assert!(frame.contains("github:octo-org/weather#main") && frame.contains("▸1 source"), "{frame}");
    desk.press("Enter");
    assert!(desk.frame().contains("▸2 look"), "{}", desk.frame());
}

#[test]
fn each_step_goes_back_and_keeps_what_was_there() {
    let mut desk = Desk::new(80, 24);
    desk.press("d");
    desk.write("npm:clock");
    desk.press("^g Enter Down Enter");
    assert!(desk.frame().contains("GitHub: octo-org/attic"), "{}", desk.frame());
    desk.press("Esc");
    assert!(desk.frame().contains("octo-org/weather") && asks(&desk, "github_repositories") == 1);
    desk.press("Esc");
    assert!(desk.frame().contains("chosen repositories"), "{}", desk.frame());
    desk.press("Esc");
    let frame = desk.frame();
    assert!(frame.contains("npm:clock") && !frame.contains("GitHub:"), "{frame}");
    desk.press("Esc");
    assert_eq!(desk.app.shown().screen.title(), "Dashboard");
}

#[test]
fn what_cannot_be_chosen_says_why() {
    let mut desk = Desk::new(80, 24);
    desk.press("d ^g Down Enter");
    assert!(desk.frame().contains("it is suspended"), "{}", desk.frame());
    desk.press("Up Enter Enter Down Down Down Enter");
    assert!(desk.frame().contains("no source can be named so"), "{}", desk.frame());
    // A name that is a branch and a tag is written whole.
    desk.press("Down Enter");
    assert!(desk.frame().contains("github:octo-org/weather#refs/tags/v1"), "{}", desk.frame());
}

#[test]
fn what_was_begun_is_gone_on_with() {
    for (typed, title) in [
        ("github:", "GitHub ─"),
        ("github:someone", "GitHub: someone"),
        ("github:someone/", "GitHub: someone"),
        ("github:someone/weath", "/ weath"),
        ("github:someone/thing#", "GitHub: someone/thing"),
    ] {
        let mut desk = Desk::new(80, 24);
        desk.press("d");
        desk.write(typed);
        desk.press("Tab");
        assert!(desk.frame().contains(title), "{typed}: {}", desk.frame());
    }
}

#[test]
fn where_nobody_asks_it_says_what_to_do_and_lists_what_everybody_sees() {
    let nobody = serde_json::json!({"result": "github_installations", "with": {
        "asker": "nobody", "installations": [], "more": false,
    }});
    let mut desk = Desk::new(80, 24);
    desk.press("d");
    desk.take(Input::Key(key_of("^g")));
    assert!(desk.frame().contains("asking…"), "{}", desk.frame());
    answer(&mut desk, "github_installations", Ok(nobody));
    insta::assert_snapshot!("wizard_github_nobody_80", desk.frame());
    desk.write("someone");
    desk.press("Enter");
    let of = desk.asked.iter().rev().find(|request| name(request) == "github_repositories");
    assert_eq!(serde_json::to_value(of.unwrap()).unwrap()["with"]["of"]["owner"], "someone");
}

#[test]
fn what_a_token_sees_is_one_list() {
    let token = serde_json::json!({"result": "github_installations", "with": {
        "asker": "token", "installations": [], "more": false,
    }});
    let mut desk = Desk::new(80, 24);
    desk.press("d");
    desk.take(Input::Key(key_of("^g")));
    answer(&mut desk, "github_installations", Ok(token));
    desk.settle();
    assert!(desk.frame().contains("octo-org/weather"), "{}", desk.frame());
    desk.press("Esc");
    assert!(desk.frame().contains("*source"), "there is no step before: {}", desk.frame());
}

#[test]
fn a_refused_list_says_so_and_is_asked_for_again() {
    let mut desk = Desk::new(80, 24);
    desk.press("d");
    desk.take(Input::Key(key_of("^g")));
    let failure = Failure {
        code: "E0901".to_owned(),
        kind: Kind::Denied,
        message: "ada may not list what is at GitHub\u{1b}[2J".to_owned(),
        hint: None,
    };
    answer(&mut desk, "github_installations", Err(failure));
    assert!(desk.frame().contains("E0901 ada may not list what is at GitHub⟦ESC⟧"), "{}", desk.frame());
    desk.press("^r");
    assert!(desk.frame().contains("octo-org") && asks(&desk, "github_installations") == 2);
}

#[test]
fn one_repository_is_looked_into_at_a_time() {
    let mut desk = Desk::new(80, 24);
    desk.press("d");
    desk.write("github:octo-org");
    desk.take(Input::Key(key_of("Tab")));
    let of = serde_json::json!({"result": "github_repositories", "with": {"more": false, "repositories":
        (0..50).map(|at| serde_json::json!({"name": format!("octo-org/r{at}"), "private": false, "archived": false,
            "default_branch": "main", "pushed_at": null})).collect::<Vec<_>>(),
    }});
    answer(&mut desk, "github_repositories", Ok(of));
    for _ in 0..30 {
        desk.take(Input::Key(key_of("Down")));
    }
    assert_eq!(asks(&desk, "github_files"), 1, "who goes down a list asks for what they rest on");
    assert!(desk.frame().contains("looking inside…"));
    desk.settle();
    assert_eq!(asks(&desk, "github_files"), 2);
    let last = desk.asked.iter().rev().find(|request| name(request) == "github_files").unwrap();
    assert_eq!(serde_json::to_value(last).unwrap()["with"]["repository"], "octo-org/r30");
}

#[test]
fn the_last_page_says_what_will_happen_and_deploys_just_that() {
    for (width, height) in [(80, 24), (140, 40)] {
        let mut desk = Desk::new(width, height);
        desk.press("d");
        desk.write("npm:clock@1");
        // A zone, a format, a secret token, and the address that it asks to reach.
        desk.press("Enter Enter Tab C E T Tab 1 Tab");
        desk.write("hunter2");
        assert!(!desk.frame().contains("hunter2"));
        desk.press("Tab Tab Space ^s ^s");
        let frame = desk.frame();
        insta::assert_snapshot!(format!("wizard_summary_{width}"), frame);
        assert!(deployed(&desk).is_none() && !frame.contains("hunter2"), "{frame}");
        desk.press("Enter");
        let deploy = deployed(&desk).unwrap();
        assert_eq!(deploy.source.to_string(), "npm:clock@1");
        assert_eq!((deploy.env["ZONE"].as_str(), deploy.env["FORMAT"].as_str()), ("CET", "12h"));
        assert_eq!(deploy.env.len(), 2, "what was left empty stays as the manifest has it");
        let secrets: Vec<_> = deploy.secrets.iter().map(|(name, it)| (name.as_str(), it.reveal())).collect();
        assert_eq!(secrets, [("TOKEN", "hunter2")]);
        assert_eq!(deploy.grant, ["network=zones.example:443"]);
    }
}

#[test]
fn clients_are_led_to_it_as_it_is_said() {
    let mut desk = Desk::new(140, 40);
    desk.press(TO_SETTINGS);
    desk.press("Tab C E T ^s");
    // On the page of the place: time without a share is refused, on the line of the shares.
    desk.press(&["Tab"; 14].join(" "));
    desk.write("10m");
    desk.press("^s");
    assert!(desk.frame().contains("canary: percents are needed"), "{}", desk.frame());
    desk.write("10,50");
    desk.press("Tab Tab");
    desk.write("2h");
    desk.press("^s");
    let frame = desk.frame();
    assert!(frame.contains("10 % for 10 m 00 s") && frame.contains("50 % until it is promoted"), "{frame}");
    assert!(frame.contains("--canary 10,50 --soak 600s --hold=7200s"), "{frame}");
    desk.press("Enter");
    let canary = deployed(&desk).unwrap().canary.unwrap();
    assert_eq!((canary.steps, canary.soak, canary.hold), (vec![10, 50], 600, Some(7_200)));
}

#[test]
fn going_back_keeps_everything() {
    let mut desk = Desk::new(80, 24);
    desk.press(TO_SUMMARY);
    assert!(desk.frame().contains("ZONE=CET"), "{}", desk.frame());
    desk.press("Esc Esc");
    let frame = desk.frame();
    assert!(frame.contains("▸3 settings") && frame.contains("CET"), "{frame}");
    desk.press("Esc Esc");
    assert!(desk.frame().contains("▸1 source"), "{}", desk.frame());
    desk.press("Enter Enter ^s ^s");
    assert!(desk.frame().contains("ZONE=CET"), "{}", desk.frame());
    // It was looked at once: the source is the same.
    desk.press("Esc Esc Esc Esc b Enter Enter ^s ^s");
    assert!(desk.frame().contains("ZONE=CET"), "another source asks for the same: {}", desk.frame());
}

#[test]
fn what_is_missing_or_does_not_fit_keeps_one_on_its_page() {
    let mut desk = Desk::new(80, 24);
    desk.press(TO_SETTINGS);
    desk.press("^s");
    // The server has its API_KEY already.
    assert!(desk.frame().contains("ZONE is needed"), "{}", desk.frame());
    desk.press("X ^s");
    assert!(desk.frame().contains("ZONE: it has fewer than 3 characters"), "{}", desk.frame());
    desk.press("Y Z ^s");
    assert!(desk.frame().contains("▸4 place"), "{}", desk.frame());
    desk.press("B Space ^s");
    assert!(desk.frame().contains("as: "), "{}", desk.frame());
}

#[test]
fn a_manifest_that_cannot_be_used_goes_no_further() {
    let mut desk = Desk::new(80, 24);
    desk.press("d b r o k e n Enter Enter");
    let frame = desk.frame();
    assert!(frame.contains("▸2 look") && frame.contains("mend the manifest first"), "{frame}");
}

#[test]
fn what_could_not_be_looked_at_is_deployed_with_open_eyes() {
    let mut desk = Desk::new(80, 24);
    desk.press("d g i t : g o n e Enter Enter ^s ^s");
    let frame = desk.frame();
    assert!(frame.contains("It was not looked at"), "{frame}");
    desk.press("Enter");
    assert!(deployed(&desk).is_some());
}

#[test]
fn a_refused_deploy_comes_back_with_everything_that_was_typed() {
    let mut desk = Desk::new(80, 24);
    desk.press(TO_SUMMARY);
    desk.press("Enter");
    refuse(&mut desk, "ada may not deploy");
    let frame = desk.frame();
    assert!(frame.contains("E0901 ada may not deploy") && frame.contains("ZONE=CET"), "{frame}");
    let screens = desk.app.screens.len();
    desk.press("Enter");
    assert_eq!(desk.asked.iter().filter(|request| name(request) == "deploy").count(), 2);
    assert_eq!(desk.app.screens.len(), screens, "a run stands in the place of what it is from");
}

#[test]
fn a_refusal_that_comes_late_takes_nobody_away_from_another_screen() {
    let mut desk = Desk::new(80, 24);
    desk.press(TO_SUMMARY);
    desk.press("Enter g n");
    refuse(&mut desk, "ada may not deploy");
    assert_eq!(desk.app.shown().screen.title(), "Runs");
}

#[test]
fn a_run_that_failed_is_filled_in_again_and_one_on_record_too() {
    let mut desk = Desk::new(80, 40);
    desk.press(TO_SUMMARY);
    desk.press("Enter");
    let at = desk.open.iter().position(|(_, request)| name(request) == "deploy").unwrap();
    let (ticket, _) = desk.open.remove(at);
    let mut run = serde_json::to_value(crate::fixtures::held_run()).unwrap();
    run["id"] = "019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4bff".into();
    run["state"] = "failed".into();
    run["plan"] = "release".into();
    run["request"] = serde_json::json!({"source": "npm:clock@1", "env": {"ZONE": "UTC", "EXTRA": "1"}, "grant": ["exec=git"],
        "canary": {"steps": [10], "soak": 60, "max_failures": 2, "max_latency": 900, "hold": 3600}});
    let end = serde_json::json!({"result": "run", "with": {"run": run, "report": null, "url": null}});
    desk.answer(ticket, Ok(serde_json::from_value(end.clone()).unwrap()));
    assert!(desk.frame().contains("R fills it in again"), "{}", desk.frame());
    desk.press("R");
    assert!(desk.frame().contains("ZONE=CET"), "what was typed: {}", desk.frame());
    // The pages are with whoever has them: from then on the record is asked.
    desk.press("Esc Esc Esc Esc Esc R");
    assert!(desk.frame().contains("npm:clock@1"), "what is on record: {}", desk.frame());
    desk.press("Enter Enter ^s ^s");
    let frame = desk.frame();
    assert!(frame.contains("EXTRA=1 ZONE=UTC") && frame.contains("exec=git"), "{frame}");
    let words = frame.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("--canary 10 --soak 60s --hold=3600s --max-failures 2 --max-latency 900ms"),
        "{frame}"
    );
}

#[test]
fn names_are_completed_as_far_as_they_begin_alike() {
    let mut desk = Desk::new(80, 24);
    desk.press("d e Tab");
    let frame = desk.frame();
    assert!(
        frame.contains("examples/servers/clo") && frame.contains("clock") && frame.contains("cloud.zip"),
        "{frame}"
    );
    desk.press("c");
    assert!(!desk.frame().contains("cloud.zip"), "{}", desk.frame());
}

#[test]
fn letters_are_text_where_one_types_and_keys_elsewhere() {
    let mut desk = Desk::new(80, 24);
    desk.press("d q ?");
    assert!(desk.app.layers.is_empty() && desk.frame().contains("q?"), "{}", desk.frame());
    desk.take(Input::Paste("/x".to_owned()));
    assert!(desk.frame().contains("q?/x"));
    desk.take(Input::Key(key_of("^c")));
    assert!(desk.frame().contains("would stop"), "whoever wants to end can: {}", desk.frame());
    desk.press("n Esc");
    assert_eq!(desk.app.shown().screen.title(), "Dashboard");
}

#[test]
fn a_secret_that_is_typed_is_not_recorded() {
    let mut desk = Desk::new(80, 24);
    desk.press(TO_SETTINGS);
    desk.write("hunter2");
    let recorded: Vec<&str> = desk.app.recorder.lines().collect();
    let last = &recorded[recorded.len() - 7..];
    assert!(last.iter().all(|line| line.contains(r#""Char":"x""#)), "{last:?}");
}

#[test]
fn findings_are_accepted_with_a_reason_before_anything_was_ever_deployed() {
    let mut desk = Desk::new(120, 40);
    desk.press("d");
    desk.write("examples/servers/clock");
    desk.press("Enter Enter Tab");
    desk.write("CET");
    desk.press("^s");
    (0..9).for_each(|_| desk.press("Tab"));
    desk.write("path-from-argument@src/server.py:48 debug-mode");
    desk.press("^s");
    assert!(desk.frame().contains("until: it is empty"), "{}", desk.frame());
    desk.write("2027-01-31");
    desk.press("BackTab");
    desk.write("the folder is checked before");
    desk.press("^s");
    let frame = desk.frame();
    assert!(
        frame.contains("▸5 summary") && frame.contains("accepts   path-from-argument@src/server.py:48"),
        "{frame}"
    );
    let words = frame.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("--waive path-from-argument@src/server.py:48 --reason"), "{frame}");
    desk.press("Enter");
    let waived = desk.asked.iter().find_map(|request| match request {
        Request::Deploy(deploy) => Some(deploy.waive.clone()),
        _ => None,
    });
    let waived = waived.unwrap();
    assert_eq!((waived.len(), waived[0].path.as_deref()), (2, Some("src/server.py:48")));
    assert_eq!(waived[1].reason, "the folder is checked before");
}
