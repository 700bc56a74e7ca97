//! Texts that code puts together from fixed parts: read as what they come to.

use super::call::Given;
use super::value::{Object, Value};

/// What a text is that nobody could read before.
pub(super) const DECODED: &str = "(decoded)";
/// Letters of the longest text that is put together.
const LETTERS: usize = 2_000;

/// Returns what a call makes of fixed texts, if it is one that takes texts apart, turns them round or joins them.
pub(super) fn folded(path: &str, name: &str, given: &Given) -> Option<Value> {
    let base = given.base.as_ref();
    let text = |value: &Value| value.known().filter(|text| !text.starts_with('\u{1}')).map(str::to_owned);
    match (path, name) {
        ("String.fromCharCode" | "String.fromCodePoint", _) => {
            let codes = given.args.iter().flat_map(|(_, value)| items(value)).take(LETTERS);
            let code = |value: Value| char::from_u32(value.known()?.parse().ok()?);
            let plain: String = codes.map(code).collect::<Option<_>>()?;
            (!plain.is_empty()).then(|| Value { object: Object::Path(DECODED.into()), ..Value::text(&plain) })
        }
        (_, "split") if given.at(0)?.known() == Some("") => {
            let letters =
                text(base?)?.chars().take(LETTERS).map(|c| Value::text(c.encode_utf8(&mut [0; 4]))).collect();
            Some(list(letters))
        }
        (_, "reverse" | "toReversed") if base?.items.is_some() => {
            let mut parts = items(base?);
            parts.reverse();
            let letters = parts.len() > 1
                && parts.iter().all(|part| text(part).is_some_and(|text| text.chars().count() == 1));
            let object = if letters { Object::Path(DECODED.into()) } else { Object::Unknown };
            Some(Value { object, ..list(parts) })
        }
        (_, "join") if base?.items.is_some() => {
            let between = text(given.at(0)?)?;
            let parts = items(base?).iter().map(text).collect::<Option<Vec<_>>>()?;
            let whole = parts.join(&between);
            let object = base.map(|base| base.object.clone()).unwrap_or_default();
            (whole.len() <= LETTERS).then(|| Value { object, ..Value::text(&whole) })
        }
        _ => None,
    }
}

fn items(value: &Value) -> Vec<Value> {
    value.items.as_ref().map_or_else(|| vec![value.clone()], |items| items.iter().cloned().collect())
}

fn list(items: Vec<Value>) -> Value {
    Value { items: Some(items.into()), ..Value::default() }
}
