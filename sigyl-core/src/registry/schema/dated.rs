//! Which schemas there are.

use std::sync::LazyLock;

use serde_json::Value;

/// What the address of a schema begins with; its date and name follow.
const BASE: &str = "https://static.modelcontextprotocol.io/schemas/";
const FILE: &str = "/server.schema.json";

macro_rules! dated {
    ($($date:literal),* $(,)?) => {
        /// Each schema with its date, oldest first.
        const DATED: &[(&str, &str)] = &[$((
            $date,
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/data/mcp-registry/server.schema.", $date, ".json"
            )),
        )),*];
    };
}

dated!("2025-07-09", "2025-09-16", "2025-09-29", "2025-10-11", "2025-10-17", "2025-12-11");

static READ: LazyLock<Vec<Schema>> = LazyLock::new(|| {
    let read = |(date, text): &(&'static str, &str)| {
        // A test holds that each can be read.
        Some(Schema { date, root: serde_json::from_str(text).ok()? })
    };
    DATED.iter().filter_map(read).collect()
});

/// One of the registry project's schemas of `server.json`.
#[derive(Debug)]
pub struct Schema {
    date: &'static str,
    pub(super) root: Value,
}

impl Schema {
    /// Finds the schema with this address.
    pub fn named(address: &str) -> Option<&'static Self> {
        let date = address.strip_prefix(BASE)?.strip_suffix(FILE)?;
        READ.iter().find(|schema| schema.date == date)
    }

    /// Returns the newest schema.
    pub fn newest() -> Option<&'static Self> {
        READ.last()
    }

    /// Returns its date, such as `2025-12-11`.
    pub fn date(&self) -> &'static str {
        self.date
    }

    /// Returns its address.
    pub fn address(&self) -> String {
        format!("{BASE}{}{FILE}", self.date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_schema_is_found_by_the_address_that_it_gives_itself() {
        assert_eq!(READ.len(), DATED.len());
        assert!(READ.windows(2).all(|pair| pair[0].date < pair[1].date));
        for schema in READ.iter() {
            assert_eq!(schema.root["$id"], schema.address());
            assert_eq!(Schema::named(&schema.address()).map(Schema::date), Some(schema.date));
        }
        assert_eq!(Schema::newest().map(Schema::date), Some("2025-12-11"));
        for address in ["", "https://example.com/server.schema.json", "2025-12-11"] {
            assert!(Schema::named(address).is_none(), "{address}");
        }
    }
}
