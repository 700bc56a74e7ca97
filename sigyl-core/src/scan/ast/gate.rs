//! Tells by words alone whether a file may register anything; what cannot is not parsed.
//!
//! It lets in whatever the handlers of a form could be found in, and a little more: a word where it is called, a route,
//! a record that describes a tool, a class that is one. Of Python it is mostly sure what is code and which functions a
//! call may be given; of scripts it is not, and there what stands in comments and texts lets a file in as well.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use memchr::memmem;

use super::handlers::{NAMES, REGISTERS, ROUTES, RUNS, SCHEMAS};
use super::parse::Grammar;
use super::sure::Sure;
use crate::scan::expression::{Compile, Expression};

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

/// What a client calls by the same name as a server registers it.
const CALLED_TOO: &[&[u8]] = &[b"call_tool", b"read_resource", b"get_prompt"];

/// Bytes before a word in which what decorates with it begins.
const DECORATOR: usize = 200;
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
    names: Option<Expression>,
}

/// Where a script may register something.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Where something is called that registers, or a class is one.
    pub(super) calls: Vec<usize>,
    /// Where records hold what each of these names: one that has some of each describes a tool.
    pub(super) parts: [Vec<usize>; 3],
}

impl Gate {
    fn get() -> &'static Self {
        static GATE: OnceLock<Gate> = OnceLock::new();
        GATE.get_or_init(|| {
            let of = |text: String| Expression::new(&text, true, Compile::WhenNeeded).ok();
            let any = |words: &[&str]| words.join("|");
            let part = |words: &[&str]| of(format!(r#"\b(?:{})\b["'`]?\]?\s*[:,}}(=/\#]"#, any(words)));
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
                names: part(NAMES),
            }
        })
    }
}

/// Tells whether a text may register tools.
pub(super) fn registers(grammar: Grammar, text: &str) -> bool {
    let gate = Gate::get();
    if matches!(grammar, Grammar::Go | Grammar::Rust) {
        return gate.signed.as_ref().is_none_or(|words| words.is_match(text));
    }
    if !gate.marks.as_ref().is_none_or(|marks| marks.is_match(text)) {
        return false;
    }
    let bytes = text.as_bytes();
    match grammar {
        Grammar::Python => {
            let has = |part: &Option<Expression>| part.as_ref().is_none_or(|part| part.is_match(bytes));
            let may = calls(bytes).next().is_some()
                || !routes(bytes).is_empty()
                || !classes(bytes).is_empty()
                || has(&gate.schemas) && has(&gate.runs);
            may && Sure::of(text).is_none_or(|sure| python(&sure, text))
        }
        Grammar::Script | Grammar::Typed | Grammar::TypedMarkup => {
            calls(bytes).next().is_some()
                || !routes(bytes).is_empty()
                || !classes(bytes).is_empty()
                || parts(bytes).iter().all(|part| !part.is_empty())
        }
        Grammar::Go | Grammar::Rust => true,
    }
}

/// Tells whether Python may register anything, by its code.
fn python(sure: &Sure, text: &str) -> bool {
    let code = &sure.plain.code[..];
    let is_given = |word: &Range<usize>| decorates(&code[..word.start]) || sure.is_given_function(word.end);
    let words = Gate::get().registers.iter().flat_map(|words| words.find_iter(code)).map(|word| word.range());
    if words.filter(|word| !is_defined(&code[..word.start])).any(|word| is_given(&word)) {
        return true;
    }
    let mut routes = routes(text.as_bytes()).into_iter().filter(|at| code[*at] == b'.');
    let opens = |at: usize| code[at..].iter().position(|byte| *byte == b'(').map(|open| at..at + open);
    routes.any(|at| opens(at).is_none_or(|word| is_given(&word)))
        || sure.runs() && !classes(code).is_empty()
        || sure.may_describe(text)
}

/// Returns where a script may register something, in order.
pub(super) fn places(text: &str) -> Places {
    let text = text.as_bytes();
    let mut calls: Vec<usize> = calls(text).chain(routes(text)).chain(classes(text)).collect();
    calls.sort_unstable();
    Places { calls, parts: parts(text) }
}

