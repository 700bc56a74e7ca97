//! Whether a token was signed by whom it says, and is for us and now.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::keys::{Algorithm, KeySet};
use super::{Claims, Expected};
use crate::domain::Kind;
use crate::web::WebError;

/// Bytes of a token.
const MOST: usize = 16 << 10;

/// A token is not good, or nobody can tell. Never holds any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is no token of the three parts that are expected.
    #[error("this is no signed token")]
    Form,
    /// It is signed in a way that is not taken.
    #[error("it is not signed by RS256, ES256 or EdDSA")]
    Algorithm,
    /// No key of the issuer signed it.
    #[error("no key of its issuer signed it")]
    Signature,
    /// What it says is not what it has to say.
    #[error("{0}")]
    Claim(&'static str),
    /// The issuer cannot be asked for its keys.
    #[error("its issuer cannot be asked")]
    Issuer(#[from] WebError),
}

impl TokenError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Issuer(error) => error.kind(),
            Self::Form | Self::Algorithm | Self::Signature | Self::Claim(_) => Kind::Denied,
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// A token taken apart; nothing of it is believed yet.
struct Parts<'a> {
    header: Header,
    signed: &'a [u8],
    claims: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn read(token: &'a str) -> Result<Self, TokenError> {
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Form);
        let (signed, signature) =
            token.rsplit_once('.').filter(|_| token.len() <= MOST).ok_or(TokenError::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Form)?;
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Form)?;
        if header.crit.is_some() {
            return Err(TokenError::Form);
        }
        Ok(Self { header, signed: signed.as_bytes(), claims: decode(claims)?, signature: decode(signature)? })
    }
}

/// Returns the name of the key that a token says it was signed with; nothing of it is believed by that.
pub(super) fn key_named(token: &str) -> Result<Option<String>, TokenError> {
    Ok(Parts::read(token)?.header.kid)
}

/// Returns who a token says that it was issued by, before anything of it is believed: to find whose keys to look at.
#[cfg_attr(
    not(all(feature = "sled", feature = "gateway")),
    expect(dead_code, reason = "the handle alone asks")
)]
pub(crate) fn issuer_named(token: &str) -> Result<String, TokenError> {
    let claims: Map<String, Value> =
        serde_json::from_slice(&Parts::read(token)?.claims).map_err(|_| TokenError::Form)?;
    claims.get("iss").and_then(Value::as_str).map(str::to_owned).ok_or(TokenError::Form)
}

/// Checks a token by the keys of its issuer, and what it says.
pub fn verify(token: &str, keys: &KeySet, expected: &Expected<'_>) -> Result<Claims, TokenError> {
    let Parts { header, signed, claims, signature } = Parts::read(token)?;
    let algorithm = Algorithm::of(&header.alg).ok_or(TokenError::Algorithm)?;
    if !keys.verifies(header.kid.as_deref(), algorithm, signed, &signature) {
        return Err(TokenError::Signature);
    }
    let claims = serde_json::from_slice(&claims).map_err(|_| TokenError::Form)?;
    Claims::check(claims, expected)
}

