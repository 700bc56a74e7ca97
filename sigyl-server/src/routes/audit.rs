//! The audit: who did what, and that nothing of it was changed.

use std::sync::Arc;

use sigyl_core::domain::{Action, AuditHead};
use sigyl_core::wire::v1::{Audit, AuditFrom};

use crate::app::App;
use crate::request::{Ask, LISTED_MOST};
use crate::respond::{Answer, Problem};
use crate::router::{Access, Doc, Method, Route, fails, gives, handler, param};

/// Entries when no number is asked for.
const LISTED: usize = 100;

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/api/v1/audit", Access::AnyKey, handler!(list), LIST),
    Route::change(
        Method::Post,
        "/api/v1/audit/verification",
        Access::Key(Action::Administer),
        handler!(verify),
        VERIFY,
    ),
];

const LIST: Doc = Doc::new(
    "readAudit",
    "Lists entries of the audit, oldest first: all of them for those who administer, those of their workspaces for \
     those who manage these.",
    &[gives("Audit", "They, and where to go on when there may be more: a part can hold fewer than were asked for.")],
)
.asks(&[
    param("after", "Number", "The last entry that was seen; the last entries there are when absent."),
    param("before", "Number", "The first entry that was seen, to read back from there."),
    param("limit", "Count", "How many."),
]);
const VERIFY: Doc = Doc::new(
    "verifyAudit",
    "Checks the whole audit: no entry was changed, removed or put in.",
    &[
        gives("AuditChecked", "It is whole; where it ends is worth keeping elsewhere."),
        fails(409, "It is not: what is said names where."),
    ],
)
.asks(&[param("kept", "AuditHead", "An end of it that was kept elsewhere, which must still be there.")]);

async fn list(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    let number = |name| query.value(name, "the number of an entry");
    let from = match (number("after")?, number("before")?) {
        (Some(_), Some(_)) => return Err(Problem::invalid("name `after` or `before`, not both")),
        (Some(after), None) => AuditFrom::After(after),
        (None, Some(before)) => AuditFrom::Before(before),
        (None, None) => AuditFrom::End,
    };
    let limit = query.count("limit", LISTED_MOST)?.unwrap_or(LISTED);
    let part = app.core.audit(&ask.caller, from, limit).await?;
    Answer::json(&Audit { entries: part.items, next: part.next })
}

async fn verify(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let query = ask.query()?;
    let kept = query.text("kept").map(|text| {
        AuditHead::parse(text)
            .ok_or_else(|| Problem::invalid("`kept` in the query is not NUMBER:sha256:HASH"))
    });
    Answer::json(&app.core.verify_audit(&ask.caller, kept.transpose()?).await?)
}
