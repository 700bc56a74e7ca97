//! Python: an environment of its own with exactly the locked wheels; the tree itself is put on its path, not built.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::super::confinement::Workshop;
use super::super::folder;
use super::super::instance::io;
use super::beneath::Beneath;
use super::recipe::{Place, Recipe};
use super::work::{Call, TREE, Work, blocking};
use crate::deploy::TargetError;
use crate::domain::Launch;
use crate::source::{LockKind, PIP_WITHOUT_PROCESSES, Requirement, pinned, write_requirements};

/// Tells where an interpreter lives, behind whatever shim or environment.
const WHERE: &str = "import sys, sysconfig; \
    print(getattr(sys, '_base_executable', None) or sys.executable); print(sys.base_prefix); \
    print('%d.%d' % sys.version_info[:2]); print(sys.version.split()[0], sysconfig.get_platform())";
/// Bytes that are read of a `pyproject.toml`.
const PYPROJECT: u64 = 4 << 20;
/// Switches of every run of pip.
const QUIET: [&str; 4] = ["--no-input", "--disable-pip-version-check", "--progress-bar=off", "--quiet"];

/// The interpreter that runs it.
pub(super) struct Python {
    base: PathBuf,
    prefix: PathBuf,
    /// `3.12`.
    minor: String,
    version: String,
}

impl Python {
    /// Finds the interpreter.
    pub(super) async fn find(work: &Work<'_>) -> Result<Self, TargetError> {
        let tools = &work.builder.tools;
        let found = tools.find("python3").or_else(|| tools.find("python"));
        let python = found.ok_or_else(|| TargetError::MissingTool {
            tool: "python3".to_owned(),
            remedy: "install Python 3 with pip and venv (python.org)".to_owned(),
        })?;
        let said = work.ask(Call::new(&python, Path::new("/")).args(["-I", "-c", WHERE])).await?;
        let mut lines = said.lines();
        let mut next = || lines.next().unwrap_or_default().trim().to_owned();
        let (base, prefix) = (PathBuf::from(next()), PathBuf::from(next()));
        Ok(Self { base, prefix, minor: next(), version: next() })
    }

    fn environment(dir: &Path) -> PathBuf {
        dir.join("venv")
    }

    fn interpreter(dir: &Path) -> PathBuf {
        Self::environment(dir).join("bin/python")
    }

    fn packages(&self, dir: &Path) -> PathBuf {
        Self::environment(dir).join("lib").join(format!("python{}", self.minor)).join("site-packages")
    }

    /// What the interpreter needs of the place it is installed in; never a whole home folder.
    fn readable(&self) -> Vec<PathBuf> {
        if self.prefix == Path::new("/usr") {
            return Vec::new();
        }
        vec![self.prefix.join("bin"), self.prefix.join("lib")]
    }

    fn workshop(&self, work: &Work<'_>, network: bool) -> Workshop {
        let write = vec![Self::environment(&work.dir)];
        Workshop { execute: self.readable(), write, network, ..Workshop::default() }
    }

    /// Installs what the lock names, from wheels; a package that has none has to be allowed, since it runs code.
    async fn install(&self, work: &Work<'_>) -> Result<(), TargetError> {
        let Some(lock) = work.spec.tree.lock_of(LockKind::Pip) else { return Ok(()) };
        let requirements = pinned(&lock.bytes).ok_or_else(|| {
            TargetError::Unsupported(format!("{} does not pin each package by version and hash", lock.path))
        })?;
        // pip reads what was written from the values: what stands in the source might be options to it.
        let (script, given) = (work.scratch().join("pip.py"), work.scratch().join("requirements.txt"));
        for (path, text) in [(&script, PIP_WITHOUT_PROCESSES), (&given, &write_requirements(&requirements))] {
            std::fs::write(path, text).map_err(|source| io(format!("write {}", path.display()), source))?;
        }
        let packages = self.packages(&work.dir);
        let call = |pip: Call, wheels: &str| {
            let call = pip.args(["install"]).args(QUIET);
            let call = call.args(["--no-deps", "--require-hashes", wheels, "--ignore-installed", "--target"]);
            let call = call.arg(&packages).args(["--requirement"]).arg(&given);
            let call = call.var("PIP_REQUIRE_VIRTUALENV", "0").var("PYTHONNOUSERSITE", "1");
            let call = call.var("PIP_ROOT_USER_ACTION", "ignore");
            if work.builder.offline { call.args(["--no-index"]) } else { call }
        };
        let python = Call::new(&self.base, &work.scratch());
        if work.spec.allowed_scripts.is_empty() {
            let pip = python.arg(&script).args(["-"]);
            return work.fetch(call(pip, "--only-binary=:all:")).await.map_err(|error| self.explain(error));
        }
        let wheels = only_wheels(&requirements, work.spec.allowed_scripts);
        let workshop = self.workshop(work, true);
        work.make(call(python.args(["-m", "pip"]), &wheels), &self.path(work), workshop).await
    }

