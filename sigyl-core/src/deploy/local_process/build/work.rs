//! Runs the commands of one build: told before they run, bounded in time, ended with all they started.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use super::super::confinement::{FILES, Workshop, build_rules};
use super::super::folder;
use super::super::instance::io;
use super::super::launcher::{Exit, Limits, Sandbox, StartSpec, Watch};
use super::super::log::LogWriter;
use super::super::process::{Blueprint, Plumbing, mark_for};
use super::beneath::Beneath;
use super::cache::{Builder, Kept};
use crate::deploy::{BuildSpec, TargetError};
use crate::domain::{Digest, Mask, SecretName, SecretValue};
use crate::source::{LockKind, Progress, SourceError};

/// How long one command may take.
const TIME: Duration = Duration::from_secs(1800);
/// Processes of one command at a time.
const PROCESSES: usize = 2048;
/// Lines that an error repeats.
const TAIL: usize = 15;
/// Threads of one command at a time.
const THREADS: u64 = 32_768;
/// Bytes of standard output that are taken, when they are asked for.
const OUTPUT: u64 = 16 << 20;

/// The copy of the source, in the folder of the build.
pub(super) const TREE: &str = "tree";

/// One build under way.
pub(super) struct Work<'a> {
    pub(super) builder: &'a Builder,
    pub(super) spec: &'a BuildSpec<'a>,
    pub(super) progress: &'a dyn Progress,
    /// The folder that is filled.
    pub(super) dir: PathBuf,
}

/// One command.
#[derive(Debug)]
pub(super) struct Call {
    program: PathBuf,
    args: Vec<String>,
    dir: PathBuf,
    vars: BTreeMap<String, String>,
}

impl Call {
    /// Makes a command that runs in `dir`.
    pub(super) fn new(program: &Path, dir: &Path) -> Self {
        Self { program: program.to_owned(), args: Vec::new(), dir: dir.to_owned(), vars: BTreeMap::new() }
    }

    /// Adds an argument.
    pub(super) fn arg(mut self, arg: impl AsRef<Path>) -> Self {
        self.args.push(arg.as_ref().to_string_lossy().into_owned());
        self
    }

    /// Adds arguments.
    pub(super) fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds a variable.
    pub(super) fn var(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.vars.insert(name.to_owned(), value.as_ref().to_string_lossy().into_owned());
        self
    }

    fn line(&self) -> String {
        let program = self.program.file_name().unwrap_or(self.program.as_os_str()).to_string_lossy();
        let quote = |word: &String| match word.is_empty() || word.contains(char::is_whitespace) {
            true => format!("'{word}'"),
            false => word.clone(),
        };
        std::iter::once(program.into_owned()).chain(self.args.iter().map(quote)).collect::<Vec<_>>().join(" ")
    }
}

