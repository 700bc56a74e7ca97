//! Actions against the operations of the server, and forms.

use std::collections::BTreeSet;

use sigyl_core::client::OPERATIONS;
use sigyl_core::wire::v1::Request;

use super::Desk;
use super::answers::name;
use crate::console::actions;
use crate::console::command::Place;

/// Operations that no screen has, and why.
const NOT_HERE: [(&str, &str); 20] = [
    ("health", "for programs that watch a server"),
    ("ready", "for programs that watch a server"),
    ("metrics", "for programs that watch a server"),
    ("openapi", "for programs"),
    ("listDocumentVersions", "a document's versions stand in the list by name"),
    ("putDocument", "publishing does the same"),
    ("showSarif", "for code hosts; `sigyl report --format sarif` writes it"),
    ("beginLogin", "one is signed in before; `sigyl login` does it"),
    ("pollLogin", "one is signed in before; `sigyl login` does it"),
    ("exchangeToken", "for programs that have a token of their own"),
    ("proveNamespace", "it needs the key of a domain; `sigyl namespaces prove` has it"),
    ("showBookmark", "`sigyl import` keeps it"),
    ("setBookmark", "`sigyl import` keeps it"),
    ("showStatement", "`sigyl verify NAME --save DIR` writes it"),
    ("showSbom", "`sigyl verify NAME --save DIR` writes it"),
    ("showPublicKey", "`sigyl verify --print-key` prints it"),
    ("showGitHubApp", "`sigyl setup github --status` has it"),
    ("keepGitHubApp", "it is made in a browser; `sigyl setup github` does it"),
    ("forgetGitHubApp", "`sigyl setup github --forget` has it"),
    ("watchRun", "a run is followed by its own screen"),
];

/// What the screens ask by themselves, with the operation that answers it.
const SHOWN: [(&str, &str); 30] = [
    ("list", "listServers"),
    ("show", "showServer"),
    ("versions", "listVersions"),
    ("runs", "listRuns"),
    ("report", "showReport"),
    ("source", "showSource"),
    ("source", "showRunSource"),
    ("logs", "readLogs"),
    ("calls", "readCalls"),
    ("events", "readEvents"),
    ("feed", "readEvents"),
    ("secrets", "listSecrets"),
    ("ratings", "listRatings"),
    ("keys", "listKeys"),
    ("accounts", "listAccounts"),
    ("workspaces", "listWorkspaces"),
    ("members", "listMembers"),
    ("quarantines", "listQuarantines"),
    ("show_quarantine", "showQuarantine"),
    ("audit", "readAudit"),
    ("count_calls", "countCalls"),
    ("count_sessions", "countSessions"),
    ("policy", "showPolicy"),
    ("listings", "listDocuments"),
    ("listing", "showDocument"),
    ("who_am_i", "whoAmI"),
    ("github_installations", "listGitHubInstallations"),
    ("github_repositories", "listGitHubRepositories"),
    ("github_refs", "listGitHubRefs"),
    ("github_files", "showGitHubFiles"),
];

#[test]
fn every_operation_of_the_server_is_reached_from_a_screen() {
    let mut desk = Desk::new(80, 24);
    for (_, letter, ..) in Place::ALL {
        desk.press(&format!("g {letter} Enter"));
    }
    desk.press("g d / c l o c k Enter Enter 2 3 4 5 6 7 8 -");
    desk.press("g d d ^g Enter Enter Esc Esc Esc Esc");
    let asked: BTreeSet<String> = desk.asked.iter().map(name).collect();
    let mut reached: BTreeSet<&str> =
        SHOWN.iter().filter(|(op, _)| asked.contains(*op)).map(|(_, operation)| *operation).collect();
    reached.extend(actions::all().flat_map(|action| action.operations));
    for operation in OPERATIONS {
        let left_out = NOT_HERE.iter().any(|(id, _)| *id == operation.id);
        assert!(reached.contains(operation.id) != left_out, "{} is reached: {}", operation.id, !left_out);
    }
    let ids: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
    let named = actions::all().flat_map(|action| action.operations).chain(NOT_HERE.iter().map(|(id, _)| id));
    for id in named {
        assert!(ids.contains(id), "{id} is no operation");
    }
}

