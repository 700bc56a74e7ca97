//! What the operator opened to a server, and what stays closed whatever they say.

use std::path::{Path, PathBuf};

use super::programs::real;
use crate::deploy::TargetError;

pub(super) fn paths(
    kind: &str,
    granted: &std::collections::BTreeSet<String>,
    notes: &mut Vec<String>,
) -> Result<Vec<PathBuf>, TargetError> {
    let mut found = Vec::new();
    for text in granted {
        let path = PathBuf::from(text);
        if !path.is_absolute() {
            return Err(TargetError::Unsupported(format!(
                "{kind}={text} cannot be granted here: name an absolute path (its own tree is readable, and HOME is its \
                 own folder)"
            )));
        }
        if path.exists() {
            found.push(path);
        } else {
            notes.push(format!("{kind}={text} was granted, but nothing is there"));
        }
    }
    Ok(found)
}

/// Refuses rules that would open Sigyl's own folder: master key, store and control socket are there.
pub(super) fn keeps_out<'a>(
    data_dir: &Path,
    opened: impl Iterator<Item = &'a PathBuf>,
    private: &Path,
) -> Result<(), TargetError> {
    let (data_dir, private) = (real(data_dir), real(private));
    for path in opened {
        let path = real(path);
        if data_dir.starts_with(&path)
            || path.starts_with(&data_dir) && path != private && is_secret(&path, &data_dir)
        {
            return Err(TargetError::Unsupported(format!(
                "{} cannot be opened to a server: it is, or holds, Sigyl's own data directory {}",
                path.display(),
                data_dir.display()
            )));
        }
    }
    Ok(())
}

/// Only built trees may lie in the data directory, when the cache is put there.
fn is_secret(path: &Path, data_dir: &Path) -> bool {
    !path.strip_prefix(data_dir).is_ok_and(|inner| inner.iter().any(|part| part == "builds"))
}
