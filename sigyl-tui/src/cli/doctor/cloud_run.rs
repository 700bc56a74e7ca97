//! The project at Google: what a release would miss there.

use sigyl_core::deploy::cloud_run::{self, Checked, Doctor};

use super::check::{Check, State};
use crate::problem::Problem;
use crate::settings::Settings;

/// Looks at the project; nothing is changed.
pub(super) async fn check(settings: &Settings) -> Result<Vec<Check>, Problem> {
    let google = settings.google()?;
    Ok(Doctor::look(&google).await.into_iter().map(told).collect())
}

fn told(check: cloud_run::Check) -> Check {
    let state = match check.state {
        Checked::Ok | Checked::Made => State::Ok,
        Checked::Missing => State::Fail,
        // What could not be looked at, or is not known here, is never taken for well.
        _ => State::Warn,
    };
    Check { name: check.name, state, found: check.found, remedy: None, commands: check.remedies }
}
