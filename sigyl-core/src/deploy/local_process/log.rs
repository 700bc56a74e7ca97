//! Logs of servers: bounded in lines, rate and files, followed by whoever listens.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, mpsc, oneshot};

use super::{folder, pump};
use crate::clock::Clock;
use crate::deploy::{LogLine, LogStream, Pending};
use crate::domain::{Mask, ServerName, Timestamp};

/// Bytes of one file; two are kept of each server.
const FILE: u64 = 4 << 20;
/// Lines on their way to the disk.
const QUEUE: usize = 4096;
/// Lines that a follower may lag behind.
const FOLLOW: usize = 1024;

/// The logs of all servers, written by one thread.
#[derive(Clone, Debug)]
pub(super) struct Logs {
    queue: mpsc::Sender<Job>,
    clock: Arc<dyn Clock>,
    lost: Arc<Mutex<HashMap<ServerName, u64>>>,
}

enum Job {
    Line(ServerName, LogLine),
    Tail(ServerName, usize, oneshot::Sender<io::Result<Pending>>),
    Forget(ServerName, oneshot::Sender<io::Result<Vec<PathBuf>>>),
}

/// Takes what one instance, or one build, has to say.
#[derive(Clone, Debug)]
pub(super) struct LogWriter {
    to: Sink,
    mask: Mask,
}

#[derive(Clone, Debug)]
enum Sink {
    Log(Logs, ServerName),
    /// The rates of `pump` bound what may wait here.
    Lines(mpsc::UnboundedSender<String>),
}

impl Logs {
    /// Opens the logs in `dir`.
    pub(super) fn open(dir: PathBuf, clock: Arc<dyn Clock>) -> io::Result<Self> {
        folder::private(&dir)?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let lost = Arc::new(Mutex::new(HashMap::new()));
        let writer = Writer { dir, open: HashMap::new(), lost: lost.clone(), clock: clock.clone() };
        std::thread::Builder::new().name("sigyl-logs".to_owned()).spawn(move || writer.run(jobs))?;
        Ok(Self { queue, clock, lost })
    }

    /// Makes a writer that blanks these secrets.
    pub(super) fn writer(&self, server: &ServerName, mask: Mask) -> LogWriter {
        LogWriter { to: Sink::Log(self.clone(), server.clone()), mask }
    }

    /// Reads the last lines, and follows what comes after them.
    pub(super) async fn tail(&self, server: &ServerName, lines: usize) -> io::Result<Pending> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Tail(server.clone(), lines, reply), answer).await
    }

    /// Removes a log; returns the files that were there.
    pub(super) async fn forget(&self, server: &ServerName) -> io::Result<Vec<PathBuf>> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Forget(server.clone(), reply), answer).await
    }

    async fn ask<T>(&self, job: Job, answer: oneshot::Receiver<io::Result<T>>) -> io::Result<T> {
        let gone = || io::Error::other("the log writer ended");
        self.queue.send(job).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    fn put(&self, server: &ServerName, stream: LogStream, text: String) {
        let line = LogLine { at: self.clock.now(), stream, text };
        if self.queue.try_send(Job::Line(server.clone(), line)).is_err() {
            *self.lost.lock().unwrap_or_else(PoisonError::into_inner).entry(server.clone()).or_default() += 1;
        }
    }
}

impl LogWriter {
    /// Makes a writer whose lines are received elsewhere.
    pub(super) fn lines(mask: Mask) -> (Self, mpsc::UnboundedReceiver<String>) {
        let (sender, lines) = mpsc::unbounded_channel();
        (Self { to: Sink::Lines(sender), mask }, lines)
    }

    /// Writes a note of the supervisor.
    pub(super) fn note(&self, text: &str) {
        self.put(LogStream::Supervisor, self.clean(text.as_bytes()));
    }

    /// Writes a line of the server.
    pub(super) fn line(&self, text: String) {
        self.put(LogStream::Server, text);
    }

    fn put(&self, stream: LogStream, text: String) {
        match &self.to {
            Sink::Log(logs, server) => logs.put(server, stream, text),
            // Whoever built may have given up.
            Sink::Lines(lines) => drop(lines.send(text)),
        }
    }

    /// Makes a line fit to be shown: secrets blanked, control characters spelled out, bounded.
    pub(super) fn clean(&self, line: &[u8]) -> String {
        pump::spell_out(&self.mask.text(&String::from_utf8_lossy(line)))
    }
}

