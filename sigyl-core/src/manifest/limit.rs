//! Limits as somebody types them, one by one, by the rules of a manifest.

use super::node::Node;
use super::problem::{Place, shown};
use super::quantity;
use crate::domain::Resources;

/// A limit that does not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} cannot be `{given}`: {remedy}")]
#[non_exhaustive]
pub struct LimitError {
    /// The limit, as a manifest calls it.
    pub name: String,
    /// What was written, as far as it can be shown.
    pub given: String,
    /// What may be written.
    pub remedy: &'static str,
}

/// Reads a limit as a manifest has it under `resources`: `cpu`, `memory`, `timeout`, `concurrency`, `minInstances`,
/// `maxInstances`. Bounds of whole numbers are those of [`Resources::check`].
pub fn read_limit(limits: &mut Resources, name: &str, text: &str) -> Result<(), LimitError> {
    const WHOLE: &str = "write a whole number";
    let node = Node::text(Place::file("limits"), text.trim());
    let whole = || text.trim().parse::<u32>().map(Some);
    let (is_read, remedy) = match name {
        "cpu" => (set(&mut limits.cpu, quantity::cpu(&node)), quantity::CPU),
        "memory" => (set(&mut limits.memory, quantity::memory(&node)), quantity::MEMORY),
        "timeout" => (set(&mut limits.timeout, quantity::seconds(&node)), quantity::SECONDS),
        "concurrency" => (whole().map(|it| set(&mut limits.concurrency, it)).is_ok(), WHOLE),
        "minInstances" => (whole().map(|it| set(&mut limits.min_instances, it)).is_ok(), WHOLE),
        "maxInstances" => (whole().map(|it| set(&mut limits.max_instances, it)).is_ok(), WHOLE),
        _ => (false, "name cpu, memory, timeout, concurrency, minInstances or maxInstances"),
    };
    let wrong = || LimitError { name: shown(name), given: shown(text), remedy };
    is_read.then_some(()).ok_or_else(wrong)
}

fn set<T>(limit: &mut Option<T>, read: Option<T>) -> bool {
    let is_read = read.is_some();
    *limit = read.or(limit.take());
    is_read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_as_in_a_manifest() {
        let mut limits = Resources::default();
        for (name, text) in [
            ("cpu", "500m"),
            ("memory", " 512Mi"),
            ("timeout", "5m"),
            ("concurrency", "80"),
            ("minInstances", "0"),
            ("maxInstances", "3"),
        ] {
            read_limit(&mut limits, name, text).unwrap();
        }
        assert_eq!((limits.cpu, limits.memory, limits.timeout), (Some(0.5), Some(512 << 20), Some(300)));
        assert_eq!((limits.concurrency, limits.min_instances), (Some(80), Some(0)));
        assert_eq!(limits.max_instances, Some(3));
    }

    #[test]
    fn what_does_not_read_changes_nothing_and_says_what_may_be_written() {
        let mut limits = Resources { cpu: Some(1.0), ..Resources::default() };
        for (name, text) in [("cpu", "two"), ("memory", "1 GB"), ("concurrency", "-1"), ("colour", "red")] {
            let error = read_limit(&mut limits, name, text).unwrap_err();
            assert!(error.to_string().contains(&format!("{name} cannot be `{text}`")), "{error}");
        }
        assert_eq!(limits, Resources { cpu: Some(1.0), ..Resources::default() });
    }
}
