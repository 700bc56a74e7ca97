//! Keys of the operator's own.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::chord::chord;
use super::file::{Problems, entries, nearest, text};
use crate::console::command::Command;
use crate::console::keymap::{Chord, Keymap, Scope};

/// Takes the keys of a file instead of those of the table: for each scope, commands by name with their keys. What is not
/// named keeps the keys that it has.
pub(in crate::console) fn keymap(tables: &DeTable<'_>, problems: &mut Problems<'_>) -> Keymap {
    let mut keymap = Keymap::default();
    for (name, table) in tables {
        let wanted = name.get_ref();
        let Some(scope) = Scope::ALL.into_iter().find(|scope| scope.name() == *wanted) else {
            let hint = nearest(wanted, Scope::ALL.map(Scope::name));
            problems.note(name.span(), format!("no keys are called `{wanted}`{hint}"));
            continue;
        };
        let mut set = Vec::new();
        for (name, value) in entries(table, problems) {
            rebind(&mut keymap, scope, (name.get_ref(), name.span()), value, problems)
                .into_iter()
                .for_each(|command| set.push((command, name.span())));
        }
        check(&mut keymap, scope, &set, problems);
    }
    keymap
}

/// Gives a command its keys, and says which one it was.
fn rebind(
    keymap: &mut Keymap,
    scope: Scope,
    (name, at): (&str, Range<usize>),
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems<'_>,
) -> Option<Command> {
    let keys = chords(value, problems);
    let mut names = Vec::new();
    for row in keymap.of(scope) {
        if row.command.name() == name {
            if row.command == Command::Quit && keys.is_empty() {
                problems.note(value.span(), "`quit` needs a key: there has to be a way out");
            }
            row.keys = Cow::Owned(keys);
            return Some(row.command);
        }
        names.push(row.command.name());
    }
    let hint = nearest(name, names);
    problems.note(at, format!("[{}] has no command `{name}`{hint}", scope.name()));
    None
}

fn chords(value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Vec<Chord> {
    let one = std::slice::from_ref(value);
    let values = match value.get_ref() {
        DeValue::Array(values) => values.iter().collect(),
        _ => one.iter().collect::<Vec<_>>(),
    };
    let mut chords = Vec::new();
    for value in values {
        let Some(text) = text(value, problems) else { continue };
        match chord(text) {
            Ok(chord) if chords.contains(&chord) => {
                problems.note(value.span(), format!("`{text}` stands here twice"))
            }
            Ok(chord) => chords.push(chord),
            Err(why) => problems.note(value.span(), why),
        }
    }
    chords
}

/// Holds that no key of what was set means something else in the same scope.
fn check(keymap: &mut Keymap, scope: Scope, set: &[(Command, Range<usize>)], problems: &mut Problems<'_>) {
    let rows: Vec<(Command, Vec<Chord>)> =
        keymap.of(scope).map(|row| (row.command, row.keys.to_vec())).collect();
    for (at, (command, place)) in set.iter().enumerate() {
        let Some((_, keys)) = rows.iter().find(|(it, _)| it == command) else { continue };
        for (other, theirs) in &rows {
            // Of two that were set, the later one is told.
            let later = set[at + 1..].iter().any(|(it, _)| it == other);
            let Some(key) = theirs.iter().find(|key| keys.contains(key)) else { continue };
            if other != command && !later {
                let (key, other, scope) = (key.name(true), other.name(), scope.name());
                problems.note(
                    place.clone(),
                    format!("{key} is `{other}` in [{scope}] already; give that another key too"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::super::file::{Wrong, parse};
    use super::*;

    fn read(text: &str) -> Result<Keymap, Wrong> {
        parse(text, Path::new("keys.toml"), keymap)
    }

    fn press(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
    }

    #[test]
    fn what_is_named_has_its_keys_and_the_rest_stays() {
        let keys =
            read("[dashboard]\ndeploy = ['n', 'f2']\n[everywhere]\nmessages = []\nquit = 'Q'\n").unwrap();
        let find = |c| keys.find(&[Scope::Dashboard, Scope::List], &press(c));
        assert_eq!(find('n'), Some(Command::Act("deploy")));
        assert_eq!((find('d'), find('!'), find('q')), (None, None, None));
        assert_eq!((find('r'), find('Q')), (Some(Command::Act("redeploy")), Some(Command::Quit)));
        assert!(keys.rows(&[]).all(|row| row.command != Command::Messages));
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let text = "[dashbord]\na = 'b'\n\n[dashboard]\ndeplay = 'x'\nredeploy = ['qq', 'ctrl-i']\ndelete = 7\ndeploy = 'S'\n[everywhere]\nquit = []\n[runs]\napprove = 'z'\nreject = 'z'\n";
        let told = read(text).unwrap_err().to_string();
        let lines: Vec<&str> = told.lines().collect();
        for (line, what) in [
            (1, "no keys are called `dashbord`; did you mean `dashboard`?"),
            (5, "[dashboard] has no command `deplay`; did you mean `deploy`?"),
            (6, "`ctrl-i` is `tab` to a terminal; take another"),
            (6, "`qq` is no key; write one such as q, ctrl-p, alt-left, f5"),
            (7, "a text in quotes belongs here"),
            (8, "S is `rescan` in [dashboard] already; give that another key too"),
            (10, "`quit` needs a key: there has to be a way out"),
            (13, "z is `approve` in [runs] already; give that another key too"),
        ] {
            assert!(lines.contains(&format!("keys.toml:{line}: {what}").as_str()), "{line}: {what}\n{told}");
        }
        assert_eq!(lines.len(), 8, "{told}");
    }

    #[test]
    fn two_keys_may_be_exchanged() {
        let keys = read("[runs]\napprove = 'x'\nreject = 'a'\n").unwrap();
        assert_eq!(keys.find(&[Scope::Runs], &press('x')), Some(Command::Act("approve")));
    }

    #[test]
    fn what_is_no_toml_is_told_alone() {
        let told = read("[runs]\napprove = \n[nowhere]\n").unwrap_err().to_string();
        assert!(told.starts_with("keys.toml:2: ") && !told.contains("nowhere"), "{told}");
    }

    #[test]
    fn every_command_has_a_name_of_its_own_in_its_scope() {
        let mut names = std::collections::BTreeSet::new();
        for scope in Scope::ALL {
            for row in Keymap::default().of(scope) {
                assert!(names.insert((scope.name(), row.command.name())), "{:?}", row.command);
            }
        }
        let all: std::collections::BTreeSet<_> = Scope::ALL.map(Scope::name).into_iter().collect();
        assert_eq!(all.len(), Scope::ALL.len());
        assert_eq!(names.len(), crate::console::keymap::BINDINGS.len());
    }
}
