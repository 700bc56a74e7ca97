//! Joins lines that were only wrapped: an order is the same order when it runs over the end of a line.

/// Writes the last of `text`, from `start` on, anew: each line break within a sentence becomes a blank, byte for byte.
pub(super) fn unwrap_lines(text: &mut String, start: usize) {
    if text.get(start..).is_none_or(|tail| memchr::memchr(b'\n', tail.as_bytes()).is_none()) {
        return;
    }
    let tail = text.split_off(start);
    let mut lines = tail.split('\n').peekable();
    while let Some(line) = lines.next() {
        text.push_str(line);
        if let Some(next) = lines.peek() {
            text.push(if is_wrapped(line, next) { ' ' } else { '\n' });
        }
    }
}

/// Tells whether `next` goes on with the sentence of `line`, and is no list item, heading or named entry.
fn is_wrapped(line: &str, next: &str) -> bool {
    let (line, next) = (line.trim_end(), next.trim_start());
    let goes_on = next
        .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '`' | '\'' | '"' | '(' | '~' | '/' | '.'));
    goes_on && !line.is_empty() && !line.ends_with([':', '|', '{', '}', ';']) && !is_entry(next)
}

/// Tells whether a line begins with a name and a colon, as arguments and settings do, or with a number of a list.
fn is_entry(line: &str) -> bool {
    let name = line.trim_start_matches(['`', '\'', '"']);
    let end = name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(name.len());
    let rest = name[end..].trim_start_matches(['`', '\'', '"']).trim_start();
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
