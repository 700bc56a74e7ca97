//! Runs servers somewhere else: a target of your own. This one hands the work to the local target and keeps a diary;
//! yours would call your scheduler.
//!
//!     cargo run -p sigyl-examples --example custom_target -- examples/servers/clock
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sigyl_core::deploy::local_process::{LocalConfig, LocalProcess};
use sigyl_core::deploy::{
    BuildSpec, Built, Notice, Pending, ReleaseSpec, Released, Status, Target, TargetError,
};
use sigyl_core::domain::{Admission, Caller, Confinement, RevisionId, Seq, ServerName};
use sigyl_core::source::Progress;
use sigyl_core::wire::v1::Deploy;
use sigyl_core::{Config, Sigyl, launcher};
use sigyl_examples::{Surroundings, source_or};
use tokio::sync::broadcast;

/// A target that says what it is asked for.
#[derive(Debug)]
struct Diary(LocalProcess);

#[async_trait]
impl Target for Diary {
    async fn build(
        &self,
        admission: &Admission,
        spec: BuildSpec<'_>,
        progress: &dyn Progress,
    ) -> Result<Built, TargetError> {
        println!("build {} {}, admitted by report {}", spec.server, spec.version, admission.report());
        self.0.build(admission, spec, progress).await
    }

    async fn release(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError> {
        println!("release {} {} as {}", spec.server, spec.version, spec.revision);
        self.0.release(admission, spec).await
    }

    async fn restore(&self, admission: &Admission, spec: ReleaseSpec) -> Result<Released, TargetError> {
        println!("restore {} {}", spec.server, spec.version);
        self.0.restore(admission, spec).await
    }

    async fn status(
        &self,
        server: &ServerName,
        revision: &RevisionId,
    ) -> Result<Option<Status>, TargetError> {
        self.0.status(server, revision).await
    }

    async fn logs(&self, server: &ServerName, lines: usize) -> Result<Pending, TargetError> {
        self.0.logs(server, lines).await
    }

    async fn retire(
        &self,
        server: &ServerName,
        revision: &RevisionId,
        grace: Duration,
    ) -> Result<(), TargetError> {
        println!("retire {server} {revision}");
        self.0.retire(server, revision, grace).await
    }

    async fn stop_all(&self, grace: Duration) {
        println!("stop all");
        self.0.stop_all(grace).await;
    }

    async fn purge(&self, server: &ServerName) -> Result<Vec<String>, TargetError> {
        self.0.purge(server).await
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.0.notices()
    }

    fn confinement(&self) -> Confinement {
        self.0.confinement()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    launcher::run_if_asked();
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let surroundings = Surroundings::new()?;
    let target = Diary(LocalProcess::new(local(&surroundings.config))?);
    let mut config = surroundings.config.clone();
    config.target = Some(Arc::new(target));

    let sigyl = Sigyl::open(config).await?;
    let caller = Caller::local_owner();
    let run = sigyl.deploy(&caller, Deploy::of(source_or("servers/clock")?)).await?;
    let (frames, _) = tokio::sync::mpsc::channel(1);
    let end = sigyl.watch(&caller, &run, Seq::default(), &frames).await?;
    println!("the run is {:?}", end.run.state);
    sigyl.shutdown().await;
    end.run.failure.map_or(Ok(()), |failure| Err(failure.message.into()))
}

fn local(config: &Config) -> LocalConfig {
    LocalConfig {
        data_dir: config.data_dir.clone(),
        cache_dir: config.cache_dir.clone(),
        tool_env: config.tool_env.clone(),
        offline: config.offline,
        launcher: config.launcher.clone(),
        clock: config.clock.clone(),
    }
}
