//! Tells by words alone whether a file may register anything; what cannot is not parsed.
//!
//! It is to let in whatever the handlers of a form could be found in, and a little more: a word where it is called, a route,
//! a record that describes a tool, a class that is one.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use memchr::memmem;

use super::dispatch::{ARGUMENTS, METHODS, speaks};
use super::handlers::{CALLED_TOO, REGISTERS, ROUTES, RUNS, SCHEMAS};
use super::near::LARGE;
use super::parse::Grammar;
use crate::scan::expression::{Compile, Expression};
use crate::scan::spelling;

/// Words that stand where tools are registered.
const MARKS: &[&str] = &[
    "tool(",
    ".tool",
    "@tool",
    "registerTool",
    "setRequestHandler",
    "call_tool",
    "add_tool",
    "addTool",
    "FastMCP",
    "McpServer",
    "mcp.server",
    "MCPTool",
    "BaseTool",
    "modelcontextprotocol",
    ".resource(",
    ".prompt(",
    "tools/call",
    "resources/read",
    "prompts/get",
    "completion/complete",
    "jsonrpc",
];

/// Words that stand where Go and Rust register tools; scripts that come with these words register nothing by them.
const SIGNED: &[&str] = &[
    "AddTool",
    "RegisterTool",
    "MustTool",
    "ConvertTool",
    "NewTool",
    "ServerTool",
    "CallToolRe",
    "CallToolParams",
    "ReadResourceRe",
    "GetPromptRe",
    "#[tool",
    "::tool",
    "#[mcp_tool",
    "#[prompt",
    "#[resource",
    "#[Tools",
    "#[Prompts",
    "#[Resources",
    "call_tool",
    "read_resource",
    "get_prompt",
];

/// What makes a server.
const MAKES: &[&[u8]] = &[b"McpServer(", b"FastMCP(", b"new Server(", b"Server("];
/// What calls a function by way of itself.
const BY_WAY: &[&[u8]] = &[b"call", b"apply", b"bind"];

/// Bytes before a word in which what decorates with it begins.
const DECORATOR: usize = 200;
/// Bytes around an escape in which the name ends.
const SPELLED: usize = 120;
/// Bytes before a method in which stands what a client sends it as.
const SENT: usize = 40;
/// Bytes behind `class` in which the classes stand that it is made of.
const BASES: usize = 300;

/// The expressions, compiled when a file first needs them.
struct Gate {
    marks: Option<AhoCorasick>,
    signed: Option<AhoCorasick>,
    registers: Option<Expression>,
    routes: Option<Expression>,
    schemas: Option<Expression>,
    runs: Option<Expression>,
}

