//! Servers that follow branches.

use super::call::Call;
use super::operation::{END_FOLLOW, LIST_FOLLOWS, RELEASE_FOLLOWED, SET_FOLLOW};
use super::{Client, ClientError};
use crate::domain::{CommitId, RunId, ServerName};
use crate::wire::v1::{Begun, FollowView, Follows, NewFollow, WaitingCommit};

impl Client {
    /// Lists the servers that follow a branch, of those that the key may see.
    pub async fn follows(&self) -> Result<Vec<FollowView>, ClientError> {
        self.all(Call::of(LIST_FOLLOWS), |part: Follows| (part.follows, part.next)).await
    }

    /// Has a server follow a branch.
    pub async fn set_follow(&self, name: &ServerName, new: &NewFollow) -> Result<FollowView, ClientError> {
        self.ask(Call::of(SET_FOLLOW).part(name).json(new)?).await
    }

    /// Ends that a server follows a branch.
    pub async fn end_follow(&self, name: &ServerName) -> Result<(), ClientError> {
        self.done(Call::of(END_FOLLOW).part(name)).await
    }

    /// Releases the commit that waits; only `commit`, when it is named.
    pub async fn release_followed(
        &self,
        name: &ServerName,
        commit: Option<CommitId>,
    ) -> Result<RunId, ClientError> {
        let waiting = WaitingCommit { commit };
        self.ask::<Begun>(Call::of(RELEASE_FOLLOWED).part(name).json(&waiting)?).await.map(|it| it.run)
    }
}
