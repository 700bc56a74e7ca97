//! Claims about what serves.

use crate::domain::Seq;
use crate::store::{Page, Store, StoreError};

use super::fixture::{
    activate, attested, deployment, name, publish, tool, version, version_record, with_statement,
};
use super::suite::{found, ok};

/// Tries each claim on a fresh store.
pub(super) async fn claims<S: Store>(open: &impl AsyncFn() -> S) {
    tools_are_replaced_whole(&open().await).await;
    only_recorded_bytes_serve(&open().await).await;
    activations_are_kept_newest_first(&open().await).await;
    what_is_signed_is_kept_for_each_instance(&open().await).await;
}

async fn what_is_signed_is_kept_for_each_instance(store: &impl Store) {
    let (clock, one) = (name("clock"), deployment("clock", "1.0.0", "a").revision);
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    assert_eq!(ok(store.attested(&clock, &one).await), None);
    ok(store.apply(with_statement(activate("clock", "1.0.0", "a", Vec::new()), "x")).await);
    ok(store.apply(activate("clock", "1.0.0", "a", Vec::new())).await);
    assert_eq!(
        found(store.attested(&clock, &one).await),
        attested("x"),
        "it stays until another one is signed"
    );
    ok(store.apply(with_statement(activate("clock", "1.0.0", "a", Vec::new()), "y")).await);
    assert_eq!(found(store.attested(&clock, &one).await), attested("y"));
    assert_eq!(ok(store.attested(&name("clock-two"), &one).await), None);
}

async fn tools_are_replaced_whole(store: &impl Store) {
    let (clock, one) = (name("clock"), version("1.0.0"));
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    ok(store.apply(activate("clock", "1.0.0", "a", vec![tool("now", "x"), tool("zone", "y")])).await);
    ok(store.apply(activate("clock", "1.0.0", "a", vec![tool("now", "z")])).await);
    let mut expected = version_record("clock", "1.0.0", "a");
    expected.tools = vec![tool("now", "z")];
    expected.others = Some(Vec::new());
    assert_eq!(found(store.version(&clock, &one).await), expected);
    assert_eq!(found(store.server(&clock).await).active, Some(one));
    assert_eq!(found(store.deployment(&clock).await), deployment("clock", "1.0.0", "a"));
    assert_eq!(ok(store.deployments().await), [deployment("clock", "1.0.0", "a")]);
}

async fn only_recorded_bytes_serve(store: &impl Store) {
    let missing = store.apply(activate("clock", "1.0.0", "a", Vec::new())).await;
    assert!(matches!(missing, Err(StoreError::Missing { .. })), "{missing:?}");
    ok(store.apply(publish("clock", "1.0.0", "a")).await);
    let other = store.apply(activate("clock", "1.0.0", "b", Vec::new())).await;
    assert!(matches!(other, Err(StoreError::NotAdmitted { .. })), "{other:?}");
    assert_eq!(ok(store.deployment(&name("clock")).await), None);
    assert_eq!(ok(store.activations(&name("clock"), Page::first(9)).await), []);
}

async fn activations_are_kept_newest_first(store: &impl Store) {
    let clock = name("clock");
    let mut seqs = Vec::new();
    for (number, source) in [("1.0.0", "a"), ("1.1.0", "b")] {
        ok(store.apply(publish("clock", number, source)).await);
        seqs.push(ok(store.apply(activate("clock", number, source, Vec::new())).await));
    }
    seqs.push(ok(store.apply(activate("clock", "1.0.0", "a", Vec::new())).await));
    let listed = ok(store.activations(&clock, Page::first(2)).await);
    let shown: Vec<(Seq, &str)> = listed.iter().map(|(seq, at)| (*seq, at.version.as_str())).collect();
    assert_eq!(shown, [(seqs[2], "1.0.0"), (seqs[1], "1.1.0")]);
    let rest = ok(store.activations(&clock, Page { after: Some(seqs[1]), limit: 9 }).await);
    assert_eq!(rest, [(seqs[0], deployment("clock", "1.0.0", "a"))]);
}
