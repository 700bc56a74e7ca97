//! The log: what groups of changes write, synced before any of it is applied.
//!
//! A record is `length · first seq · last seq · checksum · writes`, all writes being absolute values. The file is
//! preallocated and written from its start again after each checkpoint, so a sync has no metadata to write. Reading
//! ends at the first record whose checksum fails or whose first seq does not follow: seqs only grow, so nothing left
//! over from an earlier turn is ever taken for new. Nor is the earlier turn itself: its first record is wiped before
//! the next is written, since a loss of power may keep the old start of the file and parts of what came after, and
//! applying half of an earlier turn again would bring old values back.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::domain::Seq;
use crate::store::StoreError;

use super::io::{failed, replace};

/// Size of the file; a group that is larger makes it grow until the next checkpoint.
pub(super) const CAPACITY: u64 = 4 << 20;

const HEADER: usize = 8 + 8 + 8 + 16;
const DELETED: u32 = u32::MAX;

/// Length of the record that only says up to where a checkpoint reached: no record is so short.
const MARK: u64 = 0;

/// Keys and what they hold from now on; nothing where the key is removed.
pub(super) type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The open log.
#[derive(Debug)]
pub(super) struct Wal {
    file: File,
    path: PathBuf,
    end: u64,
    capacity: u64,
}

/// What a log holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) groups: Vec<Group>,
    /// The last change before the first group: the records have it, and all before it.
    pub(super) after: Seq,
}

/// One group as the log holds it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) first: Seq,
    pub(super) last: Seq,
    pub(super) writes: Writes,
}

impl Wal {
    /// Opens the log, making it if there is none, and returns what is to be applied again.
    pub(super) fn open(path: &Path, capacity: u64) -> Result<(Self, Held), StoreError> {
        if !path.exists() {
            let size = usize::try_from(capacity).unwrap_or(usize::MAX);
            replace(path, &vec![0; size])?;
        }
        let bytes = fs::read(path).map_err(failed("read", path))?;
        let (groups, end) = read_groups(&bytes);
        let after =
            groups.first().map_or_else(|| read_mark(&bytes), |group| Seq(group.first.0.saturating_sub(1)));
        let file = fs::OpenOptions::new().write(true).open(path).map_err(failed("open", path))?;
        Ok((Self { file, path: path.to_owned(), end, capacity }, Held { groups, after }))
    }

    /// Tells whether a record of this size needs a checkpoint first.
    pub(super) fn is_full_for(&self, record: &[u8]) -> bool {
        self.end > 0 && self.end + record.len() as u64 > self.capacity
    }

    /// Writes one record without syncing it; what fails here leaves no trace.
    pub(super) fn write(&self, record: &[u8]) -> Result<(), StoreError> {
        self.file.write_all_at(record, self.end).map_err(failed("write", &self.path))
    }

    /// Makes what was written durable, and counts it.
    pub(super) fn sync(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.file.sync_data().map_err(failed("sync", &self.path))?;
        self.end += record.len() as u64;
        Ok(())
    }

    /// Starts again at the front, after a checkpoint that reached up to `last`: nothing of what lies there will ever be
    /// applied again.
    pub(super) fn rewind(&mut self, last: Seq) -> Result<(), StoreError> {
        if self.end > self.capacity {
            self.file.set_len(self.capacity).map_err(failed("shorten", &self.path))?;
        }
        self.file.write_all_at(&head(MARK, last, last, &[]), 0).map_err(failed("write", &self.path))?;
        self.file.sync_data().map_err(failed("sync", &self.path))?;
        self.end = 0;
        Ok(())
    }
}

/// Writes one group as a record.
pub(super) fn record(first: Seq, last: Seq, writes: &Writes) -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    let push = |bytes: &mut Vec<u8>, part: &[u8]| bytes.extend_from_slice(part);
    for (key, value) in writes {
        push(&mut bytes, &length(key).to_le_bytes());
        push(&mut bytes, &value.as_ref().map_or(DELETED, |value| length(value)).to_le_bytes());
        push(&mut bytes, key);
        push(&mut bytes, value.as_deref().unwrap_or_default());
    }
    let head = head(bytes.len() as u64, first, last, &bytes[HEADER..]);
    bytes[..HEADER].copy_from_slice(&head);
    bytes
}

