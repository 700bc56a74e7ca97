//! XML and paths through it that are put together as text.

use super::call::Given;
use super::run::Flow;
use super::value::{Source, Value, Weakness};
use crate::scan::ast::form::Span;

/// What reads a document.
const READERS: &[&str] = &[
    "xml.etree.ElementTree.fromstring",
    "xml.etree.ElementTree.XML",
    "lxml.etree.fromstring",
    "lxml.etree.XML",
    "xml.dom.minidom.parseString",
    "xml2js.parseString",
    "xmltodict.parse",
    "DOMParser().parseFromString",
];
/// Methods that are given a path through a document, and that other things have too.
const SEEKERS: &[&str] = &["find", "findall", "findtext", "iterfind", "evaluate", "selectNodes"];

impl Flow<'_> {
    pub(super) fn xml(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let sources = &[Source::Argument];
        let sink = path.trim_start_matches('.');
        if SEEKERS.contains(&name)
            && let Some(query) =
                given.at(0).filter(|text| text.shapes.iter().any(|shape| is_built_path(shape)))
        {
            self.reach(Weakness::Sql, query, sources, span, sink);
        }
        let read = given.at(0).filter(|_| READERS.contains(&path));
        let sent = if says_xml(given) { body(given) } else { None };
        for text in [read, sent.filter(|_| self.handler.is_some())].into_iter().flatten() {
            if text.shapes.iter().any(|shape| is_built_markup(shape)) {
                self.reach(Weakness::Xml, text, sources, span, sink);
            }
        }
    }
}

/// Tells whether a message says that it is XML.
fn says_xml(given: &Given) -> bool {
    given.option("headers").is_some_and(|headers| {
        let mut named = headers.fields.iter().flat_map(|fields| fields.iter());
        named.any(|(name, value)| {
            name.eq_ignore_ascii_case("content-type")
                && value.known().is_some_and(|kind| kind.contains("xml"))
        })
    })
}

fn body(given: &Given) -> Option<&Value> {
    ["data", "content", "body"].iter().find_map(|name| given.option(name)).or_else(|| given.at(1))
}

/// Tells whether a text is a path through XML in which something stands that is not known.
fn is_built_path(shape: &str) -> bool {
    let quoted = ["='\0", "=\"\0", "= '\0", "= \"\0", "('\0", "(\"\0", ", '\0", ",'\0"];
    shape.contains('[') && quoted.iter().any(|part| shape.contains(part))
}

/// Tells whether a text is markup in which something stands that is not known.
fn is_built_markup(shape: &str) -> bool {
    let begins = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '?');
    let opened = shape.find('<').is_some_and(|at| begins(&shape[at + 1..]));
    opened && shape.contains("</") && shape.contains('\0')
}
