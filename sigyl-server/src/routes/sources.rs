//! Sources that are sent here, because the server cannot read them where they are.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use sigyl_core::domain::{Action, Digest};
use sigyl_core::source::Uploads;

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Carries, Doc, Method, Reply, Route, fails, handler, param};

/// How long an archive may take to arrive.
const ARRIVES: Duration = Duration::from_secs(300);

/// What an archive is said to be.
const ARCHIVE: &str = "application/gzip";

pub(crate) const ROUTES: &[Route] =
    &[Route::change(Method::Post, "/api/v1/sources", Access::Key(Action::Deploy), handler!(upload), UPLOAD)
        .lasting()];

const UPLOAD: Doc = Doc::new(
    "uploadSource",
    "Takes a source as a .tar.gz of 64 MiB at most, and keeps it for an hour, for releases of the same account.",
    &[
        Reply { status: 201, means: "What a release calls it.", carries: Carries::Json("Uploaded") },
        fails(409, "As many are kept as may be."),
    ],
)
.takes_as("Archive", ARCHIVE)
.asks(&[param("digest", "Digest", "The digest of the archive: it is kept only when that came.")]);

async fn upload(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let said = ask.query()?.text("digest").map(Digest::parse).transpose();
    let said = said.map_err(|error| Problem::invalid(format!("`digest` in the query is wrong: {error}")))?;
    let caller = ask.caller.clone();
    let mut pieces = ask.pieces(ARCHIVE, Uploads::MOST)?;
    let mut upload = app.core.begin_upload(&caller).await?;
    let arriving = async {
        while let Some(piece) = pieces.next().await? {
            upload.write(&piece).await.map_err(sigyl_core::Error::from)?;
        }
        Ok::<_, Problem>(upload)
    };
    let late = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "the archive did not arrive in time");
    let upload = tokio::time::timeout(ARRIVES, arriving).await.map_err(late)??;
    let kept = app.core.keep_upload(&caller, upload, said).await?;
    Ok(Answer::json(&kept)?.status(StatusCode::CREATED))
}
