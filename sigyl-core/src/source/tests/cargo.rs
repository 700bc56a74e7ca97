use super::House;
use crate::source::{LockKind, SourceError, ToolEnv};

#[tokio::test]
async fn a_cargo_lock_is_made_without_the_programs_that_the_source_names() {
    let Some(mut house) = House::with(&["cargo"]) else { return };
    // Cargo and its toolchain lie where the user has them.
    house.env = ToolEnv::pick(std::env::vars_os());
    house.write(
        "app/Cargo.toml",
        "[package]\nname = 'app'\nversion = '0.1.0'\n[dependencies]\nown = { path = 'own' }\n",
    );
    house.write("app/own/Cargo.toml", "[package]\nname = 'own'\nversion = '0.2.0'\n");
    house.write("app/own/src/lib.rs", "");
    house.write("app/src/main.rs", "fn main() {}");
    house.write(
        "app/build.rs",
        &format!("fn main() {{ std::fs::write({:?}, \"\").unwrap(); }}", house.marker()),
    );
    let evil = house.at("app/evil.sh");
    crate::source::copy::write_new(&evil, format!("#!/bin/sh\ntouch {}\n", house.marker()).as_bytes(), true)
        .unwrap();
    let program = evil.display();
    house.write(
        "app/.cargo/config.toml",
        &format!(
            "[build]\nrustc = '{program}'\nrustc-wrapper = '{program}'\n[net]\ngit-fetch-with-cli = true\n"
        ),
    );
    house.write("app/rust-toolchain.toml", &format!("[toolchain]\npath = '{}'\n", house.text("app")));
    let tree = house.resolve("app").await.unwrap();
    house.assert_nothing_ran();
    let lock = tree.lock_of(LockKind::Cargo).unwrap();
    let text = String::from_utf8(lock.bytes.clone()).unwrap();
    assert!(lock.made && lock.path == "Cargo.lock");
    assert!(text.contains("name = \"app\"") && text.contains("name = \"own\""), "{text}");
    house.assert_nothing_left();
}

#[tokio::test]
async fn modules_of_go_without_hashes_are_refused() {
    let Some(house) = House::with(&[]) else { return };
    house.write("app/go.mod", "module host.example/app\n\nrequire host.example/b v1.0.0\n");
    let error = house.resolve("app").await.unwrap_err();
    let SourceError::BadDependencies { file, remedy, .. } = error else { panic!("{error}") };
    assert!(file == "go.mod" && remedy.contains("go mod tidy"), "{file}: {remedy}");
    house.write("none/go.mod", "module host.example/app\n");
    assert!(house.resolve("none").await.unwrap().lock().is_none());
}