impl Work<'_> {
    /// The copy of the source.
    pub(super) fn tree(&self) -> PathBuf {
        self.dir.join(TREE)
    }

    /// A folder that goes when the build is done: home and temporary files of the commands.
    pub(super) fn scratch(&self) -> PathBuf {
        self.dir.join("scratch")
    }

    /// Takes the folder that this server's builds keep between them, for a toolchain and the lock of its dependencies.
    pub(super) async fn kept(&self, tool: &str, version: &str, kind: LockKind) -> Result<Kept, TargetError> {
        let lock = self.spec.tree.lock_of(kind).map(|lock| Digest::of(&lock.bytes).hex()).unwrap_or_default();
        let dir = self.builder.kept(tool, (self.spec.server, self.spec.tree.reference()), &[version, &lock]);
        let (builder, server, place) = (self.builder.clone(), self.spec.server.clone(), dir.clone());
        blocking("wait for another build", move || builder.keep(place, &server))
            .await?
            .map_err(|source| io(format!("use the folder {}", dir.display()), source))
    }

    /// Copies the source into its place.
    pub(super) async fn copy_tree(&self) -> Result<(), TargetError> {
        let (tree, to) = (self.spec.tree.clone(), self.tree());
        blocking("copy the source", move || match tree.copy_to(&to) {
            Err(SourceError::Changed { .. }) => Err(TargetError::NotAdmitted),
            copied => copied.map_err(|error| io("copy the source".to_owned(), std::io::Error::other(error))),
        })
        .await?
    }

    /// Runs one of the user's own tools on what was locked, with the user's settings. It runs no code of the source.
    pub(super) async fn fetch(&self, call: Call) -> Result<(), TargetError> {
        self.run(call, self.users(), None, Plumbing::Http).await.map(drop)
    }

    /// Runs a tool and returns what it prints, without telling.
    pub(super) async fn ask(&self, call: Call) -> Result<String, TargetError> {
        self.run(call, self.users(), None, Plumbing::Stdio).await
    }

    /// The variables that the user's tools see.
    fn users(&self) -> BTreeMap<String, String> {
        let tools = &self.builder.tools;
        let mut vars = tools.vars.clone();
        vars.insert("PATH".to_owned(), tools.path.to_string_lossy().into_owned());
        if let Some(home) = &tools.home {
            vars.insert("HOME".to_owned(), home.to_string_lossy().into_owned());
        }
        vars
    }

    /// Runs a command that runs code of the source or of a dependency: with nothing of the user's, and confined.
    pub(super) async fn make(
        &self,
        call: Call,
        path: &[PathBuf],
        mut workshop: Workshop,
    ) -> Result<(), TargetError> {
        let (home, tmp) = (self.scratch().join("home"), self.scratch().join("tmp"));
        for dir in [&home, &tmp] {
            folder::private(dir)
                .map_err(|source| io(format!("make the folder {}", dir.display()), source))?;
        }
        // What ran before may have put a link there, and the rules would grant what it leads to.
        for dir in path {
            self.refuse_links(dir).map_err(|source| io(format!("grant {}", dir.display()), source))?;
        }
        let text = |path: &Path| path.to_string_lossy().into_owned();
        // The tools' own folders first; compilers and shells come from where the user has them.
        let mut folders: Vec<String> = path.iter().map(|dir| text(dir)).collect();
        let users = self.builder.tools.path.to_string_lossy().into_owned();
        folders.extend(users.split(':').filter(|dir| dir.starts_with('/')).map(str::to_owned));
        let vars = BTreeMap::from([
            ("PATH".to_owned(), folders.join(":")),
            ("HOME".to_owned(), text(&home)),
            ("TMPDIR".to_owned(), text(&tmp)),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ]);
        workshop.execute.extend(path.iter().cloned());
        workshop.write.extend([self.tree(), self.scratch()]);
        let rules = build_rules(self.builder.landlock, workshop);
        self.run(call, vars, Some(rules), Plumbing::Http).await.map(drop)
    }

    /// Fails if a link stands on the way from the folder of the build to `path`.
    fn refuse_links(&self, path: &Path) -> std::io::Result<()> {
        let Ok(inner) = path.strip_prefix(&self.dir) else { return Ok(()) };
        match Beneath::open(&self.dir)?.folder(inner) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    async fn run(
        &self,
        call: Call,
        mut vars: BTreeMap<String, String>,
        sandbox: Option<Sandbox>,
        plumbing: Plumbing,
    ) -> Result<String, TargetError> {
        let line = call.line();
        if plumbing == Plumbing::Http {
            self.progress.log(&format!("$ {line}"));
        }
        let secrets = credentials(&self.builder.tools.vars);
        let mask = Mask::of(secrets.iter().map(|(name, value)| (name, value)));
        vars.extend(call.vars);
        let (log, mut lines) = LogWriter::lines(mask);
        let marker = format!("{}/build/{}", self.builder.id, self.spec.server);
        let blueprint = Blueprint {
            launcher: self.builder.launcher.clone(),
            label: format!("build of {}", self.spec.server),
            watch: Watch { memory: None, processes: PROCESSES, threads: THREADS },
            spec: StartSpec {
                program: call.program,
                args: call.args,
                dir: call.dir,
                env: vars.into_iter().collect(),
                limits: Limits { files: FILES, data: None, mark: mark_for(&marker) },
                trusted: sandbox.is_none(),
                sandbox: sandbox.unwrap_or_else(Sandbox::none),
            },
            marker,
            log,
        };
        let failed =
            |status: String, tail: String| TargetError::Build { command: line.clone(), status, tail };
        let (process, ends) =
            blueprint.start(plumbing).await.map_err(|why| failed("no start".to_owned(), why))?;
        // The last writer goes with the process, and then the lines end.
        drop(blueprint);
        let mut tail = VecDeque::new();
        let output = async {
            let mut output = Vec::new();
            if let Some(ends) = ends {
                drop(ends.stdin);
                // What cannot be read to the end is judged by how the command ends.
                ends.stdout.take(OUTPUT).read_to_end(&mut output).await.ok();
            }
            output
        };
        let hear = async {
            while let Some(line) = lines.recv().await {
                if line.trim().is_empty() {
                    continue;
                }
                if plumbing == Plumbing::Http {
                    self.progress.log(&line);
                }
                if tail.len() == TAIL {
                    tail.pop_front();
                }
                tail.push_back(line);
            }
        };
        let all = timeout(TIME, async { tokio::join!(process.ended(), output, hear) }).await;
        let Ok((how, output, ())) = all else {
            process.stop(Duration::from_secs(1), false).await;
            return Err(TargetError::Timeout { what: format!("`{line}`"), limit: TIME });
        };
        match how {
            Exit::Code(0) => Ok(String::from_utf8_lossy(&output).into_owned()),
            Exit::Code(code) => Err(failed(format!("exit code {code}"), Vec::from(tail).join(" | "))),
            how => Err(failed(format!("no result, it {how}"), Vec::from(tail).join(" | "))),
        }
    }
}

