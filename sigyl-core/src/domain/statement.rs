//! What a release is said to be: an in-toto statement whose predicate is SLSA provenance, with what Sigyl decided beside it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::canonical;
use super::{
    Artifact, Basis, CommitId, Digest, Entity, Locator, Pin, Report, ReportId, RevisionId, RuleId, RulesUsed,
    RunId, ServerName, SourceRef, SuppressedBy, Timestamp, Verdict, Version, Waiver,
};

/// What is stated of some artefacts. Unknown members are passed over, as in-toto wants it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement<P> {
    /// Which kind of document it is.
    #[serde(rename = "_type")]
    pub kind: String,
    /// What it is about.
    pub subject: Vec<Subject>,
    /// Which kind of thing is stated.
    pub predicate_type: String,
    /// What is stated.
    pub predicate: P,
}

impl<P> Statement<P> {
    /// The kind of every statement.
    pub const KIND: &'static str = "https://in-toto.io/Statement/v1";
}

/// The type of what an envelope of a statement holds.
pub const STATEMENT_TYPE: &str = "application/vnd.in-toto+json";
/// The predicate that tells how something was built.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// The predicate that tells what something is made of.
pub const BOM: &str = "https://cyclonedx.org/bom";
/// How Sigyl builds; a name, and no address.
pub const BUILD_TYPE: &str = "https://sigyl.invalid/build/v1";
/// What the name of an instance starts with, before the id of its key; a name, and no address.
pub const INSTANCE: &str = "https://sigyl.invalid/instance/";
/// What a list of components is called among what else came of a build.
pub const BOM_NAME: &str = "sbom.cdx.json";

/// An artefact, or something that one came of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Subject {
    /// What it is called.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where it is from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uri: String,
    /// What kind of bytes it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub media_type: String,
    /// Its digests, by the name of their kind, in hex digits.
    pub digest: BTreeMap<String, String>,
}

impl Subject {
    /// Names an artefact by the SHA-256 of it.
    pub fn sha256(name: impl Into<String>, digest: Digest) -> Self {
        let digest = BTreeMap::from([("sha256".to_owned(), digest.hex())]);
        Self { name: name.into(), digest, ..Self::default() }
    }

    /// Tells whether this SHA-256 is among its digests.
    pub fn is(&self, digest: Digest) -> bool {
        self.digest.get("sha256").is_some_and(|hex| *hex == digest.hex())
    }
}

/// How a release came about: the predicate of SLSA provenance 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Provenance {
    /// What was asked for, and what was taken for it.
    pub build_definition: BuildDefinition,
    /// Who built, and when.
    pub run_details: RunDetails,
    /// What was decided, and what serves.
    #[serde(rename = "https://sigyl.invalid/release/v1")]
    pub release: ReleaseFacts,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BuildDefinition {
    /// How it is built.
    pub build_type: String,
    /// What somebody outside chose.
    pub external_parameters: Value,
    /// What it was built from.
    pub resolved_dependencies: Vec<Subject>,
}

/// Who built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RunDetails {
    /// Who.
    pub builder: Builder,
    /// When.
    pub metadata: BuildMetadata,
    /// What else came of it.
    pub byproducts: Vec<Subject>,
}

/// An instance that builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builder {
    /// Its name.
    pub id: String,
    /// The version of what it runs, by name.
    pub version: BTreeMap<String, String>,
}

/// When it was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildMetadata {
    /// The run.
    pub invocation_id: String,
    /// When it began.
    pub started_on: Timestamp,
    /// When it served.
    pub finished_on: Timestamp,
}

/// What Sigyl knows of a release: why it was let serve, and as what it serves. Nothing in it is a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReleaseFacts {
    /// The server.
    pub server: ServerName,
    /// Its version.
    pub version: Version,
    /// What it was made from.
    pub source: SourceRef,
    /// The commit, where the source is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// What the version was recorded by.
    pub recorded: RecordedBy,
    /// What lets this release of it serve.
    pub admitted: AdmittedBy,
    /// The risks that somebody accepted.
    pub accepted: Vec<AcceptedRisk>,
    /// Risks that were accepted and are not listed.
    #[serde(default)]
    pub accepted_more: usize,
    /// What was built.
    pub artifact: ArtifactFact,
    /// Whether the run took what was built before, and built nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<bool>,
    /// The instance that serves.
    pub revision: RevisionId,
    /// The run that let it.
    pub run: RunId,
    /// Who began the run.
    pub by: String,
    /// Where it runs.
    pub target: String,
    /// Where clients reached it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// What it declared.
    pub pins: Vec<PinFact>,
    /// When it began to serve.
    pub activated: Timestamp,
}

/// What a version was recorded by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedBy {
    /// The scan.
    pub report: ReportId,
    /// The policy.
    pub policy: Digest,
    /// What its admission rests on: a verdict, or who approved it, why and until when.
    pub basis: Basis,
    /// The run.
    pub run: RunId,
}

