//! The GitHub App of a server.

use super::call::Call;
use super::operation::{FORGET_GITHUB_APP, KEEP_GITHUB_APP, SHOW_GITHUB_APP};
use super::{Client, ClientError};
use crate::wire::v1::{GitHubView, NewGitHubApp};

impl Client {
    /// Tells how GitHub is asked, and which App is kept; never a key.
    pub async fn github_app(&self) -> Result<GitHubView, ClientError> {
        self.ask(Call::of(SHOW_GITHUB_APP)).await
    }

    /// Has a GitHub App kept, its keys sealed.
    pub async fn keep_github_app(&self, new: &NewGitHubApp) -> Result<GitHubView, ClientError> {
        self.ask(Call::of(KEEP_GITHUB_APP).json(new)?).await
    }

    /// Has the App let go of.
    pub async fn forget_github_app(&self) -> Result<(), ClientError> {
        self.done(Call::of(FORGET_GITHUB_APP)).await
    }
}