impl Gate {
    fn get() -> &'static Self {
        static GATE: OnceLock<Gate> = OnceLock::new();
        GATE.get_or_init(|| {
            let of = |text: String| Expression::new(&text, true, Compile::WhenNeeded).ok();
            let any = |words: &[&str]| words.join("|");
            let part = |words: &[&str]| of(format!(r#"\b(?:{})\b["'`]?\]?\s*[:,}}(=</\#]"#, any(words)));
            Self {
                marks: AhoCorasick::new(MARKS).ok(),
                signed: AhoCorasick::new(SIGNED).ok(),
                registers: of(format!(r"\b(?:{})\b", any(REGISTERS))),
                routes: of(format!(
                    r#"\.\s*(?:{})\s*(?:<[^()]{{0,200}}>\s*)?\(\s*(?:\w+\s*=\s*)?[a-zA-Z]?["'`]+/"#,
                    any(ROUTES)
                )),
                schemas: part(SCHEMAS),
                runs: part(RUNS),
            }
        })
    }
}

/// Tells whether a text may register tools.
pub(super) fn registers(grammar: Grammar, text: &str) -> bool {
    let gate = Gate::get();
    if matches!(grammar, Grammar::Go | Grammar::Rust) {
        let bytes = text.as_bytes();
        return gate.signed.as_ref().is_none_or(|words| words.is_match(text))
            || !methods(bytes).is_empty()
            || !messages(text).is_empty();
    }
    if !gate.marks.as_ref().is_none_or(|marks| marks.is_match(text)) {
        return false;
    }
    match grammar {
        Grammar::Python | Grammar::Script | Grammar::Typed | Grammar::TypedMarkup => {
            let bytes = text.as_bytes();
            makes_server(text)
                || is_spelled_out(text)
                || calls(bytes).next().is_some()
                || !others(bytes).is_empty()
                || !messages(text).is_empty()
        }
        Grammar::Go | Grammar::Rust => true,
    }
}

/// Tells whether a text makes a server: what it registers there may go by any name.
fn makes_server(text: &str) -> bool {
    text.len() <= LARGE && MAKES.iter().any(|made| memmem::find(text.as_bytes(), made).is_some())
}

/// Returns where a text may register something, in order.
pub(super) fn places(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut all: Vec<usize> = calls(bytes).chain(others(bytes)).chain(messages(text)).collect();
    all.sort_unstable();
    all
}

/// Yields where something is called, or decorates, that registers.
fn calls(text: &[u8]) -> impl Iterator<Item = usize> {
    let words = Gate::get().registers.iter().flat_map(|words| words.find_iter(text));
    words.map(|word| word.range()).filter(|word| is_registration(text, word)).map(|word| word.start)
}

/// Returns where routes, records and classes may do the same.
fn others(text: &[u8]) -> Vec<usize> {
    let gate = Gate::get();
    let all = |of: &Option<Expression>| -> Vec<usize> {
        of.iter().flat_map(|of| of.find_iter(text)).map(|found| found.start()).collect()
    };
    let mut places = all(&gate.routes);
    let schemas = all(&gate.schemas);
    if !schemas.is_empty() && gate.runs.as_ref().is_some_and(|runs| runs.is_match(text)) {
        places.extend(schemas);
    }
    let made_of = |at: &usize| {
        let bases = &text[*at..text.len().min(at + BASES)];
        memmem::find_iter(bases, b"Tool").any(|at| !bases.get(at + 4).is_some_and(is_word))
    };
    let ends = |at: &usize| text.get(at + 5).is_some_and(u8::is_ascii_whitespace);
    places.extend(memmem::find_iter(text, b"class").filter(ends).filter(made_of));
    places.extend(methods(text));
    places
}

/// Returns where a method of the protocol may be asked for.
fn methods(text: &[u8]) -> Vec<usize> {
    let places = |method: &'static &'static str| {
        let size = method.len();
        memmem::find_iter(text, *method).filter(move |at| is_asked(text, *at, size))
    };
    METHODS.iter().flat_map(places).collect()
}

/// Tells whether a method that stands here in quotes may be asked for: a client sends it, and a library says what it is.
fn is_asked(text: &[u8], at: usize, size: usize) -> bool {
    let quotes = |byte: Option<&u8>| byte.is_some_and(|byte| b"\"'`".contains(byte));
    let Some(quote) = at.checked_sub(1) else { return false };
    if !quotes(text.get(quote)) || !quotes(text.get(at + size)) {
        return false;
    }
    let before = text[quote.saturating_sub(SENT)..quote].trim_ascii_end();
    let sent =
        before.strip_suffix(b":").or_else(|| before.strip_suffix(b"=").filter(|rest| !is_compared(rest)));
    let named = sent.map(|rest| rest.trim_ascii_end()).map(|rest| rest.strip_suffix(b"\"").unwrap_or(rest));
    let named = named.map(|rest| rest.strip_suffix(b"'").unwrap_or(rest));
    !named.is_some_and(|rest| rest.ends_with(b"method")) && !before.ends_with(b"literal(")
}

/// Tells whether what stands before a `=` makes it a comparison.
fn is_compared(before: &[u8]) -> bool {
    before.last().is_some_and(|byte| b"=!<>".contains(byte))
}

/// Returns where a text that speaks of messages of JSON-RPC takes the arguments of a call out of one, whatever it compares.
fn messages(text: &str) -> Vec<usize> {
    if !speaks(text) {
        return Vec::new();
    }
    let text = text.as_bytes();
    let takes = |at: &usize| {
        let before = text[..*at].trim_ascii_end();
        let before = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before);
        let rest = &text[at + ARGUMENTS.len()..];
        // `f.apply(this, arguments)` is what a function was given.
        let applied = before.ends_with(b",") && rest.trim_ascii_start().starts_with(b")");
        before.last().is_some_and(|byte| b".[({,".contains(byte))
            && !applied
            && !rest.first().is_some_and(is_word)
    };
    memmem::find_iter(text, ARGUMENTS).filter(takes).collect()
}

