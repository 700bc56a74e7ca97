//! Goes over every server of every configuration.

use crate::domain::Location;
use crate::scan::client::{ClientConfig, Entry};
use crate::scan::rule::Part;

/// Yields each server that a client would start or reach, with its file.
pub(super) fn entries<'p>(part: &'p Part<'_>) -> impl Iterator<Item = (&'p ClientConfig, &'p Entry)> {
    let configs = match part {
        Part::Clients(clients) => clients.configs,
        _ => &[],
    };
    let all = configs.iter().flat_map(|config| config.servers.iter().map(move |entry| (*config, entry)));
    all.filter(|(_, entry)| !entry.disabled)
}

/// Makes the location of a line.
pub(super) fn place(config: &ClientConfig, line: u32) -> Option<Location> {
    Some(Location::File { path: config.path.clone(), line: Some(line), column: None })
}

/// Makes a rule of its metadata alone.
macro_rules! rule {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        pub(in crate::scan::rules) struct $name(RuleMeta);

        impl $name {
            pub(in crate::scan::rules) fn new(meta: RuleMeta) -> Result<Self, regex::Error> {
                Ok(Self(meta))
            }
        }

        impl Rule for $name {
            fn meta(&self) -> &RuleMeta {
                &self.0
            }

            fn check(&self, part: &Part<'_>, found: &mut Findings<'_>) {
                self.look(part, found);
            }
        }
    };
}

pub(super) use rule;
