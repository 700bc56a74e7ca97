//! What a server refuses, as it tells it.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::domain::Kind;
use crate::wire::v1::{Problem, ProblemPlace};

/// Characters of a text that are kept.
const MOST: usize = 4_000;

/// Places that are kept.
const PLACES: usize = 50;

/// An answer that tells what went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The operation.
    pub operation: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// The code that `sigyl explain` explains.
    pub code: Option<String>,
    /// What was wrong, in words.
    pub detail: String,
    /// What to do.
    pub hint: Option<String>,
    /// Each thing that is wrong with a body.
    pub errors: Vec<ProblemPlace>,
    /// The request, by the id that the log of the server has too.
    pub request: Option<String>,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
}

impl Refused {
    /// Reads an answer, which may be of anything that stands before the server.
    pub(super) fn read(operation: &'static str, status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let seconds = header(RETRY_AFTER.as_str()).and_then(|text| text.trim().parse().ok());
        let told = serde_json::from_slice::<Problem>(body).ok();
        let detail = told.as_ref().map(|told| bounded(&told.detail)).filter(|detail| !detail.is_empty());
        let code = told.as_ref().and_then(|told| told.code.clone());
        Self {
            operation,
            status,
            code: code.filter(|code| is_code(code)),
            detail: detail.unwrap_or_else(|| "it did not say why".to_owned()),
            hint: told.as_ref().and_then(|told| told.hint.as_deref()).map(bounded),
            request: header("x-request-id").map(|id| id.chars().take(64).collect()),
            retry_after: seconds.map(Duration::from_secs),
            errors: told
                .map(|told| told.errors.into_iter().take(PLACES).map(shortened).collect())
                .unwrap_or_default(),
        }
    }

    /// Returns the class of the failure.
    pub fn kind(&self) -> Kind {
        match self.status {
            401 | 403 => Kind::Denied,
            404 => Kind::NotFound,
            409 => Kind::Conflict,
            422 => Kind::Blocked,
            429 | 503 => Kind::Unavailable,
            502 | 504 => Kind::Upstream,
            400..500 => Kind::Invalid,
            _ => Kind::Internal,
        }
    }
}

/// Tells whether a text is the code of a failure, and nothing else.
pub(super) fn is_code(code: &str) -> bool {
    code.len() == 5 && code.starts_with('E') && code[1..].bytes().all(|byte| byte.is_ascii_digit())
}

fn shortened(place: ProblemPlace) -> ProblemPlace {
    ProblemPlace { message: bounded(&place.message), location: bounded(&place.location) }
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{} (cut)", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, headers: &[(&'static str, &str)], body: &str) -> Refused {
        let pairs = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Refused::read("x", status, &pairs.collect(), body.as_bytes())
    }

    #[test]
    fn a_problem_is_kept_whole() {
        let body = r#"{"type":"about:blank","title":"Conflict","status":409,"detail":"no","instance":"urn:uuid:7","error":"no",
            "code":"E0407","hint":"do","errors":[{"message":"m","location":"body/x"}]}"#;
        let refused = read(409, &[("x-request-id", "7"), ("retry-after", "3")], body);
        assert_eq!((refused.status, refused.detail.as_str(), refused.kind()), (409, "no", Kind::Conflict));
        assert_eq!((refused.code.as_deref(), refused.hint.as_deref()), (Some("E0407"), Some("do")));
        assert_eq!(refused.errors[0].location, "body/x");
        assert_eq!(
            (refused.request.as_deref(), refused.retry_after),
            (Some("7"), Some(Duration::from_secs(3)))
        );
    }

    #[test]
    fn what_is_no_problem_is_still_a_refusal() {
        for body in ["", "<html>", "[]", r#"{"status":"x"}"#, r#"{"status":502,"code":"\u001b[2J"}"#] {
            let refused = read(502, &[("retry-after", "soon")], body);
            assert_eq!(
                (refused.kind(), refused.code, refused.retry_after),
                (Kind::Upstream, None, None),
                "{body}"
            );
            assert_eq!(refused.detail, "it did not say why", "{body}");
        }
        let long = format!(r#"{{"status":400,"detail":"{}"}}"#, "x".repeat(9_000));
        assert!(read(400, &[], &long).detail.ends_with("x (cut)"));
    }
}
