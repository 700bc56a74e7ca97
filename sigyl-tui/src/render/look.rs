//! Colours by role, and glyphs with an ASCII form each.

use super::Zone;

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// Text as it is.
    #[default]
    Text,
    /// Of second rank.
    Dim,
    /// What the eye should find first.
    Strong,
    /// Well.
    Ok,
    /// Look here.
    Warn,
    /// Failed.
    Error,
    /// Must not run.
    Block,
    /// Text from a stranger.
    Specimen,
}

impl Role {
    fn codes(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Dim => Some("2"),
            Self::Strong => Some("1"),
            Self::Ok => Some("32"),
            Self::Warn => Some("33"),
            Self::Error => Some("31"),
            Self::Block => Some("1;31"),
            Self::Specimen => Some("36"),
        }
    }
}

/// A sign for a state; always beside a word, so that it is never the only carrier of meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    /// It serves.
    Serving,
    /// It is on its way.
    Starting,
    /// It waits for a person.
    Held,
    /// A verdict forbids it.
    Blocked,
    /// It does not run.
    Stopped,
    /// It failed.
    Failed,
    /// It is done.
    Done,
    /// It was taken back.
    Undone,
    /// Worth mending.
    Warning,
    /// Worth knowing.
    Info,
}

impl Glyph {
    /// The colour that goes with it.
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Serving | Self::Done => Role::Ok,
            Self::Starting | Self::Held | Self::Warning => Role::Warn,
            Self::Failed => Role::Error,
            Self::Blocked => Role::Block,
            Self::Stopped | Self::Undone | Self::Info => Role::Dim,
        }
    }
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether colours are wanted.
    pub(crate) color: bool,
    /// Whether only ASCII can be shown.
    pub(crate) ascii: bool,
    /// Whether a link can be followed.
    pub(crate) links: bool,
    /// Columns; nothing when the reader is no terminal and lines may be as long as they are.
    pub(crate) width: Option<usize>,
    /// Whose times are shown.
    pub(crate) zone: Zone,
}

impl Look {
    /// Gives `text` the colour of `role`.
    pub(crate) fn paint(&self, role: Role, text: &str) -> String {
        match role.codes() {
            Some(codes) if self.color && !text.is_empty() => format!("\u{1b}[{codes}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }

    /// Returns the sign of `glyph`, one column wide.
    pub(crate) fn sign(&self, glyph: Glyph) -> &'static str {
        let (sign, ascii) = match glyph {
            Glyph::Serving => ("●", "*"),
            Glyph::Starting => ("◐", "~"),
            Glyph::Held => ("▲", "!"),
            Glyph::Blocked => ("■", "#"),
            Glyph::Stopped => ("○", "-"),
            Glyph::Failed => ("✖", "x"),
            Glyph::Done => ("✓", "+"),
            Glyph::Undone => ("↶", "<"),
            Glyph::Warning => ("◆", "!"),
            Glyph::Info => ("·", "."),
        };
        if self.ascii { ascii } else { sign }
    }

    /// Returns the sign in its colour.
    pub(crate) fn glyph(&self, glyph: Glyph) -> String {
        self.paint(glyph.role(), self.sign(glyph))
    }

    /// Returns what stands for text that was cut.
    pub(crate) fn ellipsis(&self) -> &'static str {
        if self.ascii { "~" } else { "…" }
    }

    /// Cuts `text` (without colours) to `width` columns, saying so by its last column.
    pub(crate) fn cut(&self, text: &str, width: usize) -> String {
        console::truncate_str(text, width, self.ellipsis()).into_owned()
    }
}

impl Look {
    /// A terminal of 80 columns without colours.
    pub(crate) const PLAIN: Self =
        Self { color: false, ascii: false, links: false, width: Some(80), zone: Zone::Utc };
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLYPHS: [Glyph; 10] = [
        Glyph::Serving,
        Glyph::Starting,
        Glyph::Held,
        Glyph::Blocked,
        Glyph::Stopped,
        Glyph::Failed,
        Glyph::Done,
        Glyph::Undone,
        Glyph::Warning,
        Glyph::Info,
    ];

    #[test]
    fn every_glyph_is_one_column_and_has_an_ascii_form() {
        let ascii = Look { ascii: true, ..Look::PLAIN };
        for glyph in GLYPHS {
            assert_eq!(console::measure_text_width(Look::PLAIN.sign(glyph)), 1, "{glyph:?}");
            assert!(ascii.sign(glyph).is_ascii());
        }
    }

    #[test]
    fn colour_goes_only_where_it_is_wanted() {
        assert_eq!(Look::PLAIN.paint(Role::Error, "x"), "x");
        let colored = Look { color: true, ..Look::PLAIN };
        assert_eq!(colored.paint(Role::Error, "x"), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(colored.paint(Role::Text, "x"), "x");
    }
}
