//! The page of a server: what it is, how it is installed and called, what is in it and what was found.

use std::sync::Arc;

use sigyl_core::domain::{Caller, ListingStatus};
use sigyl_core::registry::Document;
use sigyl_core::wire::registry::{ScanStatus, ServerResponse};

use super::{call, facts, findings, install, tools, versions};
use crate::app::App;
use crate::html::{El, Link, el};
use crate::pages::frame::{Page, Section};
use crate::pages::parts::{Shown, badge, code, scan_badge, status_badge};
use crate::request::Ask;
use crate::respond::{Answer, Problem};

/// Characters of a document that are shown.
const DOCUMENT: usize = 40_000;

pub(in crate::pages) async fn show(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let short = ask.text("name")?;
    let name = match ask.params.get("namespace") {
        Some(_) => format!("{}/{short}", ask.text("namespace")?),
        None => short,
    };
    let query = ask.query()?;
    let version = query.text("version").filter(|version| !version.is_empty()).unwrap_or("latest");
    let response = app.core.listing(&ask.caller, &name, version, false)?;
    let all = app.core.listing_versions(&ask.caller, &name, false)?;
    let shown = Shown::of(&response);
    // What was found in another source says nothing of what this document leads to.
    let inspection = match &response.meta.sigyl.scan {
        ScanStatus::Scanned { .. } => app.core.inspect(&ask.caller, &name, shown.text("version")).await?,
        _ => None,
    };
    let document = Document::answered(&response).ok();
    let mut sections = Sections::default();
    if let Some(document) = &document {
        sections.add("install", "Install", install::section(document));
        sections.add("call", "Call it", call::section(document, &shown));
    }
    sections.add("tools", "Tools", tools::section(inspection.as_ref(), closed(&ask.caller, &response)));
    sections.add("findings", "Scan", findings::section(inspection.as_ref(), &response));
    sections.add("versions", "Versions", versions::section(&shown, &all));
    sections.add("document", "Document", raw(&response));
    let main = el("div").class("text wide").with(sections.nav()).all(sections.list);
    let page = Page::new(shown.title(), Section::Servers)
        .laid_out("package")
        .with(head(&shown))
        .with(main)
        .with(facts::aside(&shown, document.as_ref(), inspection.as_ref()));
    Ok(page.answer(Some(&ask.caller)))
}

/// The parts of the page, and what leads to them.
#[derive(Default)]
struct Sections {
    links: Vec<El>,
    list: Vec<El>,
}

impl Sections {
    fn add(&mut self, id: &'static str, title: &str, inner: El) {
        self.links.push(el("li").with(el("a").href(&Link::here(id)).text(title)));
        let heading = el("h2").attr("id", id).text(title);
        self.list.push(el("section").attr("aria-labelledby", id).with(heading).with(inner));
    }

    fn nav(&mut self) -> El {
        let links = std::mem::take(&mut self.links);
        el("nav").class("jump").attr("aria-label", "On this page").with(el("ul").all(links))
    }
}

fn head(shown: &Shown<'_>) -> El {
    let official = &shown.response.meta.official;
    let name = shown.text("name");
    let crumbs = el("nav")
        .class("crumbs")
        .attr("aria-label", "Way here")
        .with(el("a").href(&Link::to("/")).text("Servers"))
        .with(el("span").attr("aria-hidden", "true").text(" / "))
        .with(el("span").text(name));
    let badges = el("p")
        .class("badges")
        .with(scan_badge(&shown.response.meta.sigyl.scan))
        .all(status_badge(official.status))
        .with(badge("badge kind", format!("version {}", shown.text("version"))))
        .all((!official.is_latest).then(|| badge("badge warn", "not the latest")))
        .all(shown.ways().into_iter().map(|way| badge("badge kind", way)));
    let notice = (official.status != ListingStatus::Active).then(|| {
        let why = official.status_message.as_deref().unwrap_or("Its publisher gave no reason.");
        el("div")
            .class("notice")
            .attr("role", "note")
            .with(el("strong").text("Deprecated. "))
            .with(el("span").attr("dir", "auto").text(why))
    });
    el("div")
        .class("head")
        .with(crumbs)
        .with(el("h1").attr("dir", "auto").text(shown.title()))
        .with(el("p").class("lead").attr("dir", "auto").text(shown.text("description")))
        .with(badges)
        .all(notice)
}

/// Says why tools and findings are not shown, where there are some.
fn closed(caller: &Caller, response: &ServerResponse) -> Option<El> {
    if !matches!(response.meta.sigyl.scan, ScanStatus::Scanned { .. }) {
        return None;
    }
    let told = el("p").class("quiet");
    Some(match caller.key() {
        None => told
            .text("Tools and findings are shown to people who may read the records of this server: ")
            .with(el("a").href(&Link::to("/sign-in")).text("sign in"))
            .text("."),
        Some(_) => told.text("Your key may not read the records of this server."),
    })
}

fn raw(response: &ServerResponse) -> El {
    let text = response.server.members().ok().and_then(|members| serde_json::to_string_pretty(&members).ok());
    let text = text.unwrap_or_else(|| response.server.as_str().to_owned());
    let shown = match text.char_indices().nth(DOCUMENT) {
        Some((end, _)) => format!("{}\n(cut: the whole is at /v0.1)", &text[..end]),
        None => text,
    };
    el("details").with(el("summary").text("server.json, as it was published")).with(code(shown))
}
