//! The table of files in which clients keep their servers, by client and operating system.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The operating systems whose clients keep their files in places of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Platform {
    /// macOS.
    MacOs,
    /// Linux and its like.
    Linux,
    /// Windows.
    Windows,
}

/// For whom a configuration counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scope {
    /// Everybody on the machine, set by who runs it.
    Machine,
    /// One user, wherever they work.
    User,
    /// Whoever opens a folder: the file comes with it.
    Project,
    /// A plugin that was installed.
    Plugin,
}

/// The folders to look in. Each is a value: the library reads neither home nor environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots {
    /// The user's home.
    pub home: Option<PathBuf>,
    /// `%APPDATA%`, on Windows.
    pub app_data: Option<PathBuf>,
    /// `%ProgramData%`, on Windows.
    pub program_data: Option<PathBuf>,
    /// What stands for `/` in the paths of the whole machine.
    pub system: Option<PathBuf>,
    /// Folders that are opened as projects.
    pub workspaces: Vec<PathBuf>,
    /// What `CLAUDE_CONFIG_DIR` names.
    pub claude_config_dir: Option<PathBuf>,
    /// What `CODEX_HOME` names.
    pub codex_home: Option<PathBuf>,
    /// What `OPENCODE_CONFIG` names.
    pub opencode_config: Option<PathBuf>,
}

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Home,
    AppData,
    ProgramData,
    System,
    Workspace,
    ClaudeConfigDir,
    CodexHome,
    OpencodeConfig,
}

/// One place; `*` stands for one name, `**` for any folders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) client: &'static str,
    /// Nothing where it is the same on all.
    pub(super) platform: Option<Platform>,
    pub(super) scope: Scope,
    pub(super) root: Root,
    pub(super) path: &'static str,
}

macro_rules! known {
    ($($client:literal $platform:ident $scope:ident $root:ident { $($path:literal),* $(,)? })*) => {
        /// Every place that is looked in.
        pub(super) const KNOWN: &[Known] = &[$($(Known {
            client: $client,
            platform: known!(@ $platform),
            scope: Scope::$scope,
            root: Root::$root,
            path: $path,
        }),*),*];
    };
    (@ Any) => { None };
    (@ $platform:ident) => { Some(Platform::$platform) };
}

