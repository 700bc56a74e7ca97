//! A page of the documentation, with what leads from it to the others.

use std::sync::Arc;

use super::find;
use super::leaf::Leaf;
use super::shelf::{self, GROUPS, Volume};
use crate::app::App;
use crate::html::{El, Link, el};
use crate::pages::frame::{Page, Section};
use crate::request::Ask;
use crate::respond::{Answer, Problem};

/// Headings that are listed beside a page, of the second level alone when there are more.
const LISTED: usize = 40;

/// Longest text to search for, in characters.
const SEARCH_MAX: usize = 200;

/// The page that stands for the whole.
const FIRST: &str = "overview";

pub(in crate::pages) async fn first(_: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    drawn(&ask, FIRST)
}

pub(in crate::pages) async fn show(_: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let word = ask.text("page")?;
    drawn(&ask, &word)
}

pub(in crate::pages) async fn search(_: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    let words = query.text("q").unwrap_or_default().trim();
    if words.chars().count() > SEARCH_MAX {
        return Err(Problem::invalid(format!(
            "the text to search for is longer than {SEARCH_MAX} characters"
        )));
    }
    let found = find::find(words);
    let count = match (words, found.len()) {
        ("", _) => "Say what to look for.".to_owned(),
        (words, 0) => format!("Nothing in the documentation holds “{words}”."),
        (words, count) => format!("{count} places hold “{words}”"),
    };
    let result = |it: &find::Found| {
        let to = Link::under("/docs", &[it.volume.word]).at(&it.heading.id);
        let title = el("a").href(&to).text(format!("{} › {}", it.volume.title, it.heading.text));
        el("li").with(el("h2").with(title)).with(el("p").text(it.around.as_str()))
    };
    let body = el("div")
        .class("text")
        .with(el("h1").text("Search the documentation"))
        .with(el("p").class("count").text(count))
        .with(el("ul").class("finds").all(found.iter().map(result)));
    let page = Page::new("Search", Section::Docs).laid_out("manual").with(side(None, words)).with(body);
    Ok(page.answer(Some(&ask.caller)))
}

fn drawn(ask: &Ask, word: &str) -> Result<Answer, Problem> {
    let volume = shelf::volume_at(word)
        .ok_or_else(|| Problem::not_found("there is no such page in the documentation"))?;
    let leaf = volume.open();
    let article = el("article").with(Arc::clone(&leaf.body)).with(neighbours(volume));
    let page = Page::new(leaf.title.as_str(), Section::Docs)
        .laid_out("manual")
        .with(side(Some(volume), ""))
        .with(article)
        .with(contents(leaf));
    Ok(page.answer(Some(&ask.caller)))
}

/// Every page, by group, and the search.
fn side(here: Option<&Volume>, words: &str) -> El {
    let form = el("form")
        .class("seek")
        .attr("role", "search")
        .attr("method", "get")
        .action("/search")
        .with(el("label").attr("for", "seek").text("Search the documentation"))
        .with(
            el("input")
                .attr("type", "search")
                .attr("id", "seek")
                .attr("name", "q")
                .attr("maxlength", "200")
                .attr("placeholder", "Search the docs")
                .attr("value", words),
        );
    let is_here = |volume: &Volume| here.is_some_and(|here| here.word == volume.word);
    let entry = |volume: &'static Volume| {
        let link = el("a").href(&Link::under("/docs", &[volume.word])).text(volume.title);
        el("li").with(if is_here(volume) { link.attr("aria-current", "page") } else { link })
    };
    let groups = GROUPS.iter().map(|group| {
        el("div")
            .class("group")
            .with(el("h2").text(group.title))
            .with(el("ul").all(group.volumes.iter().map(entry)))
    });
    let title = here.map_or("All pages", |here| here.title);
    let list = el("details")
        .class("pages")
        .with(el("summary").text(title))
        .with(el("nav").attr("aria-label", "Documentation").all(groups));
    el("div").class("side").with(form).with(list)
}

/// The headings of a page.
fn contents(leaf: &Leaf) -> El {
    let levels = |most: u8| leaf.headings.iter().filter(move |heading| heading.level <= most);
    let most = if levels(3).count() <= LISTED { 3 } else { 2 };
    let entry = |heading: &super::leaf::Heading| {
        let class = if heading.level > 2 { "deeper" } else { "top-level" };
        el("li").class(class).with(el("a").href(&Link::here(&heading.id)).text(heading.text.as_str()))
    };
    let entries: Vec<_> = levels(most).map(entry).collect();
    let nav =
        el("nav").class("contents").attr("aria-labelledby", "contents").flag("hidden", entries.len() < 2);
    nav.with(el("h2").attr("id", "contents").text("On this page")).with(el("ul").all(entries))
}

/// The pages before and after.
fn neighbours(here: &Volume) -> El {
    let all: Vec<_> = shelf::volumes().collect();
    let at = all.iter().position(|volume| volume.word == here.word).unwrap_or_default();
    let step = |to: Option<&&'static Volume>, rel: &'static str, word: &str| {
        to.map(|volume| {
            let link = el("a").attr("rel", rel).href(&Link::under("/docs", &[volume.word]));
            link.with(el("span").class("fine").text(word)).with(el("span").text(volume.title))
        })
    };
    el("nav")
        .class("steps")
        .attr("aria-label", "Next pages")
        .all(step(at.checked_sub(1).and_then(|at| all.get(at)), "prev", "Previous"))
        .all(step(all.get(at + 1), "next", "Next"))
}
