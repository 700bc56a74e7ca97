//! From a tree to a service that is called, to the next version of it, and back to nothing.

use std::time::Duration;

use serde_json::{Value, json};

use super::fake::{Blow, Fault, Hook, refusal};
use super::project::{Project, admission, commit, name};
use crate::deploy::cloud_run::{Account, Names};
use crate::deploy::image::tests::source::Source;
use crate::deploy::{Suspended, Target as _, TargetError};
use crate::domain::{RevisionId, SecretName, SecretValue};
use crate::mcp::Shown;

#[tokio::test]
async fn a_server_is_built_released_shifted_and_removed_without_a_trace() {
    let project = Project::new();
    let upstream = project.release("one").await.unwrap();
    assert!(
        upstream.url().unwrap().ends_with("/mcp") && upstream.url().unwrap().contains("---clock-"),
        "{upstream:?}"
    );
    let shown = upstream.pass().unwrap().show().await.unwrap();
    assert_eq!(shown.header, "x-serverless-authorization");
    project.shift("one").await.unwrap();
    let source = project.source.tree.digest();
    project.world(|world| {
        let service = world.things.iter().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
        assert_eq!(service["annotations"]["sigyl-source"], source.to_string());
        assert_eq!(service["labels"]["source"], source.hex()[..40]);
        assert_eq!(service["template"]["labels"]["source"], source.hex()[..40]);
        assert_eq!(service["template"]["labels"]["commit"], commit().as_str());
        assert_eq!(service["annotations"]["sigyl-commit"], commit().as_str());
        let container = &service["template"]["containers"][0];
        assert!(container["image"].as_str().unwrap().contains("/sigyl/clock-"), "{container}");
        assert_eq!(container["env"][1]["valueSource"]["secretKeyRef"]["version"], "1");
        let archive =
            world.things.iter().find(|(name, _)| name.starts_with("b/demo-sigyl-europe-west1/o/")).unwrap().1;
        assert_eq!(archive["metadata"]["sigyl-source"], source.to_string());
        assert_eq!(archive["files"], json!(["source/clock.js", "source/sigyl.yaml", "sigyl/Dockerfile"]));
        // What is looked for before it is made is not there, and nothing else is refused.
        let asked_in_vain = |line: &&String| !line.starts_with("404 GET");
        assert_eq!(world.refused.iter().filter(asked_in_vain).collect::<Vec<_>>(), Vec::<&String>::new());
    });
    let told = project.told.0.lock().unwrap().join("\n");
    assert!(told.contains("Step #0: docker build") && !told.contains('\u{1b}'), "{told}");
    let removed = project.target.purge(&name()).await.unwrap();
    assert_eq!(project.world(|world| world.own()), Vec::<String>::new());
    assert_eq!(removed.len(), 5, "{removed:?}");
    assert_eq!(project.target.purge(&name()).await.unwrap(), Vec::<String>::new(), "there is nothing more");
    for asked in project.house.fake.asked().iter().filter(|asked| !asked.path.contains(":addVersion")) {
        assert!(!asked.body.contains("hush-hush") && !asked.body.contains("aHVzaC1odXNo"), "{}", asked.path);
    }
}

#[tokio::test]
async fn a_server_of_standard_input_and_output_is_released_behind_the_bridge() {
    let project = Project::of(Source::stdio());
    let upstream = project.release("one").await.unwrap();
    assert!(upstream.url().unwrap().ends_with("/mcp"), "{upstream:?}");
    project.shift("one").await.unwrap();
    project.restore("one").await.unwrap();
    project.world(|world| {
        let service = world.things.iter().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
        let template = &service["template"];
        assert_eq!(template["scaling"]["maxInstanceCount"], 1, "all sessions are in one: {template}");
        let container = &template["containers"][0];
        assert_eq!(container["resources"]["limits"]["memory"], "640Mi", "{container}");
        assert_eq!(container["ports"][0]["containerPort"], 8080, "{container}");
        let archive =
            world.things.iter().find(|(name, _)| name.starts_with("b/demo-sigyl-europe-west1/o/")).unwrap().1;
        let files = archive["files"].to_string();
        assert!(files.contains("sigyl/bridge/package-lock.json"), "{files}");
    });
}

