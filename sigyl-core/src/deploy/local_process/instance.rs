//! One released instance: what every kind has in common.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use super::confinement::{FILES, PROCESSES, THREADS, Wanted, hold, search_path};
use super::http::Http;
use super::launcher::{Limits, StartSpec, Watch};
use super::log::Logs;
use super::process::{Blueprint, MARKER, Process, is_program, mark_for};
use super::stdio::{Stdio, StdioSpawn};
use super::{folder, target::Home};
use crate::clock::Clock;
use crate::deploy::{Notice, ReleaseSpec, Released, Status, TargetError};
use crate::domain::{Confinement, Launch, Mask, RevisionId, ServerName, Timestamp, Transport};
use crate::mcp::Upstream;

/// How long an HTTP server may take to open its port, unless the manifest says otherwise.
const READY: Duration = Duration::from_secs(30);

/// Who an instance is, and whom it tells.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) server: ServerName,
    pub(super) revision: RevisionId,
    pub(super) notices: broadcast::Sender<Notice>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Identity {
    /// Tells whoever listens; nobody is fine.
    pub(super) fn notice(&self, attempt: u32, note: String) {
        let (server, revision) = (self.server.clone(), self.revision.clone());
        self.notices.send(Notice { server, revision, attempt, note }).ok();
    }
}

/// A released instance.
#[derive(Debug)]
pub(super) enum Instance {
    Stdio(Arc<Stdio>),
    Http(Http),
}

/// Whose instance it is, for calls that ask by server.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) server: ServerName,
    pub(super) instance: Instance,
    /// Keeps the build in the cache while it runs.
    pub(super) _build: Option<std::fs::File>,
}

impl Instance {
    /// Starts an instance.
    pub(super) async fn start(
        home: &Home,
        logs: &Logs,
        who: Identity,
        (spec, launch): (ReleaseSpec, Launch),
    ) -> Result<(Self, Released), TargetError> {
        let port = match &spec.transport {
            Transport::Stdio => None,
            Transport::Http { port: Some(port), .. } => Some(insisted(*port)?),
            Transport::Http { port: None, .. } => Some(free_port()?),
        };
        let (blueprint, confinement) = blueprint(home, logs, (&spec, &launch), port)?;
        let revision = spec.revision.clone();
        match (spec.transport, port) {
            (Transport::Http { path, .. }, Some(port)) => {
                let limit = spec.start_timeout.unwrap_or(READY);
                let (http, open_to_all) = Http::start(blueprint, who, port, limit).await?;
                let mut confinement = confinement;
                if open_to_all {
                    confinement.unenforced.push(format!(
                        "it listens on every network address, not on 127.0.0.1 alone: others can reach port {port} without \
                         Sigyl"
                    ));
                }
                let url = format!("http://127.0.0.1:{port}/{}", path.trim_start_matches('/'));
                Ok((
                    Self::Http(http),
                    Released {
                        revision,
                        confinement,
                        upstream: Upstream::Http { url },
                        at: None,
                        cost: None,
                    },
                ))
            }
            _ => {
                let stdio = Stdio::start(blueprint, who).await?;
                let upstream = Upstream::Stdio(Arc::new(StdioSpawn(stdio.clone())));
                Ok((Self::Stdio(stdio), Released { revision, confinement, upstream, at: None, cost: None }))
            }
        }
    }

    /// Tells how it is.
    pub(super) fn status(&self) -> Status {
        match self {
            Self::Stdio(stdio) => stdio.status(),
            Self::Http(http) => http.status(),
        }
    }

    /// Returns its processes, each with a family of its own, and since when it runs.
    pub(super) fn processes(&self) -> (Vec<Arc<Process>>, Option<Timestamp>) {
        match self {
            Self::Stdio(stdio) => stdio.processes(),
            Self::Http(http) => http.processes(),
        }
    }

    /// Stops it and waits until it is gone.
    pub(super) async fn stop(&self, grace: Duration) {
        match self {
            Self::Stdio(stdio) => stdio.stop(grace).await,
            Self::Http(http) => http.stop(grace).await,
        }
    }
}

