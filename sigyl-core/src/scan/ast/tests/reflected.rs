//! What is reached by its name as a text, or is handed to something that calls it.

use super::{Weakness, python, seen};

fn script(body: &str) -> Vec<Weakness> {
    let head = "import cp, { exec } from 'node:child_process';\nimport * as ns from 'child_process';\n";
    let mut all = seen("a.ts", &format!("{head}server.tool('a', {{}}, async ({{ x }}) => {{ {body} }});\n"));
    all.dedup();
    all
}

#[test]
fn a_script_reaches_a_command_by_any_way() {
    for body in [
        "ns.default.exec(x);",
        "Reflect.get(cp, 'exec')(x);",
        "Object.values({ a: exec })[0](x);",
        "[exec].forEach((f) => f(x));",
        "const m = new Map([['r', exec]]); m.get('r')(x);",
        "class R { get f() { return exec; } } new R().f(x);",
        "function f() { exec(arguments[0]); } f(x);",
        "await Promise.resolve(x).then(exec);",
        "setTimeout(exec, 0, x);",
        "process.nextTick(exec, x);",
        "process.getBuiltinModule('child_process').exec(x);",
        "process.mainModule.require('child_process').exec(x);",
        "process.binding('spawn_sync').spawn({ file: '/bin/sh', args: ['sh', '-c', x] });",
        "createRequire(import.meta.url)('child_process').exec(x);",
        "const p = cp.spawn('sh'); p.stdin.write(x);",
        "const p = exec('sh'); p.stdin.end(x);",
        "const b = exec.bind(cp, x); b();",
        "cp[pick()](x);",
        "const g = (function* () { yield x; })(); for (const c of g) exec(c);",
        "[x].map(exec);",
    ] {
        assert_eq!(script(body), [Weakness::Command], "{body}");
    }
    for body in [
        "(() => {}).constructor(x)();",
        "[].constructor.constructor(x)();",
        "''['constructor']['constructor'](x)();",
        "Reflect.construct(Function, [x])();",
        "Function.prototype.constructor(x)();",
        "new Worker(x, { eval: true });",
        "import('vm').then((v) => v.runInThisContext(x));",
    ] {
        assert_eq!(script(body), [Weakness::Code], "{body}");
    }
    for body in [
        "const p = cp.spawn('python3', ['a.py']); p.stdin.write(x);",
        "[x].map(String);",
        "setTimeout(done, 0, x);",
        "new this.constructor(x);",
        "promisify(exec); log(x);",
        "new Worker('a.js', { workerData: x });",
        "const m = new Map([['r', exec]]); m.get('r')('ls');",
    ] {
        assert_eq!(script(body), [], "{body}");
    }
}

#[test]
fn python_reaches_a_command_by_any_way() {
    let mut missed = Vec::new();
    for body in [
        "getattr(os, chr(115) + 'ystem')(a)",
        "os.__dict__['system'](a)",
        "vars(os)['system'](a)",
        "os.__getattribute__('system')(a)",
        "operator.attrgetter('system')(os)(a)",
        "operator.methodcaller('system', a)(os)",
        "sys.modules['os'].system(a)",
        "globals()['os'].system(a)",
        "globals()['o' + 's'].system(a)",
        "functools.partial(os.system, a)()",
        "list(map(os.system, [a]))",
        "dict(r=os.system)['r'](a)",
        "c = d = os.system; d(a)",
        "subprocess.run(['sh'], input=a.encode())",
        "p = subprocess.Popen(['sh'], stdin=subprocess.PIPE)\np.communicate(a.encode())",
        "threading.Timer(0, os.system, [a]).start()",
        "match a:\n    case z:\n        os.system(z)",
        "match {'a': a}:\n    case {'a': z}:\n        os.system(z)",
        "class A:\n    def __call__(self, z): os.system(z)\nA()(a)",
        "class A:\n    r = staticmethod(os.system)\nA.r(a)",
        "class A:\n    @property\n    def r(self): return os.system\nA().r(a)",
        "def g():\n    yield a\nfor c in g():\n    os.system(c)",
        "ctypes.CDLL(None).system(a.encode())",
    ] {
        let mut all = python(body);
        all.dedup();
        if all != [Weakness::Command] {
            missed.push(body);
        }
    }
    assert_eq!(missed, [""; 0]);
    for body in ["__builtins__['eval'](a)", "builtins.__dict__['eval'](a)", "__builtins__.eval(a)"] {
        assert_eq!(python(body), [Weakness::Code], "{body}");
    }
    for body in [
        "subprocess.run(['python3', 'a.py'], input=a)",
        "getattr(os, name)('ls')",
        "list(map(str, [a]))",
        "match a:\n    case 'ls':\n        os.system(a)",
        "match a:\n    case 'ls':\n        os.system(a)\n    case other:\n        print(len(other))",
    ] {
        assert_eq!(python(body), [], "{body}");
    }
}
