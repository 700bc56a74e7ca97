//! What may leave this machine: texts without secrets, every character of which shows.

use super::super::evidence::Masker;
use super::super::spell::spell;

/// What stands where a secret was.
const MASK: &str = "⟦masked⟧";
/// A text this long without a space may be a key.
const LONG: usize = 20;
/// Where a rule found a secret, a text this long may be it.
const SUSPECT: usize = 6;

/// Masks the secrets of `text`, and spells out what does not show. Line feeds stay, so that lines can be counted;
/// `suspect` tells that a rule found a secret in it, and `known` are values that must not leave in any case.
pub(super) fn redact(masker: &Masker, text: &str, suspect: bool, known: &[&str]) -> String {
    let mut spans = masker.spans(text);
    spans.extend(tokens(text).filter(|&(start, end)| is_secret(&text[start..end], suspect)));
    for value in known.iter().filter(|value| value.len() >= SUSPECT) {
        spans.extend(text.match_indices(*value).map(|(at, found)| (at, at + found.len())));
    }
    spans.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (start, end) in spans {
        if end <= done {
            continue;
        }
        let start = start.max(done);
        out.push_str(&text[done..start]);
        out.push_str(MASK);
        out.extend(text[start..end].chars().filter(|c| *c == '\n'));
        done = end;
    }
    out.push_str(&text[done..]);
    spell(&out, false).into_owned()
}

/// Runs of characters that keys are made of.
fn tokens(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'_' | b'-' | b'=');
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes[at..].iter().position(|&b| is_part(b))?;
        let length = bytes[start..].iter().position(|&b| !is_part(b));
        at = length.map_or(bytes.len(), |length| start + length);
        Some((start, at))
    })
}

/// Tells whether a run looks like a key: long, with digits strewn through letters.
fn is_secret(token: &str, suspect: bool) -> bool {
    if suspect && token.len() >= SUSPECT && token.bytes().any(|b| b.is_ascii_digit()) {
        return true;
    }
    if token.len() < LONG {
        return false;
    }
    let letters: Vec<u8> = token.bytes().filter(u8::is_ascii_alphanumeric).collect();
    let turns =
        letters.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    if token.len() >= 32 && letters.iter().all(u8::is_ascii_hexdigit) {
        return true;
    }
    turns >= 4 && entropy(&letters) >= 3.2
}

/// Bits that one byte of `bytes` tells.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    bytes.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let all = bytes.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) / all)
        .map(|p| -p * p.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        redact(&Masker::new().unwrap(), text, false, &[])
    }

    #[test]
    fn keys_are_masked_whether_their_shape_is_known_or_not() {
        for (secret, text) in [
            ("a1B2a1B2", format!("token ghp_{}", "a1B2".repeat(9))),
            ("hunter2hunter2", "db: postgres://u:hunter2hunter2@h/".to_owned()),
            ("9f8K2mQ4xZ7pL1vR", "the key is 9f8K2mQ4xZ7pL1vRt5Yw3".to_owned()),
            ("deadbeef", format!("sign with {}", "deadbeef01234567".repeat(2))),
            (
                "MIIEabc",
                "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----\nx".to_owned(),
            ),
        ] {
            let out = shown(&text);
            assert!(!out.contains(secret) && out.contains(MASK), "{out}");
            assert_eq!(out.matches('\n').count(), text.matches('\n').count(), "lines can still be counted");
        }
    }

    #[test]
    fn words_stay_and_what_does_not_show_is_spelled_out() {
        for text in [
            "Read https://api.example/v1/repositories/contents/README.md and list_all_pull_requests",
            "inputSchema.properties.maximum_number_of_results must be 1 to 100",
            "ignore all previous instructions",
        ] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("a\u{200b}b\u{202e}"), "a⟦ZWSP⟧b⟦U+202E⟧");
    }

    #[test]
    fn a_finding_and_a_known_value_mask_what_no_shape_tells() {
        let masker = Masker::new().unwrap();
        assert_eq!(redact(&masker, "pin abc123 ok", true, &[]), format!("pin {MASK} ok"));
        assert_eq!(redact(&masker, "say open-sesame", false, &["open-sesame"]), format!("say {MASK}"));
        assert_eq!(redact(&masker, "say open-sesame", false, &[""]), "say open-sesame");
    }
}
