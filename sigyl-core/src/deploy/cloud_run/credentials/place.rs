//! Where credentials are.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Where credentials are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In a file, such as `GOOGLE_APPLICATION_CREDENTIALS` names or `gcloud auth application-default login` writes.
    File(PathBuf),
    /// At the metadata server of a machine of Google: its host, and its port if it has one.
    Machine(String),
}

/// Where machines of Google have their metadata server.
const MACHINE: &str = "metadata.google.internal";
/// What `gcloud auth application-default login` writes, in its folder.
const DEFAULT: &str = "application_default_credentials.json";

impl Place {
    /// Finds credentials where Google's own tools look, in their order, by the variables of an environment.
    pub fn of_variables(variables: &BTreeMap<OsString, OsString>) -> Self {
        let variable = |name: &str| variables.get(OsStr::new(name)).filter(|value| !value.is_empty());
        let path = |name: &str| variable(name).map(PathBuf::from);
        if let Some(named) = path("GOOGLE_APPLICATION_CREDENTIALS") {
            return Self::File(named);
        }
        let folder = path("CLOUDSDK_CONFIG");
        let folder = folder.or_else(|| path("HOME").map(|home| home.join(".config").join("gcloud")));
        match folder.map(|folder| folder.join(DEFAULT)).filter(|file| file.exists()) {
            Some(file) => Self::File(file),
            None => {
                let named = variable("GCE_METADATA_HOST").and_then(|host| host.to_str());
                Self::Machine(named.unwrap_or(MACHINE).to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(variables: &[(&str, &str)]) -> Place {
        Place::of_variables(&variables.iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    #[test]
    fn credentials_are_looked_for_where_the_tools_of_google_look() {
        let dir = tempfile::tempdir().unwrap();
        let home = ("HOME", dir.path().to_str().unwrap());
        assert_eq!(place(&[home]), Place::Machine(MACHINE.to_owned()));
        let machine = [("GCE_METADATA_HOST", "127.0.0.1:7")];
        assert_eq!(place(&machine), Place::Machine("127.0.0.1:7".to_owned()));
        let folder = dir.path().join(".config/gcloud");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(DEFAULT), "{}").unwrap();
        assert_eq!(place(&[home]), Place::File(folder.join(DEFAULT)));
        let named = [home, ("GOOGLE_APPLICATION_CREDENTIALS", "/k.json")];
        assert_eq!(place(&named), Place::File("/k.json".into()));
    }
}
