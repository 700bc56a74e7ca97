//! Reads a document and says all that is wrong with it.

use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::parts::{self, Package, Remote, Repository};
use super::{Issues, rules};
use crate::domain::{
    Check, Digest, DocumentError, DocumentName, DocumentVersion, Issue, IssueSeverity, RawDocument,
};
use crate::registry::schema::Schema;
use crate::wire::registry::{ServerResponse, Validation};

/// A document with a name and a version to find it by.
#[derive(Clone, Debug)]
pub struct Document {
    raw: RawDocument,
    members: Map<String, Value>,
    digest: Digest,
    name: DocumentName,
    version: DocumentVersion,
}

impl Document {
    /// Reads a document that is to be published: none with an error in it is taken.
    pub fn publish(bytes: &[u8]) -> Result<Self, Vec<Issue>> {
        match examine(bytes) {
            (Some(document), issues) if !issues.has_error() => Ok(document),
            (_, issues) => Err(issues.finish()),
        }
    }

    /// Reads a document that was published elsewhere: all that has a name is taken, with what is wrong with it.
    pub fn import(bytes: &[u8]) -> Result<(Self, Vec<Issue>), Vec<Issue>> {
        match examine(bytes) {
            (Some(document), issues) => Ok((document, issues.finish())),
            (None, issues) => Err(issues.finish()),
        }
    }

    /// Tells what [`Document::publish`] would.
    pub fn validate(bytes: &[u8]) -> Validation {
        let (document, issues) = examine(bytes);
        Validation { valid: document.is_some() && !issues.has_error(), issues: issues.finish() }
    }

    /// Reads a document that is on record.
    pub fn recorded(
        raw: RawDocument,
        digest: Digest,
        name: DocumentName,
        version: DocumentVersion,
    ) -> Result<Self, DocumentError> {
        let members = raw.members()?;
        Ok(Self { raw, members, digest, name, version })
    }

    /// Reads a document that a registry answered with.
    pub fn answered(response: &ServerResponse) -> Result<Self, Vec<Issue>> {
        match examine(response.server.as_str().as_bytes()) {
            (Some(document), _) => Ok(document),
            (None, issues) => Err(issues.finish()),
        }
    }

    /// Returns its text.
    pub fn raw(&self) -> &RawDocument {
        &self.raw
    }

    /// Returns the digest of its canonical form.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns its name.
    pub fn name(&self) -> &DocumentName {
        &self.name
    }

    /// Returns its version.
    pub fn version(&self) -> &DocumentVersion {
        &self.version
    }

    /// Returns a member that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }

    /// Returns all members.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Returns where its source is.
    pub fn repository(&self) -> Option<Repository> {
        Repository::deserialize(self.members.get("repository")?).ok()
    }

    /// Returns its packages, each with its place in the list.
    pub fn packages(&self) -> Vec<(usize, Package)> {
        parts::list(&self.members, "packages")
    }

    /// Returns where it already runs, each with its place in the list.
    pub fn remotes(&self) -> Vec<(usize, Remote)> {
        parts::list(&self.members, "remotes")
    }
}

/// Reads a document as far as it can be read, and says what is wrong with it.
fn examine(bytes: &[u8]) -> (Option<Document>, Issues) {
    let mut issues = Issues::default();
    let mut wrong = |check, path: &str, message: String, reference: &str| {
        issues.push(check, IssueSeverity::Error, path.to_owned(), message, reference.to_owned());
    };
    let (raw, members) = match RawDocument::parse(bytes) {
        Ok(read) => read,
        Err(error) => {
            wrong(Check::Json, "", error.to_string(), "json");
            return (None, issues);
        }
    };
    let digest = match RawDocument::digest_of(&members) {
        Ok(digest) => digest,
        Err(error) => {
            wrong(Check::Json, "", error.to_string(), "json");
            return (None, issues);
        }
    };
    let name = match members.get("name").and_then(Value::as_str).map(DocumentName::parse) {
        Some(Ok(name)) => Some(name),
        Some(Err(error)) => {
            wrong(Check::Semantic, "/name", error.to_string(), "name");
            None
        }
        None => None,
    };
    let version = match members.get("version").and_then(Value::as_str).map(DocumentVersion::parse) {
        Some(Ok(version)) => Some(version),
        Some(Err(error)) => {
            wrong(Check::Semantic, "/version", error.to_string(), "version");
            None
        }
        None => DocumentVersion::parse("").ok(),
    };
    let whole = Value::Object(members);
    against_schema(&whole, &mut issues);
    let Value::Object(members) = whole else { return (None, issues) };
    let (Some(name), Some(version)) = (name, version) else { return (None, issues) };
    let document = Document { raw, members, digest, name, version };
    rules::check(&document, &mut issues);
    (Some(document), issues)
}

