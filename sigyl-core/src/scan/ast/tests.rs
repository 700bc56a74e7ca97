//! Whole files through the whole analysis.
#![cfg(test)]

mod across;
mod dispatch;
mod excused;
mod go;
mod reflected;
mod registered;
mod rust;

use super::Analysis;
use super::analysis::of_parts;
use super::flow::{Grade, Weakness};
use super::gate::registers;
use super::near::{Near, near};
use super::parse::Grammar;
use super::tree_file::Made;
use crate::scan::language::Language;

fn analyse(path: &str, text: &str) -> Analysis {
    super::analyse(path, Language::of(path, text), text)
}

/// Returns what is surely seen in a server in Python with these lines in its tool.
fn python(body: &str) -> Vec<Weakness> {
    let lines = body.lines().map(|line| format!("    {line}\n")).collect::<String>();
    let head = "import os, re, subprocess, requests\nfrom pathlib import Path\nmcp = FastMCP('a')\nROOT = Path('/srv').resolve()\n";
    seen("a.py", &format!("{head}@mcp.tool()\ndef tool(a: str, b: str, n: int):\n{lines}"))
}

/// Returns what is surely seen in a file that is followed whole, each once.
fn sure(path: &str, text: &str) -> Vec<Weakness> {
    // What a sample leaves out stands in another file.
    let gap = analyse(path, text).gap.filter(|gap| !gap.why.contains("other files of the package"));
    assert_eq!(gap, None);
    let mut found = seen(path, text);
    found.dedup();
    found
}

fn seen(path: &str, text: &str) -> Vec<Weakness> {
    let analysis = analyse(path, text);
    let sure = analysis.seen.iter().filter(|seen| seen.grade == Grade::Sure);
    sure.map(|seen| seen.weakness).collect()
}

#[test]
fn names_are_followed_as_their_language_reads_them() {
    for body in ["os.ｓystem(a)", "𝓸𝓼.system(a)", "ꜰ = os\nos.ſystem(a)", "__import__('os').sy\u{2e2}tem(a)"]
    {
        assert_eq!(python(body), [Weakness::Command], "{body}");
    }
    assert_eq!(python("return ｅval(a)"), [Weakness::Code]);
    for code in ["\\u0065val(c)", "ev\\u{61}l(c)", "globalThis.\\u{65}val(c)", "globalThis['\\u{65}val'](c)"]
    {
        let text = format!("server.tool('a', {{}}, async ({{ c }}) => {{ {code} }});\n");
        assert_eq!(seen("a.js", &text), [Weakness::Code], "{code}");
    }
}

#[test]
fn values_are_followed_through_what_holds_them() {
    for body in [
        "c = 'ls ' + a\nos.system(c)",
        "c = {'x': a}\nos.system(c['x'])",
        "c = []\nc.append(a)\nos.system(' '.join(c))",
        "for c in [a, b]:\n    os.system(c)",
        "os.system('ls %s' % a)",
        "os.system('ls {}'.format(a))",
        "os.system(a.strip().lower())",
        "c, d = a, b\nos.system(d)",
        "if n:\n    c = a\nelse:\n    c = 'x'\nos.system(c)",
        "try:\n    c = a\nexcept Exception:\n    c = ''\nos.system(c)",
        "run = lambda c: os.system(c)\nrun(a)",
        "os.system(*[a])",
        "getattr(os, 'system')(a)",
        "__import__('os').system(a)",
        "with open('x') as f:\n    os.system(a)",
        "subprocess.run(['bash', '-c', a])",
        "subprocess.run(args=a, shell=True)",
        "[os.system(c) for c in a.split(',')]",
    ] {
        assert_eq!(python(body), [Weakness::Command], "{body}");
    }
}

#[test]
fn what_is_made_sure_of_cuts_the_way() {
    for body in [
        "os.system('ls')",
        "os.system(f'ls {n}')",
        "os.system('head -n ' + str(int(a)))",
        "if a not in ('x', 'y'):\n    return\nos.system(a)",
        "if a in ['x', 'y']:\n    os.system(a)",
        "if not re.fullmatch('[a-z]+', a):\n    raise ValueError(a)\nos.system(a)",
        "c = {'x': 'ls', 'y': 'ps'}[a]\nos.system(c)",
        "c = {'x': 'ls'}.get(a, 'ps')\nos.system(c)",
        "assert a in ('x', 'y')\nos.system(a)",
        "ok = False\nfor c in NAMES:\n    if a in ('x', 'y'):\n        ok = True\n        break\nif not ok:\n    return\nos.system(a)",
        "c = re.sub('[^a-z]', '', a)\nos.system(c)",
        "return\nos.system(a)",
    ] {
        assert_eq!(python(body), [], "{body}");
    }
}