/// The operations that answer what actions ask, whatever they say of themselves.
const ANSWERED: &[(&str, &[&str])] = &[
    ("redeploy", &["releaseAgain"]),
    ("rollback", &["rollBack"]),
    ("promote", &["promoteRun"]),
    ("reconfigure", &["reconfigureServer"]),
    ("delete", &["deleteServer"]),
    ("verify", &["verifyServer"]),
    ("usage", &["measureServer"]),
    ("probe", &["probeServer"]),
    ("call", &["callTool"]),
    ("edit", &["editServer"]),
    ("rate", &["rateServer"]),
    ("take_rating", &["takeRating"]),
    ("transfer", &["transferServer"]),
    ("set_secret", &["setSecret"]),
    ("reveal_secret", &[]),
    ("remove_secret", &["removeSecret"]),
    ("set_follow", &["setFollow"]),
    ("follows", &["listFollows"]),
    ("release_followed", &["releaseFollowed"]),
    ("end_follow", &["endFollow"]),
    ("approve", &["approveRun"]),
    ("reject", &["rejectRun"]),
    ("cancel", &["cancelRun"]),
    ("quarantine", &["quarantine"]),
    ("lift_quarantine", &["liftQuarantine"]),
    ("test_policy", &["testPolicy"]),
    ("rescan", &["rescan"]),
    ("publish_listing", &["publishDocument"]),
    ("import", &["importDocuments"]),
    ("check_listing", &["validateDocument"]),
    ("set_listing_status", &["setDocumentStatus", "setStatusOfAll", "deleteDocument"]),
    ("create_key", &["createKey"]),
    ("revoke_key", &["revokeKey"]),
    ("create_account", &["createAccount"]),
    ("disable_account", &["changeAccount"]),
    ("set_administrator", &["changeAccount"]),
    ("delete_account", &["deleteAccount"]),
    ("create_workspace", &["createWorkspace"]),
    ("set_member", &["setMember"]),
    ("remove_member", &["removeMember"]),
    ("verify_audit", &["verifyAudit"]),
    ("master_key", &["showMasterKey"]),
    ("rotate_master_key", &["rotateMasterKey"]),
    ("rename_me", &["renameMe"]),
    ("export_me", &["exportMe"]),
    ("delete_me", &["deleteMe"]),
];

/// What a field holds that takes it.
fn sample(field: &str) -> &'static str {
    match field {
        "name" | "what" => "clock",
        "run" => "019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10",
        "version" | "against" => "1.0.0",
        "source" | "package" => "npm:clock@1.0.0",
        "env" => "A=b",
        "callers" => "user:ada@example.org",
        "secret" => "API_KEY",
        "grant" | "revoke" => "network=time.example:123",
        "canary" => "10,50",
        "soak" => "5m",
        "hold" => "2h",
        "finding" => "path-from-argument@src/server.py:48:12",
        "expires" | "until" => "2027-01-31",
        "cpu" => "0.5",
        "memory" => "512Mi",
        "concurrency" => "8",
        "timeout" => "30s",
        "minInstances" => "0",
        "maxInstances" => "2",
        "arguments" => "{}",
        "also" => "",
        "stars" => "5",
        "clear" => "title",
        "file" => "{\"name\": \"a/b\"}",
        "status" => "active",
        "scopes" => "read",
        "networks" => "10.0.0.0/8",
        "key" => "0123456789abcdef",
        "role" => "viewer",
        "push" => "ask",
        "branch" => "main",
        "commit" => "0123456789abcdef0123456789abcdef01234567",
        "document" => "a/b",
        "client" => "cursor",
        "deep" | "review" | "restart" | "sure" | "running" | "reset" | "disabled" | "administrator" => "yes",
        "workspace" | "to" => "default",
        _ => "word",
    }
}

