//! One's own account.

use std::sync::Arc;

use hyper::StatusCode;
use sigyl_core::domain::Action;
use sigyl_core::wire::v1::{AccountExport, AccountProfile};

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, DONE, Doc, Method, Route, fails, gives, handler, param};

/// Bytes of a profile.
const SMALL: usize = 4 << 10;

const OWN: Access = Access::Key(Action::Keys);

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/api/v1/me/export", OWN, handler!(export), EXPORT),
    Route::change(Method::Patch, "/api/v1/me", OWN, handler!(rename), RENAME),
    Route::change(Method::Delete, "/api/v1/me", OWN, handler!(delete), DELETE),
];

const EXPORT: Doc = Doc::new(
    "exportMe",
    "Gives all that is on record of the caller's account: its keys without secrets, runs, and what it did.",
    &[gives("AccountExport", "That.")],
);
const RENAME: Doc =
    Doc::new("renameMe", "Changes what the caller's account is called.", &[gives("Account", "It.")])
        .takes("AccountProfile");
const DELETE: Doc = Doc::new(
    "deleteMe",
    "Deletes the caller's account, with its keys and memberships. It is refused, with a list, while it is the only \
     owner of a workspace with servers.",
    &[DONE, fails(409, "It has servers that would be nobody's, or is the last administrator.")],
)
.asks(&[param("confirm", "Text", "The login of the account.")]);

async fn export(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let export: AccountExport = app.core.export_me(&ask.caller).await?;
    Answer::json(&export)
}

async fn rename(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let AccountProfile { name } = ask.json(SMALL).await?;
    Answer::json(&app.core.rename_me(&caller, name).await?)
}

async fn delete(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    app.core.delete_me(&ask.caller, query.text("confirm").unwrap_or_default()).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
