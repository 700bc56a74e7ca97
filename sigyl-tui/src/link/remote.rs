//! The owner in another process.

use std::path::Path;

use sigyl_core::control::Client;
use sigyl_core::wire::v1::{Frame, Owner, Request};

use super::Answer as _;
use crate::problem::Problem;

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
