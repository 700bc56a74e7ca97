//! How each client takes the server: a button where a client has one, what goes into its file, and the one command.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sigyl_core::registry::Document;
use sigyl_core::registry::install::{self, Choice, Client, Entry, Form};

use crate::html::{El, Link, el};
use crate::pages::parts::{code, tabs as choices};

/// Longest address of a button, in bytes; browsers and clients take no more.
const BUTTON: usize = 8_000;

pub(super) fn section(document: &Document) -> El {
    let clients = Client::all().first();
    match clients.map(|client| install::entry(document, client, Choice::Any, None)) {
        Some(Err(error)) => {
            el("p").class("quiet").text(format!("It cannot be installed from here: {error}."))
        }
        _ => tabs(document),
    }
}

/// Every client, of which one is shown.
pub(in crate::pages) fn tabs(document: &Document) -> El {
    // Those that most people use come first.
    let first = ["vscode", "claude-code", "cursor", "claude-desktop", "codex"];
    let mut clients: Vec<_> = Client::all().iter().collect();
    clients.sort_by_key(|client| first.iter().position(|word| *word == client.word).unwrap_or(first.len()));
    let panels =
        clients.into_iter().map(|client| (client.title.to_owned(), panel(document, client))).collect();
    choices("client", "Client", panels)
}

fn panel(document: &Document, client: &Client) -> El {
    let panel = el("div");
    let entry = match install::entry(document, client, Choice::Any, None) {
        Ok(entry) => entry,
        Err(error) => return panel.with(el("p").class("quiet").text(format!("{}: {error}.", client.title))),
    };
    let text = match install::snippet(client, std::slice::from_ref(&entry)) {
        Ok(text) => text,
        Err(error) => return panel.with(el("p").class("quiet").text(format!("{}: {error}.", client.title))),
    };
    let button = button(client, &entry).map(|to| {
        let link = el("a").class("button").href(&to).text(format!("Install in {}", client.title));
        el("p").with(link)
    });
    let by_hand = match client.form {
        Form::Yaml => " (put in by hand)",
        _ => "",
    };
    let command =
        format!("sigyl install {} --client {}", install::shell_word(document.name().as_str()), client.word);
    let notes = entry.notes.iter().map(|note| el("li").attr("dir", "auto").text(note.as_str()));
    panel
        .all(button)
        .with(el("p").text("In ").with(el("code").text(client.file)).text(by_hand).text(":"))
        .with(code(text))
        .with(el("ul").class("notes").flag("hidden", entry.notes.is_empty()).all(notes))
        .all(
            (client.form != Form::Yaml)
                .then(|| el("p").class("fine").text("Or by command: ").with(el("code").text(command))),
        )
}

/// The address that a client's own button leads to.
fn button(client: &Client, entry: &Entry) -> Option<Link> {
    let link = match client.word {
        "vscode" => {
            let mut whole = Map::new();
            whole.insert("name".to_owned(), Value::String(entry.name.clone()));
            whole.extend(entry.body.clone());
            if !entry.inputs.is_empty() {
                whole.insert("inputs".to_owned(), Value::Array(entry.inputs.clone()));
            }
            Link::vs_code(&Value::Object(whole).to_string())
        }
        "cursor" => {
            let body = Value::Object(entry.body.clone()).to_string();
            Link::cursor(&entry.name, &STANDARD.encode(body))
        }
        _ => return None,
    };
    (link.as_str().len() <= BUTTON).then_some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: &str = include_str!("../../../../sigyl-core/tests/data/registry/clock.json");

    #[test]
    fn each_client_has_its_own_way_and_two_have_a_button() {
        let (document, _) = Document::import(CLOCK.as_bytes()).unwrap();
        let mut out = String::new();
        section(&document).write(&mut out);
        for client in Client::all() {
            assert!(out.contains(&format!(">{}</label>", client.title)), "{}", client.title);
        }
        assert!(out.contains("href=\"vscode:mcp/install?%7B"), "{out}");
        assert!(out.contains("href=\"cursor://anysphere.cursor-deeplink/mcp/install?name="), "{out}");
        assert_eq!(out.matches("checked=\"\"").count(), 1);
    }

    #[test]
    fn what_cannot_be_installed_says_why() {
        let text = r#"{"name": "com.example/none", "version": "1.0.0", "description": "x"}"#;
        let (document, _) = Document::import(text.as_bytes()).unwrap();
        let shown = section(&document).plain();
        assert!(shown.contains("no package and no address"), "{shown}");
    }
}