/// What lets a release serve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AdmittedBy {
    /// The scan of its source.
    pub report: ReportId,
    /// The scan of what the started server said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<ReportId>,
    /// The rules that looked at the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<RulesUsed>,
    /// The policy that judged.
    pub policy: Digest,
    /// What it came to.
    pub verdict: Verdict,
    /// What the admission rests on.
    pub basis: Basis,
    /// Until when the policy stops nothing, where it only observes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Timestamp>,
    /// Fingerprints of the findings that waivers accept.
    pub waived: Vec<Digest>,
}

/// A risk that somebody accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedRisk {
    /// The rule whose finding it is.
    pub rule: RuleId,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When that ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ArtifactFact {
    /// An image, by its digest.
    Image {
        /// Its name, with the digest.
        name: String,
        /// The digest.
        digest: Digest,
    },
    /// A program of this machine.
    Program {
        /// What identifies how it is started: program, arguments and folders.
        launch: Digest,
    },
}

/// Something that a server declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PinFact {
    /// What it is.
    pub entity: Entity,
    /// What it is called.
    pub name: String,
    /// The digest of its definition, in its canonical form.
    pub sha256: Digest,
}

/// What cannot be stated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// An image has to be named by its digest.
    #[error("the image {0} is not named by its digest")]
    NoDigest(String),
    /// The canonical form cannot be written.
    #[error("what is stated has no canonical form")]
    NotCanonical,
}

/// Accepted risks that are listed at most.
const ACCEPTED: usize = 1_000;

impl AcceptedRisk {
    /// Lists what was accepted for a run, by its waivers and by those of the policy; tells how many more there are.
    pub fn all<'a>(waivers: impl Iterator<Item = &'a Waiver>, report: &Report) -> (Vec<Self>, usize) {
        let given = waivers.map(|waiver| Self {
            rule: waiver.rule.clone(),
            place: waiver.path.clone(),
            reason: waiver.reason.clone(),
            owner: waiver.owner.clone(),
            expires: Some(waiver.expires),
        });
        let standing = report.suppressed.iter().filter(|one| one.applied && one.by == SuppressedBy::Waiver);
        let standing = standing.map(|one| Self {
            rule: one.rule.clone(),
            place: one.location.as_ref().map(ToString::to_string),
            reason: one.reason.clone(),
            owner: one.owner.clone(),
            expires: one.expires,
        });
        let mut all: Vec<Self> = given.chain(standing).collect();
        let more = all.len().saturating_sub(ACCEPTED);
        all.truncate(ACCEPTED);
        (all, more)
    }
}

impl ArtifactFact {
    /// Says what was built; an image has to be named by its digest.
    pub fn of(artifact: &Artifact) -> Result<Self, StatementError> {
        match artifact {
            Artifact::Image { image } => {
                let digest = image.rsplit_once('@').and_then(|(_, digest)| Digest::parse(digest).ok());
                let digest = digest.ok_or_else(|| StatementError::NoDigest(image.clone()))?;
                Ok(Self::Image { name: image.clone(), digest })
            }
            Artifact::Program(launch) => {
                let value = serde_json::to_value(launch).map_err(|_| StatementError::NotCanonical)?;
                let launch = canonical::digest(&value).map_err(|_| StatementError::NotCanonical)?;
                Ok(Self::Program { launch })
            }
        }
    }

    /// Returns what identifies it.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Image { digest, .. } => *digest,
            Self::Program { launch } => *launch,
        }
    }
}

impl PinFact {
    /// Lists what was pinned, in order.
    pub fn all(pins: &[Pin]) -> Vec<Self> {
        let one = |pin: &Pin| Self { entity: pin.entity, name: pin.name.clone(), sha256: pin.sha256 };
        let mut all: Vec<_> = pins.iter().map(one).collect();
        all.sort();
        all
    }
}

impl SourceRef {
    /// Returns it as it is handed out: of a place on a disk its last part alone, since the rest names people and machines.
    pub fn stated(&self) -> Self {
        let last = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let locator = match Locator::parse(&self.locator) {
            Ok(Locator::Path(path) | Locator::Archive(path)) => last(&path).unwrap_or_else(|| ".".to_owned()),
            Ok(Locator::Git { url, reference, subdir }) if is_local(&url) => {
                let url = last(Path::new(&url)).unwrap_or_else(|| ".".to_owned());
                Locator::Git { url, reference, subdir }.to_string()
            }
            _ => self.locator.clone(),
        };
        Self { locator, ..self.clone() }
    }

    /// Returns the commit that it is, where it came from a repository.
    pub fn commit(&self) -> Option<CommitId> {
        match Locator::parse(&self.locator) {
            Ok(Locator::Git { reference: Some(reference), .. }) => CommitId::parse(&reference).ok(),
            _ => None,
        }
    }
}

/// Tells whether git looks for a repository on a disk: an address names its scheme, or a host before a colon.
fn is_local(url: &str) -> bool {
    url.starts_with("file://") || url.split('/').next().is_some_and(|head| !head.contains(':'))
}

