//! What the operator says about the reviewer: the table `[llm]` of the configuration.

use serde::{Deserialize, Serialize};

use super::address;
use crate::domain::{Kind, Severity};

/// When a scan is reviewed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ReviewWhen {
    /// When it is asked for.
    #[default]
    Asked,
    /// Each time.
    Always,
    /// Not even when it is asked for: that is told as a gap.
    Never,
}

/// The reviewer, as it is configured. An unknown key is an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReviewerSettings {
    /// Address in front of `/chat/completions`, such as `https://api.openai.com/v1`.
    pub base_url: String,
    /// Name of the model, as the service knows it.
    pub model: String,
    /// The variable of the environment that holds the key; none where the service asks for no key.
    #[serde(default)]
    pub api_key_env: Option<String>,
    /// When a scan is reviewed.
    #[serde(default)]
    pub review: ReviewWhen,
    /// Tokens that one scan may take, read and written together.
    #[serde(default = "max_tokens")]
    pub max_tokens: u64,
    /// Money that one scan may take, in the currency of the prices.
    #[serde(default)]
    pub max_cost: Option<f64>,
    /// Price of a million tokens that the model reads.
    #[serde(default)]
    pub input_price: Option<f64>,
    /// Price of a million tokens that the model writes.
    #[serde(default)]
    pub output_price: Option<f64>,
    /// Tokens that one answer may take.
    #[serde(default = "max_answer_tokens")]
    pub max_answer_tokens: u32,
    /// Bytes that one question shows; a larger subject is asked about in several.
    #[serde(default = "max_subject_bytes")]
    pub max_subject_bytes: usize,
    /// Questions that are open at one time.
    #[serde(default = "concurrency")]
    pub concurrency: u8,
    /// Times that one question is asked at most, when the service fails.
    #[serde(default = "attempts")]
    pub attempts: u8,
    /// How long one answer may take.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// How long the review of one scan may take.
    #[serde(default = "deadline_seconds")]
    pub deadline_seconds: u64,
    /// Proxy to reach the service through; without it none is used, whatever the environment says.
    #[serde(default)]
    pub proxy: Option<String>,
    /// Whether files that register tools are shown as well.
    #[serde(default)]
    pub code: bool,
    /// The worst that the reviewer may call a finding.
    #[serde(default = "max_severity")]
    pub max_severity: Severity,
}

const fn max_tokens() -> u64 {
    200_000
}

const fn max_answer_tokens() -> u32 {
    2_000
}

const fn max_subject_bytes() -> usize {
    24 << 10
}

const fn concurrency() -> u8 {
    4
}

const fn attempts() -> u8 {
    3
}

const fn timeout_seconds() -> u64 {
    60
}

const fn deadline_seconds() -> u64 {
    900
}

const fn max_severity() -> Severity {
    Severity::Error
}

/// The reviewer cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewerError {
    /// A setting holds what it cannot hold.
    #[error("`llm.{name}` {why}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What is wrong, and what to write.
        why: String,
    },
    /// The client cannot be made.
    #[error("the client of the reviewer cannot be made: {0}")]
    Client(String),
}

impl ReviewerError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Setting { .. } => Kind::Invalid,
            Self::Client(_) => Kind::Unavailable,
        }
    }

    pub(super) fn setting(name: &'static str, why: impl Into<String>) -> Self {
        Self::Setting { name, why: why.into() }
    }
}