#[tokio::test]
async fn a_token_that_a_service_does_not_take_is_replaced_unless_it_is_new() {
    let project = Project::new();
    let upstream = project.release("one").await.unwrap();
    let pass = upstream.pass().unwrap();
    let text = |shown: &Shown| shown.value.reveal().to_owned();
    let first = pass.show().await.unwrap();
    let asked = project.house.fake.count(":generateIdToken");
    assert!(pass.show_anew(&first).await.unwrap().is_none(), "a new one would not be taken either");
    let later = async || {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(61)).await;
        tokio::time::resume();
    };
    later().await;
    let second = pass.show_anew(&first).await.unwrap().unwrap();
    assert_ne!(text(&second), text(&first));
    assert_eq!(text(&pass.show_anew(&first).await.unwrap().unwrap()), text(&second), "others take that one");
    assert_eq!(text(&pass.show().await.unwrap()), text(&second));
    assert!(pass.show_anew(&second).await.unwrap().is_none());
    assert_eq!(project.house.fake.count(":generateIdToken"), asked + 1, "it was asked for once");
}

#[tokio::test]
async fn the_next_version_gets_traffic_when_it_is_told_to_and_gives_it_back() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.shift("one").await.unwrap();
    project.release("two").await.unwrap();
    assert_eq!(project.traffic(), [100, 0]);
    project.shift("two").await.unwrap();
    assert_eq!(project.traffic(), [0, 100]);
    project.retire("two").await.unwrap();
    assert_eq!(project.traffic(), [100], "it goes back to the one before");
    project.release("three").await.unwrap();
    project.shift("three").await.unwrap();
    project.retire("one").await.unwrap();
    assert_eq!(project.traffic(), [100]);
    project.retire("three").await.unwrap();
    assert_eq!(
        project.world(|world| world.own()),
        Vec::<String>::new(),
        "the last one takes everything along"
    );
}

#[tokio::test]
async fn values_of_secrets_that_no_revision_reads_any_more_are_destroyed() {
    let project = Project::new();
    let states = |secret: &str| {
        project.world(|world| {
            let found =
                world.things.iter().find(|(name, _)| name.starts_with("v1/") && name.ends_with(secret));
            let versions = found.unwrap().1["versions"].as_array().unwrap();
            versions.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        })
    };
    let names = Names::of(&name());
    let account = Account { email: "x@demo.iam.gserviceaccount.com".to_owned(), is_new: false };
    let put = async |variable: &str| {
        let (variable, value) = (SecretName::parse(variable).unwrap(), SecretValue::new("hush"));
        project.house.google.put_secret(&names, &account, &variable, &value).await.unwrap();
    };
    // It was bound once, and is no more.
    put("OLD").await;
    project.release("one").await.unwrap();
    project.shift("one").await.unwrap();
    project.release("two").await.unwrap();
    project.shift("two").await.unwrap();
    assert_eq!((states("_KEY"), states("_OLD")), (vec!["ENABLED".to_owned(); 2], vec!["ENABLED".to_owned()]));
    // What is young may be for a revision that is made just now.
    put("OLD").await;
    let (status, body) = refusal(403, "PERMISSION_DENIED", "no", &json!([]));
    let fault = Fault { path: "/versions", status, body, times: 9 };
    project.house.fake.change(|state| state.faults.push(fault));
    project.retire("one").await.unwrap();
    assert_eq!(states("_KEY"), ["ENABLED", "ENABLED"], "it does not keep the instance from going");
    project.house.fake.change(|state| state.faults.clear());
    project.retire("one").await.unwrap();
    assert_eq!(
        (states("_KEY"), states("_OLD")),
        (
            vec!["DESTROYED".to_owned(), "ENABLED".to_owned()],
            vec!["DESTROYED".to_owned(), "ENABLED".to_owned()]
        )
    );
    project.restore("two").await.unwrap();
    project.target.purge(&name()).await.unwrap();
    assert_eq!(project.world(|world| world.own()), Vec::<String>::new());
}

