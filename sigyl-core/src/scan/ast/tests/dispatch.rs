//! Servers that read JSON-RPC themselves.

use super::{Weakness, seen};

/// Returns what is surely seen in a script, each once.
fn script(text: &str) -> Vec<Weakness> {
    let mut found = seen("server.js", &format!("const {{ exec }} = require('child_process');\n{text}"));
    found.dedup();
    found
}

fn python(text: &str) -> Vec<Weakness> {
    let mut found = seen("server.py", &format!("import json, os, sys\n{text}"));
    found.dedup();
    found
}

#[test]
fn whoever_asks_for_the_method_is_given_what_a_client_says() {
    for text in [
        "rl.on('line', (line) => {\n  const m = JSON.parse(line);\n  if (m.method === 'tools/call') exec('ls ' + m.params.arguments.path);\n});",
        "function handle({ id, method, params }) {\n  switch (method) {\n    case 'tools/call': return exec(params.arguments.cmd);\n  }\n}",
        "async function call(args) { exec('ls ' + args.path); }\nfunction handle(request) {\n  const { method, params } = request;\n  if (method === 'tools/call') return call(params.arguments);\n}",
        "const CALL = 'tools/call';\nfunction handle(method, params, reply) { if (method == CALL) exec(params.arguments.x); }",
        "const M = { CALL: 'tools/call' };\nfunction handle(m) { if (m.method === M.CALL) { const { name, arguments: a } = m.params; exec(a.x); } }",
        "const methods = { 'initialize': () => ({}), 'tools/call': async (p) => exec(p.arguments.x) };",
        "const methods = {};\nmethods['tools/call'] = (params) => exec(params.arguments.x);",
        "rpc.addMethod('tools/call', ({ name, arguments: a }) => exec(a.x));",
        "http.createServer((req, res) => {\n  let body = '';\n  req.on('data', (c) => { body += c; });\n  req.on('end', () => {\n    const { method, params } = JSON.parse(body);\n    if (method === 'tools/call') exec(params.arguments.x);\n  });\n});",
        "for (const line of fs.readFileSync(0, 'utf8').split('\\n')) {\n  const m = JSON.parse(line);\n  if (m.method === 'tools/call') exec(m.params.arguments.x);\n}",
        "const answer = { jsonrpc: '2.0', tools };\nfunction handle(m) { if (m.method.endsWith('/call')) exec(m.params.arguments.x); }",
        "class Server { async handle(m) { if (m.method === 'tools/call') return this.call(m.params); }\n  call(p) { return exec(p.arguments.x); } }",
    ] {
        assert_eq!(script(text), [Weakness::Command], "{text}");
    }
    for text in [
        "def handle(req):\n    if req.get('method') == 'tools/call':\n        os.system(req['params']['arguments']['x'])\n",
        "for line in sys.stdin:\n    req = json.loads(line)\n    if req['method'] == 'tools/call':\n        os.system(req['params']['arguments']['x'])\n",
        "def main():\n    while True:\n        req = json.loads(sys.stdin.readline())\n        params = req.get('params', {})\n        if req['method'] in ('tools/call',):\n            os.system(params.get('arguments', {}).get('x'))\n",
        "def run(args):\n    os.system(args['x'])\ndef handle(method, params):\n    match method:\n        case 'tools/call':\n            return run(params['arguments'])\n",
        "def call(params):\n    os.system(params['arguments']['x'])\nHANDLERS = {'initialize': None, 'tools/call': call}\n",
        "@rpc.method('tools/call')\ndef call(params):\n    os.system(params['arguments']['x'])\n",
        "class Server:\n    def handle(self, message):\n        if message['method'] == 'tools/call':\n            return self.call(message['params'])\n    def call(self, params):\n        os.system(params['arguments']['x'])\n",
    ] {
        assert_eq!(python(text), [Weakness::Command], "{text}");
    }
}

