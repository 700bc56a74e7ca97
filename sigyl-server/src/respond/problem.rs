//! What went wrong, as every client is told: the fields of RFC 9457, and `error` as the MCP Registry has it.

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use sigyl_core::Error;
use sigyl_core::domain::{Failure, Issue, Kind};
use sigyl_core::registry::ListingError;
use sigyl_core::wire::v1::{self, Broken, ProblemPlace};

use super::Answer;

/// Characters of a detail; what is longer is cut, with a sign that it was.
const DETAIL_MOST: usize = 2_000;

/// A request that failed.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    told: Box<Told>,
}

#[derive(Debug)]
struct Told {
    detail: String,
    code: Option<String>,
    hint: Option<String>,
    errors: Vec<ProblemPlace>,
    headers: HeaderMap,
}

/// The status of each class of failure. What the server does to others' requests is decided here alone.
fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::Blocked => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Upstream => StatusCode::BAD_GATEWAY,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl Problem {
    /// A problem with `status`, in words for the client.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let told = Told {
            detail: detail.into(),
            code: None,
            hint: None,
            errors: Vec::new(),
            headers: HeaderMap::new(),
        };
        Self { status, told: Box::new(told) }
    }

    /// What the client sent cannot be used.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// There is nothing of the kind.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The client should come back after `seconds`.
    pub(crate) fn busy(detail: impl Into<String>, seconds: u64) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Something that should be impossible: its cause is logged, and kept from the client.
    pub(crate) fn defect(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(cause, "an answer could not be made");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why")
    }

    /// The same with another status.
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with a header.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.told.headers.insert(name, value);
        self
    }

    /// Returns the headers that go with it.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.told.headers
    }

    /// Returns what is told of it.
    pub(crate) fn words(&self) -> Broken {
        let Told { code, detail, hint, .. } = &*self.told;
        Broken { code: code.clone(), detail: detail.clone(), hint: hint.clone() }
    }

    /// Writes it down for the client; `instance` is the request that it happened to.
    pub(crate) fn answer(self, instance: &str) -> Answer {
        let Told { detail, code, hint, errors, headers } = *self.told;
        let body = v1::Problem {
            r#type: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            error: detail.clone(),
            detail,
            instance: format!("urn:uuid:{instance}"),
            code,
            hint,
            errors,
        };
        // Strings and a number always have a form in JSON.
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut answer = Answer::whole(kind, text).status(self.status);
        answer.headers.extend(headers);
        answer
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let mut problem = Self::from(error.failure());
        if let Error::Listing(ListingError::Invalid(issues)) = error {
            let detail = |issue: Issue| ProblemPlace {
                message: issue.message,
                location: format!("body{}", issue.path),
            };
            problem.told.errors = issues.into_iter().map(detail).collect();
        }
        problem
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let status = status_of(failure.kind);
        // What fails inside may name folders of this machine: the operator reads it in the log.
        let detail = if matches!(failure.kind, Kind::Unavailable | Kind::Internal) {
            tracing::error!(code = failure.code, cause = failure.message, "a request failed");
            "the server could not do it; its log says why".to_owned()
        } else {
            bounded(failure.message)
        };
        let mut problem = Self::new(status, detail);
        problem.told.code = Some(failure.code);
        problem.told.hint = failure.hint;
        match failure.kind {
            Kind::Unavailable => problem.header(RETRY_AFTER, HeaderValue::from(10)),
            _ => problem,
        }
    }
}

fn bounded(text: String) -> String {
    match text.char_indices().nth(DETAIL_MOST) {
        Some((end, _)) => format!("{} (cut)", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::respond::Content;

    fn body(problem: Problem) -> Value {
        match problem.answer("0").content {
            Content::Whole(text) => serde_json::from_slice(&text).unwrap(),
            Content::Empty | Content::Stream(_) => Value::Null,
        }
    }

    #[test]
    fn a_problem_is_told_in_both_forms() {
        let told = body(Problem::not_found("there is no server x"));
        assert_eq!(told["title"], "Not Found");
        assert_eq!(told["status"], 404);
        assert_eq!(told["detail"], "there is no server x");
        assert_eq!(told["error"], told["detail"]);
        assert_eq!(told["instance"], "urn:uuid:0");
        assert_eq!(told.get("code"), None);
    }

    #[test]
    fn what_fails_inside_is_not_told_to_the_client() {
        let path = "/var/lib/secret-place".into();
        let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let problem = Problem::from(Error::Io { action: "write", path, source });
        assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
        let told = body(problem).to_string();
        assert!(!told.contains("secret-place") && told.contains("E0703"), "{told}");
    }

    #[test]
    fn a_long_detail_is_cut_and_says_so() {
        let failure = Failure {
            code: "E0401".to_owned(),
            kind: Kind::Conflict,
            message: "é".repeat(DETAIL_MOST + 1),
            hint: None,
        };
        let told = body(failure.into());
        assert!(told["detail"].as_str().unwrap().ends_with("é (cut)"));
    }
}
