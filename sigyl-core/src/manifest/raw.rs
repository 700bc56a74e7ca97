//! Turns the bytes of a YAML file into values with places.
//!
//! `serde_yaml` reads the values and the marked parser the places, from the same bounded text. The two are joined
//! node by node: a text that they read differently is refused, never guessed at.

use super::node::{Entry, Node, Value};
use super::position::{Marked, What, mark};
use super::problem::{Place, Problem, Problems, shown};

/// Bytes of one file at most.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// What a manifest begins with.
const START: &str = "set `name`, `runtime`, `entryPoint` and `startCommand.type`";

/// Reads a file whose root is a map of fields; reports everything that is wrong and returns nothing then.
pub(super) fn read(file: &Place, bytes: &[u8], problems: &mut Problems) -> Option<Node> {
    read_as(file, bytes, START, problems)
}

/// The same for another kind of file; `start` says what to write into an empty one.
pub(crate) fn read_as(file: &Place, bytes: &[u8], start: &str, problems: &mut Problems) -> Option<Node> {
    match parse(file, bytes, start) {
        Ok(root) => Some(root),
        Err(found) => {
            found.into_iter().for_each(|problem| problems.error(problem));
            None
        }
    }
}

fn parse(file: &Place, bytes: &[u8], start: &str) -> Result<Node, Vec<Problem>> {
    let text = text_of(file, bytes).map_err(|problem| vec![*problem])?;
    if let Some(problem) = unprintable(file, text) {
        return Err(vec![problem]);
    }
    let empty = || vec![file.problem("", "is empty, or holds comments only").hint(start)];
    // Without a last line break the two readers end a last block of text differently.
    let text = &format!("{text}\n");
    let marked = mark(text, file)?.ok_or_else(empty)?;
    let value = serde_yaml::from_str(text).map_err(|error| vec![refused(file, &error)])?;
    let root = join(file, marked, value).map_err(|problem| vec![*problem])?;
    match root.value {
        Value::Map(_) => Ok(root),
        Value::Null => Err(empty()),
        other => Err(vec![
            root.place
                .problem("", format!("holds {} where `field: value` lines are expected", other.sort()))
                .hint(start),
        ]),
    }
}

/// Returns the text of a file that is UTF-8 and within bounds.
pub(super) fn text_of<'a>(file: &Place, bytes: &'a [u8]) -> Result<&'a str, Box<Problem>> {
    if bytes.len() > MAX_BYTES {
        let message = format!("has {} bytes, and at most {MAX_BYTES} are read", bytes.len());
        return Err(Box::new(file.problem("", message).hint("move data out of it")));
    }
    let bad = bytes.iter().position(|&byte| byte == 0);
    let text = std::str::from_utf8(bytes);
    let bad = match (bad, &text) {
        (Some(nul), Err(error)) => Some(nul.min(error.valid_up_to())),
        (None, Err(error)) => Some(error.valid_up_to()),
        (nul, Ok(_)) => nul,
    };
    match (text, bad) {
        (Ok(text), None) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        (_, bad) => {
            let place = place_after(file, &String::from_utf8_lossy(&bytes[..bad.unwrap_or(0)]));
            let message = "is not UTF-8 text (a binary file?)";
            Err(Box::new(place.problem("", message).hint("save it as UTF-8")))
        }
    }
}

/// Returns the place that follows a text.
pub(super) fn place_after(file: &Place, before: &str) -> Place {
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    file.at(line, column)
}

/// Finds the first character that is not YAML, or that ends a line for some readers and not for others: behind such
/// a line end a comment could hide a field.
fn unprintable(file: &Place, text: &str) -> Option<Problem> {
    let bare = |c: char| matches!(c, '\t' | '\n' | '\r');
    let other = |c: char| matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    let bad = |c: char| (c.is_control() && !bare(c)) || other(c);
    let (at, c) = text.char_indices().find(|(_, c)| bad(*c))?;
    let message = format!("holds the control character {}", c.escape_unicode());
    Some(place_after(file, &text[..at]).problem("", message).hint("remove it, or escape it in double quotes"))
}

fn refused(file: &Place, error: &serde_yaml::Error) -> Problem {
    let place = error.location().map_or_else(|| file.clone(), |at| file.at(at.line(), at.column()));
    place.problem("", format!("is not YAML: {}", shown(&error.to_string())))
}

