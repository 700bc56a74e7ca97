//! The feed: one stream of what happens to all that a caller may see, numbered and kept.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::lost::LOOK;
use super::place::may_on_run;
use super::{Frames, Sigyl};
use crate::domain::{Action, Caller, Kind, RunId, Seq, ServerName};
use crate::error::Error;
use crate::event::{Event, EventKind, Heard, UnknownKind};
use crate::store::Page;
use crate::wire::v1::Frame;

/// Events that are read at a time.
const PAGE: usize = 500;
/// Names that a stream remembers to be shown.
const REMEMBERED: usize = 10_000;

/// Which events of the feed are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    after: Option<Seq>,
    server: Option<ServerName>,
    kinds: Vec<String>,
    /// Whether it ends with what is on record.
    ends: bool,
}

impl Wanted {
    /// Every change: all kinds but what a run tells while it works, of every server, from now on.
    pub fn changes() -> Self {
        Self::default()
    }

    /// The same from the event after this one on.
    pub fn after(self, after: Option<Seq>) -> Self {
        Self { after, ..self }
    }

    /// The same of one server.
    pub fn of_server(self, server: Option<ServerName>) -> Self {
        Self { server, ..self }
    }

    /// Only these kinds; with none named, every change.
    pub fn of_kinds(self, kinds: &[&str]) -> Result<Self, UnknownKind> {
        kinds.iter().try_for_each(|kind| EventKind::check_name(kind))?;
        Ok(Self { kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(), ..self })
    }

    /// Whether it goes on with what comes, or ends with what is on record.
    pub fn following(self, follow: bool) -> Self {
        Self { ends: !follow, ..self }
    }

    fn takes(&self, event: &Event) -> bool {
        let is_kind = match self.kinds.is_empty() {
            true => !event.kind.is_detail(),
            false => self.kinds.iter().any(|kind| kind == event.kind.name()),
        };
        is_kind && (self.server.is_none() || self.server == event.server)
    }
}

impl Sigyl {
    /// Tells of every change that the caller may see, until this process stops, the reader leaves, or the caller may no
    /// more. The first frame says where the feed stands, so that whoever loses it before anything happened can go on
    /// from there. What cannot be told is told as a gap.
    pub async fn feed(&self, caller: &Caller, wanted: Wanted, frames: &Frames) -> Result<(), Error> {
        caller.require(Action::Read)?;
        if let Some(name) = &wanted.server {
            self.known(caller, Action::Read, name).await?;
        }
        let mut feed = Feed {
            sigyl: self,
            heard: self.inner.platform.emitter.bus().subscribe(),
            rights: self.inner.rights.subscribe(),
            wanted,
            caller: caller.clone(),
            looked: Instant::now(),
            seen: Seen::default(),
            last: Seq(0),
            frames,
        };
        let head = self.inner.platform.store.last_seq().await?;
        let began = feed.begin(head).await?;
        if began.is_none() || feed.wanted.ends {
            return Ok(());
        }
        while feed.go_on().await?.is_some() {}
        Ok(())
    }
}

/// What a stream has found to be shown to its caller.
#[derive(Debug, Default)]
struct Seen {
    servers: BTreeSet<ServerName>,
    runs: BTreeSet<RunId>,
}

/// A feed that is open.
struct Feed<'a> {
    sigyl: &'a Sigyl,
    heard: crate::event::Subscription,
    rights: tokio::sync::watch::Receiver<()>,
    wanted: Wanted,
    caller: Caller,
    /// When the caller's rights were looked at.
    looked: Instant,
    seen: Seen,
    last: Seq,
    frames: &'a Frames,
}

/// Somebody still reads; nothing when the stream is over.
type Open = Option<()>;

