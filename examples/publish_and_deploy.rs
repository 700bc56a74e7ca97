//! From a folder to a running server that a client can call, in one process.
//!
//!     cargo run -p sigyl-examples --example publish_and_deploy -- examples/servers/clock
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use sigyl_core::domain::{Caller, Locator, Seq};
use sigyl_core::wire::v1::Deploy;
use sigyl_core::{Sigyl, launcher};
use sigyl_examples::{Surroundings, source_or};

fn main() -> Result<(), Box<dyn Error>> {
    // Servers are started by this same program, executed again: that comes before everything else.
    launcher::run_if_asked();
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let surroundings = Surroundings::new()?;
    let sigyl = Sigyl::open(surroundings.config.clone()).await?;
    let caller = Caller::local_owner();

    // Any free port; the endpoint serves until `shutdown`.
    let (listener, _) = sigyl.listen(Some(([127, 0, 0, 1], 0).into())).await?;
    let serving = tokio::spawn({
        let sigyl = sigyl.clone();
        async move { sigyl.serve(listener).await }
    });

    let done = deploy(&sigyl, &caller, source_or("servers/clock")?).await;
    sigyl.shutdown().await;
    serving.await??;
    done
}

async fn deploy(sigyl: &Sigyl, caller: &Caller, source: Locator) -> Result<(), Box<dyn Error>> {
    let run = sigyl.deploy(caller, Deploy::of(source)).await?;
    // Nobody reads the frames here; `watch_run` does.
    let (frames, _) = tokio::sync::mpsc::channel(1);
    let end = sigyl.watch(caller, &run, Seq::default(), &frames).await?;
    if let Some(failure) = end.run.failure {
        return Err(format!("{}: {}", failure.code, failure.message).into());
    }
    println!("{}", end.url.ok_or("the run ended without an address")?);

    let name = end.run.server.ok_or("the run ended without a server")?;
    let probe = sigyl.probe(caller, &name).await?;
    println!("tools: {}", probe.tools.iter().map(|tool| tool.name()).collect::<Vec<_>>().join(", "));
    let answer = sigyl.call(caller, &name, "now", serde_json::json!({ "offset": "+02:00" })).await?;
    println!("now: {answer}");
    Ok(())
}
