//! The terminal, while it is the console's: it is given back however the console ends.

use std::backtrace::Backtrace;
use std::io::{self, Write as _};
use std::panic::PanicHookInfo;
use std::sync::{Mutex, Once, PoisonError};
use std::thread::ThreadId;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use rustix::process::{Signal, kill_current_process_group};

/// Bytes that are put into a clipboard at most: more than that some terminals take for an attack.
const CLIPBOARD: usize = 1 << 20;

/// The thread that draws, while it has the terminal.
static HOLDER: Mutex<Option<ThreadId>> = Mutex::new(None);

/// What the thread that draws panicked about.
static PANIC: Mutex<Option<Panic>> = Mutex::new(None);

/// Bytes of a backtrace that are kept.
const BACKTRACE: usize = 64 << 10;

/// What a panic was about.
#[derive(Clone, Debug)]
pub(super) struct Panic {
    /// Its words, with the place in the source.
    pub(super) message: String,
    /// How it came there.
    pub(super) backtrace: String,
}

impl Panic {
    /// What the console panicked about, if it did.
    pub(super) fn last() -> Option<Self> {
        PANIC.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn of(info: &PanicHookInfo<'_>) -> Self {
        let backtrace = Backtrace::force_capture().to_string();
        let end = backtrace.floor_char_boundary(BACKTRACE);
        Self { message: info.to_string(), backtrace: backtrace[..end].to_owned() }
    }
}

/// The terminal.
pub(super) struct Terminal {
    /// What frames are drawn on.
    pub(super) screen: ratatui::Terminal<CrosstermBackend<io::Stdout>>,
}

impl Terminal {
    /// Takes the terminal, for the thread that asks. Whatever goes wrong from here on, it is given back.
    pub(super) fn take() -> io::Result<Self> {
        give_back_in_a_panic();
        let made = enter().and_then(|()| ratatui::Terminal::new(CrosstermBackend::new(io::stdout())));
        match made {
            Ok(screen) => {
                hold(Some(std::thread::current().id()));
                Ok(Self { screen })
            }
            Err(error) => {
                // What was wrong at first is what is told.
                leave().ok();
                Err(error)
            }
        }
    }

    /// Its columns and rows.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.screen.size()?;
        Ok((size.width, size.height))
    }

    /// Puts text into the clipboard, by OSC 52. Tells whether it was small enough for that.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<bool> {
        if text.len() > CLIPBOARD {
            return Ok(false);
        }
        let mut out = io::stdout();
        write!(out, "\u{1b}]52;c;{}\u{7}", STANDARD.encode(text))?;
        out.flush()?;
        Ok(true)
    }

    /// Lends the terminal to another program while this one waits for it.
    pub(super) fn lend<T>(&mut self, to: impl FnOnce() -> T) -> io::Result<T> {
        leave()?;
        let done = to();
        self.resume()?;
        Ok(done)
    }

    /// Gives the terminal to the shell until this process is in front again. Where no shell waits for that, as under
    /// `exec sigyl`, the system does not stop it, and it goes on at once.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        leave()?;
        // All of the job, as the key does it: a wrapper around this process is waited for by the shell.
        kill_current_process_group(Signal::TSTP)?;
        self.resume()
    }

    /// Takes the terminal again after this process was stopped, by whomever: the shell has used it meanwhile.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        // Raw mode is believed to be on, and may not be.
        disable_raw_mode()?;
        // A new screen draws all of its first frame. The old one would ask where the cursor is before it is cleared, and
        // the answer comes among the keys.
        self.screen = ratatui::Terminal::new(CrosstermBackend::new(io::stdout()))?;
        enter()?;
        execute!(io::stdout(), Clear(ClearType::All))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        hold(None);
        if let Err(error) = leave() {
            tracing::warn!("the terminal could not be given back: {error}");
        }
    }
}

fn hold(thread: Option<ThreadId>) {
    *HOLDER.lock().unwrap_or_else(PoisonError::into_inner) = thread;
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste, Hide)
}

fn leave() -> io::Result<()> {
    // Each is done, even if another fails.
    let shown =
        execute!(io::stdout(), DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, Show);
    disable_raw_mode().and(shown)
}

/// Lets a panic of the console give the terminal back before it is told, so that what it says can be read. What another
/// thread panics about is noted: it neither takes the terminal away nor writes across the frame.
fn give_back_in_a_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| panicked(info, &told)));
    });
}

fn panicked(info: &PanicHookInfo<'_>, told: &dyn Fn(&PanicHookInfo<'_>)) {
    let holder = *HOLDER.lock().unwrap_or_else(PoisonError::into_inner);
    match holder {
        Some(holder) if holder != std::thread::current().id() => tracing::error!("{info}"),
        Some(_) => {
            if let Err(error) = leave() {
                tracing::warn!("the terminal could not be given back: {error}");
            }
            told(info);
            *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(Panic::of(info));
        }
        None => told(info),
    }
}
