//! Lines that come, narrowed, gone through and written into a file.

use sigyl_core::wire::v1::Frame;

use super::Desk;
use crate::console::effect::Effect;
use crate::console::input::Input;

fn line(minute: usize, stream: &str, text: &str) -> Frame {
    let at = format!("2026-11-22T{:02}:{:02}:00Z", 13 + minute / 60, minute % 60);
    Frame::Log(serde_json::from_value(serde_json::json!({"at": at, "stream": stream, "text": text})).unwrap())
}

fn logs() -> Desk {
    let mut desk = Desk::new(100, 24);
    desk.press("/ c l o c k Enter Enter 5");
    desk
}

#[test]
fn lines_are_narrowed_by_how_grave_they_are_and_those_that_do_not_say_are_counted() {
    let mut desk = logs();
    for (at, text) in ["INFO a", "plain b", "WARN c", "ERROR d", "no error e"].into_iter().enumerate() {
        desk.tell("logs", line(at, "server", text));
    }
    desk.press("v v");
    let frame = desk.frame();
    assert!(frame.contains("WARN c") && frame.contains("ERROR d"), "{frame}");
    assert!(!frame.contains("INFO a") && !frame.contains("plain b") && !frame.contains("error e"), "{frame}");
    assert!(frame.contains("2 of 5 lines · warnings and errors; 2 lines name no level"), "{frame}");
    desk.tell("logs", line(9, "server", "INFO f"));
    desk.tell("logs", line(9, "server", "WARN g"));
    let frame = desk.frame();
    assert!(frame.contains("WARN g") && !frame.contains("INFO f"), "{frame}");
    desk.press("v v");
    assert!(desk.frame().contains("plain b"), "{}", desk.frame());
}

#[test]
fn lines_are_narrowed_by_who_wrote_them() {
    let mut desk = logs();
    desk.tell("logs", line(0, "server", "of the server"));
    desk.tell("logs", line(1, "supervisor", "restarted"));
    desk.press("b");
    let frame = desk.frame();
    assert!(frame.contains("of the server") && !frame.contains("restarted"), "{frame}");
    desk.press("b");
    let frame = desk.frame();
    assert!(!frame.contains("Z  of the server") && frame.contains("restarted"), "{frame}");
    desk.press("b");
    assert!(desk.frame().contains("2 lines"), "{}", desk.frame());
}

#[test]
fn calls_have_no_level_and_their_help_says_no_such_key_works() {
    let mut desk = Desk::new(100, 24);
    desk.press("/ c l o c k Enter Enter 6 v");
    assert!(desk.frame().contains("that cannot be done here now"), "{}", desk.frame());
}

#[test]
fn a_time_is_gone_to_and_a_wrong_one_is_typed_again() {
    let mut desk = logs();
    (0..100).for_each(|minute| desk.tell("logs", line(minute, "server", &format!("line {minute}"))));
    desk.press("t");
    desk.write("soon");
    desk.press("Enter");
    assert!(desk.frame().contains("soon") && !desk.app.layers.is_empty(), "{}", desk.frame());
    desk.press("^u");
    desk.write("13:30");
    desk.press("Enter");
    let frame = desk.frame();
    assert!(desk.app.layers.is_empty(), "{frame}");
    assert!(frame.contains("line 30") && !frame.contains("line 29") && frame.contains("stopped"), "{frame}");
}

#[test]
fn what_is_shown_is_written_into_a_file_that_is_named() {
    let mut desk = logs();
    desk.tell("logs", line(0, "server", "ERROR a"));
    desk.tell("logs", line(1, "server", "b"));
    desk.press("v v v s");
    desk.write("~/x.log");
    desk.press("Enter");
    let (ticket, path, text) = desk
        .done
        .iter()
        .find_map(|effect| match effect {
            Effect::Write(ticket, path, text) => Some((*ticket, path.clone(), text.clone())),
            _ => None,
        })
        .unwrap();
    assert_eq!((path.to_str().unwrap(), text.as_str()), ("~/x.log", "2026-11-22T13:00:00  ERROR a\n"));
    desk.take(Input::Wrote(ticket, Ok("1 lines are in /home/ada/x.log".to_owned())));
    assert!(desk.frame().contains("are in /home/ada/x.log"), "{}", desk.frame());
    desk.press("y");
    assert!(matches!(desk.done.last(), Some(Effect::Copy(text)) if text.ends_with("ERROR a")));
}
