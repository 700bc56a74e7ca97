//! The one loop: inputs come in on one channel, effects are performed, and frames are drawn when something changed.

use std::collections::BTreeMap;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures_util::{FutureExt as _, StreamExt as _};
use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::domain::{Failure, Kind};
use sigyl_core::wire::v1::{Frame, Request};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::app::App;
use super::effect::{Effect, Ticket};
use super::input::Input;
use super::outside::{self, Outside, Seen};
use super::terminal::{Terminal, Within};
use crate::link::Link;
use crate::problem::Problem;
use crate::render::Role;
use crate::settings::Settings;
use crate::signal::{Interrupts, Resumes};

/// Inputs that may wait; whoever has more to tell waits too.
const BACKLOG: usize = 1024;
/// Inputs that are taken before a frame is drawn.
const TOGETHER: usize = 512;
/// Time between two frames, at least.
const FRAME: Duration = Duration::from_millis(16);
/// Bytes of a file that is read for a form.
const FILE: u64 = 4 << 20;

/// Where inputs go.
pub(super) type Inputs = mpsc::Sender<Input>;

/// Makes the channel of inputs.
pub(super) fn inputs() -> (Inputs, mpsc::Receiver<Input>) {
    mpsc::channel(BACKLOG)
}

/// What performs effects.
pub(super) struct Runner {
    link: Option<Link>,
    inputs: Inputs,
    settings: Settings,
    asked: BTreeMap<Ticket, (bool, JoinHandle<()>)>,
    /// What was asked before the link was there.
    waiting: Vec<(Ticket, Request)>,
}

impl Runner {
    /// A runner without a link.
    pub(super) fn new(inputs: Inputs, settings: Settings) -> Self {
        Self { link: None, inputs, settings, asked: BTreeMap::new(), waiting: Vec::new() }
    }

    /// Asks over this link from now on.
    pub(super) fn connect(&mut self, link: Link) {
        self.link = Some(link);
        for (ticket, request) in std::mem::take(&mut self.waiting) {
            self.ask(ticket, request);
        }
    }

    /// The link, for whoever closes it.
    pub(super) fn into_link(self) -> Option<Link> {
        self.asked.values().for_each(|(_, task)| task.abort());
        self.link
    }

    fn ask(&mut self, ticket: Ticket, request: Request) {
        let Some(link) = self.link.clone() else {
            self.waiting.push((ticket, request));
            return;
        };
        let inputs = self.inputs.clone();
        let begins = begins_a_run(&request);
        let task = tokio::spawn(async move {
            let mut tell = |frame: Frame| send(&inputs, Input::Told(ticket, Box::new(frame)));
            // Whoever waits for the answer hears of it, even if there is none because something broke.
            let answer = AssertUnwindSafe(link.call(request, &mut tell)).catch_unwind().await;
            let answer = answer.unwrap_or_else(|_| Err(broke_off()));
            let answer = answer.map(Box::new).map_err(|problem| problem.failure);
            // Nobody listens any more when the console has ended.
            inputs.send(Input::Answered(ticket, answer)).await.ok();
        });
        self.asked.retain(|_, (_, task)| !task.is_finished());
        self.asked.insert(ticket, (begins, task));
    }

    fn forget(&mut self, ticket: Ticket) {
        self.waiting.retain(|(waiting, _)| *waiting != ticket);
        // A run that was begun goes on: only what it tells is not heard any more.
        if let Some((false, task)) = self.asked.remove(&ticket) {
            task.abort();
        }
    }

    /// Looks at something of this machine; whoever forgets it ends it.
    fn see(&mut self, ticket: Ticket, what: Outside) {
        let (inputs, settings, link) = (self.inputs.clone(), self.settings.clone(), self.link.clone());
        let task = tokio::spawn(async move {
            let seen = AssertUnwindSafe(see(&settings, link, what)).catch_unwind().await;
            let seen = seen.unwrap_or_else(|_| Seen::Look(Box::new(Err(broke_off().failure))));
            // Nobody listens any more when the console has ended.
            inputs.send(Input::Seen(ticket, seen)).await.ok();
        });
        self.asked.insert(ticket, (false, task));
    }

    fn write(&self, ticket: Ticket, path: PathBuf, text: String) {
        let inputs = self.inputs.clone();
        let home = self.settings.environment.get("HOME").map(PathBuf::from);
        tokio::spawn(async move {
            let wrote = write(path, home, text).await;
            // Nobody listens any more when the console has ended.
            inputs.send(Input::Wrote(ticket, wrote)).await.ok();
        });
    }

    fn read(&self, ticket: Ticket, path: PathBuf) {
        let inputs = self.inputs.clone();
        tokio::spawn(async move {
            let text = read(&path).await;
            // Nobody listens any more when the console has ended.
            inputs.send(Input::Read(ticket, text)).await.ok();
        });
    }
}

