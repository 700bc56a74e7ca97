//! How the console looks, and which keys it has.

use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use serde::Deserialize;

use super::{Environment, SettingsError};

/// A theme that is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ThemeName {
    /// Light text on a dark ground.
    Dark,
    /// Dark text on a light ground.
    Light,
    /// The most contrast there is.
    Contrast,
    /// The colours of the terminal.
    #[serde(rename = "16")]
    #[value(name = "16")]
    Sixteen,
    /// No colours.
    None,
}

impl ThemeName {
    /// Its name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Contrast => "contrast",
            Self::Sixteen => "16",
            Self::None => "none",
        }
    }
}

/// Whose times the console shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TimeName {
    /// The same for everybody.
    #[default]
    Utc,
    /// That of this machine.
    Local,
}

/// The table `[console]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ConsoleSettings {
    /// The theme, instead of the one that fits the terminal.
    pub(crate) theme: Option<ThemeName>,
    /// A file with colours of one's own, instead of those of the theme.
    pub(crate) theme_file: Option<PathBuf>,
    /// A file with keys of one's own, instead of those that the console has.
    pub(crate) keymap: Option<PathBuf>,
    /// Whose times are shown.
    pub(crate) time: TimeName,
}

impl ConsoleSettings {
    /// The same, with files named from this folder.
    pub(super) fn based_in(mut self, base: &Path) -> Self {
        for file in [&mut self.theme_file, &mut self.keymap].into_iter().flatten() {
            *file = base.join(&*file);
        }
        self
    }

    /// The same, unless the environment names a theme: then that one, as it is.
    pub(super) fn over(self, environment: &Environment) -> Result<Self, SettingsError> {
        let Some(text) = environment.text("SIGYL_THEME")? else { return Ok(self) };
        let theme = ThemeName::from_str(text, false).map_err(|_| SettingsError::Variable {
            name: "SIGYL_THEME",
            why: "write dark, light, contrast, 16 or none".to_owned(),
        })?;
        Ok(Self { theme: Some(theme), theme_file: None, ..self })
    }
}
