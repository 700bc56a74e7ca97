//! Finding the owner, or becoming it.

use sigyl_core::domain::Kind;
use sigyl_core::wire::v1::{Failure, Frame, Request, Response};

use crate::problem::Problem;
use crate::settings::Settings;

/// Somebody who answers requests.
pub(crate) enum Link {
    /// Answers from a script, for tests.
    #[cfg(test)]
    Scripted(Vec<Frame>),
}

impl Link {
    /// Finds the owner of the data directory, or becomes it.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Problem> {
        settings.data_dir()?;
        Err(Problem::failed(
            "E0020",
            Kind::Unavailable,
            "the store is not connected yet",
            "use a later build",
        ))
    }

    /// Asks, hands every frame that comes before the end to `on_frame`, and returns the end.
    pub(crate) async fn call(
        &self,
        request: Request,
        on_frame: &mut (dyn FnMut(Frame) + Send),
    ) -> Result<Response, Failure> {
        match (self, request, on_frame) {
            #[cfg(test)]
            (Self::Scripted(frames), _, on_frame) => scripted(frames, on_frame),
            #[cfg(not(test))]
            _ => unreachable!(),
        }
    }
}

#[cfg(test)]
fn scripted(frames: &[Frame], on_frame: &mut (dyn FnMut(Frame) + Send)) -> Result<Response, Failure> {
    for frame in frames {
        match frame.clone() {
            Frame::Done(response) => return Ok(*response),
            Frame::Failed(failure) => return Err(failure),
            other => on_frame(other),
        }
    }
    panic!("the script has no end")
}
