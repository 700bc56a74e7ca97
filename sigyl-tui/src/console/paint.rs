//! Text of the command line, as lines of the screen: its few colour codes become roles again.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::theme::Theme;
use crate::render::Role;

/// Turns text with the colour codes of [`Look::paint`](crate::render::Look::paint) into lines. Any other code is shown as the
/// characters it is made of.
pub(super) fn lines(text: &str, theme: &Theme) -> Vec<Line<'static>> {
    let mut style = theme.text;
    text.lines().map(|line| self::line(line, &mut style, theme)).collect()
}

/// Breaks lines that are wider than this many columns: what a stranger wrote cannot hide its end.
pub(super) fn folded(text: &str, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let width = usize::from(width).max(1);
    lines(text, theme).into_iter().flat_map(|line| fold(line, width)).collect()
}

/// Breaks a line at the last blank that leaves it half full at least, else wherever it is full.
fn fold(line: Line<'static>, width: usize) -> Vec<Line<'static>> {
    if line.width() <= width {
        return vec![line];
    }
    let styled = line.spans.iter().flat_map(|span| span.content.chars().map(|c| (c, span.style)));
    let (mut lines, mut part, mut used) = (Vec::new(), Vec::new(), 0);
    for (c, style) in styled {
        let columns = columns(c);
        if used + columns > width {
            let full = part.iter().rposition(|(c, _)| *c == ' ').map(|at| at + 1);
            let at = full.filter(|at| *at > part.len() / 2 && c != ' ').unwrap_or(part.len());
            let rest = part.split_off(at);
            lines.push(joined(&part));
            used = rest.iter().map(|(c, _)| self::columns(*c)).sum();
            part = rest;
            // The blank that a line is broken at stands in neither.
            if c == ' ' && part.is_empty() {
                continue;
            }
        }
        part.push((c, style));
        used += columns;
    }
    lines.push(joined(&part));
    lines
}

fn columns(c: char) -> usize {
    console::measure_text_width(c.encode_utf8(&mut [0; 4]))
}

fn joined(part: &[(char, Style)]) -> Line<'static> {
    let mut spans = Vec::new();
    for same in part.chunk_by(|a, b| a.1 == b.1) {
        let text: String = same.iter().map(|(c, _)| *c).collect();
        push(&mut spans, &text, same[0].1);
    }
    Line::from(spans)
}

fn line(text: &str, style: &mut Style, theme: &Theme) -> Line<'static> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        let (before, after) = rest.split_at(at);
        push(&mut spans, before, *style);
        match code(after) {
            Some((role, end)) => {
                *style = theme.role(role);
                rest = &after[end..];
            }
            None => {
                push(&mut spans, "⟦ESC⟧", theme.role(Role::Specimen));
                rest = &after[1..];
            }
        }
    }
    push(&mut spans, rest, *style);
    Line::from(spans)
}

fn push(spans: &mut Vec<Span<'static>>, text: &str, style: Style) {
    if !text.is_empty() {
        let safe: String = text.chars().map(|c| if c.is_control() { '·' } else { c }).collect();
        spans.push(Span::styled(safe, style));
    }
}

/// Reads one code at the beginning of `text`: the role, and where it ends.
fn code(text: &str) -> Option<(Role, usize)> {
    let body = text.strip_prefix("\u{1b}[")?;
    let end = body.find('m').filter(|end| *end <= 4)?;
    let role = match &body[..end] {
        "0" => Role::Text,
        "1" => Role::Strong,
        "2" => Role::Dim,
        "31" => Role::Error,
        "32" => Role::Ok,
        "33" => Role::Warn,
        "36" => Role::Specimen,
        "1;31" => Role::Block,
        _ => return None,
    };
    Some((role, 2 + end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Look;

    #[test]
    fn every_colour_of_the_command_line_comes_back_as_its_role() {
        let theme = Theme::named("dark").unwrap();
        let look = Look { color: true, ..Look::PLAIN };
        let roles = [Role::Dim, Role::Strong, Role::Ok, Role::Warn, Role::Error, Role::Block, Role::Specimen];
        for role in roles {
            let drawn = lines(&format!("a {} b", look.paint(role, "x")), &theme);
            let spans = &drawn[0].spans;
            assert_eq!((spans[1].content.as_ref(), spans[1].style), ("x", theme.role(role)));
            assert_eq!(spans[2].style, theme.text);
        }
    }

    #[test]
    fn a_line_without_blanks_is_broken_and_keeps_its_colours() {
        let theme = Theme::named("dark").unwrap();
        let look = Look { color: true, ..Look::PLAIN };
        let text = format!("ab{}日本", look.paint(Role::Warn, &"\u{a0}".repeat(5)));
        let drawn = folded(&text, 4, &theme);
        let shown: Vec<String> = drawn.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["ab\u{a0}\u{a0}", "\u{a0}\u{a0}\u{a0}", "日本"]);
        assert_eq!(drawn[1].spans[0].style, theme.role(Role::Warn));
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        let theme = Theme::named("none").unwrap();
        let shown = |text: &str| folded(text, 10, &theme).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown("one two three four"), ["one two ", "three four"]);
        assert_eq!(shown("twelve one two"), ["twelve one", "two"]);
        assert_eq!(shown("a incomprehensible"), ["a incompre", "hensible"], "too much would stay empty");
        assert_eq!(shown(&"x".repeat(25)).len(), 3);
    }

    #[test]
    fn nothing_else_is_obeyed() {
        let theme = Theme::named("none").unwrap();
        let drawn = lines("\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}1m", &theme);
        assert_eq!(drawn[0].to_string(), "⟦ESC⟧[2J⟦ESC⟧]0;title··1m");
    }
}
