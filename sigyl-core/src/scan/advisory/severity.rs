//! How bad an advisory is: by its own word, or by its CVSS 3 vector.

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

    /// Reads a vector of CVSS 3.0 or 3.1, or a bare number.
    pub(super) fn of_vector(vector: &str) -> Option<Self> {
        let score = match vector.parse::<f64>() {
            Ok(score) => score,
            Err(_) => base_score(vector)?,
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

/// Computes the base score of CVSS 3.1, section 7.1.
fn base_score(vector: &str) -> Option<f64> {
    let metrics = vector.strip_prefix("CVSS:3.")?;
    let metric = |name: &str| metrics.split('/').find_map(|part| part.strip_prefix(name)?.strip_prefix(':'));
    let changed = metric("S")? == "C";
    let pick = |name: &str, values: &[(&str, f64)]| {
        let is = metric(name)?;
        values.iter().find(|(value, _)| *value == is).map(|(_, weight)| *weight)
    };
    const HARM: [(&str, f64); 3] = [("H", 0.56), ("L", 0.22), ("N", 0.0)];
    let reach = pick("AV", &[("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)])?;
    let ease = pick("AC", &[("L", 0.77), ("H", 0.44)])?;
    let rights = match changed {
        true => pick("PR", &[("N", 0.85), ("L", 0.68), ("H", 0.5)])?,
        false => pick("PR", &[("N", 0.85), ("L", 0.62), ("H", 0.27)])?,
    };
    let help = pick("UI", &[("N", 0.85), ("R", 0.62)])?;
    let spared = (1.0 - pick("C", &HARM)?) * (1.0 - pick("I", &HARM)?) * (1.0 - pick("A", &HARM)?);
    let harm = 1.0 - spared;
    let impact = match changed {
        true => 7.52 * (harm - 0.029) - 3.25 * (harm - 0.02).powi(15),
        false => 6.42 * harm,
    };
    if impact <= 0.0 {
        return Some(0.0);
    }
    let whole = impact + 8.22 * reach * ease * rights * help;
    let whole = if changed { whole * 1.08 } else { whole };
    // Rounded up to one digit, as section A of the specification computes it.
    Some((whole.min(10.0) * 100_000.0).round().max(0.0) / 10_000.0)
        .map(|tenths| (tenths - 1e-9).ceil() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_specification() {
        for (vector, score) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
            ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", 1.8),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ] {
            assert!((base_score(vector).unwrap() - score).abs() < 1e-6, "{vector}: {:?}", base_score(vector));
        }
        assert_eq!(base_score("CVSS:4.0/AV:N"), None);
        assert_eq!(base_score("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"), None);
    }

    #[test]
    fn words_and_vectors_become_degrees() {
        assert_eq!(Degree::of_word("MODERATE"), Some(Degree::Moderate));
        assert_eq!(Degree::of_word("?"), None);
        assert_eq!(Degree::of_vector("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), Some(Degree::Critical));
        assert_eq!(Degree::of_vector("7.2"), Some(Degree::High));
    }
}
