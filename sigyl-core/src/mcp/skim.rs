//! Reads along a message that is too long to keep, to learn whom it concerns.

use serde_json::value::RawValue;

use super::message::Id;

/// Bytes of one outer key or id; what is longer is none of those that are looked for.
const TOKEN_MOST: usize = 4096;

/// What a message that was not kept is, by its outermost fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Skimmed {
    /// An answer, and to what; nothing when that cannot be told for certain.
    Answer(Option<Id>),
    /// A request.
    Request(Id),
    /// A notification.
    Notification,
    /// No message.
    Other,
}

/// Reads the outermost fields of an object in bounded memory, however long it is and wherever they stand in it.
///
/// Only the outermost level counts: text inside a result cannot pass for an id, because strings and depth are followed
/// from the first byte to the last.
#[derive(Debug, Default)]
pub(crate) struct Skim {
    place: Place,
    /// Objects and lists that are open around the present byte.
    depth: u64,
    in_string: bool,
    escaped: bool,
    /// The outer key or value that is being read.
    token: Vec<u8>,
    cut: bool,
    field: Field,
    ids: Vec<Option<Id>>,
    answers: bool,
    asks: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    Key,
    Value,
    After,
    Broken,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Field {
    Id,
    Method,
    Outcome,
    #[default]
    Other,
}

impl Skim {
    /// Takes the next bytes of the line.
    pub(crate) fn see(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match (self.place, self.in_string) {
                (Place::Broken, _) => return,
                (_, true) => self.in_string(byte),
                (_, false) => self.outside(byte),
            }
        }
    }

    fn in_string(&mut self, byte: u8) {
        self.collect(byte);
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
    }

    fn outside(&mut self, byte: u8) {
        match (self.place, byte) {
            (_, b' ' | b'\t' | b'\r' | b'\n') => {}
            (Place::Before, b'{') => {
                self.depth = 1;
                self.place = Place::Key;
            }
            (Place::Key | Place::Value, b'"') => {
                self.in_string = true;
                self.collect(byte);
            }
            (Place::Key, b':') => self.end_key(),
            (Place::Key, b'}') if self.token.is_empty() => self.place = Place::After,
            (Place::Value, b'{' | b'[') => {
                self.collect(byte);
                self.depth += 1;
            }
            (Place::Value, b'}' | b']') if self.depth > 1 => self.depth -= 1,
            (Place::Value, b'}') => {
                self.end_value();
                self.place = Place::After;
            }
            (Place::Value, b',') if self.depth == 1 => {
                self.end_value();
                self.place = Place::Key;
            }
            (Place::Value, _) => self.collect(byte),
            _ => self.place = Place::Broken,
        }
    }

    /// Keeps a byte of an outer key, or of the value of the outer id.
    fn collect(&mut self, byte: u8) {
        let wanted = self.place == Place::Key || self.field == Field::Id;
        if self.depth != 1 || !wanted {
            return;
        }
        if self.token.len() < TOKEN_MOST {
            self.token.push(byte);
        } else {
            self.cut = true;
        }
    }

    fn end_key(&mut self) {
        let token = std::mem::take(&mut self.token);
        let key = serde_json::from_slice::<String>(&token);
        self.field = match key.as_deref() {
            Ok("id") => Field::Id,
            Ok("method") => Field::Method,
            Ok("result" | "error") => Field::Outcome,
            Ok(_) => Field::Other,
            Err(_) if std::mem::take(&mut self.cut) => Field::Other,
            Err(_) => {
                self.place = Place::Broken;
                return;
            }
        };
        self.place = Place::Value;
    }

    fn end_value(&mut self) {
        let token = std::mem::take(&mut self.token);
        match std::mem::take(&mut self.field) {
            Field::Id => {
                let whole = !std::mem::take(&mut self.cut);
                let raw = serde_json::from_slice::<&RawValue>(&token).ok().filter(|_| whole);
                self.ids.truncate(1);
                self.ids.push(raw.and_then(Id::read));
            }
            Field::Method => self.asks = true,
            Field::Outcome => self.answers = true,
            Field::Other => {}
        }
    }

