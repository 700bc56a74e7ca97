//! What one entry comes to.

use std::borrow::Cow;

use serde_json::Value;

use super::row::{Place, Row, RowKind, Subject};
use crate::domain::{Finding, SkipKind, Skipped, Verdict};
use crate::scan::findings::Unlisted;
use crate::scan::{Scanner, ToolText};

/// One entry that was judged.
#[derive(Debug)]
pub struct JudgedRow {
    /// Where it stands in the text.
    pub place: Place,
    /// What the text calls it; null when it has no `id`.
    pub id: Value,
    /// What it is.
    pub kind: RowKind,
    /// Its name; the path of a piece of code.
    pub name: String,
    /// What the policy makes of it.
    pub verdict: Verdict,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What of it was not looked at.
    pub skipped: Option<Skipped>,
    /// The hash that mcp-scan pins; nothing for what it does not pin.
    pub md5: Option<String>,
    /// The digest of the whole definition in its canonical form, as 64 hex digits; nothing for what is no definition.
    pub sha256: Option<String>,
    pub(super) unlisted: Unlisted,
    /// Bytes that were looked at.
    pub(super) bytes: u64,
}

impl JudgedRow {
    /// Tells whether something of it that can carry code or instructions was not looked at.
    pub fn is_partial(&self) -> bool {
        self.skipped.as_ref().is_some_and(|skipped| skipped.kind.is_gap())
    }
}

impl Scanner<'_> {
    /// Judges one entry alone.
    pub(super) fn judge(&self, row: &Row) -> JudgedRow {
        let mut judged = match &row.subject {
            Subject::Tool(kind, tool) => JudgedRow {
                md5: Some(tool.mcp_scan_md5()),
                sha256: tool.digest().ok().map(|digest| digest.hex()),
                ..self.judge_text(*kind, &ToolText::of_tool(tool))
            },
            Subject::Instructions(text) => {
                self.judge_text(RowKind::Server, &ToolText::of_text("(server)", "instructions", text))
            }
            Subject::Code { path, code } => self.judge_code(path, code),
        };
        (judged.place, judged.id) = (row.place, row.id.clone());
        if row.mended {
            // What was hashed is not what a client would be shown.
            (judged.md5, judged.sha256) = (None, None);
            judged.skipped.get_or_insert_with(|| Skipped {
                path: judged.name.clone(),
                kind: SkipKind::Unreadable,
                reason: "its line holds bytes or escapes that are no character; they were replaced"
                    .to_owned(),
            });
        }
        judged.verdict = self.policy.verdict(&judged.findings, judged.is_partial());
        judged
    }

    fn judge_text(&self, kind: RowKind, text: &ToolText) -> JudgedRow {
        let (findings, unlisted) = self.look_at_tool(text);
        let skipped = text.cut().map(|why| Skipped {
            path: format!("tool {}", text.name()),
            kind: SkipKind::TooLarge,
            reason: why.to_owned(),
        });
        JudgedRow { findings, unlisted, skipped, bytes: text.bytes(), ..JudgedRow::of(kind, text.name()) }
    }

    fn judge_code(&self, path: &str, code: &str) -> JudgedRow {
        let looked = self.look(&plain_path(path), code.as_bytes());
        JudgedRow {
            findings: looked.findings,
            unlisted: looked.unlisted,
            // One reason is enough: the whole of it counts as partly looked at.
            skipped: looked.skipped.or_else(|| looked.gaps.into_iter().next()),
            bytes: looked.bytes,
            ..JudgedRow::of(RowKind::Code, path)
        }
    }
}

impl JudgedRow {
    fn of(kind: RowKind, name: &str) -> Self {
        Self {
            place: Place::default(),
            id: Value::Null,
            kind,
            name: name.to_owned(),
            verdict: Verdict::Pass,
            findings: Vec::new(),
            skipped: None,
            md5: None,
            sha256: None,
            unlisted: Unlisted::default(),
            bytes: 0,
        }
    }
}

/// Writes a path as trees do: with `/`, and without a beginning that says nothing.
fn plain_path(path: &str) -> Cow<'_, str> {
    let path = path.trim_start_matches("./");
    if path.contains('\\') { Cow::Owned(path.replace('\\', "/")) } else { Cow::Borrowed(path) }
}