    fn explain(&self, error: TargetError) -> TargetError {
        match error {
            TargetError::Build { tail, .. } if tail.contains("No module named pip") => {
                TargetError::MissingTool {
                    tool: "pip".to_owned(),
                    remedy: format!("install pip for {}", self.base.display()),
                }
            }
            TargetError::Build { command, status, tail } if tail.contains("No matching distribution") => {
                let tail = format!(
                    "{tail} (if it has no wheel for Python {}, installing it runs its code: allow that package by name)",
                    self.minor
                );
                TargetError::Build { command, status, tail }
            }
            other => other,
        }
    }

    /// Returns the interpreter of the environment. Code of the source could put another link in its place, and what is
    /// started may be read.
    fn started_by(&self, built: &Place<'_>) -> Result<PathBuf, TargetError> {
        let python = Self::interpreter(built.dir);
        let real = |path: &Path| path.canonicalize().ok();
        if real(&python).is_some_and(|found| Some(found) == real(&self.base)) || built.holds(&python) {
            return Ok(python);
        }
        Err(TargetError::Unsupported(format!(
            "{} does not lead to {} any more: the build changed its own environment, which it must leave as it is",
            python.display(),
            self.base.display()
        )))
    }

    fn path(&self, work: &Work<'_>) -> Vec<PathBuf> {
        vec![Self::environment(&work.dir).join("bin"), self.prefix.join("bin")]
    }
}

#[async_trait]
impl Recipe for Python {
    fn identity(&self) -> String {
        format!("python\n{}\n{}", self.version, self.base.display())
    }

    async fn make(&self, work: &Work<'_>) -> Result<(), TargetError> {
        let scratch = work.scratch();
        folder::private(&scratch).map_err(|source| io("make a folder".to_owned(), source))?;
        let venv = Call::new(&self.base, &scratch).args(["-I", "-m", "venv", "--without-pip", "--symlinks"]);
        work.fetch(venv.arg(Self::environment(&work.dir))).await?;
        self.install(work).await?;
        if let Some([program, args @ ..]) = work.spec.manifest.build.command.as_deref() {
            let program = match program.as_str() {
                "python" | "python3" => Self::interpreter(&work.dir),
                program if program.contains('/') => work.tree().join(program),
                program => work.builder.tools.find(program).ok_or_else(|| TargetError::MissingTool {
                    tool: program.to_owned(),
                    remedy: "install it, or correct build.command".to_owned(),
                })?,
            };
            let call = Call::new(&program, &work.tree()).args(args);
            work.make(call, &self.path(work), self.workshop(work, false)).await?;
        }
        let (dir, packages) = (work.dir.clone(), self.packages(Path::new("")));
        let (name, version) = (work.spec.manifest.name.to_string(), work.spec.version.to_string());
        let own = blocking("put the package in place", move || {
            place(&dir, (Path::new(TREE), &packages), (&name, &version))
        });
        own.await?.map_err(|source| io("put the package in place".to_owned(), source))?;
        if let Some(function) = function(work.spec.manifest.start.entry_point.as_deref()) {
            std::fs::write(work.dir.join("start.py"), function)
                .map_err(|source| io("write the start".to_owned(), source))?;
        }
        // The server cannot write beside its sources, so it would compile them anew at each start.
        let compile = Call::new(&self.base, &scratch).args(["-I", "-m", "compileall", "-q"]);
        let compile = compile.arg(self.packages(&work.dir)).arg(work.tree());
        let workshop = self.workshop(work, false);
        // A file that does not compile fails when it is imported, and not before.
        work.make(compile, &self.path(work), workshop).await.ok();
        Ok(())
    }