fn join(file: &Place, marked: Marked, value: serde_yaml::Value) -> Result<Node, Box<Problem>> {
    let place = file.at(marked.line, marked.column);
    let value = match (marked.what, value) {
        (What::List(marks), serde_yaml::Value::Sequence(values)) if marks.len() == values.len() => {
            let items = marks.into_iter().zip(values).map(|(mark, value)| join(file, mark, value));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        (What::Map(marks), serde_yaml::Value::Mapping(values)) if marks.len() == values.len() => {
            let pairs = marks.into_iter().zip(values);
            Value::Map(pairs.map(|(mark, value)| entry(file, mark, value)).collect::<Result<_, _>>()?)
        }
        (What::Scalar { text, plain }, value) => scalar(&place, text, plain, value)?,
        _ => return Err(disagree(&place)),
    };
    Ok(Node { place, value })
}

fn entry(
    file: &Place,
    (key, node): (Marked, Marked),
    (name, value): (serde_yaml::Value, serde_yaml::Value),
) -> Result<Entry, Box<Problem>> {
    let place = file.at(key.line, key.column);
    match (key.what, name) {
        (What::Scalar { text, .. }, serde_yaml::Value::String(name)) if text == name => {
            Ok(Entry { key: name, place, node: join(file, node, value)? })
        }
        (What::Scalar { text, .. }, serde_yaml::Value::Number(_) | serde_yaml::Value::Bool(_)) => {
            let text = shown(&text);
            let message = format!("the key `{text}` is not text");
            Err(Box::new(place.problem("", message).hint(format!("quote it: \"{text}\""))))
        }
        (What::Scalar { .. }, serde_yaml::Value::Null) => {
            Err(Box::new(place.problem("", "a key is missing").hint("write one before the `:`")))
        }
        _ => Err(disagree(&place)),
    }
}

fn scalar(place: &Place, text: String, plain: bool, value: serde_yaml::Value) -> Result<Value, Box<Problem>> {
    match value {
        serde_yaml::Value::String(value) if value == text => Ok(Value::Text(value)),
        serde_yaml::Value::Null if plain => Ok(Value::Null),
        serde_yaml::Value::Bool(truth) if plain => Ok(Value::Truth(truth, text)),
        serde_yaml::Value::Number(number) if plain => {
            let json = match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(whole), ..) => Some(whole.into()),
                (_, Some(whole), _) => Some(whole.into()),
                (.., float) => float.and_then(serde_json::Number::from_f64),
            };
            let finite = || Box::new(place.problem("", format!("`{}` is not a finite number", shown(&text))));
            let number = json.ok_or_else(finite)?;
            Ok(Value::Number(number, text))
        }
        _ => Err(disagree(place)),
    }
}

