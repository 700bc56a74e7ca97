//! How each client takes a server, drawn from what `sigyl install` knows.

use std::sync::Arc;

use sigyl_core::domain::RawDocument;
use sigyl_core::registry::Document;
use sigyl_core::registry::install::Client;

use super::leaf::{Heading, Leaf};
use crate::html::{El, Link, el};
use crate::pages::parts::code;
use crate::pages::server::install;

/// The server that is shown as an example.
const EXAMPLE: &str = r#"{
  "name": "com.example/clock",
  "description": "Tells the time in any zone.",
  "version": "1.2.0",
  "packages": [{
    "registryType": "npm", "identifier": "@example/clock", "version": "1.2.0", "transport": {"type": "stdio"},
    "environmentVariables": [{"name": "CLOCK_TOKEN", "description": "Token of the time service", "isSecret": true, "isRequired": true}]
  }]
}"#;

pub(super) fn leaf() -> Leaf {
    let title = "Use it from a client".to_owned();
    let mut headings = Vec::new();
    let mut body = el("div")
        .class("text")
        .with(el("h1").text(title.as_str()))
        .with(el("p").class("lead").text(
            "One command puts a server of the registry into the file of a client, beside what is there. Or copy what it would put in: each server's page shows it for each client.",
        ));
    let mut section = |id: &str, text: &str, below: String, inner: Vec<El>| {
        headings.push(Heading { level: 2, id: id.to_owned(), text: text.to_owned(), below });
        let anchor =
            el("a").class("anchor").href(&Link::here(id)).attr("aria-label", format!("Link to “{text}”"));
        body.push(el("h2").attr("id", id).text(text).text(" ").with(anchor.text("#")));
        inner.into_iter().for_each(|part| body.push(part));
    };
    let command =
        "sigyl install com.example/clock --client cursor\nsigyl uninstall com.example/clock --client cursor";
    section("by-one-command", "By one command", "sigyl install uninstall".to_owned(), vec![
        code(command),
        el("p").text("Secrets are prompts of the client, names of variables or marks to replace: a value is never written. ").with(
            el("a").href(&Link::under("/docs", &["registry"]).at("clients")).text("Which client does what"),
        ),
    ]);
    let names: Vec<_> = Client::all().iter().map(|client| client.title).collect();
    section(
        "by-hand",
        "By hand",
        names.join(" "),
        vec![el("p").text("For a server that is a package with one secret, as an example:"), example()],
    );
    section("the-whole-registry", "The whole registry", "VS Code Copilot gallery".to_owned(), vec![
        el("p").text("VS Code and GitHub Copilot read a registry by its address: that of this server. An administrator of the organisation names it in the policy for MCP registries. They send no key: give them the address of a view, which shows what its key may see, or let everybody read (registry.anonymous_read)."),
    ]);
    Leaf { title, body: Arc::new(body), headings, leads: vec![("registry", "clients".to_owned())] }
}

/// Every client with what it takes of the example.
fn example() -> El {
    let document = RawDocument::parse(EXAMPLE.as_bytes())
        .ok()
        .and_then(|(raw, _)| Document::import(raw.as_str().as_bytes()).ok());
    document.map_or_else(|| el("div"), |(document, _)| install::tabs(&document))
}
