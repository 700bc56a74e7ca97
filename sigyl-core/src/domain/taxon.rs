//! Names that public catalogues give to weaknesses and attacks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::checked_text;

/// An entry of a public catalogue: `CWE-78` (MITRE CWE), `MCP03` (OWASP MCP Top 10), `LLM01` (OWASP Top 10 for LLM
/// applications, 2025) or `AML.T0051.001` (MITRE ATLAS).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Taxon(Box<str>);

/// Text that names no entry of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of CWE-<number>, MCP01 to MCP10, LLM01 to LLM10 and AML.T<number>")]
pub struct TaxonError(String);

/// A public catalogue of weaknesses or attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Taxonomy {
    /// OWASP MCP Top 10.
    OwaspMcp,
    /// OWASP Top 10 for LLM applications.
    OwaspLlm,
    /// MITRE Common Weakness Enumeration.
    Cwe,
    /// MITRE ATLAS.
    Atlas,
}

impl Taxon {
    /// Checks and takes a name.
    pub fn parse(text: &str) -> Result<Self, TaxonError> {
        match taxonomy(text) {
            Some(_) => Ok(Self(text.into())),
            None => Err(TaxonError(text.chars().take(40).collect())),
        }
    }

    /// Returns the catalogue that it is of.
    pub fn taxonomy(&self) -> Taxonomy {
        // It was checked when it was made.
        taxonomy(&self.0).unwrap_or(Taxonomy::Cwe)
    }

    /// Returns the page that describes it.
    pub fn url(&self) -> String {
        match self.taxonomy() {
            Taxonomy::OwaspMcp => "https://owasp.org/www-project-mcp-top-10/".to_owned(),
            Taxonomy::OwaspLlm => "https://genai.owasp.org/llm-top-10/".to_owned(),
            Taxonomy::Cwe => {
                format!("https://cwe.mitre.org/data/definitions/{}.html", self.0.trim_start_matches("CWE-"))
            }
            Taxonomy::Atlas => format!("https://atlas.mitre.org/techniques/{}", self.0),
        }
    }
}

checked_text!(Taxon, TaxonError);

impl fmt::Display for Taxonomy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::OwaspMcp => "OWASP MCP Top 10",
            Self::OwaspLlm => "OWASP Top 10 for LLM applications",
            Self::Cwe => "MITRE CWE",
            Self::Atlas => "MITRE ATLAS",
        })
    }
}

fn taxonomy(text: &str) -> Option<Taxonomy> {
    let digits = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let of_ten = |rank: &str| digits(rank, 2, 2) && ("01"..="10").contains(&rank);
    if let Some(number) = text.strip_prefix("CWE-") {
        return digits(number, 1, 5).then_some(Taxonomy::Cwe);
    }
    if let Some(technique) = text.strip_prefix("AML.T") {
        let (number, part) = technique.split_once('.').unwrap_or((technique, "000"));
        return (digits(number, 4, 4) && digits(part, 3, 3)).then_some(Taxonomy::Atlas);
    }
    match (text.strip_prefix("MCP"), text.strip_prefix("LLM")) {
        (Some(rank), _) if of_ten(rank) => Some(Taxonomy::OwaspMcp),
        (_, Some(rank)) if of_ten(rank) => Some(Taxonomy::OwaspLlm),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_catalogue() {
        for (text, of, url) in [
            ("CWE-78", Taxonomy::Cwe, "https://cwe.mitre.org/data/definitions/78.html"),
            ("MCP03", Taxonomy::OwaspMcp, "https://owasp.org/www-project-mcp-top-10/"),
            ("LLM10", Taxonomy::OwaspLlm, "https://genai.owasp.org/llm-top-10/"),
            ("AML.T0051.001", Taxonomy::Atlas, "https://atlas.mitre.org/techniques/AML.T0051.001"),
        ] {
            let taxon = Taxon::parse(text).unwrap();
            assert_eq!((taxon.as_str(), taxon.taxonomy(), taxon.url().as_str()), (text, of, url));
        }
    }

    #[test]
    fn what_no_catalogue_holds_is_refused() {
        for text in
            ["", "CWE-", "CWE-x", "MCP3", "MCP00", "MCP11", "LLM0x", "AML.T51", "AML.T0051.1", "cwe-78"]
        {
            assert!(Taxon::parse(text).is_err(), "{text}");
        }
    }
}
