//! Opening and closing the handle.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::app_desk::AppDesk;
use super::front::GatewayFront;
use super::sign_in::SigningIn;
use super::{Config, Inner, Sigyl};
use crate::access::{AuditLog, Door, Uses};
use crate::attest::Signer;
use crate::deploy::local_process::{LocalConfig, LocalProcess};
use crate::deploy::{Target, Targets};
use crate::error::Error;
use crate::event::Bus;
use crate::pipeline::{Emitter, Lanes, Masks, Platform, Rules, Settings, Tracker};
use crate::registry::Shelf;
use crate::source::{Archives, Fetcher, Uploads};
use crate::store::Store;
use crate::store::sled::SledStore;
use crate::vault::{KeySource, Keys, Vault};
use crate::web::Web;

/// The folder of archives that were sent here.
pub(super) const UPLOADS: &str = "uploads";
/// How long a held run waits for a decision.
const HOLD_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long an instance may take to end by itself before it is ended.
const GRACE: Duration = Duration::from_secs(3);

impl Sigyl {
    /// Opens the data directory for this process and settles what a process that is gone left open. It starts no
    /// server: [`Sigyl::serve`] does.
    #[expect(clippy::too_many_lines, reason = "one line for each part of the handle")]
    pub async fn open(config: Config) -> Result<Self, Error> {
        let data_dir = private_folder(&config.data_dir)?;
        let store = open_store(&data_dir).await?;
        let vault = Arc::new(open_vault(&*store, &config, &data_dir).await?);
        let front = Arc::new(GatewayFront::new(&store, config.clock.clone()));
        let target: Arc<dyn Target> = match &config.target {
            Some(target) => target.clone(),
            None => Arc::new(local_target(&config, &data_dir)?),
        };
        let rules = config.rules.clone().map_or_else(Rules::default, Rules::given);
        let (work, trees) = (data_dir.join("work"), data_dir.join("trees"));
        empty_folder(&work)?;
        let uploads = data_dir.join(UPLOADS);
        for (folder, among) in [(&trees, "the trees"), (&uploads, "the uploads")] {
            if let Err(error) = crate::source::sweep(folder) {
                tracing::warn!(%error, among, "what a killed process left is still there");
            }
        }
        let desk = AppDesk::open(&config.github, &*store, &vault).await?;
        let archives: Arc<dyn Archives> = match &config.github.archives {
            Some(named) => named.clone(),
            None => desk.clone(),
        };
        let fetcher = Fetcher::new(config.tool_env.clone(), config.limits, work, config.offline)
            .with_uploads(Uploads::new(uploads))
            .reaching(config.reach.clone())
            .with_github(&config.github.web_url, Some(archives));
        let masks = Masks::default();
        let emitter = Emitter::start(store.clone(), config.clock.clone(), Bus::new(), masks.clone());
        let settings = Settings { trees, policy: config.policy.clone(), hold_for: HOLD_FOR, grace: GRACE };
        let platform = Platform {
            shelf: Arc::new(Shelf::load(store.clone()).await?),
            signer: Signer::new(store.clone(), vault.clone()),
            store,
            targets: Targets::from(target).with(config.targets.clone()),
            front: front.clone(),
            fetcher: Arc::new(fetcher),
            vault,
            rules,
            review: config.review.clone(),
            clock: config.clock.clone(),
            emitter,
            masks,
            lanes: Lanes::default(),
            settings: Arc::new(settings),
        };
        let tracker = Tracker::new(platform.clone());
        tracker.recover().await?;
        let since = config.clock.now();
        let inner = Inner {
            data_dir,
            audit: AuditLog::start(platform.store.clone()),
            downloads: super::download::record(platform.store.clone()),
            door: Door::default(),
            pepper: tokio::sync::OnceCell::new(),
            uses: Uses::default(),
            writing_uses: tokio::sync::Mutex::default(),
            members: tokio::sync::Mutex::default(),
            sealing: tokio::sync::RwLock::default(),
            key_settled: watch::Sender::new(true),
            platform,
            tracker,
            front,
            deciding: tokio::sync::Mutex::default(),
            rights: watch::Sender::new(()),
            following: tokio::sync::Mutex::default(),
            troubles: Mutex::default(),
            saying: tokio::sync::Mutex::default(),
            runs: Mutex::default(),
            health: Mutex::new(BTreeMap::new()),
            unreached: Mutex::default(),
            drift: Mutex::default(),
            github: config.github.clone(),
            desk,
            dns: config.dns.clone(),
            signing_in: SigningIn::new(config.sign_in.clone(), Web::new(config.offline)),
            since,
            public_url: config.public_url.clone(),
            shows: config.shows,
            offline: config.offline,
            reach: config.reach.clone(),
            probe_every: config.probe_every,
            stop: CancellationToken::new(),
        };
        let sigyl = Self { inner: Arc::new(inner) };
        super::observe::follow(&sigyl.inner);
        sigyl.go_on_with_key().await?;
        Ok(sigyl)
    }

    /// Ends everything that this process runs: runs are taken back, servers stop. Records stay as they are.
    pub async fn shutdown(&self) {
        self.inner.stop.cancel();
        let runs: Vec<_> = {
            let mut runs = self.inner.runs.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *runs).into_values().collect()
        };
        for run in &runs {
            run.cancel();
        }
        for mut run in runs {
            run.wait().await;
        }
        for target in self.inner.platform.targets.all() {
            target.stop_all(GRACE).await;
        }
        if let Err(error) = self.write_uses_down().await {
            tracing::warn!(%error, "the last uses of keys were not written down");
        }
        self.tell_refusals().await;
        self.inner.platform.emitter.flush().await;
    }

    /// Returns what becomes ready when somebody asked this process to end.
    pub async fn stopped(&self) {
        self.inner.stop.cancelled().await;
    }
}

