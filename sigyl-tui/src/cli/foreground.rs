//! Serving in this process until somebody asks it to end.

use super::Context;
use crate::link::{Local, Serving};
use crate::problem::Problem;
use crate::signal::Interrupts;

/// This process, as the owner that serves.
pub(super) struct Foreground {
    local: Local,
    serving: Serving,
    interrupts: Interrupts,
}

/// Opens the endpoint and the owner's socket.
pub(super) async fn begin(local: Local, cx: &Context) -> Result<Foreground, Problem> {
    let interrupts = Interrupts::listen()?;
    let serving = local.serve(cx.settings.listen).await?;
    if let Some(notice) = &serving.notice {
        cx.output.note(notice);
    }
    Ok(Foreground { local, serving, interrupts })
}

impl Foreground {
    /// Stays until a signal, `sigyl stop`, or a failure.
    pub(super) async fn until_asked(mut self, cx: &Context) -> Result<(), Problem> {
        cx.output
            .note("Serving until Ctrl-C. From another terminal: sigyl list, sigyl logs NAME -f, sigyl stop.");
        tokio::select! {
            () = self.interrupts.next() => {}
            () = self.local.stopped() => {
                cx.output.note("Stopping.");
                // Whoever asked for it is told before this process is gone.
                return self.serving.ended().await;
            }
            ended = self.serving.ended() => return ended,
        }
        cx.output.note("Stopping.");
        Ok(())
    }

    /// Waits for `ready`, unless a signal or a failure comes first; tells whether it came.
    pub(super) async fn or_interrupted<T>(
        &mut self,
        ready: impl Future<Output = Result<T, Problem>>,
    ) -> Result<Option<T>, Problem> {
        tokio::select! {
            ready = ready => ready.map(Some),
            () = self.interrupts.next() => Ok(None),
            () = self.local.stopped() => Ok(None),
            ended = self.serving.ended() => ended.map(|()| None),
        }
    }
}
