//! Builds with the real tools of this machine, without the network. A tool that is missing is told loudly.

use std::path::Path;
use std::sync::Mutex;

use sigyl_core::deploy::{BuildSpec, Built, Target as _, TargetError};
use sigyl_core::domain::{Digest, RevisionId, Version};
use sigyl_core::manifest::Manifest;
use sigyl_core::scan::TreeFiles;
use sigyl_core::source::{Limits, Progress, SourceTree, ToolEnv};

use crate::bench::{Bench, Session, admission, bench, bench_with, name, stdio, until};

/// Keeps what a build tells.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Progress for Told {
    fn log(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

struct Project {
    _dir: tempfile::TempDir,
    tree: SourceTree,
    manifest: Manifest,
}

/// Makes a project of these files.
fn project(files: &[(&str, &str)]) -> Project {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let tree = SourceTree::from_folder(dir.path(), &Limits::default()).unwrap();
    let manifest = sigyl_core::manifest::read(&TreeFiles(&tree)).unwrap().manifest;
    Project { _dir: dir, tree, manifest }
}

async fn build(bench: &Bench, project: &Project, told: &Told) -> Result<Built, TargetError> {
    let spec = BuildSpec {
        server: &name(),
        version: &Version::parse("1.2.3").unwrap(),
        revision: &RevisionId::parse("one").unwrap(),
        tree: &project.tree,
        manifest: &project.manifest,
        allowed_scripts: &[],
        earlier: None,
    };
    bench.target.build(&admission(project.tree.digest()), spec, told).await
}

/// Builds, starts, and returns the first line that the server prints after it was sent one.
async fn first_line(bench: &Bench, built: Built) -> String {
    let mut spec = stdio(&[]);
    spec.launch = built.launch;
    let released = bench.release(spec).await;
    let line = Session::open(&released).await.ask("hello").await;
    assert!(!line.is_empty(), "{}", bench.log().await);
    line
}

fn tools() -> ToolEnv {
    ToolEnv::pick(std::env::vars_os())
}

fn has(tool: &str) -> bool {
    let has = tools().find(tool).is_some();
    if !has {
        eprintln!("NOT TESTED: there is no {tool} here");
    }
    has
}

fn is_confined(bench: &Bench) -> bool {
    bench.target.confinement().enforced.iter().any(|word| word.starts_with("TCP"))
}

const PYTHON: &str = "name: fake\nruntime: python\nentryPoint: server.py\nstartCommand: {type: stdio}\n";

pub(crate) async fn a_python_file_runs_and_is_found_again_in_the_cache() {
    if !has("python3") {
        return;
    }
    let (bench, told) = (bench_with(tools()), Told::default());
    let server = "import sys, words\nfor line in sys.stdin: print(words.answer(line), flush=True)\n";
    let words = "def answer(line): return 'heard ' + line.strip()\n";
    let first = project(&[("sigyl.yaml", PYTHON), ("server.py", server), ("words.py", words)]);
    let built = build(&bench, &first, &told).await.unwrap();
    assert!(!built.cached);
    let again = build(&bench, &first, &told).await.unwrap();
    assert!(again.cached && again.launch == built.launch);
    assert_eq!(first_line(&bench, built).await, "heard hello");
    let changed = project(&[
        ("sigyl.yaml", PYTHON),
        ("server.py", server),
        ("words.py", &words.replace("heard", "got")),
    ]);
    let other = build(&bench, &changed, &told).await.unwrap();
    assert!(!other.cached && other.launch != again.launch);
    assert_eq!(first_line(&bench, other).await, "got hello");
    assert!(told.0.lock().unwrap().iter().any(|line| line.starts_with("$ ") && line.contains("venv")));
}

pub(crate) async fn a_python_package_runs_by_its_function_and_knows_its_version() {
    if !has("python3") {
        return;
    }
    let bench = bench_with(tools());
    let code = "from importlib.metadata import version\nimport sys\ndef main():\n  sys.stdin.readline()\n  print(version('my-tool'), flush=True)\n  sys.stdin.read()\n";
    let project = project(&[
        (
            "sigyl.yaml",
            "name: fake\nruntime: python\nentryPoint: my_tool.cli:main\nstartCommand: {type: stdio}\n",
        ),
        ("pyproject.toml", "[project]\nname = \"my-tool\"\nversion = \"4.5.6\"\n"),
        ("src/my_tool/__init__.py", ""),
        ("src/my_tool/cli.py", code),
    ]);
    let built = build(&bench, &project, &Told::default()).await.unwrap();
    assert_eq!(first_line(&bench, built).await, "4.5.6");
}

pub(crate) async fn a_build_script_sees_neither_network_nor_the_users_files() {
    if !has("cargo") || !has("rustc") {
        return;
    }
    let bench = bench_with(tools());
    let private = tempfile::tempdir().unwrap();
    std::fs::write(private.path().join("key"), "key").unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let script = format!(
        "fn main() {{
            let file = std::fs::read({:?}).is_ok();
            let net = std::net::TcpStream::connect({:?}).is_ok();
            println!(\"cargo::rustc-env=SAW=file {{file}} net {{net}}\");
        }}",
        private.path().join("key"),
        port.local_addr().unwrap().to_string(),
    );
    let main = "fn main() { let mut line = String::new(); std::io::stdin().read_line(&mut line).unwrap();
        println!(\"{}\", env!(\"SAW\")); std::io::stdin().read_line(&mut line).unwrap(); }";
    let project = project(&[
        ("sigyl.yaml", "name: fake\nruntime: rust\nentryPoint: tool\nstartCommand: {type: stdio}\n"),
        ("Cargo.toml", "[package]\nname = \"tool\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n"),
        ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"tool\"\nversion = \"0.1.0\"\n"),
        ("build.rs", &script),
        ("src/main.rs", main),
    ]);
    let built = build(&bench, &project, &Told::default()).await.unwrap();
    let open = !is_confined(&bench);
    if open {
        eprintln!("NOT TESTED: this kernel cannot confine a build");
    }
    assert_eq!(first_line(&bench, built).await, format!("file {open} net {open}"));
}

