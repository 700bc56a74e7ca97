//! The tools that fetch and build.

use std::process::Stdio;
use std::time::Duration;

use sigyl_core::source::ToolEnv;

use super::check::Check;

/// How long a tool may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// A tool: its name, how it is asked for its version, what needs it, and where it comes from.
struct Tool {
    name: &'static str,
    ask: &'static str,
    need: &'static str,
}

const TOOLS: [Tool; 7] = [
    Tool { name: "node", ask: "--version", need: "install Node.js to run servers written for it" },
    Tool {
        name: "npm",
        ask: "--version",
        need: "install Node.js with npm to fetch npm: packages and build Node servers",
    },
    Tool { name: "python3", ask: "--version", need: "install Python 3 to run servers written for it" },
    Tool {
        name: "pip",
        ask: "--version",
        need: "install pip to fetch pypi: packages and build Python servers",
    },
    Tool { name: "git", ask: "--version", need: "install git to fetch git: sources" },
    Tool {
        name: "cargo",
        ask: "--version",
        need: "install Rust with rustup to build servers written in Rust",
    },
    Tool { name: "go", ask: "version", need: "install Go to build servers written in Go" },
];

/// Looks for each, and asks it for its version.
pub(super) async fn check(env: &ToolEnv) -> Vec<Check> {
    let mut checks = Vec::new();
    for tool in &TOOLS {
        checks.push(one(tool, env).await);
    }
    checks
}

async fn one(tool: &Tool, env: &ToolEnv) -> Check {
    let Some(path) = env.find(tool.name) else {
        return Check::warn(tool.name, "not found on PATH", tool.need);
    };
    let mut command = env.command(&path);
    command.arg(tool.ask).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let answer = tokio::time::timeout(PATIENCE, command.output()).await;
    let shown = path.display();
    match answer {
        Ok(Ok(output)) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            let version = text.split_whitespace().find(|word| word.contains(|c: char| c.is_ascii_digit()));
            Check::ok(tool.name, format!("{} at {shown}", version.unwrap_or("of unknown version")))
        }
        Ok(Ok(output)) => Check::warn(
            tool.name,
            format!("{shown} ended with {}", output.status),
            format!("mend or {}", tool.need),
        ),
        Ok(Err(error)) => {
            Check::warn(tool.name, format!("{shown}: {error}"), format!("mend or {}", tool.need))
        }
        Err(_) => {
            let found = format!("{shown} did not tell its version within {} s", PATIENCE.as_secs());
            Check::warn(tool.name, found, format!("mend or {}", tool.need))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::check::State;
    use super::*;

    #[tokio::test]
    async fn a_tool_that_is_missing_or_broken_is_told_with_what_needs_it() {
        let dir = tempfile::tempdir().unwrap();
        for (name, script) in [("git", "#!/bin/sh\necho git version 2.47.3\n"), ("go", "#!/bin/sh\nexit 3\n")]
        {
            let path = dir.path().join(name);
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let env = ToolEnv { path: dir.path().into(), ..ToolEnv::default() };
        let checks = check(&env).await;
        let find = |name: &str| checks.iter().find(|check| check.name == name).unwrap();
        assert!(find("git").found.starts_with("2.47.3 at "), "{:?}", find("git"));
        assert_eq!(find("go").state, State::Warn);
        assert!(find("npm").remedy.as_ref().unwrap().contains("npm: packages"));
        assert_eq!(checks.len(), TOOLS.len());
    }
}
