//! What shows that a caller is the operator's: text that only who may read the data directory knows.
//!
//! The socket alone does not tell. Before its ABI 9 Landlock cannot keep a confined server from connecting to it, and
//! the process id of a peer may belong to another process by the time it is looked at.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::domain::Digest;

/// Random bytes in a token.
const SIZE: usize = 32;
/// Bytes of its file at most.
const MOST: u64 = 256;

/// The token of one owner; a new one comes with each.
pub(super) struct Token(Zeroizing<String>);

impl Token {
    /// Makes a token and writes it to the data directory, in the place of an earlier owner's.
    pub(super) fn make(data_dir: &Path) -> io::Result<Self> {
        let mut bytes = Zeroizing::new([0; SIZE]);
        getrandom::fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
        let mut text = Zeroizing::new(String::with_capacity(2 * SIZE));
        for byte in bytes.iter() {
            write!(text, "{byte:02x}").map_err(io::Error::other)?;
        }
        let (file, partial) = (file_of(data_dir), data_dir.join("control.token.partial"));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(&partial)?.write_all(text.as_bytes())?;
        fs::rename(&partial, &file)?;
        Ok(Self(text))
    }

    /// Reads the token of the present owner.
    pub(super) fn read(data_dir: &Path) -> io::Result<Self> {
        let mut text = Zeroizing::new(String::new());
        File::open(file_of(data_dir))?.take(MOST).read_to_string(&mut text)?;
        Ok(Self(text))
    }

    /// Returns the text, to be shown to the owner.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Tells whether `shown` is this token, in a time that says nothing about how near it is.
    pub(super) fn is(&self, shown: &str) -> bool {
        Digest::of(self.0.as_bytes()) == Digest::of(shown.as_bytes())
    }
}

/// Takes the token away, with the owner that it was of.
pub(super) fn remove(data_dir: &Path) {
    // One that is gone already is as good as removed.
    fs::remove_file(file_of(data_dir)).ok();
}

fn file_of(data_dir: &Path) -> PathBuf {
    data_dir.join("control.token")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_token_is_private_read_back_and_new_with_each_owner() {
        let dir = tempfile::tempdir().unwrap();
        let first = Token::make(dir.path()).unwrap();
        assert!(first.is(Token::read(dir.path()).unwrap().text()));
        assert_eq!(fs::metadata(file_of(dir.path())).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!first.is("") && !first.is(&first.text()[1..]));
        let second = Token::make(dir.path()).unwrap();
        assert!(!second.is(first.text()) && second.is(Token::read(dir.path()).unwrap().text()));
        remove(dir.path());
        assert!(Token::read(dir.path()).is_err());
    }
}
