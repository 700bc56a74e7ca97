//! From a text to its entries, whichever of the three forms it has.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::rc::Rc;

use serde::de::DeserializeSeed as _;
use serde_json::{Deserializer, Map, Value};

use super::input::{Input, Line};
use super::mend::mended;
use super::part::{Part, Role};
use super::row::{BadRow, Place, Row, RowKind, RowsOf};
use super::value::Twice;

/// Bytes that one entry may have.
const ENTRY: usize = 32 << 20;

/// Who takes what is read: it says whether more is wanted.
pub(super) type Take<'a> = &'a mut dyn FnMut(Result<Row, BadRow>, usize) -> bool;

/// How far a text was read.
pub(super) struct Reading<'a> {
    pub(super) of: RowsOf,
    take: Take<'a>,
    /// The line, in JSON Lines.
    line: Option<u64>,
    /// Entries of lists so far, in this line or document.
    entries: u64,
    /// Whether characters of this line had to be replaced.
    mended: bool,
    /// Bytes read since the last entry.
    spent: &'a Cell<usize>,
    /// A member that stands twice in what was read since the last entry.
    pub(super) twice: Rc<Twice>,
    stopped: bool,
}

/// Reads all entries of a text; what it returns is an error of the reader, never of the text.
pub(super) fn read<R: BufRead>(input: &mut Input<R>, of: RowsOf, take: Take<'_>) -> io::Result<()> {
    let spent = Cell::new(0);
    let mut reading = Reading {
        of,
        take,
        line: None,
        entries: 0,
        mended: false,
        spent: &spent,
        twice: Rc::default(),
        stopped: false,
    };
    let mut first = true;
    while let Some(mut line) = input.line(ENTRY)? {
        if first {
            without_mark(&mut line.bytes);
        }
        if line.bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let is_document = first && begins_a_document(&line);
        first = false;
        if is_document {
            return reading.document(&line, input);
        }
        reading.line(&line);
        if reading.stopped {
            return Ok(());
        }
        if !line.whole {
            input.skip_line()?;
        }
    }
    if first {
        // Nothing at all is what a command leaves behind that failed; a list that holds nothing says so.
        reading
            .bad(Place { line: Some(1), entry: None }, "there is nothing: no list, and no entry".to_owned());
    }
    Ok(())
}

/// Removes the mark that some editors put in front of UTF-8.
fn without_mark(bytes: &mut Vec<u8>) {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
}

/// Tells whether a JSON text goes on after its first line: the line breaks off where no line of JSON Lines ends.
fn begins_a_document(line: &Line) -> bool {
    let text = line.bytes.trim_ascii();
    let opens = text.starts_with(b"[") || text.starts_with(b"{");
    opens
        && (!line.whole
            || text.ends_with(b"[")
            || text.ends_with(b"{")
            || text.ends_with(b",")
            || text.ends_with(b":"))
}

