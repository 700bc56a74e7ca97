//! The notes and their file: one line with a tag under the secret, one line of JSON.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

pub const MAX_NOTE: usize = 4096;
const MAX_NOTES: usize = 1000;
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Where the notes are, and the secret that vouches for them. Nothing is cached: while a new version takes over,
/// two processes may share the file.
pub struct Book {
    folder: PathBuf,
    token: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Page {
    last: u64,
    notes: Vec<Note>,
}

/// One note.
#[derive(Serialize, Deserialize)]
pub struct Note {
    pub number: u64,
    pub text: String,
}

/// Why the notes cannot be read or kept.
pub enum BookError {
    Changed,
    TooLong,
    Full,
    Unknown(u64),
    File(io::Error),
}

impl fmt::Display for BookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str(
                "notes.json was changed by another hand, or NOTES_TOKEN is not the one it was kept with",
            ),
            Self::TooLong => write!(f, "a note has at most {MAX_NOTE} bytes"),
            Self::Full => write!(f, "there are {MAX_NOTES} notes already: remove one first"),
            Self::Unknown(number) => write!(f, "there is no note {number}"),
            Self::File(error) => write!(f, "could not use notes.json: {error}"),
        }
    }
}

impl From<io::Error> for BookError {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl Book {
    /// Takes the folder, and checks that what is there was kept with this token.
    pub fn open(folder: PathBuf, token: String) -> Result<Self, BookError> {
        let book = Self { folder, token };
        book.read()?;
        Ok(book)
    }

    pub fn notes(&self) -> Result<Vec<Note>, BookError> {
        Ok(self.read()?.notes)
    }

    pub fn add(&self, text: &str) -> Result<u64, BookError> {
        if text.len() > MAX_NOTE {
            return Err(BookError::TooLong);
        }
        self.change(|page| {
            if page.notes.len() >= MAX_NOTES {
                return Err(BookError::Full);
            }
            page.last += 1;
            page.notes.push(Note { number: page.last, text: text.to_owned() });
            Ok(page.last)
        })
    }

    pub fn remove(&self, number: u64) -> Result<(), BookError> {
        self.change(|page| {
            let before = page.notes.len();
            page.notes.retain(|note| note.number != number);
            if page.notes.len() == before { Err(BookError::Unknown(number)) } else { Ok(()) }
        })
    }

    fn change<T>(&self, edit: impl FnOnce(&mut Page) -> Result<T, BookError>) -> Result<T, BookError> {
        let lock = File::create(self.folder.join("notes.lock"))?;
        lock.lock()?;
        let mut page = self.read()?;
        let answer = edit(&mut page)?;
        self.write(&page)?;
        Ok(answer)
    }

    fn read(&self) -> Result<Page, BookError> {
        let path = self.folder.join("notes.json");
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Page::default()),
            Err(error) => return Err(error.into()),
            Ok(about) if about.len() > MAX_FILE => return Err(BookError::Changed),
            Ok(_) => {}
        }
        let bytes = fs::read(path)?;
        let cut = bytes.iter().position(|byte| *byte == b'\n').ok_or(BookError::Changed)?;
        let (tag, json) = (&bytes[..cut], &bytes[cut + 1..]);
        let tag = unhex(tag).ok_or(BookError::Changed)?;
        self.mac(json).verify_slice(&tag).map_err(|_| BookError::Changed)?;
        serde_json::from_slice(json).map_err(|_| BookError::Changed)
    }

    fn write(&self, page: &Page) -> Result<(), BookError> {
        let json = serde_json::to_vec(page).map_err(io::Error::from)?;
        let tag = self.mac(&json).finalize().into_bytes();
        let written = self.folder.join("notes.json.new");
        let mut file = File::create(&written)?;
        for byte in tag {
            write!(file, "{byte:02x}")?;
        }
        file.write_all(b"\n")?;
        file.write_all(&json)?;
        file.sync_all()?;
        fs::rename(written, self.folder.join("notes.json"))?;
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    fn mac(&self, json: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.token.as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(json);
        mac
    }
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii() && text.len() % 2 == 0)?;
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
