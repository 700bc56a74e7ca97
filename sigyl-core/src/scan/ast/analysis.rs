//! One file: parsed, lowered, followed.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::flow::{Links, Seen, follow};
use super::form::Form;
use super::handlers;
use super::lower;
use super::parse::{Grammar, parse};
use crate::domain::SkipKind;

/// Stack of the thread that reads one file: it may be nested as deeply as the bounds let it.
const STACK: usize = 64 << 20;

/// What one file came to.
#[derive(Debug, Default)]
pub(in crate::scan) struct Analysis {
    /// What was seen.
    pub(super) seen: Vec<Seen>,
    /// Why the file, or a part of it, was not looked at.
    pub(in crate::scan) gap: Option<Gap>,
}

/// Why something was not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Gap {
    /// The reason in words.
    pub(in crate::scan) why: String,
    /// Whether the same bytes come to the same: a bound does, a thread that could not be had does not.
    pub(in crate::scan) lasts: bool,
}

impl Gap {
    /// A bound that was met.
    pub(super) fn of_bound(why: impl Into<String>) -> Self {
        Self { why: why.into(), lasts: true }
    }

    /// Returns what a report calls it.
    pub(in crate::scan) fn kind(&self) -> SkipKind {
        if self.lasts { SkipKind::TooLarge } else { SkipKind::Unreadable }
    }
}

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

/// Analyses a file if it is of a language that is read and registers tools.
pub(in crate::scan) fn analyse(path: &str, text: &str) -> Analysis {
    let Some(grammar) = Grammar::of(path) else { return Analysis::default() };
    if !registers(text) {
        return Analysis::default();
    }
    let run = || one(grammar, text);
    on_large_stack(run).unwrap_or_else(|gap| Analysis { gap: Some(gap), ..Analysis::default() })
}

/// Tells whether a text may register tools.
pub(super) fn registers(text: &str) -> bool {
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let words = WORDS.get_or_init(|| AhoCorasick::new(MARKS).ok());
    words.as_ref().is_none_or(|words| words.is_match(text))
}

fn one(grammar: Grammar, text: &str) -> Analysis {
    let tree = match parse(grammar, text) {
        Ok(tree) => tree,
        Err(why) => return Analysis { gap: Some(Gap::of_bound(why)), ..Analysis::default() },
    };
    let form = lower(grammar, text, &tree, Form::default());
    let handlers = handlers::find(&form);
    if handlers.is_empty() {
        return Analysis { gap: form.cut.then(|| Gap::of_bound(DEEP)), ..Analysis::default() };
    }
    let flow = follow(&form, &handlers, Links::default());
    let gap = if form.cut {
        Some(Gap::of_bound(DEEP))
    } else {
        flow.cut.then(|| Gap::of_bound("it calls deeper, or takes more steps, than are followed"))
    };
    Analysis { seen: flow.seen, gap }
}

/// Lowers a file into a form that may hold others.
pub(super) fn lower(grammar: Grammar, text: &str, tree: &tree_sitter::Tree, form: Form) -> Form {
    match grammar {
        Grammar::Python => lower::python(text, tree, form),
        Grammar::Script | Grammar::Typed | Grammar::TypedMarkup => lower::script(text, tree, form),
    }
}

/// Runs something on a stack that is large enough for what the bounds let through.
pub(super) fn on_large_stack<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, Gap> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) => Err(Gap { why: "following it failed".to_owned(), lasts: false }),
            Err(error) => Err(Gap { why: format!("no thread for it: {error}"), lasts: false }),
        }
    })
}

const DEEP: &str = "a part of it is nested too deeply to be followed";