impl ReleaseFacts {
    /// Returns what the release is to others: an image or a program, and the source that it was built from.
    pub fn subjects(&self) -> Vec<Subject> {
        let built = match &self.artifact {
            ArtifactFact::Image { name, digest } => {
                Subject::sha256(name.split('@').next().unwrap_or(name), *digest)
            }
            ArtifactFact::Program { launch } => {
                Subject::sha256(format!("program of {} {}", self.server, self.version), *launch)
            }
        };
        vec![built, self.source_subject()]
    }

    fn source_subject(&self) -> Subject {
        Subject::sha256(format!("source of {} {}", self.server, self.version), self.source.digest)
    }

    /// Returns what it was built from: the tree, and the commit that this is.
    pub fn dependencies(&self) -> Vec<Subject> {
        let tree = Subject { uri: self.source.locator.clone(), ..self.source_subject() };
        let commit = self.commit.as_ref().map(|commit| Subject {
            uri: repository_uri(&self.source.locator, commit),
            digest: BTreeMap::from([("gitCommit".to_owned(), commit.to_string())]),
            ..Subject::default()
        });
        commit.into_iter().chain([tree]).collect()
    }
}

/// Writes a repository at a commit as SLSA does.
fn repository_uri(locator: &str, commit: &CommitId) -> String {
    match Locator::parse(locator) {
        Ok(Locator::Git { url, .. }) => format!("git+{url}@{commit}"),
        _ => locator.to_owned(),
    }
}

impl Statement<Provenance> {
    /// States how a release came about; `key` names the instance, `began` is when its run did, `bom` identifies the list of
    /// its components.
    pub fn of(facts: ReleaseFacts, key: Digest, began: Timestamp, bom: Digest) -> Self {
        let bom = Subject {
            media_type: "application/vnd.cyclonedx+json; version=1.6".to_owned(),
            ..Subject::sha256(BOM_NAME, bom)
        };
        Self {
            kind: Self::KIND.to_owned(),
            subject: facts.subjects(),
            predicate_type: PROVENANCE.to_owned(),
            predicate: Provenance {
                build_definition: BuildDefinition {
                    build_type: BUILD_TYPE.to_owned(),
                    external_parameters: serde_json::json!({
                        "server": facts.server, "version": facts.version, "source": facts.source.locator, "target": facts.target,
                    }),
                    resolved_dependencies: facts.dependencies(),
                },
                run_details: RunDetails {
                    builder: Builder {
                        id: format!("{INSTANCE}{}", key.hex()),
                        version: BTreeMap::from([("sigyl".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
                    },
                    metadata: BuildMetadata {
                        invocation_id: facts.run.to_string(),
                        started_on: began,
                        finished_on: facts.activated,
                    },
                    byproducts: vec![bom],
                },
                release: facts,
            },
        }
    }
}

impl Statement<Value> {
    /// States what a release is made of.
    pub fn of_bom(subject: Vec<Subject>, bom: Value) -> Self {
        Self { kind: Self::KIND.to_owned(), subject, predicate_type: BOM.to_owned(), predicate: bom }
    }
}

impl<P: Serialize> Statement<P> {
    /// Writes it in the one form that is signed (RFC 8785).
    pub fn bytes(&self) -> Result<Vec<u8>, StatementError> {
        let value = serde_json::to_value(self).map_err(|_| StatementError::NotCanonical)?;
        canonical::bytes(&value).map_err(|_| StatementError::NotCanonical)
    }
}

/// Identifies a list of components by its canonical form.
pub fn bom_digest(bom: &Value) -> Result<Digest, StatementError> {
    canonical::digest(bom).map_err(|_| StatementError::NotCanonical)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SourceKind;

    #[test]
    fn of_a_place_on_a_disk_the_last_part_alone_is_stated() {
        let commit = "a".repeat(40);
        for (named, stated) in [
            ("/home/ada/work/clock", "clock"),
            ("servers/clock/", "clock"),
            ("..", "."),
            ("/", "."),
            ("/home/ada/clock.tgz", "clock.tgz"),
            ("npm:clock@1.0.0", "npm:clock@1.0.0"),
            ("github:ada/clock#main", "github:ada/clock#main"),
            (&format!("git:/home/ada/clock#{commit}:src"), &format!("git:clock#{commit}:src")),
            (&format!("git:file:///home/ada/clock#{commit}"), &format!("git:clock#{commit}")),
            ("git:https://host.example/ada/clock#main", "git:https://host.example/ada/clock#main"),
            ("git:git@host.example:ada/clock#main", "git:git@host.example:ada/clock#main"),
        ] {
            let digest = Digest::of(b"x");
            let source = SourceRef { kind: SourceKind::Path, locator: named.to_owned(), digest };
            assert_eq!(source.stated().locator, stated, "{named}");
            assert_eq!(source.stated().commit(), source.commit(), "{named}");
        }
    }
}