impl ReviewerSettings {
    /// Settings for a model behind an address, with the defaults for all else.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            model: model.into(),
            api_key_env: None,
            review: ReviewWhen::default(),
            max_tokens: max_tokens(),
            max_cost: None,
            input_price: None,
            output_price: None,
            max_answer_tokens: max_answer_tokens(),
            max_subject_bytes: max_subject_bytes(),
            concurrency: concurrency(),
            attempts: attempts(),
            timeout_seconds: timeout_seconds(),
            deadline_seconds: deadline_seconds(),
            proxy: None,
            code: false,
            max_severity: max_severity(),
        }
    }

    /// Finds the first setting that cannot be used.
    pub fn check(&self) -> Result<(), ReviewerError> {
        address::base(&self.base_url)?;
        self.proxy.as_deref().map(address::proxy).transpose()?;
        if self.model.trim().is_empty() || self.model.len() > 200 {
            return Err(ReviewerError::setting("model", "is empty or too long: name the model"));
        }
        within("max_answer_tokens", u64::from(self.max_answer_tokens), 100, 32_000)?;
        within("max_tokens", self.max_tokens, 1_000, 1_000_000_000)?;
        within("max_subject_bytes", self.max_subject_bytes as u64, 1 << 10, 256 << 10)?;
        within("concurrency", u64::from(self.concurrency), 1, 32)?;
        within("attempts", u64::from(self.attempts), 1, 10)?;
        within("timeout_seconds", self.timeout_seconds, 1, 600)?;
        within("deadline_seconds", self.deadline_seconds, 1, 86_400)?;
        self.check_money()
    }

    fn check_money(&self) -> Result<(), ReviewerError> {
        let given = [
            ("max_cost", self.max_cost),
            ("input_price", self.input_price),
            ("output_price", self.output_price),
        ];
        for (name, value) in given {
            if value.is_some_and(|value| !value.is_finite() || value < 0.0) {
                return Err(ReviewerError::setting(name, "is no amount: write a number from 0 on"));
            }
        }
        match (self.max_cost, self.prices()) {
            (Some(_), None) => Err(ReviewerError::setting(
                "max_cost",
                "needs `input_price` and `output_price`, the prices of a million tokens",
            )),
            _ => Ok(()),
        }
    }

    /// Returns what a million tokens cost, read and written.
    pub(super) fn prices(&self) -> Option<(f64, f64)> {
        self.input_price.zip(self.output_price)
    }

    /// Tells whether a scan is reviewed that was or was not asked to be.
    pub fn is_due(&self, asked: bool) -> bool {
        asked || self.review == ReviewWhen::Always
    }
}

fn within(name: &'static str, value: u64, least: u64, most: u64) -> Result<(), ReviewerError> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(ReviewerError::setting(name, format!("is {value}: write {least} to {most}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(change: impl FnOnce(&mut ReviewerSettings)) -> String {
        let mut settings = ReviewerSettings::new("https://llm.example/v1", "m");
        change(&mut settings);
        settings.check().err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn the_defaults_are_good_and_each_wrong_setting_is_named() {
        assert_eq!(told(|_| ()), "");
        assert!(told(|llm| llm.model.clear()).starts_with("`llm.model`"));
        assert!(told(|llm| llm.attempts = 0).starts_with("`llm.attempts` is 0"));
        assert!(told(|llm| llm.max_cost = Some(1.0)).contains("input_price"));
        assert!(told(|llm| llm.input_price = Some(f64::NAN)).starts_with("`llm.input_price`"));
        assert!(told(|llm| llm.timeout_seconds = 601).contains("1 to 600"));
        let priced = |llm: &mut ReviewerSettings| {
            (llm.max_cost, llm.input_price, llm.output_price) = (Some(0.5), Some(0.1), Some(0.4));
        };
        assert_eq!(told(priced), "");
    }

    #[test]
    fn the_table_has_defaults_and_knows_its_keys() {
        let read = |text: &str| serde_json::from_str::<ReviewerSettings>(text);
        let least = read(r#"{"base_url": "https://llm.example/v1", "model": "m"}"#).unwrap();
        assert_eq!(least, ReviewerSettings::new("https://llm.example/v1", "m"));
        assert!(!least.is_due(false) && least.is_due(true));
        assert!(
            read(r#"{"base_url": "x", "model": "m", "api_key": "sk"}"#).is_err(),
            "keys have no place in it"
        );
        let always = r#"{"base_url": "x", "model": "m", "review": "always"}"#;
        assert!(read(always).unwrap().is_due(false));
    }
}
