//! The console with 10 000 servers: how long until its first frame, what a frame costs, what becomes of a key while 1 000
//! events a second come, what it costs when nothing happens, and what it keeps of an hour of logs.
//!
//!     cargo build --release --bin sigyl && cargo bench -p sigyl-benches --bench console
//!
//! Start and rest are those of the release build of `sigyl` that lies in the target folder, in a terminal of its own. The
//! rest is the console as a value, without a terminal. Where a machine does other work, the least of many counts, and time
//! of the processor is told beside time of the clock.
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

#[path = "filled/console.rs"]
mod filled;
#[path = "filled/screen.rs"]
mod screen;

use std::time::{Duration, Instant};

use filled::{Failure, SERVERS};
use rustix::time::{ClockId, clock_gettime};
use screen::Screen;
use sigyl::bench::Console;
use sigyl_core::domain::Timestamp;
use sigyl_core::wire::v1::{Request, Response};

const SIZE: (u16, u16) = (200, 60);
/// How often it is started.
const STARTS: usize = 15;
/// How often each screen is drawn.
const FRAMES: usize = 300;
/// Events of a second, and seconds in which they come.
const EVENTS: usize = 1_000;
const SECONDS: usize = 20;
/// Time between two frames, as the program keeps it.
const FRAME: Duration = Duration::from_millis(16);
/// Keys that are pressed in the program itself.
const PRESSED: usize = 200;
/// How long it rests.
const REST: Duration = Duration::from_secs(20);
/// Lines of an hour of logs at 1 000 a second.
const LINES: usize = 3_600_000;

fn main() -> Result<(), Failure> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    if wants("frames") {
        frames()?;
    }
    if wants("keys") {
        keys()?;
    }
    if wants("logs") {
        logs()?;
    }
    if wants("start") {
        start()?;
    }
    Ok(())
}

/// A console that knows all servers.
fn console() -> Result<Console, Failure> {
    let mut console = Console::new(SIZE, filled::now())?;
    let servers = filled::servers()?;
    console.settle(|request| filled::answer(request, &servers));
    Ok(console)
}

/// What a frame of each screen costs: of the processor, drawing and telling what differs.
fn frames() -> Result<(), Failure> {
    let screens: [(&str, &str, &str); 7] = [
        ("dashboard", "", "server-00000"),
        ("dashboard, in its middle", "GGkkkkkkkk", "server-"),
        ("runs", "gn", "deploy"),
        ("traffic", "gt", "tool-"),
        ("audit, with an entry beside it", "gu", "after"),
        ("palette over the dashboard", ":", "deploy"),
        ("events, 20 000 lines", "ge", "lines"),
    ];
    let servers = filled::servers()?;
    for (what, keys, shows) in screens {
        let mut console = console()?;
        console.press(keys);
        console.settle(|request| filled::answer(request, &servers));
        if keys == "ge" {
            for at in 0..25_000 {
                console.tell(|asked| matches!(asked, Request::Events { .. }), filled::event(at)?);
            }
        }
        let text = console.text()?;
        if !text.contains(shows) {
            return Err(format!("{what}: nothing says {shows}:\n{text}").into());
        }
        let mut times = Vec::new();
        for at in 0..FRAMES {
            // Something differs each time.
            console.pass(Timestamp::from_millis(filled::now().millis() + i64::try_from(at)? * 1_000));
            let since = processor();
            console.draw_again()?;
            times.push(processor() - since);
        }
        println!("a frame of {what} at {}×{}: {} (promise: 2 ms)", SIZE.0, SIZE.1, told(&mut times));
    }
    Ok(())
}

