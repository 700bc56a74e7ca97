//! What the fuzz target of envelopes drives: how they are read, opened, and what is read of them.

use super::{Opened, PublicKey, offline, open, parse};
use crate::domain::Envelope;

/// Reads bytes as an envelope and as the PEM of a key, and opens the envelope.
///
/// # Panics
///
/// When an envelope is written otherwise than it reads, or opens with a key that signed nothing: that is what the fuzzer
/// looks for.
pub fn envelope(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(key) = PublicKey::parse(text)
    {
        assert_eq!(PublicKey::parse(&key.pem()).ok(), Some(key), "a key is read as it is written");
    }
    let Ok(envelope) = parse(data) else { return };
    let again = serde_json::to_vec(&envelope).ok().and_then(|text| parse(&text).ok());
    assert_eq!(again.as_ref(), Some(&envelope), "an envelope is read as it is written");
    // The generator of the curve: nobody has signed with it.
    let mut base = [0x66; 32];
    base[0] = 0x58;
    let key = PublicKey::from_bytes(base);
    assert!(open(&envelope, &key).is_err(), "nothing opens with a key that signed nothing");
    assert!(offline(&envelope, None, &key).is_err());
    unsigned(&envelope);
}

/// Reads what an envelope holds as if it were signed.
fn unsigned(envelope: &Envelope) {
    if let Ok(opened) = Opened::unsigned(envelope) {
        for link in
            [opened.agreement(), opened.admission(), opened.approvals(), opened.commit(), opened.built()]
        {
            assert!(!link.said.is_empty(), "a link says what was compared");
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_the_fuzzer_begins_with_keeps_its_laws() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/envelope");
        let seeds: Vec<_> = std::fs::read_dir(seeds).unwrap().map(|seed| seed.unwrap().path()).collect();
        assert!(seeds.len() >= 5, "{seeds:?}");
        for seed in seeds {
            let data = std::fs::read(&seed).unwrap();
            super::envelope(&data);
            for cut in [1, data.len() / 2] {
                super::envelope(&data[..data.len() - cut]);
            }
        }
    }
}
