//! What files came to, kept in one file of bounded size.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::known::KnownFiles;
use super::private;
use crate::domain::Digest;

/// Bytes of the file at most; what was not asked for in the last scan makes room first.
const LARGEST: u64 = 64 << 20;
const NAME: &str = "known-files";
/// Bytes of the key and the length before each entry.
const HEAD: usize = 32 + 4;
/// Bytes of the digest at the end.
const SEAL: usize = 32;

/// What files came to, read from a folder, and written back there when the scan is done.
#[derive(Debug)]
pub struct KnownFolder {
    path: PathBuf,
    beginning: Vec<u8>,
    bytes: Vec<u8>,
    known: HashMap<[u8; 32], Range<usize>>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    asked: Vec<[u8; 32]>,
    added: HashMap<[u8; 32], Vec<u8>>,
    size: u64,
}

impl KnownFolder {
    /// Reads what a folder keeps, and makes the folder when it is absent. `writer` names the program that looks at
    /// files; it has to change whenever that may find anything else by the same rules.
    ///
    /// A file that is damaged, or of another writer, counts as none. Fails when the folder or the file cannot be
    /// used, or when anybody but the user of this process owns it or may write there: they could hide findings.
    pub fn open(folder: &Path, writer: &str) -> io::Result<Self> {
        private::make_folder(folder)?;
        let path = folder.join(NAME);
        let bytes = match private::open(&path) {
            Ok(file) => read_all(file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let beginning = beginning(writer);
        let known = entries(&bytes, &beginning).unwrap_or_default();
        Ok(Self { path, beginning, bytes, known, seen: Mutex::default() })
    }

    /// Writes what is new to the folder; when nothing is, nothing is written. A scan that runs beside this one may
    /// write as well: what is kept is then that of the last, whole.
    pub fn save(self) -> io::Result<()> {
        let seen = self.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        if seen.added.is_empty() {
            return Ok(());
        }
        let asked: std::collections::HashSet<[u8; 32]> = seen.asked.into_iter().collect();
        let old = |used: bool| self.known.iter().filter(move |(key, _)| asked.contains(*key) == used);
        let part = |(key, place): (&[u8; 32], &Range<usize>)| (*key, self.bytes[place.clone()].to_vec());
        let mut out = self.beginning.clone();
        let unused: Vec<_> = old.clone()(false).map(part).collect();
        for (key, value) in seen.added.into_iter().chain(old(true).map(part)).chain(unused) {
            let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
            let size = out.len() + HEAD + value.len() + SEAL;
            if size as u64 <= LARGEST && value.len() == length as usize {
                out.extend(key);
                out.extend(length.to_le_bytes());
                out.extend(value);
            }
        }
        let seal: [u8; SEAL] = Sha256::digest(&out).into();
        out.extend(seal);
        replace(&self.path, &out)
    }
}

impl KnownFiles for KnownFolder {
    fn get(&self, key: &Digest) -> Option<Vec<u8>> {
        let place = self.known.get(key.as_bytes())?.clone();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).asked.push(*key.as_bytes());
        self.bytes.get(place).map(<[u8]>::to_vec)
    }

    fn put(&self, key: Digest, value: Vec<u8>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let size = seen.size + (HEAD + value.len()) as u64;
        if size <= LARGEST {
            seen.size = size;
            seen.added.insert(*key.as_bytes(), value);
        }
    }
}

/// Reads a file, or nothing of one that is larger than any that is written.
fn read_all(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        bytes.clear();
    }
    Ok(bytes)
}

/// Returns what a file of this format and writer begins with.
fn beginning(writer: &str) -> Vec<u8> {
    [b"sigyl.known-files/1\n", &Digest::of(writer.as_bytes()).as_bytes()[..]].concat()
}

/// Finds the entries of a file that is whole and begins as it should.
fn entries(bytes: &[u8], beginning: &[u8]) -> Option<HashMap<[u8; 32], Range<usize>>> {
    let (sealed, seal) = bytes.split_last_chunk::<SEAL>()?;
    let expected: [u8; SEAL] = Sha256::digest(sealed).into();
    if expected != *seal || !sealed.starts_with(beginning) {
        return None;
    }
    let mut known = HashMap::new();
    let mut at = beginning.len();
    while at < sealed.len() {
        let head: &[u8; HEAD] = sealed.get(at..at + HEAD)?.try_into().ok()?;
        let (key, length) = head.split_first_chunk::<32>()?;
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        let place = at + HEAD..(at + HEAD).checked_add(length)?;
        at = place.end;
        sealed.get(place.clone())?;
        known.insert(*key, place);
    }
    Some(known)
}

/// Puts a file in the place of another at once.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let written = private::create(&beside).and_then(|mut file| file.write_all(bytes));
    written.and_then(|()| fs::rename(&beside, path)).inspect_err(|_| drop(fs::remove_file(&beside)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    fn kept(folder: &Path, key: &str) -> Option<Vec<u8>> {
        KnownFolder::open(folder, "me").unwrap().get(&digest(key))
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownFolder::open(folder.path(), "me").unwrap();
        known.put(digest("a"), b"one".to_vec());
        known.put(digest("b"), Vec::new());
        known.save().unwrap();
        folder
    }

    #[test]
    fn what_is_kept_is_there_the_next_time_and_stays() {
        let folder = folder();
        assert_eq!(kept(folder.path(), "a").unwrap(), b"one");
        assert_eq!(kept(folder.path(), "b").unwrap(), b"");
        assert_eq!(kept(folder.path(), "c"), None);
        let known = KnownFolder::open(folder.path(), "me").unwrap();
        known.get(&digest("a")).unwrap();
        known.put(digest("c"), b"three".to_vec());
        known.save().unwrap();
        for (key, value) in [("a", "one"), ("b", ""), ("c", "three")] {
            assert_eq!(kept(folder.path(), key).unwrap(), value.as_bytes());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_was_changed_counts_as_none() {
        let folder = folder();
        let path = folder.path().join(NAME);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            assert!(entries(&bytes, &beginning("me")).is_none(), "{at}");
            assert!(entries(&whole[..at], &beginning("me")).is_none(), "{at}");
        }
        assert!(entries(&whole, &beginning("you")).is_none());
        fs::write(&path, &whole[1..]).unwrap();
        assert_eq!(kept(folder.path(), "a"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_place_where_others_may_write_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder();
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        set(folder.path(), 0o777);
        assert_eq!(
            KnownFolder::open(folder.path(), "me").unwrap_err().kind(),
            io::ErrorKind::PermissionDenied
        );
        set(folder.path(), 0o700);
        set(&folder.path().join(NAME), 0o666);
        assert_eq!(
            KnownFolder::open(folder.path(), "me").unwrap_err().kind(),
            io::ErrorKind::PermissionDenied
        );
    }
}
