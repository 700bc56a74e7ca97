//! What a credential is worth: checksums, structure, and what stands around it.

use serde_json::Value;

use super::dummy::{entropy, is_placeholder};
use super::form::{Class, Place, Worth};

/// A credential in its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    /// The text that holds it.
    pub(super) text: &'a str,
    /// Where it stands there.
    pub(super) place: Place,
}

/// Weighs a credential; nothing when it is none, or is meant to be public.
pub(super) type Weigh = fn(&Seen<'_>) -> Option<Worth>;

/// How the credentials of one form are weighed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Judge {
    /// All alike.
    Always(Worth),
    /// One by one.
    By(Weigh),
}

impl<'a> Seen<'a> {
    pub(super) fn whole(&self) -> &'a str {
        &self.text[self.place.start..self.place.end]
    }

    pub(super) fn secret(&self) -> &'a str {
        &self.text[self.place.secret..self.place.end]
    }

    /// Returns what stands at most `reach` bytes to each side, itself included.
    fn around(&self, reach: usize) -> &'a str {
        let from = self.text.floor_char_boundary(self.place.start.saturating_sub(reach));
        let to = self.text.ceil_char_boundary((self.place.end + reach).min(self.text.len()));
        &self.text[from..to]
    }
}

/// The last six characters are the CRC-32 of those before, in base 62: tokens of GitHub and npm.
pub(super) fn base62_crc(seen: &Seen<'_>) -> Option<Worth> {
    let body = seen.secret();
    let (random, check) = body.split_at(body.len().checked_sub(6)?);
    Some(if base62(crc32(random.as_bytes())) == check { Worth::Live } else { Worth::Likely })
}

/// Computes the CRC-32 that zip has.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Writes a number with six digits of base 62.
pub(super) fn base62(mut number: u32) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

/// A macaroon of the second version: where it is good, and a signature of 32 bytes at its end.
pub(super) fn macaroon(seen: &Seen<'_>) -> Option<Worth> {
    let bytes = base64(seen.whole().strip_prefix("pypi-")?)?;
    let place = match bytes.as_slice() {
        [2, 1, length, rest @ ..] => rest.get(..usize::from(*length)),
        _ => None,
    };
    let signed = bytes.len().checked_sub(34).is_some_and(|at| bytes[at..].starts_with(&[6, 32]));
    Some(match place {
        Some(b"pypi.org") if signed => Worth::Live,
        Some(b"test.pypi.org") => Worth::Minor,
        _ => Worth::Likely,
    })
}

/// An AWS key id holds the number of its account, and opens nothing without the secret beside it.
pub(super) fn aws_key_id(seen: &Seen<'_>) -> Option<Worth> {
    let id = &seen.whole()[4..];
    let number = id.bytes().take(8).fold(0_u64, |all, byte| all << 5 | u64::from(base32(byte)));
    let account = (number & 0x7f_ffff_ffff) << 1 | u64::from(base32(id.as_bytes()[8]) >> 4);
    // Ids of before 2019 begin so and hold no account.
    let old = id.starts_with(['I', 'J']);
    if !old && account > 999_999_999_999 {
        return Some(Worth::Minor);
    }
    Some(if aws_secret(seen.around(400)) { Worth::Live } else { Worth::Likely })
}

/// Tells whether a text holds something of the form of an AWS secret: forty characters of base 64, alone.
fn aws_secret(text: &str) -> bool {
    let alone = |run: &&str| run.len() == 40 && !run.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split(|c: char| !u8::try_from(c).is_ok_and(|byte| Class::Base64.has(byte) && byte != b'='))
        .filter(alone)
        .any(|run| entropy(run) > 4.2 && !is_placeholder(run))
}

fn base32(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => byte - b'A',
        _ => byte.saturating_sub(b'2') + 26,
    }
}

/// Keys of Firebase stand in every web page that uses it.
pub(super) fn google_api_key(seen: &Seen<'_>) -> Option<Worth> {
    const PUBLIC: [&str; 6] =
        ["authDomain", "firebase", "messagingSenderId", "storageBucket", "measurementId", "current_key"];
    let around = seen.around(400);
    (!PUBLIC.iter().any(|word| around.contains(word))).then_some(Worth::Likely)
}

/// Two numbers, of the workspace and of the bot, and a secret of 24 characters.
pub(super) fn slack(seen: &Seen<'_>) -> Option<Worth> {
    let last = seen.whole().rsplit('-').next()?;
    let whole = last.len() == 24 && last.bytes().any(|byte| byte.is_ascii_digit());
    Some(if whole { Worth::Live } else { Worth::Key })
}

/// Keys of OpenAI carry the name of their maker in base 64.
pub(super) fn openai(seen: &Seen<'_>) -> Option<Worth> {
    const MAKER: &str = "T3BlbkFJ";
    Some(match seen.secret() {
        body if body.contains(MAKER) => Worth::Live,
        body if body.contains(['-', '_']) || seen.whole().starts_with("sk-proj-") => Worth::Key,
        _ => Worth::Likely,
    })
}

