//! The MCP Registry, as its OpenAPI document of 2025-12-01 has it: under `/v0.1`, and under `/v0` alike.

use std::sync::Arc;

use sigyl_core::domain::{Action, DocumentVersion, ListingStatus, RawDocument, Timestamp};
use sigyl_core::registry::{Query, Which};
use sigyl_core::wire::registry::StatusUpdate;

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Doc, Method, Param, Reply, Route, fails, gives, handler, param};

/// Bytes of a document, with room for a look at one that is too long.
const DOCUMENT: usize = 2 * RawDocument::MAX_BYTES;

/// Bytes of a wish about a status.
const STATUS: usize = 16 << 10;

/// Documents that a search gives when no number is asked for, and at most.
const FOUND: (usize, usize) = (20, 100);

const BROWSE: Access = Access::Browse;
const PUBLISH: Access = Access::Key(Action::Publish);

/// The routes under one prefix; the second text ends the names of operations.
macro_rules! routes {
    ($prefix:literal, $end:literal) => {
        &[
            Route::get(
                concat!($prefix, "/servers"),
                BROWSE,
                handler!(list),
                LIST.named(concat!("listDocuments", $end)),
            ),
            Route::get(
                concat!($prefix, "/servers/{serverName}/versions"),
                BROWSE,
                handler!(versions),
                VERSIONS.named(concat!("listDocumentVersions", $end)),
            ),
            Route::get(
                concat!($prefix, "/servers/{serverName}/versions/{version}"),
                BROWSE,
                handler!(show),
                SHOW.named(concat!("showDocument", $end)),
            ),
            Route::change(
                Method::Post,
                concat!($prefix, "/publish"),
                PUBLISH,
                handler!(publish),
                PUBLISH_DOC.named(concat!("publishDocument", $end)),
            ),
            Route::change(
                Method::Post,
                concat!($prefix, "/validate"),
                BROWSE,
                handler!(validate),
                VALIDATE.named(concat!("validateDocument", $end)),
            ),
            Route::change(
                Method::Put,
                concat!($prefix, "/servers/{serverName}/versions/{version}"),
                PUBLISH,
                handler!(put),
                PUT.named(concat!("putDocument", $end)),
            ),
            Route::change(
                Method::Delete,
                concat!($prefix, "/servers/{serverName}/versions/{version}"),
                PUBLISH,
                handler!(delete),
                DELETE.named(concat!("deleteDocument", $end)),
            ),
            Route::change(
                Method::Patch,
                concat!($prefix, "/servers/{serverName}/versions/{version}/status"),
                PUBLISH,
                handler!(set_status),
                STATUS_DOC.named(concat!("setDocumentStatus", $end)),
            ),
            Route::change(
                Method::Patch,
                concat!($prefix, "/servers/{serverName}/status"),
                PUBLISH,
                handler!(set_all),
                ALL.named(concat!("setStatusOfAll", $end)),
            ),
            Route::get(
                concat!($prefix, "/x/internal.sigyl/search"),
                BROWSE,
                handler!(search),
                SEARCH.named(concat!("searchDocuments", $end)),
            ),
        ]
    };
}

pub(crate) const STABLE: &[Route] = routes!("/v0.1", "");
pub(crate) const MIRROR: &[Route] = routes!("/v0", "Mirror");

/// The same for who reads a view: its key is in the address, for clients that send no header.
pub(crate) const VIEWS: &[Route] = &[
    Route::get("/view/{view}/v0.1/servers", Access::View, handler!(list), LIST.named("listDocumentsOfView")),
    Route::get(
        "/view/{view}/v0.1/servers/{serverName}/versions",
        Access::View,
        handler!(versions),
        VERSIONS.named("listDocumentVersionsOfView"),
    ),
    Route::get(
        "/view/{view}/v0.1/servers/{serverName}/versions/{version}",
        Access::View,
        handler!(show),
        SHOW.named("showDocumentOfView"),
    ),
    Route::get(
        "/view/{view}/v0.1/x/internal.sigyl/search",
        Access::View,
        handler!(search),
        SEARCH.named("searchDocumentsOfView"),
    ),
];

const NO_NAME: Reply = fails(404, "There is no such server in the registry.");
const NO_VERSION: Reply = fails(404, "There is no such version in the registry.");
const TAKEN: Reply = fails(409, "It does not go with what is there; a version never changes.");
const DELETED: &[Param] = &[param("include_deleted", "Switch", "Whether deleted versions are shown.")];

const LIST: Doc = Doc::new(
    "listDocuments",
    "Lists documents by name and version.",
    &[gives("ServerList", "A page of them.")],
)
.asks(&[
    param(
        "cursor",
        "Cursor",
        "Where the page begins: `nextCursor` of the page before, which holds all else.",
    ),
    param("limit", "PageSize", "How many."),
    param("search", "Search", "Text that the name, title or description holds, in any case."),
    param("updated_since", "Time", "Only what changed then or later; it shows deleted versions too."),
    param("version", "Text", "`latest`, or one version."),
    param("include_deleted", "Switch", "Whether deleted versions are shown."),
    param(
        "complete_only",
        "Switch",
        "Whether documents are left out that were imported without a version, or with a name without a namespace.",
    ),
]);

const VERSIONS: Doc = Doc::new(
    "listDocumentVersions",
    "Lists the versions of a server, the newest publication first.",
    &[gives("ServerList", "They."), NO_NAME],
)
.asks(DELETED);

const SHOW: Doc = Doc::new(
    "showDocument",
    "Shows a version, or the `latest`.",
    &[gives("ServerResponse", "It."), NO_VERSION],
)
.asks(DELETED);

