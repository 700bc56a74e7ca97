//! Deliveries of webhooks: taken once, and forgotten after their time.

use crate::domain::{Delivery, Timestamp};
use crate::store::StoreError;
use crate::store::key::{Key, Span};

use super::apply::Journalled;
use super::draft::Draft;

/// Old ones that are forgotten with each new one: more than one, so that they do not pile up.
const FORGOTTEN: usize = 8;

pub(super) fn take(draft: &mut Draft<'_>, delivery: &Delivery, since: Timestamp) -> Journalled {
    draft.next_seq();
    for key in [Key::Delivery(&delivery.id), Key::DeliveryOf(delivery.content)] {
        let Some(before) = draft.get::<Delivery>(&key)? else { continue };
        if before.at >= since {
            return Err(StoreError::Taken { what: format!("the delivery {}", before.id) });
        }
        drop_one(draft, &before)?;
    }
    for old in old(draft, since)? {
        drop_one(draft, &old)?;
    }
    if total(draft)? >= Delivery::MOST {
        // Whoever sends very many does not close the door to others.
        for oldest in oldest(draft, 1)? {
            drop_one(draft, &oldest)?;
        }
    }
    let total = total(draft)?;
    draft.put(&Key::DeliveryTotal, &(total + 1))?;
    draft.put(&Key::Delivery(&delivery.id), delivery)?;
    draft.put(&Key::DeliveryOf(delivery.content), delivery)?;
    draft.put(&Key::DeliveryAt(delivery.at, &delivery.id), delivery)?;
    Ok(("take_delivery", delivery.id.to_string()))
}

/// Forgets a delivery, if it is the one on record.
fn drop_one(draft: &mut Draft<'_>, delivery: &Delivery) -> Result<(), StoreError> {
    let key = Key::Delivery(&delivery.id);
    if draft.get::<Delivery>(&key)?.as_ref() != Some(delivery) {
        return Ok(());
    }
    draft.remove(&key)?;
    draft.remove(&Key::DeliveryOf(delivery.content))?;
    draft.remove(&Key::DeliveryAt(delivery.at, &delivery.id))?;
    let left = total(draft)?.saturating_sub(1);
    draft.put(&Key::DeliveryTotal, &left)
}

fn total(draft: &Draft<'_>) -> Result<u64, StoreError> {
    Ok(draft.get(&Key::DeliveryTotal)?.unwrap_or_default())
}

/// Finds the oldest that count no more.
fn old(draft: &Draft<'_>, since: Timestamp) -> Result<Vec<Delivery>, StoreError> {
    let mut oldest = oldest(draft, FORGOTTEN)?;
    oldest.retain(|one| one.at < since);
    Ok(oldest)
}

fn oldest(draft: &Draft<'_>, most: usize) -> Result<Vec<Delivery>, StoreError> {
    draft.recorded::<Delivery>(&Span::DeliveriesAt).take(most).collect()
}
