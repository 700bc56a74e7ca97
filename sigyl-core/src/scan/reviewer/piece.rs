//! One question's worth of a subject: numbered parts, each with its place.

use crate::domain::{Location, RuleId, Severity};

/// What kind of thing is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// What a tool, prompt or resource declares.
    Tool,
    /// The instructions that a server gives to models.
    Instructions,
    /// The code of a file.
    Code,
}

impl Shown {
    /// Returns what the prompt calls it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Tool => "definition of a tool, prompt or resource",
            Self::Instructions => "instructions of a server",
            Self::Code => "source file",
        }
    }
}

/// One string or line, masked and spelled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// What it is called: the path of a field, or the number of a line.
    pub(super) label: String,
    /// What it says.
    pub(super) text: String,
    /// Where it stands.
    pub(super) location: Location,
}

/// What a rule found in a piece already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// Which finding of the report it is.
    pub(super) finding: usize,
    /// The rule.
    pub(super) rule: RuleId,
    /// How bad it is.
    pub(super) severity: Severity,
}

/// What one question shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// What messages call it.
    pub(super) title: String,
    /// What kind of thing it is.
    pub(super) shown: Shown,
    /// What it says.
    pub(super) parts: Vec<Part>,
    /// What rules found in it.
    pub(super) heard: Vec<Heard>,
}

impl Piece {
    /// Returns how many bytes of text it shows.
    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.label.len() + part.text.len()).sum()
    }
}
