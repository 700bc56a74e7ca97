//! What a handler gives to other files of its tree.

use crate::scan::ast::across;
use crate::scan::ast::tree_file::Made;
use crate::scan::language::Language;

/// Returns the paths in which something is seen, and why the rest was not followed.
fn followed(from: &str, files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let paths = files.iter().map(|(path, _)| *path).collect::<Vec<_>>();
    let text = |path: &str| {
        let known = files.iter().find(|(known, _)| *known == path);
        known.map(|(path, text)| ((*text).to_owned(), Language::of(path, text)))
    };
    let (reached, left) = across(&[from], &paths, &text, &Made::new());
    let reached = reached.into_iter().map(|reached| reached.path).collect();
    (reached, left.into_iter().map(|left| left.gap.why).collect())
}

fn script(names: &str, call: &str, helper: (&str, &str)) -> (Vec<String>, Vec<String>) {
    let main = format!("{names}\nserver.tool('a', {{}}, async ({{ x }}) => {{ {call}(x); }});\n");
    followed("main.js", &[("main.js", &main), helper])
}

const RUN: &str = "const { exec } = require('child_process');\n";

#[test]
fn a_script_is_followed_into_what_it_requires() {
    for (names, call, gives) in [
        ("const { run } = require('./helper.js');", "run", "module.exports = { run };"),
        ("const { run } = require('./helper');", "run", "exports.run = run;"),
        ("const { run: r } = require('./helper');", "r", "module.exports.run = run;"),
        ("const h = require('./helper.js');", "h.run", "exports.run = run;"),
        ("const run = require('./helper.js').run;", "run", "module.exports = { run };"),
        ("const h = require('./helper.js');", "h", "module.exports = run;"),
        ("const h = require('./helper.js');", "h", "exports = module.exports = run;"),
        ("import h from './helper.js';", "h", "export default run;"),
        ("import h from './helper.js';", "h", "export default function (x) { run(x); }"),
        ("import h from './helper.js';", "h.run", "export default { run };"),
        ("import { default as h } from './helper.js';", "h", "export { run as default };"),
        ("import { go } from './helper.js';", "go", "export { run as go };"),
        ("import * as h from './helper.js';", "h.default", "export default run;"),
        ("const h = await import('./helper.js');", "h.run", "export { run };"),
        ("const { default: h } = await import('./helper.js');", "h", "export default run;"),
        ("const h = require('./h' + 'elper.js');", "h.run", "exports.run = run;"),
        ("const h = require(path.join(__dirname, 'helper.js'));", "h.run", "exports.run = run;"),
        ("const load = require; const h = load('./helper.js');", "h.run", "exports.run = run;"),
        ("var helper_1 = require('./helper');", "(0, helper_1.run)", "exports.run = run;"),
        (
            "var helper_1 = __importDefault(require('./helper'));",
            "(0, helper_1.default)",
            "exports.default = run;",
        ),
        ("import h from './helper.js';", "new h().run", "export default class H { run(x) { exec(x); } }"),
        ("import { h } from './helper.js';", "h.run", "export const h = { run };"),
        ("import { run } from './h\\x65lper.js';", "run", "export { run };"),
    ] {
        let helper = format!("{RUN}function run(x) {{ exec(x); }}\n{gives}\n");
        let found = script(names, call, ("helper.js", &helper));
        assert_eq!(found, (vec!["helper.js".to_owned()], Vec::new()), "{names} {gives}");
    }
    let then = "server.tool('a', {}, ({ x }) => { import('./helper.js').then((m) => m.run(x)); });";
    let helper = format!("{RUN}export function run(x) {{ exec(x); }}\n");
    assert_eq!(followed("main.js", &[("main.js", then), ("helper.js", &helper)]).0, ["helper.js"]);
    let safe = script("const h = require('./helper.js');", "h.other", ("helper.js", &helper));
    assert_eq!(safe, (Vec::new(), Vec::new()));
}

