//! The fields of an OSV document that are read, and what they become.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::advisories::{Advisory, Affected};
use super::range::{Mark, Range};
use super::severity::Degree;
use super::version::Version;
use crate::scan::package::Ecosystem;

/// One document.
#[derive(Deserialize)]
pub(super) struct Document {
    id: String,
    modified: Option<String>,
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    summary: Option<String>,
    #[serde(default)]
    severity: Option<Vec<Score>>,
    #[serde(default)]
    affected: Option<Vec<Package>>,
    #[serde(default)]
    database_specific: Option<Own>,
}

#[derive(Deserialize)]
struct Score {
    score: String,
}

#[derive(Deserialize)]
struct Package {
    package: Option<Named>,
    #[serde(default)]
    ranges: Option<Vec<Events>>,
    #[serde(default)]
    versions: Option<Vec<String>>,
    #[serde(default)]
    severity: Option<Vec<Score>>,
    #[serde(default)]
    ecosystem_specific: Option<Own>,
    #[serde(default)]
    database_specific: Option<Own>,
}

#[derive(Deserialize)]
struct Named {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Events {
    #[serde(rename = "type")]
    kind: String,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
}

/// What a database adds of its own.
#[derive(Deserialize)]
struct Own {
    #[serde(default, deserialize_with = "text_or_nothing")]
    severity: Option<String>,
    #[serde(default, deserialize_with = "texts_or_nothing")]
    cwe_ids: Vec<String>,
}

impl Own {
    /// Tells whether it says that the package was made to do harm: embedded malicious code, hidden functionality.
    fn is_malice(&self) -> bool {
        self.cwe_ids.iter().any(|id| matches!(id.as_str(), "CWE-506" | "CWE-507" | "CWE-510" | "CWE-512"))
    }
}

/// Whatever else a database puts there is none of ours.
fn text_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Value::deserialize(deserializer).map(|value| value.as_str().map(str::to_owned))
}

fn texts_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect())
}

/// Characters of a summary that are kept.
const SUMMARY: usize = 160;

/// What one document came to.
pub(super) struct Read {
    /// When it was last changed.
    pub(super) modified: Option<String>,
    /// What it says of packages of the ecosystems that are read; nothing when it was withdrawn.
    pub(super) advisory: Option<Advisory>,
    /// Ranges that are given as commits alone, or hold a version that is none.
    pub(super) unread: usize,
}

impl Document {
    /// Takes what can be compared with names and versions.
    pub(super) fn read(self) -> Read {
        if self.withdrawn.is_some() {
            return Read { modified: self.modified, advisory: None, unread: 0 };
        }
        let mut unread = 0;
        let degree = self.degree();
        let affected: Vec<Affected> = self
            .affected
            .into_iter()
            .flatten()
            .filter_map(|package| package.read(degree, &mut unread))
            .collect();
        let summary = self.summary.unwrap_or_default().chars().take(SUMMARY).collect::<String>();
        let advisory = (!affected.is_empty()).then(|| Advisory {
            id: self.id.into(),
            degree,
            summary: summary.into(),
            affected,
        });
        Read { modified: self.modified, advisory, unread }
    }

    fn degree(&self) -> Degree {
        let ids = std::iter::once(&self.id).chain(self.aliases.iter().flatten());
        if ids.into_iter().any(|id| id.starts_with("MAL-")) {
            return Degree::Malicious;
        }
        let packages = || self.affected.iter().flatten();
        let owns = packages().flat_map(|package| [&package.ecosystem_specific, &package.database_specific]);
        let owns: Vec<&Own> = std::iter::once(&self.database_specific).chain(owns).flatten().collect();
        if owns.iter().any(|own| own.is_malice()) {
            return Degree::Malicious;
        }
        let words = owns.iter().filter_map(|own| Degree::of_word(own.severity.as_deref()?));
        let scores = self
            .severity
            .iter()
            .flatten()
            .chain(packages().filter_map(|package| package.severity.as_ref()).flatten());
        let vectors = scores.filter_map(|score| Degree::of_vector(&score.score));
        // The word of the database counts first: its editors know more than the vector says.
        words.max().or_else(|| vectors.max()).unwrap_or(Degree::Unknown)
    }
}

impl Package {
    fn read(self, degree: Degree, unread: &mut usize) -> Option<Affected> {
        let named = self.package?;
        let ecosystem = match named.ecosystem.split(':').next() {
            Some("npm") => Ecosystem::Npm,
            Some("PyPI") => Ecosystem::PyPi,
            Some("crates.io") => Ecosystem::Crates,
            Some("Go") => Ecosystem::Go,
            _ => return None,
        };
        let versions: Vec<Box<str>> = self.versions.into_iter().flatten().map(String::into).collect();
        let (commits, ranges): (Vec<_>, Vec<_>) =
            self.ranges.into_iter().flatten().partition(|range| range.kind == "GIT");
        *unread += usize::from(!commits.is_empty() && ranges.is_empty() && versions.is_empty());
        let mut read = Vec::new();
        for range in ranges {
            match range.read(ecosystem) {
                Some(range) => read.push(range),
                None => *unread += 1,
            }
        }
        if read.is_empty() && versions.is_empty() && degree == Degree::Malicious {
            // No version of what was published to do harm is spared for want of a readable range.
            read.push(Range::of_all());
        }
        Some(Affected { ecosystem, name: ecosystem.normal(&named.name).into(), ranges: read, versions })
    }
}

impl Events {
    fn read(self, ecosystem: Ecosystem) -> Option<Range> {
        let mut events = Vec::new();
        for event in self.events {
            let marks = [
                (event.introduced, Mark::Introduced),
                (event.fixed, Mark::Fixed),
                (event.last_affected, Mark::LastAffected),
            ];
            for (text, mark) in marks {
                let Some(text) = text else { continue };
                events.push((Version::parse(ecosystem, &text)?, mark, text.into()));
            }
        }
        Some(Range::new(events))
    }
}
