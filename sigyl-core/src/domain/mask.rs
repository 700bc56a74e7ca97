//! Hides the values of secrets in what others say, however they are written there.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Digest, SecretName, SecretValue};

/// A part of a value shorter than this is not looked for: it would blank innocent text.
const LEAST: usize = 6;
/// Bytes of a piece that is looked for by itself.
const PIECE: usize = 64;
/// Bytes of a value, from its start, that are looked for in every spelling; what is beyond as it is alone.
const SPELLED: usize = 2048;

/// The values of some secrets, and how they may be written: as they are, in JSON, in an address, in base64, in
/// hexadecimal digits. Silent in `Debug`.
#[derive(Clone, Default)]
pub struct Mask {
    layers: Vec<Arc<Found>>,
}

struct Found {
    /// Of names and values: two masks that hide the same are one.
    digest: Digest,
    places: AhoCorasick,
    /// What stands in the place of each.
    labels: Vec<String>,
}

impl PartialEq for Mask {
    fn eq(&self, other: &Self) -> bool {
        let digests = |mask: &Self| mask.layers.iter().map(|layer| layer.digest).collect::<Vec<_>>();
        digests(self) == digests(other)
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask(…)")
    }
}

impl Mask {
    /// Hides these. Of a value of several lines, each line is hidden too.
    pub fn of<'a>(secrets: impl IntoIterator<Item = (&'a SecretName, &'a SecretValue)>) -> Self {
        let (mut spellings, mut labels, mut whole) = (Vec::new(), Vec::new(), Zeroizing::new(Vec::new()));
        for (name, value) in secrets {
            for part in [name.as_str(), value.reveal()] {
                whole.extend_from_slice(&part.len().to_le_bytes());
                whole.extend_from_slice(part.as_bytes());
            }
            let mut these = spellings_of(value.reveal());
            these.sort();
            these.dedup();
            labels.extend(these.iter().map(|_| format!("[secret {name}]")));
            spellings.append(&mut these);
        }
        if spellings.is_empty() {
            return Self::default();
        }
        // It fails when there are more spellings than it can number, which the bounds on values rule out.
        let places = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&spellings);
        let digest = Digest::of(&whole);
        let found = places.ok().map(|places| Arc::new(Found { digest, places, labels }));
        Self { layers: found.into_iter().collect() }
    }

    /// Hides what any of these hides.
    pub fn all(masks: &[Self]) -> Self {
        Self { layers: masks.iter().flat_map(|mask| mask.layers.iter().cloned()).collect() }
    }

    /// Tells whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Hides them in a text.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut shown = Cow::Borrowed(text);
        for layer in &self.layers {
            if let Some(hidden) = layer.hide(&shown) {
                shown = Cow::Owned(hidden);
            }
        }
        shown
    }

    /// Returns where they stand in a text, those of each secret apart.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        let found = self.layers.iter().flat_map(|layer| layer.places.find_iter(text));
        found.map(|place| place.range()).collect()
    }

    /// Hides them in a text that is kept.
    pub fn hide(&self, text: &mut String) {
        if let Cow::Owned(hidden) = self.text(text) {
            *text = hidden;
        }
    }

    /// Hides them in every text of a JSON value, names of members too.
    pub fn json(&self, value: &mut Value) {
        if self.is_empty() {
            return;
        }
        match value {
            Value::String(text) => self.hide(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(members) => {
                members.values_mut().for_each(|member| self.json(member));
                let named: Vec<String> =
                    members.keys().filter(|name| matches!(self.text(name), Cow::Owned(_))).cloned().collect();
                for name in named {
                    if let Some(member) = members.remove(&name) {
                        members.insert(self.text(&name).into_owned(), member);
                    }
                }
            }
            // A number is looked for as it is written.
            Value::Number(number) => {
                if let Cow::Owned(hidden) = self.text(&number.to_string()) {
                    *value = Value::String(hidden);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}

impl Found {
    /// Returns the text with what is to be hidden replaced; nothing when there is none in it.
    fn hide(&self, text: &str) -> Option<String> {
        let mut hidden = String::new();
        let (mut end, mut last) = (0, None);
        for place in self.places.find_iter(text) {
            let label = self.labels.get(place.pattern().as_usize()).map_or("[secret]", String::as_str);
            hidden.push_str(text.get(end..place.start()).unwrap_or_default());
            // The pieces of one value stand as one.
            if last != Some((place.start(), label)) {
                hidden.push_str(label);
            }
            end = place.end();
            last = Some((end, label));
        }
        last?;
        hidden.push_str(text.get(end..).unwrap_or_default());
        Some(hidden)
    }
}

fn spellings_of(value: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut at = 0;
    for line in value.split_inclusive('\n') {
        let text = line.trim();
        for piece in pieces(text) {
            all.push(piece.to_owned());
            if at < SPELLED {
                spell(piece, &mut all);
            }
        }
        at += line.len();
    }
    all.retain(|spelling| spelling.len() >= LEAST);
    all
}

/// Cuts a text into pieces that are looked for one by one; none of them is too short.
fn pieces(text: &str) -> Vec<&str> {
    let (mut rest, mut pieces) = (text, Vec::new());
    while rest.len() > PIECE + LEAST {
        let cut = (1..=PIECE).rev().find(|cut| rest.is_char_boundary(*cut)).unwrap_or(rest.len());
        let (piece, others) = rest.split_at(cut);
        pieces.push(piece);
        rest = others;
    }
    if rest.len() >= LEAST {
        pieces.push(rest);
    }
    pieces
}

fn spell(piece: &str, all: &mut Vec<String>) {
    let quoted = serde_json::to_string(piece).unwrap_or_default();
    let quoted = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    all.push(quoted.to_owned());
    all.push(quoted.replace('/', "\\/"));
    all.push(ascii(quoted));
    for safe in ["-_.~", "-_.~/", "-_.!~*'()"] {
        all.extend(in_address(piece, safe));
    }
    let hex: String = piece.bytes().map(|byte| format!("{byte:02x}")).collect();
    all.push(hex.to_uppercase());
    all.push(hex);
    for (shift, alphabet) in (0..3).flat_map(|shift| [(shift, STANDARD), (shift, URL_SAFE)]) {
        all.push(in_base64(piece.as_bytes(), shift, alphabet));
    }
}

/// Spells what is not ASCII as JSON may.
fn ascii(text: &str) -> String {
    let mut spelled = String::new();
    for character in text.chars() {
        if character.is_ascii() {
            spelled.push(character);
        } else {
            character
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| spelled.push_str(&format!("\\u{unit:04x}")));
        }
    }
    spelled
}

/// Spells a text as addresses have it: in upper and lower case, and with blanks as forms send them.
fn in_address(text: &str, safe: &str) -> [String; 3] {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || safe.as_bytes().contains(&byte);
    let spell = |percent: fn(u8) -> String| -> String {
        text.bytes()
            .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { percent(byte) })
            .collect()
    };
    let upper = spell(|byte| format!("%{byte:02X}"));
    [upper.replace("%20", "+"), spell(|byte| format!("%{byte:02x}")), upper]
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Spells the digits of base64 that these bytes alone decide, when `shift` other bytes (of three) stand before them.
fn in_base64(bytes: &[u8], shift: usize, alphabet: &[u8; 64]) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let (first, last) = ((shift * 8).div_ceil(6), (shift + bytes.len()) * 8 / 6);
    let digit = |digit: usize| {
        let start = digit * 6 - shift * 8;
        let value = (start..start + 6).fold(0, |value, at| value << 1 | bit(at));
        alphabet.get(usize::from(value)).map_or('=', |digit| char::from(*digit))
    };
    (first..last).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mask(value: &str) -> Mask {
        let (name, value) = (SecretName::parse("TOKEN").unwrap(), SecretValue::new(value));
        Mask::of([(&name, &value)])
    }

    #[test]
    fn a_value_is_hidden_however_it_is_written() {
        let value = "s3cr\"t/ä +x&y";
        let mask = mask(value);
        // python3: json.dumps, urllib.parse.quote, quote_plus, base64.b64encode(b"..." + value), value.hex()
        for said in [
            "s3cr\"t/ä +x&y",
            r#"s3cr\"t/ä +x&y"#,
            r#"s3cr\"t\/ä +x&y"#,
            r#"s3cr\"t/\u00e4 +x&y"#,
            "s3cr%22t%2F%C3%A4%20%2Bx%26y",
            "s3cr%22t/%C3%A4%20%2Bx%26y",
            "s3cr%22t%2F%C3%A4+%2Bx%26y",
            "s3cr%22t%2f%c3%a4%20%2bx%26y",
            "7333637222742fc3a4202b782679",
        ] {
            assert_eq!(mask.text(&format!("<{said}>")), "<[secret TOKEN]>", "{said}");
        }
        for (said, shown) in [
            ("czNjciJ0L8OkICt4Jnk=", "[secret TOKEN]k="),
            ("LnMzY3IidC/DpCAreCZ5", "Ln[secret TOKEN]"),
            ("Li5zM2NyInQvw6QgK3gmeQ==", "Li5[secret TOKEN]=="),
        ] {
            let hidden = mask.text(said);
            assert!(
                hidden.contains("[secret TOKEN]") && hidden.len() < said.len() + 2,
                "{said}: {hidden}, not {shown}"
            );
        }
    }

    #[test]
    fn each_line_of_a_value_and_each_piece_of_a_long_one_is_hidden() {
        let mask_of_lines = mask("first-line\nno\nlast-line\n");
        assert_eq!(mask_of_lines.text("first-line, no, last-line"), "[secret TOKEN], no, [secret TOKEN]");
        let long: String = (0..200).map(|at| char::from(b'a' + (at * 7 % 26) as u8)).collect();
        let masked = mask(&long);
        assert_eq!(masked.text(&format!("<{long}>")), "<[secret TOKEN]>");
        let cut = masked.text(&long[..150]).into_owned();
        assert!(cut.len() < 60, "{cut}");
    }

    #[test]
    fn short_values_and_other_text_stay() {
        assert!(mask("true").is_empty() && mask("").is_empty());
        assert_eq!(mask("hunter2").text("hunter1"), "hunter1");
        assert!(!format!("{:?}", mask("hunter2")).contains("hunter2"));
    }

    #[test]
    fn json_is_hidden_in_texts_names_and_numbers() {
        let mut value = serde_json::json!({"a": ["x 1234567", 1_234_567], "k1234567": {"b": true}});
        mask("1234567").json(&mut value);
        let hidden = serde_json::json!({
            "a": ["x [secret TOKEN]", "[secret TOKEN]"], "k[secret TOKEN]": {"b": true}});
        assert_eq!(value, hidden);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_base64_of_a_value_stays(before in "[a-z]{0,5}", value in "[ -~]{8,40}", after in "[a-z]{0,5}") {
            let whole = format!("{before}{value}{after}");
            for alphabet in [STANDARD, URL_SAFE] {
                let said = in_base64(whole.as_bytes(), 0, alphabet);
                let trimmed = value.trim();
                prop_assume!(trimmed.len() >= LEAST);
                let hidden = mask(&value).text(&said).into_owned();
                prop_assert!(hidden.contains("[secret TOKEN]"), "{} {}", said, hidden);
            }
        }
    }
}
