//! Reads what git lists and prints of a commit.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use crate::domain::SkipKind;
use crate::source::SourceError;
use crate::source::archive::Unpack;
use crate::source::path::{follow, parent};

/// Bytes of the target of a link at most.
const LONGEST_LINK: u64 = 4096;

/// One entry of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its path in the repository.
    pub(super) path: String,
    mode: String,
    /// The id of its object.
    pub(super) id: String,
    size: u64,
}

impl Item {
    /// Tells whether it is a symbolic link.
    pub(super) fn is_link(&self) -> bool {
        self.mode == "120000"
    }

    fn is_file(&self) -> bool {
        self.mode.starts_with("100")
    }
}

/// A file to write.
#[derive(Debug)]
pub(super) struct Wanted {
    path: String,
    executable: bool,
    /// The id of its object.
    pub(super) id: String,
    /// Its bytes.
    pub(super) size: u64,
}

/// What is taken of a commit, and what is not.
#[derive(Debug, Default)]
pub(super) struct Take {
    /// Files, in the order in which their objects are asked for.
    pub(super) files: Vec<Wanted>,
    skipped: Vec<(String, SkipKind, &'static str)>,
}

/// Reads the list that `ls-tree -r -z -l` prints.
pub(super) fn parse_list(list: &[u8]) -> Vec<Item> {
    list.split(|byte| *byte == 0)
        .filter_map(|line| {
            let tab = line.iter().position(|byte| *byte == b'\t')?;
            let facts = std::str::from_utf8(&line[..tab]).ok()?;
            let mut facts = facts.split_ascii_whitespace();
            let (mode, _sort, id, size) = (facts.next()?, facts.next()?, facts.next()?, facts.next()?);
            Some(Item {
                path: String::from_utf8_lossy(&line[tab + 1..]).into_owned(),
                mode: mode.to_owned(),
                id: id.to_owned(),
                // A submodule has none.
                size: size.parse().unwrap_or_default(),
            })
        })
        .collect()
}

/// Returns what lies in a folder of the repository.
pub(super) fn below<'a>(items: &'a [Item], subdir: Option<&str>) -> Vec<&'a Item> {
    items.iter().filter(|item| relative(&item.path, subdir).is_some()).collect()
}

/// Decides what to do with each entry; `targets` are those of the links, in order.
pub(super) fn take(items: &[Item], subdir: Option<&str>, targets: Vec<String>) -> Take {
    let files: HashMap<&str, &Item> =
        items.iter().filter(|item| item.is_file()).map(|item| (item.path.as_str(), item)).collect();
    let mut targets = targets.into_iter();
    let mut take = Take::default();
    for item in items {
        let Some(path) = relative(&item.path, subdir).map(str::to_owned) else { continue };
        // Each link has its target, also one that is skipped: the next link must not get it.
        let target = if item.is_link() { targets.next().unwrap_or_default() } else { String::new() };
        if path.contains('\u{fffd}') {
            take.skipped.push((path, SkipKind::Unreadable, "its name is not UTF-8"));
        } else if item.is_file() {
            take.want(path, item);
        } else if item.is_link() {
            let to = follow(parent(&item.path), &target).ok().and_then(|to| files.get(to.as_str()));
            match to {
                Some(file) => take.want(path, file),
                None => {
                    let reason = "a link that points to a folder, to nothing, or out of the repository";
                    take.skipped.push((path, SkipKind::NotAFile, reason));
                }
            }
        } else {
            take.skipped.push((path, SkipKind::Excluded, "a submodule; it was not asked for"));
        }
    }
    take
}

impl Take {
    fn want(&mut self, path: String, item: &Item) {
        let executable = item.mode == "100755";
        self.files.push(Wanted { path, executable, id: item.id.clone(), size: item.size });
    }
}

