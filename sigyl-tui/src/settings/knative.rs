//! The cluster that the configuration names, and who calls it.

use sigyl_core::deploy::knative::{Knative, KnativeSettings};
use sigyl_core::domain::SecretValue;
use sigyl_core::web::Web;

use super::{Settings, SettingsError};

/// The table, as the file has it.
pub(super) type Table = KnativeSettings;

impl Settings {
    /// Opens the namespace that the configuration names.
    pub(super) fn open_knative(&self, table: &KnativeSettings) -> Result<Knative, SettingsError> {
        let token = |name: &str| self.environment.get(name)?.to_str().map(SecretValue::new);
        let (web, work) = (Web::new(self.offline), self.cache_dir()?.join("images"));
        let opened = table.open(token, web, self.environment.tool_env(), work);
        opened.map_err(|error| SettingsError::Knative { why: crate::problem::chain(&error) })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::file::File;

    #[test]
    fn the_table_is_read_and_a_key_that_it_has_not_is_refused() {
        let read = File::parse("[knative]\nnamespace = 'mcp'\n", Path::new("config.toml")).unwrap();
        assert_eq!(read.knative.unwrap().namespace.as_deref(), Some("mcp"));
        let refused = File::parse("[knative]\ntoken = 'x'\n", Path::new("config.toml")).unwrap_err();
        assert!(refused.to_string().contains("unknown field `token`"), "{refused}");
    }
}
