//! How clients are led to a new version, as it is written on a command line.

use std::time::Duration;

use sigyl_core::domain::Canary;

use crate::problem::Problem;

/// How long a share lasts where nobody says.
const SOAK: &str = "5m";

/// A trial of the new version with some of the new clients.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct CanaryArgs {
    /// Lead these percents of new clients to it first, such as 10,50; it is taken back where it does worse
    #[arg(long, value_name = "PERCENT", value_delimiter = ',')]
    canary: Vec<u8>,
    /// How long each of them lasts: 30s, 5m, 1h
    #[arg(long, value_name = "TIME", requires = "canary", default_value = SOAK, value_parser = time)]
    soak: Duration,
    /// Percentage points by which more of its calls may fail than before
    #[arg(long, value_name = "PERCENT", requires = "canary", default_value_t = 5)]
    max_failures: u8,
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
            ..Canary::new(self.canary.clone(), self.soak)
        };
        let wrong = |error: sigyl_core::domain::CanaryError| {
            Problem::wrong_use("E0001", error.to_string(), "write shares that grow: --canary 10,50 --soak 5m")
        };
        canary.check().map_err(wrong)?;
        Ok(Some(canary))
    }
}

/// Reads a time with its unit.
fn time(text: &str) -> Result<Duration, String> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(at);
    let count: u64 = count.parse().map_err(|_| "write a number and its unit: 30s, 5m, 1h".to_owned())?;
    let of = |seconds: u64| count.checked_mul(seconds).map(Duration::from_secs);
    let time = match unit {
        "ms" => Some(Duration::from_millis(count)),
        "s" => of(1),
        "m" | "min" => of(60),
        "h" => of(3_600),
        "d" => of(86_400),
        "" => return Err("a unit is missing: 30s, 5m, 1h".to_owned()),
        _ => return Err(format!("`{unit}` is no unit of time: write ms, s, m, h or d")),
    };
    time.ok_or_else(|| "that is longer than can be counted".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("5min", 300), ("1h", 3_600), ("2d", 172_800)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(time("800ms"), Ok(Duration::from_millis(800)));
        for text in
            ["", "5", "m", "-5s", "5 m", "5x", "1.5h", "99999999999999999999s", "18446744073709551615d"]
        {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_said_becomes_a_canary_and_nothing_none() {
        let args = CanaryArgs { soak: Duration::from_secs(60), ..CanaryArgs::default() };
        assert_eq!(args.read().unwrap(), None);
        let max_latency = Some(Duration::from_secs(2));
        let args = CanaryArgs { canary: vec![10, 50], max_failures: 1, max_latency, ..args };
        let canary = args.read().unwrap().unwrap();
        assert_eq!((canary.steps, canary.soak), (vec![10, 50], 60));
        assert_eq!((canary.max_failures, canary.max_latency), (1, Some(2_000)));
        let wrong = CanaryArgs { canary: vec![50, 10], ..args };
        assert!(wrong.read().unwrap_err().failure.message.contains("larger"));
    }
}
