//! The way into a new installation: an administrator's key in a file that only its owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::Sigyl;
use crate::access::KeyTerms;
use crate::domain::{Action, AuditOutcome, Caller, Label, Scope, SecretValue};
use crate::error::Error;
use crate::store::Change;

/// What the first key is called.
const LABEL: &str = "first administrator key";

impl Sigyl {
    /// Makes sure that somebody can get in: where no account has a key yet, makes one for the first account and writes it
    /// to `admin.key` in the data directory, as the key and a line break, readable by its owner alone. Returns the file,
    /// when it wrote one.
    ///
    /// The file is there before the key is on record. A crash in between leaves a file that is worth nothing, and the
    /// next start writes another.
    pub async fn ensure_admin_key(&self, caller: &Caller) -> Result<Option<PathBuf>, Error> {
        caller.require(Action::Administer)?;
        if self.has_keys().await? {
            return Ok(None);
        }
        let owner = self.first_account().await?;
        let _one_at_a_time = self.inner.members.lock().await;
        let terms = KeyTerms {
            account: owner.id.clone(),
            workspace: None,
            label: Label::parse(LABEL)
                .map_err(|error| crate::access::AccessError::Terms(error.to_string()))?,
            scopes: vec![Scope::EVERYTHING],
            networks: Vec::new(),
            expires: None,
            parent: None,
            sign_in: false,
            view: None,
        };
        let made = crate::access::mint(self.pepper().await?, terms, self.inner.platform.clock.now())?;
        let file = self.admin_key_file();
        let failed = |source| Error::Io { action: "write", path: file.clone(), source };
        write(&file, &made.plain).map_err(failed)?;
        let id = made.key.id.to_string();
        self.inner.platform.store.apply(Change::PutKey(Box::new(made.key))).await?;
        let note = Some(LABEL.to_owned());
        self.append(caller, "create_key", id, None, AuditOutcome::Done, note).await?;
        Ok(Some(file))
    }

    /// Tells where the first key was written, while it is good still: it should be replaced by one of a person, and
    /// revoked.
    pub async fn standing_admin_key(&self) -> Result<Option<PathBuf>, Error> {
        let now = self.inner.platform.clock.now();
        for account in self.accounts(&Caller::local_owner()).await?.iter().filter(|it| it.administrator) {
            let keys = self.inner.platform.store.keys_of(&account.id).await?;
            if keys.iter().any(|key| key.label.as_str() == LABEL && key.refusal(now, None).is_none()) {
                return Ok(Some(self.admin_key_file()));
            }
        }
        Ok(None)
    }

    async fn has_keys(&self) -> Result<bool, Error> {
        for account in self.accounts(&Caller::local_owner()).await? {
            if !self.inner.platform.store.keys_of(&account.id).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn admin_key_file(&self) -> PathBuf {
        self.inner.data_dir.join("admin.key")
    }
}

/// Writes the key so that it is there whole or not at all, whatever was there before.
fn write(path: &Path, key: &SecretValue) -> io::Result<()> {
    let partial = path.with_extension("key.partial");
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    // Only a file that is made here, so that nobody has it open already.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    file.write_all(key.reveal().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
