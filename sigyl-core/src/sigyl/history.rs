//! What was kept without a run: calls of tools, and what servers did by themselves.

use std::collections::VecDeque;

use super::place::Sight;
use super::{Frames, Sigyl};
use crate::domain::{Action, Caller, Seq, ServerName};
use crate::error::Error;
use crate::event::{Event, Heard};
use crate::store::{CallRecord, Page};
use crate::wire::v1::Frame;

/// Records that are read at a time.
const PAGE: usize = 1_000;

impl Sigyl {
    /// Tells of the last `limit` calls of a server's tools, oldest first; with `follow`, stays and tells of each that
    /// is kept, until this process stops or the reader leaves.
    pub async fn calls(
        &self,
        caller: &Caller,
        name: &ServerName,
        limit: usize,
        follow: bool,
        frames: &Frames,
    ) -> Result<(), Error> {
        self.known(caller, Action::ReadLogs, name).await?;
        let mut kept = self.inner.front.kept.subscribe();
        let newest = self.inner.platform.store.calls(name, Page::first(1)).await?;
        let mut last = newest.first().map(|(seq, _)| *seq);
        let mut found = self.calls_until(name, |_, count| count < limit).await?;
        loop {
            for (seq, call) in found {
                last = last.max(Some(seq));
                if frames.send(Frame::Call(Box::new(call))).await.is_err() {
                    return Ok(());
                }
            }
            if !follow {
                return Ok(());
            }
            tokio::select! {
                () = self.inner.stop.cancelled() => return Ok(()),
                () = frames.closed() => return Ok(()),
                more = kept.changed() => if more.is_err() { return Ok(()) },
            }
            found = self.calls_until(name, |seq, _| Some(seq) > last).await?;
        }
    }

    /// Reads calls from the newest back as long as `wanted` says so of their place and number; oldest first.
    async fn calls_until(
        &self,
        name: &ServerName,
        wanted: impl Fn(Seq, usize) -> bool,
    ) -> Result<VecDeque<(Seq, CallRecord)>, Error> {
        let mut found = VecDeque::new();
        let mut after = None;
        loop {
            let page = self.inner.platform.store.calls(name, Page { after, limit: PAGE }).await?;
            let whole = page.len() == PAGE;
            for (seq, call) in page {
                if !wanted(seq, found.len()) {
                    return Ok(found);
                }
                after = Some(seq);
                found.push_front((seq, call));
            }
            if !whole {
                return Ok(found);
            }
        }
    }

    /// Tells of the last `limit` events that belong to no run (health, restarts, changed tools), of one server or of
    /// all, oldest first; with `follow`, stays and tells of what happens.
    pub async fn events(
        &self,
        caller: &Caller,
        server: Option<&ServerName>,
        limit: usize,
        follow: bool,
        frames: &Frames,
    ) -> Result<(), Error> {
        caller.require(Action::Read)?;
        if let Some(name) = server {
            self.known(caller, Action::Read, name).await?;
        }
        let mut sight = self.sight(caller);
        let wanted =
            |event: &Event| event.run.is_none() && (server.is_none() || event.server.as_ref() == server);
        let mut heard = self.inner.platform.emitter.bus().subscribe();
        let mut last = Seq(0);
        let mut found = self.events_since(&mut last, wanted, limit).await?;
        loop {
            for event in found {
                if !is_shown(caller, &mut sight, &event).await? {
                    continue;
                }
                if frames.send(Frame::Event(Box::new(event))).await.is_err() {
                    return Ok(());
                }
            }
            if !follow {
                return Ok(());
            }
            let news = tokio::select! {
                () = self.inner.stop.cancelled() => return Ok(()),
                () = frames.closed() => return Ok(()),
                news = heard.next() => news,
            };
            found = match news {
                Heard::Closed => return Ok(()),
                Heard::Missed(_) => self.events_since(&mut last, wanted, usize::MAX).await?,
                Heard::Event(event) if event.seq > last => {
                    last = event.seq;
                    Some(*event).filter(wanted).into_iter().collect()
                }
                Heard::Event(_) => VecDeque::new(),
            };
        }
    }

    /// Reads on from the event `last`, and keeps the newest `limit` that are wanted.
    async fn events_since(
        &self,
        last: &mut Seq,
        wanted: impl Fn(&Event) -> bool,
        limit: usize,
    ) -> Result<VecDeque<Event>, Error> {
        let mut found = VecDeque::new();
        loop {
            let page = Page { after: Some(*last), limit: PAGE };
            let events = self.inner.platform.store.events(None, page).await?;
            let whole = events.len() == PAGE;
            for event in events {
                *last = event.seq;
                if wanted(&event) {
                    found.push_back(event);
                    if found.len() > limit {
                        found.pop_front();
                    }
                }
            }
            if !whole {
                return Ok(found);
            }
        }
    }
}

