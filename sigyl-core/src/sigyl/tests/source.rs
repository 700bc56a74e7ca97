//! Lines of kept sources: who may read them, of what, and what is never shown.

use super::house::House;
use super::quarantine::{ended, open, source, target, toy};
use crate::domain::{Caller, Kind, Role, RunState, SecretName, SecretValue, Version};
use crate::error::Error;
use crate::sigyl::Sigyl;
use crate::store::contract::fixture;
use crate::wire::v1::{Deploy, SourceOf};

const CODE: &str = "a = 1\nTOKEN = 'ghp_a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2'\nprint('hello')\n";

fn of(version: Option<&str>) -> SourceOf {
    SourceOf::Version { name: toy(), version: version.map(|text| Version::parse(text).unwrap()) }
}

async fn code(sigyl: &Sigyl, of: &SourceOf, path: &str, from: u32, lines: u32) -> (String, Kind) {
    let refused = sigyl.source(&Caller::local_owner(), of, path, from, lines).await.unwrap_err();
    (refused.code().to_owned(), refused.kind())
}

#[tokio::test]
async fn lines_of_what_is_kept_are_shown_masked_and_of_nothing_else() {
    let (folder, target, owner) = (tempfile::tempdir().unwrap(), target(), Caller::local_owner());
    let sigyl = open(folder.path(), &target).await;
    let locator = source(folder.path(), "1.0.0", CODE);
    std::fs::write(folder.path().join("source/odd.txt"), b"caf\xe9 bar\n").unwrap();
    std::fs::write(folder.path().join("outside"), "s3cret").unwrap();
    std::fs::write(folder.path().join("source/notes.txt"), "ask with plain-words-of-ada\n").unwrap();
    let bound = (SecretName::parse("API").unwrap(), SecretValue::new("plain-words-of-ada"));
    let order = Deploy { secrets: [bound.clone()].into(), ..Deploy::of(locator) };
    let run = sigyl.deploy(&owner, order).await.unwrap();
    let end = ended(&sigyl, &run).await;
    assert_eq!(end.run.state, RunState::Done, "{:?}", end.run.failure);

    for what in [of(None), of(Some("1.0.0")), SourceOf::Run(run.clone())] {
        let window = sigyl.source(&owner, &what, "main.py", 2, 9).await.unwrap();
        assert_eq!(window.lines, ["TOKEN = '⟦masked⟧'", "print('hello')"]);
        assert_eq!((window.total, window.from, window.masked), (3, 2, 1));
        assert_eq!(window.source, end.run.source.unwrap());
        let notes = sigyl.source(&owner, &what, "notes.txt", 1, 9).await.unwrap();
        assert_eq!((notes.lines, notes.masked), (vec!["ask with ⟦masked⟧".to_owned()], 1), "what is bound");
    }
    let waits = (SecretName::parse("NEXT").unwrap(), SecretValue::new("other-words-of-ada"));
    let now = sigyl.inner.platform.clock.now();
    let sealed = sigyl.inner.platform.vault.seal(&toy(), &waits.0, &waits.1, now).unwrap();
    let mut held = end.run.clone();
    held.request["sealed"] = serde_json::json!([sealed]);
    let mask = sigyl.mask_of_run(&held).await.unwrap();
    assert_eq!(mask.text("other-words-of-ada, plain-words-of-ada"), "[secret NEXT], [secret API]");
    held.request["sealed"] = serde_json::json!([{"name": 1}]);
    assert!(sigyl.mask_of_run(&held).await.is_err(), "what cannot be read hides nothing");
    for (path, from, lines, expected) in [
        ("none.py", 1, 1, "E0412"),
        ("../outside", 1, 1, "E0412"),
        ("/etc/passwd", 1, 1, "E0412"),
        ("", 1, 1, "E0412"),
        ("main.py", 4, 1, "E0413"),
        ("main.py", 0, 1, "E0413"),
        ("main.py", 1, 0, "E0413"),
        ("main.py", 1, 2_001, "E0413"),
        ("odd.txt", 1, 1, "E0414"),
    ] {
        assert_eq!(code(&sigyl, &of(None), path, from, lines).await.0, expected, "{path} {from} {lines}");
    }
    assert_eq!(code(&sigyl, &of(Some("9.9.9")), "main.py", 1, 1).await, ("E0403".into(), Kind::NotFound));

    let kept = sigyl.inner.platform.settings.trees.join(end.run.source.unwrap().hex());
    std::fs::write(kept.join("files/main.py"), CODE.replace("hello", "olleh")).unwrap();
    assert_eq!(code(&sigyl, &of(None), "main.py", 1, 1).await.0, "E0104", "other bytes than were scanned");
    std::fs::remove_dir_all(&kept).unwrap();
    assert_eq!(code(&sigyl, &of(None), "main.py", 1, 1).await, ("E0411".into(), Kind::NotFound));
    sigyl.shutdown().await;
}

#[tokio::test]
async fn who_may_not_read_what_was_found_reads_no_source() {
    let house = House::new().await;
    let name = house.server("clock", "red").await;
    let run = fixture::run_id("run-clock");
    let whose = [SourceOf::Version { name, version: None }, SourceOf::Run(run)];
    let ask = async |caller: &Caller, of: &SourceOf| {
        house.sigyl.source(caller, of, "main.py", 1, 9).await.unwrap_err()
    };
    let (bert, rita) = (house.caller("bert", &["read"]).await, house.caller("rita", &["read"]).await);
    let nobody = Caller::anonymous(None);
    house.member("red", "mia", Role::Viewer).await;
    let mia = house.caller("mia", &["read"]).await;
    let calls = house.caller("rita", &["call"]).await;
    for of in &whose {
        assert!(matches!(ask(&bert, of).await, Error::NoServer(_) | Error::NoRun(_)), "{of:?}");
        for caller in [&nobody, &calls] {
            assert_eq!(ask(caller, of).await.code(), "E0901", "{of:?}");
        }
        for caller in [&rita, &mia] {
            // They come to where it is read: nothing is kept of this record.
            let refused = ask(caller, of).await;
            assert!(["E0411", "E0414"].contains(&refused.code()), "{of:?} {refused}");
        }
    }
}
