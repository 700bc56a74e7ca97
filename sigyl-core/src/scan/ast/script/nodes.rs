//! The list of a script as it grows: nodes that are opened and closed in their order.

use oxc_ast::ast::Program;
use oxc_span::Span;

use super::words::{Field, Kind};
use crate::scan::ast::syntax::{Builder, Syntax, Words};

/// What of a script has no place in the list, so that it is left to the other parser.
#[derive(Debug)]
pub(super) struct Refused;

pub(super) type Done = Result<(), Refused>;

/// The list that grows.
pub(super) struct Nodes<'t> {
    pub(super) text: &'t str,
    pub(super) list: Builder,
}

impl<'t> Nodes<'t> {
    /// Makes the list of a script; returns nothing of one that is left to the other parser.
    pub(super) fn of(text: &'t str, program: &Program<'_>, words: &'static Words) -> Option<Syntax> {
        let mut nodes = Self { text, list: Builder::for_text(text.len()) };
        let whole = Span::new(0, u32::try_from(text.len()).ok()?);
        nodes
            .within(Kind::Program, Field::None, whole, |nodes| {
                if let Some(line) = &program.hashbang {
                    nodes.leaf(Kind::HashBangLine, Field::None, line.span);
                }
                nodes.directives(&program.directives);
                nodes.statements(&program.body)
            })
            .ok()?;
        Some(nodes.list.finish(words))
    }

    pub(super) fn open(&mut self, kind: Kind, field: Field, span: Span) -> usize {
        self.list.open(kind as u16, field as u16, true, (span.start, span.end))
    }

    pub(super) fn leaf(&mut self, kind: Kind, field: Field, span: Span) {
        let at = self.open(kind, field, span);
        self.list.close(at);
    }

    /// A sign or key word.
    pub(super) fn sign(&mut self, kind: Kind, field: Field, span: Span) {
        let at = self.list.open(kind as u16, field as u16, false, (span.start, span.end));
        self.list.close(at);
    }

    pub(super) fn within(
        &mut self,
        kind: Kind,
        field: Field,
        span: Span,
        read: impl FnOnce(&mut Self) -> Done,
    ) -> Done {
        let at = self.open(kind, field, span);
        read(self)?;
        self.list.close(at);
        Ok(())
    }

    /// Returns where the operator stands behind a place.
    pub(super) fn operator(&mut self, after: u32, word: &str) {
        let mut at = after as usize;
        while let Some(rest) = self.text.get(at..) {
            at += if rest.starts_with("//") {
                rest.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                match rest.chars().next() {
                    Some(c) if c.is_whitespace() || c == '\u{feff}' => c.len_utf8(),
                    _ => break,
                }
            };
        }
        let to = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.sign(Kind::Operator, Field::Operator, Span::new(to(at), to(at + word.len())));
    }

    /// Returns the place behind the next such sign.
    pub(super) fn behind(&self, at: u32, sign: char) -> u32 {
        let found = self.text.get(at as usize..).and_then(|rest| rest.find(sign));
        found.and_then(|found| u32::try_from(found).ok()).map_or(at, |found| at + found + 1)
    }
}
