//! Where a room tells what the tools that it runs do.

/// Takes lines of progress.
pub trait Progress: Send + Sync {
    /// Tells one line: a command before it runs, a line that it printed. Never a secret.
    fn log(&self, line: &str);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn log(&self, _line: &str) {}
}
