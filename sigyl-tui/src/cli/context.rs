//! What every verb works with.

use sigyl_core::domain::{Kind, Timestamp};
use sigyl_core::wire::v1::{Frame, Owner, Request, Response};

use crate::exit::Exit;
use crate::link::{self, Answer, Link};
use crate::output::Output;
use crate::problem::Problem;
use crate::progress::Track;
use crate::render::Look;
use crate::settings::{Settings, policy};
use crate::signal::Interrupts;

/// Settings and streams of this command.
pub(crate) struct Context {
    /// What the operator set.
    pub(crate) settings: Settings,
    /// Where results and messages go.
    pub(crate) output: Output,
    link: Option<Link>,
    /// Lines of the run's log that were shown already, and stay.
    pub(super) told: Vec<String>,
}

impl Context {
    /// Starts without a way to the store: not every verb needs one.
    pub(super) fn new(settings: Settings, output: Output) -> Self {
        Self { settings, output, link: None, told: Vec::new() }
    }

    /// Finds the owner of the data directory, or becomes it until the command ends.
    pub(super) async fn link(&mut self) -> Result<Link, Problem> {
        if let Some(link) = &self.link {
            return Ok(link.clone());
        }
        let link = Link::open(&self.settings).await?;
        self.link = Some(link.clone());
        Ok(link)
    }

    /// Answers what needs no store when there is none yet.
    pub(super) fn answer_of_nothing(&self, request: &Request) -> Result<Option<Response>, Problem> {
        match self.link.is_some() || self.settings.server.is_some() {
            true => Ok(None),
            false => link::answer_of_nothing(request, &self.settings),
        }
    }

    /// Ends what this process runs.
    pub(super) async fn close(&mut self) {
        if let Some(link) = self.link.take() {
            link.close().await;
        }
    }

    /// Asks for something that takes no time worth showing.
    pub(super) async fn ask<T: Answer>(&mut self, request: Request) -> Result<T, Problem> {
        if let Some(response) = self.answer_of_nothing(&request)? {
            return T::take(response);
        }
        let link = self.link().await?;
        T::take(link.call(request, &mut |_: Frame| {}).await?)
    }

    /// Asks for something whose only answer is that it was done.
    pub(super) async fn done(&mut self, request: Request) -> Result<(), Problem> {
        self.ask(request).await
    }

    /// Shows a list: as a document, as text, or as one line on standard error when nothing is in it.
    pub(super) fn list<T>(
        &mut self,
        schema: &'static str,
        body: &serde_json::Value,
        items: &[T],
        nothing: &str,
        text: impl FnOnce(&[T], &Look, Timestamp) -> String,
    ) -> Result<Exit, Problem> {
        if self.output.is_json() {
            self.output.document(schema, body)?;
        } else if items.is_empty() {
            self.output.note(nothing);
        } else {
            let text = text(items, &self.output.look, self.output.now());
            self.output.print(&text)?;
        }
        Ok(Exit::Well)
    }

    /// Says that something was done: as a document, or as one line on standard error.
    pub(super) fn say(
        &mut self,
        schema: &'static str,
        body: &serde_json::Value,
        line: &str,
    ) -> Result<Exit, Problem> {
        if self.output.is_json() {
            self.output.document(schema, body)?;
        } else {
            self.output.note(line);
        }
        Ok(Exit::Well)
    }

