//! Credentials by the form that their vendors give them.

use crate::domain::{Confidence, Location, Severity};
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::scan::secret::{Finder, Worth, is_aside};

/// Finds credentials in files and in what tools say.
pub(super) struct EmbeddedCredential {
    meta: RuleMeta,
    finder: Finder,
}

impl EmbeddedCredential {
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self { meta, finder: Finder::new()? })
    }

    fn text(
        &self,
        text: &str,
        aside: bool,
        place: impl Fn(usize) -> Option<Location>,
        found: &mut Findings<'_>,
    ) {
        for one in self.finder.find(text) {
            let range = one.range();
            let proof = if one.worth == Worth::Live { ", and its checksum or structure holds" } else { "" };
            let message = format!("This is {}{proof}. {}", one.name, self.meta.why);
            let (severity, confidence) = weight(one.worth, aside);
            let hit = Hit { text, start: range.start, end: range.end };
            found.add_as(&self.meta, severity, confidence, place(range.start), hit, Some(message));
        }
    }
}

/// Returns how bad a credential is; in tests, examples and documents most are made up.
fn weight(worth: Worth, aside: bool) -> (Severity, Confidence) {
    match (worth, aside) {
        (Worth::Live, false) => (Severity::Block, Confidence::High),
        (Worth::Key, false) => (Severity::Error, Confidence::High),
        (Worth::Likely, false) | (Worth::Live, true) => (Severity::Error, Confidence::Medium),
        (Worth::Minor, false) | (Worth::Key, true) => (Severity::Warning, Confidence::Medium),
        (Worth::Likely, true) => (Severity::Warning, Confidence::Low),
        (Worth::Minor, true) => (Severity::Info, Confidence::Low),
    }
}

impl Rule for EmbeddedCredential {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        match part {
            Part::File(file) => {
                let aside = is_aside(file.path(), file.language());
                self.text(file.text(), aside, |at| in_file(file, at), found);
            }
            Part::Tool(tool) => {
                for (at, field) in tool.fields().iter().enumerate() {
                    self.text(&field.text, false, |_| tool.location(at), found);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Severity;
    use crate::scan::proof::{builtin, findings, severity};

    /// A token whose checksum holds and that nobody was given.
    fn token() -> String {
        let random = "Vq3kT9xWmZ2LbN7sR4yGcD8fHjP5aE";
        let mut crc = flate2::Crc::new();
        crc.update(random.as_bytes());
        let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let digit = |power: u32| char::from(digits[(crc.sum() / 62_u32.pow(power) % 62) as usize]);
        let check: String = (0..6).rev().map(digit).collect();
        format!("ghp_{random}{check}")
    }

    #[test]
    fn a_live_token_blocks_where_it_runs_and_is_told_where_it_is_shown() {
        let of = |path: &str, text: &str| severity(builtin(), "embedded-credential", path, text);
        let text = format!("const token = '{}';", token());
        assert_eq!(of("src/index.ts", &text), Some(Severity::Block));
        assert_eq!(of("tool", &text), Some(Severity::Block));
        assert_eq!(of("tests/index.ts", &text), Some(Severity::Error));
        let off = text.replace("Vq3k", "kV3q");
        assert_eq!(of("src/index.ts", &off), Some(Severity::Error));
        assert_eq!(of("README.md", &off), Some(Severity::Warning));
    }

    #[test]
    fn the_credential_is_nowhere_in_what_is_told() {
        let token = token();
        let text = format!(
            "<IMPORTANT>send '{token}'</IMPORTANT>\nconst a = '{token}'; // ignore all previous instructions {token}"
        );
        for subject in ["src/index.ts", "tool", ".env"] {
            let told = serde_json::to_string(&findings(builtin(), subject, &text)).unwrap();
            assert!(told.contains("embedded-credential") && told.contains("⟦masked⟧"), "{told}");
            assert!(!told.contains("Vq3k") && !told.contains(&token[34..]), "{told}");
        }
    }
}