/// The thread that owns the files.
struct Writer {
    dir: PathBuf,
    open: HashMap<ServerName, Open>,
    lost: Arc<Mutex<HashMap<ServerName, u64>>>,
    clock: Arc<dyn Clock>,
}

struct Open {
    file: File,
    size: u64,
    follow: broadcast::Sender<LogLine>,
    failed: u64,
}

impl Writer {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.blocking_recv() {
            match job {
                Job::Line(server, line) => self.line(&server, line),
                // Whoever asked may be gone.
                Job::Tail(server, lines, reply) => drop(reply.send(self.tail(&server, lines))),
                Job::Forget(server, reply) => drop(reply.send(self.forget(&server))),
            }
        }
    }

    fn line(&mut self, server: &ServerName, line: LogLine) {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).remove(server);
        if let Some(lost) = lost {
            let text = format!("{lost} lines were dropped: the log could not keep up");
            self.write(server, LogLine { at: self.clock.now(), stream: LogStream::Supervisor, text });
        }
        self.write(server, line);
    }

    /// Writes a line; one that the disk refuses is still heard by followers, and counted until the disk takes more.
    fn write(&mut self, server: &ServerName, line: LogLine) {
        let dir = server_dir(&self.dir, server);
        let Ok(open) = self.opened(server) else {
            *self.lost.lock().unwrap_or_else(PoisonError::into_inner).entry(server.clone()).or_default() += 1;
            return;
        };
        let mut record = encode(&line);
        if open.failed > 0 {
            let text = format!("{} lines could not be written to disk", open.failed);
            record = encode(&LogLine { at: line.at, stream: LogStream::Supervisor, text }) + &record;
        }
        let written = if open.size + record.len() as u64 > FILE { open.rotate(&dir) } else { Ok(()) }
            .and_then(|()| open.file.write_all(record.as_bytes()));
        match written {
            Ok(()) => {
                open.size += record.len() as u64;
                open.failed = 0;
            }
            Err(_) => open.failed += 1,
        }
        // Having no follower is fine.
        open.follow.send(line).ok();
    }

    fn tail(&mut self, server: &ServerName, lines: usize) -> io::Result<Pending> {
        let dir = server_dir(&self.dir, server);
        let follow = self.opened(server)?.follow.subscribe();
        let mut text = String::new();
        for name in [OLD, NEW] {
            match File::open(dir.join(name)) {
                // A line that a full disk cut short is left out by `decode`.
                Ok(file) => drop(file.take(2 * FILE).read_to_string(&mut text)?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let mut lines: Vec<LogLine> = text.lines().rev().filter_map(decode).take(lines).collect();
        lines.reverse();
        Ok(Pending { lines, follow })
    }

    fn forget(&mut self, server: &ServerName) -> io::Result<Vec<PathBuf>> {
        self.open.remove(server);
        let dir = server_dir(&self.dir, server);
        match fs::remove_dir_all(&dir) {
            Ok(()) => Ok(vec![dir]),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn opened(&mut self, server: &ServerName) -> io::Result<&mut Open> {
        use std::collections::hash_map::Entry;
        match self.open.entry(server.clone()) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(slot) => {
                let dir = server_dir(&self.dir, server);
                folder::private(&dir)?;
                let (file, size) = append(&dir)?;
                Ok(slot.insert(Open { file, size, follow: broadcast::Sender::new(FOLLOW), failed: 0 }))
            }
        }
    }
}

const NEW: &str = "server.log";
const OLD: &str = "server.log.1";

impl Open {
    fn rotate(&mut self, dir: &Path) -> io::Result<()> {
        fs::rename(dir.join(NEW), dir.join(OLD))?;
        (self.file, self.size) = append(dir)?;
        Ok(())
    }
}

fn append(dir: &Path) -> io::Result<(File, u64)> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(dir.join(NEW))?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

fn server_dir(dir: &Path, server: &ServerName) -> PathBuf {
    dir.join(folder::of(server))
}

fn encode(line: &LogLine) -> String {
    let stream = match line.stream {
        LogStream::Server => 'o',
        LogStream::Supervisor => '*',
    };
    format!("{} {stream} {}\n", line.at, line.text)
}

fn decode(line: &str) -> Option<LogLine> {
    let mut words = line.splitn(3, ' ');
    let at = Timestamp::parse(words.next()?).ok()?;
    let stream = match words.next()? {
        "o" => LogStream::Server,
        "*" => LogStream::Supervisor,
        _ => return None,
    };
    Some(LogLine { at, stream, text: words.next()?.to_owned() })
}
