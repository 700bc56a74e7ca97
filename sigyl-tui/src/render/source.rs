//! Lines of a kept source.

use sigyl_core::wire::v1::SourceWindow;

use super::{Look, Role, specimen};

/// Columns of the mark, and of what parts numbers from lines.
const BESIDE: usize = 6;

/// Lines with their numbers, one of them marked, and what is to be known of them. With `fits`, lines are cut to the width.
pub(crate) fn source_lines(window: &SourceWindow, mark: Option<u64>, look: &Look, fits: bool) -> String {
    let last = window.from + (window.lines.len() as u64).saturating_sub(1);
    let digits = last.to_string().len();
    let room = look.width.filter(|_| fits).map(|width| width.saturating_sub(digits + BESIDE).max(1));
    let (sign, bar) = if look.ascii { (">", "|") } else { ("▶", "│") };
    let mut text = String::new();
    for (number, line) in (window.from..).zip(&window.lines) {
        let line = specimen(&line.replace('\t', "    "));
        let line = room.map_or_else(|| line.clone(), |room| look.cut(&line, room));
        let is_marked = mark == Some(number);
        let (sign, role) = if is_marked { (sign, Role::Strong) } else { (" ", Role::Dim) };
        let number = look.paint(role, &format!("{sign} {number:>digits$} {bar}"));
        text.push_str(format!("{number} {}", look.paint(Role::Specimen, &line)).trim_end());
        text.push('\n');
    }
    text
}

/// What a reader has to know of a window beside its lines, a line each.
pub(crate) fn source_notes(window: &SourceWindow, look: &Look) -> String {
    let mut notes = Vec::new();
    let last = window.from + window.lines.len() as u64;
    if window.total == 0 {
        notes.push("the file is empty".to_owned());
    } else if window.from > 1 || last <= window.total {
        notes.push(format!("lines {} to {} of {}", window.from, last.saturating_sub(1), window.total));
    }
    if window.masked > 0 {
        let secrets = if window.masked == 1 { "secret is" } else { "secrets are" };
        notes.push(format!("{} {secrets} masked", window.masked));
    }
    if let Some(first) = window.cut.first() {
        let more = window.cut.len() - 1;
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        notes.push(format!("line {first} is too long and was cut{more}"));
    }
    notes.iter().map(|note| format!("{}\n", look.paint(Role::Dim, note))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> SourceWindow {
        SourceWindow {
            source: sigyl_core::domain::Digest::of(b"x"),
            path: "src/a.py".to_owned(),
            bytes: 70,
            total: 30,
            from: 9,
            lines: vec!["\tone\u{202e}".to_owned(), String::new(), "three \u{1b}[2J is long".to_owned()],
            cut: vec![11],
            masked: 1,
        }
    }

    #[test]
    fn the_marked_line_stands_out_and_nothing_of_the_code_is_obeyed() {
        let text = source_lines(&window(), Some(10), &Look::PLAIN, false);
        assert_eq!(text, "   9 │     one⟦RLO⟧\n▶ 10 │\n  11 │ three ⟦ESC⟧[2J is long\n");
        let narrow = Look { width: Some(20), ascii: true, ..Look::PLAIN };
        let text = source_lines(&window(), None, &narrow, true);
        assert!(text.lines().all(|line| console::measure_text_width(line) <= 20), "{text}");
        assert!(text.contains("  11 | three "), "{text}");
    }

    #[test]
    fn what_is_left_out_is_said() {
        let notes = source_notes(&window(), &Look::PLAIN);
        assert_eq!(notes, "lines 9 to 11 of 30\n1 secret is masked\nline 11 is too long and was cut\n");
        let whole = SourceWindow { total: 3, from: 1, cut: Vec::new(), masked: 0, ..window() };
        assert_eq!(source_notes(&whole, &Look::PLAIN), "");
        let empty =
            SourceWindow { total: 0, from: 1, lines: Vec::new(), cut: Vec::new(), masked: 0, ..window() };
        assert_eq!(source_notes(&empty, &Look::PLAIN), "the file is empty\n");
    }
}
