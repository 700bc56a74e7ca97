//! One file: parsed, lowered, followed.

use std::sync::Arc;

use super::dispatch::speaks;
use super::flow::{Links, Seen, follow};
use super::form::Form;
use super::gate::registers;
use super::handlers;
use super::joined::Joined;
use super::lower;
use super::near::{LARGE, Near, near};
use super::parse::{Grammar, parse, parse_part};
use super::session;
use super::syntax::Syntax;
use super::tree_file::Parsed;
use crate::domain::SkipKind;
use crate::scan::language::Language;
use crate::scan::roomy;

/// What one file came to.
#[derive(Debug, Default)]
pub(in crate::scan) struct Analysis {
    /// What was seen.
    pub(super) seen: Vec<Seen>,
    /// Why the file, or a part of it, was not looked at.
    pub(in crate::scan) gap: Option<Gap>,
    /// Whether it registers something, so that what flows from it into other files has to be followed.
    pub(in crate::scan) starts: bool,
    /// Its syntax tree, where the whole of it was parsed and has to be followed.
    pub(in crate::scan) tree: Option<Parsed>,
}

/// Why something was not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Gap {
    /// The reason in words.
    pub(in crate::scan) why: String,
    /// What a report calls it. A bound comes to the same with the same bytes; a thread that could not be had does not.
    pub(in crate::scan) kind: SkipKind,
}

impl Gap {
    /// A bound that was met before everything was looked at.
    pub(super) fn of_bound(why: impl Into<String>) -> Self {
        Self { why: why.into(), kind: SkipKind::TooLarge }
    }

    /// Everything was looked at, and something not followed to its end.
    pub(super) fn of_depth(why: impl Into<String>) -> Self {
        Self { why: why.into(), kind: SkipKind::Unfollowed }
    }
}

/// Analyses a file if it is of a language that is read and registers tools.
pub(in crate::scan) fn analyse(path: &str, language: Language, text: &str) -> Analysis {
    let Some(grammar) = Grammar::of_file(path, language) else { return Analysis::default() };
    let run = match (registers(grammar, text), session::may_decide(text)) {
        (true, _) => one,
        (false, true) => without_tools,
        (false, false) => return Analysis::default(),
    };
    on_large_stack(|| run(grammar, text))
        .unwrap_or_else(|gap| Analysis { gap: Some(gap), ..Analysis::default() })
}

/// Tells whether what flows through a file of that name and language is followed.
pub(in crate::scan) fn is_followed(path: &str, language: Language) -> bool {
    Grammar::of_file(path, language).is_some()
}

/// Looks at a file that registers nothing, and may ask who calls a server.
fn without_tools(grammar: Grammar, text: &str) -> Analysis {
    if is_large_script(grammar, text) {
        let why = format!("of its {} bytes none were asked how the server tells who calls", text.len());
        return Analysis { gap: Some(Gap::of_depth(why)), ..Analysis::default() };
    }
    match parse(grammar, text) {
        Ok(tree) => {
            let form = lower(grammar, text, &tree, Form::default());
            let gap = form.cut.then(|| Gap::of_bound(DEEP));
            Analysis { gap, seen: session::decisions(&form), ..Analysis::default() }
        }
        Err(why) => Analysis { gap: Some(Gap::of_depth(why)), ..Analysis::default() },
    }
}

/// Follows a file of which it is known that it registers tools.
pub(super) fn one(grammar: Grammar, text: &str) -> Analysis {
    let near = is_large_script(grammar, text).then(|| near(text)).flatten().unwrap_or_default();
    of_parts(grammar, text, &near)
}

/// Follows what stands in some parts of a text, or in all of it.
pub(super) fn of_parts(grammar: Grammar, text: &str, near: &Near) -> Analysis {
    if near.parts.is_empty() {
        return of_text(grammar, text, text, None);
    }
    let joined = Joined::of(text, &near.parts);
    let left_out = near.cut.then(|| {
        let (size, parsed) = (text.len(), joined.text.len());
        Gap::of_depth(format!(
            "of its {size} bytes, {parsed} were followed: those that its tools come to first"
        ))
    });
    let mut analysis = of_text(grammar, &joined.text, text, left_out);
    analysis.seen.iter_mut().for_each(|seen| seen.span = joined.place(seen.span));
    analysis
}

/// Follows a text, all that is looked at of another.
fn of_text(grammar: Grammar, text: &str, whole: &str, left_out: Option<Gap>) -> Analysis {
    let tree = match parse_part(grammar, text, whole.len()) {
        Ok(tree) => Arc::new(tree),
        Err(why) => return Analysis { gap: Some(Gap::of_bound(why)), ..Analysis::default() },
    };
    let mut form = lower(grammar, text, &tree, Form::default());
    form.speaks |= speaks(whole);
    let deep = form.cut.then(|| Gap::of_bound(DEEP));
    let decided = if session::may_decide(whole) { session::decisions(&form) } else { Vec::new() };
    let handlers = handlers::find(&form);
    if handlers.is_empty() && !handlers::may_register(&form) {
        return Analysis { gap: deep.or(left_out), seen: decided, ..Analysis::default() };
    }
    let flow = follow(&form, &handlers, Links::default());
    // Handlers that stand behind were not looked at.
    let long = || (flow.steps == 0).then(|| Gap::of_bound("it takes more steps than are followed"));
    let far = || flow.cut.then(|| Gap::of_depth("it calls deeper than is followed"));
    let beyond = || flow.beyond.then(|| Gap::of_depth(BEYOND));
    let seen = flow.seen.into_iter().chain(decided).collect();
    let gap = deep.or_else(long).or(left_out).or_else(far).or_else(beyond);
    // Parts that were joined are another text, however long it is.
    let tree = (text == whole).then(|| Parsed::of(grammar, text, tree));
    Analysis { gap, seen, starts: true, tree }
}

fn is_large_script(grammar: Grammar, text: &str) -> bool {
    let is_script = matches!(grammar, Grammar::Script | Grammar::Typed | Grammar::TypedMarkup);
    is_script && text.len() > LARGE
}

/// Lowers a file into a form that may hold others.
pub(super) fn lower(grammar: Grammar, text: &str, tree: &Syntax, mut form: Form) -> Form {
    form.speaks |= speaks(text);
    match grammar {
        Grammar::Python => lower::python(text, tree, form),
        Grammar::Script | Grammar::Typed | Grammar::TypedMarkup => lower::script(text, tree, form),
        Grammar::Go => lower::go(text, tree, form),
        Grammar::Rust => lower::rust(text, tree, form),
    }
}

/// Runs something on a stack that is large enough for what the bounds let through.
pub(super) fn on_large_stack<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, Gap> {
    roomy::run(run).map_err(|failure| Gap { why: failure.to_string(), kind: SkipKind::Unreadable })
}

const BEYOND: &str = "its tools give what they are given to functions of other files of the package, which are not followed in Go and Rust";
const DEEP: &str = "a part of it is nested too deeply to be followed";
