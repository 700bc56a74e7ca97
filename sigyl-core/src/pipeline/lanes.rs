//! Keeps runs of one server apart: two deploys at once happen one after the other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::domain::ServerName;

/// One lane for each server that a run works on.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    lanes: Arc<Mutex<BTreeMap<ServerName, Arc<tokio::sync::Mutex<()>>>>>,
}

impl Lanes {
    /// Waits until no other run works on `name`; the lane is taken until the guard is dropped.
    pub async fn enter(&self, name: &ServerName) -> OwnedMutexGuard<()> {
        let lane = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
            Arc::clone(lanes.entry(name.clone()).or_default())
        };
        lane.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_server_has_one_lane_and_others_are_free() {
        let lanes = Lanes::default();
        let (a, b) = (ServerName::parse("a").unwrap(), ServerName::parse("b").unwrap());
        let held = lanes.enter(&a).await;
        let _other = lanes.enter(&b).await;
        let again = lanes.clone();
        let waiting = tokio::spawn(async move { drop(again.enter(&a).await) });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        waiting.await.unwrap();
    }
}
