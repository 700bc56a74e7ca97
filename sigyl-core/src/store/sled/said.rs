//! What people say of servers: how they are presented, and how good they are.

use crate::domain::{AccountId, Overlay, Rating, RatingTotal, ServerName, Stars};
use crate::store::StoreError;
use crate::store::key::Key;

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