/// Writes text into a file that only its owner can read; one that is there already is left as it is.
async fn write(path: PathBuf, home: Option<PathBuf>, text: String) -> Result<String, Failure> {
    use tokio::io::AsyncWriteExt as _;
    let path = match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    };
    let shown = crate::render::specimen(&path.display().to_string());
    let wrong = |error: io::Error| {
        let message = format!("could not write {shown}: {error}");
        Problem::failed("E0013", Kind::Unavailable, message, "name another file: none is written over")
            .failure
    };
    let mut options = tokio::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&path).await.map_err(wrong)?;
    file.write_all(text.as_bytes()).await.map_err(wrong)?;
    file.flush().await.map_err(wrong)?;
    Ok(format!("{} lines are in {shown}", text.lines().count()))
}

fn broke_off() -> Problem {
    Problem::failed(
        "E0050",
        Kind::Internal,
        "this was broken off inside",
        "ask again; `!` shows what was noted",
    )
}

async fn see(settings: &Settings, link: Option<Link>, what: Outside) -> Seen {
    match (what, link) {
        (Outside::Look(source), Some(link)) => {
            Seen::Look(Box::new(outside::look(settings, &link, &source).await))
        }
        (Outside::Look(_), None) => {
            let hint = "wait until somebody answers";
            let problem = Problem::failed("E0050", Kind::Unavailable, "nothing answers yet", hint);
            Seen::Look(Box::new(Err(problem.failure)))
        }
        (Outside::Names(typed), _) => {
            let home = settings.environment.get("HOME").map(PathBuf::from);
            let named = tokio::task::spawn_blocking(move || outside::names(&typed, home.as_deref())).await;
            Seen::Names(named.unwrap_or_else(|error| Err(error.to_string())))
        }
    }
}

/// Hands an input over, and waits where too many are waiting already.
fn send(inputs: &Inputs, input: Input) {
    if let Err(mpsc::error::TrySendError::Full(input)) = inputs.try_send(input) {
        tokio::task::block_in_place(|| inputs.blocking_send(input).ok());
    }
}

/// Tells what must not end because nobody looks at it any more.
fn begins_a_run(request: &Request) -> bool {
    matches!(
        request,
        Request::Deploy(_)
            | Request::Redeploy(_)
            | Request::Reconfigure(_)
            | Request::Rollback { .. }
            | Request::Delete { .. }
            | Request::Approve { .. }
            | Request::Reject { .. }
            | Request::Cancel { .. }
            | Request::Promote { .. }
    )
}

async fn read(path: &Path) -> Result<String, Failure> {
    use tokio::io::AsyncReadExt as _;
    let wrong = |why: String| {
        let message = format!("could not read {}: {why}", path.display());
        Problem::failed("E0028", Kind::Invalid, message, "name a text file of at most 4 MiB").failure
    };
    let file = tokio::fs::File::open(path).await.map_err(|error| wrong(error.to_string()))?;
    let mut text = String::new();
    let bytes =
        file.take(FILE + 1).read_to_string(&mut text).await.map_err(|error| wrong(error.to_string()))?;
    if bytes as u64 > FILE {
        return Err(wrong("it is larger than 4 MiB".to_owned()));
    }
    Ok(text)
}

/// What the loop works with.
pub(super) struct Console {
    pub(super) app: App,
    pub(super) terminal: Terminal,
    pub(super) runner: Runner,
    pub(super) told: mpsc::Receiver<Input>,
    /// The link, once it is open.
    pub(super) link: tokio::sync::oneshot::Receiver<Link>,
}

/// Signals that the loop listens to.
pub(super) struct Signals {
    /// Somebody asks this process to end.
    pub(super) interrupts: Interrupts,
    /// It goes on after it was stopped.
    pub(super) resumes: Resumes,
}

