//! Percent-encoding, read strictly.

/// Why a text cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PercentError {
    /// `%` without two hexadecimal digits after it.
    #[error("`%` is not followed by two hexadecimal digits")]
    Digits,
    /// The bytes are no text.
    #[error("it is not UTF-8")]
    Utf8,
    /// Characters that no name or value has.
    #[error("it holds a control character")]
    Control,
}

/// Reads `raw`; with `form`, `+` is a space.
pub(crate) fn decode(raw: &str, form: bool) -> Result<String, PercentError> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut left = raw.as_bytes();
    while let [first, after @ ..] = left {
        left = after;
        match first {
            b'%' => {
                let (&[high, low], rest) = after.split_first_chunk().ok_or(PercentError::Digits)?;
                bytes.push(digit(high)? << 4 | digit(low)?);
                left = rest;
            }
            b'+' if form => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| PercentError::Utf8)?;
    if text.chars().any(char::is_control) { Err(PercentError::Control) } else { Ok(text) }
}

fn digit(byte: u8) -> Result<u8, PercentError> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(PercentError::Digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_read_and_nothing_is_guessed() {
        assert_eq!(decode("com.example%2Fa%2bb", false).unwrap(), "com.example/a+b");
        assert_eq!(decode("a+b%20c", true).unwrap(), "a b c");
        assert_eq!(decode("a+b", false).unwrap(), "a+b");
        for (raw, error) in [
            ("%", PercentError::Digits),
            ("%2", PercentError::Digits),
            ("%zz", PercentError::Digits),
            ("%+1", PercentError::Digits),
            ("%ff", PercentError::Utf8),
            ("%00", PercentError::Control),
            ("a%0Ab", PercentError::Control),
        ] {
            assert_eq!(decode(raw, true), Err(error), "{raw}");
        }
    }
}