/// Returns what stands before the writes of a record.
fn head(size: u64, first: Seq, last: Seq, writes: &[u8]) -> [u8; HEADER] {
    let mut head = [0; HEADER];
    head[..8].copy_from_slice(&size.to_le_bytes());
    head[8..16].copy_from_slice(&first.0.to_le_bytes());
    head[16..24].copy_from_slice(&last.0.to_le_bytes());
    let sum = checksum(&head[..24], writes);
    head[24..].copy_from_slice(&sum);
    head
}

/// Reads up to where the last checkpoint reached; the beginning where nothing says so.
fn read_mark(bytes: &[u8]) -> Seq {
    let seq = bytes.get(8..16).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
    match bytes.get(..HEADER) {
        Some(found) if found == head(MARK, Seq(seq), Seq(seq), &[]) => Seq(seq),
        _ => Seq(0),
    }
}

/// Keys and values are far below 4 GiB: values over 4 KiB are blobs.
fn length(part: &[u8]) -> u32 {
    u32::try_from(part.len()).unwrap_or(DELETED - 1)
}

fn checksum(head: &[u8], body: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::new().chain_update(head).chain_update(body).finalize().into();
    let mut sum = [0; 16];
    sum.copy_from_slice(&digest[..16]);
    sum
}

fn read_groups(mut bytes: &[u8]) -> (Vec<Group>, u64) {
    let mut groups: Vec<Group> = Vec::new();
    let mut end = 0;
    while let Some((group, size)) = read_group(bytes) {
        if groups.last().is_some_and(|before| group.first.0 != before.last.0 + 1) {
            break;
        }
        groups.push(group);
        end += size as u64;
        bytes = &bytes[size..];
    }
    (groups, end)
}

/// Reads bytes as the content of a log record, past its checksum, for fuzzing; returns how many of the writes in it
/// are runs.
#[cfg(any(test, feature = "testing"))]
pub fn read_runs(bytes: &[u8]) -> usize {
    let is_run = |(key, value): &(Vec<u8>, Option<Vec<u8>>)| {
        let record = value.as_deref().and_then(|value| value.get(1..)).unwrap_or_default();
        crate::store::codec::decode::<crate::domain::Run>(key, record).is_ok()
    };
    writes(bytes).unwrap_or_default().into_iter().filter(is_run).count()
}

fn read_group(bytes: &[u8]) -> Option<(Group, usize)> {
    let number = |at: usize| bytes.get(at..at + 8)?.try_into().map(u64::from_le_bytes).ok();
    let size = usize::try_from(number(0)?).ok()?;
    let whole = bytes.get(..size).filter(|_| size >= HEADER)?;
    if checksum(&whole[..24], &whole[HEADER..]) != whole[24..HEADER] {
        return None;
    }
    let group = Group { first: Seq(number(8)?), last: Seq(number(16)?), writes: writes(&whole[HEADER..])? };
    Some((group, size))
}