/// Keys of Anthropic have one length and end with `AA`.
pub(super) fn anthropic(seen: &Seen<'_>) -> Option<Worth> {
    let whole = seen.whole();
    Some(if whole.len() == 108 && whole.ends_with("AA") { Worth::Live } else { Worth::Key })
}

/// Reads a private key in PEM, as far as its end or what is cut off.
pub(super) fn pem(text: &str, at: usize) -> Option<Place> {
    const LONGEST: usize = 16_000;
    let from = at + "-----BEGIN ".len();
    let label = text.get(from..)?.split('-').next().filter(|label| label.len() < 40)?;
    let is_label = |label: &str| {
        label.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ' || byte.is_ascii_digit())
    };
    if !label.contains("PRIVATE KEY") || !is_label(label) {
        return None;
    }
    let secret = from + label.len() + "-----".len();
    let window = text.get(secret..text.ceil_char_boundary((secret + LONGEST).min(text.len())))?;
    let end = window.find("-----").unwrap_or(window.len());
    Some(Place { start: at, secret, end: secret + end })
}

/// A private key that decodes is one; the beginning of one alone is what code compares with.
pub(super) fn private_key(seen: &Seen<'_>) -> Option<Worth> {
    // Escapes of line ends go, and so do the lines of a header, which have a colon.
    let body = seen.secret().replace("\\n", "\n").replace("\\r", "");
    let lines = body.lines().filter(|line| !line.contains(':'));
    let runs: Vec<&str> = lines
        .flat_map(|line| line.split(|c: char| !u8::try_from(c).is_ok_and(|byte| Class::Base64.has(byte))))
        .filter(|run| !run.is_empty())
        .collect();
    let body = runs.concat();
    // A key begins with a full line, code that looks for one does not.
    if body.len() < 64 || runs.first().is_none_or(|first| first.len() < 40) {
        return None;
    }
    let head = &seen.text[seen.place.start..seen.place.secret];
    let around = seen.around(3_000);
    Some(match base64(body.trim_end_matches('=')) {
        _ if head.contains("ENCRYPTED") || seen.secret().contains("ENCRYPTED") => Worth::Minor,
        Some(bytes) if !is_key(&bytes) && !head.contains("PGP") => Worth::Likely,
        None => Worth::Likely,
        Some(_) if around.contains("service_account") && around.contains("client_email") => Worth::Live,
        Some(_) => Worth::Key,
    })
}

/// Tells whether bytes are one whole DER sequence, or a key as OpenSSH writes it.
fn is_key(bytes: &[u8]) -> bool {
    match bytes {
        [0x30, 0x82, high, low, rest @ ..] => rest.len() == usize::from(*high) << 8 | usize::from(*low),
        [0x30, 0x81, length, rest @ ..] => rest.len() == usize::from(*length),
        [0x30, length, rest @ ..] if *length < 0x80 => rest.len() == usize::from(*length),
        _ => bytes.starts_with(b"openssh-key-v1\0"),
    }
}

/// Reads three parts of base 64 with points between.
pub(super) fn token(text: &str, at: usize) -> Option<Place> {
    let bytes = text.as_bytes();
    let run = |from: usize, most: usize| {
        let taken = bytes.get(from..)?.iter().take(most).take_while(|byte| Class::Url.has(**byte)).count();
        Some(from + taken)
    };
    if at.checked_sub(1).is_some_and(|before| Class::Url.has(bytes[before])) {
        return None;
    }
    let point = |at: usize| (bytes.get(at) == Some(&b'.')).then_some(at + 1);
    let header = run(at, 1_000)?;
    let payload = run(point(header)?, 6_000)?;
    let end = run(point(payload)?, 1_500)?;
    let whole = header - at >= 16 && payload - header > 8 && end - payload > 20;
    whole.then_some(Place { start: at, secret: at + 3, end })
}

/// A token whose parts are what they say; those for everybody and those of textbooks are none.
pub(super) fn jwt(seen: &Seen<'_>) -> Option<Worth> {
    let mut parts = seen
        .whole()
        .split('.')
        .map(|part| base64(part).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()));
    let header = parts.next()??;
    header.get("alg")?.as_str()?;
    let payload = parts.next()??;
    let says = |key: &str, value: &str| payload.get(key).and_then(Value::as_str) == Some(value);
    if !payload.is_object() || says("role", "anon") || says("sub", "1234567890") || says("name", "John Doe") {
        return None;
    }
    Some(if says("role", "service_role") { Worth::Key } else { Worth::Likely })
}