#[test]
fn what_only_looks_like_a_check_does_not() {
    for body in [
        "if a in ('x', 'y'):\n    pass\nos.system(a)",
        "if b not in ('x', 'y'):\n    return\nos.system(a)",
        "os.system(a)\nif a not in ('x', 'y'):\n    return",
        "if a.split()[0] not in ('x', 'y'):\n    return\nos.system(a)",
        "if re.match('[a-z]+', a):\n    os.system(a)",
        "if not re.fullmatch('.*', a):\n    return\nos.system(a)",
        "if 'rm' in a:\n    return\nos.system(a)",
        "if a not in ('x', 'y'):\n    a = 'x; ' + b\nos.system(a)",
        "if a == 'x':\n    b = 'y'\nos.system(a)",
        "ok = True\nif a in ('x', 'y'):\n    ok = True\nif not ok:\n    return\nos.system(a)",
    ] {
        assert_eq!(python(body), [Weakness::Command], "{body}");
    }
}

#[test]
fn a_check_in_a_function_of_the_file_counts_as_what_it_does() {
    let server = |check: &str| {
        let head = "import os\nmcp = FastMCP('a')\n";
        let tool = "@mcp.tool()\ndef tool(a: str):\n    if not check(a):\n        return\n    os.system(a)\n";
        seen("a.py", &format!("{head}def check(x):\n{check}\n{tool}"))
    };
    assert_eq!(server("    return x in ('a', 'b')"), []);
    assert_eq!(server("    if x not in ('a', 'b'):\n        return False\n    return True"), []);
    assert_eq!(server("    return True"), [Weakness::Command]);
    assert_eq!(server("    if x in ('a', 'b'):\n        return False\n    return True"), [Weakness::Command]);
}

#[test]
fn a_sink_that_no_handler_reaches_is_none() {
    let text = "import os\nmcp = FastMCP('a')\ndef old(a):\n    os.system(a)\n@mcp.tool()\ndef tool(a: str):\n    return a\n";
    assert_eq!(seen("a.py", text), []);
    assert_eq!(seen("a.py", "import os\n# FastMCP\ndef tool(a):\n    os.system(a)\n"), []);
}

#[test]
fn every_way_to_register_a_tool_is_known() {
    let script = |text: &str| seen("a.ts", &format!("import {{ exec }} from 'child_process';\n{text}"));
    for text in [
        "server.tool('a', { x: z.string() }, async ({ x }) => { exec(x); });",
        "server.registerTool('a', { inputSchema: { x: z.string() } }, async (args, extra) => { exec(args.x); });",
        "server.setRequestHandler(CallToolRequestSchema, async (request) => {\n  const { name, arguments: args } = request.params;\n  switch (name) {\n    case 'a': return run(args.x);\n    default: throw new Error();\n  }\n});\nfunction run(x: string) { exec(x); }",
        "class S { constructor() { this.server.setRequestHandler(CallToolRequestSchema, async (r) => this.run(r.params.arguments)); }\n  run(args: any) { exec(args.x); } }",
        "server.addTool({ name: 'a', parameters: z.object({ x: z.string() }), execute: async (args) => { exec(args.x); } });",
        "const handler = async (args: any) => { exec(args.x); };\nserver.tool('a', {}, handler);",
    ] {
        assert_eq!(script(text), [Weakness::Command], "{text}");
    }
    let python = |text: &str| seen("a.py", &format!("import os\nmcp = FastMCP('a')\n{text}"));
    for text in [
        "@mcp.tool\ndef a(x: str):\n    os.system(x)\n",
        "@mcp.tool(name='a')\nasync def a(x: str):\n    os.system(x)\n",
        "@server.call_tool()\nasync def call(name: str, arguments: dict):\n    if name == 'a':\n        os.system(arguments['x'])\n",
        "def a(x: str):\n    os.system(x)\nmcp.tool()(a)\n",
        "def a(x: str):\n    os.system(x)\nmcp.add_tool(a)\n",
        "class T:\n    def __init__(self, mcp):\n        mcp.tool()(self.a)\n    def a(self, x: str):\n        os.system(x)\n",
        "def make(mcp):\n    @mcp.tool()\n    def a(x: str):\n        os.system(x)\n",
    ] {
        assert_eq!(python(text), [Weakness::Command], "{text}");
    }
}

