//! Images, by a tool of this machine.

use super::release::{Project, admission};
use crate::deploy::{Target as _, TargetError};
use crate::domain::Artifact;

async fn build(project: &Project) -> Result<Artifact, TargetError> {
    let admission = admission(&project.source);
    let built = project.target.build(&admission, project.source.spec(), &project.told).await;
    built.map(|built| built.launch)
}

#[tokio::test]
async fn an_image_is_of_the_admitted_tree_and_known_by_the_digest_that_was_pushed() {
    let project = Project::new();
    let Artifact::Image { image } = build(&project).await.unwrap() else { panic!("no image") };
    let digest = project.source.tree.digest().to_string();
    let (repository, at) = image.split_once('@').unwrap();
    assert!(repository.starts_with("registry.example/mcp/clock-"), "{image}");
    assert_eq!(at, digest);
    let asked = project.house.noted("asked");
    let verbs: Vec<&str> = asked.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(verbs, ["build", "push", "rmi"]);
    assert!(asked.contains("/context/sigyl/Dockerfile"), "{asked}");
    let told = project.told.0.lock().unwrap().join("\n");
    assert!(told.contains("$ podman build --tag") && told.contains("STEP 1/1: built"), "{told}");
    assert!(std::fs::read_dir(project.house.path("work")).unwrap().next().is_none(), "a folder is left");
    assert!(!project.house.noted("saw").contains("tok-1"), "the tool sees a secret");
}

#[tokio::test]
async fn a_tree_that_changed_since_it_was_admitted_is_not_built() {
    let project = Project::new();
    std::fs::write(project.source.dir.path().join("clock.js"), "// another one").unwrap();
    assert!(matches!(build(&project).await, Err(TargetError::NotAdmitted)));
    assert_eq!(project.house.noted("asked"), "");
}

#[tokio::test]
async fn a_tool_that_fails_is_told_with_its_last_lines_and_one_that_is_missing_with_what_to_do() {
    let project = Project::new();
    project.house.write_tool("#!/bin/sh\necho 'no space left' >&2\nexit 125\n");
    let error = build(&project).await.unwrap_err();
    assert!(matches!(&error, TargetError::Build { tail, .. } if tail.contains("no space left")), "{error}");
    project.house.write_tool("#!/bin/sh\ncase \"$1\" in push) printf latest > \"$3\" ;; esac\n");
    let error = build(&project).await.unwrap_err().to_string();
    assert!(error.contains("wrote down no digest"), "{error}");
    std::fs::remove_file(project.house.path("bin/podman")).unwrap();
    let error = build(&project).await.unwrap_err().to_string();
    assert!(error.contains("`podman` was not found") && error.contains("knative.builder"), "{error}");
}

#[tokio::test]
async fn a_build_that_is_given_up_ends_with_what_it_started() {
    let project = Project::new();
    let pid = project.house.path("pid");
    project.house.write_tool(&format!("#!/bin/sh\necho $$ > '{}'\nread -r _ < /dev/zero\n", pid.display()));
    tokio::select! {
        built = build(&project) => panic!("{built:?}"),
        () = async { while std::fs::read_to_string(&pid).map_or(true, |text| !text.ends_with('\n')) { tokio::task::yield_now().await } } => {}
    }
    let stat = format!("/proc/{}/stat", std::fs::read_to_string(&pid).unwrap().trim());
    let gone = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
    while !gone() {
        tokio::task::yield_now().await;
    }
    assert!(std::fs::read_dir(project.house.path("work")).unwrap().next().is_none(), "a folder is left");
}
