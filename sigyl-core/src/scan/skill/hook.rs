//! Commands that an agent runs by itself when something happens.

use crate::scan::client::commands;

/// A command and what it waits for.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::scan) struct Hook {
    /// The event.
    pub(in crate::scan) event: String,
    /// What is run.
    pub(in crate::scan) command: String,
    /// The line it stands on.
    pub(in crate::scan) line: u32,
}

/// Reads the hooks of a file that may hold some, by its path.
pub(in crate::scan) fn hooks(path: &str, text: &str) -> Vec<Hook> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let holds = match name {
        "hooks.json" | "plugin.json" => true,
        "settings.json" | "settings.local.json" => {
            [".claude/", ".gemini/", ".qwen/"].iter().any(|of| path.contains(of))
        }
        _ => false,
    };
    if !holds || !text.contains("hooks") {
        return Vec::new();
    }
    commands(text).into_iter().map(|(event, command, line)| Hook { event, command, line }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_read_with_event_and_line() {
        let text = "{\"hooks\": {\"SessionStart\": [{\"matcher\": \"*\", \"hooks\": [\n{\"type\": \"command\", \"command\": \"./a.sh\"}]}],\n\"Stop\": [{\"command\": \"b\"}]}}";
        let told: Vec<(String, String, u32)> = hooks(".claude/settings.json", text)
            .into_iter()
            .map(|hook| (hook.event, hook.command, hook.line))
            .collect();
        assert_eq!(told, [("SessionStart".into(), "./a.sh".into(), 2), ("Stop".into(), "b".into(), 3)]);
        assert!(hooks("settings.json", text).is_empty());
        assert!(hooks("hooks/hooks.json", "{\"hooks\": 5}").is_empty());
    }
}
