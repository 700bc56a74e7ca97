//! What a rule is: a name with its reasons, and a look at one part of the subject at a time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::client::Clients;
use super::file::FileText;
use super::findings::Findings;
use super::set::ServerSet;
use super::tool_text::ToolText;
use crate::domain::{Category, Confidence, RuleId, Severity, Taxon};
use crate::manifest::Manifest;
use crate::source::SourceTree;

/// What is true of a rule whatever it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleMeta {
    /// Stable identifier, lower-case words joined by `-`.
    pub id: RuleId,
    /// Name as people read it.
    pub title: String,
    /// Class of weakness.
    pub category: Category,
    /// How bad a finding is, unless the rule says otherwise for one.
    pub severity: Severity,
    /// How sure a finding is, unless the rule says otherwise for one.
    pub confidence: Confidence,
    /// Why it matters, in a sentence or two.
    pub why: String,
    /// What to do about it.
    pub fix: String,
    /// How that looks, in code or text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// What public catalogues call the weakness.
    pub taxa: Vec<Taxon>,
    /// Where the rule comes from and what describes the weakness.
    pub references: Vec<String>,
}

/// Texts by where they stand: `tool`, or a file name.
pub type Samples = BTreeMap<String, Vec<String>>;

/// The texts that a rule proves itself with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Those that must hit.
    #[serde(default)]
    pub hits: Samples,
    /// Those that must not.
    #[serde(default)]
    pub misses: Samples,
}

/// One bounded part of the subject of a scan.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Part<'a> {
    /// One text file of the source.
    File(&'a FileText<'a>),
    /// One text file of the source again, with what reaches it from other files. Only builds with `ast` show it.
    Across(&'a FileText<'a>),
    /// Every string that one tool, prompt or instruction shows to a model.
    Tool(&'a ToolText),
    /// The list of files and locks; what the files hold comes one by one.
    Tree(&'a SourceTree),
    /// The servers that one agent reaches; what each declares comes one by one too.
    Set(&'a ServerSet<'a>),
    /// The configurations of clients that count together.
    Clients(&'a Clients<'a>),
    /// The checked manifest.
    Manifest {
        /// What it says.
        manifest: &'a Manifest,
        /// The file it was read from, as far as the source tells.
        path: &'a str,
    },
}

/// Looks for one weakness. A rule never fails: what it cannot judge it leaves alone.
pub trait Rule: Send + Sync {
    /// Returns what is true of the rule.
    fn meta(&self) -> &RuleMeta;

    /// Returns what changes whenever the rule finds anything else than before; what files came to is kept by it.
    /// The rules of this library change with its version.
    fn version(&self) -> &str {
        ""
    }

    /// Returns expressions of which one must match a file, in letters of either case, for the rule to find anything in
    /// it: it is asked about no other file. Without any it is asked about all. Blanks in them mean nothing.
    fn needs(&self) -> &[&str] {
        &[]
    }

    /// Looks at one part and adds what it finds.
    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>);
}
