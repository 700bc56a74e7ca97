//! What an App asks about itself.

use super::client::RepositoryClient;
use super::{ApiError, courier};
use crate::github::app::AppSeen;
use crate::web::plain;

impl RepositoryClient {
    /// Asks GitHub what the App is there: its key is good when it answers.
    pub async fn app(&self) -> Result<AppSeen, ApiError> {
        let heard = self.office().look("/app").await?;
        if heard.status != 200 {
            return Err(courier::refusal(heard.status, &heard.body));
        }
        let seen: AppSeen = heard.json()?;
        Ok(AppSeen { name: plain(&seen.name), slug: plain(&seen.slug), ..seen })
    }
}