#[test]
fn what_an_action_says_of_itself_is_what_it_asks() {
    for action in actions::all() {
        // A version goes on to a share of clients, and a server to a workspace.
        let sample =
            |field: &str| if (action.name, field) == ("promote", "to") { "50" } else { sample(field) };
        let values = action.fields.iter().map(|field| (field.name, sample(field.name).to_owned())).collect();
        let request = action.request(&values).unwrap_or_else(|wrong| panic!("{}: {wrong}", action.name));
        let Some(request) = request else { continue };
        let asked = name(&request);
        let answered = ANSWERED.iter().find(|(op, _)| *op == asked);
        let (_, operations) = answered.unwrap_or_else(|| panic!("nobody said what answers {asked}"));
        assert_eq!(action.operations, *operations, "{} asks {asked}", action.name);
    }
}

#[test]
fn a_file_of_documents_is_read_and_taken_in_and_one_that_is_none_says_so() {
    use crate::console::effect::Effect;
    use crate::console::input::Input;
    let read = |text: &str| {
        let mut desk = Desk::new(100, 24);
        desk.press(":");
        desk.write("Take in a file");
        desk.press("Enter");
        desk.write("servers.jsonl");
        desk.press("^s");
        let Some(Effect::Read(ticket, path)) = desk.done.pop() else { panic!("{}", desk.frame()) };
        assert_eq!(path.to_string_lossy(), "servers.jsonl");
        desk.take(Input::Read(ticket, Ok(text.to_owned())));
        desk
    };
    let desk = read("{\"name\": \"a/b\"}\n{\"name\": \"a/c\"}\n");
    let rows = desk.asked.iter().find_map(|request| match request {
        Request::Import { rows, .. } => Some(rows.len()),
        _ => None,
    });
    assert_eq!(rows, Some(2));
    let mut desk = read("no document");
    assert!(desk.frame().contains("file: it is no list of documents"), "{}", desk.frame());
    assert!(!desk.asked.iter().any(|request| matches!(request, Request::Import { .. })));
}

#[test]
fn what_a_redeploy_is_asked_reaches_it() {
    let fields = ["name", "grant", "revoke", "review", "deep"];
    let values = fields.map(|field| (field, sample(field).to_owned())).into_iter().collect();
    let Ok(Some(Request::Redeploy(redeploy))) = actions::find("redeploy").unwrap().request(&values) else {
        panic!("it is no redeploy")
    };
    assert_eq!(redeploy.revoke, ["network=time.example:123"]);
    assert!(redeploy.review && redeploy.deep);
}

#[test]
fn names_and_fields_of_actions_are_sound() {
    let mut names = BTreeSet::new();
    for action in actions::all() {
        assert!(names.insert(action.name), "{} is there twice", action.name);
        let fields: BTreeSet<_> = action.fields.iter().map(|field| field.name).collect();
        assert_eq!(fields.len(), action.fields.len(), "{}", action.name);
        assert!(action.destroys.is_none_or(|(field, _)| fields.contains(field)), "{}", action.name);
    }
}

#[test]
fn what_destroys_waits_for_the_name_letter_by_letter() {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter D");
    desk.write("cloc");
    desk.press("Enter");
    let deletes = |desk: &Desk| desk.asked.iter().any(|request| matches!(request, Request::Delete { .. }));
    assert!(!deletes(&desk) && desk.frame().contains("type clock to go on"));
    desk.write("k");
    desk.press("Enter");
    assert!(deletes(&desk));
}

#[test]
fn a_pasted_name_does_not_confirm() {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter D");
    desk.take(crate::console::input::Input::Paste("clock".to_owned()));
    desk.press("Enter");
    assert!(!desk.asked.iter().any(|request| matches!(request, Request::Delete { .. })));
}

#[test]
fn a_secret_is_never_on_the_screen_and_is_typed_again_after_a_failure() {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter Enter 7 e");
    desk.write("hunter2");
    assert!(!desk.frame().contains("hunter2"), "{}", desk.frame());
    desk.press("^s");
    let set = desk.asked.iter().find_map(|request| match request {
        Request::SetSecret { value, .. } => Some(value.reveal().to_owned()),
        _ => None,
    });
    assert_eq!(set.as_deref(), Some("hunter2"));
    assert!(desk.frame().contains("the secret is sealed"), "{}", desk.frame());
}

