//! One process of a stdio server: lines go in, lines come out, and it ends with whoever holds it.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::AbortHandle;

use crate::mcp::message::{Id, Message, on_one_line};
use crate::mcp::skim::{Skim, Skimmed};
use crate::mcp::{Lines, Pipes, Spawn, SpawnError};

use super::GatewayConfig;

const PIECE: usize = 64 << 10;
/// Messages that wait to be written.
const WAITING: usize = 16;
/// Bytes in which the room for them is counted.
const UNIT: usize = 1 << 10;
/// Bytes of answers of ours that a server may leave unread.
const UNREAD_MOST: usize = 1 << 20;
const EXIT_NOTE: Duration = Duration::from_secs(2);
/// How many times the limit of a message is passed over before a line is taken for one without an end.
const ENDLESS: usize = 64;

/// What hears a process.
pub(super) trait Listener: Send + Sync + 'static {
    /// Hears a message, and may have an answer to write at once.
    fn heard(&self, line: &[u8], message: Message<'_>) -> Option<Vec<u8>>;
    /// Hears of a message that was too long to be kept, and may have an answer to write at once. `how_long` is said
    /// after "a message" or "an answer".
    fn overlong(&self, skimmed: Skimmed, how_long: &str) -> Option<Vec<u8>>;
    /// Hears that the process is over, and why.
    fn ended(&self, why: &str);
}

/// A message that waits to be written, and the room that it takes meanwhile.
struct Line {
    text: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

/// The pieces of [`UNIT`] bytes that a message takes.
fn units(bytes: usize) -> u32 {
    u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).saturating_add(1)
}

/// A running process. Dropped or stopped, it is taken down with its family.
#[derive(Debug)]
pub(super) struct Process {
    input: mpsc::Sender<Line>,
    /// Room for what waits to be written, in pieces of [`UNIT`] bytes.
    room: Arc<Semaphore>,
    room_most: u32,
    task: AbortHandle,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Process {
    /// Starts a process that `listener` hears.
    pub(super) async fn start(
        spawn: &Arc<dyn Spawn>,
        config: &GatewayConfig,
        listener: Arc<impl Listener>,
    ) -> Result<Self, SpawnError> {
        let pipes = spawn.spawn().await?;
        let (input, waiting) = mpsc::channel(WAITING);
        let room_most = units(config.request_bytes);
        let pump = Pump {
            pipes,
            waiting,
            lines: Lines::new(config.message_bytes),
            skipped: None,
            message_most: config.message_bytes,
            outgoing: Vec::new(),
            asked: 0,
            written: 0,
            junk: 0,
            junk_most: config.junk_lines,
        };
        let spawn = Arc::clone(spawn);
        let task = tokio::spawn(async move {
            let why = pump.run(&*spawn, &*listener).await;
            listener.ended(&why);
        });
        let room = Arc::new(Semaphore::new(room_most as usize));
        Ok(Self { input, room, room_most, task: task.abort_handle() })
    }

    /// Puts a message in line; waits while the process does not read. `Err` when it is over.
    pub(super) async fn send(&self, text: Vec<u8>) -> Result<(), ()> {
        // As many bytes may wait as the longest message has; whoever brings more waits outside, where it is counted.
        let wanted = units(text.len()).min(self.room_most);
        let room = Arc::clone(&self.room).acquire_many_owned(wanted).await.map_err(|_| ())?;
        self.input.send(Line { text, _room: room }).await.map_err(|_| ())
    }

    /// Puts a message in line if there is room: for notices that nobody waits for.
    pub(super) fn try_send(&self, text: Vec<u8>) {
        let room = Arc::clone(&self.room).try_acquire_many_owned(units(text.len()));
        if room.is_ok_and(|room| self.input.try_send(Line { text, _room: room }).is_ok()) {
            return;
        }
        tracing::debug!("a notice to a server was dropped: it does not read, or is over");
    }

    /// Stops it.
    pub(super) fn stop(&self) {
        self.task.abort();
    }
}

/// Moves bytes in both directions at once, so that neither side can block the other.
struct Pump {
    pipes: Pipes,
    waiting: mpsc::Receiver<Line>,
    lines: Lines,
    /// The line that is too long and has not ended yet, and its length so far.
    skipped: Option<(Skim, usize)>,
    message_most: usize,
    outgoing: Vec<u8>,
    /// The length of the client's message that is being written.
    asked: usize,
    written: usize,
    junk: u32,
    junk_most: u32,
}

impl Pump {
    async fn run(mut self, spawn: &dyn Spawn, listener: &dyn Listener) -> String {
        let mut piece = vec![0; PIECE];
        loop {
            let left = &self.outgoing[self.written..];
            tokio::select! {
                line = self.waiting.recv(), if left.is_empty() => match line {
                    Some(line) => {
                        self.asked = line.text.len();
                        self.say(line.text);
                    }
                    None => return "it was let go".to_owned(),
                },
                written = self.pipes.stdin.write(left), if !left.is_empty() => match written {
                    Ok(count) if count > 0 => self.wrote(count).await,
                    _ => return exit_note(spawn, &*self.pipes.guard, "it closed its standard input").await,
                },
                read = self.pipes.stdout.read(&mut piece) => match read {
                    Ok(count) if count > 0 => {
                        self.lines.push(&piece[..count]);
                        if let Err(why) = self.hear(listener) {
                            return why;
                        }
                    }
                    _ => return exit_note(spawn, &*self.pipes.guard, "it ended").await,
                },
            }
        }
    }

