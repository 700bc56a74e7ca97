//! How a tree becomes an image: a readable Dockerfile for each runtime, made of the manifest and the lock.
//!
//! Everything in it is a fixed line or a list of words as JSON, which no shell reads: nothing of a manifest becomes more
//! than one word of a command.

use serde_json::json;

use super::bridge;
use crate::deploy::local_process::{LOCKED, function};
use crate::deploy::{BuildSpec, TargetError};
use crate::domain::Transport;
use crate::manifest::{Manifest, Runtime};
use crate::source::{LockKind, pinned, write_requirements};

/// The folder of the archive that holds what Sigyl made, beside the source.
pub(in crate::deploy) const OWN: &str = "sigyl";
/// The folder of the archive that holds the source.
pub(in crate::deploy) const SOURCE: &str = "source";
/// The port that a server finds in `PORT` where it insists on none.
pub(in crate::deploy) const PORT: u16 = 8080;

pub(in crate::deploy) const NODE: &str = "node:22-bookworm-slim";
const PYTHON: &str = "python:3.12-slim-bookworm";
const RUST: &str = "rust:1-slim-bookworm";
const GO: &str = "golang:1-bookworm";
/// Bases of what was compiled: no shell, no package manager.
const BARE: &str = "gcr.io/distroless/cc-debian12:nonroot";
const STATIC: &str = "gcr.io/distroless/static-debian12:nonroot";
/// Whom a server runs as: nobody that the image knows.
const NOBODY: &str = "65532:65532";

/// How an image is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deploy) struct Recipe {
    /// The Dockerfile, from the top of the archive.
    pub(in crate::deploy) file: String,
    /// The folder that it may copy from.
    pub(in crate::deploy) context: String,
    /// What Sigyl adds to the archive: path, bytes.
    pub(in crate::deploy) beside: Vec<(String, Vec<u8>)>,
}

/// Writes the recipe of a tree, or says why there can be none.
pub(in crate::deploy) fn recipe(spec: &BuildSpec<'_>) -> Result<Recipe, TargetError> {
    let manifest = spec.manifest;
    if !spec.allowed_scripts.is_empty() {
        return Err(unsupported("install scripts of packages cannot be allowed in builds of images yet"));
    }
    if manifest.runtime == Runtime::Container {
        return container(spec);
    }
    if let Some(command) = manifest.start.command.as_deref().filter(|command| !is_own(command)) {
        return Err(unsupported(&format!(
            "startCommand.command `{command}` is no program of the source, and the image may hold another one of that \
             name; only what was scanned is run: name entryPoint, or a path within the source"
        )));
    }
    let mut made = Made::new(spec);
    match manifest.runtime {
        Runtime::Node => node(spec, &mut made)?,
        Runtime::Python => python(spec, &mut made)?,
        Runtime::Rust => rust(spec, &mut made)?,
        Runtime::Go => go(spec, &mut made)?,
        Runtime::Container => {}
    }
    made.beside.push((format!("{OWN}/Dockerfile"), made.text.into_bytes()));
    Ok(Recipe { file: format!("{OWN}/Dockerfile"), context: ".".to_owned(), beside: made.beside })
}

/// A Dockerfile under way.
struct Made {
    text: String,
    beside: Vec<(String, Vec<u8>)>,
}

