//! The clients, and how each wants its servers written.

/// A program that uses MCP servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// What it is called on the command line.
    pub word: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// How its file is written.
    pub form: Form,
    /// Where in its file the servers stand.
    pub(super) path: &'static [&'static str],
    /// What its file is called.
    pub file: &'static str,
    pub(super) style: Style,
    pub(super) asks: Asks,
    /// Whether servers keep the names that the registry has for them.
    pub(super) full_names: bool,
    /// Whether servers stand in a list and say their names themselves.
    pub(super) listed: bool,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// JSON, with comments if there are some.
    Json,
    /// TOML.
    Toml,
    /// YAML: shown, and put in by hand.
    Yaml,
}

/// What the members of an entry are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// The member that says what kind of entry it is, and its words for commands, addresses and older streams.
    pub(super) kind: Option<(&'static str, [&'static str; 3])>,
    /// The member of an address; nothing when the client only starts commands.
    pub(super) url: Option<&'static str>,
    /// The member of a program.
    pub(super) program: &'static str,
    pub(super) headers: &'static str,
    pub(super) env: &'static str,
    /// Whether program and arguments are one list.
    pub(super) one_list: bool,
    /// Whether the entry says its name once more.
    pub(super) says_name: bool,
    /// Whether the entry says that it counts.
    pub(super) says_enabled: bool,
    /// Whether the entry says that every tool is wanted.
    pub(super) says_tools: bool,
    /// Whether the client reaches addresses of the older kind, that stream all their answers.
    pub(super) streams: bool,
}

/// How a client asks its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// It has a list of questions, beside the servers.
    Inputs,
    /// It reads variables of its environment, between these marks.
    Variables(&'static str, &'static str),
    /// It takes names of variables in members of their own.
    Names(Names),
    /// It does not: a mark stands in the file.
    Marks,
}

/// The members that take names of variables; what has no such member stands as a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Those that the server is given as they are.
    pub(super) env: Option<&'static str>,
    /// Those that are headers.
    pub(super) headers: Option<&'static str>,
    /// That which is the token of `Authorization`.
    pub(super) bearer: Option<&'static str>,
}

const PLAIN: Style = Style {
    kind: None,
    url: Some("url"),
    program: "command",
    headers: "headers",
    env: "env",
    one_list: false,
    says_name: false,
    says_enabled: false,
    says_tools: false,
    streams: true,
};

const fn typed(words: [&'static str; 3]) -> Style {
    Style { kind: Some(("type", words)), ..PLAIN }
}

const fn client(
    word: &'static str,
    title: &'static str,
    file: &'static str,
    path: &'static [&'static str],
    style: Style,
    asks: Asks,
) -> Client {
    Client { word, title, form: Form::Json, path, file, style, asks, full_names: false, listed: false }
}

const SERVERS: &[&str] = &["mcpServers"];
const HTTP: [&str; 3] = ["stdio", "http", "sse"];
const SHELL: Asks = Asks::Variables("${", "}");
const ENV: Asks = Asks::Variables("${env:", "}");

