//! Looks into every known place and reads what stands there.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::config::{BYTES, ClientConfig};
use super::known::{KNOWN, Known, Platform, Root, Roots, Scope};
use crate::domain::{SkipKind, Skipped};

/// Folders below a place with `**` that are looked into.
const FOLDERS: usize = 2_000;
/// How deep they are.
const DEPTH: usize = 8;

/// What is known of a client: where it would keep its servers, and what stands there.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// What the file says.
    pub config: ClientConfig,
    /// Its text.
    pub text: String,
}

/// What a look into every known place came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Configurations that were read.
    pub found: Vec<Found>,
    /// Places that hold nothing, each with its client.
    pub absent: Vec<(String, String)>,
    /// What is there and was not read, and why.
    pub skipped: Vec<Skipped>,
}

/// Looks into every place that a client of this platform is known to use.
pub fn discover(roots: &Roots, platform: Platform) -> Discovery {
    let mut discovery = Discovery::default();
    let mut seen = BTreeSet::new();
    for known in KNOWN.iter().filter(|known| known.platform.is_none_or(|only| only == platform)) {
        for root in known.roots(roots) {
            for path in paths(&root, known.path, &mut discovery.skipped) {
                if seen.insert(path.clone()) {
                    discovery.look(known, &path);
                }
            }
        }
    }
    discovery
}

/// Finds where a client of this platform keeps the servers of its user, in a file called `file`; nothing when that is not
/// known.
pub fn user_file(client: &str, file: &str, roots: &Roots, platform: Platform) -> Option<PathBuf> {
    let fits = |known: &&Known| {
        known.client == client
            && known.scope == Scope::User
            && known.platform.is_none_or(|only| only == platform)
            && !known.path.contains('*')
            && known.path.rsplit('/').next() == Some(file)
    };
    let place = |known: &Known| known.roots(roots).first().map(|root| root.join(known.path));
    let all = || KNOWN.iter().filter(fits);
    // What a variable names comes before the home; of several places there the client's own stands first.
    let named = all().filter(|known| !matches!(known.root, Root::Home | Root::AppData)).find_map(place);
    named.or_else(|| all().find_map(place))
}

impl Discovery {
    fn look(&mut self, known: &Known, path: &Path) {
        let shown = path.display().to_string();
        match read(path) {
            Ok(Some(text)) => {
                let config = ClientConfig::read(known.client, known.scope, &shown, &text);
                self.found.push(Found { config, text });
            }
            Ok(None) => self.absent.push((known.client.to_owned(), shown)),
            Err((kind, reason)) => self.skipped.push(Skipped { path: shown, kind, reason }),
        }
    }

    /// Keeps what names a server or takes a question away: settings of a client hold much else.
    pub fn with_servers(&self) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(|found| {
            let config = &found.config;
            !(config.servers.is_empty() && config.switches.is_empty() && config.defects.is_empty())
        })
    }
}

impl Found {
    /// Reads one file that the user names.
    pub fn read(path: &Path) -> Result<Self, Skipped> {
        let shown = path.display().to_string();
        let wrong = |(kind, reason)| Skipped { path: shown.clone(), kind, reason };
        let missing = || (SkipKind::Unreadable, "there is no such file".to_owned());
        let text = read(path).and_then(|text| text.ok_or_else(missing)).map_err(wrong)?;
        let client = super::known::is_client_config(&shown.replace('\\', "/")).unwrap_or("an MCP client");
        let config = ClientConfig::read(client, Scope::User, &shown, &text);
        Ok(Self { config, text })
    }
}

impl std::fmt::Debug for Found {
    /// Its text may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.config.fmt(f)
    }
}

impl Known {
    fn roots(&self, roots: &Roots) -> Vec<PathBuf> {
        let one = match self.root {
            Root::Home => &roots.home,
            Root::AppData => &roots.app_data,
            Root::ProgramData => &roots.program_data,
            Root::System => &roots.system,
            Root::ClaudeConfigDir => &roots.claude_config_dir,
            Root::CodexHome => &roots.codex_home,
            Root::OpencodeConfig => &roots.opencode_config,
            Root::Workspace => return roots.workspaces.clone(),
        };
        one.iter().cloned().collect()
    }
}

/// Returns the files that a place names: itself, or all that fit it.
fn paths(root: &Path, path: &str, skipped: &mut Vec<Skipped>) -> Vec<PathBuf> {
    if path.is_empty() {
        return vec![root.to_owned()];
    }
    let Some((before, after)) = path.split_once('*') else { return vec![root.join(path)] };
    let folder = root.join(before.rsplit_once('/').map_or("", |(folder, _)| folder));
    let any_depth = after.starts_with('*');
    let depth = if any_depth { DEPTH } else { after.matches('/').count() + 1 };
    let last = path.rsplit('/').next().unwrap_or(path);
    let fits = |name: &str| match last.split_once('*') {
        Some((start, end)) => name.starts_with(start) && name.ends_with(end) && name.len() > end.len(),
        None => name == last,
    };
    let walk = walkdir::WalkDir::new(&folder).follow_links(false).max_depth(depth).sort_by_file_name();
    let (mut found, mut folders) = (Vec::new(), 0);
    for entry in walk.into_iter().filter_map(Result::ok) {
        folders += usize::from(entry.file_type().is_dir());
        if folders > FOLDERS {
            let reason = format!("more than {FOLDERS} folders; the rest was not looked into");
            skipped.push(Skipped { path: folder.display().to_string(), kind: SkipKind::TooMany, reason });
            break;
        }
        let deep_enough = any_depth || entry.depth() == depth;
        if entry.file_type().is_file() && deep_enough && entry.file_name().to_str().is_some_and(fits) {
            found.push(entry.into_path());
        }
    }
    found
}

