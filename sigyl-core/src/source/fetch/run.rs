//! Runs the user's tools: told before it happens; bounded in time, output and disk; ended with all they started.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use super::ToolEnv;
use super::mask::mask;
use crate::source::path::shown;
use crate::source::{Progress, SourceError};

/// How long one command may take.
const TIME: Duration = Duration::from_secs(300);
/// Bytes of its standard output at most.
const OUTPUT: u64 = 64 << 20;
/// Lines of its standard error that are told.
const TOLD: usize = 400;
/// Lines of its standard error that an error repeats.
const TAIL: usize = 12;
/// Bytes of one line that are looked at.
const LINE: usize = 1000;
/// How often the disk is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// One command.
#[derive(Debug)]
pub(crate) struct Call {
    /// The program.
    pub(crate) program: PathBuf,
    /// Its arguments; never a secret.
    pub(crate) args: Vec<OsString>,
    /// How many of them, the first, are not told: settings that only Sigyl's own run needs.
    untold: usize,
    /// The folder it runs in.
    pub(crate) folder: PathBuf,
    /// Variables besides the tools' own.
    pub(crate) vars: Vec<(&'static str, OsString)>,
    /// A file that it reads; nothing otherwise.
    pub(crate) stdin: Option<PathBuf>,
    /// A file that it writes; what it prints is returned otherwise.
    pub(crate) stdout: Option<PathBuf>,
}

impl Call {
    /// Makes a command that runs in `folder`.
    pub(crate) fn new(program: &Path, folder: &Path) -> Self {
        Self {
            program: program.to_owned(),
            args: Vec::new(),
            untold: 0,
            folder: folder.to_owned(),
            vars: Vec::new(),
            stdin: None,
            stdout: None,
        }
    }

    /// Adds a setting before all other arguments; it is not told.
    pub(crate) fn setting(mut self, switch: &str, value: &str) -> Self {
        self.args.splice(self.untold..self.untold, [switch.into(), value.into()]);
        self.untold += 2;
        self
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(OsString::from));
        self
    }

    /// Adds a variable.
    pub(crate) fn var(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.vars.push((name, value.into()));
        self
    }
}

/// What stands for the folder in which a command ran.
pub(crate) const SCRATCH: &str = "FOLDER";

/// Runs commands for one source.
pub(crate) struct Runner<'a> {
    env: &'a ToolEnv,
    progress: &'a dyn Progress,
    scratch: PathBuf,
    most: u64,
    time: Duration,
}

impl<'a> Runner<'a> {
    /// Makes a runner whose commands may leave at most `most` bytes in the folder `scratch`.
    pub(crate) fn new(env: &'a ToolEnv, progress: &'a dyn Progress, scratch: &Path, most: u64) -> Self {
        Self { env, progress, scratch: scratch.to_owned(), most, time: TIME }
    }

