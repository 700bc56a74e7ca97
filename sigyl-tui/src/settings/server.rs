//! The server that commands go to instead of a data directory, and the key that it is shown.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use sigyl_core::client::{Client, ClientSettings};
use sigyl_core::domain::SecretValue;

use super::{Environment, SettingsError};
use crate::exit::Exit;
use crate::problem::Problem;

/// Bytes of a file that holds a key.
const LIMIT: u64 = 4 << 10;

/// A server, as it was named.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// Its address.
    pub(crate) url: String,
    /// Where its key is.
    pub(super) key: KeyFrom,
    /// Whether the key may go over `http://` to another machine.
    pub(super) plain_http: bool,
}

/// Where a key comes from: never from the command line, which every process of the machine can read.
#[derive(Clone, Debug)]
pub(super) enum KeyFrom {
    /// The variable SIGYL_KEY.
    Variable(SecretValue),
    /// A file that has to be there.
    File(PathBuf),
    /// The file of this server in the configuration folder, if there is one.
    Kept,
}

impl KeyFrom {
    /// The flag wins over the variables, those over the file.
    pub(super) fn find(
        flag: Option<PathBuf>,
        environment: &Environment,
        file: Option<PathBuf>,
    ) -> Result<Self, SettingsError> {
        if let Some(path) = flag {
            return Ok(Self::File(path));
        }
        if let Some(key) = environment.text("SIGYL_KEY")? {
            return Ok(Self::Variable(SecretValue::new(key)));
        }
        Ok(environment.path("SIGYL_KEY_FILE").or(file).map_or(Self::Kept, Self::File))
    }
}

impl Server {
    /// Prepares to ask it.
    pub(crate) fn client(&self, offline: bool) -> Result<Client, Problem> {
        let settings = ClientSettings {
            key: self.key()?,
            plain_http: self.plain_http,
            offline,
            ..ClientSettings::of(&self.url)
        };
        Client::new(settings).map_err(|error| Problem { exit: Exit::WrongUse, ..error.failure().into() })
    }

    fn key(&self) -> Result<Option<SecretValue>, SettingsError> {
        match &self.key {
            KeyFrom::Variable(key) => Ok(Some(key.clone())),
            KeyFrom::File(path) => read(path).map(Some),
            KeyFrom::Kept => match kept(&self.url).filter(|path| path.exists()) {
                Some(path) => read(&path).map(Some),
                None => Ok(None),
            },
        }
    }
}

/// Returns where the key of a server is kept, when no other place is named: a file of its own in the configuration folder.
pub(crate) fn kept(url: &str) -> Option<PathBuf> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let name: String = host.chars().take(200).map(plain).collect();
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("sigyl").join("keys").join(name))
}

/// Reads a key from a file that is its owner's alone.
fn read(path: &Path) -> Result<SecretValue, SettingsError> {
    let wrong = |source| SettingsError::KeyFile { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(wrong)?;
    let about = file.metadata().map_err(wrong)?;
    if about.mode() & 0o077 != 0 {
        let why = format!(
            "others may read it (mode {:03o}): chmod 600 it, and replace the key",
            about.mode() & 0o777
        );
        return Err(wrong(std::io::Error::other(why)));
    }
    let mut text = zeroize::Zeroizing::new(String::new());
    let read = file.take(LIMIT + 1).read_to_string(&mut text).map_err(wrong)?;
    let key = text.trim_end_matches(['\r', '\n']);
    if read as u64 > LIMIT || key.is_empty() || key.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(wrong(std::io::Error::other("it holds no key, alone on one line")));
    }
    Ok(SecretValue::new(key))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_read_from_a_file_that_no_other_reads() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let write = |text: &str, mode: u32| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            read(&path)
        };
        assert_eq!(write("sigyl_a_b\n", 0o600).unwrap().reveal(), "sigyl_a_b");
        for (text, mode) in
            [("sigyl_a_b\n", 0o640), ("sigyl_a_b\n", 0o604), ("", 0o600), ("hunter2 x", 0o600)]
        {
            let error = crate::problem::chain(&write(text, mode).unwrap_err());
            assert!(error.contains("key") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn each_server_has_a_file_of_its_own_and_no_address_leads_elsewhere() {
        let name = |url: &str| kept(url).map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
        assert_eq!(name("https://Sigyl.example.org/").as_deref(), Some("sigyl.example.org"));
        assert_ne!(name("https://a.example:1"), name("https://a.example:2"));
        assert_eq!(name("https://a/../../x").as_deref(), Some("a-..-..-x"));
    }
}
