//! The format of a store's folder: refuses a newer one, copies an older one aside and migrates it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::StoreError;

use super::io::{failed, replace, sync_folder};

/// Turns a store of one format into the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The format it reads. It leaves the next one.
    pub(super) from: u32,
    /// Does it, in the store's folder. When it fails or is killed, it starts over from the copy.
    pub(super) run: fn(&Path) -> Result<(), StoreError>,
}

/// Every migration there is. What a record of format 1 leaves out is read as what it was then.
pub(super) const STEPS: &[Step] = &[Step { from: 1, run: |_| Ok(()) }];

/// What belongs to a store besides its lock and its format.
const PARTS: [&str; 3] = ["records", "blobs", "log"];

/// Makes sure that the folder has the format `known`. The caller holds the lock.
pub(super) fn ensure(dir: &Path, known: u32, steps: &[Step]) -> Result<(), StoreError> {
    let found = match read(dir)? {
        Some(found) => found,
        None => return write(dir, known),
    };
    if found > known {
        return Err(StoreError::TooNew { path: dir.to_owned(), found, known });
    }
    if found < known { migrate(dir, found, known, steps) } else { put_aside(dir, known) }
}

fn read(dir: &Path) -> Result<Option<u32>, StoreError> {
    let path = dir.join("format");
    let corrupt = |why: String| StoreError::Corrupt { key: path.display().to_string(), why };
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(found) => Ok(Some(found)),
            Err(_) => Err(corrupt(format!("`{}` is not the number of a format", text.trim().escape_debug()))),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => match dir.join("records").exists() {
            true => Err(corrupt("it is missing beside records".to_owned())),
            false => Ok(None),
        },
        Err(error) => Err(failed("read", &path)(error)),
    }
}

fn write(dir: &Path, format: u32) -> Result<(), StoreError> {
    replace(&dir.join("format"), format!("{format}\n").as_bytes())
}

fn migrate(dir: &Path, found: u32, known: u32, steps: &[Step]) -> Result<(), StoreError> {
    let way = (found..known).map(|from| steps.iter().find(|step| step.from == from));
    let Some(way) = way.collect::<Option<Vec<_>>>() else {
        let why = format!("format {found} is older than this Sigyl can migrate; use the one in between");
        return Err(StoreError::Corrupt { key: dir.display().to_string(), why });
    };
    let copy = copy_of(dir, known);
    if copy.exists() {
        // An earlier attempt was cut short: what it left is no store of either format.
        for part in PARTS {
            remove_tree(&dir.join(part))?;
        }
        copy_parts(&copy, dir)?;
    } else {
        let partial = dir.join("before-format.partial");
        remove_tree(&partial)?;
        fs::create_dir(&partial).map_err(failed("create", &partial))?;
        copy_parts(dir, &partial)?;
        fs::rename(&partial, &copy).map_err(failed("rename", &partial))?;
        sync_folder(dir)?;
    }
    for step in way {
        (step.run)(dir)?;
    }
    write(dir, known)?;
    put_aside(dir, known)
}

/// The copy of a store that is being migrated. It has this name only until that is done.
fn copy_of(dir: &Path, known: u32) -> PathBuf {
    dir.join(format!("migrating-to-{known}"))
}

/// Gives the copy a name for good once the migration is done. An earlier one keeps its own: who took the store back to it
/// and worked on has migrated other facts this time.
fn put_aside(dir: &Path, known: u32) -> Result<(), StoreError> {
    let copy = copy_of(dir, known);
    if !copy.exists() {
        return Ok(());
    }
    let mut aside = dir.join(format!("before-format-{known}"));
    for number in 2_u32.. {
        if !aside.exists() {
            break;
        }
        aside = dir.join(format!("before-format-{known}-{number}"));
    }
    fs::rename(&copy, &aside).map_err(failed("rename", &copy))?;
    sync_folder(dir)
}

fn copy_parts(from: &Path, into: &Path) -> Result<(), StoreError> {
    for part in PARTS {
        copy_tree(&from.join(part), &into.join(part))?;
    }
    sync_folder(into)
}

/// Copies a file or a folder with everything in it, synced. What is not there is not copied.
fn copy_tree(from: &Path, into: &Path) -> Result<(), StoreError> {
    let mut todo: Vec<(PathBuf, PathBuf)> = vec![(from.to_owned(), into.to_owned())];
    while let Some((from, into)) = todo.pop() {
        if from.is_dir() {
            fs::create_dir(&into).map_err(failed("create", &into))?;
            for entry in fs::read_dir(&from).map_err(failed("list", &from))? {
                let name = entry.map_err(failed("list", &from))?.file_name();
                todo.push((from.join(&name), into.join(&name)));
            }
            sync_folder(&into)?;
        } else if from.exists() {
            fs::copy(&from, &into).map_err(failed("copy", &from))?;
            fs::File::open(&into).and_then(|file| file.sync_all()).map_err(failed("sync", &into))?;
        }
    }
    Ok(())
}

