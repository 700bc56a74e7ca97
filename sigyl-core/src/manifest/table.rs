//! The table of fields: the one place that says which fields a manifest has.

use super::field::{Field, Home, Shape};

const RUNTIMES: &[&str] = &["node", "python", "rust", "go", "container"];
const TRANSPORTS: &[&str] = &["stdio", "http"];
const SECRET_TYPES: &[&str] = &["string", "number", "boolean"];
const CLIENT_ID_TYPES: &[&str] = &["static", "dynamic"];
const SAME_SITE: &[&str] = &["strict", "lax", "none"];

const fn runs(path: &'static str, shape: Shape, doc: &'static str, example: &'static str) -> Field {
    Field { path, shape, home: Home::Runs, doc, example }
}

const fn is(path: &'static str, shape: Shape, doc: &'static str, example: &'static str) -> Field {
    Field { path, shape, home: Home::Is, doc, example }
}

/// Every field, tables before what stands in them.
#[rustfmt::skip]
pub(super) static FIELDS: &[Field] = &[
    is("name", Shape::Text, "Name of the server: short, or reverse-DNS `namespace/name` as in the MCP Registry.", "io.github.ada/clock"),
    is("title", Shape::Text, "Name to show to people.", "Clock"),
    is("description", Shape::Prose, "What the server does, in a sentence.", "Tells the time in any zone."),
    is("version", Shape::Text, "Exact version, best `major.minor.patch`; never a range.", "\"1.0.0\""),
    is("tags", Shape::Texts, "Words to find it by.", "[time, zones]"),
    is("category", Shape::Text, "One class to list it under.", "utilities"),
    is("license", Shape::Text, "SPDX expression of the licence.", "MIT OR Apache-2.0"),
    is("repository", Shape::Text, "Address of the source code.", "https://git.example/ada/clock"),
    is("homepage", Shape::Text, "Address of its page.", "https://clock.example"),
    is("authors", Shape::Texts, "Who wrote it.", "[Ada Lovelace <ada@example.com>]"),
    is("icon", Shape::Text, "Address of an icon.", "https://clock.example/icon.png"),
    runs("runtime", Shape::Choice(RUNTIMES), "What it needs to run.", "node"),
    runs("language", Shape::Text, "Language it is written in.", "typescript"),
    runs("build", Shape::Table, "How it is built; the runtime's own build when absent.", ""),
    runs("build.command", Shape::Text, "Command line of the build; run without a shell.", "npm run build"),
    runs("build.outputDir", Shape::Text, "Folder that the build fills.", "dist"),
    runs("build.dockerfile", Shape::Text, "Dockerfile, for `container`.", "Dockerfile"),
    runs("build.context", Shape::Text, "Build context, for `container`.", "."),
    runs("entryPoint", Shape::Text, "What is run: a file, `module:function` (python), a binary (rust) or a package (go).", "dist/index.js"),
    runs("startCommand", Shape::Table, "How it is started.", ""),
    runs("startCommand.type", Shape::Choice(TRANSPORTS), "How it speaks: over standard input and output, or streamable HTTP.", "stdio"),
    runs("startCommand.command", Shape::Text, "Program to start; the runtime with `entryPoint` when absent.", "node"),
    runs("startCommand.args", Shape::Args, "Arguments of the program.", "[dist/index.js, --verbose]"),
    runs("startCommand.port", Shape::Whole(1, 65535), "Port it insists on (http); without it, it listens on the variable PORT.", "8080"),
    runs("startCommand.path", Shape::Text, "Path of its endpoint (http); `/mcp` when absent.", "/mcp"),
    runs("startCommand.configSchema", Shape::Free, "JSON Schema of its configuration.", "{type: object}"),
    runs("startCommand.exampleConfig", Shape::Free, "An example of that configuration.", "{zone: UTC}"),
    runs("env", Shape::Settings, "Plain settings, given as environment variables; never secrets.", "{TZ: UTC}"),
    runs("secrets", Shape::Tables, "Secrets it wants, given as environment variables.", ""),
    runs("secrets[].name", Shape::Text, "Variable that the secret is given in.", "API_KEY"),
    runs("secrets[].description", Shape::Prose, "What it is for.", "Key of the zone service"),
    runs("secrets[].required", Shape::Truth, "Whether the server cannot start without it; true when absent.", "true"),
    runs("secrets[].type", Shape::Choice(SECRET_TYPES), "What its value looks like; string when absent.", "string"),
    is("tools", Shape::Tables, "Tools it says it has; the live ones are compared with them.", ""),
    is("tools[].name", Shape::Text, "Name that the tool is called by.", "now"),
    is("tools[].title", Shape::Text, "Name to show to people.", "Time now"),
    is("tools[].description", Shape::Prose, "What the tool does.", "Returns the time now"),
    is("tools[].inputSchema", Shape::Free, "JSON Schema of its arguments.", "{type: object}"),
    is("tools[].outputSchema", Shape::Free, "JSON Schema of its result.", "{type: object}"),
    is("tools[].annotations", Shape::Free, "Hints about the tool, as in the protocol.", "{readOnlyHint: true}"),
    runs("permissions", Shape::Table, "What it asks to touch; the operator grants it or not.", ""),
    runs("permissions.read", Shape::Texts, "Paths it wants to read.", "[/usr/share/zoneinfo]"),
    runs("permissions.write", Shape::Texts, "Paths it wants to read and write.", "[/var/lib/clock]"),
    runs("permissions.network", Shape::Texts, "What it wants to reach, as host:port.", "[\"time.example:443\"]"),
    runs("permissions.exec", Shape::Texts, "Programs it wants to execute.", "[git]"),
    runs("resources", Shape::Table, "Limits it asks for.", ""),
    runs("resources.cpu", Shape::Quantity, "Processors: `0.5`, or thousandths as `500m`.", "0.5"),
    runs("resources.memory", Shape::Quantity, "Memory in bytes, or as `512Mi`, `1Gi`.", "512Mi"),
    runs("resources.concurrency", Shape::Whole(1, 100_000), "Requests at a time.", "80"),
    runs("resources.timeout", Shape::Quantity, "Seconds that one request may take, or as `30s`, `5m`.", "30s"),
    runs("resources.minInstances", Shape::Whole(0, 10_000), "Instances kept running.", "0"),
    runs("resources.maxInstances", Shape::Whole(1, 10_000), "Instances at most.", "3"),
    runs("health", Shape::Table, "How its health is asked for.", ""),
    runs("health.path", Shape::Text, "HTTP path that answers 2xx; the MCP handshake when absent.", "/healthz"),
    runs("health.interval", Shape::Quantity, "Seconds between two probes.", "300"),
    runs("health.timeout", Shape::Quantity, "Seconds that a probe or a start may take.", "30s"),
    runs("oauth", Shape::Table, "How it authorises its clients; judged by the scan.", ""),
    runs("oauth.clientId", Shape::Text, "Client id it uses.", "clock"),
    runs("oauth.clientIdType", Shape::Choice(CLIENT_ID_TYPES), "Whether one client id serves all, or each registers.", "dynamic"),
    runs("oauth.redirectUris", Shape::Texts, "Addresses it redirects to.", "[https://clock.example/callback]"),
    runs("oauth.scopes", Shape::Texts, "Scopes it asks for.", "[time]"),
    runs("security", Shape::Table, "How it guards its clients; judged by the scan.", ""),
    runs("security.requireTokenValidation", Shape::Truth, "Whether it validates every token.", "true"),
    runs("security.allowTokenPassthrough", Shape::Truth, "Whether it passes its clients' tokens on.", "false"),
    runs("security.sessionConfig", Shape::Table, "How its session cookies are set.", ""),
    runs("security.sessionConfig.secure", Shape::Truth, "Whether cookies go over TLS only.", "true"),
    runs("security.sessionConfig.httpOnly", Shape::Truth, "Whether scripts cannot read cookies.", "true"),
    runs("security.sessionConfig.sameSite", Shape::Choice(SAME_SITE), "When other sites' requests carry cookies.", "strict"),
];
