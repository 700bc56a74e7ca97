//! A scan report, in the colours of severity and verdict.

use sigyl_core::domain::{Report, Severity, Verdict};
use sigyl_core::scan::render::{Style, plain};

use super::{Glyph, Look, Role};

/// Writes a report: worst first, each finding with place, evidence, reason and remedy.
pub(crate) fn report(report: &Report, look: &Look) -> String {
    plain(report, look)
}

impl Style for Look {
    fn severity(&self, severity: Severity, text: &str) -> String {
        let (glyph, role) = match severity {
            Severity::Block => (Glyph::Blocked, Role::Block),
            Severity::Error => (Glyph::Held, Role::Error),
            Severity::Warning => (Glyph::Warning, Role::Warn),
            Severity::Info => (Glyph::Info, Role::Dim),
        };
        self.paint(role, &format!("{} {text}", self.sign(glyph)))
    }

    fn verdict(&self, verdict: Verdict, text: &str) -> String {
        let (glyph, role) = match verdict {
            Verdict::Pass => (Glyph::Done, Role::Ok),
            Verdict::Warn => (Glyph::Warning, Role::Warn),
            Verdict::Hold => (Glyph::Held, Role::Warn),
            Verdict::Block => (Glyph::Blocked, Role::Block),
        };
        self.paint(role, &format!("{} {text}", self.sign(glyph)))
    }

    fn width(&self) -> usize {
        self.width.unwrap_or(100).max(40)
    }

    fn dim(&self, text: &str) -> String {
        self.paint(Role::Dim, text)
    }
}