    /// The same runner, whose commands may take this long.
    #[cfg(feature = "knative")]
    pub(crate) fn within(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// Finds a program, or says what to do about it.
    pub(crate) fn find(&self, names: &[&str], remedy: &str) -> Result<PathBuf, SourceError> {
        names.iter().find_map(|name| self.env.find(name)).ok_or_else(|| SourceError::MissingTool {
            tool: names.first().copied().unwrap_or_default().to_owned(),
            remedy: remedy.to_owned(),
        })
    }

    /// Runs a command to its end and returns what it printed.
    pub(crate) async fn run(&self, call: Call) -> Result<Vec<u8>, SourceError> {
        // The folder is gone when somebody reads its name.
        let scratch = self.scratch.to_string_lossy().into_owned();
        let told = |text: &str| match scratch.is_empty() {
            true => text.to_owned(),
            false => text.replace(&scratch, SCRATCH),
        };
        let command = told(&command_line(&call));
        self.progress.log(&format!("$ {command}"));
        let failed = |tail: String| SourceError::Tool { command: command.clone(), tail: told(&tail) };
        let mut child = self
            .command(&call)?
            .spawn()
            .map_err(|error| failed(format!("it could not be started: {error}")))?;
        let family = Family::of(&child);
        let done = tokio::select! {
            done = attend(&mut child, self.progress) => done.map_err(|error| failed(error.to_string()))?,
            () = tokio::time::sleep(self.time) => {
                return Err(failed(format!("it took longer than {} s and was ended", self.time.as_secs())));
            }
            () = fills(&self.scratch, self.most) => {
                return Err(SourceError::over_bytes(format!("what `{command}` fetches"), self.most));
            }
        };
        family.ended();
        let Done { status, output, tail } = done;
        if output.len() as u64 > OUTPUT {
            return Err(SourceError::over_bytes(format!("what `{command}` prints"), OUTPUT));
        }
        match status.success() {
            true => Ok(output),
            false => Err(failed(if tail.is_empty() { status.to_string() } else { tail })),
        }
    }

    fn command(&self, call: &Call) -> Result<Command, SourceError> {
        let mut command = self.env.command(&call.program);
        command
            .args(&call.args)
            .current_dir(&call.folder)
            .envs(call.vars.iter().map(|(name, value)| (name, value)));
        command.stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        command.stdin(match &call.stdin {
            Some(path) => Stdio::from(std::fs::File::open(path).map_err(SourceError::io("read", path))?),
            None => Stdio::null(),
        });
        command.stdout(match &call.stdout {
            Some(path) => {
                Stdio::from(std::fs::File::create_new(path).map_err(SourceError::io("create", path))?)
            }
            None => Stdio::piped(),
        });
        Ok(command)
    }
}

/// A command and everything it started in its process group; ended when this is dropped before it ended by itself.
struct Family(Option<Pid>);

impl Family {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // It may have ended in the same moment; then there is nobody to end.
            kill_process_group(leader, Signal::KILL).ok();
        }
    }
}

struct Done {
    status: ExitStatus,
    output: Vec<u8>,
    tail: String,
}

async fn attend(child: &mut Child, progress: &dyn Progress) -> std::io::Result<Done> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let output = async {
        let mut output = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(OUTPUT + 1).read_to_end(&mut output).await?;
        }
        Ok(output)
    };
    let tail = async {
        match stderr {
            Some(stderr) => tell(stderr, progress).await,
            None => Ok(String::new()),
        }
    };
    let (status, output, tail) = tokio::try_join!(child.wait(), output, tail)?;
    Ok(Done { status, output, tail })
}

/// Tells each line that comes, and returns the last ones.
async fn tell(mut from: impl AsyncRead + Unpin, progress: &dyn Progress) -> std::io::Result<String> {
    let mut lines = Lines { progress, line: Vec::new(), told: 0, last: VecDeque::new() };
    let mut buffer = vec![0; 8 << 10];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            lines.end();
            return Ok(Vec::from(lines.last).join("\n"));
        }
        for byte in &buffer[..read] {
            match byte {
                b'\n' | b'\r' => lines.end(),
                byte if lines.line.len() < LINE => lines.line.push(*byte),
                _ => {}
            }
        }
    }
}

struct Lines<'a> {
    progress: &'a dyn Progress,
    line: Vec<u8>,
    told: usize,
    last: VecDeque<String>,
}

impl Lines<'_> {
    fn end(&mut self) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim().to_owned();
        if line.is_empty() {
            return;
        }
        let line = shown(&mask(&line));
        self.told += 1;
        match self.told {
            told if told < TOLD => self.progress.log(&line),
            TOLD => self.progress.log("… it prints more, which is not shown"),
            _ => {}
        }
        if self.last.len() == TAIL {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }
}

/// Ends when the files under `folder` exceed `most` bytes.
async fn fills(folder: &Path, most: u64) {
    loop {
        tokio::time::sleep(LOOK).await;
        let folder = folder.to_owned();
        let size = tokio::task::spawn_blocking(move || size_of(&folder)).await;
        if size.is_ok_and(|size| size > most) {
            return;
        }
    }
}

fn size_of(folder: &Path) -> u64 {
    // What vanishes under way has no size.
    let items = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    items
        .filter_map(|item| item.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|file| file.len())
        .sum()
}

/// Returns the command as it is told: without credentials and settings.
fn command_line(call: &Call) -> String {
    let program = call.program.file_name().unwrap_or(call.program.as_os_str()).to_string_lossy();
    let words = call.args.iter().skip(call.untold).map(|arg| {
        let arg = arg.to_string_lossy();
        match arg.is_empty() || arg.contains(char::is_whitespace) {
            true => format!("'{arg}'"),
            false => arg.into_owned(),
        }
    });
    let line = std::iter::once(program.into_owned()).chain(words).collect::<Vec<_>>().join(" ");
    shown_long(&mask(&line))
}