fn disagree(place: &Place) -> Box<Problem> {
    let message = "two YAML readers read this differently, so it is not read at all";
    Box::new(place.problem("", message).hint("write it more plainly, for example in double quotes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(bytes: &[u8]) -> String {
        let mut problems = Problems::default();
        assert!(read(&Place::file("sigyl.yaml"), bytes, &mut problems).is_none());
        problems.finish().unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_map_of_fields_gives_one_clear_problem() {
        let deep_list = format!("a: {}", "[".repeat(100_000));
        let deep_map = format!("a: {}", "{a: ".repeat(100_000));
        let deep_block = "- ".repeat(100_000);
        let bomb = (1..10).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
            let last = format!("*a{}, ", n - 1).repeat(9);
            text + &format!("a{n}: &a{n} [{last}]\n")
        });
        let many = format!("a: &a x\nb: [{}]\n", "*a, ".repeat(101));
        let wide = format!("a: &a {}\nb: [{}]\n", "x".repeat(900_000), "*a, ".repeat(9));
        let large = "a: b\n".repeat(300_000);
        let cases: &[(&str, &[u8])] = &[
            ("empty", b""),
            ("comment", b"# nothing\n"),
            ("dashes", b"---\n"),
            ("list", b"- a\n- b\n"),
            ("text", b"hello\n"),
            ("binary", b"\x7fELF\x02\x01\0\0\0"),
            ("latin1", b"name: a\ntitle: Gr\xfc\xdfe\n"),
            ("nul", b"name: \"a\0b\"\n"),
            ("broken", b"name: [a\nb: c\n"),
            ("tab", b"build:\n\tcommand: x\n"),
            ("two documents", b"a: 1\n---\nb: 2\n"),
            ("twice", b"name: a\ntitle: b\nname: c\ntitle: d\nbuild: {a: 1, 'a': 2}\n"),
            ("tag", b"name: !!python/object:os.system x\n"),
            ("key list", b"? [a, b]\n: c\n"),
            ("key number", b"a: {1: x}\n"),
            ("key nothing", b": x\n"),
            ("not a number", b"resources: {cpu: .nan}\n"),
            ("unknown alias", b"a: *b\n"),
            ("own alias", b"a: &a [*a]\n"),
            ("control", b"a: \"\x1b[2J\"\n"),
            ("line break", "a: b # \u{2028}name: c\n".as_bytes()),
            ("deep list", deep_list.as_bytes()),
            ("deep map", deep_map.as_bytes()),
            ("deep block", deep_block.as_bytes()),
            ("bomb", bomb.as_bytes()),
            ("many aliases", many.as_bytes()),
            ("wide alias", wide.as_bytes()),
            ("large", large.as_bytes()),
        ];
        let all: Vec<_> = cases.iter().map(|(name, bytes)| format!("{name}: {}", problems(bytes))).collect();
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn values_keep_their_places_and_what_was_written() {
        let text = "\u{feff}a: &x 0x1F\nb:\n  - *x\n  - 'q'\nü: [~, 1.50, true]\n";
        let mut problems = Problems::default();
        let root = read(&Place::file("f"), text.as_bytes(), &mut problems).unwrap();
        let of = |node: &Node| (node.place.at.unwrap(), node.value.clone());
        assert_eq!(of(root.find("a").unwrap()), ((1, 4), Value::Number(31.into(), "0x1F".to_owned())));
        let items = root.find("b").unwrap().items();
        assert_eq!(of(&items[0]), ((3, 5), Value::Number(31.into(), "0x1F".to_owned())));
        assert_eq!(of(&items[1]), ((4, 5), Value::Text("q".to_owned())));
        let items = root.find("ü").unwrap().items();
        assert_eq!(of(&items[0]), ((5, 5), Value::Null));
        assert!(matches!(&items[1].value, Value::Number(_, written) if written == "1.50"));
        assert_eq!(of(&items[2]), ((5, 14), Value::Truth(true, "true".to_owned())));
    }

    #[test]
    fn usual_ways_of_writing_are_read_alike_by_both_readers() {
        let text = "folded: >-\n  one\n  two\n\n  three\nkept: |+\n  a\n   b\n\nplain: a b\n  c d\n\
                    double: \"a\\n\\u00e9 b\\\n  c\"\nsingle: 'it''s\n  here'\nempty:\nmap: {a: 1, b: [x, y,],}\n\
                    ? key\n: value\nurl: http://a.example:80/b#c\nstrip: |-\n  x\n\n# end\n";
        let mut problems = Problems::default();
        let root = read(&Place::file("f"), text.as_bytes(), &mut problems);
        assert!(root.is_some(), "{}", problems.finish().unwrap_err());
        assert_eq!(root.unwrap().find("folded").unwrap().as_text(), Some("one two\nthree"));
    }

    #[test]
    fn line_ends_of_windows_change_nothing() {
        let text = "a: |\n  x\n   y\n\nb: 'c\n  d'\ne:\n  - >-\n    f\n    g\n";
        let value = |text: &str| {
            let mut problems = Problems::default();
            let root = read(&Place::file("f"), text.as_bytes(), &mut problems);
            root.unwrap_or_else(|| panic!("{}", problems.finish().unwrap_err()))
        };
        assert_eq!(value(&text.replace('\n', "\r\n")), value(text));
        assert_eq!(value(text.trim_end()), value(text));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            check_places(&bytes);
        }

        #[test]
        fn any_yaml_like_text_is_read_or_refused(text in "([a-c]|[-:?&*!|>%@`'\"{}\\[\\],#~<\\\\.]| |\n|\t|  |: |- |é|0){0,80}") {
            check_places(text.as_bytes());
        }
    }

    /// Whatever comes out, every place is within the text.
    fn check_places(bytes: &[u8]) {
        fn within(node: &Node, lines: &[usize]) {
            let (line, column) = node.place.at.unwrap();
            assert!(line >= 1 && line <= lines.len() + 1 && column >= 1, "{node:?}");
            assert!(lines.get(line - 1).is_none_or(|length| column <= length + 1), "{node:?} {lines:?}");
            node.items()
                .iter()
                .chain(node.entries().iter().map(|entry| &entry.node))
                .for_each(|n| within(n, lines));
        }
        let mut problems = Problems::default();
        let root = read(&Place::file("f"), bytes, &mut problems);
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<_> = text.split(['\n', '\r']).map(|line| line.chars().count()).collect();
        match (root, problems.finish()) {
            (Some(root), Ok(_)) => within(&root, &lines),
            (None, Err(error)) => {
                for problem in error.problems {
                    assert!(
                        problem.line.is_none_or(|line| line >= 1 && line <= lines.len() + 1),
                        "{problem:?}"
                    );
                }
            }
            other => panic!("neither read nor refused: {other:?}"),
        }
    }
}
