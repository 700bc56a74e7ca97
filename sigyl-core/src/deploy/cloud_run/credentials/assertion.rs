//! What a service account signs with its key, to be given a token for it (RFC 7523).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use super::file::Key;
use crate::domain::Timestamp;

/// Seconds that an assertion holds.
const HOLDS: i64 = 3_600;
/// Seconds by which our clock may be ahead of Google's.
const SKEW: i64 = 10;

/// What an assertion asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum For<'a> {
    /// A token for APIs.
    Scope(&'a str),
    /// A token that says to somebody who we are.
    Audience(&'a str),
}

/// Writes and signs an assertion that asks for a token; fails with the reason in words, which hold no part of the key.
pub(super) fn assertion(key: &Key, wanted: For<'_>, now: Timestamp) -> Result<String, &'static str> {
    let since = now.millis() / 1_000 - SKEW;
    let mut claims = json!({
        "iss": key.client_email, "sub": key.client_email, "aud": key.token_uri, "iat": since, "exp": since + HOLDS,
    });
    match wanted {
        For::Scope(scope) => claims["scope"] = scope.into(),
        For::Audience(audience) => claims["target_audience"] = audience.into(),
    }
    let mut header = json!({"alg": "RS256", "typ": "JWT"});
    if let Some(id) = &key.private_key_id {
        header["kid"] = id.as_str().into();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let said = format!("{}.{}", part(&header), part(&claims));
    Ok(format!("{said}.{}", URL_SAFE_NO_PAD.encode(sign(key, said.as_bytes())?)))
}

fn sign(key: &Key, text: &[u8]) -> Result<Vec<u8>, &'static str> {
    let pair = RsaKeyPair::from_pkcs8(&pkcs8(key.private_key.reveal())?)
        .map_err(|_| "`private_key` is no RSA key in PKCS #8")?;
    let mut signature = vec![0; pair.public().modulus_len()];
    let signed = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature);
    signed.map_err(|_| "`private_key` cannot sign")?;
    Ok(signature)
}

/// Takes the key out of its text.
fn pkcs8(pem: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, &'static str> {
    let wrong = "`private_key` is no key between `BEGIN PRIVATE KEY` and `END PRIVATE KEY`";
    let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----").ok_or(wrong)?;
    let (body, _) = rest.split_once("-----END PRIVATE KEY-----").ok_or(wrong)?;
    let body: zeroize::Zeroizing<String> =
        zeroize::Zeroizing::new(body.chars().filter(|c| !c.is_whitespace()).collect());
    STANDARD.decode(body.as_str()).map(zeroize::Zeroizing::new).map_err(|_| wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SecretValue;

    #[test]
    fn a_key_that_is_none_is_named_without_a_part_of_it() {
        for text in [
            "s3cret",
            "-----BEGIN PRIVATE KEY-----\n!s3cret\n-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----",
        ] {
            let key = Key {
                client_email: "a@b".to_owned(),
                private_key: SecretValue::new(text),
                private_key_id: None,
                token_uri: "https://x/token".to_owned(),
            };
            let error = assertion(&key, For::Scope("s"), Timestamp::from_millis(0)).unwrap_err();
            assert!(error.starts_with("`private_key`") && !error.contains("s3cret"), "{error}");
        }
    }
}
