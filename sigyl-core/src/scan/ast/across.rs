//! What flows from a handler in one file to what acts on it in another of the same tree.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::analysis::{Analysis, Gap, lower, on_large_stack};
use super::files::Files;
use super::flow::{Links, Seen, follow};
use super::form::{FnId, Form, Span};
use super::handlers;
use super::named::{How, named};
use super::parse::Grammar;
use super::tree_file::{Made, Names, Text, Trees};
use crate::scan::language::Language;
use crate::scan::required::is_run;

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
    pub(in crate::scan) text: Arc<str>,
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
type Group = (Vec<(String, Arc<str>, Vec<Seen>)>, Option<String>);

/// One file in a form of several.
struct Part {
    path: String,
    text: Arc<str>,
    body: FnId,
    /// Where its text begins behind the others.
    base: u32,
}

/// Follows what handlers in the files of `from` give to other ones of `paths`; returns what is seen there, and what was
/// not followed. Trees that were made of the files need not be made again.
pub(in crate::scan) fn across(
    from: &[&str],
    paths: &[&str],
    texts: &Texts<'_>,
    made: &Made,
) -> (Vec<Reached>, Vec<Left>) {
    on_large_stack(|| all(from, paths, texts, made)).unwrap_or_else(|gap| {
        let left = from.iter().map(|path| Left { path: (*path).to_owned(), gap: gap.clone() });
        (Vec::new(), left.collect())
    })
}