#[test]
fn a_refusal_brings_the_form_back_with_what_was_typed() {
    let mut desk = Desk::new(80, 24);
    desk.press("g k n");
    desk.write("release job");
    desk.press("Tab");
    desk.write("read");
    desk.press("^s");
    let frame = desk.frame();
    assert!(frame.contains("E0405 ada may not do that") && frame.contains("release job"), "{frame}");
}

#[test]
fn a_wrong_field_is_named_before_anything_is_asked() {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter Enter 2 c ^u");
    desk.write("[1]");
    desk.press("Enter");
    assert!(desk.frame().contains("it is JSON, but not an object"), "{}", desk.frame());
    assert!(!desk.asked.iter().any(|request| matches!(request, Request::Call { .. })));
}

#[test]
fn a_new_secret_does_not_take_the_place_of_the_selected_one() {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter Enter 7 n");
    desk.write("NEW_KEY");
    desk.press("Tab");
    desk.write("hunter2");
    desk.press("^s");
    let set = desk.asked.iter().find_map(|request| match request {
        Request::SetSecret { secret, .. } => Some(secret.to_string()),
        _ => None,
    });
    assert_eq!(set.as_deref(), Some("NEW_KEY"));
}

#[test]
fn a_revealed_secret_is_in_no_message_and_gone_once_one_went_back() {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter Enter 7 R Space ^s");
    assert!(desk.frame().contains("hunter2"), "{}", desk.frame());
    desk.press("y !");
    assert!(desk.app.state.said.iter().all(|said| !said.text.contains("hunter2")));
    desk.press("Esc Esc");
    desk.take(crate::console::input::Input::Key(crossterm::event::KeyEvent::new(
        crossterm::event::KeyCode::Right,
        crossterm::event::KeyModifiers::ALT,
    )));
    assert!(!desk.frame().contains("hunter2"), "{}", desk.frame());
}

#[test]
fn somebody_is_added_to_a_workspace_by_a_form_that_begins_empty() {
    let mut desk = Desk::new(80, 24);
    desk.press("g w Enter n");
    desk.write("bob");
    desk.press("^s");
    assert!(desk.frame().contains("role is needed"), "no role is chosen for anybody");
    desk.press("m ^s");
    let login = desk.asked.iter().find_map(|request| match request {
        Request::SetMember { login, .. } => Some(login.to_string()),
        _ => None,
    });
    assert_eq!(login.as_deref(), Some("bob"));
}

#[test]
fn what_a_started_server_says_is_among_its_findings() {
    let mut desk = Desk::new(80, 24);
    desk.press("g s");
    assert!(desk.frame().contains("path-from-arg"), "{}", desk.frame());
    assert!(desk.asked.iter().any(|request| matches!(request, Request::Watch { .. })));
}

#[test]
fn nothing_is_done_where_nothing_can_be_seen() {
    let mut desk = Desk::new(40, 10);
    desk.press("d");
    assert!(desk.app.layers.is_empty());
}

#[test]
fn a_late_refusal_takes_no_key_of_whoever_went_on() {
    let mut desk = Desk::new(80, 24);
    desk.press("g k n");
    desk.write("release job");
    desk.press("Tab");
    desk.write("read");
    desk.take(crate::console::input::Input::Key(super::desk::key_of("^s")));
    desk.take(crate::console::input::Input::Key(super::desk::key_of("Down")));
    desk.settle();
    assert!(desk.app.layers.is_empty() && desk.frame().contains("E0405"), "{}", desk.frame());
}

#[test]
fn an_answer_that_takes_long_is_waited_for_in_sight() {
    let mut desk = Desk::new(80, 24);
    desk.press("/ c l o c k Enter Enter");
    desk.take(crate::console::input::Input::Key(super::desk::key_of("p")));
    let later = crate::fixtures::now().plus(std::time::Duration::from_secs(3));
    desk.take(crate::console::input::Input::Tick(later));
    assert!(desk.frame().contains("probe: asking for 3.0 s"), "{}", desk.frame());
}

