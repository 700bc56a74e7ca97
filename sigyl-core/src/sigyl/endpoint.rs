//! Serving: the endpoint's port, the servers that should run, and the owner's socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::io::DuplexStream;
use tokio::net::TcpListener;

use super::front::Base;
use super::{Sigyl, poll, restore, schedule};
use crate::domain::{Action, Caller, ServerName, TraceParent};
use crate::error::Error;
use crate::gateway::By;
use crate::registry::Endpoint;

/// The port of the endpoint, when nothing else is named.
pub const DEFAULT_PORT: u16 = 8640;
/// Bytes on their way between a server before the endpoint and the endpoint.
const STREAM_BYTES: usize = 64 << 10;

impl Sigyl {
    /// Takes the endpoint's address: the one that is named; else the one used before, the default, or any that is
    /// free. Returns what the operator should know when it is not the usual one.
    pub async fn listen(&self, named: Option<SocketAddr>) -> Result<(TcpListener, Option<String>), Error> {
        let address = named.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, DEFAULT_PORT).into());
        let failed = |source| Error::Listen { address, source };
        if let Some(address) = named {
            return Ok((TcpListener::bind(address).await.map_err(failed)?, None));
        }
        let file = self.inner.data_dir.join("endpoint.port");
        let kept = kept_port(&file)?;
        let usual = kept.unwrap_or(DEFAULT_PORT);
        for port in [usual, DEFAULT_PORT, 0] {
            let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await else { continue };
            let taken = listener.local_addr().map_err(failed)?.port();
            if kept != Some(taken) {
                keep_port(&file, taken)?;
            }
            let notice =
                (taken != usual).then(|| format!("port {usual} is taken: using {taken} from now on"));
            return Ok((listener, notice));
        }
        Err(failed(std::io::ErrorKind::AddrInUse.into()))
    }

    /// Answers clients on `listener` and other processes on the owner's socket until [`Sigyl::stopped`], and starts
    /// every server that should run. Nobody waits for a server but its own clients.
    ///
    /// The address is known from the call on: the system takes connections already, and they wait.
    pub fn serve(&self, listener: TcpListener) -> impl Future<Output = Result<(), Error>> + use<> {
        let sigyl = self.clone();
        let address = listener.local_addr();
        let address =
            address.map_err(|source| Error::Io { action: "listen", path: "endpoint".into(), source });
        if let Ok(address) = &address {
            let endpoint = Endpoint { base: format!("http://{address}"), keyed: false };
            sigyl.inner.front.reached_at(Some(Base { endpoint, guarded: false }));
        }
        async move {
            address?;
            let stop = sigyl.inner.stop.clone();
            let serving = sigyl.inner.front.gateway().clone().serve(listener, stop.cancelled_owned());
            let served = sigyl.own(serving).await?;
            served.map_err(|error| Error::Protocol(error.to_string()))
        }
    }

    /// Does all that [`Sigyl::serve`] does but listen, until [`Sigyl::stopped`]: clients come by a server that stands
    /// before `endpoint`, and hands them over by [`Sigyl::endpoint`].
    pub fn serve_behind(&self, endpoint: Endpoint) -> impl Future<Output = Result<(), Error>> + use<> {
        let sigyl = self.clone();
        sigyl.inner.front.reached_at(Some(Base { endpoint, guarded: true }));
        async move {
            let stop = sigyl.inner.stop.clone();
            sigyl.own(sigyl.inner.front.gateway().clone().attend(stop.cancelled_owned())).await
        }
    }

    /// Opens a stream of HTTP to the endpoint, inside this process, for calls of one server. The endpoint asks for no
    /// key; it refuses hosts and origins that are not this machine, as it does on loopback. `trace` is the request that
    /// the calls come by, where that is traced.
    pub async fn endpoint(
        &self,
        caller: &Caller,
        name: &ServerName,
        trace: Option<TraceParent>,
    ) -> Result<DuplexStream, Error> {
        self.known(caller, Action::Call, name).await?;
        let (near, far) = tokio::io::duplex(STREAM_BYTES);
        let gateway = self.inner.front.gateway().clone();
        let by = By { trace, ..caller.name().into() };
        tokio::spawn(async move { gateway.answer(far, Some(by)).await });
        Ok(near)
    }

    /// Does what the owner of the data directory does while `serving` goes on.
    async fn own<T>(&self, serving: impl Future<Output = T>) -> Result<T, Error> {
        let control = crate::control::listen(self.clone(), &self.inner.data_dir)?;
        let restored = restore::begin(self).await?;
        let probes = tokio::spawn(schedule::probe_forever(self.clone()));
        let polls = tokio::spawn(poll::poll_forever(self.clone()));
        let notices = tokio::spawn(schedule::tell_notices(self.clone()));
        let served = serving.await;
        self.inner.front.reached_at(None);
        drop(restored);
        probes.abort();
        polls.abort();
        notices.abort();
        control.end().await;
        Ok(served)
    }

    /// Asks this process to end.
    pub fn stop(&self, caller: &Caller) -> Result<(), Error> {
        caller.require(Action::Operate)?;
        self.inner.stop.cancel();
        Ok(())
    }
}

fn kept_port(file: &Path) -> Result<Option<u16>, Error> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io { action: "read", path: file.to_owned(), source }),
    }
}

fn keep_port(file: &Path, port: u16) -> Result<(), Error> {
    let partial = file.with_extension("partial");
    // Whole or not at all: half a number would be another port.
    let written =
        std::fs::write(&partial, format!("{port}\n")).and_then(|()| std::fs::rename(&partial, file));
    written.map_err(|source| Error::Io { action: "write", path: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::sigyl::Config;
    use crate::source::ToolEnv;

    fn config(dir: &Path) -> Config {
        let tools = ToolEnv { path: "/nowhere".into(), home: None, vars: BTreeMap::new() };
        Config::new(dir.join("data"), dir.join("cache"), tools, "/nowhere".into())
    }

    #[tokio::test]
    async fn the_address_is_known_before_anybody_is_answered() {
        let dir = tempfile::tempdir().unwrap();
        let sigyl = Sigyl::open(config(dir.path())).await.unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let owner = || sigyl.owner(&Caller::local_owner()).unwrap();
        assert_eq!(owner().endpoint, None);
        let serving = sigyl.serve(listener);
        assert_eq!(owner().endpoint, Some(address));
        drop(serving);
    }

    #[tokio::test]
    async fn another_port_than_the_one_before_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let sigyl = Sigyl::open(config(dir.path())).await.unwrap();
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let before = other.local_addr().unwrap().port();
        keep_port(&data.join("endpoint.port"), before).unwrap();
        let (listener, notice) = sigyl.listen(None).await.unwrap();
        let now = listener.local_addr().unwrap().port();
        assert_eq!(notice, Some(format!("port {before} is taken: using {now} from now on")));
        drop(other);
        drop(listener);
        let (_, notice) = sigyl.listen(None).await.unwrap();
        assert_eq!((notice, kept_port(&data.join("endpoint.port")).unwrap()), (None, Some(now)));
    }
}
