//! What a line of code stands in, told by how far lines are indented.

/// Lines that are read to find those around one.
const LINES: usize = 400;
/// Lines around one that are told.
const DEPTH: usize = 8;

/// A line that others stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head<'t> {
    pub(super) text: &'t str,
    /// Its first byte.
    pub(super) start: usize,
}

/// Returns the lines that the byte `at` stands in, the nearest first: each is indented less than the one before. Of an
/// `else`, what it is the other side of comes too.
pub(super) fn heads(code: &str, at: usize) -> Vec<Head<'_>> {
    let begin = code[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = code[begin..].split('\n').next().unwrap_or_default();
    let mut depth = indent(line);
    let mut all = Vec::new();
    let mut other = None;
    let mut end = begin;
    for line in code[..begin].split('\n').rev().skip(1).take(LINES) {
        end -= line.len() + 1;
        let here = indent(line);
        let text = line.trim();
        let opens = !text.is_empty() && !text.starts_with(['}', ')', ']', '@']) || text.contains("else");
        if opens && (here < depth || other == Some(here) && text.contains("if")) {
            other = text.trim_start_matches(['}', ' ']).starts_with("el").then_some(here);
            depth = here;
            all.push(Head { text, start: end });
        }
        if depth == 0 && other.is_none() || all.len() == DEPTH {
            break;
        }
    }
    all
}

/// Counts how far a line is indented.
fn indent(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(code: &str) -> Vec<&str> {
        heads(code, code.find("HERE").unwrap()).into_iter().map(|head| head.text).collect()
    }

    #[test]
    fn a_line_stands_in_those_that_are_indented_less() {
        let code = "import a\nclass B:\n    x = 1\n\n    def c(self):\n        if d:\n            pass\n        if e:\n            HERE\n";
        assert_eq!(around(code), ["if e:", "def c(self):", "class B:"]);
        assert_eq!(around("HERE"), Vec::<&str>::new());
        assert_eq!(around("a\nHERE"), Vec::<&str>::new());
    }

    #[test]
    fn the_other_side_of_a_condition_stands_in_it_too() {
        let code = "function f() {\n  if (strict) {\n    a();\n  } else {\n    HERE;\n  }\n}";
        assert_eq!(around(code), ["} else {", "if (strict) {", "function f() {"]);
        let python = "def f(strict):\n    if strict:\n        a()\n    elif b:\n        c()\n    else:\n        HERE\n";
        assert_eq!(around(python), ["else:", "elif b:", "if strict:", "def f(strict):"]);
    }

    #[test]
    fn what_is_far_is_not_looked_for() {
        let code = format!("if far:\n{}    HERE", "    a\n".repeat(LINES + 10));
        assert_eq!(around(&code), Vec::<&str>::new());
    }
}