    fn launch(&self, built: &Place<'_>) -> Result<Launch, TargetError> {
        let python = self.started_by(built)?;
        let more = self.readable();
        let start = &built.manifest.start;
        let own = format!("python{}", self.minor);
        let is_python = |command: &str| matches!(command, "python" | "python3") || command == own;
        if let Some(command) = start.command.as_deref().filter(|command| !is_python(command)) {
            let folders = [Self::environment(built.dir).join("bin"), self.packages(built.dir).join("bin")];
            return Ok(built.start(built.command(command, &folders)?, Vec::new(), &more));
        }
        if start.command.is_some() && start.entry_point.is_none() {
            return Ok(built.start(python, Vec::new(), &more));
        }
        let script = match function(start.entry_point.as_deref()) {
            Some(_) => built.dir.join("start.py"),
            None => built.entry()?,
        };
        Ok(built.start(python, vec![script.to_string_lossy().into_owned()], &more))
    }
}

/// Returns the program that calls `module:function`, if that is what the entry point names.
pub(crate) fn function(entry: Option<&str>) -> Option<String> {
    let (module, function) = entry?.split_once(':')?;
    let dotted = |name: &str| {
        let word = |part: &str| {
            let mut letters = part.chars();
            letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
                && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
        };
        name.split('.').all(word)
    };
    if !dotted(module) || !dotted(function) {
        return None;
    }
    let (first, rest) =
        function.split_once('.').map_or((function, String::new()), |(a, b)| (a, format!(".{b}")));
    Some(format!("import sys\nfrom {module} import {first}\nsys.exit({first}{rest}())\n"))
}

/// Makes the tree importable: a wheel's files go among the packages, another tree is named on the path.
///
/// Both lie beneath `dir`, and code of the source could write in both of them before: no link is followed.
fn place(dir: &Path, (tree, packages): (&Path, &Path), (name, version): (&str, &str)) -> std::io::Result<()> {
    let root = Beneath::open(dir)?;
    let (own, packages) = (root.folder(tree)?, root.make_folder(packages)?);
    let entries = own.entries()?;
    if entries.iter().any(|entry| entry.name.to_string_lossy().ends_with(".dist-info")) {
        return spread(&own, &packages);
    }
    let tree = dir.join(tree);
    let mut path = vec![tree.clone()];
    path.extend(entries.iter().any(|entry| entry.name == "src" && entry.is_folder).then(|| tree.join("src")));
    let lines: Vec<String> = path.iter().map(|dir| dir.to_string_lossy().into_owned()).collect();
    let text = lines.join("\n") + "\n";
    packages.write(OsStr::new("sigyl.pth"), text.as_bytes(), false)?;
    describe(&own, &packages, (name, version))
}

/// Says name and version as an installed package would: many ask for their own when they start.
fn describe(tree: &Beneath, packages: &Beneath, (name, version): (&str, &str)) -> std::io::Result<()> {
    let Some(text) = tree.text("pyproject.toml", PYPROJECT)? else { return Ok(()) };
    // What the manifest room could read is read again here for the name under which Python knows the package.
    let project =
        text.parse::<toml::Table>().ok().and_then(|table| table.get("project")?.as_table().cloned());
    let field = |key: &str| project.as_ref()?.get(key)?.as_str().map(str::to_owned);
    let name = field("name").unwrap_or_else(|| name.rsplit('/').next().unwrap_or(name).to_owned());
    let version = field("version").unwrap_or_else(|| version.to_owned());
    let safe = |text: &str| {
        text.chars()
            .map(|c| if c.is_alphanumeric() || ".+".contains(c) { c } else { '_' })
            .collect::<String>()
    };
    let info = format!("{}-{}.dist-info", safe(&name), safe(&version));
    let info = packages.make_folder(Path::new(&info))?;
    let line = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
    let text = format!("Metadata-Version: 2.1\nName: {}\nVersion: {}\n", line(&name), line(&version));
    info.write(OsStr::new("METADATA"), text.as_bytes(), false)
}

/// Copies an unpacked wheel among the packages, the parts of its `.data` folder to their places.
fn spread(wheel: &Beneath, packages: &Beneath) -> std::io::Result<()> {
    for entry in wheel.entries()? {
        if !entry.name.to_string_lossy().ends_with(".data") {
            wheel.copy(&entry, packages)?;
            continue;
        }
        let data = wheel.folder(Path::new(&entry.name))?;
        for part in data.entries()?.iter().filter(|part| part.name == "purelib" || part.name == "platlib") {
            let part = data.folder(Path::new(&part.name))?;
            part.entries()?.iter().try_for_each(|entry| part.copy(entry, packages))?;
        }
    }
    Ok(())
}

/// Returns the switch that lets pip run code of no package but those that were allowed.
fn only_wheels(requirements: &[Requirement], allowed: &[String]) -> String {
    let is_allowed = |name: &String| allowed.iter().any(|other| normal(other) == *name);
    let names = requirements.iter().map(|requirement| normal(requirement.name()));
    let wheels: Vec<String> = names.filter(|name| !is_allowed(name)).collect();
    format!("--only-binary={}", if wheels.is_empty() { ":none:".to_owned() } else { wheels.join(",") })
}

