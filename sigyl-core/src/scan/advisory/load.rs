//! Reads advisories from files, folders and zip archives.

use std::fs;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::advisories::{Advisories, Advisory};
use super::osv::{Document, Read};
use crate::domain::{Digest, Kind};

/// Bytes of one file that is not an archive, and of one document in an archive.
const FILE: u64 = 1 << 30;
const DOCUMENT: u64 = 16 << 20;
/// Bytes of all documents, unpacked.
const TOTAL: u64 = 4 << 30;
/// Files, documents in an archive included.
const FILES: usize = 2_000_000;
/// Folders inside folders.
const DEPTH: usize = 16;
/// Threads that read an archive.
const THREADS: usize = 8;

/// Advisories that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdvisoryError {
    /// A file or folder that cannot be read.
    #[error("cannot read advisories from {path}: {source}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A text that is no OSV document.
    #[error("{name} holds no OSV advisory: {source}")]
    Document {
        /// The file, with the line or the name in the archive.
        name: String,
        /// Why.
        source: serde_json::Error,
    },
    /// An archive that cannot be unpacked.
    #[error("cannot unpack advisories from {name}: {why}")]
    Archive {
        /// The archive, with the name in it where it is known.
        name: String,
        /// Why.
        why: String,
    },
    /// More than is read.
    #[error("{name} is more than is read: {limit} at most")]
    TooMuch {
        /// What is too large.
        name: String,
        /// The bound.
        limit: String,
    },
    /// Nothing in it.
    #[error("{0} holds no advisories: give an OSV file (.json, .jsonl, .zip) or a folder of them")]
    Empty(PathBuf),
}

impl AdvisoryError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

#[derive(Default)]
struct Gathered {
    advisories: Vec<Advisory>,
    newest: Option<String>,
    documents: usize,
    unread: usize,
    bytes: u64,
}

impl Advisories {
    /// Reads a file, or every file of a folder.
    pub fn read(path: &Path) -> Result<Self, AdvisoryError> {
        let unreadable = |source| AdvisoryError::Unreadable { path: path.to_owned(), source };
        let is_folder = fs::metadata(path).map_err(unreadable)?.is_dir();
        let files = if is_folder { files(path)? } else { vec![path.to_owned()] };
        let mut all = Gathered::default();
        let mut hasher = Sha256::new();
        for file in files {
            let unreadable = |source| AdvisoryError::Unreadable { path: file.clone(), source };
            let size = fs::metadata(&file).map_err(unreadable)?.len();
            if size > FILE {
                return Err(too_much(&file.display().to_string(), &format!("{FILE} bytes")));
            }
            let bytes = fs::read(&file).map_err(unreadable)?;
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(&bytes);
            all.file(&file.display().to_string(), &bytes)?;
        }
        all.finish(path, Digest::from_bytes(hasher.finalize().into()))
    }
}

/// Reads what one file holds.
#[cfg(feature = "testing")]
pub(super) fn of_bytes(bytes: &[u8]) -> Result<Advisories, AdvisoryError> {
    let mut all = Gathered::default();
    all.file("fuzz", bytes)?;
    all.finish(Path::new("fuzz"), Digest::of(bytes))
}

/// Lists the files of a folder that may hold advisories, sorted. Mounted folders are made of links, which are followed.
fn files(folder: &Path) -> Result<Vec<PathBuf>, AdvisoryError> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).follow_links(true).max_depth(DEPTH).sort_by_file_name() {
        let entry = entry.map_err(|error| AdvisoryError::Unreadable {
            path: error.path().unwrap_or(folder).to_owned(),
            source: error.into(),
        })?;
        if entry.depth() == DEPTH && entry.file_type().is_dir() {
            return Err(too_much(&entry.path().display().to_string(), &format!("{DEPTH} folders deep")));
        }
        // Kubernetes keeps what it mounted before in folders of this name beside the links to it.
        let is_shadow = entry
            .path()
            .strip_prefix(folder)
            .is_ok_and(|path| path.iter().any(|part| part.to_string_lossy().starts_with("..")));
        let end =
            entry.path().extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
        if entry.file_type().is_file()
            && !is_shadow
            && matches!(end.as_str(), "json" | "jsonl" | "ndjson" | "zip")
        {
            found.push(entry.into_path());
        }
        if found.len() > FILES {
            return Err(too_much(&folder.display().to_string(), &format!("{FILES} files")));
        }
    }
    Ok(found)
}

fn too_much(name: &str, limit: &str) -> AdvisoryError {
    AdvisoryError::TooMuch { name: name.to_owned(), limit: limit.to_owned() }
}

