//! What was recorded, played again.

use super::Desk;
use crate::console::input::Input;

/// Plays what a console recorded on another, and holds that both show the same after every input.
fn replayed(keys: &str) -> Desk {
    let alone = || {
        let mut desk = Desk::alone(100, 30, "dark");
        desk.frames = Some(Vec::new());
        desk
    };
    let (mut desk, mut again) = (alone(), alone());
    desk.link();
    desk.press(keys);
    assert_eq!(desk.app.recorder.dropped(), 0);
    for line in desk.app.recorder.lines() {
        again.take(serde_json::from_str::<Input>(line).unwrap());
    }
    assert_eq!(again.frames, desk.frames, "{keys}");
    assert!(desk.frames.as_ref().is_some_and(|frames| frames.len() > 10));
    again
}

#[test]
fn recorded_inputs_give_the_same_frames() {
    let ways = [
        // A finding is not opened: its lines of source are left out of a record.
        "g r g n Enter Esc g s j",
        "/ c l o c k Enter Enter 2 Down 3 4 6 7 8",
        "? j j Esc : d e p Esc g k n r e l e a s e Esc ! Esc",
        "o O j j k G ^d ^u Enter Esc",
        "/ c l o c k Enter D c l o c Enter",
    ];
    ways.iter().for_each(|keys| drop(replayed(keys)));
}

#[test]
fn a_replay_shows_as_many_dots_and_sends_no_secret() {
    use sigyl_core::wire::v1::Request;
    let again = replayed("/ c l o c k Enter Enter 7 e h u n t e r 2 ^s");
    let set = again.asked.iter().find_map(|request| match request {
        Request::SetSecret { value, .. } => Some(value.reveal().to_owned()),
        _ => None,
    });
    assert_eq!(set.as_deref(), Some("xxxxxxx"));
}