/// Reads `scheme://user:password@`.
pub(super) fn user_info(text: &str, at: usize) -> Option<Place> {
    let bytes = text.as_bytes();
    let scheme = bytes[..at]
        .iter()
        .rev()
        .take(20)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.'))
        .count();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&()*+,-.;<=>[]^_{|}~".contains(byte);
    let from = at + 3;
    let user = bytes[from..].iter().take(128).take_while(|byte| is_part(byte)).count();
    let secret = from + user + 1;
    if scheme < 2 || bytes.get(from + user) != Some(&b':') {
        return None;
    }
    let password = bytes[secret..].iter().take(256).take_while(|byte| is_part(byte)).count();
    let end = secret + password;
    (password >= 3 && bytes.get(end) == Some(&b'@')).then_some(Place { start: at - scheme, secret, end })
}

/// A password in an address, weighed by where the address leads.
pub(super) fn password_in_url(seen: &Seen<'_>) -> Option<Worth> {
    const COMMON: [&str; 30] = [
        "pass",
        "passwd",
        "password",
        "pwd",
        "secret",
        "user",
        "username",
        "postgres",
        "root",
        "admin",
        "guest",
        "mysql",
        "mongo",
        "redis",
        "rabbitmq",
        "neo4j",
        "minioadmin",
        "token",
        "key",
        "api",
        "apikey",
        "api_key",
        "access_token",
        "abc",
        "foo",
        "bar",
        "p4ss",
        "pw",
        "toor",
        "letmein",
    ];
    let password = seen.secret();
    let user = seen.text[seen.place.start..seen.place.secret].rsplit('/').next()?.trim_end_matches(':');
    let lower = password.to_ascii_lowercase();
    let template = password.contains(['{', '}', '$', '<', '>', '[', ']', '(', ')', '*', '|', '^'])
        || user.contains(['{', '<', '$', '[', '(']);
    // One letter and a number are a variable's name: `u:p`, `pass1`.
    let simple = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '!');
    if template
        || COMMON.contains(&simple)
        || simple.len() < 3
        || lower == user.to_ascii_lowercase()
        || is_placeholder(password)
    {
        return None;
    }
    let host: String = seen.text[seen.place.end + 1..]
        .chars()
        .take(80)
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '{' | '$'))
        .collect();
    // Where a client tells of its failures: whoever has the client has it, and it lets nobody read.
    let tells = host == "sentry.io" || host.ends_with(".sentry.io");
    // Those who invent one take a word.
    let word = password.bytes().all(|byte| byte.is_ascii_alphabetic());
    Some(if word || tells || is_local(&host) { Worth::Minor } else { Worth::Likely })
}

/// Tells whether a host is this machine, one of the same network, or one that stands for others.
fn is_local(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let ends = [
        ".local",
        ".internal",
        ".test",
        ".example",
        ".invalid",
        ".localhost",
        "example.com",
        "example.org",
        "example.net",
    ];
    let numbers = ["127.", "10.", "192.168.", "0.0.0.0"];
    !host.contains('.')
        || host.contains(['{', '$'])
        || ends.iter().any(|end| host.ends_with(end))
        || numbers.iter().any(|begin| host.starts_with(begin))
        || ["host.", "hostname.", "server.", "your", "my"].iter().any(|begin| host.starts_with(begin))
}

/// Decodes base 64 in either alphabet, with or without padding.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    crate::scan::unpack::base64(text.trim_end_matches('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Seen<'_> {
        let secret = text.find('_').map_or(0, |at| at + 1);
        Seen { text, place: Place { start: 0, secret, end: text.len() } }
    }

    #[test]
    fn the_checksum_is_that_of_github() {
        // Published by GitHub with the format in 2021, and revoked; in two parts, so that no scanner takes it for one.
        let token = concat!("ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17");
        assert_eq!(base62_crc(&seen(token)), Some(Worth::Live));
        assert_eq!(base62_crc(&seen(&token.replace("zQ", "Qz"))), Some(Worth::Likely));
    }

    #[test]
    fn the_account_of_an_aws_key_is_read_from_its_id() {
        // The worked example of those who published how (2023): a key of the account 029608264753.
        let id = concat!("ASIA", "QNZGKIQY56JQ7WML");
        let number = id[4..].bytes().take(8).fold(0_u64, |all, byte| all << 5 | u64::from(base32(byte)));
        let account = (number & 0x7f_ffff_ffff) << 1 | u64::from(base32(id.as_bytes()[12]) >> 4);
        assert_eq!(account, 29_608_264_753);
    }

    #[test]
    fn hosts_of_the_same_network_are_told_from_others() {
        for host in ["localhost", "db", "127.0.0.1", "db.example.com", "x.internal", "your.host.io", ""] {
            assert!(is_local(host), "{host}");
        }
        for host in ["db.acme.io", "cluster0.ab12c.mongodb.net", "34.1.2.3"] {
            assert!(!is_local(host), "{host}");
        }
    }
}
