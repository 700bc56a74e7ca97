//! How bad an advisory is: by its own word, or by its CVSS vector.

use cvss::Cvss;

/// How bad an advisory is; ordered from least to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scan) enum Degree {
    /// It does not say.
    Unknown,
    /// Low.
    Low,
    /// Moderate.
    Moderate,
    /// High.
    High,
    /// Critical.
    Critical,
    /// The package was published to do harm.
    Malicious,
}

impl Degree {
    /// Reads a word.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "low" => Some(Self::Low),
            "moderate" | "medium" => Some(Self::Moderate),
            "high" | "important" => Some(Self::High),
            "critical" => Some(Self::Critical),
            _ => None,
        }
    }

    /// Reads a vector of CVSS 2, 3 or 4, or a bare number.
    pub(super) fn of_vector(vector: &str) -> Option<Self> {
        let score = match vector.parse::<f64>() {
            Ok(score) => score,
            Err(_) => vector.parse::<Cvss>().ok()?.score(),
        };
        Some(match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Moderate,
            _ => Self::Low,
        })
    }

    /// Returns the word for it.
    pub(in crate::scan) fn word(self) -> &'static str {
        match self {
            Self::Unknown => "severity not stated",
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
            Self::Critical => "critical",
            Self::Malicious => "malicious",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_vectors_become_degrees() {
        assert_eq!(Degree::of_word("MODERATE"), Some(Degree::Moderate));
        assert_eq!(Degree::of_word("?"), None);
        assert_eq!(Degree::of_vector("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), Some(Degree::Critical));
        assert_eq!(Degree::of_vector("7.2"), Some(Degree::High));
        for (vector, degree) in [
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Degree::High),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", Degree::Moderate),
            ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", Degree::Low),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Degree::Critical),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", Degree::Critical),
        ] {
            assert_eq!(Degree::of_vector(vector), Some(degree), "{vector}");
        }
        assert_eq!(Degree::of_vector("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"), None);
        assert_eq!(Degree::of_vector("CVSS:4.0/AV:N"), None);
    }
}
