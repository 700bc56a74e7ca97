//! Colours by role. What a role means never hangs on its colour alone: a sign or a word stands beside it.

use ratatui::style::{Color, Modifier, Style};

use crate::render::Role;

/// How each role looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Theme {
    /// Its name.
    pub(super) name: &'static str,
    /// Text as it is, and what is behind it.
    pub(super) text: Style,
    dim: Style,
    strong: Style,
    ok: Style,
    warn: Style,
    error: Style,
    block: Style,
    specimen: Style,
    /// What leads the eye: where one is, what a key does.
    pub(super) accent: Style,
    /// The row or field that keys act on.
    pub(super) selection: Style,
    /// Lines.
    pub(super) border: Style,
    /// Lines around what has the keys.
    pub(super) focus: Style,
}

/// Names of all themes, as `[console] theme` takes them.
pub(super) const NAMES: [&str; 5] = ["dark", "light", "contrast", "16", "none"];

const fn rgb(hex: u32) -> Color {
    let [_, r, g, b] = hex.to_be_bytes();
    Color::Rgb(r, g, b)
}

/// Colours for the roles of a theme, in the order of its fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette {
    back: Color,
    text: Color,
    dim: Color,
    strong: Color,
    ok: Color,
    warn: Color,
    error: Color,
    block: Color,
    specimen: Color,
    accent: Color,
    selected: Color,
    border: Color,
}

impl Palette {
    /// The colours of a shipped theme; nothing for the one without any.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "dark" => DARK,
            "light" => LIGHT,
            "contrast" => CONTRAST,
            "16" => SIXTEEN,
            _ => return None,
        })
    }

    /// Roles, by the names that a file has for them.
    pub(super) const ROLES: [&str; 12] = [
        "back", "text", "dim", "strong", "ok", "warn", "error", "block", "specimen", "accent", "selected",
        "border",
    ];

    /// The colour of a role.
    pub(super) fn role(&mut self, name: &str) -> Option<&mut Color> {
        Some(match name {
            "back" => &mut self.back,
            "text" => &mut self.text,
            "dim" => &mut self.dim,
            "strong" => &mut self.strong,
            "ok" => &mut self.ok,
            "warn" => &mut self.warn,
            "error" => &mut self.error,
            "block" => &mut self.block,
            "specimen" => &mut self.specimen,
            "accent" => &mut self.accent,
            "selected" => &mut self.selected,
            "border" => &mut self.border,
            _ => return None,
        })
    }
}

const DARK: Palette = Palette {
    back: rgb(0x0016_181d),
    text: rgb(0x00d5_d8de),
    dim: rgb(0x00a3_a9b5),
    strong: rgb(0x00ff_ffff),
    ok: rgb(0x0082_c98b),
    warn: rgb(0x00e3_bd62),
    error: rgb(0x00f2_8b82),
    block: rgb(0x00ff_7ab6),
    specimen: rgb(0x007f_c8d8),
    accent: rgb(0x009d_b4ff),
    selected: rgb(0x0030_3645),
    border: rgb(0x0045_4b58),
};

const LIGHT: Palette = Palette {
    back: rgb(0x00fb_fbf8),
    text: rgb(0x0026_292e),
    dim: rgb(0x005c_626c),
    strong: rgb(0x0000_0000),
    ok: rgb(0x001b_6b2c),
    warn: rgb(0x007d_5200),
    error: rgb(0x00b0_1e1e),
    block: rgb(0x009b_0b5d),
    specimen: rgb(0x0007_5f73),
    accent: rgb(0x002f_46b5),
    selected: rgb(0x00dd_e3f3),
    border: rgb(0x00b9_bdc6),
};

const CONTRAST: Palette = Palette {
    back: rgb(0x0000_0000),
    text: rgb(0x00ff_ffff),
    dim: rgb(0x00d0_d0d0),
    strong: rgb(0x00ff_ffff),
    ok: rgb(0x0066_ff7a),
    warn: rgb(0x00ff_e14d),
    error: rgb(0x00ff_a09a),
    block: rgb(0x00ff_9ad5),
    specimen: rgb(0x007d_efff),
    accent: rgb(0x00ae_c6ff),
    selected: rgb(0x0000_264d),
    border: rgb(0x00d0_d0d0),
};

const SIXTEEN: Palette = Palette {
    back: Color::Reset,
    text: Color::Reset,
    dim: Color::Reset,
    strong: Color::Reset,
    ok: Color::Green,
    warn: Color::Yellow,
    error: Color::Red,
    block: Color::Magenta,
    specimen: Color::Cyan,
    accent: Color::Blue,
    selected: Color::Reset,
    border: Color::Reset,
};

