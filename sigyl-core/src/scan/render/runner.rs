//! Keeps what a report quotes from being read as a command by the CI system that prints it.
//!
//! GitHub's runner obeys a line that begins with `::`, and `##[…]` anywhere in one; Azure Pipelines and TeamCity obey
//! `##vso[…]` and `##teamcity[…]`.

use crate::scan::spell::is_spelled;

/// Breaks every command in text for people.
pub(super) fn text(text: String) -> String {
    let text = broken(text, "⟦#⟧");
    if !text.lines().any(|line| line.trim_start().starts_with("::")) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start();
        match rest.strip_prefix("::") {
            Some(after) => {
                safe.push_str(&line[..line.len() - rest.len()]);
                safe.push_str("⟦:⟧:");
                safe.push_str(after);
            }
            None => safe.push_str(line),
        }
    }
    safe
}

/// Breaks every command in a JSON text, where they stand in strings alone, and escapes what a screen would hide or obey;
/// it says the same as before.
pub(super) fn json(text: String) -> String {
    let text = broken(text, "\\u0023");
    let hides = |c: char| !c.is_ascii() && is_spelled(c, true);
    if !text.chars().any(hides) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        match hides(c) {
            true => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")))
            }
            false => safe.push(c),
        }
    }
    safe
}

/// Breaks every command in an XML text; it says the same as before.
pub(super) fn xml(text: String) -> String {
    broken(text, "&#35;")
}

/// Writes the last mark of each `##word[` in another way.
fn broken(text: String, mark: &str) -> String {
    let mut from = 0;
    let mut safe = String::new();
    for (at, _) in text.match_indices('[') {
        let before = text[..at].trim_end_matches(|c: char| c.is_ascii_alphabetic());
        if before.ends_with("##") {
            safe.push_str(&text[from..before.len() - 1]);
            safe.push_str(mark);
            from = before.len();
        }
    }
    if from == 0 {
        return text;
    }
    safe + &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_runner_obeys_what_is_quoted() {
        let quoted = "a ##[set-output name=x;]y ##vso[task.x]z ###[b]\n  ::error::c\n::d :: e ## f";
        let safe = text(quoted.to_owned());
        assert_eq!(
            safe,
            "a #⟦#⟧[set-output name=x;]y #⟦#⟧vso[task.x]z ##⟦#⟧[b]\n  ⟦:⟧:error::c\n⟦:⟧:d :: e ## f"
        );
        assert_eq!(text("## heading\n".to_owned()), "## heading\n");
        let value = serde_json::json!({"##[a]": quoted, "b": ["##vso[", "####["]});
        let written = json(value.to_string());
        assert!(!written.contains("##[") && !written.contains("##vso["), "{written}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value);
        let value = serde_json::json!({"\u{202e}": "a\u{200b}\u{e0041} \u{e9} \u{4e16}"});
        let written = json(value.to_string());
        assert_eq!(written, "{\"\\u202e\":\"a\\u200b\\udb40\\udc41 \u{e9} \u{4e16}\"}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value);
        assert_eq!(xml("##[a]".to_owned()), "#&#35;[a]");
    }
}