impl Made {
    fn new(spec: &BuildSpec<'_>) -> Self {
        let text = format!(
            "# Made by Sigyl for {} {}, of the source {}.\n",
            spec.server,
            spec.version,
            spec.tree.digest()
        );
        let mut made = Self { text, beside: Vec::new() };
        if is_bridged(spec.manifest) {
            made.text.push_str(&bridge::stage(&listed(&npm_ci("--omit=dev"))));
            let files = bridge::FILES.map(|(name, text)| (format!("{OWN}/{name}"), text.as_bytes().to_vec()));
            made.beside.extend(files);
        }
        made
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Runs words, without a shell.
    fn run<W: AsRef<str>>(&mut self, words: &[W]) {
        self.line(&format!("RUN {}", listed(words)));
    }

    /// The same without a network: what was scanned is built, and nothing comes to it.
    fn run_alone<W: AsRef<str>>(&mut self, words: &[W]) {
        self.line(&format!("RUN --network=none {}", listed(words)));
    }

    /// Begins the image that runs: of a base, or of the one that the bridge needs.
    fn finish_from(&mut self, base: &str, manifest: &Manifest) {
        let base = if is_bridged(manifest) && matches!(base, BARE | STATIC) { NODE } else { base };
        self.line(&format!("FROM {base}\nWORKDIR /app"));
        if is_bridged(manifest) {
            self.text.push_str(&bridge::brought(base == NODE));
        }
    }

    /// Adds a file beside the source, and says where it is put.
    fn add(&mut self, name: &str, bytes: Vec<u8>, to: &str) {
        self.beside.push((format!("{OWN}/{name}"), bytes));
        self.line(&format!("COPY {OWN}/{name} {to}"));
    }

    /// Ends with what is started, as nobody, on every address of the container.
    fn start(&mut self, program: &[&str], manifest: &Manifest) {
        self.line("ENV HOST=0.0.0.0");
        self.line(&format!("USER {NOBODY}"));
        let words: Vec<&str> =
            program.iter().copied().chain(manifest.start.args.iter().map(String::as_str)).collect();
        let words = match manifest.start.transport {
            Transport::Http { .. } => listed(&words),
            Transport::Stdio => listed(&bridge::command(&words, PORT)),
        };
        self.line(&format!("CMD {words}"));
    }
}

/// Tells whether a server speaks HTTP by the bridge alone.
fn is_bridged(manifest: &Manifest) -> bool {
    manifest.start.transport == Transport::Stdio
}

/// Returns the words that install what a lock of npm names, without running any of it.
fn npm_ci(dev: &str) -> Vec<&str> {
    [&["npm", "ci", dev, "--no-audit", "--no-fund"][..], &LOCKED[..]].concat()
}

/// Writes words as a list that no shell reads.
fn listed<W: AsRef<str>>(words: &[W]) -> String {
    json!(words.iter().map(AsRef::as_ref).collect::<Vec<&str>>()).to_string()
}

/// Tells whether a command is an interpreter that every image has, or a path within the source.
fn is_own(command: &str) -> bool {
    let is_within = !command.starts_with('/') && !command.split('/').any(|part| part == "..");
    matches!(command, "node" | "python" | "python3") || command.contains('/') && is_within
}

fn unsupported(why: &str) -> TargetError {
    TargetError::Unsupported(why.to_owned())
}

fn unread(error: &crate::source::SourceError) -> TargetError {
    TargetError::Io { action: "read the source".to_owned(), source: std::io::Error::other(error.to_string()) }
}

fn node(spec: &BuildSpec<'_>, made: &mut Made) -> Result<(), TargetError> {
    let manifest = spec.manifest;
    made.line(&format!("FROM {NODE} AS build\nWORKDIR /app\nCOPY {SOURCE}/ ./"));
    // A project's settings for npm can name programs to run.
    made.run(&["rm", "-f", ".npmrc"]);
    if spec.tree.lock_of(LockKind::Npm).is_some() {
        let own = spec.tree.npm_install_manifest().map_err(|error| unread(&error))?;
        let has_own = own.is_some();
        if let Some(bytes) = own {
            made.add("package.json", bytes, "./package.json");
        }
        let dev = if manifest.build.command.is_some() { "--include=dev" } else { "--omit=dev" };
        made.run(&npm_ci(dev));
        if has_own {
            made.line(&format!("COPY {SOURCE}/package.json ./package.json"));
        }
    }
    if let Some(command) = &manifest.build.command {
        made.run_alone(command);
        if spec.tree.lock_of(LockKind::Npm).is_some() {
            made.run_alone(&["npm", "prune", "--omit=dev", "--ignore-scripts"]);
        }
    }
    made.finish_from(NODE, manifest);
    made.line("ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH");
    made.line("COPY --from=build /app /app");
    let entry = entry(manifest);
    match manifest.start.command.as_deref() {
        None | Some("node") => made.start(&["node", entry?], manifest),
        Some(command) => made.start(&[command], manifest),
    }
    Ok(())
}

fn python(spec: &BuildSpec<'_>, made: &mut Made) -> Result<(), TargetError> {
    let manifest = spec.manifest;
    made.finish_from(PYTHON, manifest);
    if let Some(lock) = spec.tree.lock_of(LockKind::Pip) {
        let pins = pinned(&lock.bytes).ok_or_else(|| {
            TargetError::Unsupported(format!("{} does not pin each package by version and hash", lock.path))
        })?;
        made.add("requirements.txt", write_requirements(&pins).into_bytes(), "/tmp/requirements.txt");
        let pip = ["python", "-I", "-m", "pip", "install", "--no-input", "--no-cache-dir", "--no-deps"];
        let only = ["--require-hashes", "--only-binary=:all:", "--requirement", "/tmp/requirements.txt"];
        made.run(&[&pip[..], &only[..]].concat());
    }
    made.line(&format!("COPY {SOURCE}/ ./"));
    made.line("ENV PYTHONPATH=/app:/app/src PYTHONUNBUFFERED=1");
    if let Some(command) = &manifest.build.command {
        made.run_alone(command);
    }
    let start = &manifest.start;
    let is_python = |command: &str| matches!(command, "python" | "python3");
    match (start.command.as_deref(), function(start.entry_point.as_deref())) {
        (Some(command), _) if !is_python(command) => made.start(&[command], manifest),
        (Some(_), _) if start.entry_point.is_none() => made.start(&["python"], manifest),
        (_, Some(script)) => {
            made.add("start.py", script.into_bytes(), "/app/.sigyl-start.py");
            made.start(&["python", "/app/.sigyl-start.py"], manifest);
        }
        (_, None) => made.start(&["python", entry(manifest)?], manifest),
    }
    Ok(())
}

fn rust(spec: &BuildSpec<'_>, made: &mut Made) -> Result<(), TargetError> {
    // Takes the one program that was built, and fails where there is another number of them.
    const KEEP: &str = "set -- $(find /target/release -maxdepth 1 -type f -perm -u+x ! -name '*.so'); \
         [ $# = 1 ] && cp \"$1\" /server";
    let manifest = spec.manifest;
    if spec.tree.lock_of(LockKind::Cargo).is_none() {
        return Err(unsupported("the tree has no Cargo.lock: run `cargo generate-lockfile` in it"));
    }
    made.line(&format!(
        "FROM {RUST} AS build\nWORKDIR /app\nENV CARGO_TARGET_DIR=/target\nCOPY {SOURCE}/ ./"
    ));
    match (manifest.build.command.as_deref(), &manifest.start.entry_point) {
        (Some(command), _) => made.run(command),
        (None, Some(bin)) => made.run(&["cargo", "build", "--release", "--locked", "--bin", bin]),
        (None, None) => made.run(&["cargo", "build", "--release", "--locked", "--bins"]),
    }
    made.run(&["sh", "-c", KEEP]);
    made.finish_from(BARE, manifest);
    made.line(&format!("COPY {SOURCE}/ ./\nCOPY --from=build /server /server"));
    made.start(&["/server"], manifest);
    Ok(())
}

fn go(spec: &BuildSpec<'_>, made: &mut Made) -> Result<(), TargetError> {
    let manifest = spec.manifest;
    if manifest.build.command.is_some() {
        return Err(unsupported(
            "build.command of a Go server is not followed in builds of images: leave it out, or take the runtime \
             `container` with a Dockerfile of your own",
        ));
    }
    let package = manifest.start.entry_point.as_deref().unwrap_or(".");
    let package = if package.starts_with('.') { package.to_owned() } else { format!("./{package}") };
    made.line(&format!("FROM {GO} AS build\nWORKDIR /app\nENV CGO_ENABLED=0 GOTOOLCHAIN=local"));
    made.line(&format!("ENV GOFLAGS=-buildvcs=false\nCOPY {SOURCE}/ ./"));
    made.run(&["go", "build", "-trimpath", "-mod=readonly", "-o", "/server", &package]);
    made.finish_from(STATIC, manifest);
    made.line(&format!("COPY {SOURCE}/ ./\nCOPY --from=build /server /server"));
    made.start(&["/server"], manifest);
    Ok(())
}

/// The repository's own Dockerfile, as it is.
fn container(spec: &BuildSpec<'_>) -> Result<Recipe, TargetError> {
    if is_bridged(spec.manifest) {
        return Err(unsupported(
            "an image of the repository's own has to speak streamable HTTP where it runs, and this one speaks on standard \
             input and output: let it speak HTTP on the port that it finds in PORT (`startCommand.type: http`), or take \
             the runtime that the server is written for",
        ));
    }
    let build = &spec.manifest.build;
    let within = |path: &str| match path.trim_start_matches("./").trim_end_matches(['/', '.']) {
        "" => SOURCE.to_owned(),
        path => format!("{SOURCE}/{path}"),
    };
    let context = within(build.context.as_deref().unwrap_or_default());
    let own = build.dockerfile.clone().unwrap_or_else(|| match build.context.as_deref() {
        Some(context) => format!("{}/Dockerfile", context.trim_end_matches('/')),
        None => "Dockerfile".to_owned(),
    });
    let path = own.trim_start_matches("./").to_owned();
    if spec.tree.find(&path).is_none() {
        return Err(TargetError::Unsupported(format!("the Dockerfile `{own}` is not in the source")));
    }
    if context.split('/').any(|part| part == "..") {
        return Err(unsupported("build.context leads out of the source"));
    }
    Ok(Recipe { file: format!("{SOURCE}/{path}"), context, beside: Vec::new() })
}

fn entry(manifest: &Manifest) -> Result<&str, TargetError> {
    let missing =
        || unsupported("the manifest names nothing to start: set entryPoint, or startCommand.command");
    manifest.start.entry_point.as_deref().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::image::tests::source::Source;

    fn made(yaml: &str, files: &[(&str, &str)]) -> Result<String, TargetError> {
        let source = Source::new(yaml, files);
        let recipe = recipe(&source.spec())?;
        let own = recipe.beside.iter().find(|(path, _)| *path == recipe.file);
        Ok(own.map_or_else(
            || format!("{} in {}", recipe.file, recipe.context),
            |(_, bytes)| String::from_utf8(bytes.clone()).unwrap(),
        ))
    }

    const HTTP: &str = "startCommand: {type: http}\n";

    #[test]
    fn each_runtime_has_a_readable_dockerfile_that_ends_as_nobody() {
        let lock = r#"{"name": "a", "lockfileVersion": 3, "packages": {}}"#;
        let node = made(
            &format!(
                "{HTTP}name: a\nruntime: node\nentryPoint: dist/a.js\nbuild: {{command: npm run build}}\n"
            ),
            &[("package.json", "{}"), ("package-lock.json", lock)],
        )
        .unwrap();
        insta::assert_snapshot!("node", node);
        let python =
            made(&format!("{HTTP}name: a\nruntime: python\nentryPoint: a.b:main\n"), &[("a/b.py", "")])
                .unwrap();
        insta::assert_snapshot!("python", python);
        let rust = made(
            &format!("{HTTP}name: a\nruntime: rust\nentryPoint: a\n"),
            &[("Cargo.toml", "[package]\nname='a'"), ("Cargo.lock", "version = 4")],
        )
        .unwrap();
        insta::assert_snapshot!("rust", rust);
        let go = made(
            &format!("{HTTP}name: a\nruntime: go\nentryPoint: cmd/a\n"),
            &[("go.mod", "module a"), ("go.sum", "")],
        )
        .unwrap();
        insta::assert_snapshot!("go", go);
        for text in [node, python, rust, go] {
            assert!(text.contains("USER 65532:65532\nCMD ["), "{text}");
        }
    }

    #[test]
    fn a_server_of_standard_input_and_output_is_started_by_the_bridge() {
        let stdio = "name: a\nstartCommand: {type: stdio, args: [\"it's $(id)\"]}\n";
        let node = made(&format!("{stdio}runtime: node\nentryPoint: a.js\n"), &[("a.js", "")]).unwrap();
        insta::assert_snapshot!("node_bridged", node);
        let python = made(&format!("{stdio}runtime: python\nentryPoint: a.py\n"), &[("a.py", "")]).unwrap();
        insta::assert_snapshot!("python_bridged", python);
        let go = made(
            &format!("{stdio}runtime: go\nentryPoint: cmd/a\n"),
            &[("go.mod", "module a"), ("go.sum", "")],
        )
        .unwrap();
        insta::assert_snapshot!("go_bridged", go);
        let source = Source::new(&format!("{stdio}runtime: go\nentryPoint: cmd/a\n"), &[]);
        let beside = recipe(&source.spec()).unwrap().beside;
        let names: Vec<&str> = beside.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["sigyl/bridge/package.json", "sigyl/bridge/package-lock.json", "sigyl/Dockerfile"]
        );
    }

