//! What shows a cluster who calls: a token that stands in a variable, or in a file that others renew.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::domain::SecretValue;

/// How long a token of a file is used before the file is read again: others write a new one long before it ends.
const HOLDS: Duration = Duration::from_secs(60);
/// Bytes of a token at most.
const MOST: u64 = 64 << 10;

/// Who calls.
#[derive(Debug)]
pub struct Bearer {
    source: Source,
    kept: Mutex<Option<(SecretValue, Instant)>>,
}

#[derive(Debug)]
enum Source {
    Value(SecretValue),
    File(PathBuf),
}

/// There is no token to call with. Never holds one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The file cannot be read.
    #[error(
        "the token in {path} could not be read: {source}; name a file that Sigyl may read in `knative.token_file`"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// What is there is no token.
    #[error("what is in {place} is no token: {why}")]
    Wrong {
        /// The file or variable.
        place: String,
        /// What is wrong.
        why: &'static str,
    },
}

impl Bearer {
    /// One whose token stays the same; `place` says where it is from.
    pub fn fixed(token: &SecretValue, place: &str) -> Result<Self, TokenError> {
        let token = checked(token.reveal(), place)?;
        Ok(Self { source: Source::Value(token), kept: Mutex::default() })
    }

    /// One whose token is in a file, which is read when it is needed.
    pub fn of_file(path: PathBuf) -> Self {
        Self { source: Source::File(path), kept: Mutex::default() }
    }

    /// Returns the token; `fresh` reads the file in any case.
    pub(super) async fn token(&self, fresh: bool) -> Result<SecretValue, TokenError> {
        let path = match &self.source {
            Source::Value(token) => return Ok(token.clone()),
            Source::File(path) => path.clone(),
        };
        let mut kept = self.kept.lock().await;
        if let Some((token, since)) = &*kept
            && !fresh
            && since.elapsed() < HOLDS
        {
            return Ok(token.clone());
        }
        let place = path.clone();
        let read = tokio::task::spawn_blocking(move || read(&place)).await;
        let token = read.unwrap_or_else(|error| {
            Err(TokenError::Unreadable { path, source: std::io::Error::other(error) })
        })?;
        *kept = Some((token.clone(), Instant::now()));
        Ok(token)
    }
}

fn read(path: &Path) -> Result<SecretValue, TokenError> {
    let unreadable = |source| TokenError::Unreadable { path: path.to_owned(), source };
    let mut text = zeroize::Zeroizing::new(String::new());
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MOST + 1).read_to_string(&mut text).map_err(unreadable)?;
    checked(&text, &path.display().to_string())
}

/// Takes one word: a header holds nothing else.
fn checked(text: &str, place: &str) -> Result<SecretValue, TokenError> {
    let wrong = |why| TokenError::Wrong { place: place.to_owned(), why };
    let token = text.trim();
    match token {
        "" => Err(wrong("it is empty")),
        long if long.len() as u64 > MOST => Err(wrong("it is longer than 64 KiB")),
        word if word.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(SecretValue::new(word)),
        _ => Err(wrong("it is more than one word of ASCII")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_file_is_read_again_after_a_minute_and_when_it_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "one\n").unwrap();
        let bearer = Bearer::of_file(path.clone());
        assert_eq!(bearer.token(false).await.unwrap().reveal(), "one");
        std::fs::write(&path, "two").unwrap();
        assert_eq!(bearer.token(false).await.unwrap().reveal(), "one");
        assert_eq!(bearer.token(true).await.unwrap().reveal(), "two");
        std::fs::write(&path, "three").unwrap();
        tokio::time::advance(HOLDS).await;
        assert_eq!(bearer.token(false).await.unwrap().reveal(), "three");
    }

    #[tokio::test]
    async fn what_is_no_token_is_refused_without_being_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        for (text, said) in [(" \n", "it is empty"), ("hush hush", "more than one word")] {
            std::fs::write(&path, text).unwrap();
            let error = Bearer::of_file(path.clone()).token(false).await.unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("hush"), "{error}");
        }
        let error = Bearer::of_file(dir.path().join("none")).token(false).await.unwrap_err().to_string();
        assert!(error.contains("knative.token_file"), "{error}");
    }
}