#[test]
fn a_quarantine_says_what_it_did_not_stop_and_a_lifted_one_that_it_is_over() {
    let view = serde_json::json!({"result": "quarantine", "with": {
        "quarantine": {"what": "evil", "reason": "steals", "by": "ada", "since": "2026-11-22T13:00:00Z"},
        "affected": [{
            "server": "evil", "workspace": "default", "versions": ["1.0.0"], "active": true,
            "unreached": [{"version": "1.0.0", "place": "cloud-run:p/r", "why": "it is not configured", "stays": false}],
        }],
    }});
    let shown = |name: &str| {
        let response = serde_json::from_value(view.clone()).unwrap();
        let actions::Does::Show(_, show) = actions::find(name).unwrap().does else { panic!("{name}") };
        show(&response, &crate::render::Look::PLAIN, crate::fixtures::now()).unwrap()
    };
    assert!(!shown("quarantine").contains("lifted") && shown("lift-quarantine").contains("is lifted"));
    let Ok(sigyl_core::wire::v1::Response::Quarantine(view)) = serde_json::from_value(view) else {
        panic!("the answer of a quarantine has another form")
    };
    let text = crate::render::quarantine(&view, &crate::render::Look::PLAIN);
    assert!(text.contains("cloud-run:p/r"), "{text}");
}

#[test]
fn how_a_document_goes_into_an_editor_is_a_command_to_copy() {
    let mut desk = Desk::new(80, 24);
    desk.press("g r i Tab ^u");
    desk.write("com.example/it's@1.0.0");
    desk.press("Tab ^u Tab");
    desk.write("emacs");
    desk.press("^s");
    assert!(desk.frame().contains("the clients are claude-desktop, claude-code, cursor"), "{}", desk.frame());
    desk.press("^u");
    desk.write("cursor");
    desk.press("^s");
    let frame = desk.frame();
    assert!(frame.contains(r"sigyl install 'com.example/it'\''s@1.0.0' --client cursor"), "{frame}");
    let told: Vec<String> = desk.asked.iter().map(name).collect();
    assert_eq!(told.last().map(String::as_str), Some("listing"), "nothing is done: what goes in is shown");
    assert!(frame.contains("#   "), "{frame}");
    assert!(frame.contains("mcpServers") || frame.contains("that cannot be shown here"), "{frame}");
}

#[test]
fn commands_to_be_copied_lead_to_the_same_data_directory() {
    let mut desk = Desk::new(100, 24);
    desk.app.state.flags = " --data-dir /srv/sigyl".to_owned();
    desk.press("g r i Tab ^u");
    desk.write("com.example/clock");
    desk.press("Tab ^u Tab");
    desk.write("cursor");
    desk.press("^s");
    let frame = desk.frame();
    for command in ["install com.example/clock --client cursor", "config cursor com.example/clock"] {
        assert!(frame.contains(&format!("sigyl {command} --data-dir /srv/sigyl")), "{command}: {frame}");
    }
}

#[test]
fn what_was_found_so_far_is_shown_while_a_run_works_and_all_of_it_once_it_ended() {
    use sigyl_core::domain::RunState;
    let mut desk = Desk::new(100, 24);
    let mut runs = crate::fixtures::runs();
    runs[0].state = RunState::Running;
    let id = runs[0].id.clone();
    desk.app.state.runs.take(Ok(runs.clone()));
    desk.app.start("report", [("run", id.to_string())].into());
    desk.press("Down");
    let asked = |desk: &Desk| {
        desk.asked.iter().rev().find_map(|request| match request {
            Request::Report { run, live: false } if *run == id => Some("so far"),
            Request::Watch { run, .. } if *run == id => Some("whole"),
            _ => None,
        })
    };
    assert_eq!(asked(&desk), Some("so far"));
    assert!(desk.frame().contains("the run goes on"), "{}", desk.frame());
    runs[0].state = RunState::Done;
    desk.app.state.runs.take(Ok(runs));
    desk.app.news();
    desk.press("Down");
    assert_eq!(asked(&desk), Some("whole"));
}

