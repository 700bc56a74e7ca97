//! Quarantines: what changes do to them, and what they keep from being recorded.

use crate::domain::{Digest, Listing, Quarantine, ServerName, Suspect, VersionRecord};
use crate::store::StoreError;
use crate::store::key::Key;

use super::apply::{Journalled, missing};
use super::draft::Draft;

pub(super) fn put(draft: &mut Draft<'_>, quarantine: &Quarantine) -> Journalled {
    draft.next_seq();
    let key = Key::Quarantine(&quarantine.what);
    if draft.get::<Quarantine>(&key)?.is_some_and(|standing| !standing.yields_to(quarantine)) {
        return Err(StoreError::Taken { what: format!("the quarantine of {}", quarantine.what) });
    }
    draft.put(&key, quarantine)?;
    Ok(("quarantine", quarantine.what.to_string()))
}

pub(super) fn lift(draft: &mut Draft<'_>, what: &Suspect) -> Journalled {
    draft.next_seq();
    let key = Key::Quarantine(what);
    if !draft.has(&key)? {
        return Err(missing(format!("the quarantine of {what}")));
    }
    draft.remove(&key)?;
    Ok(("lift_quarantine", what.to_string()))
}

/// Refuses a version that is under quarantine: by its server, its source or what it declares.
pub(super) fn refuse(draft: &Draft<'_>, record: &VersionRecord) -> Result<(), StoreError> {
    let subject = format!("{} {}", record.server, record.version);
    refuse_any(draft, Some(&record.server), record.digests(), &subject)
}

/// Refuses a document that is under quarantine: by its name or its content.
pub(super) fn refuse_listing(draft: &Draft<'_>, listing: &Listing) -> Result<(), StoreError> {
    let name = ServerName::parse(listing.name.as_str()).ok();
    let subject = format!("{} {}", listing.name, listing.version);
    refuse_any(draft, name.as_ref(), [listing.digest], &subject)
}

fn refuse_any(
    draft: &Draft<'_>,
    name: Option<&ServerName>,
    digests: impl IntoIterator<Item = Digest>,
    subject: &str,
) -> Result<(), StoreError> {
    let name = name.cloned().map(Suspect::Name);
    for suspect in name.into_iter().chain(digests.into_iter().map(Suspect::Digest)) {
        if let Some(found) = draft.get::<Quarantine>(&Key::Quarantine(&suspect))? {
            return Err(found.refuse(subject).into());
        }
    }
    Ok(())
}
