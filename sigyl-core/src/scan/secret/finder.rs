//! Looks for every form in one pass.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::memmem;

use super::anchors::{Anchor, SHORTEST};
use super::dummy::{is_made_up, is_placeholder};
use super::form::{Place, Worth};
use super::judge::{Judge, Seen};
use super::mark::{is_drawn, mark};
use super::shapes::{SHAPES, Shape};

/// Finds credentials by their forms.
#[derive(Clone, Copy, Debug)]
pub(in crate::scan) struct Finder(&'static AhoCorasick);

/// One credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scan) struct Found {
    /// What it is, as in "a GitHub token".
    pub(in crate::scan) name: &'static str,
    /// What it is worth.
    pub(in crate::scan) worth: Worth,
    place: Place,
    /// Whether its vendor drew it, so that nobody can guess it.
    drawn: bool,
}

impl Found {
    /// Returns the bytes that it stands on.
    pub(in crate::scan) fn range(&self) -> Range<usize> {
        self.place.start..self.place.end
    }

    /// Returns those of them that are secret.
    pub(in crate::scan) fn secret(&self) -> Range<usize> {
        self.place.secret..self.place.end
    }

    /// Returns what tells it from another one in `text`, in which it was found.
    pub(in crate::scan) fn mark(&self, text: &str) -> Option<String> {
        let secret = &text[self.secret()];
        (self.drawn || is_drawn(secret)).then(|| mark(secret))
    }
}

impl Finder {
    /// Compiles the fixed parts of all forms, once for all that look for them.
    pub(in crate::scan) fn new() -> Result<Self, regex::Error> {
        static ALL: OnceLock<Result<AhoCorasick, String>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::DFA))
                .build(SHAPES.iter().map(|shape| shape.form.anchor()))
                .map_err(|error| error.to_string())
        });
        all.as_ref().map(Self).map_err(|error| regex::Error::Syntax(error.clone()))
    }

    /// Finds the credentials of a text that are not known to stand for nothing, each once.
    pub(in crate::scan) fn find(&self, text: &str) -> Vec<Found> {
        best(text, self.read(text))
    }

    /// Does the same by the places of the fixed texts, which are known.
    pub(in crate::scan) fn find_at(text: &str, anchors: &[Anchor]) -> Vec<Found> {
        let known = anchors.iter().flat_map(|anchor| anchor.shapes().map(|shape| (anchor.start(), shape)));
        let short = SHAPES.iter().enumerate().filter(|(_, shape)| shape.form.anchor().len() < SHORTEST);
        let short = short.flat_map(|(at, shape)| {
            memmem::find_iter(text.as_bytes(), shape.form.anchor()).map(move |start| (start, at))
        });
        let mut read: Vec<_> = known
            .chain(short)
            .filter_map(|(start, at)| {
                let shape = SHAPES.get(at)?;
                let anchor = shape.form.anchor();
                text.as_bytes().get(start..).filter(|rest| rest.starts_with(anchor.as_bytes()))?;
                Some((start + anchor.len(), start, at, shape, shape.form.read(text, start)?))
            })
            .collect();
        // In the order in which one pass over the text reads them.
        read.sort_by_key(|&(end, start, at, ..)| (end, start, at));
        best(text, read.into_iter().map(|(.., shape, place)| (shape, place)))
    }

    /// Returns where secrets stand, whatever they are worth.
    pub(in crate::scan) fn secrets(&self, text: &str) -> Vec<Range<usize>> {
        let mut places: Vec<_> = self.read(text).map(|(_, place)| place.secret..place.end).collect();
        places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
        places.dedup_by(|next, kept| next.start < kept.end);
        places
    }

    fn read<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'static Shape, Place)> + 'a {
        self.0.find_overlapping_iter(text).filter_map(move |hit| {
            let shape = SHAPES.get(hit.pattern().as_usize())?;
            Some((shape, shape.form.read(text, hit.start())?))
        })
    }
}