/// Writes a package's name as the index compares it.
fn normal(name: &str) -> String {
    let parts = name.trim().split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_point_becomes_a_program_only_if_it_is_names() {
        assert_eq!(
            function(Some("mcp_server_time:main")).unwrap(),
            "import sys\nfrom mcp_server_time import main\nsys.exit(main())\n"
        );
        assert_eq!(
            function(Some("a.b:cli.run")).unwrap(),
            "import sys\nfrom a.b import cli\nsys.exit(cli.run())\n"
        );
        for entry in ["server.py", "a:b()", "a; import os:b", "a:b\nimport os", ":b", "a:", "1a:b", "C:/x.py"]
        {
            assert_eq!(function(Some(entry)), None, "{entry:?}");
        }
    }

    #[test]
    fn a_wheel_is_spread_and_a_folder_is_named_on_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let (wheel, packages) = (dir.path().join("wheel"), dir.path().join("packages"));
        for file in
            ["x/__init__.py", "x-1.dist-info/METADATA", "x-1.data/purelib/y.py", "x-1.data/scripts/run"]
        {
            let path = wheel.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        place(dir.path(), (Path::new("wheel"), Path::new("packages")), ("x", "1")).unwrap();
        for file in ["x/__init__.py", "x-1.dist-info/METADATA", "y.py"] {
            assert!(packages.join(file).is_file(), "{file}");
        }
        let (tree, packages) = (dir.path().join("tree"), dir.path().join("other"));
        std::fs::create_dir_all(tree.join("src")).unwrap();
        std::fs::write(
            tree.join("pyproject.toml"),
            "[project]\nname = \"My-Tool\"\ndynamic = [\"version\"]\n",
        )
        .unwrap();
        place(dir.path(), (Path::new("tree"), Path::new("other")), ("my-tool", "1.2")).unwrap();
        let path = std::fs::read_to_string(packages.join("sigyl.pth")).unwrap();
        assert_eq!(path.lines().count(), 2);
        let metadata = std::fs::read_to_string(packages.join("My_Tool-1.2.dist-info/METADATA")).unwrap();
        assert!(metadata.contains("Name: My-Tool\nVersion: 1.2\n"));
    }

    #[test]
    fn links_that_a_build_left_lead_nowhere() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        std::fs::create_dir_all(at("victim")).unwrap();
        std::fs::write(at("victim/key"), "key").unwrap();
        std::fs::create_dir_all(at("wheel/a-1.dist-info")).unwrap();
        symlink(at("victim/key"), at("wheel/leak")).unwrap();
        let put = |tree: &str, packages: &str| {
            place(dir.path(), (Path::new(tree), Path::new(packages)), ("a", "1")).unwrap_err().to_string()
        };
        assert!(put("wheel", "packages").contains("leak is a link"));
        assert!(!at("packages/leak").exists());
        std::fs::create_dir_all(at("tree")).unwrap();
        std::fs::create_dir_all(at("venv/lib")).unwrap();
        symlink(at("victim"), at("venv/lib/site-packages")).unwrap();
        assert!(put("tree", "venv/lib/site-packages").contains("site-packages is a link"));
        symlink(at("victim/key"), at("tree/pyproject.toml")).unwrap();
        assert!(put("tree", "other").contains("pyproject.toml is a link"));
        std::fs::remove_file(at("other/sigyl.pth")).unwrap();
        symlink(at("victim/key"), at("other/sigyl.pth")).unwrap();
        assert!(put("tree", "other").contains("sigyl.pth"));
        assert_eq!(std::fs::read_dir(at("victim")).unwrap().count(), 1);
        assert_eq!(std::fs::read(at("victim/key")).unwrap(), b"key");
    }

    #[test]
    fn every_package_comes_as_a_wheel_but_those_that_were_allowed() {
        let lock = b"# made\nA_b==1 \\\n    --hash=sha256:00\nc.d[e]==2 --hash=sha256:11\n";
        let requirements = pinned(lock).unwrap();
        let switch = |allowed: &[&str]| {
            only_wheels(&requirements, &allowed.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(switch(&[]), "--only-binary=a-b,c-d");
        assert_eq!(switch(&["A.B", "other"]), "--only-binary=c-d");
        assert_eq!(switch(&["a-b", "c-d"]), "--only-binary=:none:");
    }
}
