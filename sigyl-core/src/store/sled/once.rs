//! Requests that are to be done once: begun, answered, and forgotten after their time.

use serde::{Deserialize, Serialize};

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
        forget(draft, &before)?;
    }
    for (id, name) in old(draft, since)? {
        // One that was begun again meanwhile has another time.
        let Some(found) = draft.get::<Once>(&Key::Once(&id, &name))? else { continue };
        if found.at < since {
            forget(draft, &found)?;
        }
    }
    let total = total(draft, &once.key)?;
    if total.count >= Once::EACH_MAX {
        return Err(StoreError::Full { what: format!("{} requests of key {}", total.count, once.key) });
    }
    draft.put(&Key::OnceTotal(&once.key), &Total { count: total.count + 1, ..total })?;
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
        Some(mut answer) => {
            let mut total = total(draft, id)?;
            total.bytes = total.bytes.saturating_sub(size(&once));
            let more = answer.body.as_ref().map_or(0, |body| body.len() as u64);
            if total.bytes + more > Once::BYTES_MAX {
                answer.body = None;
            } else {
                total.bytes += more;
            }
            draft.put(&Key::OnceTotal(id), &total)?;
            draft.put(&key, &Once { answer: Some(answer), ..once })?;
        }
        None => forget(draft, &once)?,
    }
    Ok(("end_once", id.to_string()))
}

/// What is remembered for one key.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Total {
    count: u64,
    bytes: u64,
}

/// Reads it. Requests of before are not in it.
fn total(draft: &Draft<'_>, key: &KeyId) -> Result<Total, StoreError> {
    Ok(draft.get(&Key::OnceTotal(key))?.unwrap_or_default())
}

fn size(once: &Once) -> u64 {
    let body = once.answer.as_ref().and_then(|answer| answer.body.as_ref());
    body.map_or(0, |body| body.len() as u64)
}

/// Forgets a request, and takes it out of the total of its key.
fn forget(draft: &mut Draft<'_>, once: &Once) -> Result<(), StoreError> {
    draft.remove(&Key::Once(&once.key, &once.name))?;
    draft.remove(&Key::OnceAt(once.at, &once.key, &once.name))?;
    let Total { count, bytes } = total(draft, &once.key)?;
    let left = Total { count: count.saturating_sub(1), bytes: bytes.saturating_sub(size(once)) };
    match left.count {
        0 => draft.remove(&Key::OnceTotal(&once.key)),
        _ => draft.put(&Key::OnceTotal(&once.key), &left),
    }
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
