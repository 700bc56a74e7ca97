//! What flows from a handler in one file to what acts on it in another of the same tree.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::analysis::{Analysis, Gap, lower, on_large_stack};
use super::flow::{Links, Seen, follow};
use super::form::{FnId, Form, Span, StmtKind, Word};
use super::handlers;
use super::parse::Grammar;
use super::tree_file::{Names, Trees};
use crate::scan::language::Language;

/// Files that are followed from one file with handlers.
const FILES: usize = 16;
/// Imports of imports that are followed.
const STEPS: usize = 3;
/// Bytes of them together.
const BYTES: usize = 400 << 10;
/// Bytes that are read for one tree.
const TREE: usize = 16 << 20;

/// Gives the text of a file of the tree by its path, and the language in which it runs.
pub(in crate::scan) type Texts<'a> = dyn Fn(&str) -> Option<(String, Language)> + Sync + 'a;

/// What reaches one file from handlers in others.
#[derive(Debug)]
pub(in crate::scan) struct Reached {
    /// The path of the file.
    pub(in crate::scan) path: String,
    /// Its text.
    pub(in crate::scan) text: String,
    /// What was seen in it.
    pub(in crate::scan) analysis: Analysis,
}

/// Why what flows from the handlers of one file into others was not followed, or not whole.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::scan) struct Left {
    /// The path of the file with the handlers.
    pub(in crate::scan) path: String,
    /// Why.
    pub(in crate::scan) gap: Gap,
}

