//! Logs.

use sigyl_core::deploy::Target as _;

use crate::bench::{Session, bench, name, secret, stdio, until};
use crate::stdio::walk;

pub(crate) async fn a_flood_stays_bounded() {
    let bench = bench();
    bench.release(stdio(&["flood"])).await;
    let logs = bench.dir.path().join("data/logs");
    let size = || walk(&logs).iter().map(|file| file.metadata().unwrap().len()).sum::<u64>();
    // The burst is a mebibyte and the rate a quarter of one: whoever wrote all of it would be far past that.
    until("the flood is dropped", async || bench.log().await.contains("lines were dropped")).await;
    assert!(size() < 9 << 20, "{}", size());
    bench.retire().await;
}

pub(crate) async fn lines_are_followed_and_control_characters_spelled_out() {
    let bench = bench();
    let mut follow = bench.target.logs(&name(), 10).await.unwrap().follow;
    let mut spec = stdio(&["say", "a\u{1b}[31mb\u{202e} key=planted-secret-91"]);
    secret(&mut spec, "KEY", "planted-secret-91");
    bench.release(spec).await;
    let wanted = "a\\u{1b}[31mb\\u{202e} key=[secret KEY]";
    while follow.recv().await.unwrap().text != wanted {}
    assert!(bench.log().await.contains(wanted));
}

pub(crate) async fn a_purge_leaves_nothing() {
    let bench = bench();
    let released = bench.release(stdio(&["say", "hello"])).await;
    let mut session = Session::open(&released).await;
    let pid = session.pid().await;
    until("it spoke", async || bench.log().await.contains("hello")).await;
    drop(session);
    let removed = bench.target.purge(&name()).await.unwrap();
    assert_eq!(removed.len(), 2, "{removed:?}");
    assert!(removed.iter().all(|path| !std::path::Path::new(path).exists()));
    assert!(!crate::bench::lives(pid));
    assert!(bench.target.status(&name(), &released.revision).await.unwrap().is_none());
    assert!(bench.target.purge(&name()).await.unwrap().is_empty());
}
