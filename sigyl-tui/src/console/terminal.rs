//! The terminal, while it is the console's: it is given back however the console ends.

use std::io::{self, Write as _};
use std::sync::Once;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::backend::CrosstermBackend;
use rustix::process::{Signal, getpid, kill_process};

/// Bytes that are put into a clipboard at most: more than that some terminals take for an attack.
const CLIPBOARD: usize = 1 << 20;

/// The terminal.
pub(super) struct Terminal {
    /// What frames are drawn on.
    pub(super) screen: ratatui::Terminal<CrosstermBackend<io::Stdout>>,
}

impl Terminal {
    /// Takes the terminal. Whatever goes wrong from here on, it is given back.
    pub(super) fn take() -> io::Result<Self> {
        give_back_in_a_panic();
        enter()?;
        let made = ratatui::Terminal::new(CrosstermBackend::new(io::stdout()));
        match made {
            Ok(screen) => Ok(Self { screen }),
            Err(error) => {
                leave()?;
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

    /// Gives the terminal to the shell until this process is in front again.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        leave()?;
        kill_process(getpid(), Signal::TSTP)?;
        enter()?;
        self.screen.clear()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Err(error) = leave() {
            tracing::warn!("the terminal could not be given back: {error}");
        }
    }
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

/// Lets a panic give the terminal back before it is told, so that what it says can be read.
fn give_back_in_a_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if let Err(error) = leave() {
                tracing::warn!("the terminal could not be given back: {error}");
            }
            told(info);
        }));
    });
}