    /// Puts an answer of ours in line. A server that asks and reads no answer would fill the memory.
    fn reply(&mut self, answer: Option<Vec<u8>>) -> Result<(), String> {
        let Some(answer) = answer else { return Ok(()) };
        self.say(answer);
        match self.outgoing.len() - self.written > UNREAD_MOST + self.asked {
            true => Err("it asked without reading what it was answered".to_owned()),
            false => Ok(()),
        }
    }

    fn say(&mut self, mut line: Vec<u8>) {
        line.push(b'\n');
        self.outgoing.append(&mut line);
    }

    async fn wrote(&mut self, count: usize) {
        self.written += count;
        if self.written == self.outgoing.len() {
            self.outgoing.clear();
            self.asked = 0;
            self.written = 0;
            // A closed pipe shows itself at the next write, and as the end of what is read.
            self.pipes.stdin.flush().await.ok();
        }
    }

    fn hear(&mut self, listener: &dyn Listener) -> Result<(), String> {
        loop {
            if !self.pass_over(listener)? {
                return Ok(());
            }
            let line = match self.lines.next_line() {
                // A carriage return inside would end a line of the event stream that it is passed on in.
                Ok(Some(line)) => on_one_line(line),
                Ok(None) => return Ok(()),
                Err(_) => {
                    self.skipped = Some((Skim::default(), 0));
                    continue;
                }
            };
            match Message::read(&line) {
                Ok(message) => {
                    self.junk = 0;
                    self.reply(listener.heard(&line, message))?;
                }
                Err(_) if line.iter().all(u8::is_ascii_whitespace) => {}
                Err(_) => self.count_junk()?,
            }
        }
    }

    /// Passes over a line that is too long, so that one large answer costs nobody else anything; tells whether the
    /// next line can be taken.
    fn pass_over(&mut self, listener: &dyn Listener) -> Result<bool, String> {
        let Some((skim, length)) = &mut self.skipped else { return Ok(true) };
        let ended = self.lines.skip(|piece| {
            *length += piece.len();
            skim.see(piece);
        });
        let length = *length;
        if length / ENDLESS > self.message_most {
            return Err(format!("it wrote {length} bytes to standard output without the end of a line"));
        }
        let Some((skim, _)) = self.skipped.take_if(|_| ended) else { return Ok(false) };
        match skim.end() {
            Skimmed::Other => self.count_junk()?,
            skimmed => {
                self.junk = 0;
                let how_long =
                    format!("of {length} bytes, where at most {} can be passed on", self.message_most);
                self.reply(listener.overlong(skimmed, &how_long))?;
            }
        }
        Ok(true)
    }

    fn count_junk(&mut self) -> Result<(), String> {
        self.junk += 1;
        if self.junk == 1 {
            tracing::warn!("a server wrote a line to standard output that is no JSON-RPC message");
        }
        if self.junk > self.junk_most {
            return Err(format!(
                "it wrote {} lines in a row to standard output that are no JSON-RPC messages; it must log to standard error",
                self.junk
            ));
        }
        Ok(())
    }
}

async fn exit_note(spawn: &dyn Spawn, guard: &(dyn Any + Send + Sync), what: &str) -> String {
    match tokio::time::timeout(EXIT_NOTE, spawn.ended(guard)).await {
        Ok(Some(how)) => format!("{what} ({how})"),
        _ => what.to_owned(),
    }
}

/// The notice that a request is given up.
pub(super) fn cancelled(id: &Id, reason: &str) -> Vec<u8> {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id},"reason":"{reason}"}}}}"#
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use futures_util::FutureExt as _;

    use super::*;

    /// A server that never reads.
    #[derive(Debug)]
    struct Deaf;

    #[async_trait]
    impl Spawn for Deaf {
        async fn spawn(&self) -> Result<Pipes, SpawnError> {
            let (stdin, unread) = tokio::io::duplex(16);
            let (stdout, silent) = tokio::io::duplex(16);
            Ok(Pipes { stdin: Box::new(stdin), stdout: Box::new(stdout), guard: Box::new((unread, silent)) })
        }
    }

    #[derive(Debug)]
    struct Nobody;

    impl Listener for Nobody {
        fn heard(&self, _line: &[u8], _message: Message<'_>) -> Option<Vec<u8>> {
            None
        }

        fn overlong(&self, _skimmed: Skimmed, _how_long: &str) -> Option<Vec<u8>> {
            None
        }

        fn ended(&self, _why: &str) {}
    }

    #[tokio::test]
    async fn what_waits_for_a_server_that_does_not_read_is_bounded_in_bytes() {
        let config = GatewayConfig { request_bytes: 1 << 20, ..GatewayConfig::default() };
        let spawn: Arc<dyn Spawn> = Arc::new(Deaf);
        let process = Process::start(&spawn, &config, Arc::new(Nobody)).await.unwrap();
        let large = || vec![b' '; 1 << 20];
        // One is being written, one waits.
        process.send(large()).await.unwrap();
        process.send(large()).await.unwrap();
        assert_eq!(process.send(large()).now_or_never(), None);
        assert_eq!(process.send(Vec::new()).now_or_never(), None, "it comes after the one before");
    }
}
