//! Dependencies whose names imitate those of well-known packages.

use std::collections::BTreeSet;

use crate::domain::{Confidence, Location, Severity};
use crate::scan::findings::{Findings, Hit};
use crate::scan::package::{Ecosystem, How, imitated, read};
use crate::scan::rule::{Part, Rule, RuleMeta};

use super::named_lines::NamedLines;

/// Compares the packages that manifests and locks name with the shipped lists.
pub(super) struct LookalikePackage(RuleMeta);

impl LookalikePackage {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }

    fn tell(
        &self,
        of: Ecosystem,
        (name, target, how): (&str, &str, How),
        place: Option<Location>,
        found: &mut Findings<'_>,
    ) {
        let (severity, confidence, what) = weight(how);
        let message = format!("`{name}` is no well-known package of {of}; {what} `{target}`. {}", self.0.why);
        let evidence = format!("{name} (like {target})");
        found.add_as(&self.0, severity, confidence, place, Hit::whole(&evidence), Some(message));
    }
}

/// Returns how bad and how sure an imitation is, and how it is told.
fn weight(how: How) -> (Severity, Confidence, &'static str) {
    match how {
        How::Letters => (Severity::Error, Confidence::High, "its letters are nearly those of"),
        How::Looks => (Severity::Error, Confidence::High, "it looks like"),
        How::Separators => (Severity::Error, Confidence::High, "but for separators and scope it is"),
        How::Owner => (Severity::Error, Confidence::High, "by another owner it has the name of"),
        How::Short => (Severity::Warning, Confidence::Medium, "one letter makes it"),
        How::Affix => (Severity::Warning, Confidence::Medium, "it carries the name of"),
    }
}

impl Rule for LookalikePackage {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        let Some(listing) = read(file) else { return };
        let mut lines = NamedLines::new(file);
        let dependencies = match listing.dependencies {
            Ok(dependencies) => dependencies,
            Err(why) => {
                let message = format!(
                    "{} cannot be read, so the packages that it names were not looked at: {why}",
                    file.name()
                );
                found.add_as(
                    &self.0,
                    Severity::Warning,
                    Confidence::High,
                    lines.whole(),
                    Hit::whole(file.name()),
                    Some(message),
                );
                return;
            }
        };
        let names: BTreeSet<&str> =
            dependencies.iter().filter(|one| !one.elsewhere).map(|one| one.name.as_str()).collect();
        for name in names {
            if let Some((target, how)) = imitated(listing.ecosystem, name) {
                self.tell(listing.ecosystem, (name, target, how), lines.of(name), found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::{Location, Severity};
    use crate::scan::proof::{builtin, findings, severity};

    #[test]
    fn the_line_of_an_imitation_is_told_with_what_it_imitates() {
        let text = "{\n  \"dependencies\": {\n    \"express-session\": \"1.0.0\",\n    \"expresss\": \"4.0.0\"\n  }\n}";
        let found = findings(builtin(), "package.json", text);
        let one = found.iter().find(|one| one.rule.as_str() == "lookalike-package").unwrap();
        assert!(matches!(one.location, Some(Location::File { line: Some(4), .. })), "{one:?}");
        assert!(one.message.contains("`express`"), "{}", one.message);
    }

    #[test]
    fn short_names_and_affixes_are_told_only() {
        let of = |text: &str| severity(builtin(), "lookalike-package", "requirements.txt", text);
        assert_eq!(of("python-requests\n"), Some(Severity::Warning));
        assert_eq!(of("requestss\n"), Some(Severity::Error));
    }

    #[test]
    fn a_manifest_that_cannot_be_read_is_told() {
        for path in ["package.json", "package-lock.json", "Cargo.lock", "pyproject.toml", "uv.lock"] {
            assert_eq!(
                severity(builtin(), "lookalike-package", path, "[ {"),
                Some(Severity::Warning),
                "{path}"
            );
        }
    }

    #[test]
    fn many_imitations_are_told_in_linear_time() {
        let names: String = (0..3_000)
            .map(|n| format!("\"expresss{n}\": \"1.0.0\", \"@model-context-protocol/sdk{n}\": \"1\",\n"))
            .collect();
        let text = format!("{{\"dependencies\": {{{names} \"expresss\": \"1.0.0\"}}}}");
        assert_eq!(severity(builtin(), "lookalike-package", "package.json", &text), Some(Severity::Error));
    }
}
