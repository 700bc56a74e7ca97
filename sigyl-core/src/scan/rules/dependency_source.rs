//! Dependencies that do not come from a registry, and registries that are not the usual one.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use crate::scan::file::FileText;
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::rule::{Part, Rule, RuleMeta};

/// Finds git, URL and path dependencies.
pub(super) struct DependencySource {
    meta: RuleMeta,
    npm: Regex,
    requirement: Regex,
    index: Regex,
    project: Regex,
    cargo: Regex,
    go: Regex,
    registry: Regex,
}

/// Hosts that npm packages usually come from.
const HOSTS: [&str; 3] = ["registry.npmjs.org", "registry.yarnpkg.com", "npm.pkg.github.com"];
const OTHER_INDEX: &str =
    "Packages are taken from another index, or from several, so a name may resolve to a stranger's package.";

impl DependencySource {
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self {
            meta,
            npm: Regex::new(
                r"^(?:git(?:\+\w+)?:|git@|ssh:|https?:|github:|gitlab:|bitbucket:|gist:|file:|link:|[\w.-]+/[\w.-]+(?:#.*)?$)",
            )?,
            requirement: Regex::new(
                r"(?m)^[ \t]*(?:-e[ \t]+\S|(?:git|hg|svn)\+|[\w.\[\],-]+[ \t]*@[ \t]*(?:git\+|https?:|file:)|https?://)[^\n]*",
            )?,
            index: Regex::new(
                r"(?m)^[ \t]*(?:--(?:extra-)?index-url|-i|--find-links|-f|--trusted-host)[ =\t][^\n]*",
            )?,
            project: Regex::new(
                r#"(?m)["'][\w.\[\],-]+[ \t]*@[ \t]*(?:git\+|https?:|file:)[^"'\n]*["']|^[\w."'-]+[ \t]*=[ \t]*\{[^}\n]*\b(?:git|url)[ \t]*=[^}\n]*\}"#,
            )?,
            cargo: Regex::new(
                r#"(?m)^[\w."'-]+[ \t]*=[ \t]*\{[^}\n]*\bgit[ \t]*=[^}\n]*\}|^git[ \t]*=[ \t]*"[^"\n]*""#,
            )?,
            go: Regex::new(r"(?m)^[ \t]*(?:replace[ \t]+)?\S+(?:[ \t]+v\S+)?[ \t]+=>[ \t]+\S+[^\n]*")?,
            registry: Regex::new(
                r"(?m)^[ \t]*(?:(?:@[\w.-]+:)?registry|(?:extra-)?index-url|find-links|trusted-host)[ \t]*=[ \t]*[^\n]+",
            )?,
        })
    }

    fn package(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        // What is no JSON is refused by npm itself; here it only names no dependencies.
        let Ok(package) = serde_json::from_str::<Value>(file.text()) else { return };
        for group in ["dependencies", "optionalDependencies", "peerDependencies", "overrides"] {
            let Some(members) = package.get(group).and_then(Value::as_object) else { continue };
            for (name, version) in members {
                let Some(version) = version.as_str().filter(|version| self.npm.is_match(version)) else {
                    continue;
                };
                let place = in_file(file, file.text().find(&format!("\"{name}\"")).unwrap_or(0));
                found.add(&self.meta, place, Hit::whole(&format!("{name}: {version}")), None);
            }
        }
    }

    /// Looks where a lock takes packages from.
    fn lock(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        const FIELD: &str = "\"resolved\": \"";
        let mut others = BTreeMap::new();
        for (at, _) in file.text().match_indices(FIELD) {
            let address = file.text()[at + FIELD.len()..].split('"').next().unwrap_or_default();
            let (scheme, rest) = address.split_once("://").unwrap_or_default();
            let host = rest.split(['/', '#']).next().unwrap_or_default();
            if !host.is_empty() && (scheme != "https" || !HOSTS.contains(&host)) {
                others.entry((scheme, host)).or_insert(at);
            }
        }
        for ((scheme, host), at) in others {
            let message = format!(
                "The lock takes packages from {scheme}://{host}, and not from the registry. {}",
                self.meta.why
            );
            found.add(
                &self.meta,
                in_file(file, at),
                Hit::whole(&format!("{scheme}://{host}")),
                Some(message),
            );
        }
    }

    /// Looks at settings of npm and pip that name another registry.
    fn registry(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        for line in self.registry.find_iter(file.text()) {
            let usual = HOSTS
                .iter()
                .chain(&["pypi.org/simple"])
                .any(|host| line.as_str().contains(&format!("https://{host}")));
            if !usual {
                let message = format!("{OTHER_INDEX} {}", self.meta.why);
                let hit = Hit { text: file.text(), start: line.start(), end: line.end() };
                found.add(&self.meta, in_file(file, line.start()), hit, Some(message));
            }
        }
    }

    fn lines(&self, file: &FileText<'_>, shape: &Regex, what: Option<&str>, found: &mut Findings<'_>) {
        let code = String::from_utf8_lossy(file.code());
        for line in shape.find_iter(&code) {
            let indent = line.as_str().len() - line.as_str().trim_start().len();
            let message = what.map(|what| format!("{what} {}", self.meta.why));
            let hit = Hit { text: file.text(), start: line.start() + indent, end: line.end() };
            found.add(&self.meta, in_file(file, line.start() + indent), hit, message);
        }
    }
}

