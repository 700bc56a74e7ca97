//! A process that dies in the middle of a run, and who counts the calls until then.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;

use super::house::ada;
use crate::domain::{Plan, RunId, SecretName, SecretValue};
use crate::event::Bus;
use crate::pipeline::{Emitter, Lanes, Masks, Order, Platform, start};

/// How long a run may take to come to a request.
const REACHED: Duration = Duration::from_secs(60);

/// Follows the calls of a run: tries of one call are one.
#[derive(Debug, Default)]
pub(super) struct Follower {
    at: usize,
    last: Option<String>,
}

impl Follower {
    /// Returns how many calls came before this one.
    pub(super) fn follow(&mut self, key: String) -> usize {
        if self.last.as_ref() != Some(&key) {
            self.at += 1;
            self.last = Some(key);
        }
        self.at - 1
    }
}

/// Begins a run in a process of its own, as it were, that is gone once somebody says that it died.
pub(super) async fn die(
    mut platform: Platform,
    (plan, order): (Plan, Order),
    secrets: BTreeMap<SecretName, SecretValue>,
    died: mpsc::Receiver<String>,
) -> RunId {
    let (begun, id) = mpsc::channel();
    tokio::task::spawn_blocking(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        (platform.masks, platform.lanes) = (Masks::default(), Lanes::default());
        let (store, clock, masks) = (platform.store.clone(), platform.clock.clone(), platform.masks.clone());
        {
            let _here = runtime.enter();
            platform.emitter = Emitter::start(store, clock, Bus::new(), masks);
        }
        runtime.spawn(async move {
            let mut started = start(platform, plan, &ada(), order, secrets).await.unwrap();
            begun.send(started.id.clone()).unwrap();
            started.wait().await;
        });
        died.recv_timeout(REACHED).unwrap();
        runtime.shutdown_timeout(REACHED);
    })
    .await
    .unwrap();
    id.recv().unwrap()
}
