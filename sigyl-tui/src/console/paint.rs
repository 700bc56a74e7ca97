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
    fn nothing_else_is_obeyed() {
        let theme = Theme::named("none").unwrap();
        let drawn = lines("\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}1m", &theme);
        assert_eq!(drawn[0].to_string(), "⟦ESC⟧[2J⟦ESC⟧]0;title··1m");
    }
}