pub(crate) async fn a_node_server_is_made_by_its_build_command() {
    if !has("node") {
        return;
    }
    let (bench, told) = (bench_with(tools()), Told::default());
    let make = "require('fs').mkdirSync('dist'); require('fs').writeFileSync('dist/index.js', \
        \"process.stdin.once('data', () => console.log('made ' + process.env.HOME.length))\")";
    let manifest = "name: fake\nruntime: node\nentryPoint: dist/index.js\nstartCommand: {type: stdio}\nbuild: {command: node make.js}\n";
    let project = project(&[("sigyl.yaml", manifest), ("make.js", make)]);
    let built = build(&bench, &project, &told).await.unwrap();
    assert!(first_line(&bench, built).await.starts_with("made "));
    assert!(told.0.lock().unwrap().contains(&"$ node make.js".to_owned()));
}

pub(crate) async fn a_build_that_fails_is_told_with_its_last_words_and_not_kept() {
    if !has("python3") {
        return;
    }
    let bench = bench_with(tools());
    let manifest = format!("{PYTHON}build: {{command: python make.py}}\n");
    let project = project(&[
        ("sigyl.yaml", &manifest),
        ("server.py", ""),
        ("make.py", "import sys; print('no compiler', file=sys.stderr); sys.exit(3)"),
    ]);
    for _ in 0..2 {
        let error = build(&bench, &project, &Told::default()).await.unwrap_err().to_string();
        assert!(
            error.contains("make.py") && error.contains("code 3") && error.contains("no compiler"),
            "{error}"
        );
    }
}