    /// Tells what it was, after its last byte.
    pub(crate) fn end(mut self) -> Skimmed {
        // An outcome that breaks off in the middle is one all the same.
        self.answers |= self.field == Field::Outcome;
        let whole = self.place == Place::After;
        let id = match (whole, self.ids.as_mut_slice()) {
            (true, [id]) => id.take(),
            _ => None,
        };
        match (self.answers, self.asks, id) {
            (true, false, id) => Skimmed::Answer(id),
            (false, true, Some(id)) => Skimmed::Request(id),
            (false, true, None) if whole && self.ids.is_empty() => Skimmed::Notification,
            _ => Skimmed::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn skim(text: &str) -> Skimmed {
        let mut skim = Skim::default();
        skim.see(text.as_bytes());
        skim.end()
    }

    fn answer(id: i64) -> Skimmed {
        Skimmed::Answer(Some(Id::Int(id)))
    }

    #[test]
    fn the_id_is_found_before_and_after_the_result() {
        assert_eq!(skim(r#"{"jsonrpc":"2.0","id":7,"result":{"content":[]}}"#), answer(7));
        assert_eq!(skim(r#" { "result" : {"id":1,"a":[{"id":2}]}, "jsonrpc":"2.0", "id" : 7 } "#), answer(7));
        assert_eq!(skim(r#"{"error":{"code":1},"\u0069d":"a\"b"}"#), {
            Skimmed::Answer(Some(Id::Text("a\"b".into())))
        });
        assert_eq!(skim(r#"{"method":"x","id":1,"params":{"result":1}}"#), Skimmed::Request(Id::Int(1)));
        assert_eq!(skim(r#"{"method":"x","params":{"id":9}}"#), Skimmed::Notification);
    }

    #[test]
    fn text_inside_a_result_cannot_choose_an_id() {
        let inside = r#"{"result":{"text":"\\\"},\"id\":66,\"x\":{\"","more":["}",{"id":67}]},"id":7}"#;
        assert_eq!(skim(inside), answer(7));
        assert_eq!(skim(r#"{"result":"\"},\"id\":66}"#), Skimmed::Answer(None), "its string does not end");
    }

    #[test]
    fn what_is_not_certain_names_no_request() {
        for text in [
            r#"{"result":{},"id":1,"id":2}"#,
            r#"{"result":{},"id":{"id":1}}"#,
            r#"{"result":{},"id":null}"#,
            r#"{"id":1,"result":{"#,
            r#"{"id":1,"result":{}} {"id":2}"#,
            r#"{"id":1,"result":{},7}"#,
        ] {
            assert_eq!(skim(text), Skimmed::Answer(None), "{text}");
        }
        let long = format!(r#"{{"result":{{}},"id":"{}"}}"#, "x".repeat(TOKEN_MOST));
        assert_eq!(skim(&long), Skimmed::Answer(None));
        let key = format!(r#"{{"{}":1,"id":7,"result":1}}"#, "x".repeat(TOKEN_MOST));
        assert_eq!(skim(&key), answer(7));
        for text in ["", "xxxx", "[1]", "{}", "{'result': 1}", r#"{"level":"info","text":"result"}"#, "7}"] {
            assert_eq!(skim(text), Skimmed::Other, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_whole_reading_finds(
            text in proptest::collection::vec("[{}\\[\\]:, \"]|\\\\|\"id\":|\"result\":|[0-9x]", 0..14),
            cut in 1_usize..5,
        ) {
            let text = format!("{{\"a\":{}", text.concat());
            let mut skim = Skim::default();
            text.as_bytes().chunks(cut).for_each(|piece| skim.see(piece));
            let found = skim.end();
            if let Ok(serde_json::Value::Object(object)) = serde_json::from_str(&text)
                && let Skimmed::Answer(Some(id)) = found
            {
                prop_assert_eq!(object.get("id").map(ToString::to_string), Some(id.to_string()));
            }
        }
    }
}