#[test]
fn a_client_a_check_and_what_a_message_does_not_say_are_no_weakness() {
    for text in [
        "async function call(name, args) { return send({ jsonrpc: '2.0', method: 'tools/call', params: { name, arguments: args } }); }\nfunction other(x) { exec(x); }",
        "function handle(m) { if (m.method === 'tools/call') exec('ls'); }",
        "function handle(m) {\n  if (m.method !== 'tools/call') return;\n  const x = m.params.arguments.x;\n  if (!['a', 'b'].includes(x)) return;\n  exec('ls ' + x);\n}",
        "function handle(m, config) { if (m.method === 'tools/call') exec(config.command); }",
    ] {
        assert_eq!(script(text), [], "{text}");
    }
    for text in [
        "def call(args):\n    send({'method': 'tools/call', 'params': {'arguments': args}})\ndef other(x):\n    os.system(x)\n",
        "def handle(req):\n    if req['method'] == 'tools/call':\n        os.system('ls %d' % int(req['params']['arguments']['n']))\n",
        // A whole server.
        "import logging\nTOOLS = [{'name': 'add', 'description': 'Adds.', 'inputSchema': {'type': 'object'}}]\ndef add(a, b):\n    return a + b\ndef answer(id, result):\n    sys.stdout.write(json.dumps({'jsonrpc': '2.0', 'id': id, 'result': result}) + '\\n')\n    sys.stdout.flush()\ndef main():\n    while True:\n        line = sys.stdin.readline()\n        req = json.loads(line)\n        method = req.get('method')\n        if method == 'initialize':\n            answer(req['id'], {'capabilities': {}})\n        elif method == 'tools/list':\n            answer(req['id'], {'tools': TOOLS})\n        elif method == 'tools/call':\n            params = req.get('params', {})\n            args = params.get('arguments', {})\n            if params.get('name') == 'add':\n                answer(req['id'], {'content': [{'type': 'text', 'text': str(add(args['a'], args['b']))}]})\n            else:\n                answer(req['id'], {'isError': True})\nmain()\n",
    ] {
        assert_eq!(python(text), [], "{text}");
    }
}

#[test]
fn what_only_stands_beside_a_message_is_not_the_clients() {
    for text in [
        "function start(command, args) { const p = spawn(command, args, { shell: true }); p.stdout.on('data', (line) => { if (JSON.parse(line).method === 'tools/call') count++; }); }",
        "const span = { name: 'tools/call' };\nfunction deploy(target) { if (target.name === 'prod') exec('deploy ' + target.host); }",
        "var e = 'tools/call';\nfunction b(e, n) { if (e === n) return; exec('git ' + n); }",
        "rpc.request('tools/call', { name: 'a' }, (err, result) => exec('open ' + result.url));",
        "test('tools/call', async ({ dir }) => exec('ls ' + dir));",
        "connection.onRequest(({ params }) => { if (params.command === 'open') exec('open ' + params.arguments[0]); });\nsend({ jsonrpc: '2.0' });",
        "app.use((req, res, next) => { if (req.body.method === 'tools/call') exec('log ' + req.user.id); next(); });",
    ] {
        assert_eq!(script(text), [], "{text}");
    }
    for text in [
        "def proxy(command):\n    os.popen(command)\n    for line in sys.stdin:\n        if json.loads(line).get('method') == 'tools/call':\n            print(line)\n",
        "@pytest.mark.parametrize('method', ['tools/call', 'tools/list'])\ndef test_it(method, workdir):\n    os.system('ls ' + workdir)\n",
        "for line in sys.stdin:\n    req = json.loads(line)\n    if req['method'] == 'tools/call':\n        if req['params']['arguments']['x'] not in ('a', 'b'):\n            continue\n        os.system('ls ' + req['params']['arguments']['x'])\n",
        "def main():\n    for tool in TOOLS:\n        tool['description'] = tool['description'].strip()\n    for line in sys.stdin:\n        req = json.loads(line)\n        if req['method'] == 'tools/call':\n            print(req)\n",
        "from mcp.server import Server\nserver = Server('x')\nclass Tools:\n    def tool_status(self):\n        return self.run('git status')\n    def run(self, cmd):\n        return os.popen(cmd)\ntools = Tools()\n@server.call_tool()\nasync def call(name, arguments):\n    return getattr(tools, f'tool_{name}')(**arguments)\n",
    ] {
        assert_eq!(python(text), [], "{text}");
    }
}