/// Reads a file; nothing when there is none.
fn read(path: &Path) -> Result<Option<String>, (SkipKind, String)> {
    let unreadable = |error: std::io::Error| (SkipKind::Unreadable, error.to_string());
    let data = match std::fs::metadata(path) {
        Ok(data) => data,
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    if !data.is_file() {
        return Err((SkipKind::NotAFile, "it is no plain file".to_owned()));
    }
    let limit = BYTES as u64 + 1;
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 == limit {
        return Err((SkipKind::TooLarge, format!("more than {BYTES} bytes")));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err((SkipKind::Binary, "it is no UTF-8 text".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_keeps_the_servers_of_its_user_where_it_reads_them() {
        let mut roots = Roots { home: Some("/h".into()), ..Roots::default() };
        let file = |client: &str, file: &str, roots: &Roots| {
            user_file(client, file, roots, Platform::Linux).unwrap().display().to_string()
        };
        assert_eq!(file("VS Code", "mcp.json", &roots), "/h/.config/Code/User/mcp.json");
        assert_eq!(file("Cursor", "mcp.json", &roots), "/h/.cursor/mcp.json");
        assert_eq!(file("Claude Code", ".claude.json", &roots), "/h/.claude.json");
        assert_eq!(file("Goose", "config.yaml", &roots), "/h/.config/goose/config.yaml");
        assert_eq!(file("Copilot CLI", "mcp-config.json", &roots), "/h/.copilot/mcp-config.json");
        assert_eq!(file("Crush", "crush.json", &roots), "/h/.config/crush/crush.json");
        assert_eq!(file("Factory", "mcp.json", &roots), "/h/.factory/mcp.json");
        assert_eq!(file("Mistral Vibe", "config.toml", &roots), "/h/.vibe/config.toml");
        assert_eq!(file("Kimi", "mcp.json", &roots), "/h/.kimi-code/mcp.json");
        assert_eq!(file("LM Studio", "mcp.json", &roots), "/h/.lmstudio/mcp.json");
        assert_eq!(file("Trae", "mcp.json", &roots), "/h/.config/Trae/User/mcp.json");
        roots.claude_config_dir = Some("/c".into());
        roots.codex_home = Some("/x".into());
        assert_eq!(file("Claude Code", ".claude.json", &roots), "/c/.claude.json");
        assert_eq!(file("Codex", "config.toml", &roots), "/x/config.toml");
    }

    #[test]
    fn each_place_of_the_platform_is_looked_into() {
        let folder = tempfile::tempdir().unwrap();
        let (home, project) = (folder.path().join("home"), folder.path().join("project"));
        let one = r#"{"mcpServers": {"s": {"command": "x"}}}"#;
        for path in [
            "home/.config/Claude/claude_desktop_config.json",
            "home/.cursor/mcp.json",
            "home/.claude/plugins/cache/a/b/.mcp.json",
            "home/.config/Code/User/profiles/p/mcp.json",
            "home/Library/Application Support/Claude/claude_desktop_config.json",
            "project/.mcp.json",
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, one).unwrap();
        }
        std::fs::create_dir_all(home.join(".gemini/settings.json")).unwrap();
        std::fs::create_dir_all(home.join(".codex")).unwrap();
        std::fs::write(home.join(".codex/config.toml"), "[mcp_servers.c]\ncommand = \"y\"\n").unwrap();
        let roots = Roots { home: Some(home), workspaces: vec![project], ..Roots::default() };
        let found = discover(&roots, Platform::Linux);
        let mut clients: Vec<(&str, Scope)> =
            found.with_servers().map(|one| (one.config.client.as_str(), one.config.scope)).collect();
        clients.sort_unstable();
        assert_eq!(
            clients,
            [
                ("Claude Code", Scope::Project),
                ("Claude Code", Scope::Plugin),
                ("Claude Desktop", Scope::User),
                ("Codex", Scope::User),
                ("Cursor", Scope::User),
                ("VS Code", Scope::User),
            ]
        );
        assert_eq!(found.skipped.len(), 1, "{:?}", found.skipped);
        assert!(found.absent.iter().any(|(client, _)| client == "Windsurf"));
    }

    #[test]
    fn nothing_is_read_where_no_root_is_given() {
        assert_eq!(discover(&Roots::default(), Platform::Windows), Discovery::default());
    }
}
