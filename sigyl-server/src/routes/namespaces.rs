//! Namespaces that accounts prove to be their own.

use std::sync::Arc;

use sigyl_core::access::Class;
use sigyl_core::domain::Action;
use sigyl_core::wire::v1::SignedTime;

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};
use crate::router::{Access, Doc, Method, Route, fails, gives, handler};

/// Bytes of a proof.
const SMALL: usize = 4 << 10;

pub(crate) const ROUTES: &[Route] = &[Route::change(
    Method::Post,
    "/api/v1/namespaces",
    Access::Key(Action::Publish),
    handler!(prove),
    PROVE,
)
.counts_as(Class::Login)];

const PROVE: Doc = Doc::new(
    "proveNamespace",
    "Takes the proof that a domain belongs to the caller: the time, signed with a key that the domain names at its own address, or on record in DNS.",
    &[
        gives("ProvenNamespace", "The namespace of the domain."),
        fails(409, "The account has as many as it may."),
        fails(502, "The domain cannot be asked."),
    ],
)
.takes("SignedTime");

async fn prove(app: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller.clone();
    let proof: SignedTime = ask.json(SMALL).await?;
    Answer::json(&app.core.prove_namespace(&caller, proof).await?)
}