fn shown_long(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(2000).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;

    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Progress for Told {
        fn log(&self, line: &str) {
            self.0.lock().unwrap().push(line.to_owned());
        }
    }

    fn sh(dir: &Path, script: &str) -> Call {
        Call::new(Path::new("/bin/sh"), dir).args(&["-c", script])
    }

    async fn run(script: &str, time: Duration, most: u64) -> (Result<Vec<u8>, SourceError>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let env = ToolEnv { path: "/usr/bin:/bin".into(), ..ToolEnv::default() };
        let told = Told::default();
        let runner = Runner { time, ..Runner::new(&env, &told, dir.path(), most) };
        let result = runner.run(sh(dir.path(), script)).await;
        (result, told.0.into_inner().unwrap())
    }

    #[tokio::test]
    async fn a_command_is_told_before_it_runs_and_without_credentials() {
        let script = "echo out; echo https://ada:s3cret@host.example/x >&2";
        let (result, told) = run(script, TIME, u64::MAX).await;
        assert_eq!(result.unwrap(), b"out\n");
        assert_eq!(
            told,
            ["$ sh -c 'echo out; echo https://***@host.example/x >&2'", "https://***@host.example/x"]
        );
    }

    #[test]
    fn settings_come_first_and_are_not_told() {
        let call = Call::new(Path::new("/usr/bin/git"), Path::new("/")).args(&["fetch", "x"]);
        let call = call.setting("-c", "gc.auto=0").setting("-c", "core.fsmonitor=false");
        assert_eq!(call.args, ["-c", "gc.auto=0", "-c", "core.fsmonitor=false", "fetch", "x"]);
        assert_eq!(command_line(&call), "git fetch x");
    }

    #[tokio::test]
    async fn a_failure_repeats_the_last_lines() {
        let (result, _) = run("for i in 1 2 3; do echo line $i >&2; done; exit 3", TIME, u64::MAX).await;
        let Err(SourceError::Tool { tail, .. }) = result else { panic!("{result:?}") };
        assert_eq!(tail, "line 1\nline 2\nline 3");
        let (result, _) = run("exit 3", TIME, u64::MAX).await;
        assert!(result.unwrap_err().to_string().contains("exit status: 3"));
    }

    #[tokio::test]
    async fn one_that_never_ends_is_ended_with_its_children() {
        let began = Instant::now();
        let script = "sleep 600 & echo $! >&2; wait";
        let (result, told) = run(script, Duration::from_millis(700), u64::MAX).await;
        assert!(result.unwrap_err().to_string().contains("took longer"));
        assert!(began.elapsed() < Duration::from_secs(60));
        let child = format!("/proc/{}/stat", told[1]);
        let gone = || std::fs::read_to_string(&child).map_or(true, |stat| stat.contains(") Z "));
        while !gone() {
            assert!(began.elapsed() < Duration::from_secs(60), "{child} lives on");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_that_fills_the_disk_is_ended() {
        let (result, _) = run("head -c 3000000 /dev/zero > big; sleep 600", TIME, 1 << 20).await;
        assert!(matches!(result, Err(SourceError::TooLarge { .. })), "{result:?}");
    }

    #[tokio::test]
    async fn endless_output_is_cut_and_said_to_be() {
        let (result, told) =
            run("i=0; while [ $i -lt 900 ]; do echo x >&2; i=$((i+1)); done", TIME, u64::MAX).await;
        result.unwrap();
        assert_eq!(told.len(), 1 + TOLD);
        assert!(told[TOLD].contains("not shown"));
    }

    #[tokio::test]
    async fn it_sees_no_other_variables() {
        let (result, _) = run("env | sed 's/=.*//' | sort | tr '\\n' ' '", TIME, u64::MAX).await;
        let names = String::from_utf8(result.unwrap()).unwrap();
        assert!(
            names.split_whitespace().all(|name| ["PATH", "PWD", "SHLVL", "OLDPWD", "_"].contains(&name)),
            "{names}"
        );
    }
}