impl Feed<'_> {
    async fn begin(&mut self, head: Seq) -> Result<Open, Error> {
        match self.wanted.after {
            None => self.last = head,
            Some(after) if after > head => {
                self.last = head;
                let why = format!("event {after} is not on record, and the last number is {head}");
                if self.tell(Frame::Gap { seq: head, why }).await.is_none() {
                    return Ok(None);
                }
            }
            Some(after) => self.last = after,
        }
        if self.tell(Frame::Mark { seq: self.last }).await.is_none() {
            return Ok(None);
        }
        self.catch_up().await
    }

    /// Waits for what comes, and tells it.
    async fn go_on(&mut self) -> Result<Open, Error> {
        let news = tokio::select! {
            () = self.sigyl.inner.stop.cancelled() => return Ok(None),
            () = self.frames.closed() => return Ok(None),
            () = self.sigyl.wait_for_rights(&mut self.rights) => {
                self.look_again().await?;
                return Ok(Some(()));
            }
            news = self.heard.next() => news,
        };
        match news {
            Heard::Closed => Ok(None),
            Heard::Missed(_) => self.catch_up().await,
            Heard::Event(event) if event.seq == Seq(0) => {
                let why = "an event could not be kept, and is not told".to_owned();
                Ok(self.tell(Frame::Gap { seq: self.last, why }).await)
            }
            Heard::Event(event) if event.seq > self.last => self.pass_on(*event).await,
            Heard::Event(_) => Ok(Some(())),
        }
    }

    /// Tells what is on record after the last event.
    async fn catch_up(&mut self) -> Result<Open, Error> {
        loop {
            let page = Page { after: Some(self.last), limit: PAGE };
            let events = self.sigyl.inner.platform.store.events(None, page).await?;
            let whole = events.len() == PAGE;
            for event in events {
                if self.pass_on(event).await?.is_none() {
                    return Ok(None);
                }
            }
            if !whole {
                return Ok(Some(()));
            }
        }
    }

    async fn pass_on(&mut self, event: Event) -> Result<Open, Error> {
        // Much may have to be told before the stream waits again, and its reader may be slow.
        if self.rights.has_changed().unwrap_or(true) || self.looked.elapsed() >= LOOK {
            self.look_again().await?;
        }
        self.last = event.seq;
        if self.wanted.takes(&event) && self.shows(&event).await? {
            return Ok(self.tell(Frame::Event(Box::new(event))).await);
        }
        Ok(Some(()))
    }

    async fn tell(&self, frame: Frame) -> Open {
        self.frames.send(frame).await.ok()
    }

    async fn look_again(&mut self) -> Result<(), Error> {
        self.rights.mark_unchanged();
        self.looked = Instant::now();
        self.caller = self.sigyl.as_of_now(&self.caller).await?;
        self.caller.require(Action::Read)?;
        if let Some(name) = &self.wanted.server {
            self.sigyl.known(&self.caller, Action::Read, name).await?;
        }
        self.seen = Seen::default();
        Ok(())
    }

    /// Tells whether the caller may see what an event is about. Only what is shown is remembered: what is not may come to
    /// be.
    async fn shows(&mut self, event: &Event) -> Result<bool, Error> {
        if self.caller.key().is_none() {
            return Ok(true);
        }
        if self.seen.servers.len() + self.seen.runs.len() > REMEMBERED {
            self.seen = Seen::default();
        }
        match (&event.run, &event.server) {
            (Some(run), _) if self.seen.runs.contains(run) => Ok(true),
            (Some(run), _) => {
                let record = self.sigyl.inner.platform.store.run(run).await?;
                let shown = record.is_some_and(|run| may_on_run(&self.caller, Action::Read, &run));
                if shown {
                    self.seen.runs.insert(run.clone());
                }
                Ok(shown)
            }
            (None, Some(server)) if self.seen.servers.contains(server) => Ok(true),
            (None, Some(server)) => {
                let shown = match self.sigyl.known(&self.caller, Action::Read, server).await {
                    Ok(_) => true,
                    Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Denied) => false,
                    Err(error) => return Err(error),
                };
                if shown {
                    self.seen.servers.insert(server.clone());
                }
                Ok(shown)
            }
            (None, None) => Ok(false),
        }
    }
}