/// Yields where something is called, or decorates, that registers.
fn calls(text: &[u8]) -> impl Iterator<Item = usize> {
    let words = Gate::get().registers.iter().flat_map(|words| words.find_iter(text));
    words.map(|word| word.range()).filter(|word| is_registration(text, word)).map(|word| word.start)
}

/// Returns where routes do the same.
fn routes(text: &[u8]) -> Vec<usize> {
    let routes = Gate::get().routes.iter().flat_map(|routes| routes.find_iter(text));
    routes.map(|found| found.start()).collect()
}

/// Returns where classes stand that may be made of one of a tool.
fn classes(text: &[u8]) -> Vec<usize> {
    let made_of = |at: &usize| {
        let bases = &text[*at..text.len().min(at + BASES)];
        memmem::find_iter(bases, b"Tool").any(|at| !bases.get(at + 4).is_some_and(is_word))
    };
    let ends = |at: &usize| text.get(at + 5).is_some_and(u8::is_ascii_whitespace);
    memmem::find_iter(text, b"class").filter(ends).filter(made_of).collect()
}

/// Returns where records of a script hold names, schemas and what runs.
fn parts(text: &[u8]) -> [Vec<usize>; 3] {
    let gate = Gate::get();
    [&gate.names, &gate.schemas, &gate.runs].map(|of| {
        let found = of.iter().flat_map(|of| of.find_iter(text)).map(|found| found.start());
        found.filter(|at| is_part(&text[..*at])).collect()
    })
}

/// Tells whether a word behind this may be the name of a part of a record: that stands behind a bracket, a comma or a
/// comment.
fn is_part(before: &[u8]) -> bool {
    let mut rest = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before);
    loop {
        let lead = rest.trim_ascii_end();
        // A comment may end with its line.
        if rest[lead.len()..].iter().any(|byte| b"\r\n".contains(byte)) {
            return true;
        }
        let word = [&b"async"[..], b"get", b"set"].into_iter().find_map(|word| lead.strip_suffix(word));
        match (word, lead.last()) {
            (Some(more), _) if !more.last().is_some_and(is_word) => rest = more,
            (_, Some(last)) => return b"{,*/".contains(last) || !last.is_ascii_graphic(),
            (_, None) => return true,
        }
    }
}

