//! What stands before a part of a text that is put together.

/// Bytes of its end that are kept, for what leads to the next part.
const KEPT: usize = 512;

/// A text as far as it is put together, in bounded room and time.
#[derive(Debug, Default)]
pub(super) struct Before {
    end: String,
    begin: Option<char>,
    has_scheme: bool,
    slashes: usize,
}

impl Before {
    /// Adds a part.
    pub(super) fn push(&mut self, part: &str) {
        self.begin = self.begin.or_else(|| part.chars().next());
        self.slashes += part.bytes().filter(|byte| *byte == b'/').count();
        let seam = self.end.floor_char_boundary(self.end.len().saturating_sub("://".len()));
        self.end.push_str(part);
        self.has_scheme |= self.end[seam..].contains("://");
        let cut = self.end.ceil_char_boundary(self.end.len().saturating_sub(KEPT));
        self.end.drain(..cut);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.begin.is_none()
    }

    /// Tells whether the host of an address, or the beginning of a path, is settled.
    pub(super) fn is_fixed(&self) -> bool {
        self.has_scheme && self.slashes > 2 || matches!(self.begin, Some('/' | '?' | '\0'))
    }

    /// Tells whether what follows can begin no option.
    pub(super) fn leads(&self) -> bool {
        self.begin.is_some_and(|begin| begin != '-')
    }

    /// Returns what stands right before the next part.
    pub(super) fn end(&self) -> &str {
        &self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[&str]) -> Before {
        let mut before = Before::default();
        parts.iter().for_each(|part| before.push(part));
        before
    }

    #[test]
    fn a_host_is_settled_by_the_slash_behind_it_wherever_the_parts_are_cut() {
        let text = "https://example.org/";
        for at in 0..text.len() {
            assert!(of(&[&text[..at], &text[at..]]).is_fixed(), "{at}");
            assert!(!of(&[&text[..at], text[at..].strip_suffix('/').unwrap()]).is_fixed(), "{at}");
        }
        assert!(of(&["https", ":", "/", "/", "\0", "/"]).is_fixed());
        assert!(!of(&["a/b/c/d"]).is_fixed());
        assert!(of(&["/"]).is_fixed() && of(&["\0"]).is_fixed());
    }

    #[test]
    fn the_beginning_is_known_after_much_and_the_end_is_kept() {
        let mut before = of(&["", "-", "x"]);
        (0..9_999).for_each(|_| before.push("é"));
        before.push("Host: ");
        assert!(!before.leads() && !before.is_empty());
        assert!(before.end().ends_with("éHost: ") && before.end().len() <= KEPT);
        assert!(of(&[]).is_empty() && !of(&[]).leads());
    }
}
