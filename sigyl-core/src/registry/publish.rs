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
    /// Whether the same locator may mean other bytes tomorrow.
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
/// The same bytes keep their record, a source without a version becomes a snapshot, and a moving source whose version was not bumped is marked with its digest when it is redeployed.
pub async fn choose_version(
    store: &dyn Store,
    offer: Offer<'_>,
    now: Timestamp,
) -> Result<Choice, PublishError> {
    if let Some(record) = store.version_of(offer.server, offer.source).await? {
        // The same bytes under the same version, or bytes that name none: one fact, recorded once.
        if offer.version.is_none_or(|version| version.as_str() == record.version.without_source()) {
            return Ok(Choice { version: record.version.clone(), record: Some(record), notice: None });
        }
    }
    let Some(version) = offer.version else {
        return Ok(Choice { version: Version::snapshot(now, &offer.source), record: None, notice: None });
    };
    let Some(recorded) = digest_on_record(store, offer.server, version).await? else {
        return Ok(Choice { version: version.clone(), record: None, notice: None });
    };
    if recorded == offer.source {
        return Ok(Choice { version: version.clone(), record: None, notice: None });
    }
    let marked = (offer.redeploy && offer.moving).then(|| version.with_source(&offer.source)).flatten();
    if let Some(marked) = marked {
        let notice = format!("the source changed but its version is still {version}: recorded as {marked}");
        return Ok(Choice { version: marked, record: None, notice: Some(notice) });
    }
    Err(PublishError::VersionTaken {
        server: offer.server.clone(),
        version: version.clone(),
        recorded,
        offered: offer.source,
    })
}

/// Finds the digest that a version is or was recorded from, also when its server was deleted since.
async fn digest_on_record(
    store: &dyn Store,
    server: &ServerName,
    version: &Version,
) -> Result<Option<Digest>, StoreError> {
    if let Some(record) = store.version(server, version).await? {
        return Ok(Some(record.source.digest));
    }
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
