//! Which version a source is recorded under.

use crate::domain::{Digest, Kind, ServerName, Timestamp, Version, VersionRecord};
use crate::store::{Store, StoreError};

/// A source that wants a version.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The server.
    pub server: &'a ServerName,
    /// The version that its manifest names.
    pub version: Option<&'a Version>,
    /// The digest of its bytes.
    pub source: Digest,
    /// Whether the same locator may mean other bytes tomorrow, or other versions of what it depends on.
    pub moving: bool,
    /// Whether this is a redeploy of a server that exists.
    pub redeploy: bool,
}

/// The version that a source is recorded under.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The version.
    pub version: Version,
    /// The record that exists already for these bytes.
    pub record: Option<VersionRecord>,
    /// What the operator should know.
    pub notice: Option<String>,
}

/// A source cannot be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The version exists, from other bytes.
    #[error(
        "version {version} of {server} is already recorded from {recorded}, and this source is {offered}"
    )]
    VersionTaken {
        /// The server.
        server: ServerName,
        /// The version.
        version: Version,
        /// The digest on record.
        recorded: Digest,
        /// The digest offered.
        offered: Digest,
        /// What to do.
        remedy: &'static str,
    },
    /// The store failed.
    #[error("could not look the version up")]
    Store(#[from] StoreError),
}

impl PublishError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::VersionTaken { .. } => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }
}

/// Chooses the version for `offer`.
///
/// The same bytes keep their record, a source without a version becomes a snapshot, and a moving source whose version
/// was not bumped is marked with its digest when it is redeployed.
pub async fn choose_version(
    store: &dyn Store,
    offer: Offer<'_>,
    now: Timestamp,
) -> Result<Choice, PublishError> {
    if let Some(record) = store.version_of(offer.server, offer.source).await? {
        // The same bytes under the same version, or bytes that name none: one fact, recorded once.
        let same = |version: &Version| {
            [record.version.as_str(), record.version.without_source()].contains(&version.as_str())
        };
        if offer.version.is_none_or(same) {
            return Ok(Choice { version: record.version.clone(), record: Some(record), notice: None });
        }
    }
    let Some(version) = offer.version else {
        return Ok(Choice { version: Version::snapshot(now, &offer.source), record: None, notice: None });
    };
    let free = || Choice { version: version.clone(), record: None, notice: None };
    let (recorded, deleted) = match store.version(offer.server, version).await? {
        Some(record) if record.source.digest == offer.source => {
            return Ok(Choice { record: Some(record), ..free() });
        }
        Some(record) => (record.source.digest, false),
        None => match buried(store, offer.server, version).await? {
            Some(digest) if digest != offer.source => (digest, true),
            _ => return Ok(free()),
        },
    };
    let marked = (offer.redeploy && offer.moving).then(|| version.with_source(&offer.source));
    if let Some(Some(marked)) = marked {
        let notice = format!("the source changed but its version is still {version}: recorded as {marked}");
        return Ok(Choice { version: marked, record: None, notice: Some(notice) });
    }
    Err(PublishError::VersionTaken {
        server: offer.server.clone(),
        version: version.clone(),
        recorded,
        offered: offer.source,
        remedy: remedy(offer, deleted),
    })
}

/// Says what to do about a version that is taken.
fn remedy(offer: Offer<'_>, deleted: bool) -> &'static str {
    match (deleted, offer.moving) {
        (true, _) => {
            "the server was deleted, and none of its versions returns with other bytes: take another version, or \
             another name with --name"
        }
        (false, true) if offer.redeploy => "shorten the version in the manifest: no mark fits behind it",
        (false, true) => "bump the version in the manifest; `sigyl redeploy NAME` takes the source as it is",
        (false, false) => {
            "the package is another one under the same version: find out why, then take another version, or another \
             name with --name"
        }
    }
}

/// Finds the digest that a version was recorded from before its server was deleted.
async fn buried(
    store: &dyn Store,
    server: &ServerName,
    version: &Version,
) -> Result<Option<Digest>, StoreError> {
    let tombstone = store.tombstone(server).await?;
    Ok(tombstone.and_then(|stone| {
        stone.versions.into_iter().find(|(gone, _)| gone == version).map(|(_, digest)| digest)
    }))
}

/// Returns which of two versions ranks higher, `newer` having been recorded later.
pub fn latest<'a>(older: &'a Version, newer: &'a Version) -> &'a Version {
    if newer.precedence(older).is_lt() { older } else { newer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_record_wins_among_equals_only() {
        let version = |text| Version::parse(text).unwrap();
        assert_eq!(latest(&version("1.0.0"), &version("1.0.0+src.abc")).as_str(), "1.0.0+src.abc");
        assert_eq!(latest(&version("1.0.0"), &version("0.9.0")).as_str(), "1.0.0");
        assert_eq!(latest(&version("2025.06"), &version("2024.01")).as_str(), "2024.01");
        let snapshot = Version::snapshot(Timestamp::EPOCH, &Digest::of(b"x"));
        assert_eq!(latest(&version("0.1.0"), &snapshot).as_str(), "0.1.0");
    }
}