#[test]
fn schemas_that_leave_no_room_make_an_argument_safe() {
    let tool = |schema: &str| {
        let head = "import { exec } from 'child_process';\n";
        seen(
            "a.ts",
            &format!(
                "{head}server.tool('a', {{ x: {schema} }}, async ({{ x }}) => {{ exec(`ls ${{x}}`); }});"
            ),
        )
    };
    for schema in
        ["z.number()", "z.enum(['a', 'b'])", "z.enum(['a']).optional()", "z.string().regex(/^[a-z]+$/)"]
    {
        assert_eq!(tool(schema), [], "{schema}");
    }
    for schema in ["z.string()", "z.string().url()", "z.string().regex(/[a-z]+/)", "z.string().min(1)"] {
        assert_eq!(tool(schema), [Weakness::Command], "{schema}");
    }
}

#[test]
fn statements_in_statements_without_blocks_are_read_within_bounds() {
    for one in ["a:", "if(a)", "while(a)", "for(;;)", "for(a of b)"] {
        let text = format!("server.tool('a', {{}}, (x) => {{ {} f(x); }});", one.repeat(20_000));
        assert!(analyse("a.ts", &text).gap.is_some(), "{one}");
    }
}

#[test]
fn deep_and_long_code_is_read_within_bounds() {
    let deep = 20_000;
    for (path, text) in [
        ("a.py", format!("mcp.tool(\nx = {}1{}\n", "(".repeat(deep), ")".repeat(deep))),
        ("a.py", format!("FastMCP.tool(f)\nx = {}1\n", "1 + ".repeat(deep))),
        ("a.py", format!("FastMCP.tool(f)\nif a:\n  b\n{}", "elif a:\n  b\n".repeat(deep))),
        ("a.py", format!("FastMCP\n@mcp.tool()\ndef t(a):\n    x = a{}\n", ".b()".repeat(deep))),
        ("a.ts", format!("server.tool(f);\nlet x = {}1{}", "[".repeat(deep), "]".repeat(deep))),
        ("a.ts", format!("server.tool(f);\n{}", "if (a) {} else ".repeat(deep))),
        ("a.js", format!("server.tool(f);\n{}", "f(() => {".repeat(deep))),
        ("a.js", format!("server.tool(f);\nlet x = {}1", "a ? b : ".repeat(deep))),
    ] {
        let analysis = analyse(path, &text);
        assert_eq!(analysis.seen, [], "{}", &text[..20]);
    }
    let wide = |of: &str| format!("[{}]", format!("{of}, ").repeat(48));
    let grown = format!(
        "FastMCP\n@mcp.tool()\ndef t(a):\n    b = {}\n    c = {}\n    d = {}\n    e = {}\n{}    os.system(e)\n",
        wide("a"),
        wide("b"),
        wide("c"),
        wide("d"),
        "    f(e)\n".repeat(3_000)
    );
    assert_eq!(analyse("a.py", &grown).seen.len(), 1);
    let nested = format!("server.tool(f);\nlet x = {}1{}", "[".repeat(400), "]".repeat(400));
    assert!(analyse("a.ts", &nested).gap.is_some_and(|gap| gap.why.contains("too deeply")));
    let large = format!("server.tool(f);\n{}", "a();\n".repeat(super::parse::BYTES / 5 + 1));
    assert!(analyse("a.ts", &large).gap.is_some_and(|gap| gap.why.contains("are parsed")));
}

