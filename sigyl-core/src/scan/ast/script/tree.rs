//! Scripts in JavaScript, by a parser that is far faster than the one of the other languages.
//!
//! Its tree becomes the same list that the other one gives, with the same kinds and fields. What it refuses, and what is
//! nested deeply, is left to the other: this one has no bound of its own, see [`super::nesting`].

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::SourceType;

use super::nesting::is_shallow;
use super::nodes::Nodes;
use super::words::{FIELDS, KINDS};
use crate::scan::ast::syntax::{Syntax, Words};

/// Bytes that are kept for the next script.
const ARENA: usize = 32 << 20;

thread_local! {
    static SPACE: RefCell<Allocator> = RefCell::new(Allocator::default());
}

/// Parses a script; returns nothing of one that is left to the other parser.
pub(in crate::scan::ast) fn script(text: &str) -> Option<Syntax> {
    if !is_shallow(text) {
        return None;
    }
    // A parser that fails on what nobody thought of must not be the end of a scan.
    catch_unwind(AssertUnwindSafe(|| within_space(text))).ok().flatten()
}

fn within_space(text: &str) -> Option<Syntax> {
    let mut space = SPACE.take();
    let syntax = parse(&space, text);
    space.reset();
    if space.capacity() <= ARENA {
        SPACE.set(space);
    }
    syntax
}

fn parse(space: &Allocator, text: &str) -> Option<Syntax> {
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    let parsed = Parser::new(space, text, SourceType::unambiguous()).with_options(options).parse();
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        return None;
    }
    Nodes::of(text, &parsed.program, words())
}

fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| Words::named(KINDS, FIELDS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::ast::analysis::on_large_stack;
    use crate::scan::ast::form::Form;
    use crate::scan::ast::lower;
    use crate::scan::ast::parse::{Grammar, parse_slowly};

    /// Both trees come to the same form.
    fn same(text: &str) {
        let fast = script(text).unwrap_or_else(|| panic!("refused: {text}"));
        let slow = parse_slowly(Grammar::Script, text, text.len()).unwrap();
        let form = |syntax: &Syntax| format!("{:#?}", lower::script(text, syntax, Form::default()));
        let (fast, slow) = (form(&fast), form(&slow));
        if let Some((at, (one, other))) =
            fast.lines().zip(slow.lines()).enumerate().find(|(_, (one, other))| one != other)
        {
            let near =
                |form: &str| form.lines().skip(at.saturating_sub(12)).take(16).collect::<Vec<_>>().join("\n");
            panic!("{text}\n{one}\n{other}\n--- fast\n{}\n--- slow\n{}", near(&fast), near(&slow));
        }
        assert_eq!(fast, slow, "{text}");
    }

    #[test]
    fn both_parsers_come_to_the_same() {
        for text in [
            "#!/usr/bin/env node\n'use strict';\nvar a = 1, b;\nlet { c, d: [e = 2, ...f], ...g } = h;\n",
            "import a, { b as c, default as d } from 'e';\nimport * as f from \"g\";\nimport 'h';\n",
            "export * from 'a';\nexport * as b from 'c';\nexport { d, e as f };\nexport { default as g } from 'h';\n",
            "export default function a() {}\nexport const b = 1;\nexport class C {}\nexport function* d() {}\n",
            "export default function () { return 1 }\n",
            "export default class {}\n",
            "export default async (a) => { await b(a); };\n",
            "function* a() { const b = yield c; yield* d; }\nasync function e() { for await (const f of g) h(f); }\n",
            "class A extends B.C { static d = 1; #e = () => 2; f = (g) => g; constructor(h) { super(h); this.#e(); }\n get i() { return 1; } set i(j) {} static async *k() {} ['l']() {} 'm'() {} 1() {} static { n(); } }\n",
            "const a = { b, c: 1, 'd': 2, 3: 4, ['e']: 5, [f]: 6, g() {}, get h() { return 1; }, async i() {}, ...j };\n",
            "if (a) b(); else if (c) { d(); } else e();\nfor (var i = 0; i < 3; i++) f(i);\nfor (;;) { break; }\nfor (const k in l) continue;\nfor (m of n) o(m);\nwhile (p) q();\ndo { r(); } while (s);\n",
            "switch (a) { case 1: case 'b': c(); break; default: d(); }\ntry { a(); } catch (e) { b(e); } finally { c(); }\ntry { a() } catch { b() }\nx: for (;;) { continue x; }\n",
            "throw new Error(`a${b}c\\n${d(`e`)}`);\n",
            "a = b ? c : d, e += f, g ??= h, i ||= j;\nk.l = m?.n?.[o]?.(p);\n[q, r.s] = [t, ...u];\n({ v, w: x.y = 1, ...z } = aa);\n",
            "a + b + c * d - e ** f;\na && b || c; c ?? d;\na == b; a !== b; a in b; a instanceof b; a < b; a >= b; a /* + */ | /* | */ b;\n",
            "!a; -b; typeof c; void 0; delete d.e; f++; --g.h; undefined; null; true; false; this.i;\n",
            "new A; new B(c, ...d); new E.F().g(); import('h'); import(`./${i}`).then((j) => j.k); function l() { new.target; } import.meta.url;\n",
            "a(function (b) { return b; }, async function c() {}, function* () {}, class {}, class D {});\n",
            "const a = /[/]b\\/c/gi.exec(d), e = f / g / h;\n",
            "((a, { b, c: d = 1 } = {}, [e], ...f) => a + b)(1);\ng => h;\nasync i => j;\n",
            "a`b${c}d`;\na.b`c`;\n(0, a.b)(c);\n(function () { d(); })();\n(() => {})();\n",
            "const \u{e9}t\u{e9} = '\\x41\\u{42}\\\n';\n",
            "label: { a(); }\n;;\ndebugger;\nreturn;\n",
            "var a = function b() {}, c = async () => {}, d = class E {};\n",
            "a\n  .b()\n  .c(d)\n// e\n  .f; // g\n/* h */ i;\n",
            "1_000; 0x1f; 1n; .5; 1e3; 'a\\'b'; \"\\n\";\n",
        ] {
            same(text);
        }
    }

    #[test]
    fn what_is_no_script_is_left_to_the_other_parser() {
        for text in
            ["const a: string = 1;", "a(", "@b class A {}", "<a>b</a>", "enum A { B }", "using a = b;"]
        {
            assert!(script(text).is_none(), "{text}");
        }
    }

    /// What nests, and what looks as if it did or did not.
    const NESTS: &[&str] = &[
        "(",
        "[",
        "{",
        "a(",
        "!",
        "- ",
        "typeof ",
        "await ",
        "new ",
        "a?",
        "a?b:",
        "a=>",
        "(a)=>",
        "a=",
        "a**",
        "if(a)",
        "if(a);else ",
        "for(;;)",
        "while(a)",
        "a:",
        "do ",
        "`${",
        "(a=",
        "async a=>",
        "yield ",
        "x=class extends ",
        "a:if(b)",
        "++",
        "x={a:",
        "f(function(){",
        "with(a)",
        "[a]=[",
        "({a}={b:",
        "a\n=>\n",
        "(')',",
        "(/[)]/,",
        "(`)`,",
        "{'}';",
        "(/*)*/",
        "a.b().c",
        "a+",
        "a||",
        "a,",
        "a[b].c`d`",
        "a?.b",
        "'a'+",
        "x=class A extends B<C<",
        "x as A<B<",
        "a<b<",
        "async(",
        "async(a,",
        "(a,(",
        "({a=1}=",
        "()=>(",
        "import(",
        "export default ",
        "case 1:",
        "a;",
        "function f(){}",
        "}",
        ")",
        "/a/,",
        "a/",
        "\u{feff}(",
        "\u{200b}(",
        "-->",
        "<!--",
        "\\u0061(",
        "@a(",
        "#a in ",
        "let ",
        "static{",
        "class A{a=",
        "class{[",
        "...",
        "a\n(",
        "return/(/",
    ];

    #[test]
    fn nothing_that_is_nested_ends_the_process() {
        let run = || {
            for nest in NESTS {
                let text = nest.repeat((256 << 10) / nest.len());
                script(&text);
                script(&format!("function* f(){{{text}"));
            }
        };
        assert!(on_large_stack(run).is_ok());
    }
}