/// Reads the targets of `count` links from what `cat-file --batch` printed.
pub(super) fn read_links(objects: &Path, count: usize, name: &str) -> Result<Vec<String>, SourceError> {
    let mut reader = Objects::open(objects, name)?;
    let mut targets = Vec::with_capacity(count);
    for _ in 0..count {
        let mut object = reader.next()?;
        let mut target = Vec::new();
        object
            .by_ref()
            .take(LONGEST_LINK)
            .read_to_end(&mut target)
            .map_err(SourceError::io("read", objects))?;
        targets.push(String::from_utf8_lossy(&target).into_owned());
        reader.finish()?;
    }
    Ok(targets)
}

/// Writes every file that is taken.
pub(super) fn unpack(objects: &Path, take: Take, unpack: &mut Unpack<'_>) -> Result<(), SourceError> {
    let mut reader = Objects::open(objects, unpack.name())?;
    for file in take.files {
        unpack.count()?;
        let mut object = reader.next()?;
        unpack.file(&file.path, file.executable, &mut object)?;
        reader.finish()?;
    }
    for (path, kind, reason) in take.skipped {
        unpack.skip(&path, kind, reason);
    }
    Ok(())
}

/// Objects one after the other, as `cat-file --batch` prints them.
struct Objects {
    from: BufReader<File>,
    left: u64,
    name: String,
}

impl Objects {
    fn open(path: &Path, name: &str) -> Result<Self, SourceError> {
        let file = File::open(path).map_err(SourceError::io("read", path))?;
        Ok(Self { from: BufReader::new(file), left: 0, name: name.to_owned() })
    }

    /// Begins the next object and returns its bytes.
    fn next(&mut self) -> Result<Object<'_>, SourceError> {
        let mut header = Vec::new();
        let read = (&mut self.from).take(200).read_until(b'\n', &mut header);
        read.map_err(|error| self.bad(&error.to_string()))?;
        let header = String::from_utf8_lossy(&header).into_owned();
        let facts: Vec<&str> = header.split_ascii_whitespace().collect();
        self.left = match facts.as_slice() {
            [_, "blob", size] => size.parse().map_err(|_| self.bad("git printed no size"))?,
            _ => return Err(self.bad("git printed no file where one was asked for")),
        };
        Ok(Object { objects: self })
    }

    /// Skips what was not read of an object.
    fn finish(&mut self) -> Result<(), SourceError> {
        let rest = std::io::copy(&mut (&mut self.from).take(self.left + 1), &mut std::io::sink());
        match rest {
            Ok(read) if read == self.left + 1 => Ok(()),
            Ok(_) => Err(self.bad("git printed less than it said")),
            Err(error) => Err(self.bad(&error.to_string())),
        }
    }

    fn bad(&self, why: &str) -> SourceError {
        SourceError::BadArchive { archive: self.name.clone(), why: why.to_owned() }
    }
}

struct Object<'a> {
    objects: &'a mut Objects,
}

impl Read for Object<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = (&mut self.objects.from).take(self.objects.left).read(buffer)?;
        self.objects.left -= read as u64;
        Ok(read)
    }
}

/// Returns a path as seen from a folder, if it lies in it.
fn relative<'a>(path: &'a str, subdir: Option<&str>) -> Option<&'a str> {
    match subdir {
        Some(subdir) => path.strip_prefix(subdir)?.strip_prefix('/'),
        None => Some(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_is_skipped_keeps_its_target_to_itself() {
        let list: Vec<u8> = [
            &b"120000 blob 1 9\ta\xff"[..],
            b"100644 blob 2 9\tbad.py",
            b"100644 blob 3 9\tgood.py",
            b"120000 blob 4 9\tz.py",
        ]
        .map(|entry| [entry, b"\0"].concat())
        .concat();
        let take = take(&parse_list(&list), None, vec!["bad.py".to_owned(), "good.py".to_owned()]);
        let taken: Vec<_> = take.files.iter().map(|file| (file.path.as_str(), file.id.as_str())).collect();
        assert_eq!(taken, [("bad.py", "2"), ("good.py", "3"), ("z.py", "3")]);
        assert_eq!(take.skipped.len(), 1);
    }
}