const PUBLISH_DOC: Doc = Doc::new(
    "publishDocument",
    "Publishes a document.",
    &[gives("ServerResponse", "As it is published."), TAKEN],
)
.takes("ServerDocument");

const VALIDATE: Doc = Doc::new(
    "validateDocument",
    "Tells what a publication of the document would come to.",
    &[gives("Validation", "Whether it would be taken, and what is wrong.")],
)
.takes("Anything");

const PUT: Doc = Doc::new(
    "putDocument",
    "Puts a document in its place: its content must be what is there, and it may stand otherwise.",
    &[gives("ServerResponse", "As it is."), NO_VERSION, TAKEN],
)
.takes("ServerDocument")
.asks(&[param("status", "Status", "How it stands from now on.")]);

const DELETE: Doc = Doc::new(
    "deleteDocument",
    "Takes a version out of sight; a status of `active` brings it back.",
    &[gives("ServerResponse", "As it is."), NO_VERSION, TAKEN],
);

const STATUS_DOC: Doc = Doc::new(
    "setDocumentStatus",
    "Lets a version stand otherwise.",
    &[gives("ServerResponse", "As it is."), NO_VERSION, TAKEN],
)
.takes("StatusUpdate");

const ALL: Doc = Doc::new(
    "setStatusOfAll",
    "Lets every version of a server stand otherwise, all at once.",
    &[gives("AllVersions", "Those that changed."), NO_NAME, TAKEN],
)
.takes("StatusUpdate");

const SEARCH: Doc = Doc::new(
    "searchDocuments",
    "Finds servers by words: ranked, by their beginnings, and in spite of slips.",
    &[gives("Finds", "The latest version of each, the best first.")],
)
.asks(&[param("q", "Search", "The words."), param("limit", "PageSize", "How many.")]);

async fn list(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let asked = ask.query()?;
    let given = |name| asked.text(name).filter(|text| !text.is_empty());
    let wrong = |name: &str, why: &dyn std::fmt::Display| {
        Problem::invalid(format!("`{name}` in the query is wrong: {why}"))
    };
    let since = given("updated_since").map(Timestamp::parse).transpose();
    let version = match given("version") {
        None => None,
        Some("latest") => Some(Which::Latest),
        Some(text) => {
            Some(Which::Exact(DocumentVersion::parse(text).map_err(|error| wrong("version", &error))?))
        }
    };
    let query = Query {
        search: given("search").map(str::to_owned),
        updated_since: since.map_err(|error| wrong("updated_since", &error))?,
        version,
        include_deleted: asked.value("include_deleted", "true or false")?.unwrap_or(false),
        complete_only: asked.value("complete_only", "true or false")?.unwrap_or(false),
        limit: asked.value("limit", "a number")?,
        cursor: given("cursor").map(str::to_owned),
    };
    Answer::json(&app.core.listings(&ask.caller, query)?)
}

/// Whether deleted versions are wanted.
fn with_deleted(ask: &Ask) -> Result<bool, Problem> {
    Ok(ask.query()?.value("include_deleted", "true or false")?.unwrap_or(false))
}

async fn versions(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (name, deleted) = (ask.text("serverName")?, with_deleted(&ask)?);
    Answer::json(&app.core.listing_versions(&ask.caller, &name, deleted)?)
}

async fn show(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (name, version, deleted) = (ask.text("serverName")?, ask.text("version")?, with_deleted(&ask)?);
    let found = app.core.listing(&ask.caller, &name, &version, deleted)?;
    if ask.method == hyper::Method::GET {
        app.core.note_download(&ask.caller, &name).await;
    }
    Answer::json(&found)
}

async fn search(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let asked = ask.query()?;
    let limit = asked.count("limit", FOUND.1)?.unwrap_or(FOUND.0);
    Answer::json(&app.core.search(&ask.caller, asked.text("q").unwrap_or_default(), limit)?)
}

async fn publish(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let document = ask.json_text(DOCUMENT).await?;
    Answer::json(&app.core.publish_listing(&caller, document.into()).await?)
}

async fn validate(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    // What is no JSON at all is one of the things that it tells.
    let document = ask.bytes(DOCUMENT).await?;
    Answer::json(&app.core.validate_listing(&caller, document.into()).await?)
}

async fn put(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name, version) = (ask.caller.clone(), ask.text("serverName")?, ask.text("version")?);
    let status = match ask.query()?.text("status") {
        None => None,
        Some("active") => Some(ListingStatus::Active),
        Some("deprecated") => Some(ListingStatus::Deprecated),
        Some("deleted") => Some(ListingStatus::Deleted),
        Some(_) => {
            return Err(Problem::invalid("`status` in the query is not active, deprecated or deleted"));
        }
    };
    let status = status.map(|status| StatusUpdate { status, status_message: None });
    let document = ask.json_text(DOCUMENT).await?;
    Answer::json(&app.core.put_listing(&caller, &name, &version, document.into(), status).await?)
}

async fn delete(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(
        &app.core.delete_listing(&ask.caller, &ask.text("serverName")?, &ask.text("version")?).await?,
    )
}

async fn set_status(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name, version) = (ask.caller.clone(), ask.text("serverName")?, ask.text("version")?);
    let update: StatusUpdate = ask.json(STATUS).await?;
    Answer::json(&app.core.set_listing_status(&caller, &name, &version, update).await?)
}

async fn set_all(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let (caller, name) = (ask.caller.clone(), ask.text("serverName")?);
    let update: StatusUpdate = ask.json(STATUS).await?;
    Answer::json(&app.core.set_status_of_all(&caller, &name, update).await?)
}