/// How long a key waits for the frame that it changes, while events come and servers are listed again and again.
fn keys() -> Result<(), Failure> {
    let servers = filled::servers()?;
    let mut console = console()?;
    let (mut times, mut busy) = (Vec::new(), Duration::ZERO);
    let each = EVENTS * usize::try_from(FRAME.as_millis())? / 1_000;
    let frames = SECONDS * 1_000 / usize::try_from(FRAME.as_millis())?;
    for frame in 0..frames {
        let now = filled::now().millis() + i64::try_from(frame)? * 16;
        // Those that answer are another process or thread: what they cost is not counted here.
        let answers: Vec<(u64, Response)> = console
            .asked()
            .filter_map(|(number, asked)| Some((number, filled::answer(asked, &servers)?)))
            .collect();
        let since = processor();
        answers.into_iter().for_each(|(number, response)| console.answer(number, response));
        for at in 0..each {
            console.tell(|asked| matches!(asked, Request::Feed { .. }), filled::event(frame * each + at)?);
        }
        console.pass(Timestamp::from_millis(now));
        let key = processor();
        console.press(if frame.is_multiple_of(2) { "j" } else { "k" });
        if console.draw()? == 0 {
            return Err("a key changed nothing".into());
        }
        let took = processor() - key;
        busy += processor() - since;
        // A key that comes while all of this is done waits for it as well.
        times.push(took.max(processor() - since));
        console.give_back();
    }
    println!(
        "a key, until its frame is drawn, with {EVENTS} events a second and {SERVERS} servers: {} (promise: 16 ms), {:.0} % of a core",
        told(&mut times),
        busy.as_secs_f64() / (SECONDS as f64) * 100.0
    );
    Ok(())
}

/// What is kept of an hour of logs.
fn logs() -> Result<(), Failure> {
    let servers = filled::servers()?;
    let mut console = console()?;
    console.press("\n5");
    console.settle(|request| filled::answer(request, &servers));
    let followed = |asked: &Request| matches!(asked, Request::Logs { follow: true, .. });
    let (mut most, mut early) = (0, 0);
    let since = processor();
    for at in 0..LINES {
        if !console.tell(followed, filled::line(at)?) {
            return Err("no log is followed".into());
        }
        if at.is_multiple_of(16) {
            console.draw()?;
        }
        if at.is_multiple_of(10_000) {
            most = most.max(resident()?);
        }
        if at == LINES / 36 {
            early = most;
        }
    }
    let took = processor() - since;
    println!(
        "an hour of logs, {LINES} lines: {:.1} MiB at most, {:.1} MiB after the first 100 seconds of it; {:.1} µs a line",
        most as f64 / 1_048_576.0,
        early as f64 / 1_048_576.0,
        took.as_secs_f64() * 1e6 / LINES as f64
    );
    Ok(())
}

/// The program itself: from its start to its first frame and to that of the servers, and what it costs at rest.
fn start() -> Result<(), Failure> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for servers in [0, SERVERS] {
        let data = dir.path().join(servers.to_string());
        runtime.block_on(filled::fill(&data.join("store"), servers))?;
        let (mut first, mut known) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let since = Instant::now();
            let screen = Screen::start(&data, SIZE)?;
            screen.wait_for("opening")?;
            first.push(since.elapsed());
            screen.wait_for(if servers == 0 { "registry;" } else { "server-00000" })?;
            known.push(since.elapsed());
            screen.quit()?;
        }
        println!(
            "{servers} servers, from the start to the first frame: {} (promise: 50 ms)",
            told(&mut first)
        );
        println!("{servers} servers, from the start to a frame with what is on record: {}", told(&mut known));
        let screen = Screen::start(&data, SIZE)?;
        screen.wait_for(if servers == 0 { "registry;" } else { "server-00000" })?;
        std::thread::sleep(Duration::from_secs(5));
        let (before, since) = (screen.processor()?, Instant::now());
        std::thread::sleep(REST);
        let share = (screen.processor()? - before).as_secs_f64() / since.elapsed().as_secs_f64() * 100.0;
        println!("{servers} servers, at rest: {share:.2} % of a core (promise: 1 %)");
        let mut pressed = Vec::new();
        for at in 0..PRESSED {
            let since = Instant::now();
            screen.press(if at.is_multiple_of(2) { "j" } else { "k" })?;
            pressed.push(since.elapsed());
            std::thread::sleep(FRAME * 2);
        }
        println!("{servers} servers, from a key to what it changes, by the clock: {}", told(&mut pressed));
        screen.quit()?;
    }
    Ok(())
}

/// Least, median and 99th percentile.
fn told(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let ms = |at: usize| times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
    format!(
        "least {:.2} ms, median {:.2} ms, 99th {:.2} ms",
        ms(0),
        ms(times.len() / 2),
        ms(times.len() * 99 / 100)
    )
}

/// Time of the processor that this thread has had.
fn processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Bytes of memory that this process has now.
fn resident() -> Result<usize, Failure> {
    let pages: usize =
        std::fs::read_to_string("/proc/self/statm")?.split(' ').nth(1).ok_or("no statm")?.parse()?;
    Ok(pages * 4096)
}