#[cfg(test)]
pub(crate) mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
    use serde_json::json;

    use super::super::keys::PublishedSet;
    use super::*;
    use crate::domain::Timestamp;

    pub(crate) const ISSUER: &str = "https://issuer.example";

    pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Signs as an issuer with one Ed25519 key does.
    pub(crate) struct Signer(Ed25519KeyPair);

    impl Signer {
        pub(crate) fn new(seed: u8) -> Self {
            Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
        }

        pub(crate) fn published(&self, id: &str) -> Value {
            json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": id, "x": encode(self.0.public_key())}]})
        }

        pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
            let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
            let signature = encode(self.0.sign(signed.as_bytes()));
            format!("{signed}.{signature}")
        }
    }

    fn keys(published: Value) -> KeySet {
        KeySet::of(serde_json::from_value::<PublishedSet>(published).unwrap())
    }

    fn claims() -> Value {
        json!({"iss": ISSUER, "aud": "us", "sub": "ada", "exp": 2_000, "iat": 1_000, "nonce": "n"})
    }

    fn looked_at(seconds: i64) -> Expected<'static> {
        let now = Timestamp::from_millis(seconds * 1_000);
        Expected { issuer: ISSUER, audience: "us", nonce: Some("n"), now }
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    #[test]
    fn a_token_is_good_within_its_time_and_a_minute_of_skew() {
        let signer = Signer::new(1);
        let token = signer.sign(&json!({"alg": "EdDSA", "kid": "k"}), &claims());
        let keys = keys(signer.published("k"));
        for (seconds, good) in [(939, false), (940, true), (1_500, true), (2_059, true), (2_060, false)] {
            assert_eq!(verify(&token, &keys, &looked_at(seconds)).is_ok(), good, "{seconds}");
        }
        assert_eq!(verify(&token, &keys, &looked_at(1_500)).unwrap().subject(), "ada");
        assert_eq!(issuer_named(&token).unwrap(), ISSUER);
    }

    #[test]
    fn no_token_is_good_that_is_not_signed_or_not_by_a_key_of_the_issuer() {
        let (signer, other) = (Signer::new(1), Signer::new(2));
        let keys = keys(signer.published("k"));
        let good = signer.sign(&json!({"alg": "EdDSA", "kid": "k"}), &claims());
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let forged = signer.sign(&json!({"alg": "EdDSA", "kid": "k"}), &with("sub", json!("eve")));
        let swapped = format!("{}.{signature}", forged.rsplit_once('.').unwrap().0);
        let named = |alg: &str| signer.sign(&json!({"alg": alg, "kid": "k"}), &claims());
        for bad in [
            other.sign(&json!({"alg": "EdDSA", "kid": "k"}), &claims()),
            signer.sign(&json!({"alg": "EdDSA", "kid": "another"}), &claims()),
            signer.sign(&json!({"alg": "EdDSA", "kid": "k", "crit": ["x"]}), &claims()),
            named("none"),
            named("HS256"),
            named("RS256"),
            named("ES256"),
            named("eddsa"),
            swapped,
            format!("{signed}."),
            signed.to_owned(),
            format!("{good}="),
            String::new(),
            "a.b.c".to_owned(),
            "x".repeat(MOST + 1),
        ] {
            let start: String = bad.chars().take(60).collect();
            assert!(verify(&bad, &keys, &looked_at(1_500)).is_err(), "{start}");
        }
        // What the header may not choose: a public key is no shared secret.
        assert!(matches!(verify(&named("HS256"), &keys, &looked_at(1_500)), Err(TokenError::Algorithm)));
    }

    #[test]
    fn what_a_token_says_has_to_be_for_us() {
        let signer = Signer::new(1);
        let keys = keys(signer.published("k"));
        let check = |claims: &Value| {
            verify(&signer.sign(&json!({"alg": "EdDSA"}), claims), &keys, &looked_at(1_500)).is_ok()
        };
        assert!(check(&claims()), "the only key needs no name");
        assert!(check(&with("aud", json!(["us"]))));
        for (name, value) in [
            ("iss", json!("https://issuer.example/")),
            ("iss", json!(["https://issuer.example"])),
            ("aud", json!("them")),
            ("aud", json!(["us", "them"])),
            ("azp", json!("them")),
            ("sub", json!("")),
            ("sub", json!(7)),
            ("exp", Value::Null),
            ("exp", json!("2000")),
            ("nbf", json!(1_600)),
            ("nonce", json!("m")),
            ("nonce", Value::Null),
        ] {
            assert!(!check(&with(name, value.clone())), "{name} {value}");
        }
        let mut several = with("aud", json!(["us", "them"]));
        several["azp"] = json!("us");
        assert!(check(&several));
    }

    #[test]
    fn curves_and_known_vectors_are_verified() {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let key = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": encode(&point[1..33]), "y": encode(&point[33..])});
        let signed = format!("{}.{}", encode(r#"{"alg":"ES256"}"#), encode(claims().to_string()));
        let signature = encode(pair.sign(&random, signed.as_bytes()).unwrap());
        let token = format!("{signed}.{signature}");
        assert!(verify(&token, &keys(json!({"keys": [key.clone()]})), &looked_at(1_500)).is_ok());
        let mut for_another_use = key.clone();
        for_another_use["use"] = json!("enc");
        let mut of_another_kind = key.clone();
        of_another_kind["alg"] = json!("RS256");
        for other in [for_another_use, of_another_kind, json!({"kty": "oct", "k": "c2VjcmV0"})] {
            assert!(verify(&token, &keys(json!({"keys": [other]})), &looked_at(1_500)).is_err());
        }
        assert!(
            verify(&token, &keys(json!({"keys": [key.clone(), key]})), &looked_at(1_500)).is_err(),
            "which of two?"
        );
    }
}