#[tokio::test]
async fn a_build_that_nobody_waits_for_any_more_is_ended_with_what_it_left_and_no_other_is() {
    let project = Project::new();
    project.world(|world| {
        world.endless = true;
        let place = "v1/projects/demo/locations/europe-west1";
        world.things.insert(format!("{place}/repositories/sigyl"), json!({"format": "DOCKER"}));
        let other = json!({"id": "other", "status": "WORKING", "tags": ["sigyl", "instance-other"]});
        world.pending.insert(format!("{place}/builds/other"), other);
    });
    let begun = async {
        while project.house.fake.count("/builds/") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ended = project.release("one") => panic!("{ended:?}"),
        () = begun => {}
    }
    let statuses = || {
        project.world(|world| {
            let builds = world.pending.values().filter_map(|build| build["status"].as_str());
            builds.map(str::to_owned).collect::<Vec<_>>()
        })
    };
    assert!(!statuses().contains(&"CANCELLED".to_owned()), "{:?}", statuses());
    let one = RevisionId::parse("one").unwrap();
    project.target.abandon(&name(), &one).await.unwrap();
    let mut ended = statuses();
    ended.sort();
    assert_eq!(ended, ["CANCELLED", "WORKING"]);
    assert_eq!(project.world(|world| world.own()), Vec::<String>::new());
    project.target.abandon(&name(), &one).await.unwrap();
    assert_eq!(project.house.fake.count(":cancel"), 1, "what is over is left as it is");
}

#[tokio::test]
async fn a_revision_that_does_not_start_leaves_the_one_before_it_alone() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.shift("one").await.unwrap();
    project.world(|world| world.fails = vec!["services"]);
    let error = project.release("two").await.unwrap_err();
    assert_eq!(error.to_string(), "the server did not start: it does not start");
    project.retire("two").await.unwrap();
    assert_eq!(project.traffic(), [100]);
}

#[tokio::test]
async fn a_first_release_that_fails_leaves_nothing() {
    for fails in ["builds", "services"] {
        let project = Project::new();
        project.world(|world| world.fails = vec![fails]);
        let error = project.release("one").await.unwrap_err();
        let said = if fails == "builds" {
            "ended with FAILURE: step 0 failed; https://console/b"
        } else {
            "does not start"
        };
        assert!(error.to_string().contains(said), "{error}");
        project.undo("one").await;
        assert_eq!(project.world(|world| world.own()), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_instance_that_is_gone_takes_nothing_along_that_the_next_first_release_makes() {
    let project = Project::new();
    let admission = admission(&project.source);
    project.target.build(&admission, project.source.spec(), &project.told).await.unwrap();
    let made = project.world(|world| world.own());
    project.retire("earlier").await.unwrap();
    assert!(!made.is_empty() && project.world(|world| world.own()) == made, "{made:?}");
    project.undo("one").await;
    assert_eq!(project.world(|world| world.own()), Vec::<String>::new());
}

#[tokio::test]
async fn traffic_goes_back_to_the_one_that_had_it_and_to_none_that_never_did() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.shift("one").await.unwrap();
    // Its probe failed, and it could not be taken back.
    project.release("two").await.unwrap();
    project.release("three").await.unwrap();
    project.shift("three").await.unwrap();
    project.retire("three").await.unwrap();
    let mut shares = Vec::new();
    project.change_service(|service| {
        let of = |share: &Value| (share["tag"].clone(), share["percent"].clone());
        shares = service["traffic"].as_array().unwrap().iter().map(of).collect();
    });
    let tag = |revision: &str| json!(Names::tag(&RevisionId::parse(revision).unwrap()));
    assert_eq!(shares, [(tag("two"), json!(0)), (tag("one"), json!(100))]);
}

#[tokio::test]
async fn what_is_suspended_stays_and_nobody_says_that_it_was_stopped() {
    let project = Project::new();
    project.release("one").await.unwrap();
    for (revision, came_of_it) in [("one", Suspended::NotCalled), ("two", Suspended::Stopped)] {
        let revision = RevisionId::parse(revision).unwrap();
        let suspended = project.target.suspend(&name(), &revision, Duration::ZERO).await.unwrap();
        assert_eq!(suspended, came_of_it, "{revision}");
    }
    assert_eq!(project.traffic(), [100]);
}

#[tokio::test]
async fn a_service_of_somebody_else_is_left_alone() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.world(|world| {
        let service = world.things.iter_mut().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
        service["annotations"] = json!({});
    });
    let error = project.release("two").await.unwrap_err().to_string();
    assert!(error.contains("was not made for this server by Sigyl"), "{error}");
    let error = project.target.purge(&name()).await.unwrap_err().to_string();
    assert!(error.contains("does not say that Sigyl made it"), "{error}");
    project
        .world(|world| assert!(world.things.keys().any(|name| name.starts_with("v2/")), "it is still there"));
}

#[tokio::test]
async fn what_has_no_etag_is_not_written_back() {
    let project = Project::new();
    project.release("one").await.unwrap();
    let all = project.world(|world| world.things.clone());
    for (begin, said) in [("v2/", "no name or no etag"), ("policy:", "the policy has no etag")] {
        project.world(|world| {
            world.things = all.clone();
            let held = world.things.iter_mut().filter(|(name, _)| name.starts_with(begin));
            held.for_each(|(_, held)| held["etag"] = "".into());
        });
        let before = project.world(|world| world.things.clone());
        let error = project.release("two").await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        let kept = |name: &&String| name.starts_with(begin);
        project.world(|world| {
            assert!(before.keys().filter(kept).all(|name| world.things[name] == before[name]), "{begin}");
        });
    }
}

#[tokio::test]
async fn a_revision_that_somebody_else_made_meanwhile_is_not_taken_for_ours() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.shift("one").await.unwrap();
    project.world(|world| world.is_shared = true);
    let error = project.release("two").await.unwrap_err().to_string();
    assert!(error.contains("somebody else changed the service clock-"), "{error}");
    assert_eq!(project.traffic(), [100, 0], "nothing is led to it");
    project.retire("two").await.unwrap();
    assert_eq!(project.traffic(), [100]);
}