fn is_registration(text: &[u8], word: &Range<usize>) -> bool {
    let before = &text[word.start.saturating_sub(DECORATOR)..word.start];
    if before.iter().rposition(|&byte| byte == b'@').is_some_and(|at| before[at + 1..].iter().all(in_name)) {
        return true;
    }
    if is_defined(before) {
        return false;
    }
    let mut rest = &text[word.end..];
    // `server["tool"](…)`.
    for close in [&b"\"'`"[..], b"]"] {
        if let [byte, more @ ..] = rest
            && close.contains(byte)
        {
            rest = more;
        }
    }
    while let [byte, more @ ..] = rest
        && (byte.is_ascii_whitespace() || b"!?.\\".contains(byte))
    {
        rest = more;
    }
    // `(0, server.tool)(…)`, `server.tool.call(…)`.
    let closed = rest.strip_prefix(b")").map(<[u8]>::trim_ascii_start);
    if closed.is_some_and(|rest| rest.starts_with(b"(")) || BY_WAY.iter().any(|way| rest.starts_with(way)) {
        return true;
    }
    match rest {
        [b'(', more @ ..] => {
            !CALLED_TOO.iter().any(|name| name.as_bytes() == &text[word.clone()]) || !names_one(more)
        }
        // The type of what is registered, or a comment.
        [b'<' | b'#', ..] | [b'/', b'/' | b'*', ..] => true,
        _ => false,
    }
}

/// Tells whether a name is defined rather than called, by what stands before it on its line.
fn is_defined(before: &[u8]) -> bool {
    let lead = before.trim_ascii_end();
    let gap = &before[lead.len()..];
    let word =
        |word: &[u8]| lead.strip_suffix(word).is_some_and(|before| !before.last().is_some_and(is_word));
    !gap.is_empty() && !gap.iter().any(|byte| b"\r\n".contains(byte)) && (word(b"def") || word(b"function"))
}

/// Tells whether a name with escapes in it is read as one that registers.
fn is_spelled_out(text: &str) -> bool {
    memmem::find_iter(text.as_bytes(), b"\\u").any(|at| {
        let part = |byte: &u8| is_word(byte) || b"\\{}".contains(byte);
        let bytes = text.as_bytes();
        let start = at - bytes[..at].iter().rev().take(SPELLED).take_while(|byte| part(byte)).count();
        let end = at + bytes[at..].iter().take(SPELLED).take_while(|byte| part(byte)).count();
        text.get(start..end).is_some_and(|name| REGISTERS.contains(&&*spelling::script(name)))
    })
}

/// Tells whether the first of some arguments is a text: a client calls a tool by its name.
fn names_one(arguments: &[u8]) -> bool {
    let rest = arguments.trim_ascii_start();
    rest.first().is_some_and(|byte| b"\"'`".contains(byte)) || rest.starts_with(b"name=")
}