impl Gathered {
    fn finish(mut self, path: &Path, digest: Digest) -> Result<Advisories, AdvisoryError> {
        if self.documents == 0 {
            return Err(AdvisoryError::Empty(path.to_owned()));
        }
        self.advisories.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Advisories::new(self.advisories, digest, self.newest, self.unread))
    }

    /// Reads one file, whatever it is.
    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), AdvisoryError> {
        if bytes.starts_with(b"PK") {
            return self.archive(name, bytes);
        }
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        let wrong = |source| AdvisoryError::Document { name: name.to_owned(), source };
        if first == Some(&b'[') {
            let documents: Vec<Document> = serde_json::from_slice(bytes).map_err(wrong)?;
            return documents.into_iter().try_for_each(|document| self.take(name, document.read()));
        }
        // One document, or one behind the other: JSON Lines.
        for document in serde_json::Deserializer::from_slice(bytes).into_iter() {
            self.take(name, Document::read(document.map_err(wrong)?))?;
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn take(&mut self, name: &str, read: Read) -> Result<(), AdvisoryError> {
        self.documents += 1;
        if self.documents > FILES {
            return Err(too_much(name, &format!("{FILES} advisories")));
        }
        self.unread += read.unread;
        if read.modified > self.newest {
            self.newest = read.modified;
        }
        self.advisories.extend(read.advisory);
        Ok(())
    }

    /// Reads an archive with several threads, each of which takes every so-manieth document.
    fn archive(&mut self, name: &str, bytes: &[u8]) -> Result<(), AdvisoryError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
        let parts: Vec<Result<Self, AdvisoryError>> = std::thread::scope(|scope| {
            let part = |first| scope.spawn(move || Self::part(name, bytes, first, threads));
            let started: Vec<_> = (0..threads).map(part).collect();
            let failed =
                || AdvisoryError::Archive { name: name.to_owned(), why: "a thread ended early".to_owned() };
            started.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(failed()))).collect()
        });
        for part in parts {
            let part = part?;
            self.documents += part.documents;
            self.unread += part.unread;
            self.bytes += part.bytes;
            self.newest = self.newest.take().max(part.newest);
            self.advisories.extend(part.advisories);
        }
        if self.bytes > TOTAL || self.documents > FILES {
            return Err(too_much(name, &format!("{TOTAL} bytes and {FILES} advisories")));
        }
        Ok(())
    }

    fn part(name: &str, bytes: &[u8], first: usize, step: usize) -> Result<Self, AdvisoryError> {
        let broken = |name: &str, why: String| AdvisoryError::Archive { name: name.to_owned(), why };
        let mut archive =
            zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(name, error.to_string()))?;
        let mut part = Self::default();
        let mut text = Vec::new();
        if archive.len() > FILES {
            return Err(too_much(name, &format!("{FILES} files")));
        }
        for at in (first..archive.len()).step_by(step) {
            let file = archive.by_index(at).map_err(|error| broken(name, error.to_string()))?;
            let own = file.name().map_err(|error| broken(name, error.to_string()))?.into_owned();
            let inner = format!("{name} ({own})");
            if file.is_dir() || !own.ends_with(".json") {
                continue;
            }
            text.clear();
            // What an archive says of a size is not believed.
            file.take(DOCUMENT + 1)
                .read_to_end(&mut text)
                .map_err(|error| broken(&inner, error.to_string()))?;
            part.bytes += text.len() as u64;
            if text.len() as u64 > DOCUMENT || part.bytes > TOTAL {
                return Err(too_much(&inner, &format!("{DOCUMENT} bytes, and {TOTAL} for all")));
            }
            let wrong = |source| AdvisoryError::Document { name: inner.clone(), source };
            let document: Document = serde_json::from_slice(&text).map_err(wrong)?;
            part.take(&inner, document.read())?;
        }
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::scan::advisory::Degree;
    use crate::scan::package::Ecosystem;

    fn advisory(id: &str, ecosystem: &str, name: &str, fixed: &str) -> String {
        format!(
            r#"{{"id": "{id}", "modified": "2026-01-0{}T00:00:00Z", "summary": "Bad.", "details": "…", "affected": [{{"package": {{"ecosystem": "{ecosystem}", "name": "{name}", "purl": "pkg:x"}},
               "ranges": [{{"type": "GIT", "repo": "https://x.example", "events": [{{"introduced": "0"}}]}}, {{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}, {{"fixed": "{fixed}"}}]}}]}}],
               "database_specific": {{"severity": "HIGH", "cwe_ids": ["CWE-1"]}}}}"#,
            id.len()
        )
    }

    fn read(name: &str, bytes: &[u8]) -> Result<Advisories, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        Advisories::read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn every_form_of_file_gives_the_same_advisories() {
        let (one, two) =
            (advisory("A-1", "npm", "left", "1.2.0"), advisory("A-22", "PyPI", "Right_Hand", "2.0"));
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in [("A-1.json", &one), ("A-22.json", &two)] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        let zip = zip.finish().unwrap().into_inner();
        let lines = format!("{}\n{}\n", one.replace('\n', " "), two.replace('\n', " "));
        let array = format!("[{one}, {two}]");
        for (name, bytes) in
            [("all.zip", zip.as_slice()), ("all.jsonl", lines.as_bytes()), ("all.json", array.as_bytes())]
        {
            let all = read(name, bytes).unwrap();
            assert_eq!(
                (all.count(), all.newest(), all.unread()),
                (2, Some("2026-01-04T00:00:00Z"), 0),
                "{name}"
            );
            let told = all.of(Ecosystem::Npm, "left", "1.1.9");
            assert_eq!(
                (told[0].id, told[0].degree, told[0].fixed),
                ("A-1", Degree::High, Some("1.2.0")),
                "{name}"
            );
            assert!(all.of(Ecosystem::Npm, "left", "1.2.0").is_empty());
            assert_eq!(all.of(Ecosystem::PyPi, "right.hand", "1.9.post1").len(), 1);
            assert!(all.of(Ecosystem::PyPi, "left", "1.0").is_empty() && all.knows(Ecosystem::Npm, "left"));
        }
    }

    #[test]
    fn a_folder_is_read_whole_and_its_digest_is_that_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("npm");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("b.json"), advisory("A-1", "npm", "left", "1.2.0")).unwrap();
        fs::write(folder.path().join("README.md"), "no advisory").unwrap();
        let first = Advisories::read(folder.path()).unwrap();
        assert_eq!(first.count(), 1);
        assert_eq!(first.digest(), Advisories::read(folder.path()).unwrap().digest());
        fs::write(inner.join("a.json"), advisory("A-2", "npm", "left", "1.3.0")).unwrap();
        let second = Advisories::read(folder.path()).unwrap();
        assert!(second.count() == 2 && second.digest() != first.digest());
        assert!(Advisories::read(&folder.path().join("none")).is_err());
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(Advisories::read(empty.path()), Err(AdvisoryError::Empty(_))));
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_never_no_advisories() {
        for (name, bytes, part) in [
            ("a.json", &b"{"[..], "holds no OSV advisory"),
            ("a.json", b"{\"name\": \"x\"}", "missing field `id`"),
            ("a.json", b"", "holds no advisories"),
            ("a.json", b"[]", "holds no advisories"),
            ("a.jsonl", b"{\"id\": \"A\"}\n{\"id\": 3}\n", "holds no OSV advisory"),
            ("a.zip", b"PK\x03\x04broken", "cannot unpack"),
        ] {
            let error = read(name, bytes).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn withdrawn_ones_do_not_count_and_what_cannot_be_compared_is_counted() {
        let withdrawn = advisory("A-1", "npm", "left", "1.2.0").replacen(
            "\"summary\"",
            "\"withdrawn\": \"2026-01-01T00:00:00Z\", \"summary\"",
            1,
        );
        let odd = advisory("A-2", "npm", "left", "not a version");
        let commits = r#"{"id": "A-3", "affected": [{"package": {"ecosystem": "Go", "name": "x.example/y"}, "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}]}"#;
        let all = read("a.jsonl", format!("{withdrawn}\n{odd}\n{commits}").as_bytes()).unwrap();
        assert_eq!((all.count(), all.unread()), (2, 2));
        assert!(all.of(Ecosystem::Npm, "left", "1.0.0").is_empty());
    }

    #[test]
    fn malice_is_told_by_its_weakness_too_and_spares_no_version_that_cannot_be_compared() {
        let malware = r#"{"id": "GHSA-1", "affected": [{"package": {"ecosystem": "npm", "name": "evil"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "no version"}]}]}], "database_specific": {"cwe_ids": ["CWE-506"], "severity": "HIGH"}}"#;
        let all = read("a.json", malware.as_bytes()).unwrap();
        assert_eq!(all.of(Ecosystem::Npm, "evil", "1.0.0")[0].degree, Degree::Malicious);
        assert_eq!(all.unread(), 1);
    }

    #[test]
    fn a_version_is_the_same_however_it_is_written() {
        let listed = r#"{"id": "A-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "evil"}, "versions": ["2.0"]}]}"#;
        let all = read("a.json", listed.as_bytes()).unwrap();
        assert_eq!(all.of(Ecosystem::PyPi, "evil", "2.0.0").len(), 1);
        assert!(all.of(Ecosystem::PyPi, "evil", "2.0.1").is_empty());
    }

    #[test]
    fn malicious_packages_are_told_for_every_version() {
        let text = r#"{"id": "MAL-2026-1", "affected": [{"package": {"ecosystem": "npm", "name": "evil"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}"#;
        let all = read("a.json", text.as_bytes()).unwrap();
        assert_eq!(all.of_all(Ecosystem::Npm, "evil")[0].degree, Degree::Malicious);
        assert_eq!(all.of(Ecosystem::Npm, "evil", "no version").len(), 1);
        let listed = text.replace(
            "\"ranges\": [{\"type\": \"SEMVER\", \"events\": [{\"introduced\": \"0\"}]}]",
            "\"versions\": [\"1.0.1\"]",
        );
        let all = read("a.json", listed.as_bytes()).unwrap();
        assert!(
            all.of_all(Ecosystem::Npm, "evil").is_empty()
                && all.of(Ecosystem::Npm, "evil", "1.0.0").is_empty()
        );
        assert_eq!(all.of(Ecosystem::Npm, "evil", "1.0.1").len(), 1);
    }
}