impl Reading<'_> {
    /// Reads one line of JSON Lines, which may also be a list whole.
    fn line(&mut self, line: &Line) {
        (self.line, self.entries) = (Some(line.number), 0);
        self.spent.set(line.bytes.len());
        let place = Place { line: self.line, entry: None };
        let text = line.bytes.trim_ascii();
        if !line.whole {
            return self.bad(place, format!("it is longer than {ENTRY} bytes"));
        }
        if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
            return self.bad(place, "it is UTF-16; write it as UTF-8".to_owned());
        }
        if !text.starts_with(b"{") && !text.starts_with(b"[") {
            return self.bad(place, "it is no JSON object".to_owned());
        }
        let mended = mended(text);
        self.mended = mended.is_some();
        let mut deserializer = Deserializer::from_slice(mended.as_deref().unwrap_or(text));
        let done = self.part(&mut deserializer).and_then(|()| deserializer.end());
        if let Err(error) = done
            && !self.stopped
        {
            self.bad(place, format!("it is no JSON: {}", without_line(&error)));
        }
    }

    /// Reads a text that is one JSON value over many lines, or a very long one; after an error the rest of it cannot be
    /// told from its beginning any more.
    fn document<R: BufRead>(&mut self, line: &Line, input: &mut Input<R>) -> io::Result<()> {
        let end: &[u8] = if line.whole { b"\n" } else { b"" };
        let before = line.number - 1;
        let text = Cursor::new(&line.bytes).chain(end).chain(input);
        let text = BufReader::new(Bounded { inner: text, spent: self.spent });
        let mut deserializer = Deserializer::from_reader(text);
        let done = self.part(&mut deserializer).and_then(|()| deserializer.end());
        let Err(error) = done else { return Ok(()) };
        match error.io_error_kind() {
            _ if self.stopped => {}
            Some(io::ErrorKind::FileTooLarge) => {
                let place = Place { line: None, entry: Some(self.entries + 1) };
                self.bad(place, format!("it is larger than {ENTRY} bytes, so nothing after it was read"));
            }
            Some(_) => return Err(error.into()),
            None => {
                let place = Place { line: Some(before + error.line() as u64), entry: None };
                let why = without_line(&error);
                self.bad(place, format!("it is no JSON, so nothing after it was read: {why}"));
            }
        }
        Ok(())
    }

    fn part<'de, R: serde_json::de::Read<'de>>(
        &mut self,
        deserializer: &mut Deserializer<R>,
    ) -> Result<(), serde_json::Error> {
        Part { reading: self, role: Role::Whole }.deserialize(deserializer).map(|_| ())
    }

    /// Takes an entry of a list that a server answered.
    pub(super) fn listed(&mut self, kind: RowKind, value: Value) -> bool {
        let place = self.next_entry();
        let row = object(value).and_then(|members| Row::listed(place, kind, members));
        self.give(place, row)
    }

    /// Takes an entry of a bare list.
    pub(super) fn entry(&mut self, value: Value) -> bool {
        let place = self.next_entry();
        let row = object(value).and_then(|members| self.row(place, members));
        self.give(place, row)
    }

    /// Takes what an object holds besides the lists that have left.
    pub(super) fn object(&mut self, mut members: Map<String, Value>, lists: bool) -> bool {
        let place = Place { line: self.line, entry: None };
        let of_server = self.of == RowsOf::Tools
            && (lists || !members.contains_key("name"))
            && ["instructions", "serverInfo", "nextCursor"].iter().any(|one| members.contains_key(*one));
        if !lists && !of_server {
            let row = self.row(place, members);
            return self.give(place, row);
        }
        if let Some(Value::String(text)) = members.remove("instructions")
            && !self.give(place, Ok(Row::instructions(place, text)))
        {
            return false;
        }
        if let Some(Value::Object(server)) = members.remove("serverInfo") {
            let row = Row::listed(place, RowKind::Server, server);
            if !self.give(place, row) {
                return false;
            }
        }
        match members.get("nextCursor") {
            Some(cursor) if !cursor.is_null() => {
                self.give(place, Err("the list goes on at `nextCursor`, and the rest is not here".to_owned()))
            }
            _ => true,
        }
    }

    fn row(&self, place: Place, members: Map<String, Value>) -> Result<Row, String> {
        match self.of {
            RowsOf::Tools => Row::tool(place, members),
            RowsOf::Code => Row::code(place, members),
        }
    }

    fn next_entry(&mut self) -> Place {
        self.entries += 1;
        Place { line: self.line, entry: Some(self.entries) }
    }

    fn bad(&mut self, place: Place, why: String) {
        self.give(place, Err(why));
    }

    fn give(&mut self, place: Place, row: Result<Row, String>) -> bool {
        let bytes = self.spent.replace(0);
        let row = match self.twice.take() {
            Some(member) => {
                Err(format!("`{member}` stands in it twice, and readers differ in which one they take"))
            }
            None => row,
        };
        let row = row.map(|row| Row { mended: self.mended, ..row }).map_err(|why| BadRow { place, why });
        let goes_on = (self.take)(row, bytes);
        self.stopped |= !goes_on;
        goes_on
    }
}

fn object(value: Value) -> Result<Map<String, Value>, String> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err("it is no JSON object".to_owned()),
    }
}