impl Rule for DependencySource {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        match file.name() {
            "package.json" => self.package(file, found),
            "package-lock.json" | "npm-shrinkwrap.json" => self.lock(file, found),
            ".npmrc" | "pip.conf" | "pip.ini" => self.registry(file, found),
            "pyproject.toml" => self.lines(file, &self.project, None, found),
            "Cargo.toml" => self.lines(file, &self.cargo, None, found),
            "go.mod" => self.lines(file, &self.go, None, found),
            name if name.starts_with("requirements") && name.ends_with(".txt") => {
                self.lines(file, &self.requirement, None, found);
                self.lines(file, &self.index, Some(OTHER_INDEX), found);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Severity;
    use crate::scan::proof::{builtin, severity};

    #[test]
    fn what_is_not_from_a_registry_is_found() {
        let of = |path: &str, text: &str| severity(builtin(), "dependency-source", path, text);
        for (path, text) in [
            ("package.json", r#"{"dependencies": {"a": "git+https://host.example/a.git"}}"#),
            ("package.json", r#"{"dependencies": {"a": "owner/repo#main"}}"#),
            ("package.json", r#"{"dependencies": {"a": "https://host.example/a.tgz"}}"#),
            ("requirements.txt", "a==1\ngit+https://host.example/a.git\n"),
            ("requirements.txt", "a @ https://host.example/a.whl\n"),
            ("requirements-dev.txt", "--extra-index-url https://host.example/simple\na==1\n"),
            ("pyproject.toml", "[project]\ndependencies = [\n  \"a @ git+https://host.example/a\",\n]\n"),
            ("Cargo.toml", "[dependencies]\na = { git = \"https://host.example/a\" }\n"),
            ("go.mod", "module x\n\nreplace a.example/b => ../b\n"),
            ("package-lock.json", "{\n  \"resolved\": \"https://host.example/a/-/a-1.0.0.tgz\"\n}"),
            ("package-lock.json", "{\n  \"resolved\": \"http://registry.npmjs.org/a/-/a-1.0.0.tgz\"\n}"),
            (".npmrc", "@acme:registry=https://host.example/npm/\n"),
            ("pip.conf", "[global]\nindex-url = https://host.example/simple\n"),
        ] {
            assert_eq!(of(path, text), Some(Severity::Warning), "{path}: {text}");
        }
        for (path, text) in [
            (
                "package.json",
                r#"{"dependencies": {"a": "^1.0.0", "b": "npm:c@1", "d": "*", "e": "workspace:*"}}"#,
            ),
            ("package.json", r#"{"devDependencies": {"a": "owner/repo"}}"#),
            ("requirements.txt", "a==1 --hash=sha256:00\n# git+https://host.example\n"),
            (
                "pyproject.toml",
                "[project]\nurls = { Home = \"https://host.example\" }\ndependencies = [\"a>=1\"]\n",
            ),
            ("Cargo.toml", "[package]\nrepository = \"https://host.example\"\n[dependencies]\na = \"1\"\n"),
            ("go.mod", "module x\n\nrequire a.example/b v1.0.0\n"),
            ("package-lock.json", "{\n  \"resolved\": \"https://registry.npmjs.org/a/-/a-1.0.0.tgz\"\n}"),
            (".npmrc", "registry=https://registry.npmjs.org/\nsave-exact=true\n"),
            ("pip.conf", "[global]\nindex-url = https://pypi.org/simple\n"),
        ] {
            assert_eq!(of(path, text), None, "{path}: {text}");
        }
    }
}
