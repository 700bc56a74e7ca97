//! Base images and users of container images.

use crate::scan::file::FileText;
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::language::Language;
use crate::scan::rule::{Part, Rule, RuleMeta};

/// Finds base images without a digest, and images whose command runs as root.
pub(super) struct ContainerImage(RuleMeta);

impl ContainerImage {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }

    fn file(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        let mut stages: Vec<&str> = Vec::new();
        let (mut at, mut last, mut user) = (0, None, None);
        for line in file.text().split_inclusive('\n') {
            let mut words = line.split_ascii_whitespace();
            let instruction = words.next().unwrap_or_default().to_ascii_uppercase();
            match instruction.as_str() {
                "FROM" => {
                    let mut words = words.filter(|word| !word.starts_with("--"));
                    let image = words.next().unwrap_or_default();
                    let open = !image.contains("@sha256:")
                        && image != "scratch"
                        && !image.contains('$')
                        && !stages.contains(&image);
                    if open && !image.is_empty() {
                        let message =
                            format!("The base image {image} is named without its digest. {}", self.0.why);
                        let hit = Hit { text: file.text(), start: at, end: at + line.trim_end().len() };
                        found.add(&self.0, in_file(file, at), hit, Some(message));
                    }
                    stages.extend(words.nth(1));
                    (last, user) = (Some(at), None);
                }
                "USER" => user = words.next(),
                _ => {}
            }
            at += line.len();
        }
        let is_root = |user: &str| matches!(user.split(':').next(), Some("root" | "0"));
        if let Some(at) = last.filter(|_| user.is_none_or(is_root)) {
            let message =
                format!("The image runs its command as root, unless its base says otherwise. {}", self.0.why);
            let place =
                crate::domain::Location::File { path: file.path().to_owned(), line: None, column: None };
            let hit = Hit {
                text: file.text(),
                start: at,
                end: at + file.text()[at..].lines().next().map_or(0, str::len),
            };
            found.add(&self.0, Some(place), hit, Some(message));
        }
    }
}

impl Rule for ContainerImage {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        if let Part::File(file) = part
            && file.language() == Language::Docker
        {
            self.file(file, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::proof::{builtin, findings};

    fn told(text: &str) -> usize {
        findings(builtin(), "Dockerfile", text)
            .iter()
            .filter(|found| found.rule.as_str() == "container-image")
            .count()
    }

    #[test]
    fn stages_and_the_last_user_are_told_apart() {
        assert_eq!(told("FROM node:24 AS build\nFROM build\nUSER app\n"), 1);
        assert_eq!(told("FROM a@sha256:0\nUSER app\nUSER root\n"), 1);
        assert_eq!(told("FROM a@sha256:0\nUSER app\nFROM b@sha256:0\n"), 1);
        assert_eq!(told("FROM --platform=$X a@sha256:0\nUSER 1000:1000\n"), 0);
        assert_eq!(told("RUN make\n"), 0);
    }
}
