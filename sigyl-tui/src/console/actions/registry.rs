//! Actions on documents of the registry.

use sigyl_core::domain::ListingStatus;
use sigyl_core::wire::registry::StatusUpdate;
use sigyl_core::wire::v1::{Request, Response};

use super::{Action, Does, Field, FieldKind, Given, Wrong};
use crate::console::screens::{Documents, List};
use crate::render;

pub(super) const ACTIONS: &[Action] = &[
    Action::new(
        "search",
        "Search the registry",
        &["searchDocuments"],
        &[Field::needed("words", "words of a name, a description or a tag; a mistyped one is forgiven")],
        Does::Open(|given| Ok(Box::new(List::new(Documents { words: given.need("words")? })))),
    ),
    Action::new(
        "publish",
        "Publish a document",
        &["publishDocument"],
        &[Field::needed("file", "a server.json").by(FieldKind::File)],
        Does::Say(|given| Ok(Request::PublishListing { document: given.raw("file")? }), "published"),
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
