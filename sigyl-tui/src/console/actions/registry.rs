//! Actions on documents of the registry.

use sigyl_core::domain::ListingStatus;
use sigyl_core::registry::Rows;
use sigyl_core::registry::install::{Choice, Client, shell_word, snippet};
use sigyl_core::wire::registry::{ServerResponse, StatusUpdate};
use sigyl_core::wire::v1::{Request, Response};

use super::{Action, Does, Field, FieldKind, Given, Wrong};
use crate::cli::entry_of;
use crate::console::screens::{Asking, Documents, List, Screen, Sheet, Wizard};
use crate::console::view::View;
use crate::render::{self, Look, Role, specimen, wrap};

pub(super) const ACTIONS: &[Action] = &[
    Action::new(
        "search",
        "Search the registry",
        &["searchDocuments"],
        &[Field::needed("words", "words of a name, a description or a tag; a mistyped one is forgiven")],
        Does::Open(|given| Ok(Box::new(List::new(Documents::by(given.need("words")?))))),
    ),
    Action::new(
        "install",
        "Show how to put a server into an editor or another client",
        &[],
        &[
            Field::needed("document", "its name"),
            Field::free("version", "the version; the latest when empty"),
            Field::needed("client", "claude-code, cursor, vscode, zed, codex, …; another word lists all"),
        ],
        Does::Open(install),
    ),
    Action::new(
        "deploy-document",
        "Deploy the server of a document: its package, or its repository",
        &["release", "uploadSource"],
        &[Field::needed(
            "package",
            "npm:NAME@VERSION, pypi:NAME@VERSION or git:URL; the document names none where this is empty",
        )],
        Does::Open(|given| {
            let text: String = given.need("package")?;
            super::servers::source(&text).map_err(|wrong| Wrong { field: "package", ..wrong })?;
            Ok(Box::new(Wizard::of_source(&text)))
        }),
    )
    .looks(),
    Action::new(
        "publish",
        "Publish a document",
        &["publishDocument"],
        &[Field::needed("file", "a server.json").by(FieldKind::File)],
        Does::Say(|given| Ok(Request::PublishListing { document: given.raw("file")? }), "published"),
    ),
    Action::new(
        "import-file",
        "Take in a file of documents: one a line, a list, or a page of a registry",
        &["importDocuments"],
        &[Field::needed(
            "file",
            "the file; another registry by its address is taken in by `sigyl import URL`",
        )
        .by(FieldKind::File)],
        Does::Show(import, |response, look, _| match response {
            Response::Imported(report) => {
                Some(render::import_problems(report, look) + &render::imported(report))
            }
            _ => None,
        }),
    ),
    Action::new(
        "validate",
        "Check a document, without publishing it",
        &["validateDocument"],
        &[Field::needed("file", "a server.json").by(FieldKind::File)],
        Does::Show(
            |given| Ok(Request::CheckListing { document: given.raw("file")? }),
            |response, look, _| match response {
                Response::Validation(checked) if checked.issues.is_empty() => {
                    Some("It can be published.\n".to_owned())
                }
                Response::Validation(checked) => Some(render::issues(&checked.issues, look)),
                _ => None,
            },
        ),
    ),
    Action::new(
        "deprecate",
        "Deprecate, hide or restore a document",
        &["setDocumentStatus", "setStatusOfAll", "deleteDocument"],
        &[
            Field::needed("document", "its name"),
            Field::free("version", "the version; all when empty"),
            Field::needed("status", "how it stands").by(FieldKind::Choice(&[
                "deprecated",
                "deleted",
                "active",
            ])),
            Field::free("message", "what readers are told"),
        ],
        Does::Say(deprecate, "it stands so now"),
    ),
];

/// The verb that does it: it shows what the client would start, and asks before it gives a server power over this machine.
fn install(given: &Given<'_>) -> Result<Box<dyn Screen>, Wrong> {
    let document: String = given.need("document")?;
    let word: String = given.need("client")?;
    let client = Client::named(&word).ok_or_else(|| {
        let words: Vec<_> = Client::all().iter().map(|client| client.word).collect();
        Wrong { field: "client", why: format!("the clients are {}", words.join(", ")) }
    })?;
    let version: Option<String> = given.maybe("version")?;
    let asked = version.clone().unwrap_or_else(|| "latest".to_owned());
    let wanted = version.map_or_else(|| document.clone(), |version| format!("{document}@{version}"));
    let wanted = specimen(&shell_word(&wanted));
    let text = move |response: &Response, look: &Look, view: &View<'_>| match response {
        Response::Listing(found) => Some(installs(found, client, &wanted, look, &view.state.flags)),
        _ => None,
    };
    let request = Request::Listing { name: document, version: asked };
    let asking = Asking::Beside(Box::new(request), Box::new(text));
    Ok(Box::new(Sheet::new("put into an editor", asking)))
}

/// The commands that put it in, and what goes in. They are copied whole: what is said of them is a comment for a shell.
fn installs(
    found: &ServerResponse,
    client: &'static Client,
    wanted: &str,
    look: &Look,
    flags: &str,
) -> String {
    let width = look.width.map(|width| width.saturating_sub(2));
    let says = |text: &str| {
        let lines = wrap(text, &Look { width, ..*look }, 0);
        lines
            .lines()
            .map(|line| format!("{}\n", look.paint(Role::Dim, &format!("# {line}"))))
            .collect::<String>()
    };
    let (word, title) = (client.word, client.title);
    let first =
        format!("puts it into the configuration of {title}, and asks before that; y copies this for a shell");
    let mut text = format!("{}sigyl install {wanted} --client {word}{flags}\n\n", says(&first));
    text.push_str(&format!(
        "{}sigyl config {word} {wanted}{flags}\n\n",
        says("prints what would go in, which is:")
    ));
    let entry = entry_of(found, client, Choice::Any, None).map_err(|problem| problem.failure.message);
    let snippet = entry
        .and_then(|entry| snippet(client, std::slice::from_ref(&entry)).map_err(|error| error.to_string()));
    match snippet {
        Ok(lines) => lines.lines().for_each(|line| {
            text.push_str(&format!("{}\n", look.paint(Role::Specimen, &specimen(&format!("#   {line}")))));
        }),
        Err(why) => text.push_str(&says(&format!("that cannot be shown here: {}", specimen(&why)))),
    }
    text
}

/// Reads rows of a file that was read: as many as one question takes.
fn import(given: &Given<'_>) -> Result<Request, Wrong> {
    let wrong = |why: String| Wrong { field: "file", why };
    let text = given.raw("file")?;
    let mut batches = Rows::new(text.as_bytes());
    let first = batches.next().ok_or_else(|| wrong("it holds no document".to_owned()))?;
    let rows = first.map_err(|error| wrong(error.to_string()))?;
    if batches.next().is_some() {
        return Err(wrong(
            "it is too long for one question: `sigyl import FILE` takes it in parts".to_owned(),
        ));
    }
    Ok(Request::Import { source: "a file".to_owned(), rows })
}

fn deprecate(given: &Given<'_>) -> Result<Request, Wrong> {
    let status = match given.text("status") {
        Some("deprecated") => ListingStatus::Deprecated,
        Some("deleted") => ListingStatus::Deleted,
        Some("active") => ListingStatus::Active,
        _ => return Err(Wrong { field: "status", why: "choose one".to_owned() }),
    };
    let update = StatusUpdate { status, status_message: given.text("message").map(str::to_owned) };
    Ok(Request::SetListingStatus { name: given.need("document")?, version: given.maybe("version")?, update })
}
