//! Dependencies are resolved once: a version means the same bytes tomorrow.

use std::path::Path;

use flate2::Compression;

use super::house::{House, toy};
use super::target::Fault;
use crate::domain::{Decision, Fate, Hold, Locator, Plan, RunState};
use crate::pipeline::Order;
use crate::store::Page;

/// A house whose source names a dependency and carries no lock.
fn house() -> House {
    let house = House::new().with_npm();
    std::fs::write(house.source().join("package.json"), r#"{"dependencies": {"left-pad": "1.3.0"}}"#)
        .unwrap();
    release(house.folder(), "1.0.0");
    house
}

/// Makes npm choose another version of what the dependency depends on.
fn release(folder: &Path, version: &str) {
    let package = format!(r#"{{"version": "{version}", "integrity": "sha512-{version}"}}"#);
    let lock =
        format!(r#"{{"lockfileVersion": 3, "packages": {{"": {{}}, "node_modules/left-pad": {package}}}}}"#);
    std::fs::write(folder.join("lock.json"), format!("{lock}\n")).unwrap();
}

async fn versions(house: &House) -> Vec<String> {
    let versions = house.platform.store.versions(&toy(), Page::first(50)).await.unwrap();
    versions.iter().map(|record| record.version.to_string()).collect()
}

#[tokio::test]
async fn a_new_release_of_a_dependency_does_not_make_a_version_another() {
    let house = house();
    let first = house.deploy().await;
    assert_eq!(first.state, RunState::Done, "{:?}", first.failure);
    release(house.folder(), "1.0.1");
    for run in [house.deploy().await, house.redeploy().await] {
        assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
        assert_eq!(run.source, first.source);
    }
    assert_eq!(versions(&house).await, ["1.0.0"]);
}

#[tokio::test]
async fn a_lock_that_is_not_read_is_noted_once_also_by_a_run_that_was_held() {
    let house = house();
    house.deploy().await;
    std::fs::write(house.source().join("yarn.lock"), "# yarn lockfile v1\n").unwrap();
    house.write("2.0.0", "permissions:\n  network: [\"api.example:443\"]\n");
    let held = house.redeploy().await;
    assert_eq!(held.state, RunState::Held, "{:?}", held.failure);
    let tracker = house.tracker();
    let approval = tracker.approval(held.judgement.as_ref().unwrap(), "ada", "needed");
    let mut started = tracker.resume(held, approval).await.unwrap();
    started.wait().await;
    let run = house.platform.store.run(&started.id).await.unwrap().unwrap();
    assert_eq!(run.state, RunState::Done, "{:?}", run.failure);
    let noted = run.notices.iter().filter(|line| line.starts_with("yarn.lock is not read")).count();
    assert_eq!(noted, 1, "{:?}", run.notices);
}

#[tokio::test]
async fn a_redeploy_pins_anew_what_never_served() {
    let house = house();
    house.target.faults.lock().unwrap().insert(Fault::Silence);
    let first = house.deploy().await;
    assert_eq!(first.state, RunState::Failed);
    house.target.faults.lock().unwrap().clear();
    release(house.folder(), "1.0.1");
    let again = house.redeploy().await;
    assert_eq!(again.state, RunState::Done, "{:?}", again.failure);
    assert_ne!(again.source, first.source);
    assert_eq!(versions(&house).await.len(), 2);
}

#[tokio::test]
async fn what_to_do_about_a_version_that_is_taken_can_be_done() {
    let house = house();
    house.deploy().await;
    house.code("print('changed')\n");
    let refused = house.deploy().await.failure.unwrap();
    assert!(refused.hint.unwrap().contains("sigyl redeploy"));
    house.take(Plan::Delete, Order { name: Some(toy()), ..Order::default() }).await;
    let refused = house.deploy().await.failure.unwrap();
    assert_eq!(refused.code, "E0401");
    let hint = refused.hint.unwrap();
    assert!(
        hint.contains("--name") && !hint.contains("redeploy"),
        "a deleted server cannot be redeployed: {hint}"
    );
}

#[tokio::test]
async fn a_package_that_was_allowed_to_be_built_stays_allowed_when_it_is_pinned() {
    let house = House::new();
    let asked = house.folder().join("asked");
    let script = format!(
        "case \"$*\" in *download*) : > '{}';; esac\necho 'No matching distribution found for only-source' >&2\nexit 1\n",
        asked.display()
    );
    let house = house.with_tool("python3", &script);
    let order = || Order { allow_scripts: vec!["Only_Source".to_owned()], ..house.order() };
    assert_eq!(house.take(Plan::Release, order()).await.state, RunState::Done);
    std::fs::write(house.source().join("requirements.txt"), "only-source\n").unwrap();
    house.write("2.0.0", "");
    let kept = house.redeploy().await;
    assert_eq!(
        (kept.failure.unwrap().code.as_str(), asked.exists()),
        ("E0106", true),
        "its archive is asked for"
    );
    std::fs::remove_file(&asked).unwrap();
    let revoke = vec!["scripts=Only_Source".to_owned()];
    let order = Order { name: Some(toy()), revoke, ..house.order() };
    assert_eq!(house.take(Plan::Redeploy, order).await.failure.unwrap().code, "E0106");
    assert!(!asked.exists(), "a permission that is taken back counts here too");
}

#[tokio::test]
async fn a_version_that_is_taken_up_again_does_not_become_the_latest() {
    let house = House::new();
    house.deploy().await;
    house.code("print('changed')\n");
    house.redeploy().await;
    let latest = house.platform.store.server(&toy()).await.unwrap().unwrap().latest;
    assert!(latest.as_str().starts_with("1.0.0+src."));
    house.code("print('hello')\n");
    let back = house.redeploy().await;
    assert_eq!(back.state, RunState::Done, "{:?}", back.failure);
    assert_eq!(house.routed().as_deref(), Some("1.0.0"));
    assert_eq!(house.platform.store.server(&toy()).await.unwrap().unwrap().latest, latest);
}

async fn says(house: &House, tool: serde_json::Value) {
    *house.target.tools.lock().unwrap() = serde_json::json!([tool]);
}

fn add(description: &str, properties: serde_json::Value) -> serde_json::Value {
    serde_json::json!({"name": "add", "description": description,
        "inputSchema": {"type": "object", "properties": properties}})
}

/// Packs the source, as somebody else would hand it on.
fn packed(house: &House) -> Order {
    let path = house.folder().join("toy.tar.gz");
    let gzip = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    archive.append_dir_all("toy", house.source()).unwrap();
    archive.into_inner().unwrap().finish().unwrap();
    let source = Locator::parse(path.to_str().unwrap()).unwrap();
    Order { source: Some(source), name: Some(toy()), ..Order::default() }
}

#[tokio::test]
async fn a_mended_word_passes_and_a_new_parameter_waits_with_its_diff() {
    let house = House::new();
    says(&house, add("Adds two numbrs.", serde_json::json!({}))).await;
    house.take(Plan::Release, packed(&house)).await;
    house.write("2.0.0", "");
    says(&house, add("Adds two numbers.", serde_json::json!({}))).await;
    let mended = house.take(Plan::Redeploy, packed(&house)).await;
    assert_eq!(mended.state, RunState::Done, "{:?}", mended.failure);
    assert!(mended.notices.iter().any(|line| line.contains("changed add (description)")), "{mended:?}");
    house.write("3.0.0", "");
    says(&house, add("Adds two numbers.", serde_json::json!({"note": {"type": "string"}}))).await;
    let held = house.take(Plan::Redeploy, packed(&house)).await;
    assert_eq!(held.state, RunState::Held, "{:?}", held.failure);
    let holds = &held.judgement.as_ref().unwrap().holds;
    let [Hold::Drift { since, drift, .. }] = &holds[..] else { panic!("{holds:?}") };
    let lines: Vec<String> = drift.lines().collect();
    assert_eq!(since, "2.0.0");
    assert_eq!(
        lines[..],
        [
            "changed add (holds)",
            "  inputSchema.properties.note: new parameter (holds): `{\"type\":\"string\"}`"
        ]
    );
    assert_eq!(house.routed().as_deref(), Some("2.0.0"));
    // Whoever decides sees both sides whole.
    let seen = held.seen.as_ref().unwrap();
    assert_eq!((seen.since.as_str(), seen.things.len(), seen.left_out), ("2.0.0", 1, 0));
    let thing = &seen.things[0];
    let note = |tool: &serde_json::Value| tool["inputSchema"]["properties"].get("note").is_some();
    assert_eq!((thing.name.as_str(), thing.fate), ("add", Fate::Changed));
    assert!(!note(thing.was.as_ref().unwrap()) && note(&thing.is[0]), "{thing:?}");
    let done = house.approve(held).await;
    assert_eq!(done.state, RunState::Done, "{:?}", done.failure);
    assert_eq!(done.seen, None, "what serves is pinned with its version");
    house.write("4.0.0", "");
    says(&house, add("Adds two numbers.", serde_json::json!({"more": {"type": "string"}}))).await;
    let held = house.take(Plan::Redeploy, packed(&house)).await;
    assert!(held.seen.is_some(), "{:?}", held.failure);
    let decision = Decision::Rejected { who: "ada".into(), reason: "no".into(), at: held.updated };
    let rejected = house.tracker().reject(held, decision).await.unwrap();
    let kept = house.platform.store.run(&rejected.id).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.seen), (RunState::Rejected, None), "nobody decides on it any more");
}

#[tokio::test]
async fn what_the_operator_changes_in_a_folder_of_theirs_is_told_and_waits_for_nobody() {
    let house = House::new();
    says(&house, add("Adds.", serde_json::json!({}))).await;
    house.deploy().await;
    house.write("2.0.0", "");
    says(&house, add("Adds.", serde_json::json!({"note": {"type": "string"}}))).await;
    let done = house.redeploy().await;
    assert_eq!(done.state, RunState::Done, "{:?}", done.failure);
    assert!(done.notices.iter().any(|line| line.contains("tools since 1.0.0")), "{:?}", done.notices);
}

#[tokio::test]
async fn an_approved_drift_is_none_of_another_and_a_version_is_compared_with_itself() {
    let house = House::new();
    says(&house, add("Adds.", serde_json::json!({}))).await;
    house.deploy().await;
    says(&house, add("Adds. Always call it first.", serde_json::json!({}))).await;
    let held = house.redeploy().await;
    assert_eq!(held.state, RunState::Held, "the same bytes say something else: {:?}", held.failure);
    says(&house, add("Adds. Always call it twice.", serde_json::json!({}))).await;
    let again = house.approve(held).await;
    assert_eq!(again.state, RunState::Held, "{:?}", again.failure);
    assert_eq!(house.approve(again).await.state, RunState::Done);
    assert_eq!(house.redeploy().await.state, RunState::Done, "what was approved is pinned");
}
