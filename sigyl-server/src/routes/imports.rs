//! Documents of other registries, taken in.

use std::sync::Arc;

use sigyl_core::domain::Action;
use sigyl_core::wire::v1::Import;

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Doc, Method, Route, gives, handler};

/// Bytes of the documents that are sent at a time.
const DOCUMENTS: usize = 16 << 20;

pub(crate) const ROUTES: &[Route] = &[Route::change(
    Method::Post,
    "/api/v1/imports",
    Access::Key(Action::Administer),
    handler!(import),
    IMPORT,
)];

const IMPORT: Doc = Doc::new(
    "importDocuments",
    "Takes in documents that were published elsewhere. What cannot be taken is told; the others are on record then.",
    &[gives("ImportReport", "What became of each.")],
)
.takes("Import");

async fn import(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let Import { source, rows } = ask.json(DOCUMENTS).await?;
    Answer::json(&app.core.import(&caller, &source, rows).await?)
}
