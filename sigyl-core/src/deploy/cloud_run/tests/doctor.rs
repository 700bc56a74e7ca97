//! The doctor over projects that lack something.

use serde_json::json;

use super::super::{Check, Checked, Doctor};
use super::House;
use super::fake::{Fault, State, refusal};

/// A project that has everything.
fn whole(state: &mut State) {
    let builder = "sigyl-build@demo.iam.gserviceaccount.com";
    let roles = ["roles/storage.objectViewer", "roles/artifactregistry.writer", "roles/logging.logWriter"];
    let bindings: Vec<_> = roles
        .iter()
        .map(|role| json!({"role": role, "members": [format!("serviceAccount:{builder}")]}))
        .collect();
    for (path, thing) in [
        ("/cloudresourcemanager/v3/projects/demo", json!({"name": "projects/7", "state": "ACTIVE"})),
        ("/cloudresourcemanager/v3/projects/demo:getIamPolicy", json!({ "bindings": bindings })),
        ("/run/v2/projects/demo/locations/europe-west1/services", json!({"services": [{"name": "a"}]})),
        ("/artifactregistry/v1/projects/demo/locations/europe-west1/repositories", json!({})),
        ("/artifactregistry/v1/projects/demo/locations/europe-west1/repositories/sigyl", json!({})),
        ("/storage/storage/v1/b/demo-sigyl-europe-west1", json!({})),
        ("/iam/v1/projects/demo/serviceAccounts/sigyl-build@demo.iam.gserviceaccount.com", json!({})),
    ] {
        state.things.insert(path.to_owned(), thing);
    }
}

async fn look(change: impl FnOnce(&mut State)) -> Vec<Check> {
    let house = House::new();
    house.fake.change(|state| {
        whole(state);
        change(state);
    });
    Doctor::look(&house.google).await
}

fn of<'c>(checks: &'c [Check], name: &str) -> &'c Check {
    checks.iter().find(|check| check.name == name).unwrap()
}

#[tokio::test]
async fn a_project_that_has_everything_is_well() {
    let checks = look(|_| ()).await;
    for check in &checks {
        let expected = if check.name == "billing" { Checked::Unseen } else { Checked::Ok };
        assert_eq!(check.state, expected, "{check:?}");
    }
    let names: Vec<_> = checks.iter().map(|check| check.name).collect();
    assert_eq!(
        names,
        [
            "credentials",
            "project",
            "APIs",
            "permissions",
            "region",
            "billing",
            "repository",
            "bucket",
            "builder",
            "build roles"
        ]
    );
    assert_eq!(of(&checks, "project").found, "demo (7)");
}

#[tokio::test]
async fn what_is_switched_off_is_named_in_one_command() {
    let checks = look(|state| state.off = vec!["run", "secretmanager"]).await;
    let apis = of(&checks, "APIs");
    assert_eq!(apis.state, Checked::Missing);
    assert_eq!(
        apis.remedies,
        ["gcloud services enable run.googleapis.com secretmanager.googleapis.com --project demo"]
    );
    assert!(checks.iter().all(|check| check.name != "region"), "they would all say the same");
}

#[tokio::test]
async fn what_the_caller_may_not_do_names_its_roles() {
    let denied = vec!["run.services.create", "run.services.delete", "iam.serviceAccounts.actAs"];
    let checks = look(|state| state.denied = denied).await;
    let permissions = of(&checks, "permissions");
    assert_eq!(permissions.state, Checked::Missing);
    let roles: Vec<_> = permissions.remedies.iter().map(|one| one.rsplit(' ').next().unwrap()).collect();
    assert_eq!(roles, ["roles/iam.serviceAccountUser", "roles/run.admin"]);
}

#[tokio::test]
async fn what_only_metrics_need_is_a_hint_and_no_failure() {
    let checks = look(|state| state.denied = vec!["monitoring.timeSeries.list"]).await;
    assert_eq!(of(&checks, "permissions").state, Checked::Ok);
    let metrics = of(&checks, "metrics");
    assert_eq!(metrics.state, Checked::Unseen);
    assert!(metrics.found.contains("only `sigyl metrics` needs"), "{}", metrics.found);
    assert!(metrics.remedies[0].ends_with("--role roles/monitoring.viewer"), "{:?}", metrics.remedies);
}

#[tokio::test]
async fn what_the_first_release_makes_is_no_failure_and_roles_of_the_builder_are_looked_at() {
    let checks = look(|state| {
        state.things.retain(|path, _| !path.contains("/b/") && !path.ends_with("repositories/sigyl"));
        let policy = state.things.get_mut("/cloudresourcemanager/v3/projects/demo:getIamPolicy").unwrap();
        policy["bindings"].as_array_mut().unwrap().remove(0);
    })
    .await;
    assert_eq!(
        (of(&checks, "bucket").state, of(&checks, "repository").state),
        (Checked::Made, Checked::Made)
    );
    let roles = of(&checks, "build roles");
    assert_eq!(roles.state, Checked::Missing);
    assert_eq!(
        roles.remedies,
        [
            "gcloud projects add-iam-policy-binding demo --member serviceAccount:sigyl-build@demo.iam.gserviceaccount.com --role \
          roles/storage.objectViewer"
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_seen_is_said_and_not_taken_for_well() {
    let (status, body) = refusal(403, "PERMISSION_DENIED", "The caller does not have permission", &json!([]));
    let checks = look(|state| {
        state.faults.push(Fault { path: ":getIamPolicy", status, body, times: 9 });
    })
    .await;
    let roles = of(&checks, "build roles");
    assert_eq!(roles.state, Checked::Unseen);
    assert!(roles.found.contains("cloudresourcemanager.projects.getIamPolicy was refused"), "{roles:?}");
}

#[tokio::test]
async fn without_a_token_nothing_else_is_asked() {
    let checks = look(|state| {
        let body = json!({"error": "invalid_grant"});
        state.faults.push(Fault { path: "/token", status: 400, body, times: 9 });
    })
    .await;
    assert_eq!(checks.len(), 1);
    assert_eq!((checks[0].name, checks[0].state), ("credentials", Checked::Missing));
}
