//! The project at Google that the configuration names, and who calls it: from a file, from where the tools of Google put
//! theirs, or from the machine itself.

use std::path::PathBuf;
use std::sync::Arc;

use sigyl_core::clock::SystemClock;
use sigyl_core::deploy::cloud_run::{Google, Place};
use sigyl_core::web::Web;

use super::{Environment, Settings, SettingsError};

/// Where machines of Google have their metadata server.
const MACHINE: &str = "metadata.google.internal";
/// What `gcloud auth application-default login` writes, in its folder.
const DEFAULT: &str = "application_default_credentials.json";

impl Settings {
    /// Opens the project that the configuration names.
    pub(crate) fn google(&self) -> Result<Google, SettingsError> {
        let wrong = |why: String| SettingsError::Google { why };
        let Some(google) = &self.google else {
            return Err(wrong("the configuration has no table `google`, which names a project".to_owned()));
        };
        let place = match &google.credentials {
            Some(named) => Place::File(super::absolute(named.clone())?),
            None => place(&self.environment),
        };
        let opened = google.open(place, Web::new(self.offline), Arc::new(SystemClock));
        opened.map_err(|error| wrong(crate::problem::chain(&error)))
    }
}

/// Finds credentials where Google's own tools look, in their order.
fn place(environment: &Environment) -> Place {
    if let Some(named) = environment.path("GOOGLE_APPLICATION_CREDENTIALS") {
        return Place::File(named);
    }
    let folder = environment.path("CLOUDSDK_CONFIG");
    let folder = folder.or_else(|| environment.path("HOME").map(|home| home.join(".config").join("gcloud")));
    let default = folder.map(|folder| folder.join(DEFAULT)).filter(|file: &PathBuf| file.exists());
    match default {
        Some(file) => Place::File(file),
        None => Place::Machine(machine(environment)),
    }
}

fn machine(environment: &Environment) -> String {
    let named = environment.get("GCE_METADATA_HOST").and_then(|host| host.to_str());
    named.unwrap_or(MACHINE).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_looked_for_where_the_tools_of_google_look() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        let here = || Environment::from([("HOME", home)]);
        assert_eq!(place(&here()), Place::Machine(MACHINE.to_owned()));
        assert_eq!(
            place(&Environment::from([("GCE_METADATA_HOST", "127.0.0.1:7")])),
            Place::Machine("127.0.0.1:7".to_owned())
        );
        let folder = dir.path().join(".config/gcloud");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(DEFAULT), "{}").unwrap();
        assert_eq!(place(&here()), Place::File(folder.join(DEFAULT)));
        let named = Environment::from([("HOME", home), ("GOOGLE_APPLICATION_CREDENTIALS", "/k.json")]);
        assert_eq!(place(&named), Place::File("/k.json".into()));
    }
}
