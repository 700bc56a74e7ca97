//! What is known of a version, in a list beside the page.

use sigyl_core::Inspection;
use sigyl_core::domain::ListingStatus;
use sigyl_core::registry::Document;
use sigyl_core::wire::registry::ScanStatus;

use crate::html::{El, Link, Node, el};
use crate::pages::parts::{Shown, day, origin_words, proof_words, short};

pub(super) fn aside(shown: &Shown<'_>, document: Option<&Document>, inspection: Option<&Inspection>) -> El {
    let (official, ours) = (&shown.response.meta.official, &shown.response.meta.sigyl);
    let mut list = el("dl");
    let mut fact = |name: &str, value: Node| {
        list.push(el("div").with(el("dt").text(name)).with(el("dd").with(value)));
    };
    fact("Version", el("code").text(shown.text("version")).into());
    fact("Status", status(official.status).into());
    fact("Published", day(official.published_at).into());
    fact("Changed", day(official.updated_at).into());
    fact("Origin", origin_words(ours.origin).into());
    if let Some(from) = &ours.imported_from {
        fact("Imported from", place(from));
    }
    if let Some(problems) = ours.problems.filter(|problems| *problems > 0) {
        fact("Problems", format!("{problems} in its document").into());
    }
    fact("Namespace", proof_words(ours.namespace).into());
    let repository = document.and_then(Document::repository).map(|it| it.url).filter(|url| !url.is_empty());
    if let Some(url) = repository {
        fact("Repository", place(&url));
    }
    match shown.text("websiteUrl") {
        "" => {}
        url => fact("Website", place(url)),
    }
    if let ScanStatus::Scanned { source, .. } = &ours.scan {
        fact("Source", el("code").class("digest").text(source.to_string()).into());
    }
    if let Some(inspection) = inspection {
        fact("Recorded", day(inspection.record.recorded).into());
        fact("Run", el("code").class("digest").text(inspection.record.run.as_str()).into());
    }
    el("aside").attr("aria-label", "Facts").class("facts").with(list)
}

fn status(status: ListingStatus) -> &'static str {
    match status {
        ListingStatus::Active => "Active",
        ListingStatus::Deprecated => "Deprecated",
        _ => "Deleted",
    }
}

/// An address that strangers gave: a link when it is one of a page, or else text.
fn place(address: &str) -> Node {
    match Link::outside(address) {
        Some(link) => {
            let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
            el("a").href(&link).text(short(bare.trim_end_matches('/'))).into()
        }
        None => el("span").class("plain").text(short(address)).into(),
    }
}
