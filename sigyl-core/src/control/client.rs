//! The other processes' side of the socket.

use std::path::{Path, PathBuf};

use tokio::io::BufReader;
use tokio::net::UnixStream;

use super::frame;
use super::socket::socket_of;
use super::token::Token;
use crate::domain::{Failure, Kind};
use crate::error::Error;
use crate::wire::v1::{Frame, Request, Response};

/// A way to the process that owns a data directory.
#[derive(Clone, Debug)]
pub struct Client {
    path: PathBuf,
    data_dir: PathBuf,
}

impl Client {
    /// Finds the owner of `data_dir`; nothing when nobody answers there.
    pub async fn connect(data_dir: &Path) -> Result<Option<Self>, Error> {
        let path = socket_of(data_dir);
        match reach(&path).await {
            Ok(_) => Ok(Some(Self { path, data_dir: data_dir.to_owned() })),
            Err(error) if nobody_there(&error) => Ok(None),
            Err(source) => Err(unusable("connect to", path, source)),
        }
    }

    /// Asks the owner to do `request`, and hands over what it tells meanwhile.
    pub async fn call(
        &self,
        request: &Request,
        mut on_frame: impl FnMut(Frame),
    ) -> Result<Response, Failure> {
        let stream = reach(&self.path).await.map_err(|error| self.lost(&error))?;
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        let token = Token::read(&self.data_dir).map_err(|error| self.lost(&error))?;
        frame::write(&mut writer, token.text()).await.map_err(|error| self.lost(&error))?;
        frame::write(&mut writer, request).await.map_err(|error| self.lost(&error))?;
        loop {
            match frame::read::<Frame>(&mut reader).await {
                Ok(Some(Frame::Done(response))) => return Ok(*response),
                Ok(Some(Frame::Failed(failure))) => return Err(failure),
                Ok(Some(frame)) => on_frame(frame),
                Ok(None) => return Err(self.lost(&std::io::ErrorKind::UnexpectedEof.into())),
                Err(error) => return Err(self.lost(&error)),
            }
        }
    }

    fn lost(&self, error: &std::io::Error) -> Failure {
        Failure {
            code: "E0705".to_owned(),
            kind: Kind::Unavailable,
            message: format!("the owner at {} did not answer to the end: {error}", self.path.display()),
            hint: Some("`sigyl runs` shows how the run stands".to_owned()),
        }
    }
}

/// Connects to a socket, and makes sure that a process of the same user answers there: whoever puts a socket in the
/// place of the owner's is told what secrets are.
async fn reach(path: &Path) -> std::io::Result<UnixStream> {
    let stream = UnixStream::connect(path).await?;
    trusted(stream.peer_cred()?.uid(), rustix::process::geteuid().as_raw())?;
    Ok(stream)
}

fn trusted(peer: u32, ours: u32) -> std::io::Result<()> {
    if peer == ours {
        return Ok(());
    }
    let why =
        format!("user {peer} answers there, and this is user {ours}: name a data directory of your own");
    Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why))
}

/// Tells a path that is too long apart from all else that can be wrong with a socket.
pub(super) fn unusable(action: &'static str, path: PathBuf, source: std::io::Error) -> Error {
    match source.kind() {
        std::io::ErrorKind::InvalidInput => Error::LongSocket { path },
        _ => Error::Io { action, path, source },
    }
}

fn nobody_there(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_process_of_the_same_user_is_told_anything() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        reach(&path).await.unwrap();
        drop(listener);
        let error = trusted(1001, 1000).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("user 1001"), "{error}");
    }
}
