//! Compares what `server.json` says with the package that it comes with.

use serde_json::Value;

use crate::domain::Location;
use crate::scan::findings::{Findings, Hit};
use crate::scan::rule::{Part, Rule, RuleMeta};
use crate::source::SourceTree;

/// Bytes of a file that are read.
const BYTES: u64 = 4 << 20;

/// Finds a registry entry that names another server, package or owner.
pub(super) struct PackageNamespace(RuleMeta);

impl PackageNamespace {
    #[expect(clippy::unnecessary_wraps, reason = "the table makes every rule in the same way")]
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self(meta))
    }

    fn tell(&self, evidence: &str, what: &str, found: &mut Findings<'_>) {
        let place = Location::File { path: "server.json".to_owned(), line: None, column: None };
        found.add(&self.0, Some(place), Hit::whole(evidence), Some(format!("{what}. {}", self.0.why)));
    }
}

impl Rule for PackageNamespace {
    fn meta(&self) -> &RuleMeta {
        &self.0
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::Tree(tree) = part else { return };
        let Some(server) = json(tree, "server.json") else { return };
        let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let Some(name) = text(&server, "/name") else { return };
        let listed = text(&server, "/repository/url").as_deref().and_then(repository);
        let owner = name.strip_prefix("io.github.").and_then(|rest| rest.split('/').next());
        if let (Some(owner), Some(listed)) = (owner, &listed)
            && !listed.starts_with(&format!("github.com/{}/", owner.to_ascii_lowercase()))
        {
            self.tell(listed, &format!("The server is named `{name}` and its repository is {listed}"), found);
        }
        let Some(package) = json(tree, "package.json") else { return };
        if let Some(own) = text(&package, "/mcpName").filter(|own| *own != name) {
            self.tell(&own, &format!("package.json says `mcpName` {own}, server.json says {name}"), found);
        }
        let of_npm = |one: &&Value| {
            one.get("registryType").or_else(|| one.get("registry_name")).and_then(Value::as_str)
                == Some("npm")
        };
        let packages: Vec<String> = server
            .get("packages")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(of_npm)
            .filter_map(|one| text(one, "/identifier"))
            .collect();
        if let Some(own) =
            text(&package, "/name").filter(|own| !packages.is_empty() && !packages.contains(own))
        {
            self.tell(
                &own,
                &format!("server.json lists the npm package {}, and this one is {own}", packages.join(", ")),
                found,
            );
        }
        let own = text(&package, "/repository/url").or_else(|| text(&package, "/repository"));
        if let (Some(own), Some(listed)) = (own.as_deref().and_then(repository), listed)
            && own != listed
        {
            self.tell(
                &own,
                &format!("package.json names the repository {own}, server.json names {listed}"),
                found,
            );
        }
    }
}

/// Reads a file at the top of the tree; one that cannot be read is told where files are looked at.
fn json(tree: &SourceTree, name: &str) -> Option<Value> {
    let entry = tree.find(name).filter(|entry| entry.size <= BYTES)?;
    serde_json::from_slice(&tree.read(entry).ok()?).ok()
}

/// Writes the address of a repository as host, owner and name.
fn repository(url: &str) -> Option<String> {
    let url = url.trim().to_ascii_lowercase();
    let url = match url.strip_prefix("github:") {
        Some(short) => format!("github.com/{short}"),
        None if !url.contains(':') && url.matches('/').count() == 1 => format!("github.com/{url}"),
        None => url,
    };
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest).replace(':', "/");
    let parts: Vec<&str> = rest.trim_start_matches("www.").split(['/', '#', '?']).take(3).collect();
    match parts.as_slice() {
        [host, owner, name] => Some(format!("{host}/{owner}/{}", name.trim_end_matches(".git"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::clock::FixedClock;
    use crate::domain::Policy;
    use crate::scan::proof::builtin;
    use crate::scan::{Scanner, Subject};
    use crate::source::{Limits, SourceTree};

    fn told(server: &str, package: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("server.json"), server).unwrap();
        fs::write(folder.path().join("package.json"), package).unwrap();
        let tree = SourceTree::from_folder(folder.path(), &Limits::default()).unwrap();
        let report =
            Scanner::new(builtin(), Policy::default()).scan(&Subject::of(&tree), &FixedClock::default());
        let ours = report.findings.into_iter().filter(|found| found.rule.as_str() == "package-namespace");
        ours.map(|found| found.evidence).collect()
    }

    #[test]
    fn names_that_differ_are_told_each_by_itself() {
        let server = r#"{"name": "io.github.acme/clock", "repository": {"url": "https://github.com/Acme/clock"},
            "packages": [{"registryType": "npm", "identifier": "@acme/clock"}]}"#;
        let package = r#"{"name": "@acme/clock", "mcpName": "io.github.acme/clock", "repository": {"url": "git+ssh://git@github.com/acme/clock.git"}}"#;
        assert!(told(server, package).is_empty());
        assert!(told(server, &package.replace("git+ssh://git@github.com/", "github:")).is_empty());
        assert!(told(server, "{}").is_empty() && told("{}", package).is_empty());
        assert_eq!(
            told(server, &package.replace("io.github.acme/clock", "io.github.evil/clock")),
            ["io.github.evil/clock"]
        );
        assert_eq!(told(server, &package.replace("\"@acme/clock\"", "\"@evil/clock\"")), ["@evil/clock"]);
        assert_eq!(
            told(server, &package.replace("github.com/acme", "github.com/evil")),
            ["github.com/evil/clock"]
        );
        assert_eq!(
            told(&server.replace("github.com/Acme", "github.com/evil"), "{}"),
            ["github.com/evil/clock"]
        );
    }
}
