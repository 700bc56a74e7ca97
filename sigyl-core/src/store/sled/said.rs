//! What people say of servers, how they are presented and how good they are; and how many asked for them.

use crate::domain::{AccountId, Download, Overlay, Rating, RatingTotal, ServerName, Stars};
use crate::store::StoreError;
use crate::store::key::{Key, Span};

use super::apply::{Journalled, missing};
use super::draft::Draft;

pub(super) fn put_overlay(draft: &mut Draft<'_>, name: &ServerName, overlay: Option<&Overlay>) -> Journalled {
    draft.next_seq();
    on_record(draft, name)?;
    match overlay {
        Some(overlay) => draft.put(&Key::Overlay(name), overlay)?,
        None => draft.remove(&Key::Overlay(name))?,
    }
    Ok(("put_overlay", name.to_string()))
}

pub(super) fn put_rating(draft: &mut Draft<'_>, name: &ServerName, rating: &Rating) -> Journalled {
    draft.next_seq();
    on_record(draft, name)?;
    let key = Key::Rating(name, rating.account.as_ref());
    let before = draft.get::<Rating>(&key)?.map(|before| before.stars);
    draft.put(&key, rating)?;
    count(draft, name, before, Some(rating.stars))?;
    Ok(("put_rating", name.to_string()))
}

pub(super) fn delete_rating(
    draft: &mut Draft<'_>,
    name: &ServerName,
    account: Option<&AccountId>,
) -> Journalled {
    draft.next_seq();
    let key = Key::Rating(name, account);
    let Some(before) = draft.get::<Rating>(&key)? else {
        return Err(missing(format!("a rating of {name}")));
    };
    draft.remove(&key)?;
    count(draft, name, Some(before.stars), None)?;
    Ok(("delete_rating", name.to_string()))
}

/// Marks that are forgotten for each that is made, and beyond.
const FORGOTTEN: usize = 4;

pub(super) fn put_downloads(draft: &mut Draft<'_>, downloads: &[Download]) -> Journalled {
    draft.next_seq();
    for one in downloads {
        let (key, total) = (Key::Download(one), Key::DownloadTotal(&one.server));
        if draft.has(&key)? {
            continue;
        }
        draft.put(&key, one)?;
        let count = draft.get::<u64>(&total)?.unwrap_or(0);
        draft.put(&total, &count.saturating_add(1))?;
    }
    let today = downloads.iter().map(|one| one.day).max().unwrap_or(0);
    let old = draft.recorded::<Download>(&Span::Downloads).take(downloads.len() * FORGOTTEN + FORGOTTEN);
    let old = old.take_while(|one| one.as_ref().map_or(true, |one| one.day.saturating_add(1) < today));
    for one in old.collect::<Vec<_>>() {
        draft.remove(&Key::Download(&one?))?;
    }
    Ok(("downloads", downloads.first().map(|one| one.server.to_string()).unwrap_or_default()))
}

fn count(
    draft: &mut Draft<'_>,
    name: &ServerName,
    before: Option<Stars>,
    now: Option<Stars>,
) -> Result<(), StoreError> {
    let key = Key::RatingTotal(name);
    let total = draft.get::<RatingTotal>(&key)?.unwrap_or_default();
    draft.put(&key, &total.with(before, now))
}

fn on_record(draft: &Draft<'_>, name: &ServerName) -> Result<(), StoreError> {
    if draft.has(&Key::Server(name))? { Ok(()) } else { Err(missing(format!("server {name}"))) }
}