/// Tells whether an event that belongs to no run is shown: as the server it is about.
async fn is_shown(caller: &Caller, sight: &mut Sight<'_>, event: &Event) -> Result<bool, Error> {
    match &event.server {
        Some(server) => sight.shows(server).await,
        None => Ok(caller.key().is_none()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokio::sync::mpsc;

    use super::*;
    use crate::event::EventKind;
    use crate::sigyl::Config;
    use crate::source::ToolEnv;
    use crate::store::Change;
    use crate::store::contract::fixture;

    async fn open() -> (tempfile::TempDir, Sigyl) {
        let folder = tempfile::tempdir().unwrap();
        let tools = ToolEnv { path: "/nowhere".into(), home: None, vars: BTreeMap::new() };
        let (data, cache) = (folder.path().join("data"), folder.path().join("cache"));
        let config = Config::new(data, cache, tools, "/nonexistent/launcher".into());
        let sigyl = Sigyl::open(config).await.unwrap();
        sigyl.inner.platform.store.apply(fixture::publish("clock", "1.0.0", "a")).await.unwrap();
        (folder, sigyl)
    }

    async fn tools(sigyl: &Sigyl, limit: usize) -> Vec<String> {
        let (frames, mut told) = mpsc::channel(16);
        let (caller, name) = (Caller::local_owner(), fixture::name("clock"));
        sigyl.calls(&caller, &name, limit, false, &frames).await.unwrap();
        drop(frames);
        let mut tools = Vec::new();
        while let Some(frame) = told.recv().await {
            let Frame::Call(call) = frame else { panic!("{frame:?}") };
            tools.push(call.tool);
        }
        tools
    }

    #[tokio::test]
    async fn the_last_calls_are_told_oldest_first() {
        let (_folder, sigyl) = open().await;
        assert_eq!(tools(&sigyl, 9).await, [""; 0]);
        let calls = ["a", "b", "c"].map(|tool| fixture::call("clock", tool));
        sigyl.inner.platform.store.apply(Change::Calls(calls.to_vec())).await.unwrap();
        assert_eq!(tools(&sigyl, 9).await, ["a", "b", "c"]);
        assert_eq!(tools(&sigyl, 2).await, ["b", "c"]);
        assert_eq!(tools(&sigyl, 0).await, [""; 0]);
        let (frames, _told) = mpsc::channel(1);
        let nobody = fixture::name("nobody");
        let missing = sigyl.calls(&Caller::local_owner(), &nobody, 1, false, &frames).await.unwrap_err();
        assert_eq!(missing.code(), "E0402");
    }

    #[tokio::test]
    async fn a_follower_hears_each_new_call_once() {
        let (_folder, sigyl) = open().await;
        let old = vec![fixture::call("clock", "old")];
        sigyl.inner.platform.store.apply(Change::Calls(old)).await.unwrap();
        let (frames, mut told) = mpsc::channel(16);
        let follower = sigyl.clone();
        let following = tokio::spawn(async move {
            follower.calls(&Caller::local_owner(), &fixture::name("clock"), 1, true, &frames).await
        });
        let mut next = async || match told.recv().await {
            Some(Frame::Call(call)) => call.tool,
            other => panic!("{other:?}"),
        };
        assert_eq!(next().await, "old");
        for tool in ["a", "b"] {
            let calls = vec![fixture::call("clock", tool)];
            sigyl.inner.platform.store.apply(Change::Calls(calls)).await.unwrap();
            sigyl.inner.front.kept.send_replace(());
            assert_eq!(next().await, tool);
        }
        sigyl.stop(&Caller::local_owner()).unwrap();
        following.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn events_without_a_run_are_told_and_followed() {
        let (_folder, sigyl) = open().await;
        let emitter = &sigyl.inner.platform.emitter;
        let health = |note: &str| EventKind::Health { healthy: true, note: note.to_owned() };
        let (clock, other) = (fixture::name("clock"), fixture::name("other"));
        emitter.emit(None, Some(&clock), health("one"));
        emitter.emit(Some(&fixture::run_id("r")), Some(&clock), health("of a run"));
        emitter.emit(None, Some(&other), health("of another"));
        emitter.emit(None, Some(&clock), health("two"));
        emitter.flush().await;
        let (frames, mut told) = mpsc::channel(16);
        let follower = sigyl.clone();
        let following = tokio::spawn(async move {
            let name = fixture::name("clock");
            follower.events(&Caller::local_owner(), Some(&name), 2, true, &frames).await
        });
        let mut next = async || match told.recv().await {
            Some(Frame::Event(event)) => match event.kind {
                EventKind::Health { note, .. } => note,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!((next().await, next().await), ("one".to_owned(), "two".to_owned()));
        emitter.emit(None, Some(&other), health("of another"));
        emitter.emit(None, Some(&clock), health("three"));
        assert_eq!(next().await, "three");
        sigyl.stop(&Caller::local_owner()).unwrap();
        following.await.unwrap().unwrap();
    }
}
