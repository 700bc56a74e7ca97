//! Source archives of Python that the operator allowed to be built: what they require is read, and nothing of them is
//! run while the dependencies are pinned.
//!
//! pip learns what a source archive requires by building it. So it is given a wheel instead that holds nothing but the
//! same name, version and requirements, and the lock names the hash of the archive.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::domain::Digest;
use crate::source::archive::unpack_file;
use crate::source::copy::create_new;
use crate::source::fetch::{Runner, only_file, pip, run_pip};
use crate::source::python::{self, Metadata};
use crate::source::requirement::Requirement;
use crate::source::{Limits, SourceError};

/// A source archive that stands for a wheel.
#[derive(Debug)]
pub(super) struct Sdist {
    /// Its name, as the index compares it.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
    /// The SHA-256 hash of the archive.
    pub(super) hash: String,
}

/// Gets the source archive that fits `wanted` and writes the wheel that stands for it into `stands_in`.
pub(super) async fn take(
    runner: &Runner<'_>,
    (scratch, limits): (&Path, &Limits),
    wanted: &Requirement,
    stands_in: &Path,
) -> Result<Sdist, SourceError> {
    let name = python::normal(wanted.name());
    let folder = scratch.join("sdists").join(&name);
    std::fs::create_dir_all(&folder).map_err(SourceError::io("make the folder", &folder))?;
    let only = format!("--no-binary={name}");
    let call = pip(runner, scratch, Some(&folder), "download")?.args(&["--no-deps", &only, "--dest"]);
    run_pip(runner, call.arg(&folder).arg(wanted.plain())).await?;
    let archive = only_file(&folder, wanted.name())?;
    let (into, limits, stands_in) = (scratch.join("unpacked").join(&name), *limits, stands_in.to_owned());
    crate::source::fetch::blocking(move || read(&name, &archive, &into, &limits, &stands_in)).await
}

fn read(
    name: &str,
    archive: &Path,
    into: &Path,
    limits: &Limits,
    stands_in: &Path,
) -> Result<Sdist, SourceError> {
    let tree = unpack_file(archive, name, into, limits)?;
    let metadata = python::metadata(&tree)?.filter(|metadata| !metadata.is_of_wheel());
    let metadata = metadata.ok_or_else(|| only_code_knows(name))?;
    let version = fixed(name, &metadata)?;
    let required = metadata.all("Requires-Dist").map(|text| {
        Requirement::parse(text).map_err(|why| SourceError::BadDependencies {
            file: metadata.file.clone(),
            why: format!(
                "`{}` of {name} is no plain name with versions: {why}",
                super::super::path::shown(text)
            ),
            remedy: "take a version of it that names packages of the index only".to_owned(),
        })
    });
    let required: Vec<Requirement> = required.collect::<Result<_, _>>()?;
    write_wheel(&wheel(stands_in, name, &version), name, &version, &required)?;
    let bytes = std::fs::read(archive).map_err(SourceError::io("read", archive))?;
    Ok(Sdist { name: name.to_owned(), version, hash: Digest::of(&bytes).hex() })
}

/// Returns its version, if its metadata is what a build would say: from version 2.2 on, and not called dynamic.
fn fixed(name: &str, metadata: &Metadata) -> Result<String, SourceError> {
    let format = metadata.first("Metadata-Version").and_then(|version| {
        let (major, minor) = version.split_once('.')?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    });
    let dynamic = metadata.all("Dynamic").any(|field| field.eq_ignore_ascii_case("Requires-Dist"));
    let (is, version) =
        (metadata.first("Name").unwrap_or_default(), metadata.first("Version").unwrap_or_default());
    let exact = Requirement::parse(&format!("{name}=={version}")).is_ok_and(|pin| pin.is_exact());
    if format.is_none_or(|format| format < (2, 2)) || dynamic || python::normal(is) != name || !exact {
        return Err(only_code_knows(name));
    }
    Ok(version.to_owned())
}

fn only_code_knows(name: &str) -> SourceError {
    SourceError::BadDependencies {
        file: format!("the source archive of {name}"),
        why: "what it requires is known only by running its code".to_owned(),
        remedy: "name every package with its version and hash in requirements.txt (`pip-compile --generate-hashes` \
                 writes it)"
            .to_owned(),
    }
}

fn wheel(folder: &Path, name: &str, version: &str) -> PathBuf {
    folder.join(format!("{}-{}-py3-none-any.whl", name.replace('-', "_"), version.replace('-', "_")))
}

fn write_wheel(path: &Path, name: &str, version: &str, required: &[Requirement]) -> Result<(), SourceError> {
    let required: String = required.iter().map(|required| format!("Requires-Dist: {required}\n")).collect();
    let info = format!("{}-{}.dist-info", name.replace('-', "_"), version.replace('-', "_"));
    let files = [
        ("METADATA", format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{required}")),
        (
            "WHEEL",
            "Wheel-Version: 1.0\nGenerator: sigyl\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned(),
        ),
        ("RECORD", String::new()),
    ];
    let mut writer = zip::ZipWriter::new(create_new(path, false)?);
    for (file, text) in files {
        let written = writer
            .start_file(format!("{info}/{file}"), zip::write::SimpleFileOptions::default())
            .map_err(std::io::Error::from)
            .and_then(|()| writer.write_all(text.as_bytes()));
        written.map_err(SourceError::io("write", path))?;
    }
    let finished = writer.finish().map_err(std::io::Error::from);
    finished.map(drop).map_err(SourceError::io("write", path))
}