#[tokio::test]
async fn a_tag_leads_to_the_revision_that_was_made_for_it_whatever_is_the_newest_later() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.world(|world| {
        let service = world.things.iter_mut().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
        let traffic = service["traffic"].as_array().unwrap().clone();
        let own = service["latestReadyRevision"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        assert_eq!(traffic[0]["revision"], own);
        assert_eq!(traffic[0]["type"], "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION");
        service["latestReadyRevision"] = "projects/x/services/y/revisions/foreign".into();
    });
    project.shift("one").await.unwrap();
    project.world(|world| {
        let service = world.things.iter().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
        assert_ne!(service["traffic"][0]["revision"], "foreign");
    });
}

#[tokio::test]
async fn a_tag_that_was_moved_to_something_else_gets_no_traffic_and_is_not_called() {
    let changes: [fn(&mut Value); 10] = [
        |copy| copy["annotations"]["sigyl-instance"] = "other".into(),
        |copy| copy["annotations"]["sigyl-source"] = "sha256:00".into(),
        |copy| copy["annotations"]["sigyl-server"] = "other".into(),
        |copy| copy["serviceAccount"] = "other@demo.iam.gserviceaccount.com".into(),
        |copy| copy["containers"][0]["image"] = "evil@sha256:00".into(),
        |copy| copy["containers"][0]["command"] = json!(["sh"]),
        |copy| copy["containers"][0]["env"][0]["value"] = "y".into(),
        |copy| copy["containers"][0]["env"][1]["valueSource"]["secretKeyRef"]["secret"] = "other".into(),
        |copy| copy["containers"][0]["env"][1]["valueSource"]["secretKeyRef"]["version"] = "".into(),
        |copy| copy["volumes"] = json!([{"name": "v"}]),
    ];
    let project = Project::new();
    project.release("one").await.unwrap();
    project.shift("one").await.unwrap();
    project.release("two").await.unwrap();
    project.restore("two").await.unwrap();
    for (at, change) in changes.into_iter().enumerate() {
        let foreign = format!("a-foreign-{at}");
        project.copy_revision(&foreign, change);
        project.move_tag(&foreign);
        for error in [project.shift("two").await.unwrap_err(), project.restore("two").await.unwrap_err()] {
            let said = format!("leads to the revision {foreign}, which is not what was released");
            assert!(error.to_string().contains(&said), "{error}");
        }
        assert_eq!(project.traffic(), [100, 0], "{at}");
    }
    project.move_tag("nowhere");
    assert!(project.shift("two").await.is_err() && project.restore("two").await.is_err());
}

