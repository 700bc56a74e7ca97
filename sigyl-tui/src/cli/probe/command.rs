//! A command of the operator's own, as the far end of a probe.

use std::any::Any;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process_group};
use sigyl_core::mcp::{Pipes, Spawn, SpawnError};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};

use crate::render::{Look, Role, specimen};

/// Lines of standard error that are kept for the message when the command ends.
const TAIL: usize = 5;
/// Bytes of one such line at most.
const LINE: u64 = 4096;
/// How long a command may take to end by itself.
const GRACE: Duration = Duration::from_millis(600);

/// A program with its arguments; it runs as the operator, in their environment.
#[derive(Debug)]
pub(super) struct Program {
    program: OsString,
    args: Vec<OsString>,
    look: Look,
}

impl Program {
    /// Names a program.
    pub(super) fn new(program: OsString, args: Vec<OsString>, look: Look) -> Self {
        Self { program, args, look }
    }
}

/// The last lines that a command wrote to its standard error.
type Tail = Arc<Mutex<VecDeque<String>>>;

/// A command and its children, as one process group; all of them end when this is dropped.
struct Family {
    child: Mutex<Child>,
    group: Option<Pid>,
    tail: Tail,
}

#[async_trait]
impl Spawn for Program {
    async fn spawn(&self) -> Result<Pipes, SpawnError> {
        let shown = self.program.to_string_lossy();
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| SpawnError { why: format!("`{shown}`: {error}") })?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(SpawnError { why: format!("`{shown}`: its pipes could not be opened") });
        };
        let tail = Tail::default();
        tokio::spawn(relay(stderr, tail.clone(), self.look));
        let family = Family { child: Mutex::new(child), group, tail };
        Ok(Pipes { stdin: Box::new(stdin), stdout: Box::new(stdout), guard: Box::new(family) })
    }

    async fn ended(&self, guard: &(dyn Any + Send + Sync)) -> Option<String> {
        let family = guard.downcast_ref::<Family>()?;
        let status = family.wait(GRACE).await?;
        let tail = family.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = tail.iter().map(|line| format!("; it wrote: {line}")).collect::<String>();
        Some(format!("{status}{lines}"))
    }
}

impl Family {
    /// Waits a moment for the command to end by itself.
    async fn wait(&self, limit: Duration) -> Option<std::process::ExitStatus> {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            if let Some(status) = self.status() {
                return Some(status);
            }
            if tokio::time::Instant::now() >= deadline {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn status(&self) -> Option<std::process::ExitStatus> {
        // A command whose status cannot be read is one of which nothing is known.
        self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().ok().flatten()
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        let Some(group) = self.group else { return };
        // Its standard input is closed by now. A group that is gone already cannot be signalled, and need not be.
        let mut ended = self.status().is_some();
        if !ended {
            kill_process_group(group, Signal::TERM).ok();
        }
        for _ in 0..GRACE.as_millis() / 20 {
            if ended {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
            ended = self.status().is_some();
        }
        // Of a group without members nobody is left to end.
        kill_process_group(group, Signal::KILL).ok();
    }
}

/// Shows what the command writes to its standard error, and keeps the last lines.
async fn relay(stderr: ChildStderr, tail: Tail, look: Look) {
    let mut reader = BufReader::new(stderr);
    loop {
        let mut line = Vec::new();
        match (&mut reader).take(LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = specimen(String::from_utf8_lossy(&line).trim_end());
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.len() == TAIL {
            tail.pop_front();
        }
        tail.push_back(text.clone());
        drop(tail);
        crate::output::tell(&format!("{}\n", look.paint(Role::Dim, &format!("  {text}"))));
    }
}
