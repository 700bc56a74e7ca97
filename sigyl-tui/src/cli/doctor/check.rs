//! One thing that was looked at.

use serde::Serialize;

use crate::render::{Glyph, Look, Role, specimen_lines, wrap};
use crate::settings::Settings;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Something does not work because of it, and the rest does.
    Warn,
    /// Nothing works until it is mended.
    Fail,
}

/// What was looked at, what was seen, and what to do.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) state: State,
    pub(super) found: String,
    pub(super) remedy: Option<String>,
    /// Commands that mend it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) commands: Vec<String>,
}

impl Check {
    /// As it should be.
    pub(super) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, state: State::Ok, found: found.into(), remedy: None, commands: Vec::new() }
    }

    /// Something does not work because of it.
    pub(super) fn warn(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Warn,
            found: found.into(),
            remedy: Some(remedy.into()),
            commands: Vec::new(),
        }
    }

    /// Nothing works until it is mended.
    pub(super) fn fail(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Fail,
            found: found.into(),
            remedy: Some(remedy.into()),
            commands: Vec::new(),
        }
    }

    /// Writes it as one line, and its remedy below.
    pub(super) fn plain(&self, look: &Look) -> String {
        let glyph = match self.state {
            State::Ok => Glyph::Done,
            State::Warn => Glyph::Warning,
            State::Fail => Glyph::Failed,
        };
        let line = wrap(
            &format!("{} {:<12} {}", look.sign(glyph), self.name, specimen_lines(&self.found)),
            look,
            15,
        );
        let mut text = line.replacen(look.sign(glyph), &look.glyph(glyph), 1) + "\n";
        if let Some(remedy) = &self.remedy {
            let remedy = wrap(&format!("               help: {remedy}"), look, 21);
            text.push_str(&look.paint(Role::Dim, &remedy));
            text.push('\n');
        }
        // A command stays on one line, so that it can be taken as it is.
        for command in &self.commands {
            let line = format!("               $ {}", specimen_lines(command));
            text.push_str(&look.paint(Role::Dim, &line));
            text.push('\n');
        }
        text
    }
}

/// Which configuration is in use.
pub(super) fn settings(settings: &Settings) -> Check {
    let file = settings
        .config
        .as_ref()
        .map_or_else(|| "none; defaults".to_owned(), |path| path.display().to_string());
    let offline = if settings.offline { "; offline" } else { "" };
    Check::ok("config", format!("{file}{offline}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_comes_with_its_remedy() {
        let checks = [
            Check::ok("git", "/usr/bin/git 2.47.3"),
            Check::warn(
                "go",
                "not found",
                "install Go from your distribution to build servers written in Go",
            ),
            Check::fail(
                "data dir",
                "/srv/sigyl cannot be written: Read-only file system",
                "name another with --data-dir",
            ),
        ];
        let text: String = checks.iter().map(|check| check.plain(&Look::PLAIN)).collect();
        insta::assert_snapshot!(text, @r"
        ✓ git          /usr/bin/git 2.47.3
        ◆ go           not found
                       help: install Go from your distribution to build servers written
                             in Go
        ✖ data dir     /srv/sigyl cannot be written: Read-only file system
                       help: name another with --data-dir
        ");
    }
}
