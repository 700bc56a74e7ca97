//! Text as a part of an address.

use std::fmt::Write as _;

/// Writes text as one part of a path or a query: all but letters, digits and `-._~` by its bytes (RFC 3986, 2.3).
pub(crate) fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            write!(out, "%{byte:02X}").ok();
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_an_address_is_written_by_its_bytes() {
        assert_eq!(percent_encoded("a-b.c_d~1"), "a-b.c_d~1");
        assert_eq!(percent_encoded("a/b#c%2e?\u{fc}&="), "a%2Fb%23c%252e%3F%C3%BC%26%3D");
        assert_eq!(percent_encoded("@a/b c+1"), "%40a%2Fb%20c%2B1");
    }
}
