//! Archives that somebody sent here to be released, kept for a while: each for whoever sent it, and for nobody else.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use super::scratch::Scratch;
use crate::domain::{Digest, Kind, Timestamp, UploadId};

/// What is kept of an upload's name besides its id.
const END: &str = ".tar.gz";

/// An upload cannot be taken, or is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// It is larger than may be.
    #[error("the archive is larger than {} bytes", Uploads::MOST)]
    TooLarge,
    /// As many are kept as may be.
    #[error("{0} are kept already: release them, or wait until they are an hour old")]
    TooMany(String),
    /// What came is not what was sent.
    #[error("the archive that came has the digest {came}, and {said} was said")]
    Altered {
        /// What came.
        came: Digest,
        /// What was said.
        said: Digest,
    },
    /// It is no archive.
    #[error("what came is no .tar.gz archive")]
    NoArchive,
    /// It is not there, for this caller at least.
    #[error("upload:{0} is not there: uploads are kept for an hour, for whoever sent them")]
    Gone(UploadId),
    /// The disk failed.
    #[error("could not {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

impl UploadError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::TooLarge | Self::Altered { .. } | Self::NoArchive => Kind::Invalid,
            Self::TooMany(_) => Kind::Conflict,
            Self::Gone(_) => Kind::NotFound,
            Self::Io { .. } => Kind::Unavailable,
        }
    }

    fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// The folder that uploads are kept in.
#[derive(Clone, Debug)]
pub struct Uploads {
    folder: PathBuf,
}

impl Uploads {
    /// Bytes of one archive.
    pub const MOST: u64 = 64 << 20;
    /// How long one is kept.
    pub const KEPT: Duration = Duration::from_secs(3600);
    /// How many are kept of one sender.
    const EACH: usize = 16;
    /// How many are kept or on their way in all: no more than 4 GiB together.
    const ALL: usize = 64;

    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Begins to take an archive of `owner`; what is older than may be is removed first.
    pub(crate) async fn begin(&self, owner: &str, now: Timestamp) -> Result<Upload, UploadError> {
        let (this, owner) = (self.clone(), UploadId::owner_of(owner));
        let folder = self.folder.clone();
        let begun = tokio::task::spawn_blocking(move || this.make_room(owner, now));
        begun
            .await
            .map_err(|error| UploadError::io("finish work on", &folder)(std::io::Error::other(error)))?
    }

    fn make_room(&self, owner: String, now: Timestamp) -> Result<Upload, UploadError> {
        std::fs::create_dir_all(&self.folder).map_err(UploadError::io("make", &self.folder))?;
        let (mut all, mut own) = (0, 0);
        for item in std::fs::read_dir(&self.folder).map_err(UploadError::io("read", &self.folder))? {
            let item = item.map_err(UploadError::io("read", &self.folder))?;
            let Ok(about) = item.metadata() else { continue };
            let is_old = about.modified().is_ok_and(|then| age(then, now) > Self::KEPT);
            if is_old && about.is_file() {
                std::fs::remove_file(item.path()).map_err(UploadError::io("remove", &item.path()))?;
                continue;
            }
            all += 1;
            own += usize::from(item.file_name().to_string_lossy().contains(&owner));
        }
        if own >= Self::EACH {
            return Err(UploadError::TooMany(format!("{own} of your uploads")));
        }
        if all >= Self::ALL {
            return Err(UploadError::TooMany(format!("{all} uploads")));
        }
        let scratch = Scratch::new(&self.folder).map_err(|error| {
            UploadError::io("make a folder in", &self.folder)(std::io::Error::other(error))
        })?;
        let path = scratch.path().join("archive");
        let file = std::fs::File::create_new(&path).map_err(UploadError::io("make", &path))?;
        Ok(Upload {
            uploads: self.clone(),
            owner,
            file: tokio::fs::File::from_std(file),
            hash: Sha256::new(),
            start: Vec::new(),
            size: 0,
            scratch,
        })
    }

    /// Returns where an upload is.
    pub(crate) fn path(&self, id: &UploadId) -> PathBuf {
        self.folder.join(format!("{id}{END}"))
    }

    /// Makes sure that an upload is there, and of `owner`.
    pub(crate) fn require(&self, id: &UploadId, owner: &str) -> Result<(), UploadError> {
        if id.is_of(owner) && self.path(id).is_file() { Ok(()) } else { Err(UploadError::Gone(id.clone())) }
    }
}

/// How old something is; what is newer than now is not old.
fn age(then: SystemTime, now: Timestamp) -> Duration {
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0));
    now.duration_since(then).unwrap_or_default()
}

