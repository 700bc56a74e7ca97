//! Fake servers: each does one thing that a server may do.

use std::io::{BufRead as _, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

/// First argument that makes this binary a fake server.
pub(crate) const MODE: &str = "fake";

pub(crate) fn run(args: &[String]) {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["obey"] => obey(),
        ["exit", code] => {
            eprintln!("cannot find the configuration");
            std::process::exit(code.parse().unwrap());
        }
        ["stubborn"] => {
            ignore_term();
            obey();
            sleep();
        }
        ["farewell"] => {
            obey();
            eprintln!("saw the end of its input");
        }
        ["detach"] => {
            println!("{}", detach("detached"));
            obey();
        }
        ["detached"] => {
            rustix::process::setsid().unwrap();
            ignore_term();
            #[expect(clippy::zombie_processes, reason = "an orphan is what this fake is for")]
            // The parent of this one is gone at once, so that only a subreaper still finds it.
            let child =
                Command::new("/proc/self/exe").args([MODE, "sleep"]).stdout(Stdio::null()).spawn().unwrap();
            println!("{}", child.id());
        }
        ["hidden"] => {
            rustix::process::setsid().unwrap();
            ignore_term();
            #[expect(clippy::zombie_processes, reason = "an orphan is what this fake is for")]
            let child = std::os::unix::process::CommandExt::arg0(&mut Command::new("/proc/self/exe"), "x")
                .args([MODE, "hide"])
                .env_clear()
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            println!("{}", child.id());
        }
        // It lowers what it is marked by, and looks like nobody's.
        ["hide"] => {
            let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
            rustix::process::setrlimit(rustix::process::Resource::Locks, none).unwrap();
            sleep();
        }
        ["sleep"] => sleep(),
        ["flood"] => flood(),
        ["say", text] => {
            eprintln!("{text}");
            obey();
        }
        ["serve"] => serve("127.0.0.1", port()),
        ["serve-all"] => serve("0.0.0.0", port()),
        ["serve-port", port] => serve("127.0.0.1", port.parse().unwrap()),
        _ => panic!("no such fake: {args:?}"),
    }
}

fn port() -> u16 {
    std::env::var("PORT").unwrap().parse().unwrap()
}

fn sleep() {
    std::thread::sleep(Duration::from_secs(600));
}

fn ignore_term() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    drop(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap());
}

/// Starts a process that leaves session, group and parent; returns its id.
fn detach(mode: &str) -> u32 {
    // Standard error is inherited all the way down: the far one holds the server's log open.
    let child = Command::new("/proc/self/exe").args([MODE, mode]).stdout(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn flood() {
    let mut stderr = std::io::stderr().lock();
    loop {
        stderr.write_all(b"the same line again and again and again and again\n").unwrap();
    }
}

fn serve(host: &str, port: u16) {
    let listener = TcpListener::bind((host, port)).unwrap_or_else(|error| {
        eprintln!("cannot listen on {port}: {error}");
        std::process::exit(1);
    });
    eprintln!("listening on {port}");
    let mut held = Vec::new();
    for stream in listener.incoming() {
        let mut word = [0; 4];
        // The target connects too, and says nothing.
        if stream.unwrap().read_exact(&mut word).is_err() {
            continue;
        }
        match &word {
            b"EXIT" => {
                eprintln!("told to exit");
                std::process::exit(7);
            }
            b"EAT!" => held.push(vec![1_u8; 200 << 20]),
            _ => {}
        }
    }
}

/// Does what each line says, and answers in one line.
fn obey() {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        println!("{}", one(&line).unwrap_or_else(|error| format!("error: {:?}", error.kind())));
    }
}

fn one(line: &str) -> std::io::Result<String> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    Ok(match verb {
        "pid" => std::process::id().to_string(),
        "env" => {
            let vars: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
            vars.join("\u{1}")
        }
        "dir" => std::env::current_dir()?.display().to_string(),
        "read" => format!("{} bytes", std::fs::read(rest)?.len()),
        "list" => format!("{} entries", std::fs::read_dir(rest)?.count()),
        "write" => std::fs::write(rest, "x").map(|()| "written".to_owned())?,
        "where" => std::fs::read_link(rest)?.display().to_string(),
        "link" => {
            let (to, at) = rest.split_once(' ').unwrap();
            std::fs::remove_dir(at)?;
            std::os::unix::fs::symlink(to, at).map(|()| "linked".to_owned())?
        }
        "connect" => {
            TcpStream::connect(("127.0.0.1", rest.parse().unwrap())).map(|_| "connected".to_owned())?
        }
        "listen" => TcpListener::bind(("127.0.0.1", 0)).map(|_| "listening".to_owned())?,
        "exec" => format!("{}", Command::new(rest).stdout(Stdio::null()).status()?),
        "kill" => {
            let pid = rustix::process::Pid::from_raw(rest.parse().unwrap()).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL)?;
            "killed".to_owned()
        }
        // It leaves its keeper without descriptors, so that the keeper cannot look at anybody.
        "starve" => {
            use rustix::process::{Resource, Rlimit, getppid, prlimit};
            prlimit(getppid(), Resource::Nofile, Rlimit { current: Some(0), maximum: Some(0) })?;
            "starved".to_owned()
        }
        "detach" => detach("detached").to_string(),
        "hide" => detach("hidden").to_string(),
        "abort" => std::process::exit(9),
        _ => "what?".to_owned(),
    })
}