/// Holds a document against the schema that it names, or the newest when it names none that is known.
fn against_schema(document: &Value, issues: &mut Issues) {
    let named = document.get("$schema").and_then(Value::as_str).unwrap_or_default();
    let known = Schema::named(named);
    let Some(newest) = Schema::newest() else {
        let message = "there is no schema to hold it against".to_owned();
        issues.push(Check::Schema, IssueSeverity::Error, String::new(), message, "schema".to_owned());
        return;
    };
    let mut say = |severity, message| {
        let (path, reference) = ("/$schema".to_owned(), "schema-address".to_owned());
        issues.push(Check::Schema, severity, path, message, reference);
    };
    match known {
        None if named.is_empty() => {
            say(IssueSeverity::Error, format!("it names no schema; the newest is {}", newest.address()));
        }
        None => {
            let message = format!("it names a schema that is not known; the newest is {}", newest.address());
            say(IssueSeverity::Error, message);
        }
        Some(schema) if schema.date() < newest.date() => {
            let message =
                format!("it names the schema of {}; the newest is {}", schema.date(), newest.address());
            say(IssueSeverity::Info, message);
        }
        Some(_) => {}
    }
    known.unwrap_or(newest).check(document, issues);
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: &str = include_str!("../../../tests/data/registry/clock.json");

    #[test]
    fn a_good_document_is_taken_as_it_is() {
        let document = Document::publish(CLOCK.as_bytes()).unwrap();
        assert_eq!(document.raw().as_str(), CLOCK.trim());
        assert_eq!((document.name().as_str(), document.version().as_str()), ("com.example/clock", "1.2.0"));
        assert_eq!(document.text("title"), Some("Clock"));
        assert_eq!((document.packages().len(), document.remotes().len()), (1, 1));
        assert_eq!(Document::validate(CLOCK.as_bytes()), Validation { valid: true, issues: Vec::new() });
    }

    #[test]
    fn an_import_keeps_what_a_publication_refuses() {
        let odd = br#"{"name": "Gmail", "description": "", "repository": {}}"#;
        let refused = Document::publish(odd).unwrap_err();
        let (document, issues) = Document::import(odd).unwrap();
        assert_eq!(issues, refused);
        assert_eq!((document.name().as_str(), document.version().as_str()), ("Gmail", ""));
        let places: Vec<_> = issues.iter().map(|issue| issue.path.as_str()).collect();
        for place in ["/$schema", "/repository", "/description", "/name"] {
            assert!(places.contains(&place), "{place} in {places:?}");
        }
    }

    #[test]
    fn what_nobody_could_find_again_is_not_imported() {
        for bytes in [
            b"".as_slice(),
            b"[]",
            b"{}",
            br#"{"name": 1}"#,
            br#"{"name": "a/b", "version": "latest"}"#,
            br#"{"name": "a/b", "name": "a/c"}"#,
            b"{\"name\": \"a\\u0000b\"}",
        ] {
            let issues = Document::import(bytes).unwrap_err();
            assert!(issues.iter().any(|issue| issue.severity == IssueSeverity::Error), "{bytes:?}");
        }
    }

    #[test]
    fn an_older_schema_is_said_and_an_unknown_one_is_an_error() {
        let with = |address: &str| {
            let old = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";
            Document::validate(CLOCK.replace(old, address).as_bytes())
        };
        let older = with("https://static.modelcontextprotocol.io/schemas/2025-10-17/server.schema.json");
        assert!(older.valid && older.issues[0].message.contains("2025-10-17"), "{older:?}");
        let unknown = with("https://example.com/my.schema.json");
        assert!(!unknown.valid && unknown.issues[0].path == "/$schema", "{unknown:?}");
    }
}