#[test]
fn what_is_not_followed_into_other_files_is_told() {
    let left = |files: &[(String, String)]| {
        let paths = files.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>();
        let text = |path: &str| {
            files
                .iter()
                .find(|(known, _)| known == path)
                .map(|(path, text)| (text.clone(), Language::of(path, text)))
        };
        super::across(&["main.py"], &paths, &text, &Made::new()).1
    };
    let main = |imports: &str| {
        let text = format!(
            "from mcp.server.fastmcp import FastMCP\n{imports}\nmcp = FastMCP('a')\n@mcp.tool()\ndef tool(a: str):\n    return a\n"
        );
        ("main.py".to_owned(), text)
    };
    let module = |number: usize| (format!("m{number}.py"), format!("def f{number}(a):\n    return a\n"));
    let of = |count: usize| {
        let imports = (0..count).map(|number| format!("from m{number} import f{number}"));
        let main = main(&imports.collect::<Vec<_>>().join("\n"));
        std::iter::once(main).chain((0..count).map(module)).collect::<Vec<_>>()
    };
    assert_eq!(left(&of(15)), []);
    let many = left(&of(16));
    assert_eq!((many.len(), many[0].path.as_str()), (1, "main.py"));
    let mut large = of(1);
    large[1].1.push_str(&"# a long comment\n".repeat(30_000));
    assert!(left(&large)[0].gap.why.contains("larger ones"));
    let far = |(number, next): (usize, usize)| (format!("m{number}.py"), format!("from m{next} import f\n"));
    let chain = |length: usize| {
        let steps = (0..length).map(|number| far((number, number + 1)));
        std::iter::once(main("from m0 import f")).chain(steps).chain([module(length)]).collect::<Vec<_>>()
    };
    assert_eq!(left(&chain(2)), []);
    assert!(left(&chain(3))[0].gap.why.contains("by way of"));
}

#[test]
fn what_a_handler_gives_is_followed_into_other_files() {
    let tree = |files: &[(&str, &str)]| {
        let paths = files.iter().map(|(path, _)| *path).collect::<Vec<_>>();
        let text = |path: &str| {
            files
                .iter()
                .find(|(known, _)| *known == path)
                .map(|(path, text)| ((*text).to_owned(), Language::of(path, text)))
        };
        let (reached, left) = super::across(&paths, &paths, &text, &Made::new());
        assert_eq!(left, []);
        let one = |reached: super::across::Reached| {
            let at = reached.analysis.seen[0].span;
            (reached.path, reached.text[at.start as usize..at.end as usize].to_owned())
        };
        reached.into_iter().map(one).collect::<Vec<_>>()
    };
    let run = ("app/tools/run.py", "import os\n\ndef run(c):\n    os.system(c)\n");
    let found = [("app/tools/run.py".to_owned(), "os.system(c)".to_owned())];
    for import in [
        "from .tools.run import run",
        "from app.tools.run import run",
        "from .tools import run as m\nrun = m.run",
    ] {
        let main = format!(
            "from mcp.server.fastmcp import FastMCP\n{import}\nmcp = FastMCP('a')\n@mcp.tool()\ndef tool(a: str):\n    run('ls ' + a)\n"
        );
        assert_eq!(
            tree(&[("app/main.py", main.as_str()), run, ("app/tools/__init__.py", "")]),
            found,
            "{import}"
        );
    }
    let safe =
        "from .tools.run import run\nmcp = FastMCP('a')\n@mcp.tool()\ndef tool(a: str):\n    run('ls')\n";
    assert_eq!(tree(&[("app/main.py", safe), run]), []);
    let main =
        "import { run } from './lib/run.js';\nserver.tool('a', { x: z.string() }, async ({ x }) => run(x));";
    let other = "import { exec } from 'child_process';\nexport function run(c: string) { exec(c); }\n";
    let found = [("src/lib/run.ts".to_owned(), "exec(c)".to_owned())];
    assert_eq!(tree(&[("src/index.ts", main), ("src/lib/run.ts", other)]), found);
}

#[test]
fn what_a_caller_names_like_a_part_of_an_address_is_an_argument() {
    let script = |schema: &str| {
        let head = "import { execFile } from 'child_process';\n";
        let tool = format!(
            "server.tool('a', {{ host: {schema} }}, async ({{ host }}) => {{ execFile('ping', ['-c', '1', host]); }});"
        );
        seen("a.ts", &format!("{head}{tool}"))
    };
    assert_eq!(script("z.string()"), [Weakness::Option]);
    assert_eq!(script("z.string().regex(/^[a-z0-9.]+$/)"), []);
    let query = "import sqlite3\n@server.call_tool()\nasync def call(name: str, arguments: dict):\n    query = arguments['query']\n    if query not in ('a', 'b'):\n        return\n    os.system('ls ' + query)\n";
    assert_eq!(seen("a.py", query), []);
}

