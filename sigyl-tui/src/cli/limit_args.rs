//! Limits of a server, as they are written on a command line.

use sigyl_core::domain::Resources;
use sigyl_core::manifest::read_limit;

use crate::problem::Problem;

/// Limits that stand over those of the manifest.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct LimitArgs {
    /// Processors: 0.5, or thousandths as 500m
    #[arg(long, value_name = "NUMBER")]
    cpu: Option<String>,
    /// Memory in bytes, or as 512Mi, 1Gi
    #[arg(long, value_name = "BYTES")]
    memory: Option<String>,
    /// Requests at a time, for each instance
    #[arg(long, value_name = "COUNT")]
    concurrency: Option<String>,
    /// How long one request may take: 30s, 5m
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// Instances kept running, where nobody calls too
    #[arg(long, value_name = "COUNT")]
    min_instances: Option<String>,
    /// Instances (sessions, for a stdio server) at most
    #[arg(long, value_name = "COUNT")]
    max_instances: Option<String>,
}

impl LimitArgs {
    /// Checks them.
    pub(super) fn read(&self) -> Result<Resources, Problem> {
        let given = [
            ("cpu", &self.cpu),
            ("memory", &self.memory),
            ("concurrency", &self.concurrency),
            ("timeout", &self.timeout),
            ("minInstances", &self.min_instances),
            ("maxInstances", &self.max_instances),
        ];
        let wrong = |why: String| Problem::wrong_use("E0001", why, "`sigyl help configure` shows each limit");
        let mut limits = Resources::default();
        for (name, text) in given {
            if let Some(text) = text {
                read_limit(&mut limits, name, text).map_err(|error| wrong(error.to_string()))?;
            }
        }
        limits.check().map_err(|error| wrong(error.to_string()))?;
        Ok(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_and_checked() {
        let args =
            LimitArgs { memory: Some("1Gi".into()), max_instances: Some("4".into()), ..LimitArgs::default() };
        let limits = args.read().unwrap();
        assert_eq!((limits.memory, limits.max_instances, limits.cpu), (Some(1 << 30), Some(4), None));
        let crossed = LimitArgs { min_instances: Some("5".into()), ..args.clone() };
        assert!(crossed.read().unwrap_err().failure.message.contains("only 4"));
        let wrong = LimitArgs { memory: Some("much".into()), ..args };
        assert!(wrong.read().unwrap_err().failure.message.contains("`much`"));
    }
}
