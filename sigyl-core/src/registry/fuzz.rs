//! What the fuzz targets of the registry drive: documents, cursors, and files of clients.

use super::install::{self, Choice, Client, Entry};
use super::{Catalogue, Document, Query};

/// Reads bytes as a document: what is published can be imported, its text and its digest stay, and what is put into a
/// client's file is what that file then holds.
///
/// # Panics
///
/// When one of these does not hold: that is what the fuzzer looks for.
pub fn document(bytes: &[u8]) {
    let checked = Document::validate(bytes);
    assert!(checked.issues.len() <= 51, "too much is told");
    assert_eq!(checked.valid, Document::publish(bytes).is_ok(), "a check and a publication differ");
    let Ok((document, _)) = Document::import(bytes) else {
        assert!(!checked.valid, "what can be published cannot be imported");
        return;
    };
    let raw = document.raw().as_str();
    let again = Document::import(raw.as_bytes()).map(|(again, _)| again.digest());
    assert_eq!(again.ok(), Some(document.digest()), "a document is another one after it was kept");
    for client in Client::all() {
        for choice in [Choice::Any, Choice::Package, Choice::Remote] {
            let Ok(entry) = install::entry(&document, client, choice, None) else { continue };
            let snippet = install::snippet(client, std::slice::from_ref(&entry));
            assert!(snippet.is_ok(), "{}: {snippet:?}", client.word);
        }
    }
}

/// Asks an empty catalogue with any cursor.
pub fn cursor(text: &str) {
    let query = Query { cursor: Some(text.to_owned()), ..Query::default() };
    let answer = Catalogue::default().list(query, None);
    assert!(answer.is_err() || text.is_empty() || answer.is_ok_and(|list| list.servers.is_empty()));
}

/// The address of the server that is put into texts.
const ADDRESS: &str = "https://fuzz.example/mcp";

/// Puts a server into any text, and takes it out again.
///
/// # Panics
///
/// When it is not there then, or something of it is left.
pub fn client_file(word: &str, text: &str) {
    let Some(client) = Client::named(word) else { return };
    let body = serde_json::json!({ "url": ADDRESS });
    let entry = Entry {
        name: "fuzz-0".to_owned(),
        body: body.as_object().cloned().unwrap_or_default(),
        inputs: Vec::new(),
        shown: String::new(),
        given: Vec::new(),
        risks: Vec::new(),
        notes: Vec::new(),
    };
    let Ok(merged) = install::merge(client, text, &entry) else { return };
    let again = install::merge(client, &merged.text, &entry);
    assert!(again.is_ok_and(|again| !again.changed), "what was put in is not there");
    if merged.changed {
        let without = install::remove(client, &merged.text, &entry.name, &[]);
        // The text may speak of the address itself.
        let count = |text: &str| text.matches(ADDRESS).count();
        let is_out = matches!(&without, Ok(Some(left)) if count(left) <= count(text));
        assert!(is_out, "{without:?}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_that_speaks_of_the_address_itself_keeps_it() {
        super::client_file("codex", "# https://fuzz.example/mcp\na = \"x\"\n");
    }
}
