//! What differs between what a server declared once and what it declares now, and how much that matters.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Digest, Entity, RuleId, Severity};

/// How much a difference matters; ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Gravity {
    /// It is told.
    Inform,
    /// Somebody has to see it first.
    Hold,
    /// It must not serve.
    Block,
}

impl fmt::Display for Gravity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Inform => "informs",
            Self::Hold => "holds",
            Self::Block => "blocks",
        })
    }
}

/// What became of one declared thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fate {
    /// It was not there.
    Added,
    /// It is gone.
    Removed,
    /// More than one goes by this name now; which one a client takes is not known.
    Ambiguous,
    /// Its definition differs.
    Changed,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Ambiguous => "ambiguous",
            Self::Changed => "changed",
        })
    }
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Dotted path, such as `inputSchema.properties.note`.
    pub field: String,
    /// What the difference means, such as `new parameter`.
    pub what: String,
    /// What was there, bounded, with what does not show spelled out; nothing when there was nothing.
    pub was: Option<String>,
    /// What is there now.
    pub is: Option<String>,
    /// How much it matters.
    pub gravity: Gravity,
}

/// What a rule finds now and did not find before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFinding {
    /// The rule.
    pub rule: RuleId,
    /// How bad.
    pub severity: Severity,
    /// In which field.
    pub field: String,
    /// The text that matched.
    pub evidence: String,
    /// How much it matters.
    pub gravity: Gravity,
}

/// One declared thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftEntry {
    /// What it is.
    pub entity: Entity,
    /// What it is called.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
    /// How much that matters, with all that follows.
    pub gravity: Gravity,
    /// Field by field.
    pub changes: Vec<FieldChange>,
    /// How many further fields differ.
    pub unlisted: usize,
    /// What rules find that they did not find before.
    pub findings: Vec<NewFinding>,
}

/// What differs between pinned and present declarations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Each thing that differs, the gravest first.
    pub entries: Vec<DriftEntry>,
}

impl Drift {
    /// Tells whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns how much it matters as a whole; nothing when nothing differs.
    pub fn gravity(&self) -> Option<Gravity> {
        self.entries.iter().map(|entry| entry.gravity).max()
    }

    /// Yields the names of what became so.
    pub fn names(&self, fate: Fate) -> impl Iterator<Item = String> + '_ {
        self.entries.iter().filter(move |entry| entry.fate == fate).map(DriftEntry::title)
    }

    /// Returns what identifies this drift: an approval of one is none of another.
    pub fn fingerprint(&self) -> Digest {
        // It holds only strings, numbers and lists, which always serialise.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Yields one line for each difference, for people.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.entries.iter().flat_map(DriftEntry::lines)
    }
}

impl DriftEntry {
    /// Returns what it is called, with its kind where it is no tool.
    pub fn title(&self) -> String {
        match self.entity {
            Entity::Tool => self.name.clone(),
            Entity::Instructions => "instructions".to_owned(),
            Entity::Prompt | Entity::Resource => format!("{} {}", self.entity, self.name),
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{} {} ({})", self.fate, self.title(), self.gravity)];
        lines.extend(self.changes.iter().map(|change| format!("  {change}")));
        if self.unlisted > 0 {
            lines.push(format!("  and {} more fields that differ", self.unlisted));
        }
        lines.extend(self.findings.iter().map(|found| format!("  {found}")));
        lines
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.field, self.what, self.gravity)?;
        match (&self.was, &self.is) {
            (Some(was), Some(is)) => write!(f, ": `{was}` → `{is}`"),
            (Some(was), None) => write!(f, ": was `{was}`"),
            (None, Some(is)) => write!(f, ": `{is}`"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Display for NewFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: new finding {} ({}): `{}`", self.field, self.rule, self.gravity, self.evidence)
    }
}

impl fmt::Display for Drift {
    /// Writes one line: what was added, removed and changed, and in which fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("unchanged");
        }
        let mut parts = Vec::new();
        for fate in [Fate::Added, Fate::Removed, Fate::Ambiguous] {
            let mut names: Vec<String> = self.names(fate).collect();
            names.sort();
            if !names.is_empty() {
                parts.push(format!("{fate} {}", names.join(", ")));
            }
        }
        let mut changed: Vec<&DriftEntry> =
            self.entries.iter().filter(|entry| entry.fate == Fate::Changed).collect();
        changed.sort_by_key(|entry| entry.title());
        for entry in changed {
            let mut fields: Vec<&str> =
                entry.changes.iter().filter_map(|change| change.field.split(['.', '[']).next()).collect();
            fields.dedup();
            parts.push(format!("changed {} ({})", entry.title(), fields.join(", ")));
        }
        f.write_str(&parts.join("; "))
    }
}
