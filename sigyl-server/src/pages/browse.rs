//! All servers: found by words or paged through.

use std::sync::Arc;

use sigyl_core::registry::{Browse, Order};
use sigyl_core::wire::registry::{Finds, ServerResponse};

use super::frame::{Page, Section};
use super::parts::{Shown, badge, day, scan_badge, short, status_badge};
use crate::app::App;
use crate::html::{El, Link, el};
use crate::request::Ask;
use crate::respond::{Answer, Problem};

/// Pages that are counted to.
const MOST_PAGES: usize = 10_000;

/// What somebody asked to be shown.
struct Asked {
    browse: Browse,
    /// What the address calls the order.
    order: &'static str,
}

impl Asked {
    fn of(ask: &Ask) -> Result<Self, Problem> {
        let query = ask.query()?;
        let page = query.count("page", MOST_PAGES)?.unwrap_or(1).max(1) - 1;
        let (order, word) = match query.text("sort") {
            None | Some("" | "name") => (Order::Natural, "name"),
            Some("updated") => (Order::Newest, "updated"),
            Some(_) => return Err(Problem::invalid("`sort` in the query is not name or updated")),
        };
        let words = query.text("q").unwrap_or_default().trim().to_owned();
        Ok(Self { browse: Browse { words, order, page }, order: word })
    }

    fn is_search(&self) -> bool {
        !self.browse.words.is_empty()
    }

    /// Where another page of the same is.
    fn at(&self, page: usize) -> Link {
        let mut link = Link::to("/");
        if self.is_search() {
            link = link.query("q", &self.browse.words);
        }
        if self.order != "name" {
            link = link.query("sort", self.order);
        }
        if page > 0 { link.query("page", &(page + 1).to_string()) } else { link }
    }
}

pub(super) async fn show(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let asked = Asked::of(&ask)?;
    let found = app.core.browse(&ask.caller, &asked.browse)?;
    let title = if asked.is_search() { format!("{} – search", asked.browse.words) } else { String::new() };
    let page = Page::new(title, Section::Servers)
        .with(head(&asked))
        .with(list(&asked, &found))
        .with(pager(&asked, &found));
    Ok(page.answer(Some(&ask.caller)))
}

fn head(asked: &Asked) -> El {
    let option = |word: &'static str, text: &str| {
        el("option").attr("value", word).flag("selected", asked.order == word).text(text)
    };
    let sort = el("select").attr("id", "sort").attr("name", "sort");
    let words = el("input")
        .attr("type", "search")
        .attr("id", "q")
        .attr("name", "q")
        .attr("maxlength", "200")
        .attr("placeholder", "A name, a tool, what it does")
        .attr("value", asked.browse.words.as_str());
    let form = el("form")
        .class("find")
        .attr("role", "search")
        .attr("method", "get")
        .action("/")
        .with(el("label").attr("for", "q").text("Search servers"))
        .with(words)
        .with(el("label").attr("for", "sort").text("Order"))
        .with(sort.with(option("name", "By name")).with(option("updated", "Newest change")))
        .with(el("button").attr("type", "submit").text("Search"));
    el("div")
        .class("head")
        .with(el("h1").text("Servers"))
        .with(el("p").class("lead").text("MCP servers that this registry knows, and what is known of each."))
        .with(form)
}

fn list(asked: &Asked, found: &Finds) -> El {
    let count = match (found.total, asked.is_search()) {
        (0, true) => format!("Nothing fits “{}”.", asked.browse.words),
        (0, false) => "Nothing was published, imported or released here yet.".to_owned(),
        (1, _) => "1 server".to_owned(),
        (total, true) => format!("{total} servers fit “{}”, the best first", asked.browse.words),
        (total, false) => format!("{total} servers"),
    };
    let section = el("section")
        .attr("aria-labelledby", "count")
        .with(el("h2").class("count").attr("id", "count").text(count));
    if found.servers.is_empty() {
        return section.with(nothing(asked, found));
    }
    section.with(el("ul").class("cards").all(found.servers.iter().map(card)))
}

fn nothing(asked: &Asked, found: &Finds) -> El {
    let all = el("a").href(&Link::to("/")).text("All servers");
    match (asked.is_search(), found.total) {
        (true, _) => el("p").text("Try fewer or shorter words. ").with(all),
        (false, 0) => el("p")
            .text("Put one in with ")
            .with(el("code").text("sigyl publish server.json"))
            .text(", or take in another registry with ")
            .with(el("code").text("sigyl import"))
            .text(": ")
            .with(el("a").href(&Link::under("/docs", &["registry"])).text("how"))
            .text("."),
        (false, _) => el("p").text("There are not so many pages. ").with(all),
    }
}

fn card(response: &ServerResponse) -> El {
    let shown = Shown::of(response);
    let title = el("h3").with(el("a").attr("dir", "auto").href(&shown.link()).text(short(shown.title())));
    let line = el("p")
        .class("id")
        .with(el("code").text(short(shown.text("name"))))
        .with(el("span").class("version").text(short(shown.text("version"))));
    let badges = el("p")
        .class("badges")
        .with(scan_badge(&response.meta.sigyl.scan))
        .all(status_badge(response.meta.official.status))
        .all(shown.ways().into_iter().map(|way| badge("badge kind", short(&way))))
        .with(el("span").class("when").text("changed ").with(day(response.meta.official.updated_at)));
    let about = el("p").class("about").attr("dir", "auto").text(short(shown.text("description")));
    el("li").class("card").with(el("article").with(title).with(line).with(about).with(badges))
}

fn pager(asked: &Asked, found: &Finds) -> El {
    let mut pages = found.total.div_ceil(Browse::PAGE).min(MOST_PAGES);
    if asked.is_search() {
        pages = pages.min(Browse::FOUND_PAGES);
    }
    let page = asked.browse.page;
    let nav = el("nav").class("pager").attr("aria-label", "Pages");
    if pages < 2 && page == 0 {
        return nav.flag("hidden", true);
    }
    let step = |there: bool, to: usize, rel, text: &str| match there {
        true => el("a").href(&asked.at(to)).attr("rel", rel).text(text),
        false => el("span").class("off").text(text),
    };
    nav.with(step(page > 0, page.saturating_sub(1).min(pages.saturating_sub(1)), "prev", "← Previous"))
        .with(el("span").text(format!("Page {} of {pages}", page + 1)))
        .with(step(page + 1 < pages, page + 1, "next", "Next →"))
}
