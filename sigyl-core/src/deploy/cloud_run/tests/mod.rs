//! Calls, credentials and the doctor, over a real socket.

mod calls;
mod doctor;
mod fake;
mod project;
mod release;
pub(super) mod source;
mod world;

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
struct House {
    fake: Fake,
    google: Google,
    clock: Arc<FixedClock>,
    _dir: tempfile::TempDir,
}

impl House {
    /// A user of `gcloud` calls.
    fn new() -> Self {
        let user = json!({"type": "authorized_user", "client_id": "i", "client_secret": "s3cret-of-client",
            "refresh_token": "s3cret-of-user"});
        Self::with(|fake, dir| {
            let mut user = user;
            user["token_uri"] = format!("{}/token", fake.url).into();
            let path = dir.join("user.json");
            std::fs::write(&path, user.to_string()).unwrap();
            Place::File(path)
        })
    }

    fn with(place: impl FnOnce(&Fake, PathBuf) -> Place) -> Self {
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
            patience: Patience {
                first: Duration::from_millis(1),
                longest: Duration::from_millis(5),
                watching: Duration::from_millis(2),
                operation: Duration::from_millis(900),
                build: Duration::from_millis(900),
                settling: Duration::from_millis(20),
                ..Patience::default()
            },
        };
        Self { google: Google::new(config, credentials, web), fake, clock, _dir: dir }
    }
}