/// Runs something that blocks.
pub(in super::super) async fn blocking<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TargetError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| io(what.to_owned(), std::io::Error::other(error)))
}

/// Finds credentials in the tools' variables, so that no tool's output repeats them.
fn credentials(vars: &BTreeMap<String, String>) -> Vec<(SecretName, SecretValue)> {
    let Ok(name) = SecretName::parse("CREDENTIALS") else { return Vec::new() };
    let mut found = Vec::new();
    for (var, value) in vars {
        let upper = var.to_ascii_uppercase();
        if ["TOKEN", "PASSWORD", "SECRET", "_AUTH"].iter().any(|word| upper.contains(word)) {
            found.push((name.clone(), SecretValue::new(value.clone())));
        }
        for address in value.split("://").skip(1) {
            let host = address.split(['/', ' ', ',']).next().unwrap_or_default();
            if let Some((user, _)) = host.rsplit_once('@') {
                let password = user.split_once(':').map_or(user, |(_, password)| password);
                found.push((name.clone(), SecretValue::new(password)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_mirrors_are_known() {
        let vars = BTreeMap::from([
            (
                "PIP_INDEX_URL".to_owned(),
                "https://ada:s3cret-1@host.example/simple https://tok-2@h/".to_owned(),
            ),
            ("CARGO_REGISTRIES_X_TOKEN".to_owned(), "tok-3".to_owned()),
            ("LANG".to_owned(), "C".to_owned()),
        ]);
        let found: Vec<String> =
            credentials(&vars).iter().map(|(_, value)| value.reveal().to_owned()).collect();
        assert_eq!(found, ["tok-3", "s3cret-1", "tok-2"]);
    }

    #[test]
    fn a_command_is_told_by_its_name_with_blanks_quoted() {
        let call = Call::new(Path::new("/usr/bin/npm"), Path::new("/")).args(["run", "a b", ""]);
        assert_eq!(call.line(), "npm run 'a b' ''");
    }
}
