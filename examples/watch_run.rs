//! Follows a run by its numbered events, loses the connection, and reads on where it stopped.
//!
//!     cargo run -p sigyl-examples --example watch_run -- examples/servers/poisoned
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use sigyl_core::domain::{Caller, RunId, Seq};
use sigyl_core::event::{Event, EventKind};
use sigyl_core::wire::v1::{Deploy, Frame, RunEnd};
use sigyl_core::{Sigyl, launcher};
use sigyl_examples::{Surroundings, source_or};
use tokio::sync::mpsc;

fn main() -> Result<(), Box<dyn Error>> {
    launcher::run_if_asked();
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let surroundings = Surroundings::new()?;
    let sigyl = Sigyl::open(surroundings.config.clone()).await?;
    let caller = Caller::local_owner();
    let run = sigyl.deploy(&caller, Deploy::of(source_or("servers/poisoned")?)).await?;

    println!("live:");
    let (end, events) = follow(&sigyl, &caller, &run, Seq::default()).await?;
    println!("the run is {:?}", end.run.state);

    // A reader that lost its connection names the last event it saw, and misses none.
    let half = events[events.len() / 2].seq;
    println!("again, after event {half}:");
    let (_, rest) = follow(&sigyl, &caller, &run, half).await?;
    if rest != events[events.len() / 2 + 1..] {
        return Err("the second reading differs from the first".into());
    }
    sigyl.shutdown().await;
    Ok(())
}

async fn follow(
    sigyl: &Sigyl,
    caller: &Caller,
    run: &RunId,
    after: Seq,
) -> Result<(RunEnd, Vec<Event>), Box<dyn Error>> {
    let (frames, mut heard) = mpsc::channel(64);
    let read = async {
        let mut events = Vec::new();
        while let Some(frame) = heard.recv().await {
            if let Frame::Event(event) = frame {
                print(&event);
                events.push(*event);
            }
        }
        events
    };
    let watch = async {
        let end = sigyl.watch(caller, run, after, &frames).await;
        drop(frames);
        end
    };
    let (end, events) = tokio::join!(watch, read);
    Ok((end?, events))
}

fn print(event: &Event) {
    match &event.kind {
        EventKind::Step { step, state, note } => {
            println!("  {} {step} {state:?} {}", event.seq, note.as_deref().unwrap_or_default());
        }
        other => println!("  {} {other:?}", event.seq),
    }
}
