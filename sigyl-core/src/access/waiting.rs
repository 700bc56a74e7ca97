//! What waits for somebody to come back with a secret: kept for a while, in memory, found by the secret alone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::AccessError;
use crate::domain::{Digest, SecretValue, Timestamp};

/// A bounded number of things that wait.
#[derive(Debug)]
pub struct Waiting<T> {
    most: usize,
    lasts: Duration,
    /// By a hash of the secret, so that nothing in memory is worth one.
    held: Mutex<HashMap<Digest, (Timestamp, T)>>,
}

impl<T> Waiting<T> {
    /// Lets `most` things wait, each for `lasts`.
    pub fn new(most: usize, lasts: Duration) -> Self {
        Self { most, lasts, held: Mutex::default() }
    }

    /// Keeps something, and returns the secret that it is found by. Nothing when too much waits already.
    pub fn keep(&self, now: Timestamp, what: T) -> Result<Option<SecretValue>, AccessError> {
        let secret = secret()?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= self.most {
            held.retain(|_, (end, _)| *end > now);
        }
        if held.len() >= self.most {
            return Ok(None);
        }
        held.insert(Digest::of(secret.reveal().as_bytes()), (now.plus(self.lasts), what));
        Ok(Some(secret))
    }

    /// Takes out what is found by a secret: nobody finds it a second time.
    pub fn take(&self, secret: &str, now: Timestamp) -> Option<T> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&Digest::of(secret.as_bytes())).filter(|(end, _)| *end > now).map(|(_, what)| what)
    }

    /// Looks at what is found by a secret, and may change it.
    pub fn look<R>(&self, secret: &str, now: Timestamp, with: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, what) = held.get_mut(&Digest::of(secret.as_bytes())).filter(|(end, _)| *end > now)?;
        Some(with(what))
    }
}

/// Draws 256 random bits, as text.
pub(crate) fn secret() -> Result<SecretValue, AccessError> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| AccessError::NoRandom(error.to_string()))?;
    Ok(SecretValue::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::fixture::at;

    #[test]
    fn what_waits_is_taken_once_and_within_its_time() {
        let waiting = Waiting::new(2, Duration::from_secs(10));
        let one = waiting.keep(at(1), 1).unwrap().unwrap();
        let two = waiting.keep(at(1), 2).unwrap().unwrap();
        assert!(waiting.keep(at(1), 3).unwrap().is_none(), "there is no room");
        assert_eq!(waiting.look(one.reveal(), at(2), |it| *it += 10), Some(()));
        assert_eq!(waiting.take(one.reveal(), at(2)), Some(11));
        assert_eq!(waiting.take(one.reveal(), at(2)), None);
        assert_eq!(waiting.take("x", at(2)), None);
        assert_eq!(waiting.look(two.reveal(), at(11), |_| ()), None);
        assert!(waiting.keep(at(11), 3).unwrap().is_some(), "what is over makes room");
        assert_eq!(waiting.take(two.reveal(), at(11)), None);
    }
}