fn writes(mut body: &[u8]) -> Option<Writes> {
    let mut writes = Writes::new();
    while !body.is_empty() {
        let key_size = u32::from_le_bytes(body.get(..4)?.try_into().ok()?);
        let value_size = u32::from_le_bytes(body.get(4..8)?.try_into().ok()?);
        let (key, rest) = body[8..].split_at_checked(key_size as usize)?;
        if value_size == DELETED {
            writes.insert(key.to_vec(), None);
            body = rest;
        } else {
            let (value, rest) = rest.split_at_checked(value_size as usize)?;
            writes.insert(key.to_vec(), Some(value.to_vec()));
            body = rest;
        }
    }
    Some(writes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(number: u8) -> Writes {
        Writes::from([(vec![number], Some(vec![number; 100])), (vec![number, 0], None)])
    }

    fn append(wal: &mut Wal, seq: u64, writes: &Writes) {
        let record = record(Seq(seq), Seq(seq), writes);
        if wal.is_full_for(&record) {
            wal.rewind(Seq(seq - 1)).unwrap();
        }
        wal.write(&record).unwrap();
        wal.sync(&record).unwrap();
    }

    #[test]
    fn groups_come_back_in_order_and_a_torn_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let (mut wal, none) = Wal::open(&path, 4096).unwrap();
        assert_eq!(none, Held { groups: Vec::new(), after: Seq(0) });
        append(&mut wal, 1, &some(1));
        append(&mut wal, 2, &some(2));
        let (mut again, held) = Wal::open(&path, 4096).unwrap();
        let groups = held.groups;
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[1], Group { first: Seq(2), last: Seq(2), writes: some(2) });
        let torn = record(Seq(3), Seq(3), &some(3));
        again.file.write_all_at(&torn[..torn.len() - 2], again.end).unwrap();
        assert_eq!(Wal::open(&path, 4096).unwrap().1.groups.len(), 2);
        again.rewind(Seq(2)).unwrap();
        assert_eq!(Wal::open(&path, 4096).unwrap().1, Held { groups: Vec::new(), after: Seq(2) });
    }

    #[test]
    fn leftovers_of_an_earlier_turn_are_not_taken_for_new() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let (mut wal, _) = Wal::open(&path, 1000).unwrap();
        // Records of one size: after the turn, old records start exactly where the new ones end.
        for seq in 1..=9 {
            append(&mut wal, seq, &some(7));
        }
        let groups = Wal::open(&path, 1000).unwrap().1.groups;
        let seqs: Vec<u64> = groups.iter().map(|group| group.first.0).collect();
        assert!(seqs.len() < 9 && seqs.last() == Some(&9), "{seqs:?}");
        assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{seqs:?}");
    }

    #[test]
    fn nothing_of_an_earlier_turn_is_applied_again_when_the_next_one_is_torn() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let (mut wal, _) = Wal::open(&path, 4096).unwrap();
        for seq in 1..=9 {
            append(&mut wal, seq, &some(7));
        }
        wal.rewind(Seq(9)).unwrap();
        // The end of a long record reached the disk, its start did not.
        let next = record(Seq(10), Seq(10), &Writes::from([(vec![1], Some(vec![1; 1500]))]));
        wal.file.write_all_at(&next[512..], 512).unwrap();
        assert_eq!(Wal::open(&path, 4096).unwrap().1.groups, []);
    }

    #[test]
    fn a_group_larger_than_the_file_fits_and_the_file_shrinks_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let (mut wal, _) = Wal::open(&path, 1000).unwrap();
        append(&mut wal, 1, &Writes::from([(vec![1], Some(vec![1; 5000]))]));
        assert_eq!(Wal::open(&path, 1000).unwrap().1.groups.len(), 1);
        append(&mut wal, 2, &some(2));
        assert_eq!(fs::metadata(&path).unwrap().len(), 1000);
        assert_eq!(Wal::open(&path, 1000).unwrap().1.groups[0].first, Seq(2));
    }

    #[test]
    fn runs_are_told_from_other_writes() {
        let run = crate::store::contract::fixture::run("r1", crate::domain::RunState::Done);
        let value = [&[0], crate::store::codec::encode(b"k", &run).unwrap().as_slice()].concat();
        let mut writes = some(1);
        writes.insert(vec![9], Some(value));
        let bytes = record(Seq(1), Seq(1), &writes);
        assert_eq!(read_runs(&bytes[HEADER..]), 1);
        assert_eq!(read_runs(&bytes[HEADER..bytes.len() - 1]), 0);
    }

    #[test]
    fn any_changed_byte_ends_the_reading() {
        let bytes = record(Seq(1), Seq(1), &some(1));
        for at in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            assert_eq!(read_groups(&wrong).0, [], "byte {at}");
        }
        assert_eq!(read_groups(&bytes).1, bytes.len() as u64);
    }
}
