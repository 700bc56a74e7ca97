//! What tells a secret from another one without giving it away.

use super::dummy::entropy;
use crate::domain::Digest;

/// Characters that a secret has at least to be marked: shorter ones can be guessed, and a mark would prove the guess.
const LEAST: usize = 20;
/// Digits among them: what people make up to remember has few.
const DIGITS: usize = 3;
/// Bits of each character.
const BITS: f64 = 3.2;

/// Tells whether a secret looks drawn by a machine.
pub(super) fn is_drawn(secret: &str) -> bool {
    let digits = secret.bytes().filter(u8::is_ascii_digit).count();
    secret.len() >= LEAST && digits >= DIGITS && entropy(secret) > BITS
}

/// Returns the beginning of the digest of a secret that nobody can guess: it is of no use to whoever does not have it.
pub(super) fn mark(secret: &str) -> String {
    let digest = Digest::of(secret.as_bytes());
    digest.as_bytes().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_can_guess_is_drawn() {
        assert!(is_drawn("nDzAtAIKzCYuheDByziCzzvOJ1NQAx9G4LJqcb0c"));
        for guessed in
            ["hunter2hunter2", "correct-horse-battery-staple", "11111111111111111111111", "Sommer2026!"]
        {
            assert!(!is_drawn(guessed), "{guessed}");
        }
        assert_eq!(mark("a"), "ca978112");
    }
}
