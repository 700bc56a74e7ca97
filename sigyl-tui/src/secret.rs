//! Where the values of secrets come from: a hidden prompt, a file, a variable; never the command line, which every
//! process of the machine can read and which shells remember.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use sigyl_core::domain::{SecretName, SecretValue};

use crate::problem::{Problem, chain};
use crate::settings::Environment;

/// Bytes that a value may have at most.
const LIMIT: u64 = 64 << 10;

/// A value cannot be taken. No variant ever holds one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// The name is none.
    #[error("--secret: what stands before `=` is not the name of a variable")]
    Name,
    /// The value stands on the command line.
    #[error(
        "--secret {0}=…: the value stands on the command line, where other processes and the history see it"
    )]
    Plain(SecretName),
    /// The same secret twice.
    #[error("--secret {0} is given twice")]
    Twice(SecretName),
    /// Nobody can be asked.
    #[error("--secret {0}: there is no terminal to ask for its value")]
    NoTerminal(SecretName),
    /// The prompt failed.
    #[error("--secret {name}: could not read its value")]
    Prompt {
        /// The secret.
        name: SecretName,
        /// The cause.
        source: std::io::Error,
    },
    /// The file cannot be read.
    #[error("--secret {name}: could not read {path}")]
    File {
        /// The secret.
        name: SecretName,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The variable is not set, or is no text.
    #[error("--secret {name}: the environment variable {variable} is not set to text")]
    Variable {
        /// The secret.
        name: SecretName,
        /// The variable.
        variable: String,
    },
    /// An empty value.
    #[error("--secret {0}: its value is empty")]
    Empty(SecretName),
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        let code = match error {
            SecretError::Name | SecretError::Plain(_) | SecretError::Twice(_) => "E0006",
            _ => "E0007",
        };
        let hint = "write --secret K to be asked for it, --secret K=@FILE or --secret K=env:NAME";
        Self::wrong_use(code, chain(&error), hint)
    }
}

