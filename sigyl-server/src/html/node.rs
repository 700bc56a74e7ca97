//! Elements and text. There is no way to write markup from a text, whoever it came from.

use std::sync::Arc;

use sigyl_core::domain::{specimen, specimen_lines};

use super::Link;

/// Elements that hold nothing and have no end.
const VOID: [&str; 6] = ["br", "hr", "input", "link", "meta", "wbr"];

/// Attributes that lead somewhere or run something: only a [`Link`] may stand in the first three, and nothing in others.
const LEADING: [&str; 9] =
    ["href", "action", "src", "srcset", "srcdoc", "style", "formaction", "http-equiv", "target"];

/// A part of a page.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Text that is shown as it is.
    Text(String),
    /// An element with what it holds.
    Element(El),
    /// The same, kept for several pages.
    Kept(Arc<El>),
}

/// An element.
#[derive(Clone, Debug)]
pub(crate) struct El {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    children: Vec<Node>,
}

/// An element without attributes that holds nothing yet.
pub(crate) fn el(name: &'static str) -> El {
    El { name, attributes: Vec::new(), children: Vec::new() }
}

impl El {
    /// The same with classes of the style sheet.
    pub(crate) fn class(self, names: &'static str) -> Self {
        self.attribute("class", names.to_owned())
    }

    /// The same with an attribute. One that leads somewhere or runs something is not written: [`El::href`] and
    /// [`El::action`] do that.
    pub(crate) fn attr(self, name: &'static str, value: impl Into<String>) -> Self {
        if LEADING.contains(&name) || name.starts_with("on") {
            return self;
        }
        self.attribute(name, value.into())
    }

    /// The same with an attribute that says all by being there.
    pub(crate) fn flag(self, name: &'static str, is_there: bool) -> Self {
        if is_there { self.attr(name, String::new()) } else { self }
    }

    /// The same, leading to a place.
    pub(crate) fn href(self, to: &Link) -> Self {
        let outside = to.is_outside();
        let led = self.attribute("href", to.as_str().to_owned());
        if outside { led.attribute("rel", "noopener noreferrer nofollow".to_owned()) } else { led }
    }

    /// The same, sending what is filled in to a place of this server.
    pub(crate) fn action(self, to: &'static str) -> Self {
        self.attribute("action", to.to_owned())
    }

    /// The same with text at its end.
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(text.into()));
        self
    }

    /// The same with something at its end.
    pub(crate) fn with(mut self, node: impl Into<Node>) -> Self {
        self.children.push(node.into());
        self
    }

    /// The same with each of some things at its end.
    pub(crate) fn all<N: Into<Node>>(mut self, nodes: impl IntoIterator<Item = N>) -> Self {
        self.children.extend(nodes.into_iter().map(Into::into));
        self
    }

    /// Puts something at its end.
    pub(crate) fn push(&mut self, node: impl Into<Node>) {
        self.children.push(node.into());
    }

    /// Tells whether it holds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// Returns the text in it.
    pub(crate) fn plain(&self) -> String {
        let text = |child: &Node| match child {
            Node::Text(text) => text.clone(),
            Node::Element(element) => element.plain(),
            Node::Kept(element) => element.plain(),
        };
        self.children.iter().map(text).collect()
    }

    /// Writes it down.
    pub(crate) fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(out, &specimen(value));
            out.push('"');
        }
        out.push('>');
        if VOID.contains(&self.name) {
            return;
        }
        for child in &self.children {
            child.write(out);
        }
        out.push_str("</");
        out.push_str(self.name);
        out.push('>');
    }

    fn attribute(mut self, name: &'static str, value: String) -> Self {
        self.attributes.push((name, value));
        self
    }
}

impl Node {
    /// Writes it down.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => escape(out, &specimen_lines(text)),
            Self::Element(element) => element.write(out),
            Self::Kept(element) => element.write(out),
        }
    }
}

impl From<El> for Node {
    fn from(element: El) -> Self {
        Self::Element(element)
    }
}

impl From<Arc<El>> for Node {
    fn from(element: Arc<El>) -> Self {
        Self::Kept(element)
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Writes text so that nothing in it is markup, between elements and in attributes alike.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(element: &El) -> String {
        let mut out = String::new();
        element.write(&mut out);
        out
    }

    #[test]
    fn text_is_never_markup() {
        let hostile = "</p><script>alert('x')</script>\"&amp;";
        let shown = "&lt;/p&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;amp;";
        assert_eq!(written(&el("p").text(hostile)), format!("<p>{shown}</p>"));
        assert_eq!(written(&el("p").attr("title", hostile)), format!("<p title=\"{shown}\"></p>"));
    }

    #[test]
    fn what_nobody_sees_is_spelled_out() {
        assert_eq!(written(&el("b").text("a\u{202e}b\u{200b}c\0\n")), "<b>a⟦RLO⟧b⟦ZWSP⟧c⟦U+0000⟧\n</b>");
        assert_eq!(written(&el("b").attr("title", "a\u{2066}\n")), "<b title=\"a⟦LRI⟧⟦LF⟧\"></b>");
    }

    #[test]
    fn an_attribute_that_leads_or_runs_is_not_written_from_text() {
        for name in ["href", "src", "style", "onclick", "action", "formaction", "srcdoc"] {
            assert_eq!(written(&el("a").attr(name, "javascript:alert(1)")), "<a></a>", "{name}");
        }
        let away = Link::outside("https://example.com/?a=1&b=2").unwrap();
        let expected =
            "<a href=\"https://example.com/?a=1&amp;b=2\" rel=\"noopener noreferrer nofollow\">x</a>";
        assert_eq!(written(&el("a").href(&away).text("x")), expected);
    }

    #[test]
    fn elements_nest_and_empty_ones_have_no_end() {
        let list = el("ul").class("x").all(["a", "b"].map(|text| el("li").text(text))).flag("hidden", true);
        assert_eq!(written(&list), "<ul class=\"x\" hidden=\"\"><li>a</li><li>b</li></ul>");
        assert_eq!(written(&el("br")), "<br>");
    }
}
