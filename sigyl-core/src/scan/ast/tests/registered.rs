//! Tools that are registered under other names, or by way of something else.

use super::{Weakness, seen};

fn script(text: &str) -> Vec<Weakness> {
    let head = "import { exec } from 'child_process';\nimport { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';\n";
    let head = format!(
        "{head}const server = new McpServer({{ name: 'a' }});\nfunction run({{ x }}) {{ exec(x); }}\n"
    );
    seen("a.ts", &format!("{head}{text}"))
}

fn python(text: &str) -> Vec<Weakness> {
    let head = "import os\nfrom mcp.server.fastmcp import FastMCP\nmcp = FastMCP('a')\ndef f(c: str):\n    os.system(c)\n";
    seen("a.py", &format!("{head}{text}"))
}

#[test]
fn a_script_registers_by_any_name() {
    for text in [
        "server['tool']('a', {}, run);",
        "server['to' + 'ol']('a', {}, run);",
        "(0, server.tool)('a', {}, run);",
        "(server.tool as any)('a', {}, run);",
        "server.tool.call(server, 'a', {}, run);",
        "server.tool.apply(server, ['a', {}, run]);",
        "Reflect.apply(server.tool, server, ['a', {}, run]);",
        "const add = server.tool.bind(server); add('a', {}, run);",
        "const { tool } = server; tool('a', {}, run);",
        "const g = run; server.tool('a', {}, g);",
        "const g = run.bind(null); server.tool('a', {}, g);",
        "const all = { a: run }; for (const [n, f] of Object.entries(all)) server.tool(n, {}, f);",
        "const all = [run]; all.forEach((f) => server.tool('a', {}, f));",
        "const add = (s, f) => s.tool('a', {}, f); add(server, run);",
        "export function register(s) { const g = run; s.tool('a', {}, g); }",
        "const wrap = (f) => (args) => f(args); server.tool('a', {}, wrap(run));",
        "const tool = { ['name']: 'a', ['inputSchema']: {}, ['execute']: run };",
        "const g = run; const tool = { name: 'a', inputSchema: {}, execute: g };",
        "const tool = { name: 'a', inputSchema: {}, async execute<T>({ x }) { exec(x); } };",
        "class A { go({ x }) { exec(x); } }\nconst a = new A(); const go = a.go.bind(a); server.tool('a', {}, go);",
        "const T: any = server; T.tool('a', {}, (0, run));",
        "server.\\u0074ool('a', {}, run);",
    ] {
        assert_eq!(script(text), [Weakness::Command], "{text}");
    }
    for text in ["run;", "server.tool('a', {}, other);", "client.tool; const g = run; other('a', {}, g);"] {
        assert_eq!(script(text), [], "{text}");
    }
}

#[test]
fn a_request_is_answered_by_any_name_of_its_schema() {
    let of = |schema: &str| {
        let run = "const run = async (r) => { exec(r.params.arguments.x); };\n";
        script(&format!("{schema}{run}const g = run;\nserver.setRequestHandler(S, g);\n"))
    };
    for schema in [
        "import { CallToolRequestSchema as S } from '@modelcontextprotocol/sdk/types.js';\n",
        "const S = CallToolRequestSchema;\n",
        "const S = 'tools' + '/call';\n",
        "const S = pick();\n",
    ] {
        assert_eq!(of(schema), [Weakness::Command], "{schema}");
    }
    assert_eq!(of("import { ListToolsRequestSchema as S } from '@modelcontextprotocol/sdk/types.js';\n"), []);
}

#[test]
fn python_registers_by_any_name() {
    for text in [
        "g = f\nmcp.add_tool(g)\n",
        "g = lambda c: os.system(c)\nmcp.add_tool(g)\n",
        "add = mcp.add_tool\nadd(f)\n",
        "getattr(mcp, 'tool')()(f)\n",
        "getattr(mcp, 'add_' + 'tool')(f)\n",
        "from functools import partial\nmcp.add_tool(partial(f))\n",
        "for g in [f]:\n    mcp.add_tool(g)\n",
        "def main():\n    g = f\n    mcp.add_tool(g)\n",
        "class Sh(BaseTool):\n    _run = f\n",
        "tools = {'a': f}\nfor n, g in tools.items():\n    mcp.tool(name=n)(g)\n",
    ] {
        assert_eq!(python(text), [Weakness::Command], "{text}");
    }
    assert_eq!(python("g = f\nmcp.other(g)\n"), []);
}

#[test]
fn what_is_bound_before_counts() {
    for body in [
        "from functools import partial\n    g = partial(subprocess.run, shell=True)\n    g(c)\n",
        "g = functools.partial(subprocess.run, c)\n    g(shell=True)\n",
    ] {
        let text = format!(
            "import subprocess, functools\nmcp = FastMCP('a')\n@mcp.tool()\ndef f(c: str):\n    {body}"
        );
        assert_eq!(seen("a.py", &text), [Weakness::Command], "{body}");
    }
    for body in [
        "exec.call(null, x)",
        "exec.apply(null, [x])",
        "exec.bind(null, x)()",
        "Reflect.apply(exec, null, [x])",
    ] {
        assert_eq!(
            script(&format!("server.tool('a', {{}}, async ({{ x }}) => {{ {body}; }});")),
            [Weakness::Command],
            "{body}"
        );
    }
}
