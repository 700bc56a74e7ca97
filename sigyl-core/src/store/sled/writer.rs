//! The one thread that writes: what arrives together is made durable together.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::domain::Seq;
use crate::store::{Change, StoreError};

use super::apply::apply;
use super::draft::{Draft, Drafted};
use super::records::Records;
use super::wal::{Wal, record};

/// How many changes may wait before their callers do.
const QUEUE: usize = 1024;

/// How many changes become durable together at most.
const GROUP: usize = 256;

type Answer = Result<Seq, StoreError>;

/// A change and who waits for it.
#[derive(Debug)]
struct Job {
    change: Change,
    answer: oneshot::Sender<Answer>,
}

/// Hands changes to the thread. The thread ends, after a checkpoint, when this is dropped.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. It refuses changes while fewer than `reserve` bytes are free on the disk.
    pub(super) fn start(
        records: Arc<Records>,
        wal: Wal,
        last: Seq,
        reserve: u64,
    ) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let folder = records.folder().to_owned();
        let state = State { records, wal, last, reserve, doomed: Vec::new(), dirty: false };
        let thread = std::thread::Builder::new()
            .name("sigyl-store".to_owned())
            .spawn(move || state.work(queue))
            .map_err(|source| StoreError::Io { action: "start a thread for", path: folder, source })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Hands over a change and waits until it is durable. Once handed over it happens, waited for or not.
    pub(super) async fn apply(&self, records: &Records, change: Change) -> Answer {
        let gone =
            || StoreError::Stopped { path: records.folder().to_owned(), why: "its writer ended".to_owned() };
        let (answer, wait) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(Job { change, answer }).await.map_err(|_| gone())?;
        wait.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported where it happened.
            thread.join().ok();
        }
    }
}

struct State {
    records: Arc<Records>,
    wal: Wal,
    last: Seq,
    reserve: u64,
    /// Blobs whose files are gone, whose intent to go is still on record.
    doomed: Vec<crate::domain::Digest>,
    dirty: bool,
}

/// Changes that become durable together, and who waits for each.
#[derive(Default)]
struct Group {
    drafted: Drafted,
    waiting: Vec<(oneshot::Sender<Answer>, Seq)>,
    last: Seq,
}

impl State {
    fn work(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.blocking_recv() {
            let mut jobs = vec![first];
            while jobs.len() < GROUP
                && let Ok(job) = queue.try_recv()
            {
                jobs.push(job);
            }
            self.group(jobs);
        }
        if self.dirty
            && let Err(error) = self.records.checkpoint().and_then(|()| self.wal.rewind(self.last))
        {
            tracing::warn!(error = %error, "the store was closed without a checkpoint; its log will be replayed");
        }
    }

    fn group(&mut self, jobs: Vec<Job>) {
        let mut group = Group { last: self.last, ..Group::default() };
        for Job { change, answer } in jobs {
            // These walk what is on record, so nothing may be half way there.
            let alone = matches!(change, Change::DeleteServer { .. } | Change::MoveServer { .. });
            if alone {
                self.commit(std::mem::replace(&mut group, Group { last: self.last, ..Group::default() }));
                group.last = self.last;
            }
            match self.prepare(&mut group, change) {
                Ok(seq) => group.waiting.push((answer, seq)),
                Err(error) => tell(answer, Err(error)),
            }
            if alone {
                self.commit(std::mem::replace(&mut group, Group { last: self.last, ..Group::default() }));
                group.last = self.last;
            }
        }
        self.commit(group);
    }

    fn prepare(&self, group: &mut Group, change: Change) -> Answer {
        let reader = self.records.read()?;
        self.check_room()?;
        let mut draft = Draft::new(&reader, &group.drafted, group.last);
        let (name, subject) = apply(&mut draft, change)?;
        let (drafted, seq) = draft.finish(name, subject);
        group.drafted.absorb(drafted);
        group.last = seq;
        Ok(seq)
    }

    /// Refuses early: a full disk in the middle of a write would stop the store.
    fn check_room(&self) -> Result<(), StoreError> {
        let path = self.records.folder();
        let failed = |source| StoreError::Io { action: "write to", path: path.to_owned(), source };
        let disk = rustix::fs::statvfs(path).map_err(|error| failed(error.into()))?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < self.reserve {
            let why = format!("less than {} MiB are free on its disk", self.reserve >> 20);
            return Err(failed(io::Error::new(io::ErrorKind::StorageFull, why)));
        }
        Ok(())
    }

    fn commit(&mut self, mut group: Group) {
        if group.drafted.is_empty() {
            return;
        }
        match self.make_durable(&mut group) {
            Ok(()) => {
                self.last = group.last;
                for (answer, seq) in group.waiting {
                    tell(answer, Ok(seq));
                }
            }
            Err(error) => {
                for (answer, _) in group.waiting {
                    tell(answer, Err(again(&error)));
                }
            }
        }
    }

    fn make_durable(&mut self, group: &mut Group) -> Result<(), StoreError> {
        let drafted = &mut group.drafted;
        let doomed = drafted.complete(&self.records.read()?)?;
        for gone in &self.doomed {
            let key = crate::store::key::Key::Doomed(*gone).encode();
            drafted.writes.entry(key).or_insert(None);
        }
        let record = record(Seq(self.last.0 + 1), group.last, &drafted.writes);
        if self.wal.is_full_for(&record) {
            self.stopping(|state| state.records.checkpoint().and_then(|()| state.wal.rewind(state.last)))?;
        }
        self.records.blobs.write(drafted.blobs.iter())?;
        self.wal.write(&record)?;
        // After a failed sync nobody knows what the disk holds.
        self.stopping(|state| state.wal.sync(&record))?;
        self.dirty = true;
        self.records.apply(&drafted.writes, drafted.blobs.keys(), &doomed)?;
        self.doomed = doomed;
        Ok(())
    }

    fn stopping(&mut self, work: impl FnOnce(&mut Self) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let done = work(self);
        if let Err(error) = &done {
            self.records.stop(error);
        }
        done
    }
}

fn tell(answer: oneshot::Sender<Answer>, what: Answer) {
    // Who gave up waiting does not want to know.
    answer.send(what).ok();
}

/// Says the same to each who waits.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Io { action, path, source } => StoreError::Io {
            action,
            path: path.clone(),
            source: source.raw_os_error().map_or_else(
                || io::Error::new(source.kind(), source.to_string()),
                io::Error::from_raw_os_error,
            ),
        },
        StoreError::Stopped { path, why } => StoreError::Stopped { path: path.clone(), why: why.clone() },
        other => StoreError::Engine(other.to_string()),
    }
}
