//! From Markdown to elements. Markup in it is text like any other.

use std::sync::Arc;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::leaf::{Heading, Leaf, slug};
use super::shelf;
use crate::html::{El, Link, el};

/// Draws a page.
pub(super) fn leaf(text: &str) -> Leaf {
    let mut draft = Draft::default();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        draft.take(event);
    }
    draft.finish()
}

/// A page in the making.
struct Draft {
    /// Elements that are open, the outermost first.
    open: Vec<El>,
    title: String,
    headings: Vec<Heading>,
    leads: Vec<(&'static str, String)>,
    in_head: bool,
}

impl Default for Draft {
    fn default() -> Self {
        let open = vec![el("div").class("text")];
        Self { open, title: String::new(), headings: Vec::new(), leads: Vec::new(), in_head: false }
    }
}

impl Draft {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.begin(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.say(&text),
            Event::Code(text) => {
                self.note(&text);
                self.put(el("code").text(&*text));
            }
            Event::SoftBreak => self.say("\n"),
            Event::HardBreak => self.put(el("br")),
            Event::Rule => self.put(el("hr")),
            _ => {}
        }
    }

    fn say(&mut self, text: &str) {
        self.note(text);
        if let Some(last) = self.open.last_mut() {
            last.push(text);
        }
    }

    /// Keeps text for the search.
    fn note(&mut self, text: &str) {
        if let Some(heading) = self.headings.last_mut() {
            heading.below.push_str(text);
        }
    }

    fn put(&mut self, element: El) {
        if let Some(last) = self.open.last_mut() {
            last.push(element);
        }
    }

    fn begin(&mut self, tag: Tag<'_>) {
        let element = match tag {
            Tag::Heading { level, .. } => heading(level),
            Tag::BlockQuote(_) => el("blockquote"),
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => el("code"),
            Tag::List(Some(_)) => el("ol"),
            Tag::List(None) => el("ul"),
            Tag::Item => el("li"),
            Tag::Table(alignments) => table(&alignments),
            Tag::TableHead => {
                self.in_head = true;
                self.open.push(el("thead"));
                el("tr")
            }
            Tag::TableRow => el("tr"),
            Tag::TableCell if self.in_head => el("th").attr("scope", "col"),
            Tag::TableCell => el("td"),
            Tag::Emphasis => el("em"),
            Tag::Strong => el("strong"),
            Tag::Strikethrough => el("s"),
            Tag::Link { dest_url, .. } => self.link(&dest_url),
            // Pictures are not loaded: their words stand for them.
            Tag::Image { .. } => el("em"),
            Tag::Paragraph => el("p"),
            _ => el("div"),
        };
        self.open.push(element);
    }

    fn link(&mut self, to: &str) -> El {
        if let Some(away) = Link::outside(to) {
            return el("a").href(&away);
        }
        let (file, id) = to.split_once('#').unwrap_or((to, ""));
        if file.is_empty() && !id.is_empty() {
            return el("a").href(&Link::here(id));
        }
        let Some(word) = shelf::word_of(file) else { return el("span") };
        self.leads.push((word, id.to_owned()));
        let link = Link::under("/docs", &[word]);
        el("a").href(&if id.is_empty() { link } else { link.at(id) })
    }

    fn end(&mut self, tag: TagEnd) {
        let Some(element) = self.open.pop() else { return };
        let element = match tag {
            TagEnd::Heading(level) => self.headed(element, level),
            TagEnd::CodeBlock => el("pre").attr("tabindex", "0").with(element),
            TagEnd::Table => el("div").class("scroll").attr("tabindex", "0").with(element),
            TagEnd::TableHead => {
                self.in_head = false;
                let head = self.open.pop().unwrap_or_else(|| el("thead"));
                head.with(element)
            }
            TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell => {
                self.note(" ");
                element
            }
            _ => element,
        };
        self.put(element);
    }