#[test]
fn what_a_script_requires_runs_whatever_it_is_called() {
    let helper = format!("{RUN}exports.run = (x) => exec(x);\n");
    for (name, path) in [
        ("./helper.abc", "helper.abc"),
        ("./helper", "helper"),
        ("./helper.txt", "helper.txt"),
        ("./lib", "lib/index.js"),
        ("./lib/", "lib/index.cjs"),
        ("@/helper", "src/helper.js"),
    ] {
        let names = format!("const h = require('{name}');");
        assert_eq!(script(&names, "h.run", (path, &helper)).0, [path], "{name}");
    }
    let main = "const h = require('./lib');\nserver.tool('a', {}, ({ x }) => { h.run(x); });\n";
    let package = ("lib/package.json", r#"{"main": "z.js"}"#);
    assert_eq!(followed("main.js", &[("main.js", main), package, ("lib/z.js", &helper)]).0, ["lib/z.js"]);
}

#[test]
fn what_hands_on_another_file_is_followed_through() {
    let inner = format!("{RUN}export function run(x) {{ exec(x); }}\n");
    for middle in [
        "export * from './inner.js';",
        "export { run } from './inner.js';",
        "import { run } from './inner.js'; export { run };",
        "module.exports = require('./inner.js');",
        "module.exports = { ...require('./inner.js') };",
        "__exportStar(require('./inner.js'), exports);",
    ] {
        let main = "import { run } from './middle.js';\nserver.tool('a', {}, ({ x }) => { run(x); });\n";
        let files = [("main.js", main), ("middle.js", middle), ("inner.js", &inner)];
        assert_eq!(followed("main.js", &files), (vec!["inner.js".to_owned()], Vec::new()), "{middle}");
    }
    // A file that is named by two others runs before either.
    let main = "import { run } from './inner.js';\nimport { go } from './middle.js';\n\
                server.tool('a', {}, ({ x }) => { go(x); });\n";
    let middle = "import { run } from './inner.js';\nexport const go = (x) => run(x);\n";
    assert_eq!(
        followed("main.js", &[("main.js", main), ("middle.js", middle), ("inner.js", &inner)]).0,
        ["inner.js"]
    );
}

#[test]
fn python_is_followed_wherever_it_imports() {
    let run = "import os\ndef run(x):\n    os.system(x)\n";
    let tool = |imports: &str, call: &str| {
        format!(
            "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('a')\n{imports}\n@mcp.tool()\ndef f(c: str):\n    return {call}(c)\n"
        )
    };
    for (imports, call) in [
        ("try:\n    from helper import run\nexcept ImportError:\n    run = None", "run"),
        ("if True:\n    from helper import run\nelse:\n    pass", "run"),
        ("from helper import *", "run"),
        ("import importlib\nh = importlib.import_module('helper')", "h.run"),
        ("h = __import__('helper')", "h.run"),
        ("with open('a') as f:\n    import helper as h", "h.run"),
    ] {
        let main = tool(imports, call);
        let found = followed("main.py", &[("main.py", &main), ("helper.py", run)]);
        assert_eq!(found, (vec!["helper.py".to_owned()], Vec::new()), "{imports}");
    }
    for (imports, call) in [
        ("import pkg.helper", "pkg.helper.run"),
        ("import pkg \\\n  .helper", "pkg.helper.run"),
        ("from pkg import helper", "helper.run"),
    ] {
        let main = tool(imports, call);
        for init in [&[("pkg/__init__.py", "")][..], &[]] {
            let files = [&[("main.py", main.as_str()), ("pkg/helper.py", run)], init].concat();
            assert_eq!(followed("main.py", &files).0, ["pkg/helper.py"], "{imports}");
        }
    }
    let inner = "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('a')\n@mcp.tool()\ndef f(c: str):\n    from helper import run\n    return run(c)\n";
    assert_eq!(followed("main.py", &[("main.py", inner), ("helper.py", run)]).0, ["helper.py"]);
    let main = format!("#!/usr/bin/env python3\n{}", tool("from helper import run", "run"));
    assert_eq!(followed("main", &[("main", &main), ("helper.py", run)]).0, ["helper.py"]);
}

#[test]
fn a_name_for_others_is_none_in_the_file_itself() {
    let helper = format!(
        "{RUN}function run(x) {{ exec(x); }}\nfunction e(x) {{ return x; }}\nexport const go = (x) => e(x);\nexport {{ run as e }};\n"
    );
    assert_eq!(script("import { go } from './helper.js';", "go", ("helper.js", &helper)).0, [""; 0]);
    assert_eq!(script("import { e } from './helper.js';", "e", ("helper.js", &helper)).0, ["helper.js"]);
}

#[test]
fn a_tool_of_another_file_is_followed_from_where_it_is_registered() {
    let helper = format!("{RUN}export const run = ({{ x }}) => {{ exec(x); }};\n");
    for names in ["import { run } from './helper.js';", "const { run } = require('./helper.js');"] {
        let main = format!("{names}\nserver.tool('a', {{}}, run);\n");
        assert_eq!(
            followed("main.js", &[("main.js", &main), ("helper.js", &helper)]).0,
            ["helper.js"],
            "{names}"
        );
    }
    let wrap = "export const wrap = (f) => (args) => f(args);\n";
    let main = format!(
        "{RUN}import {{ wrap }} from './wrap.js';\nfunction run({{ x }}) {{ exec(x); }}\nserver.tool('a', {{}}, wrap(run));\n"
    );
    assert_eq!(followed("main.js", &[("main.js", &main), ("wrap.js", wrap)]).0, ["main.js"]);
}

#[test]
fn what_is_named_and_not_there_is_told() {
    let left = |names: &str| script(names, "h.run", ("other.js", "")).1.join("\n");
    assert!(left("const h = require('./helper.js');").contains("`./helper.js`"));
    assert!(left("const h = require(process.argv[2]);").contains("made when it runs"));
    for fine in [
        "const h = readFile('./h.dat');",
        "const h = require('fs');",
        "import h from './h.json';",
        "import './style.css';",
    ] {
        assert_eq!(left(fine), "", "{fine}");
    }
}

#[test]
fn all_names_of_a_module_from_elsewhere_are_known() {
    let seen = |text: &str| super::seen("a.py", &format!("mcp = FastMCP('a')\n{text}"));
    let tool = "@mcp.tool()\ndef f(c: str):\n    system(c)\n";
    assert_eq!(seen(&format!("from os import *\n{tool}")), [super::Weakness::Command]);
    assert_eq!(seen(tool), []);
    assert_eq!(seen(&format!("from math import *\n{tool}")), []);
}

const PYTHON: &str = "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('a')\n";
const HANDLER: &str = "@mcp.tool()\ndef f(c: str):\n    return run(c)\n";

#[test]
fn all_names_of_a_module_are_those_that_python_takes() {
    let run = ("run.py", "import os\ndef run(x):\n    os.system(x)\n");
    let safe = "def run(x):\n    return x\n";
    let main = format!("{PYTHON}from run import run\nfrom safe import *\n{HANDLER}");
    let listed = format!("__all__ = ['other']\n{safe}");
    let found = |safe: &str| followed("main.py", &[("main.py", &main), run, ("safe.py", safe)]).0;
    assert_eq!(found(&listed), ["run.py"], "what is not listed replaces nothing");
    assert!(found(safe).is_empty());
    let private = "import os\ndef _run(x):\n    os.system(x)\n";
    let main =
        format!("{PYTHON}def _run(c): return c\nfrom bad import *\n{}", HANDLER.replace("run(c)", "_run(c)"));
    assert!(followed("main.py", &[("main.py", &main), ("bad.py", private)]).0.is_empty());
}

#[test]
fn what_is_only_mentioned_keeps_nothing_out() {
    let mut main = String::new();
    (0..30).for_each(|at| main.push_str(&format!("log('./d{at}.js');\nrequire('./e{at}.js');\n")));
    main.push_str("import { run } from './mid.js';\nserver.tool('a', {}, async ({ x }) => { run(x); });\n");
    let names = (0..30).flat_map(|at| [format!("d{at}.js"), format!("e{at}.js")]).collect::<Vec<_>>();
    let mut files: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), "export const a = 1;")).collect();
    let end = format!("{RUN}export function go(x) {{ exec(x); }}");
    files.extend([
        ("main.js", main.as_str()),
        ("mid.js", "import { go } from './end.js';\nexport function run(x) { go(x); }"),
    ]);
    files.push(("end.js", &end));
    let (found, told) = followed("main.js", &files);
    assert_eq!(found, ["end.js"]);
    assert!(!told.is_empty(), "that the others were not followed is told");
}

