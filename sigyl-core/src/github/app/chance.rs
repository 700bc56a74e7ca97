//! What nobody can guess.

use std::fmt::Write as _;

use super::AppError;
use crate::domain::SecretValue;

/// Makes so many bytes by chance, as hexadecimal digits: what a browser has to bring back.
pub fn chance<const BYTES: usize>() -> Result<SecretValue, AppError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| AppError::NoRandom(error.to_string()))?;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a text cannot fail.
        write!(text, "{byte:02x}").ok();
    }
    Ok(SecretValue::new(text))
}

/// Tells whether two texts are the same, in a time that says nothing about where they differ.
pub fn is_same(one: &str, other: &str) -> bool {
    let differ = one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| std::hint::black_box(all | (a ^ b)));
    one.len() == other.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_the_same() {
        let (one, other) = (chance::<32>().unwrap(), chance::<32>().unwrap());
        assert_eq!(one.reveal().len(), 64);
        assert!(is_same(one.reveal(), one.reveal()) && !is_same(one.reveal(), other.reveal()));
        assert_eq!(chance::<16>().unwrap().reveal().len(), 32);
        for wrong in ["", &one.reveal()[..63], &format!("{}0", one.reveal())] {
            assert!(!is_same(one.reveal(), wrong));
        }
    }
}
