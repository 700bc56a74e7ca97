//! Reads the places of everything in a YAML text, within bounds on depth, aliases and expansion.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput};

use super::problem::{Place, Problem, SHOWN, shown};

/// Collections inside collections at most, aliases followed.
pub(super) const MAX_DEPTH: usize = 64;
/// Uses of an anchor at most.
pub(super) const MAX_ALIASES: usize = 100;
/// Bytes of text at most, aliases followed; a value weighs some bytes more than its text.
const MAX_WEIGHT: usize = 4 << 20;
const VALUE_WEIGHT: usize = 40;

/// A node with its line and column, both counted from 1.
#[derive(Clone, Debug)]
pub(super) struct Marked {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) what: What,
    weight: usize,
    height: usize,
}

/// The form of a node.
#[derive(Clone, Debug)]
pub(super) enum What {
    Scalar { text: String, plain: bool },
    List(Vec<Marked>),
    Map(Vec<(Marked, Marked)>),
}

/// Reads one document; nothing when the text holds none.
pub(super) fn mark(text: &str, file: &Place) -> Result<Option<Marked>, Vec<Problem>> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        file,
        lines: text.trim_end_matches('\n').matches('\n').count() + 2,
        anchors: HashMap::new(),
        aliases: 0,
        weight: 0,
        open: Vec::new(),
        twice: Vec::new(),
    };
    match reader.document() {
        Ok(root) if reader.twice.is_empty() => Ok(root),
        Ok(_) => Err(reader.twice),
        Err(problem) => {
            reader.twice.push(*problem);
            Err(reader.twice)
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    file: &'a Place,
    /// Lines of the text that hold something, with the one after them.
    lines: usize,
    anchors: HashMap<usize, Marked>,
    aliases: usize,
    weight: usize,
    open: Vec<Open>,
    twice: Vec<Problem>,
}

/// A collection whose end has not been seen.
struct Open {
    node: Marked,
    anchor: usize,
    key: Option<Marked>,
    seen: HashSet<String>,
}

type Failure = Box<Problem>;

impl Reader<'_> {
    fn document(&mut self) -> Result<Option<Marked>, Failure> {
        let mut root = None;
        let mut documents = 0;
        while let Some(next) = self.parser.next_event() {
            let (event, span) = next.map_err(|error| self.not_yaml(&error))?;
            let finished = match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(self.wrong(span.start, "a second document begins here", "keep one"));
                    }
                    None
                }
                Event::Alias(id) => Some(self.alias(id, span.start)?),
                Event::Scalar(text, style, anchor, tag) => {
                    self.refuse_tag(tag.is_some(), span.start)?;
                    let plain = style == ScalarStyle::Plain;
                    let what = What::Scalar { text: text.into_owned(), plain };
                    let node = self.node(span.start, what)?;
                    Some(self.keep(anchor, node)?)
                }
                Event::SequenceStart(anchor, tag) => {
                    self.refuse_tag(tag.is_some(), span.start)?;
                    self.begin(anchor, span.start, What::List(Vec::new()))?;
                    None
                }
                Event::MappingStart(anchor, tag) => {
                    self.refuse_tag(tag.is_some(), span.start)?;
                    self.begin(anchor, span.start, What::Map(Vec::new()))?;
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => self.end()?,
                _ => None,
            };
            if let Some(node) = finished {
                self.place_node(node, &mut root)?;
            }
        }
        Ok(root)
    }

    fn begin(&mut self, anchor: usize, at: Marker, what: What) -> Result<(), Failure> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.too_deep(at));
        }
        let node = self.node(at, what)?;
        self.open.push(Open { node, anchor, key: None, seen: HashSet::new() });
        Ok(())
    }

    fn end(&mut self) -> Result<Option<Marked>, Failure> {
        let Some(open) = self.open.pop() else { return Ok(None) };
        self.keep(open.anchor, open.node).map(Some)
    }

    fn node(&mut self, at: Marker, what: What) -> Result<Marked, Failure> {
        let weight = match &what {
            What::Scalar { text, .. } => VALUE_WEIGHT + text.len(),
            What::List(_) | What::Map(_) => VALUE_WEIGHT,
        };
        self.grow(weight, at)?;
        Ok(Marked { line: at.line(), column: at.col() + 1, what, weight, height: 0 })
    }

    fn keep(&mut self, anchor: usize, node: Marked) -> Result<Marked, Failure> {
        if anchor > 0 {
            self.grow(node.weight, Marker::new(0, node.line, node.column - 1))?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, at: Marker) -> Result<Marked, Failure> {
        self.aliases += 1;
        if self.aliases > MAX_ALIASES {
            let message = format!("holds more than {MAX_ALIASES} aliases");
            return Err(self.wrong(at, &message, "write the values out"));
        }
        let Some(found) = self.anchors.get(&id) else {
            return Err(self.wrong(at, "an alias stands inside its own anchor", "write the values out"));
        };
        if self.open.len() + found.height > MAX_DEPTH {
            return Err(self.too_deep(at));
        }
        let weight = found.weight;
        let node = Marked { line: at.line(), column: at.col() + 1, ..found.clone() };
        self.grow(weight, at)?;
        Ok(node)
    }

    fn grow(&mut self, weight: usize, at: Marker) -> Result<(), Failure> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > MAX_WEIGHT {
            return Err(self.wrong(at, "holds more values, aliases followed, than are read", "write less"));
        }
        Ok(())
    }

    fn place_node(&mut self, node: Marked, root: &mut Option<Marked>) -> Result<(), Failure> {
        let Some(open) = self.open.last_mut() else {
            *root = Some(node);
            return Ok(());
        };
        open.node.weight += node.weight;
        open.node.height = open.node.height.max(node.height + 1);
        match &mut open.node.what {
            What::List(items) => items.push(node),
            What::Map(pairs) => match open.key.take() {
                Some(key) => pairs.push((key, node)),
                None => {
                    if let What::Scalar { text, .. } = &node.what {
                        if !open.seen.insert(text.clone()) && self.twice.len() < SHOWN {
                            self.twice.push(self.given_twice(&node, text));
                        }
                        if let Some(open) = self.open.last_mut() {
                            open.key = Some(node);
                        }
                        return Ok(());
                    }
                    let at = Marker::new(0, node.line, node.column - 1);
                    return Err(self.wrong(at, "a key is a collection", "write plain text as the key"));
                }
            },
            What::Scalar { .. } => {}
        }
        Ok(())
    }

    fn given_twice(&self, node: &Marked, key: &str) -> Problem {
        let first = self.open.last().into_iter().flat_map(|open| match &open.node.what {
            What::Map(pairs) => pairs.as_slice(),
            _ => &[],
        });
        let line = first
            .map(|(key, _)| key)
            .find(|first| matches!(&first.what, What::Scalar { text, .. } if text == key))
            .map_or(node.line, |first| first.line);
        self.file
            .at(node.line, node.column)
            .problem("", format!("the key `{}` is given twice, first in line {line}", shown(key)))
            .hint("keep one of them")
    }

    fn refuse_tag(&self, tagged: bool, at: Marker) -> Result<(), Failure> {
        if tagged {
            return Err(self.wrong(at, "holds a YAML tag, which is not read here", "remove the tag"));
        }
        Ok(())
    }

    fn too_deep(&self, at: Marker) -> Failure {
        self.wrong(at, &format!("is nested deeper than {MAX_DEPTH} levels"), "flatten it")
    }

    fn wrong(&self, at: Marker, message: &str, hint: &str) -> Failure {
        Box::new(self.file.at(at.line(), at.col() + 1).problem("", message).hint(hint))
    }

    fn not_yaml(&self, error: &ScanError) -> Failure {
        let at = error.marker();
        if error.info().contains("recursion limit") {
            return self.too_deep(*at);
        }
        let message = format!("is not YAML: {}", shown(error.info()));
        // At the end of the text the parser may count one line too many.
        Box::new(self.file.at(at.line().clamp(1, self.lines), at.col() + 1).problem("", message))
    }
}
