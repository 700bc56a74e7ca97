//! All versions of a name.

use sigyl_core::wire::registry::{ServerList, ServerResponse};

use crate::html::{El, el};
use crate::pages::parts::{Shown, badge, day, scan_badge, status_badge};

/// Versions that are shown.
const MOST: usize = 100;

pub(super) fn section(here: &Shown<'_>, all: &ServerList) -> El {
    let row = |response: &ServerResponse| {
        let (shown, official) = (Shown::of(response), &response.meta.official);
        let version = shown.text("version").to_owned();
        let link = here.link().query("version", &version);
        let is_here = version == here.text("version");
        let link = el("a").href(&link).with(el("code").text(version));
        let link = if is_here { link.attr("aria-current", "true") } else { link };
        el("tr")
            .with(
                el("th")
                    .attr("scope", "row")
                    .with(link)
                    .all(official.is_latest.then(|| badge("badge kind", "latest"))),
            )
            .with(el("td").with(scan_badge(&response.meta.sigyl.scan)).all(status_badge(official.status)))
            .with(el("td").with(day(official.published_at)))
    };
    let head =
        el("tr").all(["Version", "Standing", "Published"].map(|it| el("th").attr("scope", "col").text(it)));
    let table = el("table")
        .with(el("thead").with(head))
        .with(el("tbody").all(all.servers.iter().take(MOST).map(row)));
    let more = all.servers.len().saturating_sub(MOST) + all.metadata.omitted;
    let told = (more > 0).then(|| el("p").class("quiet").text(format!("{more} older ones are not shown.")));
    el("div").with(el("div").class("scroll").attr("tabindex", "0").with(table)).all(told)
}
