//! Documents: what changes do to them.

use crate::domain::{Bookmark, Digest, DocumentName, DocumentVersion, Listing, Standing};
use crate::store::StoreError;
use crate::store::key::Key;

use super::apply::{Journalled, missing};
use super::draft::Draft;
use super::quarantine;

pub(super) fn publish(draft: &mut Draft<'_>, listing: &Listing) -> Journalled {
    draft.next_seq();
    let key = Key::Listing(&listing.name, &listing.version);
    let subject = subject(&listing.name, &listing.version);
    quarantine::refuse_listing(draft, listing)?;
    if draft.has(&key)? {
        return Err(StoreError::Taken { what: format!("version {} of {}", listing.version, listing.name) });
    }
    draft.create(&key, listing)?;
    Ok(("publish_listing", subject))
}

pub(super) fn put(draft: &mut Draft<'_>, listings: &[Listing]) -> Journalled {
    draft.next_seq();
    for listing in listings {
        let key = Key::Listing(&listing.name, &listing.version);
        let other = |recorded: &Listing| recorded.digest != listing.digest;
        if draft.get::<Listing>(&key)?.as_ref().is_some_and(other) {
            let what = format!("version {} of {}, with another content,", listing.version, listing.name);
            return Err(StoreError::Taken { what });
        }
        draft.put(&key, listing)?;
    }
    let subject = listings.first().map(|first| subject(&first.name, &first.version)).unwrap_or_default();
    Ok(("put_listings", subject))
}

pub(super) fn put_bookmark(draft: &mut Draft<'_>, bookmark: &Bookmark) -> Journalled {
    draft.next_seq();
    draft.put(&Key::Bookmark(Digest::of(bookmark.source.as_bytes())), bookmark)?;
    Ok(("put_bookmark", bookmark.source.clone()))
}

pub(super) fn set_standing(
    draft: &mut Draft<'_>,
    name: &DocumentName,
    versions: &[DocumentVersion],
    standing: &Standing,
) -> Journalled {
    draft.next_seq();
    for version in versions {
        let key = Key::Listing(name, version);
        let Some(listing) = draft.get::<Listing>(&key)? else {
            return Err(missing(format!("version {version} of {name}")));
        };
        draft.put(&key, &Listing { standing: standing.clone(), updated: standing.since, ..listing })?;
    }
    Ok(("set_standing", name.to_string()))
}

fn subject(name: &DocumentName, version: &DocumentVersion) -> String {
    format!("{name} {version}")
}
