//! Changes being prepared: what they write, on top of what is on record.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{Digest, Seq};
use crate::store::codec::{decode, encode};
use crate::store::key::{Key, Span};
use crate::store::{JournalEntry, StoreError};

use super::records::{BLOB, Content, INLINE, INLINE_MAX, Reader, content};
use super::wal::Writes;

/// Most bytes of journal lines in one record, so that it stays inline.
const JOURNAL_MAX: usize = INLINE_MAX - 256;

/// What one change, or a whole group of them, writes.
#[derive(Debug, Default)]
pub(super) struct Drafted {
    pub(super) writes: Writes,
    /// Content of new blobs.
    pub(super) blobs: BTreeMap<Digest, Vec<u8>>,
    /// Blobs that lost a record which named them.
    loosened: Vec<Digest>,
    journal: Vec<JournalEntry>,
}

/// One change being prepared on top of the group and the records.
pub(super) struct Draft<'a> {
    reader: &'a Reader<'a>,
    group: &'a Drafted,
    own: Drafted,
    seq: Seq,
}

impl<'a> Draft<'a> {
    /// Begins a change; `last` is the last seq given out.
    pub(super) fn new(reader: &'a Reader<'a>, group: &'a Drafted, last: Seq) -> Self {
        Self { reader, group, own: Drafted::default(), seq: last }
    }

    /// Gives out the next seq.
    pub(super) fn next_seq(&mut self) -> Seq {
        self.seq.0 += 1;
        self.seq
    }

    /// Writes the journal line and ends the change.
    pub(super) fn finish(mut self, change: &str, subject: String) -> (Drafted, Seq) {
        self.own.journal.push(JournalEntry { seq: self.seq, change: change.to_owned(), subject });
        (self.own, self.seq)
    }

    /// Returns the record at a key.
    pub(super) fn get<T: DeserializeOwned>(&self, key: &Key<'_>) -> Result<Option<T>, StoreError> {
        let key = key.encode();
        let Some(value) = self.value(&key)? else { return Ok(None) };
        match content(&key, &value)? {
            Content::Inline(bytes) => decode(&key, bytes).map(Some),
            Content::Blob(digest) => match self.blob(&digest) {
                Some(bytes) => decode(&key, bytes).map(Some),
                None => self.reader.open(&key, &value).map(Some),
            },
        }
    }

    /// Tells whether there is a record at a key.
    pub(super) fn has(&self, key: &Key<'_>) -> Result<bool, StoreError> {
        self.value(&key.encode()).map(|value| value.is_some())
    }

    /// Puts a record where none can be, such as under a fresh seq.
    pub(super) fn create<T: Serialize>(&mut self, key: &Key<'_>, record: &T) -> Result<(), StoreError> {
        let key = key.encode();
        self.write(key, record)
    }

    /// Puts a record in the place of what may be there.
    pub(super) fn put<T: Serialize>(&mut self, key: &Key<'_>, record: &T) -> Result<(), StoreError> {
        let key = key.encode();
        self.loosen(&key)?;
        self.write(key, record)
    }

    /// Marks a key: only its being there says something.
    pub(super) fn mark(&mut self, key: &Key<'_>) {
        self.own.writes.insert(key.encode(), Some(vec![INLINE]));
    }

    /// Removes the record or the mark at a key.
    pub(super) fn remove(&mut self, key: &Key<'_>) -> Result<(), StoreError> {
        self.remove_raw(key.encode())
    }

    /// Removes everything in a range. Sees what is on record, not what the group has written before.
    pub(super) fn remove_all(&mut self, span: &Span<'_>) -> Result<(), StoreError> {
        for item in self.reader.scan(span, None) {
            self.remove_raw(item?.0.to_vec())?;
        }
        Ok(())
    }

