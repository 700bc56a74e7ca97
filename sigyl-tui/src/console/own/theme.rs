//! Colours of the operator's own.

use ratatui::style::Color;
use toml::de::DeTable;

use super::file::{Problems, nearest, text};
use crate::console::theme::Palette;

/// Names of the sixteen colours that a terminal has of its own.
const NAMES: [(&str, Color); 17] = [
    ("terminal", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// Takes the colours of a file, by role, instead of those of a theme.
pub(in crate::console) fn palette(
    mut palette: Palette,
    tables: &DeTable<'_>,
    problems: &mut Problems<'_>,
) -> Palette {
    for (name, value) in tables {
        let wanted = name.get_ref();
        let Some(role) = palette.role(wanted) else {
            let hint = nearest(wanted, Palette::ROLES.map(str::to_owned));
            problems.note(name.span(), format!("no role is called `{wanted}`{hint}"));
            continue;
        };
        let Some(text) = text(value, problems) else { continue };
        match color(text) {
            Some(color) => *role = color,
            None => {
                let hint = "write #rrggbb, a number up to 255, terminal, or a name such as bright-blue";
                problems.note(value.span(), format!("`{text}` is no colour; {hint}"));
            }
        }
    }
    palette
}

fn color(text: &str) -> Option<Color> {
    if let Some(digits) = text.strip_prefix('#') {
        let whole = digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit());
        let [_, r, g, b] = u32::from_str_radix(digits, 16).ok().filter(|_| whole)?.to_be_bytes();
        return Some(Color::Rgb(r, g, b));
    }
    let named = NAMES.iter().find(|(name, _)| *name == text).map(|(_, color)| *color);
    named.or_else(|| text.parse().ok().map(Color::Indexed))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::file::parse;
    use super::*;
    use crate::console::theme::Theme;

    #[test]
    fn roles_that_are_named_are_changed_and_every_problem_is_told() {
        let dark = Palette::named("dark").unwrap();
        let take =
            |text: &str| parse(text, Path::new("t.toml"), |tables, problems| palette(dark, tables, problems));
        let mut own =
            take("back = '#000000'\nok = 'bright-green'\nwarn = '208'\nborder = 'terminal'\n").unwrap();
        let of = |palette: &mut Palette, name| *palette.role(name).unwrap();
        assert_eq!(of(&mut own, "back"), Color::Rgb(0, 0, 0));
        assert_eq!((of(&mut own, "ok"), of(&mut own, "warn")), (Color::LightGreen, Color::Indexed(208)));
        assert_eq!(of(&mut own, "border"), Color::Reset);
        assert_eq!(of(&mut own, "text"), of(&mut dark.clone(), "text"));
        let told = take("txt = '#fff'\nok = '#fff'\nwarn = 3\n\nerror = '256'\n").unwrap_err().to_string();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 4, "{told}");
        assert_eq!(lines[0], "t.toml:1: no role is called `txt`; did you mean `text`?");
        assert!(lines[1].starts_with("t.toml:2: `#fff` is no colour; write #rrggbb"), "{told}");
        assert!(lines[3].starts_with("t.toml:5: `256` is no colour"), "{told}");
    }

    #[test]
    fn every_role_has_a_colour_and_hard_ones_are_known() {
        let mut own = Palette::named("dark").unwrap();
        assert!(Palette::ROLES.iter().all(|name| own.role(name).is_some()));
        assert!(Theme::own(&own).hard_to_read().is_empty());
        if let Some(dim) = own.role("dim") {
            *dim = Color::Rgb(0x33, 0x33, 0x33);
        }
        let hard = Theme::own(&own).hard_to_read();
        assert!(matches!(hard[..], [("dim", ratio)] if ratio < 2.0), "{hard:?}");
    }
}
