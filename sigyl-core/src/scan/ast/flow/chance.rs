//! Numbers that look random, and what is made of them: tokens that can be guessed.

use super::call::Given;
use super::run::Flow;
use super::value::{Entry, Object, Source, Value, Weakness};
use crate::scan::ast::form::Span;

/// Words of names that bear what nobody may guess.
const SECRETS: &[&str] = &[
    "token",
    "otp",
    "totp",
    "nonce",
    "password",
    "passwd",
    "passcode",
    "passphrase",
    "secret",
    "apikey",
    "csrf",
    "sessionid",
    "sessid",
];
/// Two words that do so together.
const PAIRS: &[&str] = &[
    "session_id",
    "session_key",
    "session_secret",
    "api_key",
    "access_key",
    "secret_key",
    "signing_key",
    "encryption_key",
    "license_key",
    "reset_code",
    "invite_code",
    "access_code",
    "auth_code",
    "login_code",
    "verification_code",
    "verify_code",
    "confirmation_code",
    "recovery_code",
    "backup_code",
    "one_time_code",
    "pin_code",
    "reset_link",
    "magic_link",
    "share_key",
    "upload_key",
];
/// Words of names that count tokens, or bear those of a language.
const COUNTS: &[&str] = &[
    "count", "num", "max", "min", "limit", "budget", "usage", "used", "index", "idx", "weight", "prob",
    "next", "size", "length", "len", "cost", "total", "rate", "type", "vocab", "expires", "expiry", "ttl",
    "age",
];
/// What an address or text calls a secret that stands behind it.
const LEADS: &[&str] = &[
    "token=",
    "code=",
    "key=",
    "sid=",
    "otp=",
    "secret=",
    "token: ",
    "password: ",
    "password is ",
    "token is ",
];

impl Flow<'_> {
    /// What is made by numbers that can be foretold; one of several things that are no characters is a game.
    pub(super) fn guessed(&mut self, path: &str, given: &Given, mut value: Value) -> Value {
        let picks = matches!(path, "random.choice" | "random.choices" | "random.sample");
        let of_things = given.at(0).is_some_and(|from| from.items.is_some() || from.fields.is_some())
            || given.named("weights").or_else(|| given.at(1).filter(|_| path == "random.choices")).is_some();
        if !picks || !of_things {
            let origin = self.origins.add(path.into());
            value.absorb(&[Entry { source: Source::Chance, origin, bits: 0 }]);
        }
        Value { object: Object::Path(format!("{path}()").into()), ..value }
    }

    /// A token that is made of what others know.
    pub(super) fn names_token(&mut self, name: &str, value: &Value, span: Span) {
        if self.handler.is_none() || !(bears_secret(name) || self.means_secret(name)) {
            return;
        }
        let hashed = value
            .is_path()
            .filter(|path| path.starts_with("hashlib.md5") && path.contains("digest") && is_old_secret(name));
        let made = hashed.map(ToOwned::to_owned).or_else(|| self.chance_of(value));
        if let Some(made) = made {
            self.act(Weakness::Guessable, name, &made, span);
        }
    }

    /// Tells whether a name that says little bears a secret, by what the tool says of itself.
    fn means_secret(&self, name: &str) -> bool {
        const SAYS: &[&str] = &[
            "one-time",
            "one time",
            "invit",
            "reset",
            "unlock",
            "log in",
            "login",
            "sign in",
            "password",
            "secret",
            "api key",
            "access code",
            "verif",
            "two-factor",
            "opens ",
        ];
        self.handler.is_some()
            && matches!(name.to_ascii_lowercase().as_str(), "code" | "pin" | "key" | "link" | "ticket")
            && self.says_any(SAYS)
    }

    /// Returns what made the numbers that a value is made of, if they can be foretold.
    pub(super) fn chance_of(&self, value: &Value) -> Option<String> {
        let ways = value.ways();
        let chance = ways.iter().find(|entry| entry.source == Source::Chance)?;
        Some(self.origins.name(chance.origin).to_owned())
    }

    /// Looks at what stands behind a fixed text: a token in an address, a part of the caller's in a header.
    pub(super) fn leads(&mut self, before: &str, part: &Value) {
        if before.is_empty() || part.taint.is_empty() {
            return;
        }
        let told = before.get(before.len().saturating_sub(24)..).unwrap_or(before).to_ascii_lowercase();
        if self.handler.is_some()
            && let Some(lead) = LEADS.iter().find(|lead| told.ends_with(*lead))
            && let (Some(made), Some(span)) = (self.chance_of(part), self.calling)
        {
            self.act(Weakness::Guessable, lead.trim_end_matches(['=', ':', ' ']), &made, span);
        }
        if super::careless::names_header(before) {
            let of_caller = part.taint.iter().filter(|entry| entry.source == Source::Argument);
            self.led.extend(of_caller.map(|entry| entry.origin));
        }
    }
}

/// Tells whether what bears this name must not be guessed.
pub(super) fn bears_secret(name: &str) -> bool {
    let words = words(name);
    let whole = words.join("_");
    let bears = words.iter().any(|word| SECRETS.contains(&&**word))
        || PAIRS.iter().any(|pair| whole == *pair || whole.ends_with(&format!("_{pair}")));
    bears && !words.iter().any(|word| COUNTS.contains(&&**word))
}

/// Tells whether a name is one of whose hash of something known is a secret itself.
fn is_old_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["token", "session_id", "sessionid", "otp", "reset_code", "api_key", "nonce"]
        .iter()
        .any(|word| lower.contains(word))
}

/// Takes a name apart: `resetToken`, `reset_token`, `RESET_TOKEN`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && small {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_that_count_or_play() {
        for name in
            ["token", "resetToken", "RESET_TOKEN", "api_key", "user.apiKey", "sessionId", "invite_code"]
        {
            assert!(bears_secret(name), "{name}");
        }
        for name in
            ["tokens", "token_count", "next_token", "maxTokens", "key", "code", "country_code", "tokenType"]
        {
            assert!(!bears_secret(name), "{name}");
        }
    }
}
