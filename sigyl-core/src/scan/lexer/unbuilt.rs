//! Rust modules that are built for tests alone: no program holds them, so they read as comments.

use memchr::memmem;

use super::token::Token;

/// What marks such a module.
const MARK: &[u8] = b"#[cfg(test)]";
/// The same for the file that it stands at the top of.
const WHOLE: &[u8] = b"#![cfg(test)]";

/// Puts one comment in the place of each module for tests. Only what stands outside of all brackets counts: a macro
/// may build what it is given in spite of the mark.
pub(super) fn without_tests(text: &[u8], tokens: Vec<Token>) -> Vec<Token> {
    if memmem::find(text, b"cfg(test)]").is_none() {
        return tokens;
    }
    let modules = modules(text, &tokens);
    if modules.is_empty() {
        return tokens;
    }
    let inside = |token: &Token| {
        let begun = modules.partition_point(|&(start, _)| start <= token.start);
        begun.checked_sub(1).is_some_and(|last| token.start < modules[last].1)
    };
    let mut all: Vec<Token> = tokens.iter().copied().filter(|token| !inside(token)).collect();
    all.extend(modules.iter().map(|&(start, end)| Token::comment(start, end)));
    all.sort_by_key(|token| token.start);
    all
}

/// Finds where modules for tests begin and end.
fn modules(text: &[u8], tokens: &[Token]) -> Vec<(usize, usize)> {
    let mut walk = Walk { text, tokens, at: 0, next: 0 };
    let mut found = Vec::new();
    let mut depth = 0_usize;
    while let Some(at) = walk.code() {
        let rest = &text[at..];
        if depth == 0 && found.is_empty() && rest.starts_with(WHOLE) {
            return vec![(at, text.len())];
        }
        if depth == 0 && rest.starts_with(MARK) {
            walk.at = at + MARK.len();
            if let Some(end) = walk.module() {
                found.push((at, end));
            }
            continue;
        }
        depth = match text[at] {
            b'{' | b'(' | b'[' => depth + 1,
            b'}' | b')' | b']' => depth.saturating_sub(1),
            _ => depth,
        };
        walk.at = at + 1;
    }
    found
}

/// Walks over what is neither comment, string nor character.
struct Walk<'a> {
    text: &'a [u8],
    tokens: &'a [Token],
    at: usize,
    next: usize,
}

impl Walk<'_> {
    /// Returns the next byte of code from here on.
    fn code(&mut self) -> Option<usize> {
        loop {
            while self.tokens.get(self.next).is_some_and(|token| token.end <= self.at) {
                self.next += 1;
            }
            match self.tokens.get(self.next) {
                Some(token) if token.start <= self.at => self.at = token.end,
                _ if self.text.get(self.at) == Some(&b'\'') => self.at += character(&self.text[self.at..]),
                _ => return (self.at < self.text.len()).then_some(self.at),
            }
        }
    }

    /// Returns the end of the module that follows its mark, or nothing when something else does.
    fn module(&mut self) -> Option<usize> {
        let head = self.at;
        let open = loop {
            let at = self.code()?;
            match self.text[at] {
                b'{' => break at,
                // A declaration, whose file says for itself what it is.
                b';' | b'}' => return None,
                _ => self.at = at + 1,
            }
        };
        let words = self.text[head..open].split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
        if !words.into_iter().any(|word| word == b"mod") {
            return None;
        }
        self.at = open;
        let mut depth = 0_usize;
        while let Some(at) = self.code() {
            depth = match self.text[at] {
                b'{' => depth + 1,
                b'}' if depth == 1 => return Some(at + 1),
                b'}' => depth - 1,
                _ => depth,
            };
            self.at = at + 1;
        }
        None
    }
}

/// Returns the length of the character that begins here, or of the quote of a lifetime.
fn character(text: &[u8]) -> usize {
    match text {
        [_, b'\\', _, rest @ ..] => rest.iter().position(|&byte| byte == b'\'').map_or(1, |at| at + 4),
        [_, _, b'\'', ..] => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::TokenKind;
    use super::super::tokens;
    use crate::scan::language::Language;

    fn strings(text: &str) -> Vec<&str> {
        let all = tokens(text, Language::Rust);
        all.iter()
            .filter(|token| token.kind != TokenKind::Comment)
            .map(|token| &text[token.from..token.to])
            .collect()
    }

    #[test]
    fn a_module_for_tests_is_one_comment() {
        let text = "const A: &str = \"a\";\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n  fn f() { g(\"b}\", '}', b'\\''); } // }\n}\nconst C: &str = \"c\";";
        assert_eq!(strings(text), ["a", "c"]);
        assert!(strings("#![cfg(test)]\nconst A: &str = \"a\";").is_empty());
    }

    #[test]
    fn what_may_be_built_stays_code() {
        for text in [
            "#[cfg(not(test))]\nmod a { const B: &str = \"b\"; }",
            "#[cfg(test)]\nmod a;\nmod c { const B: &str = \"b\"; }",
            "#[cfg(test)]\nfn f() {}\nmod c { const B: &str = \"b\"; }",
            "keep! { #[cfg(test)] mod a { const B: &str = \"b\"; } }",
            "// #[cfg(test)]\nmod a { const B: &str = \"b\"; }",
            "#[cfg(test)]\nmod a { const B: &str = \"b\";",
            "keep! { #![cfg(test)] const B: &str = \"b\"; }",
        ] {
            assert_eq!(strings(text), ["b"], "{text}");
        }
    }
}
