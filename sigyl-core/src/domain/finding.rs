//! What a rule found, and where.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Digest;
use super::text::checked_text;

/// How bad a finding is; ordered from least to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth mending.
    Warning,
    /// A weakness.
    Error,
    /// Must not run.
    Block,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Block => "block",
        })
    }
}

/// How sure a rule is; ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Often wrong.
    Low,
    /// Usually right.
    Medium,
    /// Seldom wrong.
    High,
}

/// The class of weakness a rule belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Category {
    /// Instructions to the model hidden in or smuggled through metadata.
    #[serde(alias = "tool-poisoning")]
    ToolPoisoning,
    /// Text that overrides what the model was told.
    #[serde(alias = "prompt-injection")]
    PromptInjection,
    /// The client's token handed to another service.
    #[serde(alias = "token-passthrough")]
    TokenPassthrough,
    /// A proxy lending its own rights to its caller.
    #[serde(alias = "confused-deputy")]
    ConfusedDeputy,
    /// Sessions that can be guessed, or that stand for identity.
    #[serde(alias = "session-hijacking")]
    SessionHijacking,
    /// Input used without being checked.
    #[serde(alias = "missing-validation")]
    MissingValidation,
    /// A setting that opens a door.
    #[serde(alias = "insecure-config")]
    InsecureConfig,
    /// Input that reaches an interpreter: a shell, `eval`, SQL, a template, a deserialiser.
    Injection,
    /// Input that leaves the folder it belongs in.
    #[serde(alias = "path-traversal")]
    PathTraversal,
    /// Input that decides where a request goes.
    #[serde(alias = "request-forgery")]
    RequestForgery,
    /// A credential that stands in code or metadata.
    Secret,
    /// Code that harms on purpose: back doors, theft, persistence.
    #[serde(alias = "malicious-code")]
    MaliciousCode,
    /// Packages, locks and install scripts.
    #[serde(alias = "supply-chain")]
    SupplyChain,
    /// How a client starts servers and what it lets them do.
    #[serde(alias = "client-config")]
    ClientConfig,
    /// What several tools make possible together.
    #[serde(alias = "toxic-flow")]
    ToxicFlow,
    /// Something about the form of the input itself.
    Form,
}

/// Stable identifier of a rule: lower-case words joined by `-`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleId(Box<str>);

/// Text that is not the id of a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rule id: it is lower-case words joined by `-`")]
pub struct RuleIdError(String);

impl RuleId {
    /// Checks and takes an id.
    pub fn parse(text: &str) -> Result<Self, RuleIdError> {
        let word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if text.len() > 80 || !text.split('-').all(word) {
            return Err(RuleIdError(text.chars().take(80).collect()));
        }
        Ok(Self(text.into()))
    }
}

checked_text!(RuleId, RuleIdError);

/// Where a finding stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Location {
    /// In a file of the source.
    File {
        /// Path inside the tree, with `/`.
        path: String,
        /// Line, from 1; nothing when the whole file is meant.
        line: Option<u32>,
        /// Column in characters, from 1.
        column: Option<u32>,
    },
    /// In what a server declares.
    Tool {
        /// Name of the tool.
        tool: String,
        /// Field as a dotted path, such as `description` or `inputSchema.properties.note`.
        field: String,
    },
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line: Some(line), column: Some(column) } => {
                write!(f, "{path}:{line}:{column}")
            }
            Self::File { path, line: Some(line), column: None } => write!(f, "{path}:{line}"),
            Self::File { path, .. } => f.write_str(path),
            Self::Tool { tool, field } => write!(f, "tool {tool} ({field})"),
        }
    }
}

/// One thing that one rule found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// Its class.
    pub category: Category,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What was found, in one sentence.
    pub message: String,
    /// Where; `null` when it belongs to the whole.
    pub location: Option<Location>,
    /// The text that matched, bounded, with secrets masked and invisible characters spelled out.
    pub evidence: String,
    /// What to do.
    pub fix: Option<String>,
}

impl Finding {
    /// Returns what identifies this finding across scans: rule, place without its line, evidence.
    pub fn fingerprint(&self) -> Digest {
        // What kind of place it is stands in front, so that no file can be named like a field of a tool.
        let (kind, place) = match &self.location {
            Some(Location::File { path, .. }) => ("file", path.clone()),
            Some(tool @ Location::Tool { .. }) => ("tool", tool.to_string()),
            None => ("whole", String::new()),
        };
        let parts = [self.rule.as_str(), kind, &place, &self.evidence];
        let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
        Digest::of(text.as_bytes())
    }

    /// Tells whether its evidence is all that matched, so that what reads like it is the same.
    pub(crate) fn is_told_whole(&self) -> bool {
        !self.evidence.contains("⟦masked⟧") && !self.evidence.ends_with('…')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_named_like_a_field_of_a_tool_is_another_finding() {
        let at = |location, evidence: &str| Finding {
            rule: RuleId::parse("a").unwrap(),
            category: Category::ToolPoisoning,
            severity: Severity::Error,
            confidence: Confidence::High,
            message: String::new(),
            location: Some(location),
            evidence: evidence.to_owned(),
            fix: None,
        };
        let file =
            |path: &str, line| Location::File { path: path.to_owned(), line: Some(line), column: None };
        let tool = Location::Tool { tool: "add".to_owned(), field: "description".to_owned() };
        let named = at(file(&tool.to_string(), 1), "x").fingerprint();
        assert_ne!(named, at(tool, "x").fingerprint());
        assert_eq!(named, at(file("tool add (description)", 9), "x").fingerprint(), "its line may move");
        assert_ne!(at(file("a", 1), "bc").fingerprint(), at(file("ab", 1), "c").fingerprint());
    }
}
