//! The reviewer that the configuration names, and its key, from the one variable that it names.

use std::sync::Arc;

use sigyl_core::clock::SystemClock;
use sigyl_core::domain::SecretValue;
use sigyl_core::scan::reviewer::{FolderCache, Reviewer};

use super::{Settings, SettingsError};

impl Settings {
    /// Makes the reviewer, if one is configured. No other variable of the environment has a say in it.
    pub(crate) fn reviewer(&self) -> Result<Option<Reviewer>, SettingsError> {
        let Some(llm) = &self.llm else { return Ok(None) };
        let key = llm.api_key_env.as_deref().map(|name| self.key(name)).transpose()?;
        let reviewer = Reviewer::new(llm.clone(), key.as_ref(), Arc::new(SystemClock))
            .map_err(|error| SettingsError::Llm { why: error.to_string() })?
            .offline(self.offline);
        // Without a place for answers each is asked for again.
        Ok(Some(match self.cache_dir() {
            Ok(folder) => reviewer.with_cache(Arc::new(FolderCache::new(folder.join("reviews")))),
            Err(_) => reviewer,
        }))
    }

    /// Makes the reviewer of one scan, where one is due.
    pub(crate) fn reviewer_of_scan(&self, asked: bool) -> Result<Option<Reviewer>, SettingsError> {
        match self.reviewer()? {
            Some(reviewer) => Ok(reviewer.settings().is_due(asked).then_some(reviewer)),
            None if asked => Err(SettingsError::Llm {
                why: "--review needs a reviewer, and the configuration has no table `llm`".to_owned(),
            }),
            None => Ok(None),
        }
    }

    /// Tells whether everything that is scanned has to be reviewed.
    pub(crate) fn always_reviews(&self) -> bool {
        self.llm.as_ref().is_some_and(|llm| llm.is_due(false))
    }

    fn key(&self, name: &str) -> Result<SecretValue, SettingsError> {
        let why =
            |what: &str| SettingsError::Llm { why: format!("`llm.api_key_env` names {name}, which {what}") };
        let value = self.environment.get(name).ok_or_else(|| why("is not set"))?;
        value.to_str().map(SecretValue::new).ok_or_else(|| why("is not valid UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Environment, Flags};
    use super::*;

    fn told(table: &str, variable: (&str, &str)) -> String {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config.toml");
        std::fs::write(&config, table).unwrap();
        let environment =
            Environment::from([variable, ("OPENAI_API_KEY", "sk-env"), ("OPENAI_BASE_URL", "x")]);
        let flags = Flags { config: Some(config), ..Flags::default() };
        match Settings::resolve(flags, environment).and_then(|settings| settings.reviewer_of_scan(true)) {
            Ok(reviewer) => format!("{:?}", reviewer.map(|reviewer| reviewer.settings().model.clone())),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_reviewer_needs_its_table_and_the_variable_that_it_names() {
        let table = "[llm]\nbase_url = 'http://127.0.0.1:1/v1'\nmodel = 'm'\n";
        assert_eq!(told(table, ("A", "b")), "Some(\"m\")");
        assert!(told("", ("A", "b")).contains("no table `llm`"));
        let named = format!("{table}api_key_env = 'MY_KEY'\n");
        assert_eq!(told(&named, ("MY_KEY", "sk-1")), "Some(\"m\")");
        assert!(told(&named, ("OTHER_KEY", "sk-1")).contains("MY_KEY, which is not set"));
        assert!(told(&format!("{table}max_cost = 1\n"), ("A", "b")).contains("input_price"));
        assert!(told(&format!("{table}api_key = 'sk-1'\n"), ("A", "b")).contains("unknown field `api_key`"));
    }
}