    #[test]
    fn nothing_of_a_manifest_becomes_more_than_one_word() {
        let hostile = "x.js\\nUSER root; $(id)";
        let yaml = format!(
            "startCommand: {{type: http, args: [\"{hostile}\"]}}\nname: a\nruntime: node\nentryPoint: a.js\n"
        );
        let text = made(&yaml, &[("a.js", "")]).unwrap();
        assert_eq!(text.lines().filter(|line| line.starts_with("USER")).count(), 1, "{text}");
        assert!(text.ends_with("CMD [\"node\",\"a.js\",\"x.js\\nUSER root; $(id)\"]\n"), "{text}");
    }

    #[test]
    fn what_cannot_run_there_is_refused_with_what_to_do() {
        for (yaml, said) in [
            ("name: a\nruntime: container\nstartCommand: {type: stdio}\n", "speak HTTP on the port"),
            (
                "name: a\nruntime: node\nstartCommand: {type: http, command: npx}\n",
                "only what was scanned is run",
            ),
            (
                "name: a\nruntime: node\nstartCommand: {type: http, command: /usr/local/bin/npx}\n",
                "only what was scanned is run",
            ),
            (
                "name: a\nruntime: python\nstartCommand: {type: http, command: sh}\n",
                "only what was scanned is run",
            ),
            (
                "name: a\nruntime: container\nstartCommand: {type: http}\n",
                "`Dockerfile` is not in the source",
            ),
            (
                "name: a\nruntime: rust\nentryPoint: a\nstartCommand: {type: http}\n",
                "cargo generate-lockfile",
            ),
        ] {
            let error = made(yaml, &[("a.js", "")]).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_repositorys_own_dockerfile_is_taken_as_it_is() {
        let yaml = format!("{HTTP}name: a\nruntime: container\nbuild: {{dockerfile: docker/Dockerfile}}\n");
        assert_eq!(
            made(&yaml, &[("docker/Dockerfile", "FROM x")]).unwrap(),
            "source/docker/Dockerfile in source"
        );
    }
}
