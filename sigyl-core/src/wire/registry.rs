//! The MCP Registry's own shapes, as its OpenAPI document of 2025-12-01 gives them, and what this registry adds under a
//! key of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{
    Digest, Issue, ListingStatus, Profile, Proof, RatingTotal, RawDocument, Timestamp, ToolPin, Verdict,
};

/// Rows of an import whose problems are told.
const MOST_PROBLEMS: usize = 1_000;

/// A page of documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerList {
    /// The documents.
    pub servers: Vec<ServerResponse>,
    /// About the page.
    pub metadata: Metadata,
}

/// What there is to know about a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Where the next page begins; nothing when this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Documents on this page.
    pub count: usize,
    /// Documents that belong here and were left out, because the answer would be too long.
    #[serde(default, skip_serializing_if = "is_none")]
    pub omitted: usize,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// Which documents are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// Text that the name, title or description holds, in any case.
    pub search: Option<String>,
    /// Only what changed then or later.
    pub updated_since: Option<Timestamp>,
    /// `latest`, or one version.
    pub version: Option<String>,
    /// Whether deleted versions are shown.
    pub include_deleted: bool,
    /// Whether documents without a version, or with a name without a namespace, are left out.
    #[serde(default)]
    pub complete_only: bool,
    /// How many at most.
    pub limit: Option<usize>,
    /// Where the page begins, from the page before; it holds all else that was asked for.
    pub cursor: Option<String>,
}

/// A document, and what the registry says of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerResponse {
    /// The document, as it was published.
    pub server: RawDocument,
    /// What the registry says.
    #[serde(rename = "_meta")]
    pub meta: ResponseMeta,
}

/// What registries say of a document, each under its own key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResponseMeta {
    /// What every registry says.
    #[serde(rename = "io.modelcontextprotocol.registry/official")]
    pub official: Official,
    /// What this one adds.
    #[serde(rename = "internal.sigyl/registry")]
    pub sigyl: Provenance,
    /// What others said where it came from.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// How a document stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Official {
    /// What users should make of it.
    pub status: ListingStatus,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// Since when.
    pub status_changed_at: Timestamp,
    /// When it was published first.
    pub published_at: Timestamp,
    /// When anything of it last changed.
    pub updated_at: Timestamp,
    /// Whether it ranks highest among the versions of its name.
    pub is_latest: bool,
}

/// Where a document comes from, and what is known of what it installs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// How it came here.
    pub origin: OriginKind,
    /// The registry or file that it was imported from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_from: Option<String>,
    /// What that registry said of how it stood there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Value>,
    /// Problems that it was imported with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problems: Option<u32>,
    /// What the right to its namespace rests on.
    pub namespace: Proof,
    /// What was scanned of it.
    pub scan: ScanStatus,
    /// The tools that it declared when it was activated last; nothing while it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins: Option<Pins>,
    /// How its server is presented here, beside what the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// What ratings of its server come to, once there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rated>,
}

/// Tools by their digests, for who compares them with what a server declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pins {
    /// The tools, by name.
    pub tools: Vec<PinnedTool>,
    /// Tools that are left out, because there are too many or their names are too long.
    #[serde(default, skip_serializing_if = "is_none")]
    pub omitted: usize,
}

impl Pins {
    /// Tools that are told at most.
    pub const MOST: usize = 200;
    /// Bytes of a name at most.
    pub const NAME_MOST: usize = 256;

    /// Takes as many as are told, and counts the others.
    pub fn of<'a>(pinned: impl Iterator<Item = &'a ToolPin>) -> Self {
        let mut all: Vec<_> = pinned.collect();
        let whole = all.len();
        all.retain(|pin| pin.tool.name().len() <= Self::NAME_MOST);
        all.sort_by_key(|pin| pin.tool.name());
        let told = all.into_iter().take(Self::MOST);
        let tools: Vec<_> = told
            .map(|pin| PinnedTool {
                name: pin.tool.name().to_owned(),
                md5: pin.md5.clone(),
                sha256: pin.sha256,
            })
            .collect();
        Self { omitted: whole - tools.len(), tools }
    }
}

/// A tool by its digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedTool {
    /// Its name.
    pub name: String,
    /// MD5 of its description, as mcp-scan pins it; never for integrity.
    pub md5: String,
    /// SHA-256 of its whole definition in canonical form (RFC 8785).
    pub sha256: Digest,
}

/// What ratings come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rated {
    /// How many there are.
    pub count: u64,
    /// Their average, from 1 to 5.
    pub average: f64,
}

impl Rated {
    /// Says what a total comes to; nothing when nobody rated.
    pub fn of(total: RatingTotal) -> Option<Self> {
        total.average().map(|average| Self { count: total.count, average })
    }
}

/// How a document came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OriginKind {
    /// Somebody published it here.
    Published,
    /// It was read from another registry or a file.
    Imported,
    /// It was made of a version that was released here, with its source.
    Released,
}

/// What was scanned of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
#[non_exhaustive]
pub enum ScanStatus {
    /// Nothing: there is no source of it here, and it cannot be deployed before there is.
    Unscanned {
        /// Why not, when a source was scanned under the same name and version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Unscanned>,
    },
    /// Its source.
    Scanned {
        /// What the scan came to.
        verdict: Verdict,
        /// Whether a person let it pass.
        approved: bool,
        /// The digest of the source.
        source: Digest,
    },
}

