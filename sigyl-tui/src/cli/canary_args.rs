//! How clients are led to a new version, as it is written on a command line.

use std::time::Duration;

use sigyl_core::domain::Canary;

use crate::lasting::time;
use crate::problem::Problem;

/// A trial of the new version with some of the new clients.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct CanaryArgs {
    /// Lead these percents of new clients to it first, such as 10,50; it is taken back where it does worse
    #[arg(long, value_name = "PERCENT", value_delimiter = ',')]
    canary: Vec<u8>,
    /// How long each of them lasts, such as 30s or 1h [default: 5m]
    #[arg(long, value_name = "TIME", requires = "canary", value_parser = time)]
    soak: Option<Duration>,
    /// Percentage points by which more of its calls may fail than before
    #[arg(long, value_name = "PERCENT", requires = "canary", default_value_t = 5)]
    max_failures: u8,
    /// Let the last of them wait for `sigyl promote`; it is taken back where nobody does in time, or where it cannot be tried
    /// beside what serves. A first version takes over by itself [default: 24h]
    #[arg(long, value_name = "TIME", requires = "canary", value_parser = time, num_args = 0..=1, require_equals = true,
        default_missing_value = "24h")]
    hold: Option<Duration>,
    /// Take it back where 5 of 100 of its calls take longer: 800ms, 2s
    #[arg(long, value_name = "TIME", requires = "canary", value_parser = time)]
    max_latency: Option<Duration>,
}

impl CanaryArgs {
    /// Checks it.
    pub(super) fn read(&self) -> Result<Option<Canary>, Problem> {
        if self.canary.is_empty() {
            return Ok(None);
        }
        let max_latency = self.max_latency.map(|most| u64::try_from(most.as_millis()).unwrap_or(u64::MAX));
        let canary = Canary {
            max_failures: self.max_failures,
            max_latency,
            hold: self.hold.map(|hold| hold.as_secs()),
            ..Canary::new(self.canary.clone(), self.soak.unwrap_or(Canary::SOAK))
        };
        let wrong = |error: sigyl_core::domain::CanaryError| {
            Problem::wrong_use("E0001", error.to_string(), "write shares that grow: --canary 10,50 --soak 5m")
        };
        canary.check().map_err(wrong)?;
        Ok(Some(canary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_becomes_a_canary_and_nothing_none() {
        let args = CanaryArgs { soak: Some(Duration::from_secs(60)), ..CanaryArgs::default() };
        assert_eq!(args.read().unwrap(), None);
        let max_latency = Some(Duration::from_secs(2));
        let args = CanaryArgs { canary: vec![10, 50], max_failures: 1, max_latency, ..args };
        let canary = args.read().unwrap().unwrap();
        assert_eq!((canary.steps, canary.soak), (vec![10, 50], 60));
        assert_eq!((canary.max_failures, canary.max_latency), (1, Some(2_000)));
        assert_eq!(canary.hold, None);
        let args = CanaryArgs { hold: Some(Duration::from_secs(7_200)), ..args };
        assert_eq!(args.read().unwrap().unwrap().hold, Some(7_200));
        let wrong = CanaryArgs { canary: vec![50, 10], ..args };
        assert!(wrong.read().unwrap_err().failure.message.contains("larger"));
    }
}
