//! Reads JSON with comments and trailing commas, with the place of each value; of a broken text, what stands before the
//! break.

use super::tree::{Node, Value};

/// Depth to which values nest.
const DEPTH: usize = 64;

/// Where a text breaks, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) at: usize,
    pub(super) why: String,
}

/// Reads a text; what could be read of it, and where it breaks.
pub(super) fn read(text: &str) -> (Node, Option<Broken>) {
    let text_at = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut reader = Reader { text, at: text_at, broken: None };
    let root = reader.value(0);
    if reader.broken.is_none() {
        reader.blanks();
        if reader.at < text.len() {
            reader.breaks("something follows the end of the value");
        }
    }
    (root, reader.broken)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    broken: Option<Broken>,
}

impl Reader<'_> {
    fn breaks(&mut self, why: &str) {
        self.broken.get_or_insert(Broken { at: self.at.min(self.text.len()), why: why.to_owned() });
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes blanks and comments.
    fn blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let blank = rest.len() - rest.trim_start().len();
            let rest = &rest[blank..];
            self.at += blank;
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                match comment.find("*/") {
                    Some(length) => self.at += length + 4,
                    None => {
                        self.breaks("a comment that does not end");
                        self.at = self.text.len();
                    }
                }
            } else {
                return;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Node {
        self.blanks();
        let at = self.at;
        if depth > DEPTH {
            self.breaks("values nest too deeply");
            return Node { at, value: Value::Null };
        }
        let value = match self.peek() {
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Value::Text(self.string()),
            _ => self.word(),
        };
        Node { at, value }
    }

    fn map(&mut self, depth: usize) -> Value {
        self.at += 1;
        let mut members = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Value::Map(members);
                }
                Some(b'"') => {}
                _ => {
                    self.breaks("a name in quotes or `}` is missing");
                    return Value::Map(members);
                }
            }
            let at = self.at;
            let name = self.string();
            self.blanks();
            if self.peek() == Some(b':') && self.broken.is_none() {
                self.at += 1;
                let value = self.value(depth + 1);
                members.push((name, at, value));
            } else {
                self.breaks("`:` is missing after a name");
            }
            if !self.goes_on(b'}') {
                return Value::Map(members);
            }
        }
    }

    fn list(&mut self, depth: usize) -> Value {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blanks();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Value::List(items);
            }
            let item = self.value(depth + 1);
            items.push(item);
            if !self.goes_on(b']') {
                return Value::List(items);
            }
        }
    }

    /// Passes a comma, or tells whether the end comes next.
    fn goes_on(&mut self, end: u8) -> bool {
        if self.broken.is_some() {
            return false;
        }
        self.blanks();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                true
            }
            Some(next) if next == end => true,
            _ => {
                self.breaks("`,` or an end is missing");
                false
            }
        }
    }

    fn string(&mut self) -> String {
        let bytes = self.text.as_bytes();
        let start = self.at;
        self.at += 1;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    let raw = &self.text[start..self.at];
                    return match serde_json::from_str(raw) {
                        Ok(text) => text,
                        // A control character or odd escape, such as a path with single backslashes.
                        Err(_) => raw[1..raw.len() - 1].to_owned(),
                    };
                }
                b'\\' => self.at += 2,
                b'\n' => break,
                _ => self.at += 1,
            }
        }
        self.breaks("a text that does not end on its line");
        self.at = self.text.ceil_char_boundary(self.at.min(self.text.len()));
        self.text[start + 1..self.at].to_owned()
    }

    fn word(&mut self) -> Value {
        let rest = &self.text[self.at..];
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        let value = match word {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            word if word.parse::<f64>().is_ok() => Value::Number(word.to_owned()),
            _ => {
                self.breaks("a value is missing");
                return Value::Null;
            }
        };
        self.at += word.len();
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_passed_and_places_kept() {
        let text = "// a\n{ /* b */ \"x\": [1, \"two // no comment\",], \"y\": {\"z\": null,}, }\n";
        let (root, broken) = read(text);
        assert_eq!(broken, None);
        let (name, at, list) = &root.members()[0];
        assert_eq!((name.as_str(), &text[*at..*at + 3]), ("x", "\"x\""));
        assert_eq!(list.items()[1].text(), Some("two // no comment"));
        assert!(text[list.items()[1].at..].starts_with("\"two"));
    }

    #[test]
    fn what_stands_before_a_break_is_kept() {
        let (root, broken) = read("{\"a\": {\"b\": 1}, \"c\": {\"d\": }}");
        assert_eq!(root.get(&["a"]).and_then(|a| a.get(&["b"])).and_then(Node::plain).as_deref(), Some("1"));
        assert_eq!(broken.unwrap().at, 27);
        for text in
            ["", "{", "[", "{\"a", "{\"a\":", "/*", "{\"a\": tru}", "{} x", "\"\\", "é", "{\"a\" 1}", "[1 2]"]
        {
            assert!(read(text).1.is_some(), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(read(&deep).1.unwrap().why.contains("deeply"));
    }

    #[test]
    fn a_path_with_single_backslashes_is_taken_as_it_stands() {
        let (root, broken) = read(r#"{"command": "C:\dev\run.exe"}"#);
        assert_eq!((root.get(&["command"]).and_then(Node::text), broken), (Some(r"C:\dev\run.exe"), None));
    }
}
