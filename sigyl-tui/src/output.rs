//! Where a command writes: results to standard output, everything else to standard error.

use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sigyl_core::clock::{Clock as _, SystemClock};
use sigyl_core::domain::{Kind, Timestamp};
use tempfile::NamedTempFile;

use crate::problem::Problem;
use crate::render::{self, Look, Zone};
use crate::settings::{Color, Environment, Format};

/// Whether anybody still reads what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody does.
    There,
    /// The pipe was closed from the other side, as `head` does; nothing is wrong with that.
    Gone,
}

/// The two streams, and what they can show.
pub(crate) struct Output {
    out: Box<dyn Write + Send>,
    reader: Reader,
    /// The file that results go to, and the name it gets.
    file: Option<(NamedTempFile, PathBuf)>,
    /// Whether colours are wanted in a file too.
    color_in_files: bool,
    /// How results are written.
    pub(crate) format: Format,
    /// What standard output can show.
    pub(crate) look: Look,
    /// What standard error can show.
    pub(crate) err_look: Look,
    /// Whether a person can be asked.
    pub(crate) interactive: bool,
    /// The documents written so far; with a machine format there is exactly one.
    documents: usize,
}

impl Output {
    /// Opens the streams of this process.
    pub(crate) fn of_this_process(environment: &Environment, format: Format, color: Color) -> Self {
        let obeys = environment.get("TERM").is_none_or(|term| term != "dumb");
        let wanted = environment.get("NO_COLOR").is_none() && obeys;
        let ascii = !environment.speaks_utf8();
        let look = |terminal: bool, term: console::Term| Look {
            color: match color {
                Color::Auto => wanted && terminal,
                Color::Always => true,
                Color::Never => false,
            },
            ascii,
            links: terminal && obeys && color != Color::Never,
            width: terminal.then(|| usize::from(term.size().1)).filter(|width| *width > 0),
            zone: Zone::Utc,
        };
        Self {
            out: Box::new(std::io::stdout()),
            reader: Reader::There,
            file: None,
            color_in_files: color == Color::Always,
            format,
            look: look(std::io::stdout().is_terminal(), console::Term::stdout()),
            err_look: look(std::io::stderr().is_terminal(), console::Term::stderr()),
            interactive: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
            documents: 0,
        }
    }

    /// Sends results to a file instead of standard output. It has its name only when [`Output::keep`] is called, so
    /// that what was there before stays if this command fails; `-` is standard output.
    pub(crate) fn write_to(&mut self, path: &Path) -> Result<(), Problem> {
        let wrong =
            |error: std::io::Error| unwritten(&format!("could not write {}: {error}", path.display()));
        if path == Path::new("-") {
            return Ok(());
        }
        self.look = Look { color: self.color_in_files, links: false, width: None, ..self.look };
        if path.exists() && !path.is_file() {
            // A pipe or a device is written as it is.
            self.out = Box::new(std::fs::OpenOptions::new().write(true).open(path).map_err(wrong)?);
            return Ok(());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        let file = tempfile::Builder::new()
            .prefix(".sigyl-")
            .permissions(mode)
            .tempfile_in(folder)
            .map_err(wrong)?;
        self.out = Box::new(file.reopen().map_err(wrong)?);
        self.file = Some((file, path.to_owned()));
        Ok(())
    }

    /// Gives the file that results went to its name.
    pub(crate) fn keep(&mut self) -> Result<(), Problem> {
        let Some((file, path)) = self.file.take() else { return Ok(()) };
        let wrong = |error: tempfile::PersistError| {
            unwritten(&format!("could not write {}: {}", path.display(), error.error))
        };
        file.persist(&path).map_err(wrong).map(|_| ())
    }

    /// Tells whether results are for a machine.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Returns the present time.
    pub(crate) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// Writes part of the result, with its line ends.
    pub(crate) fn print(&mut self, text: &str) -> Result<Reader, Problem> {
        if self.reader == Reader::Gone {
            return Ok(Reader::Gone);
        }
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => self.reader = Reader::Gone,
            Err(error) => {
                return Err(unwritten(&format!("could not write the result: {error}")));
            }
        }
        Ok(self.reader)
    }

    /// Writes the one document of a machine format: `body` with its `schema` in front.
    pub(crate) fn document(&mut self, schema: &'static str, body: &impl Serialize) -> Result<(), Problem> {
        #[derive(Serialize)]
        struct Document<'a, T> {
            schema: &'static str,
            #[serde(flatten)]
            body: &'a T,
        }
        let text =
            serde_json::to_string_pretty(&Document { schema, body }).map_err(|error| no_json(&error))?;
        self.document_text(&(text + "\n"))
    }

    /// Writes a document that is written already.
    pub(crate) fn document_text(&mut self, text: &str) -> Result<(), Problem> {
        self.documents += 1;
        self.print(text).map(|_| ())
    }

    /// Writes one value on one line, for results that have no end.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<Reader, Problem> {
        let text = serde_json::to_string(value).map_err(|error| no_json(&error))?;
        self.documents += 1;
        self.print(&(text + "\n"))
    }

    /// Tells the person something that is not the result.
    pub(crate) fn tell(&self, text: &str) {
        tell(text);
    }

    /// Tells a line, broken to fit.
    pub(crate) fn note(&self, text: &str) {
        self.tell(&(render::wrap(text, &self.err_look, 0) + "\n"));
    }

    /// Shows what went wrong; with a machine format, also as the one document if there is none yet.
    pub(crate) fn problem(&mut self, problem: &Problem) {
        if !problem.told {
            self.tell(&render::error(&problem.failure, &self.err_look));
        }
        if self.is_json() && self.documents == 0 {
            // The failure is on its way out already: that it cannot be written changes nothing.
            self.document("sigyl.error/1", &serde_json::json!({ "error": problem.failure })).ok();
        }
    }
}

/// Writes to standard error.
pub(crate) fn tell(text: &str) {
    // Nobody may be reading, and where messages go is closed then: there is no place left to say so.
    std::io::stderr().lock().write_all(text.as_bytes()).ok();
}

fn unwritten(message: &str) -> Problem {
    Problem::failed("E0013", Kind::Unavailable, message, "free some space, or write elsewhere")
}

fn no_json(error: &serde_json::Error) -> Problem {
    Problem::failed("E0013", Kind::Internal, format!("the result is no JSON: {error}"), "report this")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn output(out: impl Write + Send + 'static) -> Output {
        Output {
            out: Box::new(out),
            reader: Reader::There,
            file: None,
            color_in_files: false,
            format: Format::Json,
            look: Look::PLAIN,
            err_look: Look::PLAIN,
            interactive: false,
            documents: 0,
        }
    }

    #[test]
    fn a_failure_after_the_document_does_not_make_a_second_one() {
        let kept = Kept::default();
        let mut output = output(kept.clone());
        output.document("sigyl.x/1", &serde_json::json!({"a": 1})).unwrap();
        let mut problem = Problem::wrong_use("E0001", "m", "h");
        problem.told = true;
        output.problem(&problem);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value, serde_json::json!({"schema": "sigyl.x/1", "a": 1}));
    }

    #[test]
    fn a_reader_that_left_is_no_failure() {
        let mut output = output(Closed);
        assert_eq!(output.print("x").unwrap(), Reader::Gone);
        assert_eq!(output.print("y").unwrap(), Reader::Gone);
    }
}
