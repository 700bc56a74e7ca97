//! Claims about servers that follow branches.

use crate::domain::{BranchName, Follow, FollowPolicy, RepositoryName};
use crate::store::{Change, Store, StoreError};

use super::fixture::{at, delete, name, publish};
use super::suite::{found, ok};

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    a_server_follows_one_branch_until_it_ends(&open().await).await;
    nothing_follows_that_is_not_there(&open().await).await;
}

fn follow(server: &str, branch: &str) -> Follow {
    let (Ok(repository), Ok(branch)) = (RepositoryName::parse("octo/clock"), BranchName::parse(branch))
    else {
        panic!("a name of this test is wrong")
    };
    Follow {
        server: name(server),
        repository,
        was: Vec::new(),
        id: None,
        branch,
        folder: None,
        policy: FollowPolicy::Ask,
        by: "ada".to_owned(),
        key: None,
        since: at(1),
        seen: None,
        past: Vec::new(),
        waiting: None,
        run: None,
        note: None,
    }
}

fn put(server: &str, branch: &str) -> Change {
    Change::PutFollow(Box::new(follow(server, branch)))
}

async fn a_server_follows_one_branch_until_it_ends(store: &impl Store) {
    for server in ["clock", "clock-two"] {
        ok(store.apply(publish(server, "1.0.0", server)).await);
    }
    for (server, branch) in [("clock", "main"), ("clock", "next"), ("clock-two", "main")] {
        ok(store.apply(put(server, branch)).await);
        assert_eq!(found(store.follow(&name(server)).await), follow(server, branch));
    }
    assert_eq!(ok(store.follows().await), [follow("clock", "next"), follow("clock-two", "main")]);
    ok(store.apply(Change::EndFollow(name("clock"))).await);
    assert_eq!(ok(store.follow(&name("clock")).await), None);
    ok(store.apply(delete("clock-two", "run-1")).await);
    assert_eq!(ok(store.follows().await), []);
}

async fn nothing_follows_that_is_not_there(store: &impl Store) {
    for change in [put("clock", "main"), Change::EndFollow(name("clock"))] {
        let missing = store.apply(change).await;
        assert!(matches!(missing, Err(StoreError::Missing { .. })), "{missing:?}");
    }
}
