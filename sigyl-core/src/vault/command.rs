//! A key that a program prints: the client of a key management service.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use zeroize::Zeroizing;

use super::VaultError;
use super::master_key::MasterKey;

/// How long the program may take.
const TIME: Duration = Duration::from_secs(30);
/// Bytes that it may print.
const MOST: usize = 4096;

/// A program that prints the key on its standard output. It is started as it is, never through a shell.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment.
    pub env: BTreeMap<OsString, OsString>,
}

/// Arguments and variables may name what opens the key service.
impl fmt::Debug for KeyCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyCommand({}, …)", self.program.display())
    }
}

impl KeyCommand {
    /// A program with its arguments and its whole environment.
    pub fn new(program: PathBuf, args: Vec<String>, env: BTreeMap<OsString, OsString>) -> Self {
        Self { program, args, env }
    }

    /// Runs it and reads the key. What it writes to its standard error is not looked at: it may tell too much.
    pub(super) async fn key(&self) -> Result<MasterKey, VaultError> {
        self.key_within(TIME).await
    }

    async fn key_within(&self, time: Duration) -> Result<MasterKey, VaultError> {
        let printed = tokio::time::timeout(time, self.printed()).await;
        let bytes = printed
            .map_err(|_| self.failed(format!("it took longer than {} s and was ended", time.as_secs())))??;
        let from = self.program.display().to_string();
        MasterKey::parse(&bytes).map_err(|why| VaultError::NotAKey { from, why })
    }

    async fn printed(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().envs(&self.env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child =
            command.spawn().map_err(|error| self.failed(format!("it could not be started: {error}")))?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(MOST + 1));
        if let Some(out) = child.stdout.take() {
            let read = out.take(MOST as u64 + 1).read_to_end(&mut bytes).await;
            read.map_err(|error| self.failed(format!("what it printed could not be read: {error}")))?;
        }
        if bytes.len() > MOST {
            return Err(self.failed(format!("it printed more than {MOST} bytes")));
        }
        let status = child.wait().await.map_err(|error| self.failed(error.to_string()))?;
        if !status.success() {
            return Err(self.failed(format!("it ended with {status}")));
        }
        Ok(bytes)
    }

    fn failed(&self, why: String) -> VaultError {
        VaultError::Command { program: self.program.clone(), why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> KeyCommand {
        KeyCommand::new("/bin/sh".into(), vec!["-c".to_owned(), script.to_owned()], BTreeMap::new())
    }

    #[tokio::test]
    async fn what_a_program_prints_is_the_key() {
        let key = shell("printf '%064d\\n' 7").key().await.unwrap();
        assert_eq!(key.bytes()[31], 7);
        let mut asked = shell("printf %s \"$GIVEN\"");
        asked.env.insert("GIVEN".into(), "ab".repeat(32).into());
        assert_eq!(asked.key().await.unwrap().bytes(), &[0xab; 32]);
    }

    #[tokio::test]
    async fn a_program_that_does_not_give_a_key_is_told_without_what_it_printed() {
        for (script, why) in [
            ("printf hunter2", "neither 32 bytes"),
            ("printf hunter2 >&2; exit 3", "exit status: 3"),
            ("while :; do printf hunter2hunter2; done", "more than 4096 bytes"),
        ] {
            let error = shell(script).key().await.unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hunter2"), "{error}");
        }
        let gone = KeyCommand::new("/nonexistent/kms".into(), Vec::new(), BTreeMap::new());
        assert!(gone.key().await.unwrap_err().to_string().contains("/nonexistent/kms"));
        let slow =
            shell("exec sleep 60").key_within(Duration::from_millis(20)).await.unwrap_err().to_string();
        assert!(slow.contains("took longer"), "{slow}");
    }

    #[tokio::test]
    async fn arguments_reach_the_program_as_they_are() {
        let key = "ab".repeat(32);
        let args = vec!["-c".to_owned(), "printf %s \"$1\"".to_owned(), "sh".to_owned(), key.clone()];
        let command = KeyCommand::new("/bin/sh".into(), args, BTreeMap::new());
        assert_eq!(command.key().await.unwrap().bytes(), &[0xab; 32]);
        assert!(!format!("{command:?}").contains(&key));
    }
}