fn all(from: &[&str], paths: &[&str], texts: &Texts<'_>, made: &Made) -> (Vec<Reached>, Vec<Left>) {
    let files = Files::of(paths, texts);
    let names = Names::of(paths);
    let mut trees = Trees::of(texts, made);
    let mut found: BTreeMap<String, Reached> = BTreeMap::new();
    let mut cuts = Vec::new();
    let mut left = TREE;
    for path in from {
        let Some((text, language)) = trees.text(path) else { continue };
        let Some(grammar) = Grammar::of_file(path, language) else { continue };
        if !names.may_be_named(grammar, &text) {
            continue;
        }
        if left < text.len() {
            let why = format!("the files that register tools name more than {TREE} bytes before it");
            cuts.push(Left { path: (*path).to_owned(), gap: Gap::of_depth(why) });
            continue;
        }
        let (group, cut) = match on_large_stack(|| group(path, (text, language), &files, &mut trees)) {
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

/// Tells whether a file may name another of its tree.
pub(in crate::scan) fn names_own(text: &str) -> bool {
    text.contains("import") || text.contains("require")
}

/// Follows one file with the files that it names.
fn group(path: &str, text: Text, files: &Files<'_>, trees: &mut Trees<'_>) -> Group {
    let mut form = Form::default();
    let mut parts: Vec<Part> = Vec::new();
    let mut links = Links::default();
    let mut bodies: HashMap<String, FnId> = HashMap::new();
    // A file, and who names it how.
    let mut waiting = Waiting::of(path, text);
    let mut queued = HashSet::from([path.to_owned()]);
    let mut bytes = 0;
    let mut cut = None::<String>;
    while let Some((path, text, namer, steps)) = waiting.next() {
        if let Some(body) = bodies.get(&path) {
            link(&mut links, namer, *body);
            continue;
        }
        let size = text.as_ref().map(|(text, _)| text.len()).or_else(|| trees.size(&path));
        let Some(size) = size else { continue };
        if parts.len() >= FILES || bytes + size > BYTES {
            cut = Some("it names more files, or larger ones, than are followed".to_owned());
            continue;
        }
        let Some((text, language)) = text.or_else(|| trees.text(&path)) else { continue };
        // What a script names runs as one, whatever it is called; a file of Python is named without its ending.
        let grammar = Grammar::of_file(&path, language).or_else(|| is_run(&path).then_some(Grammar::Script));
        let Some(grammar) = grammar else { continue };
        let Ok(tree) = trees.parse(grammar, &path, &text) else {
            cut = Some("a file that it names cannot be parsed within bounds".to_owned());
            continue;
        };
        let before = form.sizes();
        let (exprs, functions) = before;
        let base = u32::try_from(bytes).unwrap_or(u32::MAX);
        form = lower(grammar, &text, &tree, form);
        form.shift(exprs, functions, base);
        let body = FnId(u32::try_from(functions).unwrap_or(u32::MAX));
        bytes += text.len() + 1;
        link(&mut links, namer, body);
        bodies.insert(path.clone(), body);
        if parts.is_empty() && handlers::find(&form).is_empty() && !handlers::may_register(&form) {
            return (Vec::new(), None);
        }
        let named = named(grammar, &form, before);
        if named.unknown {
            cut = cut.or_else(|| Some("it loads a file by a name that is made when it runs".to_owned()));
        }
        for (how, name) in named.all {
            let Some(other) = files.resolve(grammar, &path, &name) else {
                if !matches!(how, How::Given(_)) && files.is_own(grammar, &name) {
                    let why =
                        format!("it names `{}`, which is none of the files that were found", short(&name));
                    cut = cut.or(Some(why));
                }
                continue;
            };
            if steps >= STEPS && !queued.contains(&other) {
                cut = Some("it names files by way of more than are followed".to_owned());
                continue;
            }
            queued.insert(other.clone());
            waiting.add(other, body, how, steps + 1);
        }
        parts.push(Part { path, text, body, base });
    }
    if parts.len() < 2 {
        return (Vec::new(), cut);
    }
    let handlers = handlers::find(&form);
    link_packages(&mut links, &bodies);
    links.modules = parts.iter().skip(1).map(|part| part.body).collect();
    let flow = follow(&form, &handlers, links);
    if form.cut || flow.cut {
        cut = Some("a part of it is nested too deeply, or takes more steps than are followed".to_owned());
    }
    (parts.into_iter().map(|part| part.with_own(&flow.seen)).collect(), cut)
}

impl Part {
    /// Returns this file with what was seen in it, by where it stands in the file itself.
    fn with_own(self, seen: &[Seen]) -> (String, Arc<str>, Vec<Seen>) {
        let end = self.base as usize + self.text.len();
        let inside = seen.iter().filter(|seen| seen.span.start >= self.base && seen.span.end as usize <= end);
        let moved = inside.map(|seen| {
            let span = Span { start: seen.span.start - self.base, end: seen.span.end - self.base };
            Seen { span, ..seen.clone() }
        });
        (self.path, self.text, moved.collect())
    }
}

/// A file to look at: its text where it is known, who names it how, and by way of how many.
type Named = (String, Option<Text>, Option<(FnId, How)>, usize);

/// Files to look at, those first from which names are taken: what is only mentioned must not keep them out.
struct Waiting([VecDeque<Named>; 3]);

impl Waiting {
    fn of(path: &str, text: Text) -> Self {
        Self([VecDeque::from([(path.to_owned(), Some(text), None, 0)]), VecDeque::new(), VecDeque::new()])
    }

    fn add(&mut self, path: String, body: FnId, how: How, steps: usize) {
        let place = match how {
            How::Module(_) => 0,
            How::Call(_) => 1,
            How::Given(_) => 2,
        };
        self.0[place].push_back((path, None, Some((body, how)), steps));
    }

    fn next(&mut self) -> Option<Named> {
        self.0.iter_mut().find_map(VecDeque::pop_front)
    }
}

/// Remembers which file is meant where another names it.
fn link(links: &mut Links, namer: Option<(FnId, How)>, body: FnId) {
    match namer {
        Some((whole, How::Module(name))) => drop(links.names.insert((whole, name), body)),
        Some((_, How::Call(span) | How::Given(span))) => drop(links.loads.insert(span, body)),
        None => {}
    }
}

/// Returns the beginning of a name, for a report.
fn short(name: &str) -> &str {
    &name[..name.floor_char_boundary(80)]
}

/// Files of a package are parts of it once anything loaded them.
fn link_packages(links: &mut Links, bodies: &HashMap<String, FnId>) {
    for (path, body) in bodies {
        let Some(stem) = path.strip_suffix(".py") else { continue };
        let (folder, name) =
            stem.strip_suffix("/__init__").unwrap_or(stem).rsplit_once('/').unwrap_or(("", stem));
        let package = bodies.get(&format!("{folder}/__init__.py"));
        if let Some(package) = package.filter(|package| *package != body) {
            links.names.insert((*package, format!(".{name}").into()), *body);
        }
    }
}
