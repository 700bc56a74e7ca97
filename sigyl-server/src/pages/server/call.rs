//! How the server is called once it runs, or where it runs already.

use sigyl_core::registry::Document;
use sigyl_core::registry::install::{self, Choice, Client};
use sigyl_core::wire::registry::OriginKind;

use crate::html::{El, Link, el};
use crate::pages::parts::{Shown, badge, code, short};

/// Addresses and packages that are shown.
const MOST: usize = 20;

pub(super) fn section(document: &Document, of: &Shown<'_>) -> El {
    let runs_here = of.response.meta.sigyl.origin == OriginKind::Released;
    let mut shown = el("div");
    let remotes = document.remotes();
    for (_, remote) in remotes.iter().take(MOST) {
        let line = el("p").with(badge("badge kind", short(&remote.kind))).text(" ");
        shown.push(line.with(el("code").class("break").text(short(&remote.url))));
    }
    if let Some((_, remote)) = remotes.first().filter(|(_, remote)| remote.kind == "streamable-http") {
        let needs = if runs_here { ", with a key for call" } else { "" };
        shown.push(el("p").text(format!("A first message, to see whether it answers{needs}:")));
        shown.push(code(first_message(&remote.url, runs_here)));
    }
    let packages = document.packages();
    if !packages.is_empty() {
        shown.push(table(&packages));
    }
    // Any client that starts commands says the command.
    let starts = Client::named("claude-code")
        .and_then(|client| install::entry(document, client, Choice::Package, None).ok())
        .map(|entry| entry.shown);
    if let Some(command) = starts {
        shown.push(el("p").text("A client starts it by:"));
        shown.push(code(command));
    }
    if let Some(own) = of.text("name").strip_prefix("internal.sigyl/").filter(|_| runs_here) {
        shown.push(el("p").text("From the machine that runs it:"));
        shown.push(code(format!("sigyl call {own} TOOL '{{\"NAME\": \"VALUE\"}}'\nsigyl calls {own} -f")));
    }
    if shown.is_empty() {
        shown.push(el("p").class("quiet").text("Its document names no address and no package."));
    }
    shown.with(
        el("p")
            .class("fine")
            .with(el("a").href(&Link::under("/docs", &["server"])).text("Endpoints and keys")),
    )
}

/// A command that asks an address who it is.
fn first_message(url: &str, with_key: bool) -> String {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"curl","version":"1"}}}"#;
    // Between single quotes a shell takes everything as it is, but the quote.
    let quoted = url.replace('\'', "'\\''");
    let key = if with_key { "\n  -H \"Authorization: Bearer $KEY\" \\" } else { "" };
    format!(
        "curl '{quoted}' \\{key}\n  -H 'Content-Type: application/json' \\\n  -H 'Accept: application/json, text/event-stream' \\\n  --data '{body}'"
    )
}

fn table(packages: &[(usize, sigyl_core::registry::document::Package)]) -> El {
    let cell = |text: &str| el("td").text(short(text));
    let row = |(_, package): &(usize, sigyl_core::registry::document::Package)| {
        let variables: Vec<_> = package.environment_variables.iter().map(|it| it.name.as_str()).collect();
        el("tr")
            .with(cell(&package.registry_type))
            .with(el("td").with(el("code").class("break").text(short(&package.identifier))))
            .with(cell(package.version.as_deref().unwrap_or("–")))
            .with(cell(&package.transport.kind))
            .with(cell(&variables.join(", ")))
    };
    let names = ["Registry", "Package", "Version", "Transport", "Environment"];
    let head = el("tr").all(names.map(|name| el("th").attr("scope", "col").text(name)));
    let table = el("table")
        .with(el("caption").text("Packages"))
        .with(el("thead").with(head))
        .with(el("tbody").all(packages.iter().take(MOST).map(row)));
    el("div").class("scroll").attr("tabindex", "0").with(table)
}