#[test]
fn a_list_has_what_was_made_above_it() {
    let mut desk = Desk::new(100, 30);
    desk.press("g k");
    let lists = |desk: &Desk| desk.asked.iter().filter(|request| name(request) == "keys").count();
    let before = lists(&desk);
    desk.press("n");
    desk.write("ci");
    desk.press("^s");
    assert!(
        desk.frame().contains("scopes is needed"),
        "nothing is granted that nobody named: {}",
        desk.frame()
    );
    desk.write("read");
    desk.take(crate::console::input::Input::Key(super::desk::key_of("^s")));
    let at = desk.open.iter().position(|(_, asked)| name(asked) == "create_key").unwrap();
    let (ticket, _) = desk.open.remove(at);
    desk.answer(ticket, Ok(sigyl_core::wire::v1::Response::Ok));
    desk.settle();
    assert_eq!(lists(&desk), before + 1, "{}", desk.frame());
}

#[test]
fn a_version_that_is_on_record_is_deployed_by_a_redeploy() {
    let mut desk = Desk::new(100, 24);
    let mut run = crate::fixtures::failed_run();
    run.failure.as_mut().unwrap().code = "E0401".to_owned();
    run.server = Some(crate::fixtures::serving().server.name);
    let end = serde_json::json!({"run": run, "report": null, "url": null});
    let end = serde_json::from_value(serde_json::json!({"result": "run", "with": end})).unwrap();
    let screen = crate::console::screens::RunScreen::of(run.id.clone());
    desk.app.open(Box::new(screen));
    let shown = desk.app.shown().id;
    desk.app.tell(shown, |screen, turn| screen.answered(crate::console::turn::Tag(0), Ok(end), turn));
    assert!(desk.frame().contains("r deploys what changed beside it"), "{}", desk.frame());
    desk.press("r");
    assert!(desk.frame().contains("Deploy a server again"), "{}", desk.frame());
}

#[test]
fn help_lists_what_works_and_no_letters_where_one_types() {
    let mut desk = Desk::new(100, 60);
    let help = || {
        let key = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::F(1));
        crate::console::input::Input::Key(key)
    };
    desk.press("d");
    desk.take(help());
    let frame = desk.frame();
    assert!(frame.contains("^G") && frame.contains("look at it") && !frame.contains("go to…"), "{frame}");
    desk.press("Esc Esc / c l o c k Enter Enter");
    desk.take(help());
    let frame = desk.frame();
    assert!(frame.contains("the tab with this number") && !frame.contains("second tab"), "{frame}");
}

#[test]
fn a_trial_shows_both_sides_and_the_key_that_takes_it_back() {
    let mut desk = Desk::new(100, 24);
    desk.press("d");
    desk.write("examples/servers/clock");
    desk.press("Enter Enter Tab");
    desk.write("CET");
    desk.press("^s ^s Enter");
    let kinds = [
        serde_json::json!({"kind": "run", "state": "running", "note": null}),
        serde_json::json!({"kind": "step", "step": "canary", "state": "started", "note": null}),
        serde_json::json!({
            "kind": "tried", "version": "0.2.0", "percent": 10, "until": "2026-11-22T14:02:30Z",
            "serving": {"calls": 90, "failed": 0, "p50": 3_000, "p95": 9_000},
            "tried": {"calls": 10, "failed": 1, "p50": 4_000, "p95": 12_000},
        }),
    ];
    for (seq, mut event) in kinds.into_iter().enumerate() {
        let whole = serde_json::json!({
            "seq": seq + 1, "at": "2026-11-22T14:01:30Z", "run": "019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10", "server": "clock",
        });
        event.as_object_mut().unwrap().extend(whole.as_object().unwrap().clone());
        let event = serde_json::from_value(event).unwrap();
        desk.tell("deploy", sigyl_core::wire::v1::Frame::Event(Box::new(event)));
    }
    let frame = desk.frame();
    assert!(frame.contains("0.2.0 is tried by 10 % of new clients, for 30 s more"), "{frame}");
    assert!(frame.contains("10 calls, 10.0 % failed, p95 12 ms"), "{frame}");
    assert!(frame.contains("P lets it take over now, A takes it back"), "{frame}");
    desk.press("P Tab Tab");
    desk.write("50");
    desk.press("Tab ^s");
    assert!(desk.frame().contains("sure is needed"), "{}", desk.frame());
    desk.press("Space ^s");
    let promoted = desk.asked.iter().find_map(|request| match request {
        Request::Promote { run, to } => Some((run.to_string(), *to)),
        _ => None,
    });
    assert_eq!(promoted, Some(("019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10".to_owned(), Some(50))));
    let event = serde_json::json!({
        "seq": 4, "at": "2026-11-22T14:01:30Z", "run": "019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10", "server": "clock",
        "kind": "promoted", "version": "0.2.0", "by": "ada", "percent": 10, "to": 50,
        "tried": {"calls": 10, "failed": 1, "p50": 4_000, "p95": 12_000},
    });
    let event: sigyl_core::event::Event = serde_json::from_value(event).unwrap();
    let told = || sigyl_core::wire::v1::Frame::Event(Box::new(event.clone()));
    assert!(desk.app.acts(), "its answer comes when the run ends");
    desk.tell("feed", told());
    assert!(!desk.app.acts() && !desk.open.iter().any(|(_, asked)| name(asked) == "promote"));
    assert!(desk.frame().contains("promote: it goes on to 50 %"), "{}", desk.frame());
    desk.tell("deploy", told());
    let frame = desk.frame();
    assert!(frame.contains("0.2.0 was promoted by ada from 10 % to 50 %"), "{frame}");
}

