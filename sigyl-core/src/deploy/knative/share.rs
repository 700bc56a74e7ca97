//! Who is led where: the parts of a service's traffic.

use serde::{Deserialize, Serialize};

/// A part of the traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Share {
    pub(super) revision_name: String,
    pub(super) percent: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tag: Option<String>,
    pub(super) latest_revision: bool,
    #[serde(skip_serializing)]
    pub(super) url: Option<String>,
}

impl Share {
    /// A part for one revision.
    pub(super) fn of(revision: &str, percent: u32, tag: String) -> Self {
        Self { revision_name: revision.to_owned(), percent, tag: Some(tag), ..Self::default() }
    }
}

/// Gives all traffic to one revision, and keeps those of the others that have a tag: whoever has traffic now comes last, so
/// that it can be given back to that one, and to none that never served.
pub(super) fn all_to(revision: &str, tag: String, mut others: Vec<Share>) -> Vec<Share> {
    others.retain(|share| share.tag.is_some());
    others.sort_by_key(|share| share.percent);
    others.iter_mut().for_each(|share| share.percent = 0);
    others.push(Share::of(revision, 100, tag));
    others
}

/// Gives what is missing to a hundred to the last of the others: the one that had it before.
pub(super) fn given_back(mut others: Vec<Share>) -> Vec<Share> {
    let given: u32 = others.iter().map(|share| share.percent).fold(0, u32::saturating_add);
    if let Some(last) = others.last_mut() {
        last.percent += 100_u32.saturating_sub(given);
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_goes_back_to_whoever_had_it_last() {
        let share = |name: &str, percent| Share::of(name, percent, format!("r{name}"));
        let shifted = all_to("c", "rc".to_owned(), vec![share("b", 100), share("a", 0), Share::default()]);
        assert_eq!(shifted, [share("a", 0), share("b", 0), share("c", 100)]);
        let others: Vec<Share> = shifted.into_iter().filter(|share| share.revision_name != "c").collect();
        assert_eq!(given_back(others), [share("a", 0), share("b", 100)]);
    }
}
