//! Joins lines that were only wrapped: an order is the same order when it runs over the end of a line.

/// Changes the last of `text`, from `start` on: each line break within a sentence becomes a blank, byte for byte.
pub(super) fn unwrap_lines(text: &mut String, start: usize) {
    let Some(tail) = text.get(start..) else { return };
    let mut wrapped = Vec::new();
    let mut breaks = memchr::memchr_iter(b'\n', tail.as_bytes());
    let (mut from, mut at) = (0, breaks.next());
    while let Some(end) = at {
        let after = breaks.next();
        if is_wrapped(&tail[from..end], &tail[end + 1..after.unwrap_or(tail.len())]) {
            wrapped.push(start + end);
        }
        (from, at) = (end + 1, after);
    }
    wrapped.into_iter().for_each(|at| text.replace_range(at..=at, " "));
}

/// Tells whether `next` goes on with the sentence of `line`, and is no list item, heading or named entry.
fn is_wrapped(line: &str, next: &str) -> bool {
    let next = trim_start(next);
    let goes_on = match next.as_bytes().first() {
        Some(byte) if byte.is_ascii() => {
            byte.is_ascii_alphanumeric() || matches!(byte, b'`' | b'\'' | b'"' | b'(' | b'~' | b'/' | b'.')
        }
        _ => next.starts_with(char::is_alphanumeric),
    };
    let ends = || {
        let line = line.trim_end();
        line.is_empty() || line.ends_with([':', '|', '{', '}', ';'])
    };
    goes_on && !ends() && !is_entry(next)
}

/// Takes the blanks off the beginning of a text, which mostly has a few of ASCII.
pub(super) fn trim_start(text: &str) -> &str {
    let is_blank = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
    let rest = &text[text.bytes().take_while(|byte| is_blank(byte)).count()..];
    if rest.as_bytes().first().is_some_and(|byte| !byte.is_ascii()) { rest.trim_start() } else { rest }
}

/// Tells whether a line begins with a name and a colon, as arguments and settings do, or with a number of a list.
fn is_entry(line: &str) -> bool {
    let name = line.trim_start_matches(['`', '\'', '"']);
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut end = name.bytes().take_while(in_name).count();
    if name.as_bytes().get(end).is_some_and(|byte| !byte.is_ascii()) {
        end = name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(name.len());
    }
    let rest = trim_start(name[end..].trim_start_matches(['`', '\'', '"']));
    let rest = match rest.strip_prefix('(').and_then(|kind| kind.split_once(')')) {
        Some((kind, rest)) if kind.len() <= 60 => rest,
        _ => rest,
    };
    let is_number = end > 0 && name[..end].bytes().all(|byte| byte.is_ascii_digit());
    rest.starts_with(':') && !rest.starts_with("://") || is_number && rest.starts_with(['.', ')'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        let mut whole = format!("a\nb{text}");
        unwrap_lines(&mut whole, 3);
        assert_eq!(whole.len(), text.len() + 3);
        assert_eq!(&whole[..3], "a\nb");
        whole[3..].to_owned()
    }

    #[test]
    fn a_wrapped_sentence_is_one_line() {
        assert_eq!(
            of("do not\n    tell the user\r\n  about ~/.ssh\n"),
            "do not     tell the user\r   about ~/.ssh\n"
        );
        assert_eq!(of("read\n`x`\nfrom\nhttp://host.example"), "read `x` from http://host.example");
    }

    #[test]
    fn what_begins_something_new_stays_apart() {
        for text in [
            "Adds.\n\nThen",
            "Args:\n  city (str, optional): where\n  `when`: day\n  \"who\": name",
            "lists\n- one\n* two\n1. three\n2) four\n# five",
            "a: 1\nb: 2\n",
            "| a |\n| b |",
        ] {
            assert_eq!(of(text), text);
        }
    }
}
