//! The answers of a data directory that holds no store: a look at nothing makes nothing.

use std::path::Path;

use sigyl_core::Error;
use sigyl_core::domain::ServerName;
use sigyl_core::wire::v1::{Failure, Request, Response};

use crate::problem::Problem;
use crate::settings::Settings;

/// Answers what can be answered without a store, when there is none; nothing when there is one, or one has to be made.
pub(crate) fn answer(request: &Request, settings: &Settings) -> Result<Option<Response>, Problem> {
    if holds_store(&settings.data_dir()?) {
        return Ok(None);
    }
    match request {
        Request::List => Ok(Some(Response::Servers(Vec::new()))),
        Request::Rescan { names, .. } => match names.first() {
            Some(name) => Err(no(name).into()),
            None => Ok(Some(Response::Rescanned(Vec::new()))),
        },
        Request::Runs { .. } => Ok(Some(Response::Runs(Vec::new()))),
        Request::Events { name: None, follow: false, .. } => Ok(Some(Response::Ok)),
        Request::Events { name: Some(name), .. } => Err(no(name).into()),
        Request::Show { name }
        | Request::Versions { name }
        | Request::Probe { name }
        | Request::Call { name, .. }
        | Request::Logs { name, .. }
        | Request::Calls { name, .. }
        | Request::Rollback { name, .. }
        | Request::Delete { name, .. } => Err(no(name).into()),
        Request::Redeploy(redeploy) => Err(no(&redeploy.name).into()),
        _ => Ok(None),
    }
}

/// Tells whether somebody opened a store there before. What cannot be looked at is left to the opening, which tells
/// why.
fn holds_store(data_dir: &Path) -> bool {
    data_dir.join("store").try_exists().unwrap_or(true)
}

fn no(name: &ServerName) -> Failure {
    Error::NoServer(name.clone()).failure()
}
