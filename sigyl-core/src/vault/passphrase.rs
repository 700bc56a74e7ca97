//! A key made of a passphrase, by Argon2id. The salt and the costs are no secret: they are kept with the records, so that
//! a backup holds them too.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::domain::SecretValue;

use super::VaultError;
use super::master_key::{KEY_SIZE, MasterKey};

/// Characters that a passphrase has at least.
const LEAST: usize = 12;
/// Memory in KiB, passes, lanes.
const COSTS: (u32, u32, u32) = (64 << 10, 3, 1);
/// The same, at most: whoever changed the records shall not decide how long a start takes.
const MOST: (u32, u32, u32) = (1 << 20, 64, 16);
const SALT: usize = 16;

/// Makes a salt, with the costs that go with it, in the form `argon2id$m=…,t=…,p=…$SALT`.
pub(super) fn new_salt() -> Result<String, VaultError> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|error| VaultError::NoRandom(error.to_string()))?;
    let (memory, passes, lanes) = COSTS;
    Ok(format!("argon2id$m={memory},t={passes},p={lanes}${}", STANDARD_NO_PAD.encode(salt)))
}

/// Makes the key. Blocks: it takes much memory, and some time.
pub(super) fn key(passphrase: &SecretValue, salt: &str, from: &str) -> Result<MasterKey, VaultError> {
    if passphrase.reveal().chars().count() < LEAST {
        let why = format!("it has fewer than {LEAST} characters");
        return Err(VaultError::NotAKey { from: from.to_owned(), why });
    }
    let wrong = || VaultError::Salt { found: salt.chars().take(80).collect() };
    let (params, salt) = read(salt).ok_or_else(wrong)?;
    let mut key = Zeroizing::new([0; KEY_SIZE]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.reveal().as_bytes(), &salt, key.as_mut_slice())
        .map_err(|_| wrong())?;
    Ok(MasterKey::of(key))
}

fn read(text: &str) -> Option<(Params, Vec<u8>)> {
    let (costs, salt) = text.strip_prefix("argon2id$")?.split_once('$')?;
    let mut costs = costs.split(',');
    let mut cost = |name: &str, most: u32| {
        let cost: u32 = costs.next()?.strip_prefix(name)?.parse().ok()?;
        (cost <= most).then_some(cost)
    };
    let (memory, passes, lanes) = (cost("m=", MOST.0)?, cost("t=", MOST.1)?, cost("p=", MOST.2)?);
    let params = Params::new(memory, passes, lanes, Some(KEY_SIZE)).ok()?;
    let salt = STANDARD_NO_PAD.decode(salt).ok()?;
    (costs.next().is_none() && salt.len() >= 8).then_some((params, salt))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(passphrase: &str, salt: &str) -> Result<MasterKey, VaultError> {
        key(&SecretValue::new(passphrase), salt, "a test")
    }

    #[test]
    fn the_key_is_the_one_that_others_compute() {
        // argon2-cffi: hash_secret_raw(b"correct horse battery", b"somesalt", 2, 256, 1, 32, Type.ID)
        let key = of("correct horse battery", "argon2id$m=256,t=2,p=1$c29tZXNhbHQ").unwrap();
        let hex: String = key.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "cf21a47249ead2d9e07e4aa7f728c69eb65e24e6f765af2ebe106fa1f0caba81");
    }

    #[test]
    fn a_passphrase_and_its_salt_make_one_key() {
        let cheap = |salt: &str| format!("argon2id$m=64,t=1,p=1${salt}");
        let (one, other) = (cheap("c29tZXNhbHQ"), cheap("c29tZXNhbHR0"));
        let id = |passphrase, salt| of(passphrase, salt).unwrap().id().to_string();
        assert_eq!(id("correct horse", &one), id("correct horse", &one));
        assert_ne!(id("correct horse", &one), id("correct horse", &other));
        assert_ne!(id("correct horse", &one), id("correct house", &one));
    }

    #[test]
    fn salts_are_fresh_and_what_is_none_is_refused() {
        let (one, other) = (new_salt().unwrap(), new_salt().unwrap());
        assert_ne!(one, other);
        assert!(read(&one).is_some());
        for wrong in [
            "",
            "argon2i$m=64,t=1,p=1$c29tZXNhbHQ",
            "argon2id$m=64,t=1$c29tZXNhbHQ",
            "argon2id$m=64,t=1,p=1$",
            "argon2id$m=4294967295,t=1,p=1$c29tZXNhbHQ",
            "argon2id$m=64,t=1,p=1,x=1$c29tZXNhbHQ",
        ] {
            let refused = of("correct horse", wrong).unwrap_err();
            assert!(matches!(refused, VaultError::Salt { .. }), "{wrong}: {refused}");
        }
        let short = of("hunter2", &one).unwrap_err().to_string();
        assert!(short.contains("fewer than 12") && !short.contains("hunter2"), "{short}");
    }
}