impl Console {
    /// Runs until somebody ends it.
    pub(super) async fn run(&mut self, signals: &mut Signals) -> io::Result<()> {
        let mut keys = EventStream::new();
        let (mut drawn, mut ticked) = (Instant::now(), Instant::now());
        self.draw()?;
        loop {
            let next = ticked + self.app.patience();
            let input = tokio::select! {
                biased;
                () = signals.interrupts.next() => Some(Input::AskedToEnd),
                () = signals.resumes.next() => {
                    self.terminal.resume()?;
                    Some(Input::Resized(0, 0))
                }
                key = keys.next() => key.transpose()?.and_then(input_of),
                input = self.told.recv() => input,
                () = sleep_until(next) => {
                    ticked = Instant::now();
                    Some(Input::Tick(SystemClock.now()))
                }
            };
            if let Ok(link) = self.link.try_recv() {
                self.runner.connect(link);
            }
            let Some(input) = input else { continue };
            if self.step(input, &mut keys, signals).await? {
                return Ok(());
            }
            for _ in 0..TOGETHER {
                // Of many keys at once, and of many things told, only what comes of them is drawn.
                let input = match ready(&mut keys).await.transpose()? {
                    Some(key) => input_of(key),
                    None => match self.told.try_recv() {
                        Ok(input) => Some(input),
                        Err(_) => break,
                    },
                };
                if let Some(input) = input
                    && self.step(input, &mut keys, signals).await?
                {
                    return Ok(());
                }
            }
            // However much is told, time passes: waits and ages are told, and servers are looked at again.
            if ticked.elapsed() >= self.app.patience() {
                ticked = Instant::now();
                if self.step(Input::Tick(SystemClock.now()), &mut keys, signals).await? {
                    return Ok(());
                }
            }
            if drawn.elapsed() >= FRAME || self.told.is_empty() {
                self.draw()?;
                drawn = Instant::now();
            }
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        if self.app.take_dirty() {
            let app = &self.app;
            self.terminal.screen.draw(|frame| app.draw(frame))?;
        }
        Ok(())
    }

    /// Takes an input, and performs what comes of it. Tells whether the console ends.
    async fn step(
        &mut self,
        input: Input,
        keys: &mut EventStream,
        signals: &mut Signals,
    ) -> io::Result<bool> {
        match self.take(input)? {
            Next::Goes => Ok(false),
            Next::Ends => Ok(true),
            Next::Edits(text) => {
                // What is typed is the editor's now: the stream that is dropped here does not read it away.
                *keys = EventStream::new();
                let edited = self.edit(&text)?;
                // Ctrl-C goes to all who have the terminal: it was the editor's.
                signals.interrupts.drop_interrupt().await;
                let next = self.take_all([Input::Edited(edited)])?;
                Ok(matches!(next, Next::Ends))
            }
        }
    }

    /// Takes what comes after the terminal was somebody else's: it is later, and the terminal may have another size.
    fn take_all<const N: usize>(&mut self, more: [Input; N]) -> io::Result<Next> {
        let back = [Input::Tick(SystemClock.now()), Input::Resized(0, 0)];
        for input in back.into_iter().chain(more) {
            match self.take(input)? {
                Next::Goes => {}
                other => return Ok(other),
            }
        }
        Ok(Next::Goes)
    }

    /// Lets the operator's editor change a text.
    fn edit(&mut self, text: &str) -> io::Result<Result<String, String>> {
        let settings = &self.runner.settings;
        let named = |name: &str| settings.environment.get(name).and_then(|editor| editor.to_str());
        let editor = ["VISUAL", "EDITOR"].into_iter().find_map(named);
        let folder = settings.temporary_dir();
        let edit = || tokio::task::block_in_place(|| outside::edit(text, editor, &folder));
        Ok(self.terminal.lend(edit)?.map_err(|error| error.to_string()))
    }

    fn take(&mut self, input: Input) -> io::Result<Next> {
        let mut next = Next::Goes;
        let input = match input {
            Input::Resized(..) => {
                let (width, height) = self.terminal.size()?;
                Input::Resized(width, height)
            }
            other => other,
        };
        for effect in self.app.update(input) {
            match effect {
                Effect::Ask(ticket, request) => self.runner.ask(ticket, *request),
                Effect::Forget(ticket) => self.runner.forget(ticket),
                Effect::Read(ticket, path) => self.runner.read(ticket, path),
                Effect::See(ticket, what) => self.runner.see(ticket, what),
                Effect::Write(ticket, path, text) => self.runner.write(ticket, path, text),
                // Nobody waits for it.
                Effect::Discard(servers) => drop(tokio::task::spawn_blocking(move || drop(servers))),
                Effect::Copy(text) => {
                    let within = Within::of(&self.runner.settings.environment);
                    if !self.terminal.copy(&text, within)? {
                        self.app.say(Role::Warn, "too much for a clipboard: not copied".to_owned());
                    }
                }
                Effect::Suspend => {
                    self.terminal.suspend()?;
                    match self.take_all([])? {
                        Next::Goes => {}
                        other => next = other,
                    }
                }
                Effect::Edit(text) => next = Next::Edits(text),
                Effect::Quit => return Ok(Next::Ends),
            }
        }
        Ok(next)
    }
}

/// What becomes of the console after an input.
enum Next {
    Goes,
    Ends,
    /// The terminal is lent to an editor of this text first.
    Edits(String),
}

/// The next key, if one is there already. The stream keeps whom to wake: it must not be asked on behalf of anybody else.
async fn ready(keys: &mut EventStream) -> Option<io::Result<Event>> {
    std::future::poll_fn(|cx| match keys.poll_next_unpin(cx) {
        Poll::Ready(key) => Poll::Ready(key),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

fn input_of(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) => Some(Input::Key(key)),
        Event::Mouse(mouse) => Some(Input::Mouse(mouse)),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Resize(width, height) => Some(Input::Resized(width, height)),
        Event::FocusGained | Event::FocusLost => None,
    }
}
