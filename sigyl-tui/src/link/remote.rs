//! The owner in another process.

use std::path::Path;

use sigyl_core::control::Client;
use sigyl_core::domain::Kind;
use sigyl_core::wire::v1::{Frame, Owner, Request};

use super::Answer as _;
use crate::problem::Problem;
use crate::settings::Listen;

/// Finds the owner of a data directory.
pub(super) async fn find(data_dir: &Path) -> Result<Option<Client>, Problem> {
    Client::connect(data_dir).await.map_err(|error| error.failure().into())
}

/// Finds the owner, and asks who it is.
pub(crate) async fn owner(data_dir: &Path) -> Result<Option<(Client, Owner)>, Problem> {
    let Some(client) = find(data_dir).await? else { return Ok(None) };
    let owner = Owner::take(client.call(&Request::Owner, |_: Frame| {}).await?)?;
    Ok(Some((client, owner)))
}

/// Refuses an owner whose endpoint is not where it was asked for: what is served there would not be found.
pub(crate) fn require_endpoint(owner: &Owner, listen: &Listen) -> Result<(), Problem> {
    let endpoint = owner.endpoint.as_deref();
    if !listen.named || endpoint.is_some_and(|endpoint| listen.allows(endpoint)) {
        return Ok(());
    }
    Err(Problem::failed(
        "E0022",
        Kind::Conflict,
        format!(
            "process {} serves this data directory at {}, not at {}",
            owner.pid,
            endpoint.unwrap_or("no address"),
            listen.address
        ),
        "leave the address out, or end that process with `sigyl stop` first",
    ))
}
