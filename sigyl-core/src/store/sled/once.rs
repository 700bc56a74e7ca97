//! Requests that are to be done once: begun, answered, and forgotten after their time.

use crate::domain::{KeyId, Once, OnceAnswer, OnceName, Timestamp};
use crate::store::StoreError;
use crate::store::key::{Key, Span};

use super::apply::{Journalled, missing};
use super::draft::Draft;

/// Old ones that are forgotten with each new one: more than one, so that they do not pile up.
const FORGOTTEN: usize = 8;

pub(super) fn begin(draft: &mut Draft<'_>, once: &Once, since: Timestamp) -> Journalled {
    draft.next_seq();
    let key = Key::Once(&once.key, &once.name);
    if let Some(before) = draft.get::<Once>(&key)? {
        if before.at >= since {
            return Err(StoreError::Taken { what: format!("the idempotency key {}", once.name) });
        }
        draft.remove(&Key::OnceAt(before.at, &before.key, &before.name))?;
    }
    for (id, name) in old(draft, since)? {
        // One that was begun again meanwhile has another time.
        let Some(found) = draft.get::<Once>(&Key::Once(&id, &name))? else { continue };
        if found.at < since {
            draft.remove(&Key::Once(&id, &name))?;
            draft.remove(&Key::OnceAt(found.at, &id, &name))?;
        }
    }
    draft.put(&Key::OnceAt(once.at, &once.key, &once.name), &(&once.key, &once.name))?;
    draft.put(&key, once)?;
    Ok(("begin_once", once.key.to_string()))
}

pub(super) fn end(
    draft: &mut Draft<'_>,
    id: &KeyId,
    name: &OnceName,
    answer: Option<OnceAnswer>,
) -> Journalled {
    draft.next_seq();
    let key = Key::Once(id, name);
    let Some(once) = draft.get::<Once>(&key)? else {
        return Err(missing(format!("the idempotency key {name}")));
    };
    match answer {
        Some(answer) => draft.put(&key, &Once { answer: Some(answer), ..once })?,
        None => {
            draft.remove(&Key::OnceAt(once.at, id, name))?;
            draft.remove(&key)?;
        }
    }
    Ok(("end_once", id.to_string()))
}

/// Finds the oldest that count no more.
fn old(draft: &Draft<'_>, since: Timestamp) -> Result<Vec<(KeyId, OnceName)>, StoreError> {
    let oldest = draft.recorded::<(KeyId, OnceName)>(&Span::OncesAt).take(FORGOTTEN);
    let mut found = Vec::new();
    for item in oldest {
        let (id, name) = item?;
        let once = draft.get::<Once>(&Key::Once(&id, &name))?;
        if once.is_some_and(|once| once.at >= since) {
            break;
        }
        found.push((id, name));
    }
    Ok(found)
}
