//! Turns records into bytes and back: a version byte, then JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::key::Shown;

/// The newest record format.
pub(crate) const VERSION: u8 = 1;

/// How deep a record may nest. The reader gives up at 128, so what nests deeper must not be written.
const MAX_DEPTH: usize = 120;

/// Writes a record; `key` is for the error.
pub(crate) fn encode<T: Serialize>(key: &[u8], value: &T) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, value).map_err(|error| corrupt(key, error.to_string()))?;
    let depth = depth(&bytes);
    if depth > MAX_DEPTH {
        return Err(StoreError::TooDeep { key: Shown(key).to_string(), depth, limit: MAX_DEPTH });
    }
    Ok(bytes)
}

/// Reads a record; `key` is for the error.
pub(crate) fn decode<T: DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Result<T, StoreError> {
    match bytes.split_first() {
        None | Some((0, _)) => Err(corrupt(key, "it has no version byte".to_owned())),
        Some((&VERSION, json)) => {
            serde_json::from_slice(json).map_err(|error| corrupt(key, error.to_string()))
        }
        Some((&found, _)) => {
            Err(StoreError::RecordTooNew { key: Shown(key).to_string(), found, known: VERSION })
        }
    }
}

fn corrupt(key: &[u8], why: String) -> StoreError {
    StoreError::Corrupt { key: Shown(key).to_string(), why }
}

/// Counts how deep brackets nest outside of strings.
fn depth(json: &[u8]) -> usize {
    let (mut now, mut most, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for &byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                now += 1;
                most = most.max(now);
            }
            b'}' | b']' if !in_string => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn records_round_trip() {
        let value = json!({"a": [1, "]]\"{"], "b": null});
        assert_eq!(decode::<Value>(b"k", &encode(b"k", &value).unwrap()).unwrap(), value);
    }

    #[test]
    fn a_newer_record_is_refused_by_name() {
        let error = decode::<Value>(b"\x01clock\0", b"\x02whatever").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the record 1/clock\\x00 has format 2, and this Sigyl knows up to 1: use a newer Sigyl"
        );
        assert!(matches!(decode::<Value>(b"k", b""), Err(StoreError::Corrupt { .. })));
        assert!(matches!(decode::<Value>(b"k", b"\x01{"), Err(StoreError::Corrupt { .. })));
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        let nested = |levels| (0..levels).fold(json!("[[["), |inner, _| json!([inner]));
        let bytes = encode(b"k", &nested(MAX_DEPTH)).unwrap();
        assert!(decode::<Value>(b"k", &bytes).is_ok());
        assert!(matches!(encode(b"k", &nested(MAX_DEPTH + 1)), Err(StoreError::TooDeep { .. })));
    }
}
