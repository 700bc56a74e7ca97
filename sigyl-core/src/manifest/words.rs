//! Splits a command line into words as a shell does, without being one.

/// A command line that only a shell could run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum WordsError {
    /// Nothing to run.
    #[error("names no program")]
    Empty,
    /// A quote or backslash without its end.
    #[error("has an open {0}")]
    Open(&'static str),
    /// Something that a shell would act on.
    #[error("holds `{0}`, which only a shell understands, and none is run")]
    Shell(String),
}

/// Splits a command line; quotes and backslashes are honoured, nothing is expanded.
pub(super) fn split(line: &str) -> Result<Vec<String>, WordsError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => quoted(&mut chars, word.get_or_insert_default())?,
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            '\\' => {
                let next = chars.next().filter(|&c| c != '\n').ok_or(WordsError::Open("backslash"))?;
                word.get_or_insert_default().push(next);
            }
            '&' | '|' | ';' | '<' | '>' | '(' | ')' | '$' | '`' | '*' | '?' | '\n' | '\r' => {
                return Err(WordsError::Shell(operator(c, chars.clone().next())));
            }
            '#' | '~' if word.is_none() => return Err(WordsError::Shell(c.to_string())),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match words.first() {
        None => Err(WordsError::Empty),
        Some(first) if first.is_empty() => Err(WordsError::Empty),
        Some(first) if is_assignment(first) => Err(WordsError::Shell(first.clone())),
        Some(_) => Ok(words),
    }
}

fn quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), WordsError> {
    for c in chars {
        match c {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
    Err(WordsError::Open("quote (')"))
}

fn double_quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), WordsError> {
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(()),
            '\\' => match chars.next() {
                Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                Some(c) => word.extend(['\\', c]),
                None => break,
            },
            '$' | '`' => return Err(WordsError::Shell(c.to_string())),
            c => word.push(c),
        }
    }
    Err(WordsError::Open("quote (\")"))
}

fn operator(c: char, next: Option<char>) -> String {
    match (c, next) {
        ('&', Some('&')) => "&&".to_owned(),
        ('|', Some('|')) => "||".to_owned(),
        ('$', Some('(')) => "$(".to_owned(),
        ('\n' | '\r', _) => "a line break".to_owned(),
        _ => c.to_string(),
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_are_honoured() {
        for (line, words) in [
            ("npm run build", vec!["npm", "run", "build"]),
            ("  a\t b ", vec!["a", "b"]),
            (r#"a 'b c' "d \"e\" \n" f\ g"#, vec!["a", "b c", r#"d "e" \n"#, "f g"]),
            ("a '' b", vec!["a", "", "b"]),
            ("a'b'\"c\"d", vec!["abcd"]),
            ("make -f'&& |' x#y ~", vec![]),
            ("make '-f&& |' x#y --flag=1", vec!["make", "-f&& |", "x#y", "--flag=1"]),
        ] {
            assert_eq!(split(line).unwrap_or_default(), words, "{line}");
        }
    }

    #[test]
    fn what_needs_a_shell_is_refused_by_name() {
        for (line, what) in [
            ("a && b", "&&"),
            ("a || b", "||"),
            ("a | b", "|"),
            ("a; b", ";"),
            ("a & ", "&"),
            ("echo $HOME", "$"),
            ("echo \"$(id)\"", "$"),
            ("echo `id`", "`"),
            ("cp *.js x", "*"),
            ("a > b", ">"),
            ("A=1 b", "A=1"),
            ("a\nb", "a line break"),
            ("a # b", "#"),
            ("~/x", "~"),
        ] {
            assert_eq!(split(line), Err(WordsError::Shell(what.to_owned())), "{line}");
        }
        assert_eq!(split("  "), Err(WordsError::Empty));
        assert_eq!(split("'' a"), Err(WordsError::Empty));
        assert_eq!(split("a 'b"), Err(WordsError::Open("quote (')")));
        assert_eq!(split("a \"b"), Err(WordsError::Open("quote (\")")));
        assert_eq!(split("a \\"), Err(WordsError::Open("backslash")));
    }

    proptest::proptest! {
        #[test]
        fn single_quotes_carry_any_text(words in proptest::collection::vec("[^'\\n]{1,8}", 1..5)) {
            let line = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
            proptest::prop_assume!(!is_assignment(&words[0]));
            proptest::prop_assert_eq!(split(&line).unwrap(), words);
        }
    }
}