/// An archive on its way; what came goes away with it, unless it is finished.
#[derive(Debug)]
pub struct Upload {
    uploads: Uploads,
    owner: String,
    file: tokio::fs::File,
    hash: Sha256,
    /// The first bytes.
    start: Vec<u8>,
    size: u64,
    scratch: Scratch,
}

impl Upload {
    /// Takes what came next.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        self.size += bytes.len() as u64;
        if self.size > Uploads::MOST {
            return Err(UploadError::TooLarge);
        }
        if self.start.len() < 2 {
            self.start.extend(bytes.iter().take(2));
        }
        self.hash.update(bytes);
        let path = self.scratch.path();
        self.file.write_all(bytes).await.map_err(UploadError::io("write in", path))
    }

    /// Keeps it, when all came that was said.
    pub(crate) async fn finish(
        mut self,
        said: Option<Digest>,
        now: Timestamp,
    ) -> Result<(UploadId, u64), UploadError> {
        let came = Digest::from_bytes(self.hash.finalize().into());
        if let Some(said) = said.filter(|said| *said != came) {
            return Err(UploadError::Altered { came, said });
        }
        if !self.start.starts_with(&[0x1f, 0x8b]) {
            return Err(UploadError::NoArchive);
        }
        let id = UploadId::new(came, &self.owner);
        let (from, to) = (self.scratch.path().join("archive"), self.uploads.path(&id));
        self.file.flush().await.map_err(UploadError::io("write", &from))?;
        let file = self.file.into_std().await;
        let since = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0));
        file.set_modified(since).map_err(UploadError::io("date", &from))?;
        std::fs::rename(&from, &to).map_err(UploadError::io("keep", &to))?;
        Ok((id, self.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZIPPED: &[u8] = &[0x1f, 0x8b, 8, 0];

    async fn sent(
        uploads: &Uploads,
        owner: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<UploadId, UploadError> {
        let mut upload = uploads.begin(owner, now).await?;
        upload.write(bytes).await?;
        upload.finish(None, now).await.map(|(id, _)| id)
    }

    #[tokio::test]
    async fn an_upload_is_kept_an_hour_for_whoever_sent_it() {
        let dir = tempfile::tempdir().unwrap();
        let uploads = Uploads::new(dir.path().join("uploads"));
        let now = Timestamp::from_millis(1_000_000_000);
        let id = sent(&uploads, "ada", ZIPPED, now).await.unwrap();
        uploads.require(&id, "ada").unwrap();
        assert!(matches!(uploads.require(&id, "eve"), Err(UploadError::Gone(_))));
        sent(&uploads, "eve", ZIPPED, now.plus(Uploads::KEPT)).await.unwrap();
        uploads.require(&id, "ada").unwrap();
        sent(&uploads, "eve", ZIPPED, now.plus(Uploads::KEPT + Duration::from_secs(1))).await.unwrap();
        assert!(matches!(uploads.require(&id, "ada"), Err(UploadError::Gone(_))));
    }

    #[tokio::test]
    async fn what_is_not_whole_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let uploads = Uploads::new(dir.path().join("uploads"));
        let now = Timestamp::from_millis(1_000_000_000);
        assert!(matches!(sent(&uploads, "ada", b"PK", now).await, Err(UploadError::NoArchive)));
        assert!(matches!(sent(&uploads, "ada", b"", now).await, Err(UploadError::NoArchive)));
        let mut upload = uploads.begin("ada", now).await.unwrap();
        upload.write(ZIPPED).await.unwrap();
        let other = upload.finish(Some(Digest::of(b"other")), now).await;
        assert!(matches!(other, Err(UploadError::Altered { .. })), "{other:?}");
        let mut upload = uploads.begin("ada", now).await.unwrap();
        upload.size = Uploads::MOST;
        assert!(matches!(upload.write(b"x").await, Err(UploadError::TooLarge)));
        drop(upload);
        assert_eq!(std::fs::read_dir(dir.path().join("uploads")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn nobody_fills_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let uploads = Uploads::new(dir.path().join("uploads"));
        let now = Timestamp::from_millis(1_000_000_000);
        for at in 0..16 {
            sent(&uploads, "ada", &[ZIPPED, &[at]].concat(), now).await.unwrap();
        }
        assert!(matches!(sent(&uploads, "ada", ZIPPED, now).await, Err(UploadError::TooMany(_))));
        sent(&uploads, "eve", ZIPPED, now).await.unwrap();
    }
}
