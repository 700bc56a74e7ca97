//! Answers posts of the modern era.

use std::sync::Arc;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::gateway::declared::List;
use crate::gateway::edit::Params;
use crate::gateway::journal::Call;
use crate::gateway::post::Post;
use crate::gateway::request::{Accepts, VERSION, header};
use crate::gateway::respond::{Answer, TRANSPORT_ERROR, busy, empty, error};
use crate::mcp::era::{META_VERSION, decode_header, name_field};
use crate::mcp::message::{
    HEADER_MISMATCH, INVALID_PARAMS, INVALID_REQUEST, Id, METHOD_NOT_FOUND, MISSING_CAPABILITY, Message,
    PARSE_ERROR, UNSUPPORTED_VERSION,
};

use super::process::{Asked, Refused, Shared};

/// The field of `_meta` by which a request asks for log messages.
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

impl Post<'_> {
    /// Passes a modern request to the shared process.
    pub(in crate::gateway) async fn modern(
        &self,
        id: Id,
        method: &str,
        params: &Params<'_>,
        raw: Option<&RawValue>,
        takes: Accepts,
    ) -> Answer {
        let served = &self.served;
        let shared = match self.process_for(params).await {
            Ok(shared) => shared,
            Err(Refused::Legacy) => {
                let what = "Bad Request: this server speaks earlier revisions; start with `initialize`.";
                return error(StatusCode::BAD_REQUEST, Some(&id), TRANSPORT_ERROR, what);
            }
            Err(Refused::Down(why)) => {
                return busy(Some(&id), &format!("the server `{}` is down: {why}", served.name));
            }
        };
        // It may have been barred while the process was started, and after those that ran were ended.
        if let Some(refusal) = self.inner.refusal(served) {
            served.modern.end("it is barred");
            return refusal;
        }
        if let Err(what) = self.check_headers(method, params) {
            return error(StatusCode::BAD_REQUEST, Some(&id), HEADER_MISMATCH, &what);
        }
        if method == "initialize" {
            let what = "Method not found: this revision has no `initialize`";
            return error(StatusCode::NOT_FOUND, Some(&id), METHOD_NOT_FOUND, what);
        }
        if method == "subscriptions/listen" && !takes.events {
            return empty(StatusCode::NOT_ACCEPTABLE);
        }
        let call = Call::start(&self.inner.journal, served, self.account.by(), method, raw);
        let account = Arc::clone(self.account);
        let list = List::start(&self.inner.declared, served, method);
        let asked = Asked { id: id.clone(), method, params, raw, call, list, account };
        match shared.ask(asked, served.route.timeout, &self.inner.config).await {
            Ok((inbox, ticket)) => self.respond(inbox, takes, modern_status, ticket).await,
            Err(why) => busy(Some(&id), &format!("the server `{}` is down: {why}", served.name)),
        }
    }

    /// Gives the process that answers: the shared one, or one for this request alone if it asks for log messages.
    async fn process_for(&self, params: &Params<'_>) -> Result<Arc<Shared>, Refused> {
        let (served, config) = (&self.served, &self.inner.config);
        let shared = served.modern.get(served, config).await?;
        if !params.meta.contains_key(LOG_LEVEL) {
            return Ok(shared);
        }
        let seat = self.inner.seat(served);
        let seat = seat.ok_or_else(|| Refused::Down("all its sessions are in use".to_owned()))?;
        served.modern.alone(served, config, seat).await
    }

    /// Refuses a modern request whose headers say something else than its body.
    fn check_headers(&self, method: &str, params: &Params<'_>) -> Result<(), String> {
        let Some(version) = params.meta_text(META_VERSION) else { return Ok(()) };
        let check = |name: &str, wanted: &str| match header(self.headers, name).map(decode_header) {
            Some(Some(found)) if found == wanted => Ok(()),
            Some(_) => Err(format!("Header mismatch: {name} differs from the body")),
            None => Err(format!("Header mismatch: {name} is missing or given twice")),
        };
        check(VERSION, &version)?;
        check("mcp-method", method)?;
        match name_field(method).and_then(|field| params.text(field)) {
            Some(named) => check("mcp-name", &named),
            None => Ok(()),
        }
    }
}

/// The HTTP status that goes with an answer of the modern era.
fn modern_status(text: &[u8]) -> StatusCode {
    #[derive(Deserialize)]
    struct Coded {
        code: i64,
    }
    let Ok(Message::Response { outcome: Err(error), .. }) = Message::read(text) else {
        return StatusCode::OK;
    };
    match serde_json::from_str::<Coded>(error.get()).map(|coded| coded.code) {
        Ok(METHOD_NOT_FOUND) => StatusCode::NOT_FOUND,
        Ok(
            PARSE_ERROR | INVALID_REQUEST | INVALID_PARAMS | HEADER_MISMATCH | MISSING_CAPABILITY
            | UNSUPPORTED_VERSION,
        ) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}
