//! What flags, variables and files say of where the master key comes from, in one form for every program.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::SecretValue;

use super::{KeyCommand, KeySource};

/// Variables that hold a key or a passphrase; no program that is started is given them.
const HELD: [&str; 4] = [
    "SIGYL_MASTER_KEY",
    "SIGYL_MASTER_PASSPHRASE",
    "SIGYL_PREVIOUS_MASTER_KEY",
    "SIGYL_PREVIOUS_MASTER_PASSPHRASE",
];

/// Where a master key comes from, as a table of a configuration says it: at most one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeySpec {
    file: Option<PathBuf>,
    passphrase_file: Option<PathBuf>,
    command: Option<Vec<String>>,
    #[serde(skip)]
    key: Option<(&'static str, SecretValue)>,
    #[serde(skip)]
    passphrase: Option<(&'static str, SecretValue)>,
}

/// What is said of the master key cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySpecError {
    /// It would come from two places.
    #[error("{0} says twice where the master key comes from: leave one of the two")]
    Twice(&'static str),
    /// There is no program.
    #[error("the command that prints the master key names no program by its whole path")]
    NoProgram,
    /// A variable holds no text.
    #[error("the environment variable {0} is not UTF-8")]
    NotText(&'static str),
}

/// Which key is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Which {
    /// The key that seals.
    Present,
    /// The key that it takes over from.
    Previous,
}

impl Which {
    /// The variables: key file, passphrase file, key, passphrase.
    fn variables(self) -> [&'static str; 4] {
        match self {
            Self::Present => [
                "SIGYL_MASTER_KEY_FILE",
                "SIGYL_MASTER_PASSPHRASE_FILE",
                "SIGYL_MASTER_KEY",
                "SIGYL_MASTER_PASSPHRASE",
            ],
            Self::Previous => [
                "SIGYL_PREVIOUS_MASTER_KEY_FILE",
                "SIGYL_PREVIOUS_MASTER_PASSPHRASE_FILE",
                "SIGYL_PREVIOUS_MASTER_KEY",
                "SIGYL_PREVIOUS_MASTER_PASSPHRASE",
            ],
        }
    }
}

impl KeySpec {
    /// A key in a file.
    pub fn file(path: PathBuf) -> Self {
        Self { file: Some(path), ..Self::default() }
    }

    /// What the variables of a program say, and which one says it; nothing when none does.
    pub fn of_variables(
        which: Which,
        variables: &BTreeMap<OsString, OsString>,
    ) -> Result<Option<(&'static str, Self)>, KeySpecError> {
        let get = |name: &'static str| {
            let value = variables.get(OsStr::new(name)).filter(|value| !value.is_empty());
            value.map(|value| (name, value))
        };
        let [file, passphrase_file, key, passphrase] = which.variables().map(get);
        let path = |found: Option<(&'static str, &OsString)>| found.map(|(_, value)| PathBuf::from(value));
        let text = |found: Option<(&'static str, &OsString)>| match found {
            Some((name, value)) => {
                let value = value.to_str().ok_or(KeySpecError::NotText(name))?;
                Ok(Some((name, SecretValue::new(value))))
            }
            None => Ok(None),
        };
        let said = Self {
            file: path(file),
            passphrase_file: path(passphrase_file),
            command: None,
            key: text(key)?,
            passphrase: text(passphrase)?,
        };
        let mut names = [file, passphrase_file, key, passphrase].into_iter().flatten().map(|(name, _)| name);
        let Some(name) = names.next() else { return Ok(None) };
        if names.next().is_some() {
            return Err(KeySpecError::Twice("the environment"));
        }
        Ok(Some((name, said)))
    }

    /// Means relative paths from the folder of the file that says them.
    pub fn from_folder(mut self, folder: &Path) -> Self {
        for path in [&mut self.file, &mut self.passphrase_file].into_iter().flatten() {
            *path = folder.join(&*path);
        }
        self
    }

    /// Returns the source, if anything is said. A command gets the whole environment but what holds keys.
    pub fn source(self, variables: &BTreeMap<OsString, OsString>) -> Result<Option<KeySource>, KeySpecError> {
        let command = self.command.map(|words| command(words, variables)).transpose()?;
        let mut said = [
            self.file.map(KeySource::File),
            self.passphrase_file.map(KeySource::PassphraseFile),
            command,
            self.key.map(|(name, key)| KeySource::Given { from: name.to_owned(), key }),
            self.passphrase
                .map(|(name, passphrase)| KeySource::Passphrase { from: name.to_owned(), passphrase }),
        ]
        .into_iter()
        .flatten();
        let first = said.next();
        if said.next().is_some() {
            return Err(KeySpecError::Twice("the configuration"));
        }
        Ok(first)
    }
}

fn command(words: Vec<String>, variables: &BTreeMap<OsString, OsString>) -> Result<KeySource, KeySpecError> {
    let mut words = words.into_iter();
    let program = words.next().map(PathBuf::from).filter(|program| program.is_absolute());
    let program = program.ok_or(KeySpecError::NoProgram)?;
    let is_held = |name: &OsStr| HELD.iter().any(|held| name == OsStr::new(held));
    let given = variables.iter().filter(|(name, _)| !is_held(name));
    let env = given.map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(KeySource::Command(KeyCommand::new(program, words.collect(), env)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<OsString, OsString> {
        pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    fn table(text: &str) -> Result<Option<KeySource>, KeySpecError> {
        toml::from_str::<KeySpec>(text).unwrap().from_folder(Path::new("/etc/sigyl")).source(&variables([]))
    }

    #[test]
    fn a_table_says_one_place_at_most() {
        assert_eq!(table("").unwrap(), None);
        assert_eq!(table("file = 'key'").unwrap(), Some(KeySource::File("/etc/sigyl/key".into())));
        let command = table("command = ['/usr/bin/kms', 'get']").unwrap().unwrap();
        assert_eq!(command.to_string(), "the program /usr/bin/kms");
        assert!(matches!(table("file = 'a'\npassphrase_file = 'b'"), Err(KeySpecError::Twice(_))));
        for wrong in ["command = []", "command = ['kms']"] {
            assert_eq!(table(wrong), Err(KeySpecError::NoProgram));
        }
        assert!(toml::from_str::<KeySpec>("key = 'hunter2'").is_err(), "a file holds no key in the clear");
    }

    #[test]
    fn variables_say_one_place_at_most_and_show_nothing() {
        let said = |which, pairs: &[(&str, &str)]| {
            let all = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            KeySpec::of_variables(which, &all)
                .map(|said| said.map(|(name, spec)| (name, format!("{spec:?}"))))
        };
        assert_eq!(said(Which::Present, &[("SIGYL_MASTER_KEY", "")]), Ok(None));
        let (name, shown) = said(Which::Present, &[("SIGYL_MASTER_KEY", "hunter2")]).unwrap().unwrap();
        assert!(name == "SIGYL_MASTER_KEY" && !shown.contains("hunter2"), "{shown}");
        let previous = said(Which::Previous, &[("SIGYL_MASTER_KEY", "x")]);
        assert_eq!(previous, Ok(None));
        let twice = [("SIGYL_MASTER_KEY", "x"), ("SIGYL_MASTER_KEY_FILE", "y")];
        assert!(matches!(said(Which::Present, &twice), Err(KeySpecError::Twice(_))));
    }

    #[test]
    fn a_command_is_not_given_what_holds_another_key() {
        let all = variables([("PATH", "/bin"), ("SIGYL_PREVIOUS_MASTER_KEY", "hunter2")]);
        let spec: KeySpec = toml::from_str("command = ['/usr/bin/kms']").unwrap();
        let Some(KeySource::Command(command)) = spec.source(&all).unwrap() else { panic!("no command") };
        assert_eq!(command.env, variables([("PATH", "/bin")]));
    }
}