#[test]
fn messages_are_read_in_every_usual_shape() {
    for text in [
        "function handle({ method, params: { name, arguments: a } }) { if (method === 'tools/call') exec(a.x); }",
        "const answer = { jsonrpc: '2.0', tools };\nfunction call({ params }) { exec(params.arguments.x); }",
        "const methods = new Map([['tools/call', (p) => exec(p.arguments.x)]]);",
    ] {
        assert_eq!(script(text), [Weakness::Command], "{text}");
    }
    for text in [
        "class Server:\n    def tools_call(self, params):\n        os.system(params['arguments']['x'])\n    def answer(self):\n        return dict(jsonrpc='2.0', tools=[])\n",
        "@app.route('/mcp')\ndef mcp():\n    m = request.get_json()\n    if m['method'] == 'tools/call':\n        os.system(m['params']['arguments']['x'])\n",
        "TOOLS = {}\ndef register(name):\n    def keep(f):\n        TOOLS[name] = f\n        return f\n    return keep\n@register('ls')\ndef ls(path):\n    os.system('ls ' + path)\nfor line in sys.stdin:\n    req = json.loads(line)\n    if req['method'] == 'tools/call':\n        TOOLS[req['params']['name']](**req['params']['arguments'])\n",
    ] {
        assert!(python(text).contains(&Weakness::Command), "{text}");
    }
    let filler = "function filler(a){return a+'}{'}".repeat(12_000);
    let text = format!(
        "const answer = {{ jsonrpc: '2.0', tools }};\n{filler}\nrl.on('line', (l) => {{ const m = JSON.parse(l); if (m.method.endsWith('/call')) exec(m.params.arguments.x); }});"
    );
    assert_eq!(script(&text), [Weakness::Command], "a large bundle");
}

#[test]
fn languages_that_tell_types_are_read_alike() {
    let go = |body: &str| {
        let mut found = seen(
            "main.go",
            &format!(
                "package main\nimport (\n\t\"encoding/json\"\n\t\"os/exec\"\n)\ntype Request struct {{\n\tMethod string\n\tParams json.RawMessage\n}}\ntype Call struct {{\n\tName string\n\tArguments map[string]string\n}}\n{body}"
            ),
        );
        found.dedup();
        found
    };
    for text in [
        "func handle(req *Request) {\n\tswitch req.Method {\n\tcase \"tools/call\":\n\t\tvar call Call\n\t\tjson.Unmarshal(req.Params, &call)\n\t\texec.Command(\"sh\", \"-c\", call.Arguments[\"x\"]).Run()\n\t}\n}",
        "func run(params json.RawMessage) {\n\tvar call Call\n\tjson.Unmarshal(params, &call)\n\texec.Command(\"sh\", \"-c\", call.Arguments[\"x\"]).Run()\n}\nfunc main() {\n\tscanner := bufio.NewScanner(os.Stdin)\n\tfor scanner.Scan() {\n\t\tvar req Request\n\t\tjson.Unmarshal(scanner.Bytes(), &req)\n\t\tif req.Method == \"tools/call\" {\n\t\t\trun(req.Params)\n\t\t}\n\t}\n}",
    ] {
        assert_eq!(go(text), [Weakness::Command], "{text}");
    }
    let rust = |body: &str| {
        let mut found =
            seen("main.rs", &format!("use std::process::Command;\nuse serde_json::{{json, Value}};\n{body}"));
        found.dedup();
        found
    };
    for text in [
        "fn handle(request: &Value) -> Value {\n    match request[\"method\"].as_str() {\n        Some(\"tools/call\") => {\n            let x = request[\"params\"][\"arguments\"][\"x\"].as_str().unwrap();\n            Command::new(\"sh\").arg(\"-c\").arg(x).output().unwrap();\n            json!({})\n        }\n        _ => json!({}),\n    }\n}",
        "fn run(params: &Value) {\n    let x = params[\"arguments\"][\"x\"].as_str().unwrap();\n    Command::new(\"sh\").arg(\"-c\").arg(x).output().unwrap();\n}\nfn main() {\n    for line in std::io::stdin().lines() {\n        let request: Request = serde_json::from_str(&line.unwrap()).unwrap();\n        if request.method == \"tools/call\" {\n            run(&request.params);\n        }\n    }\n}",
    ] {
        assert_eq!(rust(text), [Weakness::Command], "{text}");
    }
}

