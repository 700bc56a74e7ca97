//! Reads gzipped tar archives.

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

use super::Unpack;
use super::meter::{Meter, Metered};
use crate::source::SourceError;
use crate::source::path::shown;

/// Bytes of the headers of one entry at most: its long name, link and extensions are held in memory.
const HEADERS: u64 = 1 << 20;

/// Reads every entry of `packed`.
pub(super) fn read(packed: impl Read, unpack: &mut Unpack<'_>) -> Result<(), SourceError> {
    // Headers and padding are no bytes of files, but they are unpacked as well.
    let meter = Meter::new(unpack.budget().saturating_add(unpack.budget() / 4).saturating_add(HEADERS));
    let stream = Metered::new(MultiGzDecoder::new(BufReader::new(packed)), &meter);
    let mut archive = Archive::new(stream);
    let taken = take_all(&mut archive, &meter, unpack);
    let taken = taken.and_then(|()| nothing_follows(archive.into_inner(), unpack));
    match taken {
        Err(_) if meter.is_spent() => Err(unpack.over_budget()),
        Err(_) if meter.was_over() => Err(unpack.bad("the headers of one entry are over the limit of 1 MiB")),
        taken => taken,
    }
}

fn take_all<R: Read>(
    archive: &mut Archive<R>,
    meter: &Meter,
    unpack: &mut Unpack<'_>,
) -> Result<(), SourceError> {
    let mut entries = archive.entries().map_err(|error| broken(unpack, &error))?;
    loop {
        meter.allow(Some(HEADERS));
        let Some(entry) = entries.next() else { break };
        meter.allow(None);
        take(entry.map_err(|error| broken(unpack, &error))?, unpack)?;
    }
    meter.allow(None);
    Ok(())
}

fn take<R: Read>(mut entry: Entry<'_, R>, unpack: &mut Unpack<'_>) -> Result<(), SourceError> {
    unpack.count()?;
    let name = text(&entry.path_bytes(), unpack)?;
    let kind = entry.header().entry_type();
    // What is itself a list of extensions would be read whole.
    if kind != EntryType::XGlobalHeader
        && kind != EntryType::XHeader
        && let Some(why) = odd_extension(&mut entry)
    {
        return Err(unpack.bad(format!("`{}` {why}", shown(&name))));
    }
    match kind {
        EntryType::Regular | EntryType::Continuous if !name.ends_with('/') => {
            let mode = entry.header().mode().map_err(|error| broken(unpack, &error))?;
            unpack.file(&name, mode & 0o100 != 0, &mut entry)?;
        }
        EntryType::Directory | EntryType::Regular => unpack.folder(&name)?,
        EntryType::Symlink | EntryType::Link => {
            let target = entry.link_name_bytes().unwrap_or_default();
            let target = text(&target, unpack)?;
            match kind {
                EntryType::Symlink => unpack.link(&name, &target)?,
                _ => unpack.hard_link(&name, &target)?,
            }
        }
        EntryType::XGlobalHeader => {}
        EntryType::Char | EntryType::Block | EntryType::Fifo => {
            return Err(unpack.bad(format!("`{}` is a device or pipe", shown(&name))));
        }
        _ => return Err(unpack.bad(format!("`{}` is an entry of an unknown sort", shown(&name)))),
    }
    // The bytes of what is no file; the meter bounds them.
    io::copy(&mut entry, &mut io::sink()).map_err(|error| broken(unpack, &error))?;
    Ok(())
}

/// Tells what makes another reader see an entry of another name, or with other bytes.
fn odd_extension<R: Read>(entry: &mut Entry<'_, R>) -> Option<&'static str> {
    let broken = "has extensions that do not read";
    let Ok(extensions) = entry.pax_extensions() else { return Some(broken) };
    extensions.into_iter().flatten().find_map(|extension| match extension {
        Err(_) => Some(broken),
        Ok(extension) => extension.key_bytes().starts_with(b"GNU.sparse.").then_some("is a sparse file"),
    })
}

/// Refuses what another reader of the archive might take for more entries.
fn nothing_follows(mut rest: impl Read, unpack: &Unpack<'_>) -> Result<(), SourceError> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match rest.read(&mut buffer).map_err(|error| broken(unpack, &error))? {
            0 => return Ok(()),
            read if buffer[..read].iter().all(|byte| *byte == 0) => {}
            _ => return Err(unpack.bad("data follows the end of the archive")),
        }
    }
}

fn text(bytes: &[u8], unpack: &Unpack<'_>) -> Result<String, SourceError> {
    let name = std::str::from_utf8(bytes);
    name.map(str::to_owned).map_err(|_| {
        unpack.bad(format!("`{}` is a name that is not UTF-8", shown(&String::from_utf8_lossy(bytes))))
    })
}

fn broken(unpack: &Unpack<'_>, error: &io::Error) -> SourceError {
    unpack.bad(format!("it is no sound gzipped tar archive: {}", shown(&error.to_string())))
}