/// Puts together what every process of the instance is started with.
fn blueprint(
    home: &Home,
    logs: &Logs,
    (spec, launch): (&ReleaseSpec, &Launch),
    port: Option<u16>,
) -> Result<(Blueprint, Confinement), TargetError> {
    if !is_program(&launch.program) {
        return Err(TargetError::Start(format!(
            "{} is no program (any more): build this version again",
            launch.program.display()
        )));
    }
    let private = home.private(&spec.server);
    let tmp = private.join("tmp");
    for dir in [&private, &tmp] {
        folder::private(dir).map_err(|source| io(format!("make the folder {}", dir.display()), source))?;
    }
    let held = hold(
        home.landlock,
        &Wanted {
            launch,
            granted: &spec.granted,
            resources: &spec.resources,
            private: &private,
            port,
            closed: home.closed(),
        },
    )?;
    let marker = format!("{}/{}/{}", home.id, spec.server, spec.revision);
    let log = logs.writer(&spec.server, Mask::of(&spec.secrets));
    let memory = spec.resources.memory;
    let blueprint = Blueprint {
        launcher: home.launcher.clone(),
        label: format!("{}@{}", spec.server, spec.version),
        watch: Watch { memory, processes: PROCESSES, threads: THREADS },
        spec: StartSpec {
            program: launch.program.clone(),
            args: launch.args.clone(),
            dir: launch.dir.clone(),
            env: environment((spec, launch), &private, &tmp, port, &marker),
            // Between two samples one process may grow; four times the limit and a gigabyte is past any honest use.
            limits: Limits {
                files: FILES,
                data: memory.map(|limit| limit.saturating_mul(4).saturating_add(1 << 30)),
                mark: mark_for(&marker),
            },
            trusted: false,
            sandbox: held.sandbox,
        },
        marker,
        log,
    };
    Ok((blueprint, held.words))
}

/// The whole environment: a minimum, then what manifest and operator gave, then what cannot be otherwise.
fn environment(
    (spec, launch): (&ReleaseSpec, &Launch),
    private: &Path,
    tmp: &Path,
    port: Option<u16>,
    marker: &str,
) -> Vec<(String, String)> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let path: Vec<String> = search_path(&launch.readable).iter().map(|dir| text(dir)).collect();
    let mut vars = BTreeMap::from([
        ("PATH".to_owned(), path.join(":")),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("HOME".to_owned(), text(private)),
        ("TMPDIR".to_owned(), text(tmp)),
    ]);
    for (name, dir) in [
        ("XDG_CACHE_HOME", ".cache"),
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
        ("XDG_RUNTIME_DIR", "tmp"),
    ] {
        vars.insert(name.to_owned(), text(&private.join(dir)));
    }
    // The operator cannot know the private folder beforehand, so a setting may name it.
    let placed = |value: &String| value.replace("${HOME}", &text(private)).replace("${TMPDIR}", &text(tmp));
    vars.extend(spec.env.iter().map(|(name, value)| (name.clone(), placed(value))));
    vars.extend(spec.secrets.iter().map(|(name, value)| (name.to_string(), value.reveal().to_owned())));
    if let Some(port) = port {
        vars.insert("PORT".to_owned(), port.to_string());
        vars.insert("HOST".to_owned(), "127.0.0.1".to_owned());
    }
    vars.insert(MARKER.to_owned(), marker.to_owned());
    vars.into_iter().collect()
}

fn insisted(port: u16) -> Result<u16, TargetError> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(port),
        Err(error) => Err(TargetError::Start(format!(
            "port {port}, on which its manifest insists, is not free ({error}); leave the port out and let it read PORT, or \
             stop what holds it (perhaps its own running version, beside which it cannot start)"
        ))),
    }
}

/// Lets the system choose a port; somebody else may take it before the server does, and then its start fails.
fn free_port() -> Result<u16, TargetError> {
    let port = || TcpListener::bind("127.0.0.1:0")?.local_addr().map(|address| address.port());
    port().map_err(|source| io("find a free port on 127.0.0.1".to_owned(), source))
}

pub(super) fn io(action: String, source: std::io::Error) -> TargetError {
    TargetError::Io { action, source }
}

/// The private folder of a server below `data_dir`.
pub(super) fn private_dir(data_dir: &Path, server: &ServerName) -> PathBuf {
    data_dir.join("private").join(folder::of(server))
}