#[test]
fn a_table_that_the_file_fills_is_read_by_the_name_that_a_caller_gives() {
    let head = "from mcp.server import Server\nserver = Server('x')\n";
    for text in [
        "TOOLS = {}\ndef register(name):\n    def keep(f):\n        TOOLS[name] = f\n        return f\n    return keep\n@register('ls')\ndef ls(path):\n    os.system('ls ' + path)\n@server.call_tool()\nasync def call(name, arguments):\n    return TOOLS[name](**arguments)\n",
        "TOOLS = {}\ndef keep(f):\n    TOOLS[f.__name__] = f\n    return f\n@keep\ndef ls(path):\n    os.system('ls ' + path)\n@server.call_tool()\nasync def call(name, arguments):\n    return TOOLS.get(name)(**arguments)\n",
        "class Registry:\n    def __init__(self):\n        self.tools = {}\n    def register(self, name):\n        def keep(f):\n            self.tools[name] = f\n            return f\n        return keep\nregistry = Registry()\n@registry.register('ls')\ndef ls(path):\n    os.system('ls ' + path)\n@server.call_tool()\nasync def call(name, arguments):\n    return registry.tools[name](**arguments)\n",
        "class Api:\n    def ls(self, path):\n        os.system('ls ' + path)\napi = Api()\n@server.call_tool()\nasync def call(name, arguments):\n    return getattr(api, name)(**arguments)\n",
        "class Shell:\n    name = 'shell'\n    description = 'Lists'\n    input_schema = {}\n    async def execute(self, arguments):\n        os.system('ls ' + arguments['path'])\nTOOLS = {t.name: t for t in [Shell()]}\n@server.call_tool()\nasync def call(name, arguments):\n    return await TOOLS[name].execute(arguments)\n",
    ] {
        let found: Vec<_> =
            python(&format!("{head}{text}")).into_iter().filter(|one| *one == Weakness::Command).collect();
        assert_eq!(found, [Weakness::Command], "{text}");
    }
    let text = "class Ls { name = 'ls'; description = 'Lists'; inputSchema = {}; call(args) { return exec('ls ' + args.path); } }\nconst server = new Server();\nserver.setRequestHandler(CallToolRequestSchema, async (request) => tools.find((t) => t.name === request.params.name).call(request.params.arguments));";
    assert_eq!(script(text), [Weakness::Command]);
    let text = "class Api { ls(args) { return exec('ls ' + args.path); } }\nconst api = new Api();\nserver.setRequestHandler(CallToolRequestSchema, async (request) => api[request.params.name](request.params.arguments));";
    assert!(script(text).contains(&Weakness::Command));
}

#[test]
fn a_shell_of_another_machine_or_in_a_template_is_a_shell() {
    for (head, body) in [
        ("import paramiko\n", "c = paramiko.SSHClient()\n    c.exec_command('ls ' + a)"),
        ("from fabric import Connection\n", "Connection('h').run('ls ' + a)"),
    ] {
        let text = format!(
            "{head}from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('x')\n@mcp.tool()\ndef tool(a: str):\n    {body}\n"
        );
        assert_eq!(python(&text), [Weakness::Command], "{text}");
    }
    for (head, body, found) in [
        ("import { $ } from 'zx';\n", "$`bash -c ${a}`", true),
        ("import { $ } from 'zx';\n", "$`ls -- ${a}`", false),
        ("", "new Deno.Command('sh', { args: ['-c', a] }).output()", true),
        ("", "new Deno.Command('ls', { args: ['--', a] }).output()", false),
    ] {
        let text = format!("{head}server.tool('x', {{}}, async ({{ a }}) => {{ await {body}; }});");
        assert_eq!(script(&text).contains(&Weakness::Command), found, "{text}");
    }
}