enum Origin<'a> {
    Prompt,
    File(&'a str),
    Variable(&'a str),
}

fn parse(text: &str) -> Result<(SecretName, Origin<'_>), SecretError> {
    let (name, origin) = text.split_once('=').map_or((text, None), |(name, origin)| (name, Some(origin)));
    let name = SecretName::parse(name).map_err(|_| SecretError::Name)?;
    match origin {
        None => Ok((name, Origin::Prompt)),
        Some(origin) => match (origin.strip_prefix('@'), origin.strip_prefix("env:")) {
            (Some(path), _) if !path.is_empty() => Ok((name, Origin::File(path))),
            (_, Some(variable)) if !variable.is_empty() => Ok((name, Origin::Variable(variable))),
            _ => Err(SecretError::Plain(name)),
        },
    }
}

/// Reads the values of all secrets that the command line names; every name is checked before anybody is asked.
pub(crate) fn read(
    given: &[String],
    environment: &Environment,
    interactive: bool,
) -> Result<BTreeMap<SecretName, SecretValue>, SecretError> {
    let parsed = given.iter().map(|text| parse(text)).collect::<Result<Vec<_>, _>>()?;
    let mut values = BTreeMap::new();
    for (name, origin) in parsed {
        if values.contains_key(&name) {
            return Err(SecretError::Twice(name));
        }
        let value = match origin {
            Origin::Prompt => prompt(&name, interactive)?,
            Origin::File(path) => file(&name, PathBuf::from(path))?,
            Origin::Variable(variable) => {
                let value = environment.get(variable).and_then(|value| value.to_str());
                let missing = || SecretError::Variable { name: name.clone(), variable: variable.to_owned() };
                SecretValue::new(value.ok_or_else(missing)?)
            }
        };
        if value.reveal().is_empty() {
            return Err(SecretError::Empty(name));
        }
        values.insert(name, value);
    }
    Ok(values)
}

/// Reads the one value that a verb sets: from where `text` says, else from the terminal, else from standard input.
pub(crate) fn read_one(
    text: &str,
    environment: &Environment,
    interactive: bool,
) -> Result<(SecretName, SecretValue), SecretError> {
    let (name, origin) = parse(text)?;
    if interactive || !matches!(origin, Origin::Prompt) {
        let mut read = read(&[text.to_owned()], environment, interactive)?;
        return read.pop_first().ok_or(SecretError::Empty(name));
    }
    let unreadable = |source| SecretError::Prompt { name: name.clone(), source };
    let value = line_of(std::io::stdin().lock()).map_err(unreadable)?;
    if value.reveal().is_empty() { Err(SecretError::Empty(name)) } else { Ok((name, value)) }
}

fn prompt(name: &SecretName, interactive: bool) -> Result<SecretValue, SecretError> {
    if !interactive {
        return Err(SecretError::NoTerminal(name.clone()));
    }
    rpassword::prompt_password(format!("{name} (hidden): "))
        .map(SecretValue::new)
        .map_err(|source| SecretError::Prompt { name: name.clone(), source })
}

/// Reads one line that is not shown: from a hidden prompt, or else from standard input.
pub(crate) fn read_hidden(what: &str, interactive: bool) -> std::io::Result<SecretValue> {
    match interactive {
        true => rpassword::prompt_password(format!("{what} (hidden): ")).map(SecretValue::new),
        false => line_of(std::io::stdin().lock()),
    }
}

fn file(name: &SecretName, path: PathBuf) -> Result<SecretValue, SecretError> {
    let unreadable = |source| SecretError::File { name: name.clone(), path: path.clone(), source };
    std::fs::File::open(&path).and_then(line_of).map_err(unreadable)
}

/// Reads a value whole. Editors end a file with a line break that is not part of it.
fn line_of(from: impl Read) -> std::io::Result<SecretValue> {
    let mut text = String::new();
    let read = from.take(LIMIT + 1).read_to_string(&mut text)?;
    if read as u64 > LIMIT {
        return Err(std::io::Error::other("it is larger than 64 KiB"));
    }
    let line = text.strip_suffix('\n');
    let value = line.map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(SecretValue::new(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_alone(text: &str) -> Result<BTreeMap<SecretName, SecretValue>, SecretError> {
        read(&[text.to_owned()], &Environment::from([("TOKEN", "hunter2"), ("NONE", "")]), false)
    }

    #[test]
    fn a_value_on_the_command_line_is_refused_and_not_repeated() {
        let error = read_alone("K=hunter2").unwrap_err();
        assert!(matches!(error, SecretError::Plain(_)));
        assert!(!format!("{error} {error:?} {}", chain(&error)).contains("hunter2"));
        let error = read_alone("hunter 2=x").unwrap_err();
        assert!(!format!("{error:?}").contains("hunter"));
    }

    #[test]
    fn files_and_variables_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "line one\nline two\r\n").unwrap();
        let values = read_alone(&format!("K=@{}", path.display())).unwrap();
        assert_eq!(values.values().next().unwrap().reveal(), "line one\nline two");
        assert_eq!(read_alone("K=env:TOKEN").unwrap().values().next().unwrap().reveal(), "hunter2");
    }

    #[test]
    fn what_has_no_value_is_named() {
        for (text, part) in [
            ("K=env:NONE", "NONE is not set"),
            ("K=@/nonexistent/file", "/nonexistent/file"),
            ("K", "no terminal"),
            ("K=", "stands on the command line"),
        ] {
            let error = read_alone(text).unwrap_err();
            assert!(chain(&error).contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_secret_is_given_once() {
        let twice = ["K=env:TOKEN".to_owned(), "K=env:TOKEN".to_owned()];
        let environment = Environment::from([("TOKEN", "x")]);
        assert!(matches!(read(&twice, &environment, false), Err(SecretError::Twice(_))));
    }
}
