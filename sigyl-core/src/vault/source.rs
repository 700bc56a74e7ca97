//! Where the master key comes from.

use std::fmt;
use std::path::PathBuf;

use crate::domain::SecretValue;

use super::command::KeyCommand;
use super::master_key::MasterKey;
use super::{VaultError, key_file, passphrase};

/// Where the master key comes from. The library is told; it looks for none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// A file that only its owner may read. It is made, with a fresh key, where nothing is sealed yet.
    File(PathBuf),
    /// The key itself, in base64 or hexadecimal digits.
    Given {
        /// Who gave it, such as the name of a variable.
        from: String,
        /// The key.
        key: SecretValue,
    },
    /// A passphrase that the key is made of.
    Passphrase {
        /// Who gave it, such as the name of a variable.
        from: String,
        /// The passphrase.
        passphrase: SecretValue,
    },
    /// A passphrase in a file that only its owner may read; one line break at its end is not part of it.
    PassphraseFile(PathBuf),
    /// A program that prints it.
    Command(KeyCommand),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Given { from, .. } => write!(f, "{from}"),
            Self::Passphrase { from, .. } => write!(f, "the passphrase in {from}"),
            Self::PassphraseFile(path) => write!(f, "the passphrase in the file {}", path.display()),
            Self::Command(command) => write!(f, "the program {}", command.program.display()),
        }
    }
}

impl KeySource {
    /// Tells whether the key is made of a passphrase, which takes a salt.
    pub(super) fn takes_salt(&self) -> bool {
        matches!(self, Self::Passphrase { .. } | Self::PassphraseFile(_))
    }

    /// Gets the key. `makes` says whether a file that is not there is made.
    pub(super) async fn key(&self, salt: Option<&str>, makes: bool) -> Result<MasterKey, VaultError> {
        if let Self::Command(command) = self {
            return command.key().await;
        }
        let (source, salt) = (self.clone(), salt.map(str::to_owned));
        // Reading waits for the disk, and making a key of a passphrase is work.
        let read = tokio::task::spawn_blocking(move || source.read(salt.as_deref(), makes)).await;
        read.unwrap_or_else(|error| Err(VaultError::Ended(error.to_string())))
    }

    fn read(&self, salt: Option<&str>, makes: bool) -> Result<MasterKey, VaultError> {
        // Nothing is made of a passphrase without a salt on record.
        let salt = salt.unwrap_or_default();
        match self {
            // What cannot be looked at is told by whoever opens it.
            Self::File(path) if !makes && !path.try_exists().unwrap_or(true) => {
                Err(VaultError::Missing { path: path.clone() })
            }
            Self::File(path) => key_file::open(path),
            Self::Given { from, key } => MasterKey::parse(key.reveal().as_bytes())
                .map_err(|why| VaultError::NotAKey { from: from.clone(), why }),
            Self::Passphrase { from, passphrase } => passphrase::key(passphrase, salt, from),
            Self::PassphraseFile(path) => {
                let bytes = key_file::read_private(path)?;
                let from = path.display().to_string();
                let text = std::str::from_utf8(&bytes).map_err(|_| VaultError::NotAKey {
                    from: from.clone(),
                    why: "it is not UTF-8".to_owned(),
                })?;
                let line = text.strip_suffix('\n').unwrap_or(text);
                let line = line.strip_suffix('\r').unwrap_or(line);
                passphrase::key(&SecretValue::new(line), salt, &from)
            }
            Self::Command(command) => Err(VaultError::Command {
                program: command.program.clone(),
                why: "it is not read as a file".to_owned(),
            }),
        }
    }
}
