//! The cluster in which servers may run: without a table there is none, and the environment holds at most its token.

use sigyl_core::deploy::knative::KnativeSettings;
use sigyl_core::domain::SecretValue;

use super::resolve::{Variables, absolute, raw};
use super::{Set, SettingsError};

/// The table, as the file has it.
pub(super) type Table = KnativeSettings;

/// The cluster in which servers may run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClusterSettings {
    /// The table.
    pub table: KnativeSettings,
    /// The token, where a variable holds it.
    pub token: Option<SecretValue>,
}

/// Finds the token that the table leaves to a variable.
pub(super) fn resolve(
    file: Option<KnativeSettings>,
    variables: &Variables,
) -> Result<Set<Option<ClusterSettings>>, SettingsError> {
    let file = file.map(|mut table| -> Result<_, SettingsError> {
        for path in [&mut table.ca_file, &mut table.token_file].into_iter().flatten() {
            *path = absolute(path)?;
        }
        let token = table.token_env.as_deref().and_then(|name| raw(variables, name)?.to_str());
        let token = token.map(SecretValue::new);
        Ok(ClusterSettings { table, token })
    });
    Ok(Set::first(None, ("", None), file.transpose()?.map(Some), || None))
}

#[cfg(test)]
mod tests {
    use super::super::{Arguments, Settings};
    use super::ClusterSettings;

    fn resolve(file: &str) -> Result<Settings, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server.toml");
        std::fs::write(&path, format!("data_dir = '/d'\ncache_dir = '/c'\n{file}")).unwrap();
        let variables = [("TOKEN".into(), "hush".into())].into();
        let flags = Arguments { config: Some(path), ..Arguments::default() };
        Settings::resolve(flags, &variables).map_err(|error| error.to_string())
    }

    #[test]
    fn the_token_comes_from_the_variable_that_is_named_and_is_not_shown() {
        let set = resolve("[knative]\ntoken_env = 'TOKEN'\nca_file = 'ca.pem'\n").unwrap();
        let shown = format!("{set:?} {set}");
        let ClusterSettings { table, token } = set.knative.value.unwrap();
        assert_eq!(token.unwrap().reveal(), "hush");
        assert!(table.ca_file.unwrap().is_absolute());
        assert!(!shown.contains("hush") && shown.contains("token_env"), "{shown}");
        assert!(resolve("[knative]\ntoken = 'x'\n").unwrap_err().contains("unknown field"));
        assert_eq!(resolve("").unwrap().knative.value, None);
    }
}
