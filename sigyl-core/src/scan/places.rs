//! Every place of prose leads back to the bytes that it was read from: the property that tests and fuzzers check.
#![cfg(any(test, feature = "testing"))]

use super::file::FileText;
use super::prose::{Prose, Segment};
use super::tool_text::ToolText;

/// Returns what is wrong with the places of a file's prose, if anything is.
///
/// A letter that was copied stands where its place says; one that was written as an escape, or folded from another
/// character, has there what it was made of. What had to be decoded leads to where that begins.
pub fn misplaced(path: &str, text: &str) -> Option<String> {
    let file = FileText::new(path, text);
    let mut last = 0;
    let astray = file.prose().segments().iter().find_map(|segment| {
        let wrong = leads_astray(file.prose(), segment, last, text);
        last = segment.end;
        wrong
    });
    astray.or_else(|| tokens_overlap(&file))
}

/// Returns what is wrong with the places of a tool's description, if anything is.
pub fn misplaced_in_tool(text: &str) -> Option<String> {
    let tool = ToolText::of_text("tool", "description", text);
    let mut last = 0;
    tool.prose().segments().iter().find_map(|segment| {
        let field = tool.fields().get(segment.field as usize)?;
        let wrong = leads_astray(tool.prose(), segment, last, &field.text);
        last = segment.end;
        wrong
    })
}

/// Tells what is wrong with one segment, which stands after the byte `last`.
fn leads_astray(prose: &Prose, segment: &Segment, last: usize, text: &str) -> Option<String> {
    let ordered = last <= segment.start && segment.start <= segment.end;
    let Some(own) = prose.text().get(segment.start..segment.end).filter(|_| ordered) else {
        return Some(format!("{segment:?} after {last}"));
    };
    own.char_indices().find_map(|(at, letter)| {
        let origin = prose.origin(segment.start + at);
        let there = text.get(origin..).and_then(|rest| rest.chars().next());
        let copied = letter.is_ascii_alphanumeric() && segment.hidden.is_none();
        let fits = |there: char| there == letter || !there.is_ascii() || there == '\\';
        if copied && !there.is_some_and(fits) {
            return Some(format!("{letter:?} at {at} of {segment:?} leads to {origin}: {there:?}"));
        }
        // Findings of a decoded text are all placed where it begins.
        let inside = at == 0 && !text.is_char_boundary(origin);
        inside.then(|| format!("{segment:?} begins inside a character, at {origin}"))
    })
}

fn tokens_overlap(file: &FileText<'_>) -> Option<String> {
    let mut last = 0;
    for token in file.tokens() {
        let ordered = last <= token.start
            && token.start <= token.from
            && token.from <= token.to
            && token.to <= token.end;
        if !ordered || file.text().get(token.from..token.to).is_none() {
            return Some(format!("{token:?} after {last}"));
        }
        last = token.end;
    }
    let whole = file.code().len() == file.text().len() && file.bare().len() == file.text().len();
    (!whole).then(|| "a view has another length than its file".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATHS: [&str; 10] =
        ["a.ts", "a.py", "a.rs", "a.go", "a.md", "a.yaml", "a.json", "a.sh", "Dockerfile", "a.toml"];
    const PIECES: [&str; 34] = [
        "ignore all",
        " ",
        "\n",
        "'",
        "\"",
        "`",
        "\\",
        "\\u0069",
        "\\n",
        "\\x41",
        "\\ud83d\\ude00",
        "${",
        "}",
        "// ",
        "/*",
        "*/",
        "# ",
        "\"\"\"",
        "r#\"",
        "\"#",
        "é",
        "世",
        "\u{200b}",
        "\u{e0041}",
        "а",
        "ｉ",
        "𝐢",
        "\u{2028}",
        " + ",
        ": |\n  ",
        "\t",
        "/",
        "#[cfg(test)]\nmod t { ",
        "aWdub3JlIGFsbCBwcmV2aW91cyBpbnN0cnVjdGlvbnM=",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn every_place_leads_back_to_its_bytes(
            path in proptest::sample::select(PATHS.to_vec()),
            pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..24),
        ) {
            let text = pieces.concat();
            prop_assert_eq!(misplaced(path, &text), None, "{}: {}", path, text);
            prop_assert_eq!(misplaced_in_tool(&text), None, "{}", text);
        }
    }
}