#[test]
fn names_without_an_import_are_known_where_they_stand_for_one_thing() {
    let tool = |body: &str| seen("a.py", &format!("@mcp.tool()\ndef tool(a: str):\n    {body}\n"));
    assert_eq!(tool("Popen(a, shell=True)"), [Weakness::Command]);
    assert_eq!(tool("Environment().from_string(a)"), [Weakness::Template]);
    assert_eq!(
        tool("if urlparse(a).hostname == 'x.example.com':\n        requests.get(a, allow_redirects=False)"),
        []
    );
    let script = "server.tool('a', { x: z.string() }, async ({ x }) => { execSync(`ls ${x}`); });";
    assert_eq!(seen("a.ts", script), [Weakness::Command]);
}

/// Yields the files that rules prove themselves with.
fn samples() -> impl Iterator<Item = (String, String)> {
    let proofs = crate::scan::rules::samples().unwrap().into_values();
    let files = proofs.flat_map(|proof| proof.hits.into_iter().chain(proof.misses));
    files.flat_map(|(path, texts)| texts.into_iter().map(move |text| (path.clone(), text)))
}

#[test]
fn what_is_not_parsed_registers_nothing() {
    let mut parsed = 0;
    for (path, text) in samples() {
        let Some(grammar) = Grammar::of(&path) else { continue };
        let text = format!("{text}\n{} modelcontextprotocol", if path.ends_with("py") { "#" } else { "//" });
        let whole = of_parts(grammar, &text, &Near::default());
        if registers(grammar, &text) {
            parsed += 1;
        } else {
            assert!(!whole.starts, "{path}: {text}");
        }
    }
    assert!(parsed > 40, "{parsed}");
}

#[test]
fn what_is_left_out_of_a_script_changes_nothing_that_is_seen() {
    let mut apart = 0;
    for (path, text) in samples() {
        let is_script =
            |grammar: &Grammar| matches!(grammar, Grammar::Script | Grammar::Typed | Grammar::TypedMarkup);
        let Some(grammar) = Grammar::of(&path).filter(is_script) else { continue };
        // The middle of a large file, with much that no tool comes to.
        let text =
            format!("function before(a) {{ return a; }}\n{text}\nfunction behind(a) {{ return a; }}\n");
        let Some(near) = near(&text).filter(|near| !near.parts.is_empty()) else { continue };
        assert!(
            !near.cut && near.parts.iter().all(|part| !text[part.clone()].contains("return a;")),
            "{text}"
        );
        let (some, all) = (of_parts(grammar, &text, &near), of_parts(grammar, &text, &Near::default()));
        assert_eq!(some.seen, all.seen, "{path}: {text}");
        apart += 1;
    }
    assert!(apart > 20, "{apart}");
}

#[test]
fn a_value_is_what_the_same_condition_left_of_it() {
    let server = |between: &str, condition: &str| {
        let text = format!(
            "import {{ execSync }} from 'child_process';\nclass D {{\n  async run(o) {{\n    this.old = Boolean(await api.info(o.name));\n    \
             const made = this.old ? await this.again(o.name) : await this.fresh();\n    {between}\n    \
             if ({condition}) {{ execSync(`git remote add ${{made.name}}`); }}\n  }}\n  async again(name) {{ return {{ name }}; }}\n  \
             async fresh() {{ const r = await api.create(); return {{ name: r.name }}; }}\n}}\nconst d = new D();\n\
             server.tool('a', {{ name: z.string() }}, async (o) => {{ await d.run(o); }});"
        );
        seen("a.js", &text)
    };
    for condition in ["!this.old", "!this.old && made", "made && !this.old"] {
        assert_eq!(server("", condition), [], "{condition}");
    }
    for (between, condition) in
        [("", "this.old"), ("", "made"), ("", "!this.old || made"), ("this.old = false;", "!this.old")]
    {
        assert_eq!(server(between, condition), [Weakness::Command], "{between} {condition}");
    }
}

