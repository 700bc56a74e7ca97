//! Reads zip archives and wheels.

use std::io::{Read, Seek};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::Unpack;
use super::meter::{Meter, Metered};
use crate::source::SourceError;
use crate::source::path::shown;

/// Bytes of the directory of an archive for each entry that the limits allow, on average.
const DIRECTORY: u64 = 512;
/// Bytes of the target of a link at most.
const LONGEST_LINK: u64 = 4096;
/// The bits of a Unix mode that tell what sort of file it is.
const SORT: u32 = 0o170_000;

/// Reads every entry of `packed`.
pub(super) fn read(packed: impl Read + Seek, unpack: &mut Unpack<'_>) -> Result<(), SourceError> {
    let meter = Meter::new(u64::MAX);
    meter.allow(Some(DIRECTORY.saturating_mul(unpack.most_entries())));
    let mut archive =
        ZipArchive::new(Metered::new(packed, &meter)).map_err(|error| match meter.was_over() {
            true => unpack.bad("its directory is over the limit"),
            false => broken(unpack, &error),
        })?;
    meter.allow(None);
    // Two readers must not see two archives: duplicates, overlaps and headers that differ from the directory.
    archive.validate_header_consistency().map_err(|error| broken(unpack, &error))?;
    for at in 0..archive.len() {
        unpack.count()?;
        let entry = archive.by_index(at).map_err(|error| broken(unpack, &error))?;
        take(entry, unpack)?;
    }
    Ok(())
}

fn take<R: Read>(mut entry: ZipFile<'_, R>, unpack: &mut Unpack<'_>) -> Result<(), SourceError> {
    let name = entry.name().map_err(|error| broken(unpack, &error))?.into_owned();
    let mode = entry.unix_mode().unwrap_or_default();
    if entry.is_dir() {
        return unpack.folder(&name);
    }
    match mode & SORT {
        0 | 0o100_000 => unpack.file(&name, mode & 0o100 != 0, &mut entry),
        0o120_000 => {
            let mut target = String::new();
            let read = entry.by_ref().take(LONGEST_LINK).read_to_string(&mut target);
            read.map_err(|error| unpack.bad(format!("`{}` is a broken link: {error}", shown(&name))))?;
            unpack.link(&name, &target)
        }
        0o040_000 => unpack.folder(&name),
        _ => Err(unpack.bad(format!("`{}` is a device or pipe", shown(&name)))),
    }
}

fn broken(unpack: &Unpack<'_>, error: &ZipError) -> SourceError {
    unpack.bad(format!("it is no sound zip archive: {}", shown(&error.to_string())))
}