pub(crate) async fn what_cannot_be_built_is_told() {
    let bench = bench();
    let with =
        |manifest: &str| project(&[("sigyl.yaml", manifest), ("server.py", ""), ("Dockerfile", "FROM x\n")]);
    let told = |project: Project| {
        let bench = &bench;
        async move { build(bench, &project, &Told::default()).await.unwrap_err() }
    };
    let error = told(with(PYTHON)).await;
    assert!(matches!(&error, TargetError::MissingTool { tool, .. } if tool == "python3"), "{error}");
    let go = "name: fake\nruntime: go\nentryPoint: ./cmd\nstartCommand: {type: stdio}\n";
    assert!(matches!(told(with(go)).await, TargetError::MissingTool { tool, .. } if tool == "go"));
    let container =
        "name: fake\nruntime: container\nbuild: {dockerfile: Dockerfile}\nstartCommand: {type: stdio}\n";
    let error = told(with(container)).await.to_string();
    assert!(error.contains("no images"), "{error}");
}

pub(crate) async fn what_is_not_there_or_would_fetch_code_is_refused() {
    if !has("python3") {
        return;
    }
    let bench = bench_with(tools());
    for (manifest, wanted) in [
        (
            "name: fake\nruntime: python\nentryPoint: other.py\nstartCommand: {type: stdio}\n",
            "`other.py` is not there",
        ),
        (
            "name: fake\nruntime: python\nstartCommand: {type: stdio, command: uvx, args: [x]}\n",
            "only what was scanned",
        ),
        (
            "name: fake\nruntime: python\nstartCommand: {type: stdio, command: /bin/sh}\n",
            "`/bin/sh` leads out of the server's own tree",
        ),
    ] {
        let project = project(&[("sigyl.yaml", manifest), ("server.py", "")]);
        let error = build(&bench, &project, &Told::default()).await.unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

pub(crate) async fn another_tree_than_the_admitted_one_is_refused() {
    let bench = bench();
    let project = project(&[("sigyl.yaml", PYTHON), ("server.py", "")]);
    let spec = BuildSpec {
        server: &name(),
        version: &Version::parse("1.0.0").unwrap(),
        revision: &RevisionId::parse("one").unwrap(),
        tree: &project.tree,
        manifest: &project.manifest,
        allowed_scripts: &[],
        earlier: None,
    };
    let other = admission(Digest::of(b"other"));
    let refused = bench.target.build(&other, spec, &Told::default()).await;
    assert!(matches!(refused, Err(TargetError::NotAdmitted)));
    let refused = bench.target.release(&other, stdio(&["obey"])).await;
    assert!(matches!(refused, Err(TargetError::NotAdmitted)));
    let refused = bench.target.restore(&other, stdio(&["obey"])).await;
    assert!(matches!(refused, Err(TargetError::NotAdmitted)));
}

pub(crate) async fn an_abandoned_build_leaves_no_process_and_a_purge_no_build() {
    if !has("python3") {
        return;
    }
    let bench = bench_with(tools());
    let manifest = format!("{PYTHON}build: {{command: python make.py}}\n");
    let sleeps = "import os, time\nprint('pid', os.getpid(), flush=True)\ntime.sleep(600)\n";
    let project = project(&[("sigyl.yaml", &manifest), ("server.py", ""), ("make.py", sleeps)]);
    let told = Told::default();
    let pid = || {
        let lines = told.0.lock().unwrap();
        lines.iter().find_map(|line| line.strip_prefix("pid ")?.parse::<u32>().ok())
    };
    tokio::select! {
        done = build(&bench, &project, &told) => panic!("{done:?}"),
        () = until("it builds", async || pid().is_some()) => {}
    }
    let pid = pid().unwrap();
    until("its process is gone", async || !Path::new(&format!("/proc/{pid}")).exists()).await;
    let removed = bench.target.purge(&name()).await.unwrap();
    assert_eq!(removed.len(), 1, "{removed:?}");
    assert_eq!(
        std::fs::read_dir(bench.dir.path().join("cache/builds")).unwrap().count(),
        1,
        "only the lock file is left"
    );
}

/// Makes a wheel of one module in `dir`, and returns its hash.
fn wheel(dir: &Path, name: &str) -> String {
    use std::io::Write as _;
    let files = [
        (format!("{name}.py"), "WORD = 'of the wheel'\n".to_owned()),
        (
            format!("{name}-1.0.dist-info/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"),
        ),
        (
            format!("{name}-1.0.dist-info/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned(),
        ),
        (format!("{name}-1.0.dist-info/RECORD"), String::new()),
    ];
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, text) in files {
        writer.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    std::fs::write(dir.join(format!("{name}-1.0-py3-none-any.whl")), &bytes).unwrap();
    Digest::of(&bytes).hex()
}

pub(crate) async fn locked_wheels_are_installed_and_an_option_in_a_lock_never_reaches_pip() {
    if !has("python3") {
        return;
    }
    let links = tempfile::tempdir().unwrap();
    let hash = wheel(links.path(), "dep");
    let mut env = tools();
    env.vars.insert("PIP_FIND_LINKS".to_owned(), links.path().to_string_lossy().into_owned());
    let bench = bench_with(env);
    let server = "import sys, dep\nfor line in sys.stdin: print(dep.WORD, flush=True)\n";
    let lock = format!("dep==1.0 ; python_version>='3' --hash=sha256:{hash}\n");
    let with =
        |lock: &str| project(&[("sigyl.yaml", PYTHON), ("server.py", server), ("requirements.txt", lock)]);
    let told = Told::default();
    let built = build(&bench, &with(&lock), &told).await;
    if told.0.lock().unwrap().iter().any(|line| line.contains("No module named pip")) {
        eprintln!("NOT TESTED: python3 has no pip");
        return;
    }
    assert_eq!(first_line(&bench, built.unwrap()).await, "of the wheel");
    let hostile = with(&lock.replace('\n', "\u{c}--no-binary dep\u{c}--find-links /x\n"));
    assert_eq!(hostile.tree.lock(), None);
    let told = Told::default();
    build(&bench, &hostile, &told).await.unwrap();
    assert!(!told.0.lock().unwrap().iter().any(|line| line.contains("pip.py")));
}

pub(crate) async fn a_link_that_a_build_command_leaves_is_not_followed() {
    if !has("python3") {
        return;
    }
    let bench = bench_with(tools());
    let victim = tempfile::tempdir().unwrap();
    std::fs::write(victim.path().join("key"), "key").unwrap();
    let manifest = format!("{PYTHON}build: {{command: python make.py}}\n");
    let leak = "import os\nos.mkdir('a-1.dist-info')\nos.symlink(VICTIM + '/key', 'leak')\n";
    let over = "import glob, os, shutil\n\
        at = glob.glob('../venv/lib/python*/site-packages')[0]\nshutil.rmtree(at)\nos.symlink(VICTIM, at)\n";
    for make in [leak, over] {
        let make = make.replace("VICTIM", &format!("{:?}", victim.path()));
        let project = project(&[("sigyl.yaml", &manifest), ("server.py", ""), ("make.py", &make)]);
        let error = build(&bench, &project, &Told::default()).await.unwrap_err();
        assert!(format!("{error:?}").contains("is a link"), "{error:?}");
    }
    assert_eq!(std::fs::read_dir(victim.path()).unwrap().count(), 1);
}

pub(crate) async fn a_program_that_a_build_command_links_to_is_not_started() {
    if !has("python3") {
        return;
    }
    let bench = bench_with(tools());
    let start = "{type: stdio, command: tool}";
    let tool = "import os\nos.symlink('/bin/sh', '../venv/bin/tool')\n";
    let python = "import os\nfor name in ('python', 'python3'):\n  \
        os.remove('../venv/bin/' + name)\n  os.symlink('/bin/sh', '../venv/bin/' + name)\n";
    for (start, make, wanted) in [
        (start, tool, "`tool` leads out of the server's own tree"),
        ("{type: stdio}", python, "the build changed its own environment"),
    ] {
        let manifest = format!(
            "name: fake\nruntime: python\nentryPoint: server.py\nstartCommand: {start}\n\
             build: {{command: python make.py}}\n"
        );
        let project = project(&[("sigyl.yaml", &manifest), ("server.py", ""), ("make.py", make)]);
        let error = build(&bench, &project, &Told::default()).await.unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}
