//! Keys that a domain names as its own, and what is signed with them: as publishers of the MCP Registry do it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p384::ecdsa::signature::Verifier as _;
use p384::ecdsa::{Signature, VerifyingKey};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::dns::DnsError;
use crate::domain::{Kind, SecretValue, Timestamp};
use crate::web::WebError;
use crate::wire::v1::{DomainRecord, SignedTime};

/// Seconds by which a signed time may differ from ours.
const WITHIN: i64 = 15;
/// Records of a domain that are looked at.
const RECORDS: usize = 20;

/// A domain does not prove a namespace. Never holds a signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DomainError {
    /// It is no domain that can prove one.
    #[error("`{0}` is no domain: write it as in example.com")]
    Domain(String),
    /// What was signed is no time, or not now.
    #[error("the signed time has to be within {WITHIN} seconds of the time here, in the form of RFC 3339")]
    Time,
    /// No key of the domain signed it.
    #[error(
        "no key at {0} signed the time: publish `v=MCPv1; k=ed25519; p=KEY` there, KEY in base64, and sign with it"
    )]
    Signature(String),
    /// The domain cannot be asked.
    #[error("the domain cannot be asked")]
    Web(#[from] WebError),
    /// Nothing elsewhere is asked.
    #[error("no domain is asked here: `offline` is set")]
    Offline,
    /// The domain may not be asked. Which address it has is not told to whoever asks: causes are told along.
    #[error("the domain has no public address that can be asked")]
    NotPublic,
    /// What it has on record cannot be looked up.
    #[error("the domain cannot be looked up")]
    Dns(#[from] DnsError),
    /// Nothing is looked up here.
    #[error("nothing is looked up in DNS here: {0}")]
    NoDns(&'static str),
    /// It has proven too many.
    #[error("the account has proven {0} namespaces, and may not have more")]
    TooMany(usize),
}

impl DomainError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Domain(_) | Self::Time => Kind::Invalid,
            Self::Signature(_) => Kind::Denied,
            Self::Web(error) => error.kind(),
            Self::Offline => Kind::Invalid,
            Self::NotPublic => Kind::Denied,
            Self::Dns(error) => error.kind(),
            Self::NoDns(_) => Kind::Invalid,
            Self::TooMany(_) => Kind::Conflict,
        }
    }
}

/// Returns the address at which a domain names its keys, and the namespace that is its own.
pub fn of_domain(domain: &str) -> Result<(String, String), DomainError> {
    let label = |label: &str| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels: Vec<_> = domain.split('.').collect();
    // What ends in a number is an address.
    let is_name = labels.last().is_some_and(|last| last.bytes().any(|b| b.is_ascii_lowercase()));
    if domain.len() > 253 || labels.len() < 2 || !is_name || !labels.iter().all(|it| label(it)) {
        return Err(DomainError::Domain(domain.chars().take(253).collect()));
    }
    let space: Vec<_> = labels.into_iter().rev().collect();
    Ok((format!("https://{domain}/.well-known/mcp-registry-auth"), space.join(".")))
}

/// The private key of a domain, as whoever holds the domain has it.
#[derive(Debug)]
pub struct DomainKey(Ed25519KeyPair);

/// A file holds no private key that can be used. Never holds any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DomainKeyError {
    /// It is no key as such files have it.
    #[error("it holds no `PRIVATE KEY` in PEM")]
    Form,
    /// It is a key of another kind.
    #[error("it is no ed25519 key in the form PKCS #8")]
    Kind,
}

impl DomainKey {
    /// Reads a private key: ed25519, PKCS #8, PEM.
    pub fn of_pem(text: &SecretValue) -> Result<Self, DomainKeyError> {
        let text = text.reveal();
        let inner = text
            .split_once("-----BEGIN PRIVATE KEY-----")
            .and_then(|(_, rest)| rest.split_once("-----END PRIVATE KEY-----").map(|(inner, _)| inner));
        let plain = inner.ok_or(DomainKeyError::Form)?.split_whitespace().collect::<String>();
        let plain = Zeroizing::new(plain);
        let key = Zeroizing::new(STANDARD.decode(plain.as_bytes()).map_err(|_| DomainKeyError::Form)?);
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key).map(Self).map_err(|_| DomainKeyError::Kind)
    }

    /// Returns what the domain has to publish.
    pub fn record(&self) -> String {
        format!("v=MCPv1; k=ed25519; p={}", STANDARD.encode(self.0.public_key()))
    }

    /// Signs the time, for a domain that names the key there.
    pub fn sign(&self, domain: &str, by: DomainRecord, now: Timestamp) -> SignedTime {
        let time = now.to_string();
        let signature = self.0.sign(time.as_bytes());
        let signature = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        SignedTime { domain: domain.to_owned(), time, signature, by }
    }
}

/// Checks that `time` is now and that one of the keys in `records` signed it; the signature is in hex digits.
pub fn check_signed(
    records: &str,
    at: &str,
    time: &str,
    signature: &str,
    now: Timestamp,
) -> Result<(), DomainError> {
    let signed_at = Timestamp::parse(time).map_err(|_| DomainError::Time)?;
    if (signed_at.millis() - now.millis()).abs() > WITHIN * 1_000 {
        return Err(DomainError::Time);
    }
    let refused = || DomainError::Signature(at.to_owned());
    let signature = from_hex(signature).ok_or_else(refused)?;
    let mut keys = records.lines().take(RECORDS).filter_map(Key::of);
    if keys.any(|key| key.signed(time.as_bytes(), &signature)) { Ok(()) } else { Err(refused()) }
}

/// A public key that a domain names.
enum Key {
    Ed25519(Vec<u8>),
    /// In the compressed form of SEC 1.
    P384(VerifyingKey),
}