#[test]
fn what_stands_behind_a_function_that_only_fails_is_reached_by_nobody() {
    let of = |fail: &str, body: &str| {
        let head = "import os\nfrom pathlib import Path\nmcp = FastMCP('a')\nROOT = Path('/srv').resolve()\n";
        seen("a.py", &format!("{head}{fail}\n@mcp.tool()\ndef tool(a: str):\n{body}"))
    };
    let fails = "def fail(text):\n    raise ValueError(text)\n";
    let inside = "    p = (ROOT / a).resolve()\n    try:\n        p.relative_to(ROOT)\n    except ValueError:\n        fail('no')\n    open(p)\n";
    assert_eq!(of(fails, inside), []);
    assert_eq!(of("def fail(text):\n    print(text)\n", inside), [Weakness::Path]);
    assert_eq!(of(fails, "    if a not in ('x', 'y'):\n        fail(a)\n    os.system(a)\n"), []);
    // Where its value is taken, another may stand in its place.
    assert_eq!(of(fails, "    b = a or fail('none')\n    os.system(b)\n"), [Weakness::Command]);
    let method = "class B:\n    def check(self, a):\n        raise NotImplementedError\nb = B()\n";
    assert_eq!(of(method, "    b.check(a)\n    os.system(a)\n"), [Weakness::Command]);
    let mends = "def maybe(text):\n    if text:\n        raise ValueError(text)\n";
    assert_eq!(of(mends, "    maybe('')\n    os.system(a)\n"), [Weakness::Command]);
}

#[test]
fn an_expression_that_fixes_the_host_of_an_address_does() {
    let of = |check: &str| python(&format!("if not {check}:\n    raise ValueError(a)\nrequests.get(a)"));
    for check in [
        r"re.match(r'^https?://docs\.acme\.io/', a)",
        r"re.match(r'https://docs\.acme\.io/', a)",
        r"any(re.match(known, a) for known in [r'^https://docs\.acme\.io/'])",
        r"any(re.match(known, a) for known in [r'^https://docs\.acme\.io/', r'^https://api\.acme\.io/'])",
    ] {
        assert_eq!(of(check), [], "{check}");
    }
    for check in [
        r"re.match(r'^https?://docs.acme.io/', a)",
        r"re.match(r'^https?://docs\.acme\.io', a)",
        r"re.search(r'https://docs\.acme\.io/', a)",
        r"re.match(r'^https?://.*\.acme\.io/', a)",
        r"re.match(r'^https?://', a)",
        r"any(re.match(known, a) for known in [r'^https://docs\.acme\.io/', r'^https://.*/'])",
    ] {
        assert_eq!(of(check), [Weakness::Address], "{check}");
    }
}

#[test]
fn what_is_veiled_first_is_no_secret_in_a_log_and_what_is_made_anew_no_tool() {
    let of = |body: &str| {
        let head = "import logging, os\nmcp = FastMCP('a')\ndef redact(t):\n    return t[:4] + '...'\ndef shown(t):\n    return t[:4]\n";
        let mut all = seen("a.py", &format!("{head}@mcp.tool()\ndef tool(token: str):\n{body}"));
        // What else a log may come to is judged apart.
        all.retain(|weakness| *weakness != Weakness::Line);
        all
    };
    assert_eq!(of("    logging.info('token %s', redact(token))\n"), []);
    assert_eq!(of("    logging.info('token %s', shown(token))\n"), [Weakness::Logged]);
    assert_eq!(
        of("    def inner():\n        pass\n    inner.__doc__ = tool.__doc__\n    return inner()\n"),
        []
    );
    assert_eq!(of("    tool.__doc__ = 'Reads notes.'\n"), [Weakness::ChangingTool]);
    assert_eq!(of("    open('/proc/1/cgroup').read()\n"), []);
    assert_eq!(of("    open('/proc/1/environ').read()\n"), [Weakness::SystemFile]);
}

#[test]
fn a_choice_of_fixed_texts_is_known_in_a_bundle_too() {
    let of = |make: &str| {
        let text = format!(
            "import {{ readFileSync as r }} from 'fs';\nfunction oe(e, t) {{\n  const n = e;\n  {make}\n}}\n\
             server.registerTool('a', {{ inputSchema: ve({{ api: oe(['x', 'y']).describe('which') }}) }}, async (n) => r(`d/${{n.api}}.md`));"
        );
        seen("a.js", &text)
    };
    assert_eq!(of("return new dr({ type: 'enum', entries: n, ...N(t) });"), []);
    assert_eq!(of("return new dr({ type: 'string', ...N(t) });"), [Weakness::Path]);
}
