//! Quarantines: what must not run, be called or shown.

use super::call::Call;
use super::operation::{LIFT_QUARANTINE, LIST_QUARANTINES, QUARANTINE, SHOW_QUARANTINE};
use super::{Client, ClientError};
use crate::domain::{Quarantine, Suspect};
use crate::wire::v1::{NewQuarantine, QuarantineView, Quarantines, Reason};

impl Client {
    /// Lists the quarantines that the key may see.
    pub async fn quarantines(&self) -> Result<Vec<Quarantine>, ClientError> {
        self.all(Call::of(LIST_QUARANTINES), |part: Quarantines| (part.quarantines, part.next)).await
    }

    /// Puts something under quarantine.
    pub async fn quarantine(&self, new: &NewQuarantine) -> Result<QuarantineView, ClientError> {
        self.ask(Call::of(QUARANTINE).json(new)?).await
    }

    /// Shows a quarantine, with what it covers.
    pub async fn show_quarantine(&self, what: &Suspect) -> Result<QuarantineView, ClientError> {
        self.ask(Call::of(SHOW_QUARANTINE).part(what)).await
    }

    /// Lifts a quarantine.
    pub async fn lift_quarantine(&self, what: &Suspect, reason: &str) -> Result<QuarantineView, ClientError> {
        let reason = Reason { reason: reason.to_owned() };
        self.ask(Call::of(LIFT_QUARANTINE).part(what).json(&reason)?).await
    }
}
