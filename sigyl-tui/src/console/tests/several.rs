//! Several at once.

use sigyl_core::domain::{Failure, Kind};
use sigyl_core::wire::v1::Request;

use super::Desk;
use super::answers::name;

fn redeployed(desk: &Desk) -> Vec<String> {
    let redeploy = |request: &Request| match request {
        Request::Redeploy(redeploy) => Some(redeploy.name.to_string()),
        _ => None,
    };
    desk.asked.iter().filter_map(redeploy).collect()
}

/// Marks every server of the dashboard.
fn marked() -> Desk {
    let mut desk = Desk::new(100, 30);
    for server in ["clock", "jira", "io.github"] {
        desk.press("/");
        desk.write(server);
        desk.press("Enter");
        while !desk
            .frame()
            .lines()
            .any(|line| line.starts_with('▌') && line.contains(server) && !line.contains("waits"))
        {
            desk.press("Down");
        }
        desk.press("Space");
        desk.press("/ ^u Enter");
    }
    desk
}

#[test]
fn what_is_marked_is_named_in_one_form_and_sent_one_by_one() {
    let mut desk = marked();
    assert!(desk.frame().contains("3 marked"), "{}", desk.frame());
    desk.press("r");
    let frame = desk.frame();
    assert!(frame.contains("3 at once: clock,") && !frame.contains("*name"), "{frame}");
    desk.press("^s");
    assert_eq!(redeployed(&desk).len(), 3);
    assert!(!desk.frame().contains("marked"), "{}", desk.frame());
    let open: Vec<_> = desk.open.iter().filter(|(_, request)| name(request) == "redeploy").cloned().collect();
    for (at, (ticket, _)) in open.into_iter().enumerate() {
        desk.open.retain(|(open, _)| *open != ticket);
        let failure = Failure {
            code: "E1".to_owned(),
            kind: Kind::Conflict,
            message: "no\u{1b}".to_owned(),
            hint: None,
        };
        let answer = if at == 0 { Err(failure) } else { Ok(sigyl_core::wire::v1::Response::Ok) };
        desk.answer(ticket, answer);
    }
    assert!(desk.frame().contains("redeploy: 2 of 3 ended well"), "{}", desk.frame());
    desk.press("!");
    assert!(desk.frame().contains("E1 no⟦ESC⟧"), "{}", desk.frame());
}

#[test]
fn what_is_for_one_is_not_done_while_several_are_marked() {
    let mut desk = marked();
    desk.press("D");
    assert!(
        desk.app.layers.is_empty() && desk.frame().contains("delete is for one at a time"),
        "{}",
        desk.frame()
    );
    desk.press("Esc");
    assert!(!desk.frame().contains("3 marked"), "{}", desk.frame());
    assert_eq!(desk.app.shown().screen.title(), "Dashboard");
}

#[test]
fn held_runs_are_approved_together_with_one_reason() {
    let mut desk = Desk::new(100, 30);
    desk.press("g n Space Space a");
    let frame = desk.frame();
    assert!(frame.contains("2 at once: ") && frame.contains("*reason"), "{frame}");
    desk.press("^s");
    assert!(desk.frame().contains("reason is needed"), "{}", desk.frame());
    desk.write("looked at both");
    desk.press("^s");
    let approved = desk.asked.iter().filter(|request| name(request) == "approve").count();
    assert_eq!(approved, 2);
}