    /// Walks the records of a range. Sees what is on record, not what the group has written before.
    pub(super) fn recorded<T: DeserializeOwned>(
        &self,
        span: &Span<'_>,
    ) -> impl Iterator<Item = Result<T, StoreError>> + use<'a, T> {
        let reader = self.reader;
        reader.scan(span, None).map(move |item| {
            let (key, value) = item?;
            reader.open(&key, &value)
        })
    }

    /// Tells whether a range holds anything.
    pub(super) fn any(&self, span: &Span<'_>) -> Result<bool, StoreError> {
        any(self.reader, &[&self.own.writes, &self.group.writes], span)
    }

    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        for writes in [&self.own.writes, &self.group.writes] {
            if let Some(value) = writes.get(key) {
                return Ok(value.clone());
            }
        }
        Ok(self.reader.raw(key)?.map(|value| value.to_vec()))
    }

    fn blob(&self, digest: &Digest) -> Option<&Vec<u8>> {
        self.own.blobs.get(digest).or_else(|| self.group.blobs.get(digest))
    }

    fn write<T: Serialize>(&mut self, key: Vec<u8>, record: &T) -> Result<(), StoreError> {
        let bytes = encode(&key, record)?;
        let value = if bytes.len() < INLINE_MAX {
            [&[INLINE], bytes.as_slice()].concat()
        } else {
            let digest = Digest::of(&bytes);
            self.mark(&Key::BlobUse(digest, &key));
            self.own.blobs.insert(digest, bytes);
            [&[BLOB], digest.as_bytes().as_slice()].concat()
        };
        self.own.writes.insert(key, Some(value));
        Ok(())
    }

    fn remove_raw(&mut self, key: Vec<u8>) -> Result<(), StoreError> {
        self.loosen(&key)?;
        self.own.writes.insert(key, None);
        Ok(())
    }

    /// Takes note that what is at a key will not name its blob any more.
    fn loosen(&mut self, key: &[u8]) -> Result<(), StoreError> {
        let Some(value) = self.value(key)? else { return Ok(()) };
        if let Content::Blob(digest) = content(key, &value)? {
            self.own.writes.insert(Key::BlobUse(digest, key).encode(), None);
            self.own.loosened.push(digest);
        }
        Ok(())
    }
}

impl Drafted {
    /// Takes in a change that succeeded.
    pub(super) fn absorb(&mut self, change: Self) {
        self.writes.extend(change.writes);
        self.blobs.extend(change.blobs);
        self.loosened.extend(change.loosened);
        self.journal.extend(change.journal);
    }

    /// Tells whether nothing is written.
    pub(super) fn is_empty(&self) -> bool {
        self.journal.is_empty()
    }

    /// Writes the journal lines, and the intent to remove each blob that nothing names any more, and returns those.
    pub(super) fn complete(&mut self, reader: &Reader<'_>) -> Result<Vec<Digest>, StoreError> {
        let lines = std::mem::take(&mut self.journal);
        let size = |line: &JournalEntry| 64 + line.change.len() + line.subject.len();
        let mut rest = lines.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take_while(|line| {
                bytes += size(line);
                bytes <= JOURNAL_MAX
            });
            let (now, later) = rest.split_at(fits.count().max(1));
            let key = Key::Journal(now[now.len() - 1].seq).encode();
            let value = [&[INLINE], encode(&key, &now)?.as_slice()].concat();
            self.writes.insert(key, Some(value));
            rest = later;
        }
        self.doom(reader)
    }

    fn doom(&mut self, reader: &Reader<'_>) -> Result<Vec<Digest>, StoreError> {
        let mut doomed = Vec::new();
        self.loosened.sort_unstable();
        self.loosened.dedup();
        for digest in std::mem::take(&mut self.loosened) {
            if !any(reader, &[&self.writes], &Span::BlobUses(digest))? {
                self.blobs.remove(&digest);
                self.writes.insert(Key::Doomed(digest).encode(), Some(vec![INLINE]));
                doomed.push(digest);
            }
        }
        // What is named again must not be removed at the next open.
        for digest in self.blobs.keys() {
            self.writes.insert(Key::Doomed(*digest).encode(), None);
        }
        Ok(doomed)
    }
}

/// Tells whether a range holds anything, with `layers` (the newest first) on top of what is on record.
fn any(reader: &Reader<'_>, layers: &[&Writes], span: &Span<'_>) -> Result<bool, StoreError> {
    let prefix = span.prefix();
    for (depth, layer) in layers.iter().enumerate() {
        let in_span = layer.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
        let hidden = |key: &Vec<u8>| layers[..depth].iter().any(|newer| newer.contains_key(key));
        if in_span.into_iter().any(|(key, value)| value.is_some() && !hidden(key)) {
            return Ok(true);
        }
    }
    for item in reader.scan(span, None) {
        let key = item?.0;
        if !layers.iter().any(|layer| layer.contains_key(key.as_ref())) {
            return Ok(true);
        }
    }
    Ok(false)
}
