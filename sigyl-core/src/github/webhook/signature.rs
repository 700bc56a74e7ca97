//! Signatures of deliveries: HMAC-SHA-256 over exactly the bytes that came.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::HookError;
use crate::domain::SecretValue;

/// What a signature begins with. The older one by SHA-1 is not looked at.
const SCHEME: &str = "sha256=";

/// Checks that `body` was signed with `secret`. How long it takes does not depend on how much of a signature is right.
pub(super) fn check(secret: &SecretValue, body: &[u8], signature: Option<&str>) -> Result<(), HookError> {
    let signature = signature.ok_or(HookError::Unsigned("the header X-Hub-Signature-256 is missing"))?;
    let hex =
        signature.strip_prefix(SCHEME).ok_or(HookError::Unsigned("it does not begin with `sha256=`"))?;
    let claimed = bytes(hex).ok_or(HookError::Unsigned("it is not 64 hex digits"))?;
    let mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes());
    let mut mac = mac.map_err(|_| HookError::Unsigned("the secret cannot be used"))?;
    mac.update(body);
    mac.verify_slice(&claimed).map_err(|_| HookError::Unsigned("the signature is another"))
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut found = [0; 32];
    if hex.len() != found.len() * 2 {
        return None;
    }
    for (byte, pair) in found.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| pair.get(at).and_then(|b| char::from(*b).to_digit(16));
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GitHub's own documentation.
    const GOOD: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn checked(secret: &str, body: &str, signature: Option<&str>) -> Result<(), String> {
        check(&SecretValue::new(secret), body.as_bytes(), signature).map_err(|error| error.to_string())
    }

    #[test]
    fn the_documented_signature_is_good() {
        checked("It's a Secret to Everybody", "Hello, World!", Some(GOOD)).unwrap();
        let upper = format!("sha256={}", GOOD[7..].to_uppercase());
        checked("It's a Secret to Everybody", "Hello, World!", Some(&upper)).unwrap();
    }

    #[test]
    fn any_other_is_refused() {
        let secret = "It's a Secret to Everybody";
        let wide = "é".repeat(32);
        for (body, signature, why) in [
            ("Hello, World!", None, "missing"),
            ("Hello, World", Some(GOOD), "another"),
            ("Hello, World!", Some(&GOOD[7..]), "does not begin"),
            ("Hello, World!", Some(&GOOD[..GOOD.len() - 2]), "64 hex"),
            ("Hello, World!", Some("sha256="), "64 hex"),
            ("Hello, World!", Some(&format!("sha256={wide}")), "64 hex"),
            ("Hello, World!", Some(&format!("sha256={}", "z".repeat(64))), "64 hex"),
            ("Hello, World!", Some("sha1=0000000000000000000000000000000000000000"), "does not begin"),
        ] {
            let refused = checked(secret, body, signature).unwrap_err();
            assert!(refused.contains(why), "{refused}");
            assert!(!refused.contains("Secret"), "{refused}");
        }
        assert!(checked("another", "Hello, World!", Some(GOOD)).is_err());
    }
}
