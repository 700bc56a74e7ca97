//! The canonical form of JSON (RFC 8785): members in order, nothing between them, each value in one spelling.

use std::cmp::Ordering;

use serde_json::{Error, Map, Value};

use super::Digest;

/// Numbers up to here are their own digits; larger ones are what a double makes of them.
const EXACT: u64 = 1 << 53;

/// Digests a value in its canonical form.
pub(super) fn digest(value: &Value) -> Result<Digest, Error> {
    Ok(Digest::of(&bytes(value)?))
}

/// Writes a value in its canonical form.
pub(super) fn bytes(value: &Value) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    write(value, &mut out)?;
    Ok(out)
}

/// Digests an object in its canonical form.
pub(super) fn digest_of_members(members: &Map<String, Value>) -> Result<Digest, Error> {
    let mut out = Vec::new();
    object(members, &mut out)?;
    Ok(Digest::of(&out))
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => match number.as_i64() {
            Some(small) if small.unsigned_abs() < EXACT => {
                out.extend_from_slice(small.to_string().as_bytes());
            }
            _ => out.extend(serde_json_canonicalizer::to_vec(number)?),
        },
        Value::String(text) => serde_json::to_writer(out, text)?,
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                out.push(if at == 0 { b'[' } else { b',' });
                write(item, out)?;
            }
            out.extend_from_slice(if items.is_empty() { b"[]" } else { b"]" });
        }
        Value::Object(members) => object(members, out)?,
    }
    Ok(())
}

fn object(members: &Map<String, Value>, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by(|(one, _), (other, _)| order(one, other));
    out.push(b'{');
    for (at, (name, value)) in sorted.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        serde_json::to_writer(&mut *out, name)?;
        out.push(b':');
        write(value, out)?;
    }
    out.push(b'}');
    Ok(())
}

/// Compares names by their units of UTF-16, as the form wants it.
fn order(one: &str, other: &str) -> Ordering {
    match one.is_ascii() && other.is_ascii() {
        true => one.cmp(other),
        false => one.encode_utf16().cmp(other.encode_utf16()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let text = || prop_oneof!["\\PC{0,6}", "[\\x00-\\x20\"\\\\/\u{7f}\u{e000}\u{1f600}]{0,4}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1_000_i64..1_000).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            text().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(text(), inner, 0..5).prop_map(|all| json!(all)),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_form_is_the_one_that_others_write(value in any_value()) {
            let mut out = Vec::new();
            write(&value, &mut out).unwrap();
            let wanted = serde_json_canonicalizer::to_vec(&value).unwrap();
            prop_assert_eq!(String::from_utf8(out).unwrap(), String::from_utf8(wanted).unwrap());
        }
    }

    #[test]
    fn the_largest_exact_numbers_agree() {
        for number in
            [1_i64 << 53, (1 << 53) - 1, (1 << 53) + 1, -(1 << 53), 1 - (1 << 53), i64::MIN, i64::MAX]
        {
            let mut out = Vec::new();
            write(&json!(number), &mut out).unwrap();
            assert_eq!(out, serde_json_canonicalizer::to_vec(&json!(number)).unwrap(), "{number}");
        }
    }
}
