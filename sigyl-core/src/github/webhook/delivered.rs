//! One delivery, as it came.

use super::{Happened, HookError, signature};
use crate::domain::{Delivery, DeliveryId, Digest, SecretValue, Timestamp};

/// Longest name of an event, in characters.
const EVENT_MOST: usize = 64;

/// A delivery as it came: nothing of it is believed before [`Delivered::check`].
#[derive(Clone, Copy, Debug)]
pub struct Delivered<'a> {
    /// The header `X-GitHub-Event`.
    pub event: Option<&'a str>,
    /// The header `X-GitHub-Delivery`.
    pub id: Option<&'a str>,
    /// The header `X-Hub-Signature-256`.
    pub signature: Option<&'a str>,
    /// Every byte of the body.
    pub body: &'a [u8],
}

impl<'a> Delivered<'a> {
    /// Checks its signature, and tells what it is called by, which event it is, and what happened.
    pub fn check(
        &self,
        secret: &SecretValue,
        at: Timestamp,
    ) -> Result<(Delivery, &'a str, Happened), HookError> {
        signature::check(secret, self.body, self.signature)?;
        let is_event = |event: &&str| {
            (1..=EVENT_MOST).contains(&event.len())
                && event.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let event = self.event.filter(is_event).ok_or(HookError::NoEvent)?;
        let id = DeliveryId::parse(self.id.unwrap_or_default())?;
        let happened = Happened::read(event, self.body)
            .map_err(|source| HookError::Unreadable { event: event.to_owned(), source })?;
        let content = Digest::of(&[event.as_bytes(), b"\n", self.body].concat());
        Ok((Delivery { id, content, at }, event, happened))
    }
}
