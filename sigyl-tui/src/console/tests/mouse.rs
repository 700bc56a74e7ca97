//! The mouse, on screens and in what stands in front of them.

use super::Desk;
use crate::console::command::Place;
use crate::console::effect::Effect;

fn copied(desk: &Desk) -> Option<&str> {
    desk.done.iter().rev().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.as_str()),
        _ => None,
    })
}

#[test]
fn a_click_selects_and_a_click_on_what_is_selected_opens() {
    let mut desk = Desk::new(100, 30);
    desk.press("Down Down Down");
    desk.click_on("clock  ");
    assert_eq!(desk.app.screens.len(), 1);
    desk.click_on("clock  ");
    assert_eq!(desk.app.shown().screen.title(), "clock");
}

#[test]
fn what_is_drawn_over_is_copied_line_by_line() {
    let mut desk = Desk::new(100, 30);
    desk.press("g p");
    let frame = desk.frame();
    let lines: Vec<&str> = frame.lines().collect();
    let wanted = format!("{}\n{}", lines[3].chars().skip(4).collect::<String>(), lines[4][..10].trim_end());
    desk.drag((4, 3), (9, 4));
    assert_eq!(copied(&desk), Some(wanted.as_str()));
    assert_eq!(desk.app.held, None);
    assert!(desk.frame().contains("2 lines"), "{}", desk.frame());
}

#[test]
fn a_hand_that_is_not_quite_still_copies_nothing() {
    let mut desk = Desk::new(100, 30);
    desk.drag((4, 8), (5, 8));
    assert_eq!(copied(&desk), None);
}

#[test]
fn a_border_is_pulled_where_two_stand_side_by_side() {
    let mut desk = Desk::new(140, 30);
    desk.press("g k");
    let at = |desk: &mut Desk| {
        let frame = desk.frame();
        let line = frame.lines().nth(6).unwrap();
        u16::try_from(line.chars().position(|c| c == '│').unwrap()).unwrap()
    };
    let before = at(&mut desk);
    desk.drag((before, 6), (before - 20, 9));
    assert_eq!(at(&mut desk), before - 20);
    assert_eq!(copied(&desk), None);
    desk.drag((before - 20, 6), (1, 6));
    assert!(at(&mut desk) >= 30, "neither goes away: {}", desk.frame());
    let left = at(&mut desk);
    desk.drag((left, 6), (139, 6));
    assert!(at(&mut desk) <= 110, "{}", desk.frame());
}

#[test]
fn the_wheel_scrolls_what_is_in_front() {
    let mut desk = Desk::new(80, 24);
    for keys in ["?", ":"] {
        desk.press(keys);
        let before = desk.cells();
        desk.wheel(true);
        let after = desk.cells();
        assert_ne!(after, before, "{keys}");
        desk.wheel(false);
        assert_eq!(desk.cells(), before, "{keys}");
        desk.press("Esc");
    }
}

#[test]
fn lines_in_front_are_clicked_on() {
    let mut desk = Desk::new(100, 30);
    desk.press("g");
    desk.click_on("Runs ");
    assert_eq!(desk.app.shown().screen.place(), Some(Place::Runs));
    desk.press(": k e y s");
    desk.click_on("go to   API keys");
    if !desk.app.layers.is_empty() {
        desk.click_on("go to   API keys");
    }
    assert_eq!(desk.app.shown().screen.place(), Some(Place::Keys));
    desk.press("?");
    desk.drag((0, 2), (0, 2));
    assert!(desk.app.layers.is_empty(), "a click beside it closes the help");
}

#[test]
fn a_form_is_clicked_through_and_stays_when_the_click_is_beside_it() {
    let mut desk = Desk::new(100, 30);
    desk.press("/ c l o c k Enter Enter E");
    desk.click_on("description");
    desk.write("tells the time");
    desk.drag((0, 2), (0, 2));
    let frame = desk.frame();
    let line = frame.lines().find(|line| line.contains("description")).unwrap();
    assert!(line.contains("tells the time"), "{frame}");
}

#[test]
fn the_question_before_the_end_is_answered_by_a_click() {
    let mut desk = Desk::new(80, 24);
    desk.press("q");
    desk.click_on("n stay");
    assert!(desk.app.layers.is_empty() && desk.done.is_empty());
    desk.press("q");
    desk.click_on("y end");
    assert!(matches!(desk.done[..], [Effect::Quit]));
}
