//! Documents of other registries, taken in.

use std::sync::Arc;

use hyper::StatusCode;
use sigyl_core::domain::Action;
use sigyl_core::wire::v1::{Bookmark, Import};

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, DONE, Doc, Method, Route, gives, handler, param};

/// Bytes of the documents that are sent at a time.
const DOCUMENTS: usize = 16 << 20;

/// Bytes of a bookmark.
const SMALL: usize = 16 << 10;

const ADMINISTER: Access = Access::Key(Action::Administer);

pub(crate) const ROUTES: &[Route] = &[
    Route::change(Method::Post, "/api/v1/imports", ADMINISTER, handler!(import), IMPORT),
    Route::get("/api/v1/imports/bookmark", ADMINISTER, handler!(bookmark), BOOKMARK),
    Route::change(Method::Put, "/api/v1/imports/bookmark", ADMINISTER, handler!(set_bookmark), SET_BOOKMARK),
];

const IMPORT: Doc = Doc::new(
    "importDocuments",
    "Takes in documents that were published elsewhere. What cannot be taken is told; the others are on record then.",
    &[gives("ImportReport", "What became of each.")],
)
.takes("Import");

const BOOKMARK: Doc = Doc::new(
    "showBookmark",
    "Tells up to when another registry was read whole, if it was.",
    &[gives("Bookmark", "It.")],
)
.asks(&[param("source", "Text", "The address of its list.")]);
const SET_BOOKMARK: Doc =
    Doc::new("setBookmark", "Keeps up to when another registry was read whole.", &[DONE]).takes("Bookmark");

async fn bookmark(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let source = ask.query()?.text("source").unwrap_or_default().to_owned();
    let until = app.core.bookmark(&ask.caller, &source).await?;
    Answer::json(&Bookmark { source, until })
}

async fn set_bookmark(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let Bookmark { source, until } = ask.json(SMALL).await?;
    let until = until.ok_or_else(|| Problem::invalid("`until` says up to when"))?;
    app.core.set_bookmark(&caller, &source, until).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

async fn import(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let Import { source, rows } = ask.json(DOCUMENTS).await?;
    Answer::json(&app.core.import(&caller, &source, rows).await?)
}
