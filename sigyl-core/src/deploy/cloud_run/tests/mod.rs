//! Calls, credentials and the doctor, over a real socket.

mod calls;
mod doctor;
pub(crate) mod fake;
mod project;
mod release;
mod usage;
pub(crate) mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::{Credentials, Endpoints, Google, GoogleConfig, Patience, Place};
use crate::clock::FixedClock;
use crate::domain::Timestamp;
use crate::web::Web;
use fake::Fake;

/// A fake, a project in it, and who calls.
pub(crate) struct House {
    pub(crate) fake: Fake,
    pub(crate) google: Google,
    config: GoogleConfig,
    clock: Arc<FixedClock>,
    dir: tempfile::TempDir,
}

impl House {
    /// A user of `gcloud` calls.
    pub(crate) fn new() -> Self {
        Self::patient(short())
    }

    /// A user of `gcloud` calls, who waits so long.
    pub(crate) fn patient(patience: Patience) -> Self {
        let user = json!({"type": "authorized_user", "client_id": "i", "client_secret": "s3cret-of-client",
            "refresh_token": "s3cret-of-user"});
        let user = |fake: &Fake, dir: PathBuf| {
            let mut user = user;
            user["token_uri"] = format!("{}/token", fake.url).into();
            let path = dir.join("user.json");
            std::fs::write(&path, user.to_string()).unwrap();
            Place::File(path)
        };
        Self::waiting(patience, user)
    }

    fn with(place: impl FnOnce(&Fake, PathBuf) -> Place) -> Self {
        Self::waiting(short(), place)
    }

    fn waiting(patience: Patience, place: impl FnOnce(&Fake, PathBuf) -> Place) -> Self {
        let (fake, dir) = (Fake::start(), tempfile::tempdir().unwrap());
        let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_800_000_000_000)));
        let web = Web::default();
        let place = place(&fake, dir.path().to_owned());
        let shared: Arc<dyn crate::clock::Clock> = Arc::<FixedClock>::clone(&clock);
        let credentials = Credentials::open(place, web, shared).unwrap();
        let config = GoogleConfig {
            project: "demo".to_owned(),
            region: "europe-west1".to_owned(),
            endpoints: Endpoints { api_root: Some(fake.url.clone()), ..Endpoints::default() },
            patience,
        };
        Self { google: Google::new(config.clone(), credentials, web), fake, config, clock, dir }
    }

    /// The same project for who has asked nothing of it yet.
    pub(crate) fn anew(&self) -> Google {
        let clock: Arc<dyn crate::clock::Clock> = Arc::<FixedClock>::clone(&self.clock);
        let place = Place::File(self.dir.path().join("user.json"));
        let credentials = Credentials::open(place, Web::default(), clock).unwrap();
        Google::new(self.config.clone(), credentials, Web::default())
    }
}

/// No more patience than a fake needs.
pub(crate) fn short() -> Patience {
    Patience {
        first: Duration::from_millis(1),
        longest: Duration::from_millis(5),
        watching: Duration::from_millis(2),
        operation: Duration::from_millis(900),
        build: Duration::from_millis(900),
        settling: Duration::from_millis(20),
        ..Patience::default()
    }
}
