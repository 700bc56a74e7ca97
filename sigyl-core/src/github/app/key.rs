//! The private key of an App.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::RsaKeyPair;
use zeroize::Zeroizing;

use super::AppError;
use crate::domain::SecretValue;

/// Reads a private key: GitHub gives one in PKCS #1.
pub(in crate::github) fn pair(pem: &str) -> Result<RsaKeyPair, &'static str> {
    let body = |kind: &str| {
        let (_, rest) = pem.split_once(&format!("-----BEGIN {kind}-----"))?;
        let (body, _) = rest.split_once(&format!("-----END {kind}-----"))?;
        let body: Zeroizing<String> = Zeroizing::new(body.chars().filter(|c| !c.is_whitespace()).collect());
        STANDARD.decode(body.as_str()).map(Zeroizing::new).ok()
    };
    let wrong = "it is no RSA key of 2048 bits or more";
    if let Some(der) = body("RSA PRIVATE KEY") {
        return RsaKeyPair::from_der(&der).map_err(|_| wrong);
    }
    let der = body("PRIVATE KEY").ok_or("it is no key between `BEGIN RSA PRIVATE KEY` and its end")?;
    RsaKeyPair::from_pkcs8(&der).map_err(|_| wrong)
}

/// Refuses a private key that an App cannot sign with.
pub fn check_key(key: &SecretValue) -> Result<(), AppError> {
    pair(key.reveal()).map(|_| ()).map_err(AppError::Key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_signs_is_taken_and_no_other() {
        let good = include_str!("test_key.pem");
        check_key(&SecretValue::new(good)).unwrap();
        for text in ["s3cret", &good[..good.len() / 2], &good.replace("MII", "MIJ")] {
            assert!(matches!(check_key(&SecretValue::new(text)), Err(AppError::Key(_))), "{text}");
        }
    }
}