pub(super) async fn open_store(data_dir: &Path) -> Result<Arc<dyn Store>, Error> {
    let folder = data_dir.join("store");
    let opened = tokio::task::spawn_blocking(move || SledStore::open(&folder)).await;
    let opened = opened.map_err(|error| crate::store::StoreError::Engine(error.to_string()))?;
    Ok(Arc::new(opened?))
}

/// Opens the vault with the key that was named, or the one in the data directory.
async fn open_vault(store: &dyn Store, config: &Config, data_dir: &Path) -> Result<Vault, Error> {
    Ok(Vault::unlock(&master_keys(config, data_dir), store, config.clock.now()).await?)
}

/// Where the master key comes from: as it was named, or the data directory.
pub(super) fn master_keys(config: &Config, data_dir: &Path) -> Keys {
    let source = config.master_key.clone();
    Keys {
        source: source.unwrap_or_else(|| KeySource::File(data_dir.join("master.key"))),
        previous: config.previous_master_key.clone(),
    }
}

fn local_target(config: &Config, data_dir: &Path) -> Result<LocalProcess, Error> {
    Ok(LocalProcess::new(LocalConfig {
        data_dir: data_dir.to_owned(),
        cache_dir: config.cache_dir.clone(),
        tool_env: config.tool_env.clone(),
        offline: config.offline,
        launcher: config.launcher.clone(),
        clock: config.clock.clone(),
    })?)
}

/// Makes the data directory, readable by its owner alone, and returns its absolute path.
///
/// One that is there already is closed to others if it is empty or holds a store. A folder with another purpose is left
/// as it is, and refused where everybody may write: others could put a key or a socket there.
fn private_folder(path: &Path) -> Result<PathBuf, Error> {
    let failed = |action| move |source| Error::Io { action, path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("make the data directory"))?;
    let about = path.metadata().map_err(failed("look at the data directory"))?;
    let mode = about.mode() & 0o7777;
    let ours = about.uid() == rustix::process::geteuid().as_raw();
    if mode & 0o077 != 0 && ours && is_for_us(path).map_err(failed("list the data directory"))? {
        let closed = std::fs::set_permissions(path, Permissions::from_mode(0o700));
        closed.map_err(failed("close to others the data directory"))?;
    } else if mode & 0o002 != 0 {
        let why = format!("everybody may write there (mode {mode:04o}); name a folder of its own");
        let source = std::io::Error::new(std::io::ErrorKind::PermissionDenied, why);
        return Err(failed("use as data directory")(source));
    }
    path.canonicalize().map_err(failed("look at the data directory"))
}

/// Tells whether a folder is empty, or a data directory.
fn is_for_us(path: &Path) -> std::io::Result<bool> {
    Ok(path.join("store").is_dir() || std::fs::read_dir(path)?.next().is_none())
}

/// Makes a folder for unfinished work, without what an earlier process left in it.
fn empty_folder(path: &Path) -> Result<(), Error> {
    let failed = |action| move |source| Error::Io { action, path: path.to_owned(), source };
    match std::fs::remove_dir_all(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("empty")(error)),
    }
    std::fs::create_dir_all(path).map_err(failed("make"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::source::ToolEnv;
    use crate::store::contract::fixture;

    fn config(data_dir: PathBuf) -> Config {
        let tools = ToolEnv { path: "/nowhere".into(), home: None, vars: BTreeMap::new() };
        let cache = data_dir.with_extension("cache");
        Config::new(data_dir, cache, tools, "/nonexistent/launcher".into())
    }

    fn open_to_all(path: &Path) {
        fs::create_dir(path).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
    }

    #[tokio::test]
    async fn a_list_leaves_nothing_out_however_long_it_is() {
        const MANY: usize = 2_001;
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let store = Arc::new(SledStore::open(&data.join("store")).unwrap());
        let applied = (0..MANY).map(|at| {
            let (name, number) = (format!("server-{at}"), format!("1.0.{at}"));
            store.apply(fixture::publish(if at % 2 == 0 { "clock" } else { &name }, &number, "a"))
        });
        for one in applied {
            one.await.unwrap();
        }
        drop(store);
        let sigyl = Sigyl::open(config(data)).await.unwrap();
        let owner = crate::domain::Caller::local_owner();
        assert_eq!(sigyl.versions(&owner, &fixture::name("clock")).await.unwrap().len(), MANY / 2 + 1);
        let names: std::collections::BTreeSet<_> =
            sigyl.list(&owner).await.unwrap().into_iter().map(|view| view.server.name).collect();
        assert_eq!(names.len(), MANY / 2 + 1);
    }

    #[tokio::test]
    async fn an_empty_folder_is_closed_to_others_and_one_of_everybody_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (empty, shared) = (dir.path().join("empty"), dir.path().join("shared"));
        open_to_all(&empty);
        open_to_all(&shared);
        fs::write(shared.join("file"), "x").unwrap();
        Sigyl::open(config(empty.clone())).await.unwrap();
        assert_eq!(fs::metadata(&empty).unwrap().mode() & 0o777, 0o700);
        let error = Sigyl::open(config(shared.clone())).await.unwrap_err().failure();
        assert!(error.message.contains("mode 0777"), "{error:?}");
        assert_eq!(fs::read_dir(&shared).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_tree_that_a_killed_process_was_keeping_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let mut gone = std::process::Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        let half = data.join(format!("trees/scratch-{}-0", gone.id()));
        fs::create_dir_all(half.join("files")).unwrap();
        Sigyl::open(config(data)).await.unwrap();
        assert!(!half.exists());
    }
}
