//! The project at Google that the configuration names, and who calls it.

use std::sync::Arc;

use sigyl_core::clock::SystemClock;
use sigyl_core::deploy::cloud_run::Google;
use sigyl_core::web::Web;

use super::{Settings, SettingsError};

impl Settings {
    /// Opens the project that the configuration names.
    pub(crate) fn google(&self) -> Result<Google, SettingsError> {
        let wrong = |why: String| SettingsError::Google { why };
        let Some(google) = &self.google else {
            return Err(wrong("the configuration has no table `google`, which names a project".to_owned()));
        };
        let place = self.environment.google(google);
        let opened = google.open(place, Web::new(self.offline), Arc::new(SystemClock));
        opened.map_err(|error| wrong(crate::problem::chain(&error)))
    }
}
