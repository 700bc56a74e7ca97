//! What every verb works with.

use sigyl_core::wire::v1::{Frame, Request};

use crate::link::{Answer, Link};
use crate::output::Output;
use crate::problem::Problem;
use crate::progress::Track;
use crate::settings::Settings;

/// Settings and streams of this command.
pub(crate) struct Context {
    /// What the operator set.
    pub(crate) settings: Settings,
    /// Where results and messages go.
    pub(crate) output: Output,
}

impl Context {
    /// Asks for something that takes no time worth showing.
    pub(crate) async fn ask<T: Answer>(&self, request: Request) -> Result<T, Problem> {
        let link = Link::open(&self.settings).await?;
        T::take(link.call(request, &mut |_: Frame| {}).await?)
    }

    /// Asks for something that runs, and shows how it goes.
    pub(crate) async fn follow<T: Answer>(&self, link: &Link, request: Request) -> Result<T, Problem> {
        let mut track = Track::new(self.output.err_look);
        let response = link.call(request, &mut |frame: Frame| track.take(&frame)).await;
        track.finish();
        T::take(response?)
    }
}