/// Why a document counts as unscanned although a source was scanned under its name and version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unscanned {
    /// It names packages, addresses or a repository that are not that source.
    OtherSource,
}

/// A wish to let versions stand otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusUpdate {
    /// What users should make of it.
    pub status: ListingStatus,
    /// Why.
    #[serde(default)]
    pub status_message: Option<String>,
}

/// What a wish about all versions of a name came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllVersions {
    /// How many changed.
    pub updated_count: usize,
    /// Those that changed.
    pub servers: Vec<ServerResponse>,
}

/// A search's finds, the best first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finds {
    /// The documents: of each name its latest version.
    pub servers: Vec<ServerResponse>,
    /// How many names fit, shown or not.
    pub total: usize,
}

/// What the checks of a publication came to, without a publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// Whether it would be taken.
    pub valid: bool,
    /// What is wrong, and what could be better.
    pub issues: Vec<Issue>,
}

/// One row of an import: a document, or what a registry answers with, which has it in `server`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// Its line or place, for messages.
    pub line: u64,
    /// Its text.
    pub text: String,
}

/// What became of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Rows that were read.
    pub rows: u64,
    /// Documents that were not on record.
    pub added: u64,
    /// Documents on record that stand otherwise now.
    pub updated: u64,
    /// Documents that are on record as they are.
    pub unchanged: u64,
    /// Rows that were not taken.
    pub refused: u64,
    /// Rows that were taken although they have no version, or a name without a namespace: some readers refuse a whole page
    /// for one of them.
    #[serde(default)]
    pub incomplete: u64,
    /// What is wrong with rows, taken or not.
    pub problems: Vec<RowProblem>,
    /// Rows with problems that are not told.
    pub untold: u64,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowProblem {
    /// Its line or place.
    pub line: u64,
    /// The name and version in it, as far as it has them.
    pub of: String,
    /// Whether it was taken all the same.
    pub taken: bool,
    /// What is wrong.
    pub issues: Vec<Issue>,
}

impl ImportReport {
    /// Adds what became of further rows.
    pub fn join(&mut self, more: Self) {
        self.rows += more.rows;
        self.added += more.added;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.refused += more.refused;
        self.incomplete += more.incomplete;
        self.untold += more.untold;
        for problem in more.problems {
            self.tell(problem);
        }
    }

    /// Adds what is wrong with a row, or counts it when too much is told already.
    pub fn tell(&mut self, problem: RowProblem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        } else {
            self.untold += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Tool;

    #[test]
    fn pins_are_bounded_and_say_what_is_left_out() {
        let pin = |name: &str| {
            let tool: Tool = serde_json::from_value(json!({"name": name, "description": "x"})).unwrap();
            ToolPin { sha256: tool.digest().unwrap(), md5: tool.mcp_scan_md5(), tool }
        };
        let few = [pin("now"), pin("add"), pin(&"x".repeat(Pins::NAME_MOST + 1))];
        let pins = Pins::of(few.iter());
        let names: Vec<_> = pins.tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!((names, pins.omitted), (vec!["add", "now"], 1));
        let written = serde_json::to_value(&pins.tools[1]).unwrap();
        assert_eq!(written["md5"], "9dd4e461268c8034f5c8564e155c67a6");
        assert_eq!(written["sha256"], few[0].sha256.to_string());
        let many: Vec<_> = (0..Pins::MOST + 7).map(|at| pin(&at.to_string())).collect();
        assert_eq!((Pins::of(many.iter()).tools.len(), Pins::of(many.iter()).omitted), (Pins::MOST, 7));
    }

    #[test]
    fn an_answer_has_the_members_that_the_registry_gives_them() {
        let (server, _) = RawDocument::parse(br#"{"name": "a/b"}"#).unwrap();
        let at = Timestamp::from_millis(1_000);
        let response = ServerResponse {
            server,
            meta: ResponseMeta {
                official: Official {
                    status: ListingStatus::Active,
                    status_message: None,
                    status_changed_at: at,
                    published_at: at,
                    updated_at: at,
                    is_latest: true,
                },
                sigyl: Provenance {
                    origin: OriginKind::Published,
                    imported_from: None,
                    imported: None,
                    problems: None,
                    namespace: Proof::Granted,
                    scan: ScanStatus::Unscanned { why: None },
                    pins: None,
                    profile: None,
                    rating: None,
                },
                others: Map::new(),
            },
        };
        let metadata = Metadata { next_cursor: None, count: 1, omitted: 0 };
        let list = ServerList { servers: vec![response], metadata };
        let written = serde_json::to_value(&list).unwrap();
        let time = "1970-01-01T00:00:01.000Z";
        assert_eq!(
            written,
            json!({
                "servers": [{
                    "server": {"name": "a/b"},
                    "_meta": {
                        "io.modelcontextprotocol.registry/official": {
                            "status": "active", "statusChangedAt": time, "publishedAt": time, "updatedAt": time,
                            "isLatest": true,
                        },
                        "internal.sigyl/registry": {
                            "origin": "published", "namespace": "granted", "scan": {"status": "unscanned"},
                        },
                    },
                }],
                "metadata": {"count": 1},
            })
        );
        let text = serde_json::to_string(&list).unwrap();
        assert_eq!(serde_json::from_str::<ServerList>(&text).unwrap(), list);
    }
}