fn is_registration(text: &[u8], word: &Range<usize>) -> bool {
    let before = &text[..word.start];
    if decorates(before) {
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
    match rest {
        [b'(', more @ ..] => may_register(&text[word.clone()], more),
        // The type of what is registered, or a comment.
        [b'<' | b'#', ..] | [b'/', b'/' | b'*', ..] => true,
        _ => false,
    }
}

/// Tells whether a call may register something by the arguments that stand behind its bracket.
fn may_register(name: &[u8], arguments: &[u8]) -> bool {
    if CALLED_TOO.contains(&name) && names_one(arguments) || is_method(arguments) {
        return false;
    }
    if let [b')', rest @ ..] = arguments.trim_ascii_start() {
        // `tool()(f)`, also with brackets around the first call.
        let rest = rest.iter().find(|byte| !(byte.is_ascii_whitespace() || b"\\)".contains(byte)));
        return rest.is_some_and(|next| b"(?!.</#".contains(next));
    }
    name != b"setRequestHandler" || handles(arguments)
}

/// Tells whether brackets are those of a method that is defined: a block begins behind its parameters, on the same line.
fn is_method(parameters: &[u8]) -> bool {
    let plain = |byte: &u8| is_word(byte) || byte.is_ascii_whitespace() || b"$,.".contains(byte);
    let end = parameters.iter().position(|byte| !plain(byte)).unwrap_or(parameters.len());
    let [b')', rest @ ..] = &parameters[end..] else { return false };
    rest.iter().find(|byte| !b" \t".contains(byte)) == Some(&b'{')
}

/// Tells whether what is handled may be what a client asks of a tool, by its name or text.
fn handles(arguments: &[u8]) -> bool {
    let first = arguments.trim_ascii_start();
    let (what, wanted): (_, &[&[u8]]) = match first {
        [quote @ (b'"' | b'\''), inner @ ..] => {
            let end = inner.iter().position(|byte| byte == quote || b"\\\n".contains(byte)).unwrap_or(0);
            (&first[..(end + 2).min(first.len())], &[b"/call", b"/read", b"/get", b"\\", b"\n"])
        }
        _ => {
            let in_way = |byte: &u8| is_word(byte) || b"$.".contains(byte);
            let end = first.iter().position(|byte| !in_way(byte)).unwrap_or(first.len());
            (&first[..end], &[b"CallTool", b"ReadResource", b"GetPrompt", b"Complete"])
        }
    };
    let ends = first[what.len()..].trim_ascii_start().first() == Some(&b',');
    what.is_empty() || !ends || wanted.iter().any(|word| memmem::find(what, word).is_some())
}

/// Tells whether a word behind this decorates.
fn decorates(before: &[u8]) -> bool {
    let before = &before[before.len().saturating_sub(DECORATOR)..];
    before.iter().rposition(|&byte| byte == b'@').is_some_and(|at| before[at + 1..].iter().all(in_name))
}

/// Tells whether a word behind this is the name of a function that begins there.
fn is_defined(before: &[u8]) -> bool {
    let lead = before.trim_ascii_end();
    lead.len() < before.len() && (lead.ends_with(b"def") || lead.ends_with(b"function"))
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
        ] {
            assert!(python(&format!("{text}\ndef a(): ...\ndef call(): ...")), "{text}");
        }
        for text in [
            "server.tool('a', f)",
            "server['tool']('a', f)",
            "server.tool?.('a', f)",
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
    fn what_a_script_defines_or_handles_otherwise_is_no_registration() {
        for text in [
            "class Server { tool(name, ...rest) { return this.add(name, rest); } }",
            "throw new Error('use registerTool() instead')",
            "this.setRequestHandler(PingRequestSchema, () => ({}));",
            "this.setRequestHandler(a.Qr, async (n) => n);",
            "this.setRequestHandler('logging/setLevel', f);",
            "handler.call(this, name, args, schema.parameters);",
            "x = run(name, 1); const a = { description: b, args: c };",
        ] {
            assert!(!script(text), "{text}");
        }
        for text in [
            "server.tool()(f)",
            "(server.tool() )(f)",
            "server.tool(f)\n{}",
            "server.setRequestHandler(types.CallToolRequestSchema, f)",
            "server.setRequestHandler('tools/call', f)",
            r"server.setRequestHandler('tools\x2fcall', f)",
            "server.setRequestHandler(schemas['call'], f)",
            "const a = { name, // b\n parameters, /* c */ async *run(x) {} }",
            "const a = { 'name': b, \"args\": c, get handler() {} }",
        ] {
            assert!(script(text), "{text}");
        }
    }

    #[test]
    fn python_that_gives_no_function_away_registers_nothing() {
        for text in [
            "'''Use @mcp.tool to register a tool (or add_tool(f)).'''\ndef f(): ...",
            "# @mcp.tool()\ndef f(): ...",
            "def test():\n    assert client.post('/mcp', json={'a': 1}).ok",
            "async def read(uri):\n    return await session.read_resource(str(uri), version=1)",
            "mcp.add_tool(other)\ndef f(): ...",
            "subprocess.run(args, name)\nschema = {'name': 1, 'args': 2}",
            "class Shell(BaseTool):\n    def apply(self, x): ...",
        ] {
            assert!(!python(text), "{text}");
        }
        for text in [
            "def f(): ...\nmcp.add_tool(self.f)",
            "mcp.tool('a')(lambda x: x)",
            "def f(): ...\n(mcp.tool # '\n ('a'))(f)",
            "def f(): ...\napp.post('/a', g(f))",
            "def f(): ...\nx = f'{mcp.add_tool(f)}'",
            "def f(): ...\nx = f\"{'\\\"'}\"; mcp.add_tool(f)",
            "def f(): ...\nTOOL = {'name': 1, b'args': 2, 'run': f}",
            "class Shell(BaseTool):\n    async def _arun(self, x): ...",
            "def ｆ(): ...\nmcp.add_tool(f)",
        ] {
            assert!(python(text), "{text}");
        }
    }

    #[test]
    fn places_are_where_it_is_registered() {
        let text = "const a = 1;\nserver.tool('a', f);\napp.get('/a', f);\nb = { run() {} };";
        let at = |word: &str| text.find(word).unwrap();
        let places = places(text);
        assert_eq!(places.calls, [at("tool"), at(".get")]);
        assert_eq!(places.parts, [vec![], vec![], vec![at("run")]]);
    }
}