/// Says what is wrong, without the line, which is said before.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) => format!("{what} at column {}", error.column()),
        None => text,
    }
}

/// A reader that refuses to go on when nothing came of very many bytes.
struct Bounded<'a, R> {
    inner: R,
    spent: &'a Cell<usize>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.spent.get() > ENTRY {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(into)?;
        self.spent.set(self.spent.get() + read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Subject;
    use super::*;

    /// What a text holds, each entry in a few words.
    fn seen(of: RowsOf, text: impl AsRef<[u8]>) -> Vec<String> {
        let mut seen = Vec::new();
        let mut input = Input::new(text.as_ref());
        read(&mut input, of, &mut |row, _| {
            seen.push(match row {
                Ok(Row { id, subject: Subject::Tool(kind, tool), .. }) => {
                    let members = tool.definition().keys().map(String::as_str).collect::<Vec<_>>();
                    format!("{id} {kind:?} {}: {}", tool.name(), members.join(" "))
                }
                Ok(Row { subject: Subject::Instructions(text), .. }) => format!("instructions {text}"),
                Ok(Row { id, subject: Subject::Code { path, code }, .. }) => format!("{id} {path}: {code}"),
                Err(bad) => format!("{}: {}", bad.place, bad.why),
            });
            true
        })
        .unwrap();
        seen
    }

    #[test]
    fn a_list_of_each_kind_is_read_in_whichever_form_it_comes() {
        let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a","inputSchema":{}}],"prompts":[{"name":"p"}],
            "resources":[{"name":"r","uri":"x:"}],"instructions":"be good","serverInfo":{"name":"s","version":"1"}}}"#;
        let wanted = [
            "null Tool a: inputSchema name",
            "null Prompt p: name",
            "null Resource r: name uri",
            "instructions be good",
            "null Server s: name version",
        ];
        assert_eq!(seen(RowsOf::Tools, answer), wanted);
        assert_eq!(seen(RowsOf::Tools, answer.replace('\n', " ")), wanted);
        let array = "[\n {\"id\": 7, \"name\": \"a\"},\n {\"name\": \"b\", \"id\": \"x\"}\n]\n";
        let wanted = ["7 Tool a: name", "\"x\" Tool b: name"];
        assert_eq!(seen(RowsOf::Tools, array), wanted);
        assert_eq!(seen(RowsOf::Tools, array.replace('\n', "")), wanted);
        let lines = "\u{feff}{\"id\": 7, \"name\": \"a\"}\r\n\n{\"name\": \"b\", \"id\": \"x\"}";
        assert_eq!(seen(RowsOf::Tools, lines), wanted);
    }

    #[test]
    fn nothing_at_all_and_a_member_twice_are_told() {
        for text in ["", "\n \n", "\u{feff}"] {
            assert_eq!(
                seen(RowsOf::Tools, text),
                ["line 1: there is nothing: no list, and no entry"],
                "{text:?}"
            );
        }
        assert!(seen(RowsOf::Tools, "[]").is_empty() && seen(RowsOf::Tools, r#"{"tools": []}"#).is_empty());
        let twice = r#"{"name": "a", "description": "poison", "description": "fine"}"#;
        for (text, place) in
            [(twice.to_owned(), "line 1"), (format!("[{twice}, {{\"name\": \"b\"}}]"), "line 1, entry 1")]
        {
            let told = seen(RowsOf::Tools, &text);
            assert!(told[0].starts_with(&format!("{place}: `description` stands in it twice")), "{told:?}");
            assert_eq!(told.get(1).is_some(), text.starts_with('['), "{told:?}");
        }
        let deep =
            r#"{"tools": [{"name": "a", "inputSchema": {"properties": {"x": {"type": "a", "type": "b"}}}}]}"#;
        assert!(seen(RowsOf::Tools, deep)[0].contains("`type` stands in it twice"));
    }

    #[test]
    fn the_envelope_of_a_collection_is_no_part_of_a_tool() {
        let row = r#"{"id":"m-1","kind":"tool","name":"a","description":"d","input_schema":{},"label":"x","category":"y","source":"z"}"#;
        assert_eq!(seen(RowsOf::Tools, row), ["\"m-1\" Tool a: description inputSchema name"]);
        let listed = format!("{{\"tools\":[{row}]}}");
        let kept = "\"m-1\" Tool a: category description id inputSchema kind label name source";
        assert_eq!(seen(RowsOf::Tools, listed), [kept], "a server may not hide text there");
    }

    #[test]
    fn a_bad_line_is_told_by_its_number_and_the_others_are_read() {
        let lines = "{\"name\": \"a\"\n{\"name\": \"b\"}\nnot json\n3\n{\"description\": \"c\"}\n[{\"name\": \"d\"}, 4]\n{\"name\": \"e\"} x\n";
        assert_eq!(
            seen(RowsOf::Tools, lines),
            [
                "line 1: it is no JSON: EOF while parsing an object at column 12",
                "null Tool b: name",
                "line 3: it is no JSON object",
                "line 4: it is no JSON object",
                "line 5: it is a tool without a `name` that is a string",
                "null Tool d: name",
                "line 6, entry 2: it is no JSON object",
                "null Tool e: name",
                "line 7: it is no JSON: trailing characters at column 15",
            ]
        );
    }

    #[test]
    fn a_document_that_breaks_off_is_told_by_its_line_and_what_came_before_counts() {
        let text = "{\"tools\": [\n{\"name\": \"a\"},\n{\"name\": oops}\n]}";
        let told = seen(RowsOf::Tools, text);
        assert_eq!(told[0], "null Tool a: name");
        assert!(
            told[1].starts_with("line 3: it is no JSON, so nothing after it was read: expected"),
            "{told:?}"
        );
        assert_eq!(seen(RowsOf::Tools, b"\xff\xfe{\0"), ["line 1: it is UTF-16; write it as UTF-8"]);
        let more = seen(RowsOf::Tools, r#"{"tools": [], "nextCursor": "2"}"#);
        assert_eq!(more, ["line 1: the list goes on at `nextCursor`, and the rest is not here"]);
        assert!(seen(RowsOf::Tools, r#"{"tools": [], "nextCursor": null}"#).is_empty());
    }

    #[test]
    fn code_has_a_path_or_a_name() {
        let lines = "{\"id\":1,\"path\":\"a.py\",\"code\":\"x\"}\n{\"name\":\"b.js\",\"code\":\"y\",\"label\":\"z\"}\n{\"path\":\"c.py\"}\n{\"code\":\"x\"}";
        assert_eq!(
            seen(RowsOf::Code, lines),
            [
                "1 a.py: x",
                "null b.js: y",
                "line 3: it has no `code` that is a string",
                "line 4: it has no `path` (or `name`) that is a string",
            ]
        );
    }

    #[test]
    fn an_entry_beyond_the_limit_is_told_and_the_next_line_is_read() {
        let long = "x".repeat(ENTRY + (1 << 20));
        let lines =
            format!("{{\"name\":\"a\"}}\n{{\"name\":\"b\",\"description\":\"{long}\"}}\n{{\"name\":\"c\"}}");
        let told = seen(RowsOf::Tools, lines);
        assert_eq!((told[0].as_str(), told[2].as_str()), ("null Tool a: name", "null Tool c: name"));
        assert!(told[1].starts_with("line 2: it is longer than"), "{}", told[1]);
        let document =
            format!("{{\"tools\":[{{\"name\":\"a\"}},{{\"name\":\"b\",\"description\":\"{long}\"}}]}}");
        let told = seen(RowsOf::Tools, document);
        assert_eq!(told[0], "null Tool a: name");
        assert!(told[1].starts_with("entry 2: it is larger than"), "{}", told[1]);
    }

    #[test]
    fn nobody_is_asked_again_who_wants_no_more() {
        let mut asked = 0;
        let mut input = Input::new(&b"[{\"name\":\"a\"},{\"name\":\"b\"}]\n{\"name\":\"c\"}"[..]);
        read(&mut input, RowsOf::Tools, &mut |_, _| {
            asked += 1;
            false
        })
        .unwrap();
        assert_eq!(asked, 1);
    }
}
