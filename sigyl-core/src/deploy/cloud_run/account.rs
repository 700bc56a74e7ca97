//! Accounts that servers and builds run as.

use serde::Deserialize;
use serde_json::json;

use super::call::Call;
use super::doctor::{BUILDER, BUILDS};
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::policy::Guarded;
use super::refusal::{Class, member};

/// An account, and whether it was made just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its address.
    pub email: String,
    /// Whether Google may not know it everywhere yet.
    pub is_new: bool,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    disabled: bool,
}

impl Google {
    /// Returns the address of an account of the project.
    pub(super) fn email(&self, id: &str) -> String {
        format!("{id}@{}.iam.gserviceaccount.com", self.project())
    }

    /// Makes an account if it is not there. It is granted nothing.
    pub async fn keep_account(&self, id: &str, about: &str) -> Result<Account, GoogleError> {
        let email = self.email(id);
        let path = format!("v1/projects/{}/serviceAccounts/{email}", self.project());
        match self.call::<Found>(Call::get("iam.projects.serviceAccounts.get", Api::Iam, path)).await {
            Ok(found) if found.disabled => Err(GoogleError::Answer {
                call: "iam.projects.serviceAccounts.get",
                why: format!("the account {email} is disabled"),
            }),
            Ok(_) => Ok(Account { email, is_new: false }),
            Err(error) if error.is(&Class::NotFound) => self.make_account(id, email, about).await,
            Err(error) => Err(error),
        }
    }

    async fn make_account(&self, id: &str, email: String, about: &str) -> Result<Account, GoogleError> {
        let about: String = about.chars().take(100).collect();
        let body = json!({"accountId": id, "serviceAccount": {"displayName": about}});
        let path = format!("v1/projects/{}/serviceAccounts", self.project());
        let call = Call::post("iam.projects.serviceAccounts.create", Api::Iam, path, body);
        match self.call::<Found>(call).await {
            Ok(_) => {}
            // Another release made it at the same time.
            Err(error) if error.is(&Class::Exists) => {}
            Err(error) => return Err(error),
        }
        Ok(Account { email, is_new: true })
    }

    /// Makes the account that builds, and lets it read sources, write images and log.
    pub async fn keep_builder(&self) -> Result<Account, GoogleError> {
        let account = self.keep_account(BUILDER, "Builds what Sigyl releases").await?;
        let granted = self.grant(&Guarded::Project, &BUILDS, &member(&account.email), account.is_new).await?;
        Ok(Account { is_new: account.is_new || granted, ..account })
    }

    /// Removes an account; returns what was removed.
    pub async fn remove_account(&self, id: &str) -> Result<Vec<String>, GoogleError> {
        let email = self.email(id);
        let path = format!("v1/projects/{}/serviceAccounts/{email}", self.project());
        let gone = self.gone(Call::delete("iam.projects.serviceAccounts.delete", Api::Iam, path)).await?;
        Ok(if gone { vec![format!("the account {email}")] } else { Vec::new() })
    }
}