fn in_name(byte: &u8) -> bool {
    is_word(byte) || byte.is_ascii_whitespace() || b".\\()".contains(byte)
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(text: &str) -> bool {
        registers(Grammar::Python, &format!("# FastMCP\n{text}"))
    }

    fn script(text: &str) -> bool {
        registers(Grammar::Script, &format!("// McpServer\n{text}"))
    }

    #[test]
    fn a_file_that_only_speaks_of_tools_is_not_parsed() {
        assert!(!registers(Grammar::Python, "@app.get('/x')\ndef get(): ..."));
        for text in [
            "from mcp.server import Server\n",
            "async def call_tool(name):\n    pass\n",
            "await session.call_tool('add', arguments)\n",
            "await session.call_tool(\n    name='add')\n",
            "tools = [tool for tool in all]\n",
            "prompt = tool.prompt\n",
        ] {
            assert!(!python(text), "{text}");
        }
        for text in ["export type T = typeof server.tool;", "const tool = 1 / 2;", "function tool() {}"] {
            assert!(!script(text), "{text}");
        }
    }

    #[test]
    fn every_way_to_register_is_let_in_however_it_is_spelled() {
        for text in [
            "@mcp.tool\ndef a(): ...",
            "@ mcp . tool\ndef a(): ...",
            "@server.call_tool()\nasync def call(): ...",
            "server.call_tool()(call)",
            "mcp.tool()(a)",
            "mcp.add_tool(a)",
            "mcp.tool \\\n (name='a')(a)",
            "(mcp.tool # here\n ('a'))(a)",
            "@app.post( '/run')\ndef a(): ...",
            "@app.get(path=r'/run')\ndef a(): ...",
            "class Shell(\n    BaseTool,\n):\n    def _run(self, x): ...",
            "TOOL = {'name': 'a', 'parameters': {}, 'handler': a}",
            "# register the function\nadd_tool(f)",
            "mydef\nadd_tool(f)",
            "add_tool(f) if mydef else f",
        ] {
            assert!(python(text), "{text}");
        }
        for text in [
            "server.tool('a', f)",
            "server['tool']('a', f)",
            "server.tool?.('a', f)",
            "(0, server.tool)('a', f)",
            "server.tool.call(server, 'a', f)",
            "// this registers the function\nregisterTool('a', {}, run);",
            "server.t\\u006fol('a', f)",
            "server.t\\u{6f}ol('a', f)",
            "server.registerTool<{ a: string }>('a', {}, f)",
            "server.tool /* a */ ('a', f)",
            "server.tool // a\n ('a', f)",
            "app.post<{ a: string }>(`/a`, f)",
            "class A extends mcp.BaseTool { run(x) {} }",
            "const tool = { name, inputSchema, async execute(args) {} }",
        ] {
            assert!(script(text), "{text}");
        }
    }

    #[test]
    fn who_reads_messages_is_let_in_and_who_sends_them_is_not() {
        for text in [
            "if (m.method === 'tools/call') run(m);",
            "switch (method) { case \"tools/call\": run(); }",
            "const methods = { 'tools/call': run };",
            "const CALL = 'tools/call';",
            "rpc.on(`tools/call`, run);",
            "const answer = { jsonrpc: '2.0', tools }; run(m.params.arguments);",
            "const { name, arguments: a } = m[params]; send({ jsonrpc, tools });",
        ] {
            assert!(registers(Grammar::Script, text), "{text}");
        }
        assert!(registers(Grammar::Go, "switch m.Method { case \"tools/call\": run() }"));
        assert!(registers(Grammar::Rust, "match method { \"tools/call\" => run(), _ => {} }"));
        for text in [
            "send({ jsonrpc: '2.0', method: 'tools/call', params });",
            "send({ \"method\" : \"tools/call\" });",
            "request(method = 'tools/call');",
            "const Call = z.literal('tools/call');",
            "// speaks of tools/call",
            "const answer = { jsonrpc: '2.0' }; run(m.params.arguments);",
        ] {
            assert!(!registers(Grammar::Script, text), "{text}");
        }
    }

    #[test]
    fn places_are_where_it_is_registered() {
        let text = "const a = 1;\nserver.tool('a', f);\napp.get('/a', f);";
        assert_eq!(places(text), [text.find("tool").unwrap(), text.find(".get").unwrap()]);
    }
}