/// Weighs what was read, and keeps of what overlaps what is worth most.
fn best(text: &str, read: impl Iterator<Item = (&'static Shape, Place)>) -> Vec<Found> {
    let mut found: Vec<Found> =
        read.filter_map(|(shape, place)| weigh(shape, Seen { text, place })).collect();
    found.sort_by_key(|found| (found.place.start, std::cmp::Reverse(found.worth)));
    found.dedup_by(|next, kept| next.place.start < kept.place.end && next.worth <= kept.worth);
    found
}

fn weigh(shape: &'static Shape, seen: Seen<'_>) -> Option<Found> {
    let worth = match shape.judge {
        Judge::Always(worth) => worth,
        Judge::By(weigh) => weigh(&seen)?,
    };
    // A checksum that holds, and text with a structure of its own, are judged by that alone.
    let is_text = matches!(shape.form, super::form::Form::Own(..));
    if !is_text && (is_placeholder(seen.secret()) || is_made_up(seen.secret())) || is_placeholder_key(&seen) {
        return None;
    }
    Some(Found { name: shape.name, worth, place: seen.place, drawn: !is_text })
}

/// Tells whether what reads like a private key says of itself that it is none.
fn is_placeholder_key(seen: &Seen<'_>) -> bool {
    let lower = seen.secret().get(..seen.secret().len().min(200)).unwrap_or_default().to_ascii_lowercase();
    seen.whole().starts_with("-----")
        && ["example", "your", "placeholder", "..."].iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::super::form::{Class, Form, Part};
    use super::super::judge::{base62, crc32};
    use super::*;

    fn finder() -> &'static Finder {
        static FINDER: OnceLock<Finder> = OnceLock::new();
        FINDER.get_or_init(|| Finder::new().unwrap())
    }

    /// Draws characters, the same ones each time.
    fn drawn(class: Class, count: usize, seed: &mut u64) -> String {
        let mut next = || {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u8::try_from(*seed >> 33 & 0x7f).unwrap()
        };
        let mut out = String::new();
        while out.len() < count {
            let byte = next();
            if class.has(byte) && byte.is_ascii_alphanumeric() {
                out.push(char::from(byte));
            }
        }
        out
    }

    /// Makes a credential of a form, none of which opens anything.
    fn sample(shape: &Shape, seed: &mut u64) -> Option<String> {
        let Form::Parts(before, parts) = shape.form else { return None };
        let mut text = before.map(|(class, least, _)| drawn(class, least, seed)).unwrap_or_default();
        for part in parts {
            match *part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Run(class, least, _) => text.push_str(&drawn(class, least, seed)),
            }
        }
        Some(text)
    }

    #[test]
    fn one_pass_over_a_text_and_places_that_are_known_find_the_same() {
        let mut seed = 7;
        let all = SHAPES.iter().filter_map(|shape| sample(shape, &mut seed));
        let text: String = all.map(|one| format!("key = '{one}'\nPATH sk-{one}\n")).collect();
        let text = text + "https://user:hunter2hunter2@host.io SK" + &"a1".repeat(16);
        let (whole, known) = (finder().find(&text), Finder::find_at(&text, &super::super::anchors(&text)));
        assert!(whole.len() > SHAPES.len() / 2, "{}", whole.len());
        assert_eq!(whole, known);
    }

    #[test]
    fn every_form_finds_its_own_and_leaves_what_is_one_character_short() {
        assert!(SHAPES.len() >= 100);
        let mut seed = 7;
        for shape in SHAPES {
            assert!(!shape.form.anchor().is_empty(), "{}", shape.name);
            let Some(sample) = sample(shape, &mut seed) else { continue };
            for text in
                [format!("const key = '{sample}';"), format!("KEY={sample}\n"), format!("see {sample}, then")]
            {
                let found = finder().find(&text);
                let whole = |found: &Found| text[found.range()] == sample;
                assert!(found.iter().any(whole), "{}: {text} gives {found:?}", shape.name);
                let secrets = finder().secrets(&text);
                let secret = sample.get(shape.form.anchor().len()..).unwrap();
                assert!(
                    secrets.iter().any(|place| text[place.clone()].contains(secret))
                        || !sample.starts_with(shape.form.anchor())
                );
            }
            let short = &sample[..sample.len() - 1];
            let named = |text: &str| {
                finder()
                    .find(text)
                    .iter()
                    .any(|found| found.name == shape.name && text[found.range()].len() + 1 >= sample.len())
            };
            assert!(!named(&format!("'{short}'")), "{}: {short}", shape.name);
        }
    }

    #[test]
    fn a_checksum_that_holds_proves_a_token() {
        let mut seed = 3;
        for prefix in ["ghp_", "gho_", "ghs_", "npm_"] {
            let random = drawn(Class::Alnum, 30, &mut seed);
            let live = format!("{prefix}{random}{}", base62(crc32(random.as_bytes())));
            let worth = |text: &str| finder().find(text).first().map(|found| found.worth);
            assert_eq!(worth(&live), Some(Worth::Live));
            let off = format!("{prefix}{random}0A1b2C");
            assert_eq!(worth(&off), Some(Worth::Likely));
        }
    }

    #[test]
    fn what_stands_for_a_credential_is_none() {
        let stripe = "sk_live_";
        for text in [
            format!("ghp_{}", "x".repeat(36)),
            format!("ghp_{}", "a1B2".repeat(9)),
            format!("{stripe}your0key0goes0in0this0place0"),
            format!("AKIA{}", "IOSFODNN7EXAMPLE"),
            "sk-1234567890abcdef1234567890abcdef".to_owned(),
            "postgres://user:password@db.acme.io/x".to_owned(),
            "postgres://${USER}:${PASSWORD}@db.acme.io/x".to_owned(),
            "http://u:p@host.example/".to_owned(),
            "-----BEGIN PRIVATE KEY-----".to_owned(),
            "if pem.starts_with(\"-----BEGIN RSA PRIVATE KEY-----\") { pem.ends_with(\"-----END RSA PRIVATE KEY-----\") }".to_owned(),
        ] {
            assert!(finder().find(&text).is_empty(), "{text} gives {:?}", finder().find(&text));
        }
    }

    #[test]
    fn what_is_not_fixed_in_length_is_found_by_its_structure() {
        let encode = |text: &str| base64_of(text.as_bytes());
        let token = |payload: &str| {
            format!(
                "{}.{}.{}",
                encode(r#"{"alg":"HS256","typ":"JWT"}"#),
                encode(payload),
                drawn(Class::Alnum, 43, &mut 5)
            )
        };
        let worth = |text: &str| finder().find(text).first().map(|found| (found.name, found.worth));
        assert_eq!(
            worth(&token(r#"{"iss":"supabase","role":"service_role"}"#)),
            Some(("a JSON Web Token", Worth::Key))
        );
        assert_eq!(worth(&token(r#"{"sub":"u-81","exp":1}"#)), Some(("a JSON Web Token", Worth::Likely)));
        for public in [r#"{"iss":"supabase","role":"anon"}"#, r#"{"sub":"1234567890","name":"John Doe"}"#] {
            assert_eq!(worth(&token(public)), None);
        }
        let password = "postgres://svc:q8Zt0LmR2vKx@db.acme.io:5432/main";
        assert_eq!(worth(password), Some(("a password in an address", Worth::Likely)));
        assert_eq!(
            worth(&password.replace("db.acme.io", "localhost")),
            Some(("a password in an address", Worth::Minor))
        );
        let mut key = vec![0x30, 0x82, 1, 0];
        key.extend(drawn(Class::Alnum, 256, &mut 9).bytes());
        let pem = |body: &str| format!("-----BEGIN {}-----\n{body}\n-----END {0}-----", "PRIVATE KEY");
        assert_eq!(worth(&pem(&base64_of(&key))), Some(("a private key", Worth::Key)));
        let account = format!(
            "{{\"type\": \"service_account\", \"private_key\": \"{}\", \"client_email\": \"a@b\"}}",
            pem(&base64_of(&key)).replace('\n', "\\n")
        );
        assert_eq!(worth(&account), Some(("a private key", Worth::Live)));
        assert_eq!(worth(&pem("...")), None);
    }

    #[test]
    fn an_aws_key_counts_with_its_secret() {
        let id = format!("AKIA{}", "QNZGKIQY56JQ7WML");
        let worth = |text: &str| finder().find(text).first().map(|found| found.worth);
        assert_eq!(worth(&id), Some(Worth::Likely));
        let secret = drawn(Class::Alnum, 40, &mut 11);
        assert_eq!(worth(&format!("key = {id}\nsecret = {secret}\n")), Some(Worth::Live));
    }

    #[test]
    fn repeated_beginnings_are_read_in_linear_time() {
        for text in ["eyJ", "eyJ.", "-----BEGIN PRIVATE KEY-----", "://a:bcd", "sk-", ":AA", "eyJ/", "AKIA"] {
            assert!(finder().find(&text.repeat(200_000)).is_empty(), "{text}");
        }
    }

    fn base64_of(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let bits =
                chunk.iter().fold(0_u32, |all, &byte| all << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
            let digit = |at: usize| char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]);
            out.extend((0..=chunk.len()).map(digit));
        }
        out
    }
}