    /// Asks for something that runs, and shows how it goes. When it is interrupted, by a signal or by `sigyl stop`, a
    /// run of this process is taken back; one of another process goes on.
    pub(super) async fn follow<T: Answer>(&mut self, request: Request) -> Result<T, Problem> {
        if let Some(response) = self.answer_of_nothing(&request)? {
            return T::take(response);
        }
        let link = self.link().await?;
        if matches!(link, Link::Remote(_)) {
            if goes_out(&request) {
                self.require_fitting_owner().await?;
            }
            if goes_out(&request) || matches!(request, Request::Rescan { .. }) {
                self.require_our_policy().await?;
            }
        }
        if matches!(link, Link::Server(_)) {
            self.require_no_say(&request)?;
        }
        let mut interrupts = Interrupts::listen()?;
        let mut track = Track::new(self.output.err_look);
        let mut on_frame = |frame: Frame| track.take(&frame);
        let response: Option<Result<Response, Problem>> = tokio::select! {
            response = link.call(request, &mut on_frame) => Some(response),
            () = interrupts.next() => None,
            () = link.stopped() => None,
        };
        self.told = track.finish();
        match response {
            Some(response) => T::take(response?),
            None => Err(self.interrupted(&link)),
        }
    }

    /// Refuses to hand work to an owner that may go out where this command must not, or that serves elsewhere than it
    /// was told.
    async fn require_fitting_owner(&mut self) -> Result<(), Problem> {
        let Settings { offline, listen, .. } = self.settings;
        if !offline && !listen.named {
            return Ok(());
        }
        let owner: Owner = self.ask(Request::Owner).await?;
        link::require_endpoint(&owner, &listen)?;
        if owner.offline || !offline {
            return Ok(());
        }
        Err(Problem::failed(
            "E0021",
            Kind::Unavailable,
            format!("process {} owns the data directory and was started without --offline", owner.pid),
            "`sigyl stop`, and start it with --offline",
        ))
    }

    /// Refuses to hand what is to be judged to an owner that judges by another policy than the one that was named.
    async fn require_our_policy(&mut self) -> Result<(), Problem> {
        if self.settings.policy.is_none() && self.settings.waivers.is_none() {
            return Ok(());
        }
        let ours = self.settings.policy(&policy::rules()?)?.policy.used(self.output.now());
        let owner: Owner = self.ask(Request::Owner).await?;
        match owner.policy {
            Some(theirs) if (theirs.digest, theirs.waivers) == (ours.digest, ours.waivers) => Ok(()),
            _ => Err(Problem::failed(
                "E0025",
                Kind::Conflict,
                format!(
                    "process {} owns the data directory and judges by another policy or other waivers",
                    owner.pid
                ),
                "leave --policy and --waivers out, or `sigyl stop`, and start it with them",
            )),
        }
    }

    /// Refuses settings that a server does not obey: it goes out, and judges, as whoever runs it decided.
    fn require_no_say(&self, request: &Request) -> Result<(), Problem> {
        let judges = goes_out(request) || matches!(request, Request::Rescan { .. });
        if judges && (self.settings.policy.is_some() || self.settings.waivers.is_some()) {
            let message = "the server judges by its own policy and waivers";
            let hint = "leave --policy and --waivers out; `sigyl policy show` shows the server's";
            return Err(Problem::failed("E0025", Kind::Conflict, message, hint));
        }
        if self.settings.offline && goes_out(request) {
            let message = "--offline does not bind the server, which fetches what it is told to";
            return Err(Problem::failed(
                "E0021",
                Kind::Unavailable,
                message,
                "leave --offline out, or start the server with it",
            ));
        }
        Ok(())
    }

    fn interrupted(&self, link: &Link) -> Problem {
        let (what, hint) = match link {
            Link::Server(_) => ("the run goes on in the server", "`sigyl runs` shows it"),
            Link::Remote(_) => {
                ("the run goes on in the owner of the data directory", "`sigyl runs` shows it")
            }
            _ => {
                self.output.note("Interrupted: taking back what was done.");
                ("the run was taken back", "run it again")
            }
        };
        Problem::failed("E0020", Kind::Unavailable, format!("interrupted: {what}"), hint)
    }
}

/// Tells what may fetch or build.
fn goes_out(request: &Request) -> bool {
    matches!(
        request,
        Request::Deploy(_)
            | Request::Redeploy(_)
            | Request::Rollback { .. }
            | Request::Reconfigure(_)
            | Request::Approve { .. }
    )
}