/// What one file with handlers gives to others: their paths and texts with what is seen there, and what was left out.
type Group = (Vec<(String, String, Vec<Seen>)>, Option<&'static str>);

/// One file in a form of several.
struct Part {
    path: String,
    text: String,
    body: FnId,
    /// Where its text begins behind the others.
    base: u32,
}

/// Follows what handlers in the files of `from` give to other ones of `paths`; returns what is seen there, and what was
/// not followed.
pub(in crate::scan) fn across(from: &[&str], paths: &[&str], texts: &Texts<'_>) -> (Vec<Reached>, Vec<Left>) {
    on_large_stack(|| all(from, paths, texts)).unwrap_or_else(|gap| {
        let left = from.iter().map(|path| Left { path: (*path).to_owned(), gap: gap.clone() });
        (Vec::new(), left.collect())
    })
}

fn all(from: &[&str], paths: &[&str], texts: &Texts<'_>) -> (Vec<Reached>, Vec<Left>) {
    let known: HashSet<&str> = paths.iter().copied().collect();
    let names = Names::of(paths);
    let mut trees = Trees::default();
    let mut found: BTreeMap<String, Reached> = BTreeMap::new();
    let mut cuts = Vec::new();
    let mut left = TREE;
    for path in from {
        let Some((text, language)) = texts(path) else { continue };
        let Some(grammar) = Grammar::of_file(path, language) else { continue };
        if !names.may_be_named(grammar, &text) {
            continue;
        }
        if left < text.len() {
            let why = format!("the files that register tools name more than {TREE} bytes before it");
            cuts.push(Left { path: (*path).to_owned(), gap: Gap::of_depth(why) });
            continue;
        }
        let (group, cut) = match on_large_stack(|| group(path, (text, language), &known, texts, &mut trees)) {
            Ok((group, cut)) => (group, cut.map(Gap::of_depth)),
            Err(gap) => (Vec::new(), Some(gap)),
        };
        cuts.extend(cut.map(|gap| Left { path: (*path).to_owned(), gap }));
        for (path, text, seen) in group {
            left = left.saturating_sub(text.len());
            let new = || Reached { path: path.clone(), text, analysis: Analysis::default() };
            let all = &mut found.entry(path.clone()).or_insert_with(new).analysis.seen;
            seen.into_iter().for_each(|one| {
                if !all.contains(&one) {
                    all.push(one);
                }
            });
        }
    }
    (found.into_values().filter(|reached| !reached.analysis.seen.is_empty()).collect(), cuts)
}

/// Tells whether a file runs when a script names it, rather than being read as what it is.
fn runs(path: &str) -> bool {
    const READ: &[&str] = &[
        "json", "css", "scss", "sass", "less", "svg", "html", "vue", "svelte", "node", "wasm", "yaml", "yml",
        "graphql", "gql", "md", "mdx",
    ];
    let end = path.rsplit_once('.').map_or("", |(_, end)| end);
    !READ.iter().any(|read| end.eq_ignore_ascii_case(read))
}

/// Tells whether a file may name another of its tree.
pub(in crate::scan) fn names_own(text: &str) -> bool {
    text.contains("import") || text.contains("require(")
}

/// Follows one file with the files that it names.
fn group(
    path: &str,
    text: (String, Language),
    known: &HashSet<&str>,
    texts: &Texts<'_>,
    trees: &mut Trees,
) -> Group {
    let mut form = Form::default();
    let mut parts: Vec<Part> = Vec::new();
    let mut names: HashMap<(FnId, Word), FnId> = HashMap::new();
    let mut bodies: HashMap<String, FnId> = HashMap::new();
    // A file, and who calls it what.
    let mut waiting = vec![(path.to_owned(), Some(text), None::<(FnId, Word)>, 0)];
    let mut bytes = 0;
    let mut cut = None;
    while let Some((path, text, namer, steps)) = (!waiting.is_empty()).then(|| waiting.remove(0)) {
        if let Some(body) = bodies.get(&path) {
            namer.map(|namer| names.insert(namer, *body));
            continue;
        }
        let Some((text, language)) = text.or_else(|| texts(&path)) else { continue };
        if parts.len() >= FILES || bytes + text.len() > BYTES {
            cut = Some("it names more files, or larger ones, than are followed");
            continue;
        }
        // What a script names runs as one, whatever it is called; a file of Python is named without its ending.
        let grammar = Grammar::of_file(&path, language).or_else(|| runs(&path).then_some(Grammar::Script));
        let Some(grammar) = grammar else { continue };
        let Ok(tree) = trees.parse(grammar, &path, &text) else {
            cut = Some("a file that it names cannot be parsed within bounds");
            continue;
        };
        let (exprs, functions) = form.sizes();
        let base = u32::try_from(bytes).unwrap_or(u32::MAX);
        form = lower(grammar, &text, &tree, form);
        form.shift(exprs, functions, base);
        let body = FnId(u32::try_from(functions).unwrap_or(u32::MAX));
        bytes += text.len() + 1;
        namer.map(|namer| names.insert(namer, body));
        bodies.insert(path.clone(), body);
        if parts.is_empty() && handlers::find(&form).is_empty() {
            return (Vec::new(), None);
        }
        for name in imports(&form, functions) {
            if let Some(other) = resolve(&path, &name, known) {
                let is_there = bodies.contains_key(&other) || waiting.iter().any(|(path, ..)| *path == other);
                if steps >= STEPS {
                    if !is_there {
                        cut = Some("it names files by way of more than are followed");
                    }
                    continue;
                }
                waiting.push((other, None, Some((body, name)), steps + 1));
            }
        }
        parts.push(Part { path, text, body, base });
    }
    if parts.len() < 2 {
        return (Vec::new(), cut);
    }
    let first = parts.first().map_or(0, |part| part.text.len());
    let handlers = handlers::find(&form);
    let modules = parts.iter().skip(1).map(|part| part.body).collect();
    let flow = follow(&form, &handlers, Links { modules, names });
    if form.cut || flow.cut {
        cut = Some("a part of it is nested too deeply, or takes more steps than are followed");
    }
    let mut elsewhere = flow.seen;
    // What stays in the file itself is seen without the others.
    elsewhere.retain(|seen| seen.span.start as usize > first);
    let own = |part: Part| {
        let end = part.base as usize + part.text.len();
        let inside =
            elsewhere.iter().filter(|seen| seen.span.start >= part.base && seen.span.end as usize <= end);
        let moved = inside.map(|seen| {
            let span = Span { start: seen.span.start - part.base, end: seen.span.end - part.base };
            Seen { span, ..seen.clone() }
        });
        let moved = moved.collect::<Vec<_>>();
        (part.path, part.text, moved)
    };
    (parts.into_iter().skip(1).map(own).collect(), cut)
}

/// The modules that a file names, and those that `from . import a` may name.
fn imports(form: &Form, from: usize) -> Vec<Word> {
    let mut names: Vec<Word> = Vec::new();
    for (_, function) in form.functions().skip(from) {
        for stmt in &function.body {
            let StmtKind::Import(imports) = &stmt.kind else { continue };
            for import in imports {
                names.push(import.module.clone());
                names.extend(import.as_module());
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Returns the path of the file that a file names.
fn resolve(from: &str, name: &str, known: &HashSet<&str>) -> Option<String> {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    match from.ends_with(".py") {
        true => python(folder, name, known),
        false => script(folder, name, known),
    }
}

fn python(folder: &str, name: &str, known: &HashSet<&str>) -> Option<String> {
    let dots = name.bytes().take_while(|byte| *byte == b'.').count();
    let rest = name[dots..].replace('.', "/");
    // A name without dots is looked for here and in each folder above: one of them is on the path.
    let mut at = Some(folder);
    for up in 0..16 {
        let base = at?;
        if dots == 0 || up + 1 == dots {
            let stem = [base, rest.as_str()]
                .iter()
                .filter(|part| !part.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join("/");
            let choices = [format!("{stem}.py"), format!("{stem}/__init__.py")];
            let found = choices.into_iter().find(|choice| known.contains(choice.as_str()));
            if found.is_some() || dots > 0 {
                return found;
            }
        }
        at = (!base.is_empty()).then(|| base.rsplit_once('/').map_or("", |(above, _)| above));
    }
    None
}

fn script(folder: &str, name: &str, known: &HashSet<&str>) -> Option<String> {
    if !name.starts_with('.') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    let stem = [".js", ".mjs", ".cjs", ".jsx"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(&path);
    let ends = [".ts", ".tsx", ".mts", ".js", ".mjs", ".cjs", ".jsx", "/index.ts", "/index.js"];
    let choices = std::iter::once(path.clone()).chain(ends.iter().map(|end| format!("{stem}{end}")));
    choices.into_iter().find(|choice| known.contains(choice.as_str()))
}