#[tokio::test]
async fn what_is_taken_back_is_what_was_made_and_nobody_else_is_led_to() {
    let project = Project::new();
    project.release("one").await.unwrap();
    project.shift("one").await.unwrap();
    let tagged = |at: usize| {
        project.world(|world| {
            let service = world.things.iter().find(|(name, _)| name.starts_with("v2/")).unwrap().1;
            service["traffic"][at]["revision"].as_str().unwrap().to_owned()
        })
    };
    let first = tagged(0);
    // The tag leads to a revision of somebody else: that one stays.
    project.release("two").await.unwrap();
    let second = tagged(1);
    project.copy_revision("b-foreign", |copy| copy["annotations"] = json!({}));
    project.move_tag("b-foreign");
    project.retire("two").await.unwrap();
    assert!(project.has_revision("b-foreign") && project.has_revision(&second));
    assert_eq!(project.traffic(), [100]);
    // Somebody leads others to the first one by a tag of their own: it stays, and goes once they do not.
    project.release("three").await.unwrap();
    project.shift("three").await.unwrap();
    project.change_service(|service| {
        let theirs = json!({"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": first, "percent": 0, "tag": "theirs"});
        service["traffic"].as_array_mut().unwrap().push(theirs);
    });
    project.retire("one").await.unwrap();
    assert!(project.has_revision(&first), "their tag leads to it");
    project.change_service(|service| {
        service["traffic"].as_array_mut().unwrap().retain(|share| share["tag"] != "theirs");
    });
    // All that the service leads to is a revision of somebody else.
    project.move_tag("b-foreign");
    let error = project.retire("three").await.unwrap_err().to_string();
    assert!(
        error.contains("leads to the revision b-foreign alone, which was not made for the instance three"),
        "{error}"
    );
    assert!(project.has_revision("b-foreign"));
    project.target.purge(&name()).await.unwrap();
    assert_eq!(project.world(|world| world.own()), Vec::<String>::new(), "a delete removes it all");
}

#[tokio::test]
async fn a_bucket_of_another_project_gets_no_source() {
    let project = Project::new();
    project.world(|world| {
        world.things.insert("b/demo-sigyl-europe-west1".to_owned(), json!({"projectNumber": "666"}));
    });
    let error = project.release("one").await.unwrap_err().to_string();
    assert!(error.contains("belongs to another project"), "{error}");
    assert_eq!(project.house.fake.count("/upload/"), 0);
}

