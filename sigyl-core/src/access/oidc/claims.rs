//! What a token says, and what it has to say.

use serde_json::{Map, Value};

use super::TokenError;
use crate::domain::Timestamp;

/// Seconds by which clocks may differ.
const SKEW: i64 = 60;
/// Characters of a subject.
const SUBJECT_MOST: usize = 255;

/// What a token has to say.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// Who signed it.
    pub issuer: &'a str,
    /// For whom it is.
    pub audience: &'a str,
    /// What was sent with the question, when there was one.
    pub nonce: Option<&'a str>,
    /// When it is looked at.
    pub now: Timestamp,
}

/// What a token says, once its signature, times, issuer and audience are known to be right.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    subject: String,
    all: Map<String, Value>,
}

impl Claims {
    /// Checks what a token with a right signature says.
    pub(super) fn check(all: Map<String, Value>, expected: &Expected<'_>) -> Result<Self, TokenError> {
        let text = |name: &'static str| all.get(name).and_then(Value::as_str);
        if text("iss") != Some(expected.issuer) {
            return Err(TokenError::Claim("it was not issued by the expected server"));
        }
        check_audience(&all, expected.audience)?;
        check_times(&all, expected.now)?;
        if expected.nonce.is_some() && text("nonce") != expected.nonce {
            return Err(TokenError::Claim("its nonce is not the one that was sent"));
        }
        let subject = text("sub").filter(|it| !it.is_empty() && it.chars().count() <= SUBJECT_MOST);
        let subject = subject.ok_or(TokenError::Claim("it says of nobody who they are"))?.to_owned();
        Ok(Self { subject, all })
    }

    /// Returns who it is about.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns what it says under a name, if that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all.get(name).and_then(Value::as_str)
    }

    /// Returns the texts that it lists under a name; one text is a list of one.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        match self.all.get(name) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Tells whether it says `true` under a name.
    pub fn is_true(&self, name: &str) -> bool {
        self.all.get(name) == Some(&Value::Bool(true))
    }
}

fn check_audience(all: &Map<String, Value>, audience: &str) -> Result<(), TokenError> {
    let named: Vec<_> = match all.get("aud") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !named.contains(&audience) {
        return Err(TokenError::Claim("it is for another audience"));
    }
    // One that is for several says who asked for it.
    match all.get("azp") {
        None if named.len() == 1 => Ok(()),
        Some(party) if party == audience => Ok(()),
        _ => Err(TokenError::Claim("it was given to another party")),
    }
}

fn check_times(all: &Map<String, Value>, now: Timestamp) -> Result<(), TokenError> {
    let seconds = |name: &str| match all.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .or_else(|| value.as_f64().map(|it| it as i64))
            .map(Some)
            .ok_or(TokenError::Claim("one of its times is no number")),
    };
    let now = now.millis() / 1_000;
    let end = seconds("exp")?.ok_or(TokenError::Claim("it never ends"))?;
    if end.saturating_add(SKEW) <= now {
        return Err(TokenError::Claim("its time is over"));
    }
    for name in ["nbf", "iat"] {
        if seconds(name)?.is_some_and(|start| start.saturating_sub(SKEW) > now) {
            return Err(TokenError::Claim("its time has not begun"));
        }
    }
    Ok(())
}
