//! What every answer has, whatever its handler says.

use hyper::Method;
use hyper::StatusCode;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL,
    CONTENT_LENGTH, ETAG, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use sigyl_core::domain::Digest;

use super::{Answer, Content};

/// Names a request in its answer and in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Lets web pages and editors read an answer of the registry.
pub(crate) fn let_pages_read(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, OPTIONS"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type"));
}

/// Gives a whole good answer its tag, and leaves out what the client has already, by the tags that it sent.
pub(crate) fn tag(answer: &mut Answer, known: &[HeaderValue]) {
    let Content::Whole(bytes) = &answer.content else { return };
    if answer.status != StatusCode::OK {
        return;
    }
    let tag = format!("\"{}\"", Digest::of(bytes));
    let known = known.iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|value| value.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    });
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.headers.insert(ETAG, tag);
    }
    answer.headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    if is_known {
        answer.status = StatusCode::NOT_MODIFIED;
        answer.content = Content::Empty;
    }
}

/// Adds what every answer has, and takes away what an answer to HEAD has not.
pub(crate) fn finish(answer: &mut Answer, id: &str, method: &Method) {
    if let Ok(id) = HeaderValue::from_str(id) {
        answer.headers.insert(REQUEST_ID, id);
    }
    answer.headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer.headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let (&Method::HEAD, Content::Whole(bytes)) = (method, &answer.content) {
        answer.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    }
    if method == Method::HEAD {
        answer.content = Content::Empty;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(asked: &str) -> Answer {
        let mut answer = Answer::whole(HeaderValue::from_static("text/plain"), "text");
        tag(&mut answer, &[HeaderValue::from_str(asked).unwrap()]);
        answer
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let fresh = tagged("\"other\"");
        assert_eq!(fresh.status, StatusCode::OK);
        let tag = fresh.headers[ETAG].to_str().unwrap();
        for known in [tag.to_owned(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let answer = tagged(&known);
            assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{known}");
            assert!(matches!(answer.content, Content::Empty));
            assert_eq!(answer.headers[ETAG], fresh.headers[ETAG]);
        }
    }

    #[test]
    fn a_problem_has_no_tag() {
        let mut answer = tagged("\"other\"").status(StatusCode::NOT_FOUND);
        answer.headers.remove(ETAG);
        tag(&mut answer, &[]);
        assert!(!answer.headers.contains_key(ETAG));
    }
}