#[tokio::test]
async fn every_call_may_be_refused_and_nothing_is_leaked() {
    let calls = [
        "/v1/b/",
        "/v1/b?",
        "/upload/",
        "/repositories",
        "/serviceAccounts",
        ":setIamPolicy",
        "/builds",
        "/secrets",
        ":addVersion",
        "/services",
    ];
    let mut table = Vec::new();
    for part in calls {
        for (status, code) in
            [(403, "PERMISSION_DENIED"), (409, "ABORTED"), (429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL")]
        {
            let project = Project::new();
            let (status, body) = refusal(status, code, "no", &json!([]));
            project
                .house
                .fake
                .change(|state| state.faults.push(Fault { path: part, status, body, times: 1_000 }));
            let outcome = project.release("one").await;
            project.house.fake.change(|state| state.faults.clear());
            let error = outcome.map(|_| "went well".to_owned()).unwrap_or_else(|error| error.to_string());
            assert!(!error.contains("hush") && !error.contains("ya29"), "{error}");
            project.undo("one").await;
            let left = project.world(|world| world.own());
            assert_eq!(left, Vec::<String>::new(), "{part} {status}: {error}");
            table.push(format!("{part:<16} {status} {}", error.chars().take(100).collect::<String>()));
        }
    }
    println!("{}", table.join("\n"));
}

#[tokio::test]
async fn a_revision_that_is_there_though_its_operation_says_otherwise_is_not_made_twice() {
    let project = Project::new();
    let mut is_told = false;
    let befalls = move |asked: &super::fake::Asked, _: &mut super::world::World| {
        let is_it = !is_told && asked.path.contains("/v2/") && asked.path.contains("/operations/");
        is_told |= is_it;
        let (status, body) = refusal(409, "ABORTED", "somebody else was first", &json!([]));
        is_it.then_some(Blow::Answer(status, body))
    };
    project.house.fake.change(|state| state.hook = Hook(Some(Box::new(befalls))));
    project.release("one").await.unwrap();
    project.house.fake.change(|state| state.hook = Hook(None));
    let revisions =
        project.world(|world| world.things.keys().filter(|name| name.contains("/revisions/")).count());
    assert_eq!(revisions, 1);
    project.shift("one").await.unwrap();
    assert_eq!(project.traffic(), [100]);
}

#[tokio::test]
async fn what_never_ends_is_given_up() {
    let project = Project::new();
    project.world(|world| world.endless = true);
    let error = project.release("one").await.unwrap_err().to_string();
    assert!(error.contains("was not done after 0s; it may still go on at Google"), "{error}");
    project.world(|world| world.endless = false);
    project.undo("one").await;
    assert_eq!(project.world(|world| world.own()), Vec::<String>::new());
}

#[tokio::test]
async fn lists_are_read_to_their_last_page() {
    let project = Project::new();
    let (names, three) = (Names::of(&name()), RevisionId::parse("three").unwrap());
    let account = Account { email: "x@demo.iam.gserviceaccount.com".to_owned(), is_new: false };
    for variable in ["A", "B", "Z"] {
        let (variable, value) = (SecretName::parse(variable).unwrap(), SecretValue::new("hush"));
        project.house.google.put_secret(&names, &account, &variable, &value).await.unwrap();
    }
    project.world(|world| {
        world.has_pages = true;
        for (id, tag) in [("0", "other".to_owned()), ("1", Names::mark(&three)), ("2", "other".to_owned())] {
            let build = json!({"id": id, "status": "WORKING", "tags": [tag]});
            world.pending.insert(format!("v1/projects/demo/locations/europe-west1/builds/{id}"), build);
        }
    });
    for revision in ["one", "two"] {
        project.release(revision).await.unwrap();
        project.shift(revision).await.unwrap();
    }
    project.retire("one").await.unwrap();
    let states = project.world(|world| {
        let versions =
            world.things.values().flat_map(|thing| thing["versions"].as_array().into_iter().flatten());
        versions.map(|version| version["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    });
    let destroyed = states.iter().filter(|state| *state == "DESTROYED").count();
    assert_eq!((states.len(), destroyed), (5, 4), "the newest revision reads one of them");
    project.target.abandon(&name(), &three).await.unwrap();
    let ended = |id: &str| {
        let place = format!("v1/projects/demo/locations/europe-west1/builds/{id}");
        project.world(|world| world.pending[&place]["status"].clone())
    };
    assert_eq!([ended("0"), ended("1"), ended("2")], ["WORKING", "CANCELLED", "WORKING"]);
    project.world(|world| {
        let archive = world.things.keys().find(|name| name.ends_with(".tar.gz")).unwrap();
        let other = archive.replace(".tar.gz", "0.tar.gz");
        let name = other.split_once("/o/").unwrap().1;
        world.things.insert(other.clone(), json!({ "name": name }));
    });
    project.target.purge(&name()).await.unwrap();
    assert_eq!(project.world(|world| world.own()), Vec::<String>::new());
}

#[tokio::test]
async fn a_tree_that_changed_after_the_scan_is_not_built() {
    let project = Project::new();
    std::fs::write(project.source.dir.path().join("clock.js"), "// something else!").unwrap();
    let error = project.release("one").await.unwrap_err();
    assert!(matches!(error, TargetError::NotAdmitted), "{error}");
    assert_eq!(project.house.fake.count("/upload/"), 0);
}

#[tokio::test]
async fn the_last_lines_of_a_server_come_oldest_first() {
    let project = Project::new();
    let pending = project.target.logs(&name(), 10).await.unwrap();
    let lines: Vec<&str> = pending.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["first", "second"]);
}
