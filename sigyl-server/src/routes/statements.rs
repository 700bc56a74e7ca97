//! What is signed of what serves, and the key that it is checked with.

use std::sync::Arc;

use sigyl_core::domain::Action;

use super::servers::name;
use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Doc, Method, Reply, Route, fails, gives, handler};

const READ: Access = Access::Key(Action::Read);
const NONE: Reply =
    fails(404, "There is no such server, for this key at least, or no statement of what serves.");

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/api/v1/servers/{name}/statement", READ, handler!(statement), STATEMENT),
    Route::get("/api/v1/servers/{name}/sbom", READ, handler!(sbom), SBOM),
    Route::change(
        Method::Post,
        "/api/v1/servers/{name}/verify",
        Access::Key(Action::Probe),
        handler!(verify),
        VERIFY,
    ),
    Route::get("/api/v1/public-key", Access::Browse, handler!(public_key), PUBLIC_KEY),
];

const STATEMENT: Doc = Doc::new(
    "showStatement",
    "The signed statement of what serves a server: an in-toto statement of SLSA provenance in an envelope of DSSE.",
    &[gives("Envelope", "It."), NONE],
);
const SBOM: Doc = Doc::new(
    "showSbom",
    "The signed list of what serves a server is made of: CycloneDX in an in-toto statement in an envelope of DSSE.",
    &[gives("Envelope", "It."), NONE],
);
const VERIFY: Doc = Doc::new(
    "verifyServer",
    "Checks the statement of what serves a server, link by link, and asks the server what it declares.",
    &[gives("Verification", "The links, whether they hold or not."), NONE],
);
const PUBLIC_KEY: Doc = Doc::new(
    "showPublicKey",
    "The key that checks what this instance signs.",
    &[gives("PublicKey", "It."), fails(404, "There is no key: a release makes it.")],
);

async fn statement(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.attested(&ask.caller, &name(&ask)?).await?.statement)
}

async fn sbom(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.attested(&ask.caller, &name(&ask)?).await?.sbom)
}

async fn verify(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.verify(&ask.caller, &name(&ask)?).await?)
}

async fn public_key(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    Answer::json(&app.core.public_key(&ask.caller).await?)
}
