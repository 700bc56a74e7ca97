//! A syntax tree as one list: every node once, before those that it is made of.
//!
//! The tree of the parser is walked once and given back. Going over that one costs more each time a child is asked for,
//! for it keeps lists as trees of their own.

use std::ops::Range;

use tree_sitter::{Language, Tree};

/// The words of a grammar, by their numbers.
#[derive(Debug)]
pub(super) struct Words {
    kinds: Vec<String>,
    fields: Vec<String>,
}

impl Words {
    /// Takes those of a language.
    pub(super) fn of(language: &Language) -> Self {
        let number = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        let kind = |at| language.node_kind_for_id(number(at)).unwrap_or_default().to_owned();
        // No field has the number 0.
        let field = |at| language.field_name_for_id(number(at)).unwrap_or_default().to_owned();
        Self {
            kinds: (0..language.node_kind_count()).map(kind).collect(),
            fields: (0..=language.field_count()).map(field).collect(),
        }
    }
}

/// One syntax tree.
#[derive(Debug)]
pub(super) struct Syntax {
    words: &'static Words,
    spots: Vec<Spot>,
}

/// What is known of one node.
#[derive(Debug)]
struct Spot {
    kind: u16,
    field: u16,
    named: bool,
    /// Whether it may stand anywhere, as comments do.
    extra: bool,
    start: u32,
    end: u32,
    /// Where those that it is made of are over.
    past: u32,
}

/// What is no kind of the grammar.
const ERROR: &str = "ERROR";

impl Syntax {
    /// Takes over a tree.
    pub(super) fn of(tree: &Tree, words: &'static Words) -> Self {
        let mut spots: Vec<Spot> = Vec::with_capacity(tree.root_node().descendant_count());
        let mut open = Vec::new();
        let mut cursor = tree.walk();
        loop {
            let node = cursor.node();
            spots.push(Spot {
                kind: node.kind_id(),
                field: cursor.field_id().map_or(0, u16::from),
                named: node.is_named(),
                extra: node.is_extra(),
                start: number(node.start_byte()),
                end: number(node.end_byte()),
                past: number(spots.len() + 1),
            });
            if cursor.goto_first_child() {
                open.push(spots.len() - 1);
                continue;
            }
            while !cursor.goto_next_sibling() {
                let Some(parent) = open.pop().filter(|_| cursor.goto_parent()) else {
                    return Self { words, spots };
                };
                spots[parent].past = number(spots.len());
            }
        }
    }

    /// Returns the node that all others are in.
    pub(super) fn root(&self) -> Node<'_> {
        Node { syntax: self, at: 0 }
    }
}

/// A text that is parsed has fewer bytes, and nodes, than this can count.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// One node of a syntax tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'t> {
    syntax: &'t Syntax,
    at: u32,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at && std::ptr::eq(self.syntax, other.syntax)
    }
}

impl<'t> Node<'t> {
    fn spot(self) -> &'t Spot {
        &self.syntax.spots[self.at as usize]
    }

    pub(super) fn kind(self) -> &'static str {
        self.syntax.words.kinds.get(usize::from(self.spot().kind)).map_or(ERROR, String::as_str)
    }

    pub(super) fn start_byte(self) -> usize {
        self.spot().start as usize
    }

    pub(super) fn end_byte(self) -> usize {
        self.spot().end as usize
    }

    pub(super) fn byte_range(self) -> Range<usize> {
        self.start_byte()..self.end_byte()
    }

    pub(super) fn is_named(self) -> bool {
        self.spot().named
    }

    pub(super) fn is_extra(self) -> bool {
        self.spot().extra
    }

    /// Yields what it is made of.
    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        let (mut at, past) = (self.at + 1, self.spot().past);
        std::iter::from_fn(move || {
            let child = Self { at, ..self };
            (at < past).then(|| {
                at = child.spot().past;
                child
            })
        })
    }

    /// Yields what it is made of, without signs and key words.
    pub(super) fn named_children(self) -> impl Iterator<Item = Self> {
        self.children().filter(|child| child.is_named())
    }

    /// Yields what stands under one field.
    pub(super) fn children_by_field_name(self, name: &str) -> impl Iterator<Item = Self> {
        let fields = &self.syntax.words.fields;
        let is_it =
            move |field: u16| field != 0 && fields.get(usize::from(field)).is_some_and(|one| one == name);
        self.children().filter(move |child| is_it(child.spot().field))
    }

    /// Returns the first that stands under one field.
    pub(super) fn child_by_field_name(self, name: &str) -> Option<Self> {
        self.children_by_field_name(name).next()
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::{Grammar, parse};

    #[test]
    fn a_node_knows_what_it_is_made_of_and_under_which_fields() {
        let text = "def a(b=1):  # c\n    return b, 2\n";
        let syntax = parse(Grammar::Python, text).unwrap();
        let root = syntax.root();
        let slice = |node: super::Node<'_>| &text[node.byte_range()];
        let definition = root.named_children().next().unwrap();
        assert_eq!((root.kind(), definition.kind()), ("module", "function_definition"));
        let part = |name: &str| definition.child_by_field_name(name);
        assert_eq!(part("name").map(slice), Some("a"));
        assert_eq!(part("parameters").map(slice), Some("(b=1)"));
        assert_eq!(part("return_type"), None);
        let parts = definition.children().map(slice).collect::<Vec<_>>();
        assert_eq!(parts, ["def", "a", "(b=1)", ":", "# c", "return b, 2"]);
        let extra = definition.children().filter(|one| one.is_extra()).map(slice);
        assert_eq!(extra.collect::<Vec<_>>(), ["# c"]);
    }

    #[test]
    fn what_cannot_be_parsed_is_an_error_among_the_rest() {
        fn fails(node: super::Node<'_>) -> bool {
            node.kind() == "ERROR" || node.children().any(fails)
        }
        let fails = |text: &str| fails(parse(Grammar::Python, text).unwrap().root());
        assert!(fails("a = )\nb = 2\n") && !fails("a = 1\nb = 2\n"));
    }
}
