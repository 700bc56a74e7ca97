//! The answers of a data directory that holds no store: a look at nothing makes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use sigyl_core::Error;
use sigyl_core::domain::{Caller, ServerName, WorkspaceName};
use sigyl_core::github::app::AppError;
use sigyl_core::wire::registry::Finds;
use sigyl_core::wire::v1::{Failure, GitHubView, InForce, Request, Response, SourceOf, WhoAmI};

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
        Request::Accounts => Ok(Some(Response::Accounts(Vec::new()))),
        Request::Keys { of: None } => Ok(Some(Response::Keys(Vec::new()))),
        Request::Members { workspace } if *workspace == WorkspaceName::default() => {
            Ok(Some(Response::Members(Vec::new())))
        }
        Request::Workspaces => Ok(Some(Response::Workspaces(Vec::new()))),
        Request::Audit { .. } => Ok(Some(Response::Audit(Vec::new()))),
        Request::WhoAmI => Ok(Some(Response::WhoAmI(Box::new(who_owns())))),
        Request::Search { .. } => {
            Ok(Some(Response::Finds(Box::new(Finds { servers: Vec::new(), total: 0 }))))
        }
        Request::Runs { .. } => Ok(Some(Response::Runs(Vec::new()))),
        Request::GitHubApp => {
            let asks = match settings.github.names_who_asks() {
                true => InForce::Configuration,
                false => InForce::Nothing,
            };
            let nothing = GitHubView { app: None, asks, hooks: InForce::Nothing, note: None };
            Ok(Some(Response::GitHub(Box::new(nothing))))
        }
        Request::ForgetGitHubApp => Err(Error::from(AppError::None).failure().into()),
        Request::Events { name: None, follow: false, .. } => Ok(Some(Response::Ok)),
        Request::Events { name: Some(name), .. } => Err(no(name).into()),
        Request::Show { name }
        | Request::Versions { name }
        | Request::Probe { name }
        | Request::Verify { name }
        | Request::Attested { name }
        | Request::Call { name, .. }
        | Request::Logs { name, .. }
        | Request::Usage { name, .. }
        | Request::Calls { name, .. }
        | Request::Secrets { name }
        | Request::SetSecret { name, .. }
        | Request::RemoveSecret { name, .. }
        | Request::RevealSecret { name, .. }
        | Request::Rollback { name, .. }
        | Request::Delete { name, .. } => Err(no(name).into()),
        Request::Source { of: SourceOf::Version { name, .. }, .. } => Err(no(name).into()),
        Request::Reconfigure(change) => Err(no(&change.name).into()),
        Request::Redeploy(redeploy) => Err(no(&redeploy.name).into()),
        _ => Ok(None),
    }
}

/// Tells whether somebody opened a store there before. What cannot be looked at is left to the opening, which tells
/// why.
fn holds_store(data_dir: &Path) -> bool {
    data_dir.join("store").try_exists().unwrap_or(true)
}

/// The owner of the data directory, which needs no record to be it.
fn who_owns() -> WhoAmI {
    let name = Caller::local_owner().name().to_owned();
    WhoAmI { name, account: None, key: None, roles: BTreeMap::new() }
}

fn no(name: &ServerName) -> Failure {
    Error::NoServer(name.clone()).failure()
}
