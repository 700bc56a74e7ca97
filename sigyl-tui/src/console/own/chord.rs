//! Keys, as a file writes them.

use crossterm::event::KeyCode;

use crate::console::keymap::Chord;

/// Reads a key such as `q`, `ctrl-p`, `alt-left` or `f5`; otherwise says what is wrong.
pub(super) fn chord(text: &str) -> Result<Chord, String> {
    let (mut rest, mut ctrl, mut alt) = (text, false, false);
    loop {
        // What stands behind the sign is a key of its own, even where that is the sign once more.
        let part = rest.split_once('-').filter(|(_, key)| !key.is_empty());
        match part {
            Some(("ctrl", key)) if !ctrl => (rest, ctrl) = (key, true),
            Some(("alt", key)) if !alt => (rest, alt) = (key, true),
            _ => break,
        }
    }
    let code =
        code(rest).ok_or_else(|| format!("`{text}` is no key; write one such as q, ctrl-p, alt-left, f5"))?;
    if ctrl {
        check_ctrl(text, code)?;
    }
    Ok(Chord::with(code, ctrl, alt))
}

fn code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control() && !c.is_whitespace()).then_some(KeyCode::Char(c));
    }
    Some(match name {
        "space" => KeyCode::Char(' '),
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "shift-tab" => KeyCode::BackTab,
        "backspace" => KeyCode::Backspace,
        "delete" => KeyCode::Delete,
        "insert" => KeyCode::Insert,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "page-up" => KeyCode::PageUp,
        "page-down" => KeyCode::PageDown,
        _ => {
            let number = name.strip_prefix('f')?.parse().ok().filter(|number| (1..=12).contains(number))?;
            KeyCode::F(number)
        }
    })
}

/// Refuses what a terminal does not tell from another key.
fn check_ctrl(text: &str, code: KeyCode) -> Result<(), String> {
    let twin = match code {
        KeyCode::Char('i') => "tab",
        KeyCode::Char('m' | 'j') => "enter",
        KeyCode::Char('[') => "esc",
        KeyCode::Char(c) if c.is_uppercase() => {
            return Err(format!(
                "`{text}`: a terminal does not tell capitals with ctrl; write a small letter"
            ));
        }
        _ => return Ok(()),
    };
    Err(format!("`{text}` is `{twin}` to a terminal; take another"))
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyEvent, KeyModifiers};

    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_pressed() {
        let (none, ctrl, alt) = (KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT);
        for (text, code, held) in [
            ("q", KeyCode::Char('q'), none),
            ("D", KeyCode::Char('D'), none),
            ("-", KeyCode::Char('-'), none),
            ("ctrl--", KeyCode::Char('-'), ctrl),
            ("ctrl-p", KeyCode::Char('p'), ctrl),
            ("alt-left", KeyCode::Left, alt),
            ("ctrl-alt-x", KeyCode::Char('x'), ctrl | alt),
            ("shift-tab", KeyCode::BackTab, none),
            ("page-up", KeyCode::PageUp, none),
            ("f12", KeyCode::F(12), none),
            ("space", KeyCode::Char(' '), none),
        ] {
            assert_eq!(chord(text), Ok(Chord::of(&KeyEvent::new(code, held))), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            " ",
            "qq",
            "ctrl-",
            "f0",
            "f13",
            "ctrl-ctrl-p",
            "super-x",
            "\u{1b}",
            "ctrl-P",
            "ctrl-i",
            "ctrl-m",
        ] {
            assert!(chord(text).is_err(), "{text:?}");
        }
        assert!(chord("ctrl-i").unwrap_err().contains("is `tab` to a terminal"));
    }
}
