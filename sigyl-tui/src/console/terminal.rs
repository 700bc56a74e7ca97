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

use crate::settings::Environment;

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

/// What stands between this program and the terminal of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// Nothing.
    Nothing,
    /// tmux.
    Tmux,
    /// GNU Screen.
    Screen,
}

/// Bytes that Screen hands through at once.
const SCREEN: usize = 512;

impl Within {
    /// What the environment says of it.
    pub(super) fn of(environment: &Environment) -> Self {
        let has = |name: &str| environment.get(name).is_some_and(|value| !value.is_empty());
        match (has("TMUX"), has("STY")) {
            (true, _) => Self::Tmux,
            (false, true) => Self::Screen,
            (false, false) => Self::Nothing,
        }
    }

    /// What puts text into the clipboard.
    fn clipboard(self, text: &str) -> String {
        let plain = format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(text));
        match self {
            Self::Nothing => plain,
            // tmux takes the one with `set-clipboard on`, and hands the other through with `allow-passthrough on`.
            Self::Tmux => format!("{plain}\u{1b}Ptmux;{}\u{1b}\\", plain.replace('\u{1b}', "\u{1b}\u{1b}")),
            // All of it is ASCII.
            Self::Screen => {
                let parts = plain.as_bytes().chunks(SCREEN).map(String::from_utf8_lossy);
                parts.map(|part| format!("\u{1b}P{part}\u{1b}\\")).collect()
            }
        }
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

    /// Sends text to the clipboard of the terminal, by OSC 52: whether it takes it, it does not tell. Tells whether the text was
    /// small enough for that.
    pub(super) fn copy(&mut self, text: &str, within: Within) -> io::Result<bool> {
        if text.len() > CLIPBOARD {
            return Ok(false);
        }
        let mut out = io::stdout();
        out.write_all(within.clipboard(text).as_bytes())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clipboard_is_reached_through_what_stands_before_the_terminal() {
        assert_eq!(Within::Nothing.clipboard("hi"), "\u{1b}]52;c;aGk=\u{7}");
        let tmux = Within::Tmux.clipboard("hi");
        assert_eq!(tmux, "\u{1b}]52;c;aGk=\u{7}\u{1b}Ptmux;\u{1b}\u{1b}]52;c;aGk=\u{7}\u{1b}\\");
        let text = "x".repeat(2_000);
        let screen = Within::Screen.clipboard(&text);
        let parts: Vec<&str> = screen.split("\u{1b}\\").filter(|part| !part.is_empty()).collect();
        assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= SCREEN + 2));
        let whole: String = parts.iter().map(|part| part.strip_prefix("\u{1b}P").unwrap()).collect();
        assert_eq!(whole, Within::Nothing.clipboard(&text));
    }
}
