//! The envelope: what is signed, how that is written, and how it is opened (DSSE 1).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::domain::{Envelope, EnvelopeSignature, STATEMENT_TYPE};

use super::{AttestError, PublicKey, SigningKey};

/// Bytes of an envelope at most, as it is sent and stored.
pub const MOST_BYTES: usize = 32 << 20;
/// Bytes of an envelope beside what it holds, at most.
const BESIDE: usize = 1 << 10;
/// Signatures of one envelope that are looked at.
const MOST_SIGNATURES: usize = 8;

/// Puts a type and bytes together so that no other type and bytes come to the same.
fn pae(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

/// Signs a statement.
pub(super) fn sign(key: &SigningKey, payload: &[u8]) -> Result<Envelope, AttestError> {
    let encoded = STANDARD.encode(payload);
    // Whoever checks it reads no larger one, with the key, the signature and the names of members beside it.
    if encoded.len() > MOST_BYTES - BESIDE {
        return Err(AttestError::TooLarge(MOST_BYTES));
    }
    let signature = key.sign(&pae(STATEMENT_TYPE, payload));
    Ok(Envelope {
        payload_type: STATEMENT_TYPE.to_owned(),
        payload: encoded,
        signatures: vec![EnvelopeSignature {
            keyid: key.public().id().to_string(),
            sig: STANDARD.encode(signature),
        }],
    })
}

/// Reads an envelope that somebody sent or saved. Nothing of it is believed yet.
pub fn parse(bytes: &[u8]) -> Result<Envelope, AttestError> {
    if bytes.len() > MOST_BYTES {
        return Err(AttestError::TooLarge(MOST_BYTES));
    }
    // What serde says may repeat what it read: the place is enough.
    serde_json::from_slice(bytes).map_err(|error| {
        AttestError::NotAnEnvelope(format!(
            "it does not read at line {}, column {}",
            error.line(),
            error.column()
        ))
    })
}

/// Returns what an envelope holds, if it is a statement that the key signed.
pub fn open(envelope: &Envelope, key: &PublicKey) -> Result<Vec<u8>, AttestError> {
    let wrong = |why: &str| AttestError::NotAnEnvelope(why.to_owned());
    if envelope.payload.len() > MOST_BYTES {
        return Err(AttestError::TooLarge(MOST_BYTES));
    }
    if envelope.payload_type != STATEMENT_TYPE {
        return Err(wrong("it holds something else than a statement of in-toto"));
    }
    if envelope.signatures.len() > MOST_SIGNATURES {
        return Err(wrong("it has more than 8 signatures"));
    }
    let payload = decode(&envelope.payload).ok_or_else(|| wrong("what it holds is no base64"))?;
    let message = pae(&envelope.payload_type, &payload);
    let mut signatures = envelope.signatures.iter().filter_map(|one| decode(&one.sig));
    if signatures.any(|signature| key.verifies(&message, &signature)) {
        return Ok(payload);
    }
    let by = envelope.signatures.iter().map(|one| one.keyid.chars().take(80).collect()).collect();
    Err(AttestError::NotSigned { key: key.id(), by })
}

/// Reads base64 of either alphabet, as the standard wants it.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn what_is_signed_is_what_the_standard_signs() {
        let (kind, body) = ("http://example.com/HelloWorld", b"hello world");
        assert_eq!(pae(kind, body), b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
        assert_eq!(pae("é", b""), "DSSEv1 2 é 0 ".as_bytes());
        // The example of the protocol: its key is of another kind, what is signed is the same.
        let decimal = |text: &str| {
            let mut number = [0_u8; 32];
            for digit in text.bytes().map(|byte| u32::from(byte - b'0')) {
                let mut carry = digit;
                for byte in number.iter_mut().rev() {
                    let next = u32::from(*byte) * 10 + carry;
                    (*byte, carry) = (next.to_le_bytes()[0], next >> 8);
                }
            }
            number
        };
        let x = decimal("46950820868899156662930047687818585632848591499744589407958293238635476079160");
        let y = decimal("5640078356564379163099075877009565129882514886557779369047442380624545832820");
        let point = [&[4][..], &x, &y].concat();
        let sig = decode(
            "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==",
        )
        .unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point);
        assert!(key.verify(&pae(kind, body), &sig).is_ok());
    }

    #[test]
    fn an_envelope_opens_with_its_key_and_no_other() {
        let (key, other) = (SigningKey::random().unwrap(), SigningKey::random().unwrap());
        let envelope = sign(&key, b"{}").unwrap();
        let text = serde_json::to_vec(&envelope).unwrap();
        assert_eq!(open(&parse(&text).unwrap(), key.public()).unwrap(), b"{}");
        let error = open(&envelope, other.public()).unwrap_err();
        let (ours, theirs) = (other.public().id(), key.public().id());
        let told = error.to_string();
        assert!(told.contains(&ours.to_string()) && told.contains(&theirs.to_string()), "{told}");
    }

    #[test]
    fn nothing_is_signed_that_nobody_reads() {
        let key = SigningKey::random().unwrap();
        let most = (MOST_BYTES - BESIDE) / 4 * 3;
        let envelope = sign(&key, &vec![b'x'; most]).unwrap();
        assert!(serde_json::to_vec(&envelope).unwrap().len() <= MOST_BYTES);
        assert!(open(&envelope, key.public()).is_ok());
        assert!(matches!(sign(&key, &vec![b'x'; most + 3]), Err(AttestError::TooLarge(MOST_BYTES))));
    }

    #[test]
    fn either_alphabet_is_read_and_another_type_is_not() {
        let key = SigningKey::random().unwrap();
        let envelope = sign(&key, &[0xfb, 0xff, 0xfe]).unwrap();
        assert_eq!(envelope.payload, "+//+");
        let safe = Envelope { payload: "-__-".to_owned(), ..envelope.clone() };
        assert_eq!(open(&safe, key.public()).unwrap(), [0xfb, 0xff, 0xfe]);
        let other = Envelope { payload_type: "text/plain".to_owned(), ..envelope.clone() };
        assert!(matches!(open(&other, key.public()), Err(AttestError::NotAnEnvelope(_))));
        let many = Envelope { signatures: vec![envelope.signatures[0].clone(); 9], ..envelope };
        assert!(matches!(open(&many, key.public()), Err(AttestError::NotAnEnvelope(_))));
    }

    proptest! {
        #[test]
        fn no_byte_can_be_changed(payload in prop::collection::vec(any::<u8>(), 1..80), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let key = SigningKey::random().unwrap();
            let good = sign(&key, &payload).unwrap();
            let flip = |text: &str| {
                let mut bytes = STANDARD.decode(text).unwrap();
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
                STANDARD.encode(bytes)
            };
            let payload = Envelope { payload: flip(&good.payload), ..good.clone() };
            prop_assert!(open(&payload, key.public()).is_err());
            let mut signature = good.clone();
            signature.signatures[0].sig = flip(&good.signatures[0].sig);
            prop_assert!(open(&signature, key.public()).is_err());
            prop_assert!(open(&good, key.public()).is_ok());
        }

        #[test]
        fn any_bytes_are_an_envelope_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes).ok();
        }
    }
}