known! {
    "Claude Desktop" MacOs User Home { "Library/Application Support/Claude/claude_desktop_config.json" }
    "Claude Desktop" Linux User Home { ".config/Claude/claude_desktop_config.json" }
    "Claude Desktop" Windows User AppData { "Claude/claude_desktop_config.json" }
    "Claude Code" Any User Home { ".claude.json", ".claude/settings.json", ".claude/settings.local.json", ".claude/mcp.json" }
    "Claude Code" Any User ClaudeConfigDir { ".claude.json", "settings.json", "mcp.json" }
    "Claude Code" Any Project Workspace { ".mcp.json", ".claude/settings.json", ".claude/settings.local.json" }
    "Claude Code" Any Plugin Home { ".claude/plugins/cache/**/.mcp.json", ".claude/plugins/cache/**/plugin.json" }
    "Claude Code" Any Plugin ClaudeConfigDir { "plugins/cache/**/.mcp.json", "plugins/cache/**/plugin.json" }
    "Claude Code" MacOs Machine System { "Library/Application Support/ClaudeCode/managed-mcp.json" }
    "Claude Code" Linux Machine System { "etc/claude-code/managed-mcp.json" }
    "Claude Code" Windows Machine ProgramData { "ClaudeCode/managed-mcp.json" }
    "Cursor" Any User Home { ".cursor/mcp.json" }
    "Cursor" Any Project Workspace { ".cursor/mcp.json" }
    "Cursor" Any Plugin Home { ".cursor/plugins/**/mcp.json" }
    "VS Code" MacOs User Home {
        "Library/Application Support/Code/User/mcp.json",
        "Library/Application Support/Code/User/settings.json",
        "Library/Application Support/Code/User/profiles/*/mcp.json",
        "Library/Application Support/Code - Insiders/User/mcp.json",
        "Library/Application Support/Code - Insiders/User/settings.json",
        "Library/Application Support/Code - Insiders/User/profiles/*/mcp.json",
    }
    "VS Code" Linux User Home {
        ".config/Code/User/mcp.json",
        ".config/Code/User/settings.json",
        ".config/Code/User/profiles/*/mcp.json",
        ".config/Code - Insiders/User/mcp.json",
        ".config/Code - Insiders/User/settings.json",
        ".config/Code - Insiders/User/profiles/*/mcp.json",
    }
    "VS Code" Windows User AppData {
        "Code/User/mcp.json",
        "Code/User/settings.json",
        "Code/User/profiles/*/mcp.json",
        "Code - Insiders/User/mcp.json",
        "Code - Insiders/User/settings.json",
        "Code - Insiders/User/profiles/*/mcp.json",
    }
    "VS Code" Any User Home { ".vscode/mcp.json" }
    "VS Code" Any Project Workspace {
        ".vscode/mcp.json", ".vscode/settings.json", ".devcontainer/devcontainer.json", ".devcontainer.json",
    }
    "Windsurf" Any User Home { ".codeium/windsurf/mcp_config.json" }
    "Codex" Any User Home { ".codex/config.toml", ".codex/*.config.toml" }
    "Codex" Any User CodexHome { "config.toml", "*.config.toml" }
    "Codex" Any Plugin Home { ".codex/plugins/**/.mcp.json" }
    "Codex" Any Project Workspace { ".codex/config.toml" }
    "Codex" MacOs Machine System { "etc/codex/config.toml" }
    "Codex" Linux Machine System { "etc/codex/config.toml" }
    "Codex" Windows Machine ProgramData { "OpenAI/Codex/config.toml" }
    "Gemini CLI" Any User Home { ".gemini/settings.json" }
    "Gemini CLI" Any Project Workspace { ".gemini/settings.json" }
    "Antigravity" Any User Home { ".gemini/antigravity/mcp_config.json", ".gemini/config/mcp_config.json" }
    "Kiro" Any User Home { ".kiro/settings/mcp.json", ".kiro/agents/*.json" }
    "Kiro" Any Project Workspace { ".kiro/settings/mcp.json" }
    "OpenCode" Any User Home { ".config/opencode/opencode.json", ".config/opencode/opencode.jsonc" }
    "OpenCode" Any User OpencodeConfig { "" }
    "OpenCode" Any Project Workspace { "opencode.json", "opencode.jsonc" }
    "OpenCode" MacOs Machine System { "etc/opencode/opencode.json", "etc/opencode/opencode.jsonc" }
    "OpenCode" Linux Machine System { "etc/opencode/opencode.json", "etc/opencode/opencode.jsonc" }
    "OpenCode" Windows Machine ProgramData { "opencode/opencode.json", "opencode/opencode.jsonc" }
    "Amazon Q" Any User Home {
        ".aws/amazonq/mcp.json", ".aws/amazonq/agents/default.json", ".aws/amazonq/agents/mcp.json",
    }
    "Amazon Q" Any Project Workspace { ".amazonq/mcp.json" }
    "Zed" Any User Home { ".config/zed/settings.json" }
    "Zed" Any Project Workspace { ".zed/settings.json" }
    "Helix" Any User Home { ".config/helix/mcp.json" }
    "Neovim" Any User Home { ".config/nvim/mcp.json" }
    "Continue" Any User Home { ".continue/config.json", ".continue/config.yaml" }
    "Continue" Any Project Workspace { ".continue/mcpServers/*.json", ".continue/mcpServers/*.yaml" }
    "Cline" MacOs User Home {
        "Library/Application Support/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
    }
    "Cline" Linux User Home {
        ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
    }
    "Cline" Windows User AppData {
        "Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
    }
    "Roo Code" MacOs User Home {
        "Library/Application Support/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
    }
    "Roo Code" Linux User Home {
        ".config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
    }
    "Roo Code" Windows User AppData {
        "Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
    }
    "Roo Code" Any Project Workspace { ".roo/mcp.json" }
    "Amp" Any User Home { ".amp/config.json", ".config/amp/settings.json" }
    "Warp" Any User Home { ".warp/mcp.json" }
    "Goose" MacOs User Home { ".config/goose/config.yaml" }
    "Goose" Linux User Home { ".config/goose/config.yaml" }
    "Goose" Windows User AppData { "Block/goose/config/config.yaml" }
    "Copilot CLI" Any User Home { ".copilot/mcp-config.json" }
    "Crush" MacOs User Home { ".config/crush/crush.json" }
    "Crush" Linux User Home { ".config/crush/crush.json" }
    "Crush" Windows User Home { "AppData/Local/crush/crush.json" }
    "Crush" Any Project Workspace { "crush.json", ".crush.json" }
    "Factory" Any User Home { ".factory/mcp.json" }
    "Factory" Any Project Workspace { ".factory/mcp.json" }
    "Kimi" Any User Home { ".kimi-code/mcp.json", ".kimi/mcp.json" }
    "Kimi" Any Project Workspace { ".kimi-code/mcp.json" }
    "Mistral Vibe" Any User Home { ".vibe/config.toml" }
    "Mistral Vibe" Any Project Workspace { ".vibe/config.toml" }
    "LM Studio" Any User Home { ".lmstudio/mcp.json" }
    "Trae" MacOs User Home { "Library/Application Support/Trae/User/mcp.json" }
    "Trae" Linux User Home { ".config/Trae/User/mcp.json" }
    "Trae" Windows User AppData { "Trae/User/mcp.json" }
}

/// Names that no other kind of file has.
const NAMES: &[&str] = &[
    ".mcp.json",
    "claude_desktop_config.json",
    "cline_mcp_settings.json",
    "crush.json",
    "managed-mcp.json",
    "mcp_config.json",
    "mcp_settings.json",
    "mcp-config.json",
    "opencode.json",
    "opencode.jsonc",
];

/// Names the client whose configuration a file of a source is, by its path: what a project brings counts as soon as
/// the project is opened.
pub(in crate::scan) fn is_client_config(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let of_project = |known: &&Known| {
        known.root == Root::Workspace
            && path.strip_suffix(known.path).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    match KNOWN.iter().find(of_project) {
        Some(known) => Some(known.client),
        None => NAMES.contains(&name).then_some("an MCP client"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_project_is_known_by_its_path() {
        assert_eq!(is_client_config(".cursor/mcp.json"), Some("Cursor"));
        assert_eq!(is_client_config("sub/.vscode/mcp.json"), Some("VS Code"));
        assert_eq!(is_client_config("x/claude_desktop_config.json"), Some("an MCP client"));
        for path in ["mcp.json", "settings.json", "my.cursor/mcp.json", "src/config.toml"] {
            assert_eq!(is_client_config(path), None, "{path}");
        }
    }
}