impl Key {
    /// Reads a record such as `v=MCPv1; k=ed25519; p=BASE64`.
    fn of(record: &str) -> Option<Self> {
        let (kind, key) = parts_of(record)?;
        match kind {
            "ed25519" if key.len() == 32 => Some(Self::Ed25519(key)),
            "ecdsap384" if key.len() == 49 => VerifyingKey::from_sec1_bytes(&key).ok().map(Self::P384),
            _ => None,
        }
    }

    /// Tells whether it signed a text: of P-384 the two numbers of the signature stand one behind the other.
    fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(text, signature).is_ok(),
            Self::P384(key) => {
                Signature::from_slice(signature).is_ok_and(|signature| key.verify(text, &signature).is_ok())
            }
        }
    }
}

/// Returns what kind of key a record names, and the key.
fn parts_of(record: &str) -> Option<(&str, Vec<u8>)> {
    let (mut version, mut kind, mut key) = (None, None, None);
    for part in record.trim().trim_matches('"').split(';') {
        match part.trim().split_once('=') {
            Some(("v", value)) => version = Some(value),
            Some(("k", value)) => kind = Some(value),
            Some(("p", value)) => key = Some(value),
            _ => {}
        }
    }
    let key = key.filter(|_| version == Some("MCPv1"))?;
    Some((kind?, STANDARD.decode(key).ok()?))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if ![128, 192].contains(&digits.len()) {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok());
    digits.chunks(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `openssl genpkey -algorithm ed25519` writes it; of nobody.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";

    #[test]
    fn what_a_key_signs_is_good_by_the_record_that_it_makes() {
        let key = DomainKey::of_pem(&SecretValue::new(PEM)).unwrap();
        let now = Timestamp::from_millis(1_795_000_000_123);
        let SignedTime { time, signature, .. } = key.sign("example.com", DomainRecord::Dns, now);
        assert!(check_signed(&key.record(), "x", &time, &signature, now).is_ok());
        assert!(!format!("{key:?}").contains("BwcH"));
        for bad in [
            "",
            &PEM.replace("BwcH", "!!!!"),
            &PEM.replace("PRIVATE", "PUBLIC"),
            &PEM.replace("K2Vw", "K2Vu"),
        ] {
            assert!(DomainKey::of_pem(&SecretValue::new(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_of_p_384_is_read_in_its_short_form_and_checks_what_openssl_signed() {
        let record =
            "v=MCPv1; k=ecdsap384; p=AngiYDHeNEF76BFpa7M2Zx+uap+8MPDYKfL/kJWx8Yll2QwwB4CJJQabCjFX5XDPEg==";
        let time = "2026-11-21T08:26:40.123Z";
        let signature = "a4ed3b7a3fb4f3d0536b4a009730814c8ac7b2ac8aed7703cfe44ad4f7f42f8037e79896d818bc0ab5dae1c5f5f29fc3\
                         e02875083e3cd3ba332a4880186f263da951d34540a2b610ea72369d0d751fc33be4215f8b8c7938e29dc7919fce8f71";
        let now = Timestamp::parse(time).unwrap();
        let check = |record: &str, signature: &str| check_signed(record, "x", time, signature, now);
        check(record, signature).unwrap();
        let spoilt = format!("0{}", &signature[1..]);
        assert!(check(record, &spoilt).is_err() && check(record, &signature[..128]).is_err());
        // The other point with that number, the name of the long form, and that of another kind.
        for other in [
            record.replace("p=An", "p=A3"),
            record.replace("p=An", "p=BH"),
            record.replace("ecdsap384", "ed25519"),
        ] {
            assert_ne!(other, record);
            assert!(check(&other, signature).is_err(), "{other}");
        }
    }

    #[test]
    fn a_domain_has_an_address_and_a_namespace() {
        assert_eq!(
            of_domain("mcp.example.com").unwrap(),
            (
                "https://mcp.example.com/.well-known/mcp-registry-auth".to_owned(),
                "com.example.mcp".to_owned()
            )
        );
        for bad in [
            "",
            "com",
            "localhost",
            "127.0.0.1",
            "1.2",
            "a..b",
            "-a.com",
            "a-.com",
            "A.com",
            "a.com/x",
            "a.com:80",
            "u@a.com",
        ] {
            assert!(of_domain(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_time_is_signed_by_a_key_of_the_domain_and_is_now() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap();
        let record = format!("v=MCPv1; k=ed25519; p={}", STANDARD.encode(pair.public_key()));
        let time = "2026-11-26T12:00:00Z";
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let signature = hex(pair.sign(time.as_bytes()).as_ref());
        let now =
            |seconds: i64| Timestamp::from_millis(Timestamp::parse(time).unwrap().millis() + seconds * 1_000);
        let check = |records: &str, time: &str, signature: &str, seconds| {
            check_signed(records, "x", time, signature, now(seconds)).is_ok()
        };
        assert!(
            check(&record, time, &signature, 15)
                && check(&format!("other\n{record}\n"), time, &signature, -15)
        );
        assert!(!check(&record, time, &signature, 16) && !check(&record, time, &signature, -16));
        assert!(!check(&record, "2026-11-26T12:00:01Z", &signature, 0), "another time");
        assert!(!check(&record, "now", &signature, 0));
        assert!(!check(&record, time, &signature.replace('a', "b"), 0));
        assert!(!check(&record, time, "", 0));
        for other in [
            "",
            "v=MCPv2; k=ed25519; p=AA==",
            &record.replace("ed25519", "ecdsap384"),
            &record.replace("MCPv1", "MCPv2"),
        ] {
            assert!(!check(other, time, &signature, 0), "{other}");
        }
    }
}
