use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use super::web::Web;
use super::{House, paths, text_of, tgz};
use crate::domain::SourceKind;
use crate::source::{LockKind, SourceError};

/// Serves each package in one version, `1.0.0`.
fn registry(packages: Vec<(&'static str, Value)>) -> Web {
    Web::serve(move |path, _, address| {
        let file = path.strip_prefix("/files/").and_then(|file| file.strip_suffix(".tgz"));
        let name = file.unwrap_or(&path[1..]).replace("%2f", "/").replace("%2F", "/");
        let Some((_, manifest)) = packages.iter().find(|(known, _)| *known == name) else {
            return (404, "content-type: application/json\r\n", b"{}".to_vec());
        };
        let packed = tgz(&[
            ("package/package.json".to_owned(), manifest.to_string()),
            ("package/index.js".to_owned(), "serve()\n".to_owned()),
        ]);
        if file.is_some() {
            return (200, "content-type: application/octet-stream\r\n", packed);
        }
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha512::digest(&packed));
        let mut version = manifest.clone();
        let file = name.replace('/', "%2f");
        version["dist"] = json!({
            "tarball": format!("http://{address}/files/{file}.tgz"), "integrity": format!("sha512-{hash}"),
        });
        let document =
            json!({"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}});
        (200, "content-type: application/json\r\n", document.to_string().into_bytes())
    })
}

fn house(web: &Web) -> Option<House> {
    let mut house = House::with(&["npm", "node"])?;
    house.set("npm_config_registry", &format!("http://{}/", web.address));
    let cache = house.text("cache");
    house.set("npm_config_cache", &cache);
    Some(house)
}

fn package(name: &str, more: Value) -> Value {
    let mut manifest = json!({"name": name, "version": "1.0.0"});
    manifest.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    manifest
}

/// Every script that npm knows of, each leaving a mark.
fn scripts(house_marker: &str) -> Value {
    let names =
        ["preinstall", "install", "postinstall", "prepare", "prepack", "postpack", "prepublish", "build"];
    names.iter().map(|name| (name.to_string(), json!(format!("touch {house_marker}")))).collect()
}

#[tokio::test]
async fn a_package_is_fetched_by_name_and_none_of_its_scripts_run() {
    let marker = std::env::temp_dir().join(format!("sigyl-npm-marker-{}", std::process::id()));
    let web = registry(vec![
        ("@a/server", package("@a/server", json!({"scripts": scripts(&marker.display().to_string())}))),
        ("renamed", package("other", json!({}))),
    ]);
    let Some(house) = house(&web) else { return };
    let tree = house.fetch("npm:@a/server").await.unwrap();
    assert!(!marker.exists(), "a script ran");
    assert_eq!(tree.reference().kind, SourceKind::Npm);
    assert_eq!(tree.reference().locator, "npm:@a/server@1.0.0");
    assert_eq!(paths(&tree), ["index.js", "package.json"]);
    assert_eq!(text_of(&tree, "index.js"), "serve()\n");
    assert_eq!(house.fetch("npm:@a/server@1.0.0").await.unwrap().digest(), tree.digest());
    let renamed = house.fetch("npm:renamed").await.unwrap_err();
    assert!(renamed.to_string().contains("it holds the package `other`"), "{renamed}");
    assert!(matches!(house.fetch("npm:absent").await, Err(SourceError::Tool { .. })));
    drop(tree);
    house.assert_nothing_left();
}

#[tokio::test]
async fn dependencies_are_pinned_by_hash_without_addresses() {
    let web = registry(vec![
        ("a", package("a", json!({"dependencies": {"b": "^1.0.0"}, "scripts": {"install": "exit 1"}}))),
        ("b", package("b", json!({}))),
        ("dev", package("dev", json!({}))),
        (
            "server",
            package(
                "server",
                json!({"dependencies": {"a": "1"}, "devDependencies": {"gone": "workspace:*"}}),
            ),
        ),
    ]);
    let Some(house) = house(&web) else { return };
    let manifest = r#"{"name": "x", "dependencies": {"a": "^1.0.0"}, "devDependencies": {"dev": "*"}}"#;
    house.write("app/package.json", manifest);
    let tree = house.resolve("app").await.unwrap();
    let lock = tree.lock_of(LockKind::Npm).unwrap();
    let text = String::from_utf8(lock.bytes.clone()).unwrap();
    assert!(lock.made && !text.contains(&web.address), "{text}");
    let parsed: Value = serde_json::from_str(&text).unwrap();
    let places: Vec<_> = parsed["packages"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(places, ["", "node_modules/a", "node_modules/b", "node_modules/dev"]);
    assert_eq!(house.resolve("app").await.unwrap().digest(), tree.digest());
    assert_eq!(tree.npm_install_manifest().unwrap(), None, "the tree's own manifest fits");
    tree.copy_to(&house.at("copy")).unwrap();
    assert_eq!(std::fs::read_to_string(house.at("copy/package-lock.json")).unwrap(), text);

    let server = house.fetch("npm:server").await.unwrap();
    let server = house.fetcher(false).resolve(server, &house).await.unwrap();
    let fits: Value = serde_json::from_slice(&server.npm_install_manifest().unwrap().unwrap()).unwrap();
    assert_eq!(fits, json!({"name": "server", "version": "1.0.0", "dependencies": {"a": "1"}}));
}

#[tokio::test]
async fn the_code_of_dependencies_is_fetched_as_the_lock_says_and_none_of_it_runs() {
    let marker = std::env::temp_dir().join(format!("sigyl-deep-marker-{}", std::process::id()));
    let runs = json!({"scripts": scripts(&marker.display().to_string()), "dependencies": {"@s/b": "^1.0.0"}});
    let web = registry(vec![("a", package("a", runs)), ("@s/b", package("@s/b", json!({})))]);
    let Some(house) = house(&web) else { return };
    house.write("app/package.json", r#"{"name": "x", "dependencies": {"a": "^1.0.0"}}"#);
    let tree = house.resolve("app").await.unwrap();
    let code = house.fetcher(false).dependencies(&tree, &house).await.unwrap().unwrap();
    assert!(!marker.exists(), "a script ran");
    assert_eq!(
        paths(&code),
        ["npm/@s/b/index.js", "npm/@s/b/package.json", "npm/a/index.js", "npm/a/package.json"]
    );
    assert_eq!(code.skipped(), []);
    let offline = house.fetcher(true).dependencies(&tree, &house).await;
    assert!(matches!(offline, Err(SourceError::Offline(_))), "{offline:?}");
    drop(code);
    house.assert_nothing_left();
}

#[tokio::test]
async fn a_dependency_from_git_is_never_prepared() {
    let marker = std::env::temp_dir().join(format!("sigyl-git-marker-{}", std::process::id()));
    let repository = tempfile::tempdir().unwrap();
    let url = format!("git+file://{}", repository.path().display());
    let web = registry(vec![("a", package("a", json!({"dependencies": {"evil": url}})))]);
    let Some(house) = house(&web) else { return };
    if house.env.find("git").is_none() {
        eprintln!("NOT TESTED: `git` is not installed");
        return;
    }
    let evil = package("evil", json!({"scripts": scripts(&marker.display().to_string())}));
    std::fs::write(repository.path().join("package.json"), evil.to_string()).unwrap();
    for args in [
        vec!["init", "-q"],
        vec!["add", "."],
        vec!["-c", "user.name=x", "-c", "user.email=x@host.example", "commit", "-q", "-m", "x"],
    ] {
        let mut git = std::process::Command::new(house.env.find("git").unwrap());
        assert!(git.args(args).current_dir(repository.path()).status().unwrap().success());
    }
    house.write("app/package.json", r#"{"dependencies": {"a": "*"}}"#);
    let error = house.resolve("app").await.unwrap_err();
    assert!(matches!(error, SourceError::Tool { .. }), "{error}");
    assert!(!marker.exists(), "a script ran");
    house.write("direct/package.json", &json!({"dependencies": {"evil": url}}).to_string());
    let error = house.resolve("direct").await.unwrap_err();
    assert!(error.to_string().contains("not from the registry"), "{error}");
    house.write("locked/package.json", &json!({"dependencies": {"evil": url}}).to_string());
    let entry = json!({"packages": {"": {}, "node_modules/evil": {"resolved": format!("{url}#0")}}});
    house.write("locked/package-lock.json", &entry.to_string());
    let error = house.resolve("locked").await.unwrap_err();
    assert!(error.to_string().contains("no integrity hash"), "{error}");
}

#[tokio::test]
async fn npm_itself_cannot_start_a_process() {
    let web = registry(vec![]);
    let Some(house) = house(&web) else { return };
    let scratch = crate::source::scratch::Scratch::new(&house.at("work")).unwrap();
    let runner = crate::source::fetch::Runner::new(&house.env, &house, scratch.path(), 1 << 30);
    let folder = scratch.path().join("npm");
    let manifest =
        json!({"name": "x", "version": "1.0.0", "scripts": {"go": format!("touch {}", house.marker())}});
    crate::source::copy::write_new(&folder.join("package.json"), manifest.to_string().as_bytes(), false)
        .unwrap();
    let call = crate::source::fetch::npm(&runner, &folder).unwrap().args(&["run", "go"]);
    runner.run(call).await.unwrap_err();
    house.assert_nothing_ran();
    let mut free = crate::source::fetch::npm(&runner, &folder).unwrap().args(&["run", "go"]);
    free.vars.clear();
    runner.run(free).await.unwrap();
    assert!(house.at("marker").exists(), "without the guard the same command runs it");
}