impl Theme {
    /// Finds a theme by its name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "dark" => Self::of("dark", &DARK),
            "light" => Self::of("light", &LIGHT),
            "contrast" => Self::of("contrast", &CONTRAST),
            "16" => Self::terminal("16", &SIXTEEN),
            "none" => Self::plain(),
            _ => return None,
        })
    }

    /// The operator's own colours. What is selected is marked by them, or reversed where the ground is the terminal's own.
    pub(super) fn own(palette: &Palette) -> Self {
        match palette.selected {
            Color::Reset => Self::terminal("own", palette),
            _ => Self::of("own", palette),
        }
    }

    /// Texts that are hard to read, by role and ground, with their contrast: below 4.5 for one. Of colours that only the
    /// terminal knows, nothing can be said.
    pub(super) fn hard_to_read(&self) -> Vec<(&'static str, f64)> {
        let (Some(back), Some(selected)) = (self.text.bg, self.selection.bg) else { return Vec::new() };
        let texts = [
            ("text", self.text),
            ("dim", self.dim),
            ("strong", self.strong),
            ("ok", self.ok),
            ("warn", self.warn),
            ("error", self.error),
            ("block", self.block),
            ("specimen", self.specimen),
            ("accent", self.accent),
        ];
        let ratio = |style: Style| {
            let grounds = [back, selected].into_iter().filter_map(|ground| contrast(style.fg?, ground));
            grounds.reduce(f64::min)
        };
        let hard = texts.into_iter().filter_map(|(name, style)| Some((name, ratio(style)?)));
        hard.filter(|(_, ratio)| *ratio < READABLE).collect()
    }

    /// How a role looks.
    pub(super) fn role(&self, role: Role) -> Style {
        match role {
            Role::Text => self.text,
            Role::Dim => self.dim,
            Role::Strong => self.strong,
            Role::Ok => self.ok,
            Role::Warn => self.warn,
            Role::Error => self.error,
            Role::Block => self.block,
            Role::Specimen => self.specimen,
        }
    }

    fn of(name: &'static str, palette: &Palette) -> Self {
        let on = |color| Style::new().fg(color).bg(palette.back);
        Self {
            name,
            text: on(palette.text),
            dim: on(palette.dim),
            strong: on(palette.strong).add_modifier(Modifier::BOLD),
            ok: on(palette.ok),
            warn: on(palette.warn),
            error: on(palette.error),
            block: on(palette.block).add_modifier(Modifier::BOLD),
            specimen: on(palette.specimen),
            accent: on(palette.accent),
            selection: Style::new().bg(palette.selected).add_modifier(Modifier::BOLD),
            border: on(palette.border),
            focus: on(palette.accent),
        }
    }

    /// Colours of the terminal's own, on its own ground: weights and reversal tell apart what it has no colour for.
    fn terminal(name: &'static str, palette: &Palette) -> Self {
        let theme = Self::of(name, palette);
        Self {
            dim: theme.dim.add_modifier(Modifier::DIM),
            accent: theme.accent.add_modifier(Modifier::BOLD),
            selection: Style::new().add_modifier(Modifier::REVERSED),
            ..theme
        }
    }

    /// Without any colour.
    pub(super) fn plain() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        Self {
            name: "none",
            text: plain,
            dim: plain,
            strong: bold,
            ok: plain,
            warn: plain,
            error: plain,
            block: bold,
            // Provenance is told without colours too.
            specimen: plain.add_modifier(Modifier::ITALIC),
            accent: bold,
            selection: plain.add_modifier(Modifier::REVERSED),
            border: plain,
            focus: bold,
        }
    }
}

/// The contrast ratio of WCAG 2 that a text needs.
const READABLE: f64 = 4.5;

fn luminance(color: Color) -> Option<f64> {
    let Color::Rgb(r, g, b) = color else { return None };
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    Some(0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b))
}

/// The contrast ratio of WCAG 2, of colours that are the same everywhere.
fn contrast(a: Color, b: Color) -> Option<f64> {
    let (a, b) = (luminance(a)?, luminance(b)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_can_be_read_on_its_ground_and_when_it_is_selected() {
        for (name, least) in [("dark", 4.5), ("light", 4.5), ("contrast", 7.0)] {
            let theme = Theme::named(name).unwrap();
            let back = theme.text.bg.unwrap();
            let selected = theme.selection.bg.unwrap();
            let roles = [
                Role::Text,
                Role::Dim,
                Role::Strong,
                Role::Ok,
                Role::Warn,
                Role::Error,
                Role::Block,
                Role::Specimen,
            ];
            let styles = roles.map(|role| theme.role(role)).into_iter().chain([theme.accent, theme.focus]);
            for style in styles {
                for ground in [back, selected] {
                    let ratio = contrast(style.fg.unwrap(), ground).unwrap();
                    assert!(ratio >= least, "{name}: {style:?} on {ground:?} has {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn every_name_is_a_theme_and_no_other() {
        for name in NAMES {
            assert_eq!(Theme::named(name).unwrap().name, name);
        }
        assert!(Theme::named("neon").is_none());
    }

    #[test]
    fn without_colours_there_is_none() {
        let theme = Theme::named("none").unwrap();
        let roles = [Role::Ok, Role::Warn, Role::Error, Role::Block, Role::Specimen];
        assert!(roles.iter().all(|role| theme.role(*role).fg.is_none() && theme.role(*role).bg.is_none()));
    }
}