    /// Gives a heading the name that it is led to by.
    fn headed(&mut self, element: El, level: HeadingLevel) -> El {
        let text = element.plain();
        if level == HeadingLevel::H1 && self.title.is_empty() {
            self.title = text;
            return element;
        }
        // What was said in the heading went to the one before it.
        if let Some(before) = self.headings.last_mut()
            && before.below.ends_with(&text)
        {
            before.below.truncate(before.below.len() - text.len());
        }
        let id = self.free(slug(&text));
        let anchor = el("a")
            .class("anchor")
            .href(&Link::here(&id))
            .attr("aria-label", format!("Link to “{text}”"))
            .text("#");
        let level = level as u8;
        self.headings.push(Heading { level, id: id.clone(), text, below: String::new() });
        element.attr("id", id).text(" ").with(anchor)
    }

    /// Finds a name that no other heading has.
    fn free(&self, wanted: String) -> String {
        let is_free = |id: &String| self.headings.iter().all(|heading| heading.id != *id);
        let numbered = (1..).map(|number| format!("{wanted}-{number}"));
        let found = std::iter::once(wanted.clone()).chain(numbered).find(is_free);
        found.unwrap_or(wanted)
    }

    fn finish(mut self) -> Leaf {
        while self.open.len() > 1 {
            self.end(TagEnd::Paragraph);
        }
        let body = Arc::new(self.open.pop().unwrap_or_else(|| el("div")));
        Leaf { title: self.title, body, headings: self.headings, leads: self.leads }
    }
}

fn heading(level: HeadingLevel) -> El {
    el(match level {
        HeadingLevel::H1 => "h1",
        HeadingLevel::H2 => "h2",
        HeadingLevel::H3 => "h3",
        HeadingLevel::H4 => "h4",
        HeadingLevel::H5 => "h5",
        HeadingLevel::H6 => "h6",
    })
}

fn table(alignments: &[Alignment]) -> El {
    let table = el("table");
    if alignments.contains(&Alignment::Right) { table.class("numbers") } else { table }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> String {
        let mut out = String::new();
        leaf(text).body.write(&mut out);
        out
    }

    #[test]
    fn a_page_has_a_title_places_and_links() {
        let leaf = leaf("# Top\n\nlead\n\n## A & b\n\none `two`\n\n### Deep\n\n## A & b\n\nthree");
        let places: Vec<_> = leaf.headings.iter().map(|it| (it.level, it.id.as_str())).collect();
        assert_eq!(leaf.title, "Top");
        assert_eq!(places, [(2, "a--b"), (3, "deep"), (2, "a--b-1")]);
        assert_eq!(leaf.headings[0].below.trim(), "one two");
        assert_eq!(leaf.headings[2].below.trim(), "three");
        assert!(drawn("[x](server.md#bounds)").contains("<a href=\"/docs/server#bounds\">x</a>"));
        assert!(drawn("[x](#y)").contains("<a href=\"#y\">x</a>"));
        assert!(drawn("[x](../Cargo.toml)").contains("<span>x</span>"));
    }

    #[test]
    fn markup_in_markdown_is_text_and_nothing_is_run() {
        let hostile = "<script>alert(1)</script>\n\na <img src=x onerror=y> [x](javascript:alert(1)) ![y](https://e.example/t.png)";
        let shown = drawn(hostile);
        assert!(
            !shown.contains("<script") && !shown.contains("<img") && !shown.contains("javascript:"),
            "{shown}"
        );
        assert!(shown.contains("&lt;script&gt;") && !shown.contains("t.png"), "{shown}");
    }

    #[test]
    fn tables_and_code_are_whole() {
        let shown = drawn("| a | b |\n|---|--:|\n| 1 | `2` |\n\n```sh\nx < y\n```");
        assert!(shown.contains("<thead><tr><th scope=\"col\">a</th>"), "{shown}");
        assert!(shown.contains("<tr><td>1</td><td><code>2</code></td></tr>"), "{shown}");
        assert!(shown.contains("<pre tabindex=\"0\"><code>x &lt; y\n</code></pre>"), "{shown}");
    }
}
