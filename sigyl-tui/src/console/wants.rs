//! How the operator wants the console, and what the terminal can show.

use super::keymap::Keymap;
use super::own::{self, Wrong};
use super::theme::{Palette, Theme};
use crate::problem::Problem;
use crate::render::Zone;
use crate::settings::{ConsoleSettings, Environment, Settings, TimeName};

/// Keys and colours.
pub(super) struct Wants {
    /// The theme to begin with.
    pub(super) theme: Theme,
    /// The operator's own theme, if there is one.
    pub(super) own: Option<Theme>,
    /// Whose times are shown.
    pub(super) zone: Zone,
    /// What keys mean.
    pub(super) keys: Keymap,
    /// What the operator should know about them.
    pub(super) notice: Option<String>,
}

impl Wants {
    /// Reads what the settings name. Where colours are not wanted, there are none whatever is named.
    pub(super) fn of(settings: &Settings, color: bool) -> Result<Self, Problem> {
        let ConsoleSettings { theme, theme_file, keymap, time } = &settings.console;
        let zone = match time {
            TimeName::Utc => Zone::Utc,
            TimeName::Local => Zone::Local,
        };
        let keys = match keymap {
            Some(path) => own::read(path, own::keymap).map_err(wrong)?,
            None => Keymap::default(),
        };
        let name = theme.map_or_else(|| fitting(&settings.environment), |theme| theme.word());
        let shipped = Theme::named(if color { name } else { "none" }).unwrap_or_else(Theme::plain);
        let (Some(path), Some(palette)) = (theme_file, Palette::named(name)) else {
            return Ok(Self { theme: shipped, own: None, zone, keys, notice: None });
        };
        let palette = own::read(path, |tables, problems| own::palette(palette, tables, problems));
        let own = Theme::own(&palette.map_err(wrong)?);
        let notice = notice(&own);
        if !color {
            return Ok(Self { theme: shipped, own: None, zone, keys, notice: None });
        }
        Ok(Self { theme: own.clone(), own: Some(own), zone, keys, notice })
    }
}

fn notice(theme: &Theme) -> Option<String> {
    let hard = theme.hard_to_read();
    let hard: Vec<_> = hard.iter().map(|(name, ratio)| format!("{name} {ratio:.1}:1")).collect();
    (!hard.is_empty()).then(|| format!("hard to read in your theme, below 4.5:1: {}", hard.join(", ")))
}

fn wrong(wrong: Wrong) -> Problem {
    Problem::wrong_use("E0051", wrong, "docs/console.md says what these files hold")
}

/// The theme that fits the terminal.
fn fitting(environment: &Environment) -> &'static str {
    let has = |name: &str, word: &str| {
        environment.get(name).is_some_and(|value| value.to_string_lossy().contains(word))
    };
    let many = has("COLORTERM", "truecolor") || has("COLORTERM", "24bit") || has("TERM", "direct");
    if many { "dark" } else { "16" }
}