#[test]
fn a_run_that_tries_nothing_offers_no_promotion() {
    let mut desk = Desk::new(100, 24);
    desk.press("d");
    desk.write("examples/servers/clock");
    desk.press("Enter Enter Tab");
    desk.write("CET");
    desk.press("^s ^s Enter");
    let event = serde_json::json!({
        "seq": 1, "at": "2026-11-22T14:01:30Z", "run": "019aa1b2-9d04-7c1f-a6b3-8e2f6d5c4b10", "server": "clock",
        "kind": "run", "state": "running", "note": null,
    });
    desk.tell("deploy", sigyl_core::wire::v1::Frame::Event(Box::new(serde_json::from_value(event).unwrap())));
    desk.press("P");
    assert!(desk.app.layers.is_empty(), "{}", desk.frame());
}

#[test]
fn a_field_is_written_in_the_editor_of_the_operator_and_a_hidden_one_is_not() {
    use crate::console::effect::Effect;
    use crate::console::input::Input;
    let mut desk = Desk::new(100, 30);
    desk.press("g k n j o b ^o");
    assert!(matches!(desk.done.last(), Some(Effect::Edit(text)) if text == "job"));
    desk.take(Input::Edited(Ok("a job\nof two lines".to_owned())));
    assert!(desk.frame().contains("label        a job of two lines"), "{}", desk.frame());
    desk.take(Input::Edited(Err("the editor ended with exit status: 1".to_owned())));
    let frame = desk.frame();
    assert!(frame.contains("a job of two lines") && frame.contains("ended with exit status"), "{frame}");
    let mut desk = Desk::new(100, 30);
    desk.press("/ c l o c k Enter Enter 7 e");
    while !desk.app.layers[0].hides() {
        desk.press("Tab");
    }
    desk.press("s ^o");
    assert!(desk.done.is_empty(), "a secret goes into no file");
    assert!(desk.frame().contains("only plain text"), "{}", desk.frame());
}

#[test]
fn a_tool_is_called_again_with_the_same_arguments_from_its_answer() {
    let mut desk = Desk::new(100, 24);
    desk.press("/ c l o c k Enter Enter 2 c ^u");
    desk.write("{\"zone\": \"CET\"}");
    desk.press("^s");
    assert!(desk.frame().contains("the whole answer"), "{}", desk.frame());
    desk.press("c");
    let frame = desk.frame();
    assert!(frame.contains("Call a tool of a running server") && frame.contains("CET"), "{frame}");
}

#[test]
fn going_to_the_dashboard_shows_what_needs_somebody() {
    let mut desk = Desk::new(100, 30);
    desk.press("/ c l o c k Enter");
    assert!(desk.frame().contains("only /clock"), "{}", desk.frame());
    desk.press("g s g d");
    assert!(!desk.frame().contains("only /clock"), "{}", desk.frame());
}
