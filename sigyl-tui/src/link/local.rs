//! The handle in this process.

use std::time::Duration;

use sigyl_core::Sigyl;
use sigyl_core::control::handle;
use sigyl_core::domain::Caller;
use sigyl_core::wire::v1::{Failure, Frame, Request, Response};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::problem::Problem;
use crate::settings::{Listen, Settings};

/// Frames that may wait to be shown.
const BACKLOG: usize = 256;
/// How long everything may take to end.
const ENDING: Duration = Duration::from_secs(5);

/// The owner of the data directory: this process.
#[derive(Clone)]
pub(crate) struct Local {
    sigyl: Sigyl,
}

impl Local {
    /// Opens the store. It starts no server.
    pub(super) async fn open(settings: &Settings) -> Result<Self, Problem> {
        let sigyl = Sigyl::open(settings.config()?).await.map_err(|error| error.failure())?;
        Ok(Self { sigyl })
    }

    pub(super) async fn call(
        &self,
        request: Request,
        on_frame: &mut (dyn FnMut(Frame) + Send),
    ) -> Result<Response, Failure> {
        let (frames, mut told) = mpsc::channel(BACKLOG);
        let caller = Caller::local_owner();
        let mut work = std::pin::pin!(handle(&self.sigyl, &caller, request, &frames));
        let answer = loop {
            tokio::select! {
                biased;
                Some(frame) = told.recv() => on_frame(frame),
                answer = &mut work => break answer,
            }
        };
        while let Ok(frame) = told.try_recv() {
            on_frame(frame);
        }
        answer
    }

    /// Opens the endpoint and the owner's socket, and starts every server that should run.
    pub(crate) async fn serve(&self, listen: Listen) -> Result<Serving, Problem> {
        let named = listen.named.then_some(listen.address);
        let (listener, notice) = self.sigyl.listen(named).await.map_err(|error| error.failure())?;
        let serving = self.sigyl.serve(listener);
        let task = tokio::spawn(async move { serving.await.map_err(|error| error.failure()) });
        Ok(Serving { task, notice })
    }

    /// Waits until another process asks this one to end.
    pub(crate) async fn stopped(&self) {
        self.sigyl.stopped().await;
    }

    pub(super) async fn close(self) {
        if tokio::time::timeout(ENDING, self.sigyl.shutdown()).await.is_err() {
            // Whatever still runs ends with this process: its launcher sees to that.
            tracing::warn!("not everything ended within {} s", ENDING.as_secs());
        }
    }
}

/// The endpoint and the socket, at work.
pub(crate) struct Serving {
    task: JoinHandle<Result<(), Failure>>,
    /// What the operator should know, such as that another port was taken.
    pub(crate) notice: Option<String>,
}

impl Serving {
    /// Waits for it to end, which it does only when it fails or was asked to.
    pub(crate) async fn ended(&mut self) -> Result<(), Problem> {
        match (&mut self.task).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => Err(failure.into()),
            Err(error) => Err(Problem::failed(
                "E0999",
                sigyl_core::domain::Kind::Internal,
                format!("serving ended: {error}"),
                "start it again, and report this",
            )),
        }
    }
}
