//! The cluster that the configuration names, and who calls it.

#[cfg(feature = "knative")]
use sigyl_core::deploy::knative::{Knative, KnativeSettings};
#[cfg(feature = "knative")]
use sigyl_core::domain::SecretValue;
#[cfg(feature = "knative")]
use sigyl_core::web::Web;

#[cfg(feature = "knative")]
use super::{Settings, SettingsError};

/// The table, as the file has it.
#[cfg(feature = "knative")]
pub(super) type Table = KnativeSettings;
/// The table, of which nothing but its place is looked at.
#[cfg(not(feature = "knative"))]
pub(super) type Table = toml::Spanned<toml::Table>;

/// Why a program refuses to be told of a cluster, and what to do.
#[cfg(not(feature = "knative"))]
pub(super) const NO_KNATIVE: &str = "[knative] asks for Knative, which this program was built without: build it with \
                                     `--features knative`, or take that table away";

#[cfg(feature = "knative")]
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

    #[cfg(not(feature = "knative"))]
    #[test]
    fn a_program_without_it_says_so_and_where() {
        let refused = File::parse("\n[knative]\nnamespace = 'mcp'\n", Path::new("config.toml")).unwrap_err();
        let said = refused.to_string();
        assert!(said.starts_with("config.toml:2:1") && said.contains("--features knative"), "{said}");
    }

    #[cfg(feature = "knative")]
    #[test]
    fn the_table_is_read_and_a_key_that_it_has_not_is_refused() {
        let read = File::parse("[knative]\nnamespace = 'mcp'\n", Path::new("config.toml")).unwrap();
        assert_eq!(read.knative.unwrap().namespace.as_deref(), Some("mcp"));
        let refused = File::parse("[knative]\ntoken = 'x'\n", Path::new("config.toml")).unwrap_err();
        assert!(refused.to_string().contains("unknown field `token`"), "{refused}");
    }
}