/// Every client that is known.
const CLIENTS: &[Client] = &[
    client(
        "claude-desktop",
        "Claude Desktop",
        "claude_desktop_config.json",
        SERVERS,
        Style { url: None, ..PLAIN },
        Asks::Marks,
    ),
    client("claude-code", "Claude Code", ".claude.json", SERVERS, typed(HTTP), SHELL),
    client("cursor", "Cursor", "mcp.json", SERVERS, PLAIN, ENV),
    Client {
        full_names: true,
        ..client("vscode", "VS Code", "mcp.json", &["servers"], typed(HTTP), Asks::Inputs)
    },
    client(
        "windsurf",
        "Windsurf",
        "mcp_config.json",
        SERVERS,
        Style { url: Some("serverUrl"), ..PLAIN },
        ENV,
    ),
    client("zed", "Zed", "settings.json", &["context_servers"], PLAIN, Asks::Marks),
    client("gemini", "Gemini CLI", "settings.json", SERVERS, Style { url: Some("httpUrl"), ..PLAIN }, SHELL),
    Client {
        form: Form::Toml,
        ..client(
            "codex",
            "Codex",
            "config.toml",
            &["mcp_servers"],
            Style { headers: "http_headers", ..PLAIN },
            Asks::Names(Names {
                env: Some("env_vars"),
                headers: Some("env_http_headers"),
                bearer: Some("bearer_token_env_var"),
            }),
        )
    },
    client(
        "antigravity",
        "Antigravity",
        "mcp_config.json",
        SERVERS,
        Style { url: Some("serverUrl"), ..PLAIN },
        Asks::Marks,
    ),
    client(
        "roo-code",
        "Roo Code",
        "mcp_settings.json",
        SERVERS,
        typed(["stdio", "streamable-http", "sse"]),
        ENV,
    ),
    client(
        "cline",
        "Cline",
        "cline_mcp_settings.json",
        SERVERS,
        typed(["stdio", "streamableHttp", "sse"]),
        Asks::Marks,
    ),
    client(
        "opencode",
        "OpenCode",
        "opencode.json",
        &["mcp"],
        Style {
            kind: Some(("type", ["local", "remote", "remote"])),
            env: "environment",
            one_list: true,
            ..PLAIN
        },
        Asks::Variables("{env:", "}"),
    ),
    client("kiro", "Kiro", "mcp.json", SERVERS, PLAIN, SHELL),
    client("lm-studio", "LM Studio", "mcp.json", SERVERS, PLAIN, Asks::Marks),
    client("trae", "Trae", "mcp.json", SERVERS, PLAIN, Asks::Marks),
    client(
        "copilot-cli",
        "Copilot CLI",
        "mcp-config.json",
        SERVERS,
        Style { says_tools: true, ..typed(["local", "http", "sse"]) },
        SHELL,
    ),
    client("crush", "Crush", "crush.json", &["mcp"], typed(HTTP), SHELL),
    client("factory", "Factory", "mcp.json", SERVERS, Style { streams: false, ..typed(HTTP) }, Asks::Marks),
    client(
        "kimi",
        "Kimi",
        "mcp.json",
        SERVERS,
        Style { streams: false, ..PLAIN },
        Asks::Names(Names { env: None, headers: None, bearer: Some("bearerTokenEnvVar") }),
    ),
    Client {
        form: Form::Toml,
        listed: true,
        ..client(
            "mistral-vibe",
            "Mistral Vibe",
            "config.toml",
            &["mcp_servers"],
            Style {
                kind: Some(("transport", ["stdio", "streamable-http", "sse"])),
                says_name: true,
                streams: false,
                ..PLAIN
            },
            Asks::Names(Names { env: None, headers: None, bearer: Some("api_key_env") }),
        )
    },
    client("amp", "Amp", "settings.json", &["amp.mcpServers"], PLAIN, SHELL),
    Client {
        form: Form::Yaml,
        ..client(
            "goose",
            "Goose",
            "config.yaml",
            &["extensions"],
            Style {
                kind: Some(("type", ["stdio", "streamable_http", "sse"])),
                url: Some("uri"),
                program: "cmd",
                env: "envs",
                says_name: true,
                says_enabled: true,
                ..PLAIN
            },
            Asks::Names(Names { env: Some("env_keys"), headers: None, bearer: None }),
        )
    },
    Client {
        form: Form::Yaml,
        listed: true,
        ..client(
            "continue",
            "Continue",
            "config.yaml",
            SERVERS,
            Style { says_name: true, ..typed(["stdio", "streamable-http", "sse"]) },
            Asks::Variables("${{ secrets.", " }}"),
        )
    },
];

impl Client {
    /// Finds a client by its word.
    pub fn named(word: &str) -> Option<&'static Self> {
        CLIENTS.iter().find(|client| client.word == word)
    }

    /// Every client that is known.
    pub fn all() -> &'static [Self] {
        CLIENTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_is_found_by_a_word_of_its_own() {
        for (at, client) in CLIENTS.iter().enumerate() {
            assert_eq!(Client::named(client.word), Some(client));
            assert!(CLIENTS[..at].iter().all(|other| other.word != client.word), "{}", client.word);
            assert!(client.word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        }
        assert_eq!(Client::named("emacs"), None);
    }
}