#[test]
fn a_flood_of_imports_ends_soon() {
    let names: String = (0..2_000).map(|at| format!("def n{at}(x): return x\n")).collect();
    let stars = "from many import *\n".repeat(3_000);
    let main = format!("{PYTHON}{stars}{HANDLER}");
    let begun = std::time::Instant::now();
    followed("main.py", &[("main.py", &main), ("many.py", &names)]);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn what_is_data_by_its_ending_is_no_code() {
    let seen = |name: &str| {
        let main =
            format!("server.tool('a', {{}}, async ({{ c }}) => {{ await import(`./t/${{c}}{name}`); }});\n");
        super::analyse("main.js", &main).seen.len()
    };
    assert_eq!((seen(".json"), seen(".js")), (0, 1));
}

#[test]
fn a_folder_that_is_named_again_and_again_is_read_once() {
    let main = format!(
        "{}const h = require('./p');\nserver.tool('a', {{}}, async ({{ x }}) => {{ h.run(x); }});\n",
        "require('./p');\n".repeat(300)
    );
    let read = std::sync::atomic::AtomicUsize::new(0);
    let helper = format!("{RUN}exports.run = (x) => exec(x);");
    let text = |path: &str| {
        let text = match path {
            "main.js" => main.clone(),
            "p/package.json" => {
                read.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                "{\"main\": \"x.js\"}".to_owned()
            }
            _ => helper.clone(),
        };
        Some((text, Language::Script))
    };
    let (reached, _) = across(&["main.js"], &["main.js", "p/package.json", "p/x.js"], &text, &Made::new());
    assert_eq!(reached.into_iter().map(|reached| reached.path).collect::<Vec<_>>(), ["p/x.js"]);
    assert_eq!(read.into_inner(), 1);
}