fn remove_tree(path: &Path) -> Result<(), StoreError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::store::Store as _;
    use crate::store::contract::fixture;
    use crate::store::sled::SledStore;

    /// A made-up format 0, in which the only record was called `old`.
    const RENAME: Step = Step { from: 0, run: rename };
    static KILLED: AtomicBool = AtomicBool::new(false);

    fn rename(dir: &Path) -> Result<(), StoreError> {
        let (old, new) = (dir.join("records/old"), dir.join("records/new"));
        fs::rename(&old, &new).map_err(failed("rename", &old))?;
        if KILLED.swap(false, Ordering::SeqCst) {
            return Err(StoreError::Engine("cut short".to_owned()));
        }
        Ok(())
    }

    fn format_0(dir: &Path) {
        fs::create_dir_all(dir.join("records")).unwrap();
        fs::write(dir.join("records/old"), "content").unwrap();
        fs::write(dir.join("format"), "0\n").unwrap();
    }

    #[test]
    fn an_older_store_is_copied_aside_and_migrated_even_when_cut_short() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        format_0(dir);
        KILLED.store(true, Ordering::SeqCst);
        ensure(dir, 1, &[RENAME]).unwrap_err();
        assert_eq!(read(dir).unwrap(), Some(0));
        ensure(dir, 1, &[RENAME]).unwrap();
        assert_eq!(read(dir).unwrap(), Some(1));
        assert_eq!(fs::read_to_string(dir.join("records/new")).unwrap(), "content");
        assert!(!dir.join("records/old").exists());
        assert_eq!(fs::read_to_string(dir.join("before-format-1/records/old")).unwrap(), "content");
        ensure(dir, 1, &[]).unwrap();
    }

    #[test]
    fn a_store_that_was_taken_back_is_migrated_as_it_is_now() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let read = |path: &str| fs::read_to_string(dir.join(path)).unwrap();
        const SAME: Step = Step { from: 0, run: |_| Ok(()) };
        format_0(dir);
        ensure(dir, 1, &[SAME]).unwrap();
        // An older Sigyl went on with the copy, and made new facts.
        fs::write(dir.join("records/old"), "newer").unwrap();
        fs::write(dir.join("format"), "0\n").unwrap();
        ensure(dir, 1, &[SAME]).unwrap();
        assert_eq!(read("records/old"), "newer");
        assert_eq!(read("before-format-1/records/old"), "content");
        assert_eq!(read("before-format-1-2/records/old"), "newer");
        // A kill before the copy got its name is made good by the next open.
        fs::rename(dir.join("before-format-1-2"), copy_of(dir, 1)).unwrap();
        ensure(dir, 1, &[SAME]).unwrap();
        assert_eq!(read("before-format-1-2/records/old"), "newer");
    }

    #[tokio::test]
    async fn a_server_of_format_1_belongs_to_the_default_workspace() {
        let dir = tempfile::tempdir().unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        store.apply(fixture::publish("clock", "1.0.0", "a")).await.unwrap();
        drop(store);
        fs::write(dir.path().join("format"), "1\n").unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        let server = store.server(&fixture::name("clock")).await.unwrap().unwrap();
        assert_eq!(server.workspace, crate::domain::WorkspaceName::default());
        assert_eq!(read(dir.path()).unwrap(), Some(2));
        assert!(dir.path().join("before-format-2/records").is_dir());
        let bare = serde_json::to_value(&server).unwrap();
        let mut bare = bare.as_object().unwrap().clone();
        bare.remove("workspace");
        assert_eq!(serde_json::from_value::<crate::domain::Server>(bare.into()).unwrap(), server);
    }

    #[test]
    fn what_cannot_be_migrated_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        format_0(dir);
        let error = SledStore::open(dir).unwrap_err();
        assert!(error.to_string().contains("format 0 is older"), "{error}");
        fs::write(dir.join("format"), "99\n").unwrap();
        let error = SledStore::open(dir).unwrap_err();
        assert!(
            matches!(error, StoreError::TooNew { found: 99, known: crate::store::sled::open::FORMAT, .. }),
            "{error}"
        );
        fs::write(dir.join("format"), "one\n").unwrap();
        assert!(matches!(SledStore::open(dir), Err(StoreError::Corrupt { .. })));
        fs::remove_file(dir.join("format")).unwrap();
        assert!(matches!(SledStore::open(dir), Err(StoreError::Corrupt { .. })));
        assert_eq!(fs::read_to_string(dir.join("records/old")).unwrap(), "content");
    }
}
