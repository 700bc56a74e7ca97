use std::io::Write as _;

use sha2::{Digest as _, Sha256};

use super::{House, paths, save, text_of, tgz};
use crate::domain::SourceKind;
use crate::source::{Limits, LockKind, SourceError, SourceTree};

/// A house whose pip knows nothing but the folder `links`.
fn house() -> Option<House> {
    let mut house = House::with(&["python3"])?;
    let python = house.env.find("python3").unwrap();
    if !std::process::Command::new(python).args(["-m", "pip", "--version"]).output().unwrap().status.success()
    {
        eprintln!("NOT TESTED: python3 has no pip");
        return None;
    }
    std::fs::create_dir(house.at("links")).unwrap();
    let links = house.text("links");
    house.set("PIP_NO_INDEX", "1");
    house.set("PIP_FIND_LINKS", &links);
    Some(house)
}

fn wheel(house: &House, name: &str, requires: &[&str]) -> String {
    let requires: String = requires.iter().map(|line| format!("Requires-Dist: {line}\n")).collect();
    let files = [
        (format!("{name}.py"), "x = 1\n".to_owned()),
        (
            format!("{name}-1.0.dist-info/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}"),
        ),
        (
            format!("{name}-1.0.dist-info/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned(),
        ),
        (format!("{name}-1.0.dist-info/RECORD"), String::new()),
    ];
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, text) in files {
        writer.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    save(&house.at(&format!("links/{name}-1.0-py3-none-any.whl")), &bytes);
    crate::domain::Digest::from_bytes(Sha256::digest(&bytes).into()).hex()
}

/// A source archive whose every way of being built leaves a mark.
fn hostile_sdist(house: &House, path: &str, name: &str) {
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n");
    hostile_sdist_with(house, path, name, &metadata);
}

fn hostile_sdist_with(house: &House, path: &str, name: &str, metadata: &str) -> String {
    let mark = format!("open({:?}, 'w').close()\n", house.marker());
    let setup = format!("{mark}from setuptools import setup\nsetup(name='{name}', version='1.0')\n");
    let backend = format!("{mark}def build_wheel(*a, **k): pass\n");
    let pyproject = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n";
    let files = [
        ("PKG-INFO", metadata.to_owned()),
        ("setup.py", setup),
        ("backend.py", backend),
        ("pyproject.toml", pyproject.to_owned()),
    ];
    let packed = tgz(&files.map(|(file, text)| (format!("{name}-1.0/{file}"), text)));
    save(&house.at(path), &packed);
    crate::domain::Digest::of(&packed).hex()
}

#[tokio::test]
async fn a_source_archive_that_was_allowed_is_pinned_without_running_it() {
    let Some(house) = house() else { return };
    let sub = wheel(&house, "sub", &[]);
    let metadata = "Metadata-Version: 2.2\nName: Only_Source\nVersion: 1.0\nRequires-Dist: sub>=1\n\
                    Requires-Dist: absent; extra == 'more'\n";
    let archive = hostile_sdist_with(&house, "links/only_source-1.0.tar.gz", "only_source", metadata);
    let needs = wheel(&house, "needs", &["only-source<2"]);
    let resolve = async |folder: &str, allowed: &[&str]| {
        let tree = SourceTree::from_folder(&house.at(folder), &Limits::default()).unwrap();
        let allowed: Vec<_> = allowed.iter().map(|name| (*name).to_owned()).collect();
        house.fetcher(false).allowing(&allowed).resolve(tree, &house).await
    };
    house.write("app/requirements.txt", "needs\n");
    let refused = resolve("app", &["needs"]).await.unwrap_err();
    assert!(matches!(refused, SourceError::BadDependencies { .. }), "{refused}");
    let tree = resolve("app", &["Only.Source"]).await.unwrap();
    house.assert_nothing_ran();
    let lock = String::from_utf8(tree.lock_of(LockKind::Pip).unwrap().bytes.clone()).unwrap();
    let line = |name: &str, hash: &str| format!("{name}==1.0 --hash=sha256:{hash}\n");
    assert_eq!(lock, line("needs", &needs) + &line("only-source", &archive) + &line("sub", &sub));
    for metadata in ["Metadata-Version: 2.1\n", "Metadata-Version: 2.2\nDynamic: Requires-Dist\n"] {
        std::fs::remove_file(house.at("links/only_source-1.0.tar.gz")).unwrap();
        let metadata = format!("{metadata}Name: only-source\nVersion: 1.0\n");
        hostile_sdist_with(&house, "links/only_source-1.0.tar.gz", "only_source", &metadata);
        let error = resolve("app", &["only-source"]).await.unwrap_err();
        assert!(error.to_string().contains("known only by running its code"), "{error}");
        house.assert_nothing_ran();
    }
    house.assert_nothing_left();
}

#[tokio::test]
async fn a_wheel_is_fetched_and_unpacked() {
    let Some(house) = house() else { return };
    wheel(&house, "hello_server", &["dep>=1"]);
    let tree = house.fetch("pypi:Hello.Server").await.unwrap();
    assert_eq!(tree.reference().kind, SourceKind::Pypi);
    assert_eq!(tree.reference().locator, "pypi:Hello.Server@1.0");
    assert!(paths(&tree).contains(&"hello_server-1.0.dist-info/METADATA"));
    assert_eq!(text_of(&tree, "hello_server.py"), "x = 1\n");
    assert!(house.fetch("pypi:hello-server@2.0").await.is_err(), "no such version");
    drop(tree);
    house.assert_nothing_left();
}

#[tokio::test]
async fn a_source_archive_is_taken_as_it_is_and_never_built() {
    let Some(house) = house() else { return };
    hostile_sdist(&house, "links/evil-1.0.tar.gz", "evil");
    let tree = house.fetch("pypi:evil@1.0").await.unwrap();
    house.assert_nothing_ran();
    assert_eq!(paths(&tree), ["PKG-INFO", "backend.py", "pyproject.toml", "setup.py"]);
    assert_eq!(tree.reference().locator, "pypi:evil@1.0");
    let plain = std::process::Command::new(house.env.find("python3").unwrap())
        .args([
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-index",
            "--find-links",
            &house.text("links"),
            "evil",
        ])
        .current_dir(house.dir.path())
        .output();
    plain.unwrap();
    assert!(house.at("marker").exists(), "pip by itself runs it");
}

#[tokio::test]
async fn requirements_are_pinned_with_their_hashes() {
    let Some(house) = house() else { return };
    let sub = wheel(&house, "sub", &[]);
    let dep = wheel(&house, "dep", &["sub", "absent; extra == 'more'", "absent; python_version < '3'"]);
    house.write("app/pyproject.toml", "[project]\nname = 'app'\ndependencies = ['Dep>=1']\n");
    let tree = house.resolve("app").await.unwrap();
    let lock = tree.lock_of(LockKind::Pip).unwrap();
    assert!(lock.made);
    assert_eq!(lock.path, "sigyl.requirements.txt");
    let text = format!("dep==1.0 --hash=sha256:{dep}\nsub==1.0 --hash=sha256:{sub}\n");
    assert_eq!(String::from_utf8(lock.bytes.clone()).unwrap(), text);
    let again = house.resolve("app").await.unwrap();
    assert_eq!(again.digest(), tree.digest(), "the same lock makes the same digest");
    let kept = tree.keep(&house.at("trees")).unwrap();
    assert_eq!(kept.lock_of(LockKind::Pip), Some(lock));
    house.write("app/requirements.txt", &text);
    let own = house.resolve("app").await.unwrap();
    assert!(!own.lock().unwrap().made, "a lock that is there is taken");
    house.assert_nothing_left();
}

#[tokio::test]
async fn the_code_of_dependencies_comes_from_their_archives() {
    let Some(house) = house() else { return };
    let sub = wheel(&house, "sub", &[]);
    wheel(&house, "dep", &["sub"]);
    house.write("app/pyproject.toml", "[project]\nname = 'app'\ndependencies = ['Dep>=1']\n");
    let tree = house.resolve("app").await.unwrap();
    let code = house.fetcher(false).dependencies(&tree, &house).await.unwrap().unwrap();
    assert!(paths(&code).contains(&"pip/dep-1.0/dep.py") && paths(&code).contains(&"pip/sub-1.0/sub.py"));
    house.write("other/requirements.txt", &format!("dep==1.0 --hash=sha256:{}\n", "0".repeat(64)));
    let other = house.resolve("other").await.unwrap();
    let refused = house.fetcher(false).dependencies(&other, &house).await;
    assert!(matches!(refused, Err(SourceError::Tool { .. })), "another hash: {refused:?}");
    hostile_sdist(&house, "links/evil-1.0.tar.gz", "evil");
    let evil = Sha256::digest(std::fs::read(house.at("links/evil-1.0.tar.gz")).unwrap());
    let evil = crate::domain::Digest::from_bytes(evil.into()).hex();
    house.write(
        "mixed/requirements.txt",
        &format!("evil==1.0 --hash=sha256:{evil}\nsub==1.0 --hash=sha256:{sub}\n"),
    );
    let mixed = house.resolve("mixed").await.unwrap();
    let code = house.fetcher(false).dependencies(&mixed, &house).await.unwrap().unwrap();
    assert!(
        paths(&code).contains(&"pip/evil-1.0/evil-1.0/setup.py")
            && paths(&code).contains(&"pip/sub-1.0/sub.py")
    );
    house.assert_nothing_ran();
    house.write("bare/server.py", "x");
    let bare = house.resolve("bare").await.unwrap();
    assert!(house.fetcher(false).dependencies(&bare, &house).await.unwrap().is_none());
}

#[tokio::test]
async fn pinning_never_builds_what_a_requirement_leads_to() {
    let Some(house) = house() else { return };
    hostile_sdist(&house, "links/evil-1.0.tar.gz", "evil");
    hostile_sdist(&house, "aside/aside-1.0.tar.gz", "aside");
    wheel(&house, "needs_sdist", &["evil"]);
    wheel(&house, "needs_address", &[&format!("aside @ file://{}", house.text("aside/aside-1.0.tar.gz"))]);
    for (at, requirement) in ["evil", "needs_sdist", "needs_address"].iter().enumerate() {
        let folder = format!("app{at}");
        house.write(&format!("{folder}/requirements.txt"), requirement);
        let error = house.resolve(&folder).await.unwrap_err();
        match *requirement {
            "needs_address" => assert!(matches!(error, SourceError::Tool { .. }), "{error}"),
            _ => assert!(
                matches!(&error, SourceError::BadDependencies { remedy, .. } if remedy.contains("--allow-scripts evil")),
                "{requirement}: {error}"
            ),
        }
        house.assert_nothing_ran();
    }
    let direct = format!("aside @ file://{}", house.text("aside/aside-1.0.tar.gz"));
    house.write("app/requirements.txt", &direct);
    let error = house.resolve("app").await.unwrap_err();
    assert!(matches!(error, SourceError::BadDependencies { .. }), "{error}");
}
