//! Every place of prose leads back to the bytes that it was read from: the property that tests and fuzzers check.
#![cfg(any(test, feature = "testing"))]

use super::file::FileText;

/// Returns what is wrong with the places of a file's prose, if anything is.
///
/// A letter that was copied stands where its place says; one that was written as an escape, or folded from another
/// character, has there what it was made of. What had to be decoded leads to where that begins.
pub fn misplaced(path: &str, text: &str) -> Option<String> {
    let file = FileText::new(path, text);
    let prose = file.prose();
    let mut last = 0;
    for segment in prose.segments() {
        if segment.start < last
            || segment.start > segment.end
            || prose.text().get(segment.start..segment.end).is_none()
        {
            return Some(format!("{segment:?} after {last}"));
        }
        last = segment.end;
        for (at, letter) in prose.text()[segment.start..segment.end].char_indices() {
            let origin = prose.origin(segment.start + at);
            let there = text.get(origin..).and_then(|rest| rest.chars().next());
            let copied = letter.is_ascii_alphanumeric() && segment.hidden.is_none();
            let fits = |there: char| there == letter || !there.is_ascii() || there == '\\';
            if copied && !there.is_some_and(fits) {
                return Some(format!("{letter:?} at {at} of {segment:?} leads to {origin}: {there:?}"));
            }
            // Findings of a decoded text are all placed where it begins.
            if at == 0 && !text.is_char_boundary(origin) {
                return Some(format!("{segment:?} begins inside a character, at {origin}"));
            }
        }
    }
    tokens_overlap(&file)
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
        }
    }
}
