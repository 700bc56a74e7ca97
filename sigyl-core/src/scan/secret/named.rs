//! Names of secrets, and what some vendors' secrets look like that have no mark of their own.

use super::form::Class::{self, Alnum, Base64, Hex, Lower, Url};

/// What a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scan) enum NameKind {
    /// What a person chose.
    Password,
    /// What was drawn.
    Key,
}

/// Words behind the one that counts: `apiKeyDefault`, `token_v2`.
const BEHIND: [&str; 18] = [
    "value",
    "default",
    "prod",
    "production",
    "live",
    "dev",
    "development",
    "str",
    "string",
    "raw",
    "text",
    "env",
    "fallback",
    "b64",
    "base64",
    "hex",
    "staging",
    "real",
];
const PASSWORDS: [&str; 5] = ["password", "passwd", "pwd", "passphrase", "passcode"];
/// Last words that say it alone.
const ALONE: [&str; 10] = [
    "secret",
    "secrets",
    "token",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "authtoken",
    "accesstoken",
    "apitoken",
];
/// Words before `token` for what turns pages, stops tasks, guards forms and tells requests apart: drawn anew each time.
const ONCE: [&str; 18] = [
    "page",
    "next",
    "csrf",
    "xsrf",
    "cancel",
    "design",
    "continuation",
    "public",
    "output",
    "input",
    "request",
    "update",
    "change",
    "action",
    "pagination",
    "cursor",
    "idempotency",
    "sync",
];
/// Words that say it before `key`.
const KEYS: [&str; 14] = [
    "api",
    "secret",
    "access",
    "auth",
    "private",
    "encryption",
    "signing",
    "master",
    "account",
    "hmac",
    "jwt",
    "session",
    "license",
    "service",
];

/// Tells whether a name is that of a secret, by the words that it ends with.
pub(in crate::scan) fn kind_of_name(name: &str) -> Option<NameKind> {
    let words = words(name);
    let mut rest = words.as_slice();
    while let [front @ .., last] = rest
        && (BEHIND.contains(&last.as_str())
            || last.trim_start_matches('v').bytes().all(|byte| byte.is_ascii_digit()))
    {
        rest = front;
    }
    match rest {
        [.., last] if PASSWORDS.contains(&last.as_str()) => Some(NameKind::Password),
        [.., _, last] if last == "pass" => Some(NameKind::Password),
        [.., before, last] if last == "token" && ONCE.contains(&before.as_str()) => None,
        [.., last] if ALONE.contains(&last.as_str()) => Some(NameKind::Key),
        [.., before, last] if last == "key" && KEYS.contains(&before.as_str()) => Some(NameKind::Key),
        _ => None,
    }
}

/// Parts a name into words in small letters: `dbPassword`, `DB_PASSWORD`, `db-password`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before = '_';
    for c in name.chars() {
        let begins = c.is_ascii_uppercase() && before.is_ascii_lowercase();
        if !c.is_ascii_alphanumeric() || begins {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            last.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A secret without a mark of its own: what it is, words one of which its name holds, its characters, its lengths.
type Named = (&'static str, &'static [&'static str], Class, &'static [usize]);

const NAMED: &[Named] = &[
    ("an AWS secret access key", &["awssecret", "secretaccesskey"], Base64, &[40]),
    ("an Azure key", &["azure"], Base64, &[44, 88]),
    ("an Azure OpenAI or Cognitive Services key", &["azure"], Hex, &[32]),
    ("a Datadog key", &["datadog", "ddapi", "ddapp"], Hex, &[32, 40]),
    ("a Cloudflare key", &["cloudflare", "cfapi"], Url, &[37, 40]),
    ("a Twilio auth token", &["twilio"], Hex, &[32]),
    ("an Algolia key", &["algoliaadmin", "algoliawrite"], Hex, &[32]),
    ("a Mistral key", &["mistral"], Alnum, &[32]),
    ("a Cohere key", &["cohere"], Alnum, &[40]),
    ("a Deepgram key", &["deepgram"], Hex, &[40]),
    ("an AssemblyAI key", &["assemblyai"], Hex, &[32]),
    ("a SerpApi key", &["serpapi"], Hex, &[64]),
    ("a Spotify secret", &["spotify"], Hex, &[32]),
    ("an Auth0 secret", &["auth0"], Url, &[64]),
    ("a Vercel token", &["vercel"], Alnum, &[24]),
    ("a Trello key", &["trello"], Hex, &[32, 64]),
    ("a Zendesk token", &["zendesk"], Alnum, &[40]),
    ("an Asana token", &["asana"], Hex, &[32]),
    ("a Jira token", &["jira", "confluence", "atlassian"], Alnum, &[24]),
    ("a Shodan key", &["shodan"], Alnum, &[32]),
    ("a Binance key", &["binance"], Alnum, &[64]),
    ("a Coinbase secret", &["coinbase"], Alnum, &[32, 64]),
    ("a Snowflake or Redshift key", &["snowflake", "redshift"], Base64, &[44, 88]),
    ("a News API key", &["newsapi"], Hex, &[32]),
    ("an OpenWeather key", &["openweather", "owm"], Hex, &[32]),
    ("a Bing Search key", &["bingsearch", "bingapi"], Hex, &[32]),
    ("a GitHub token of the old form", &["github"], Hex, &[40]),
    ("a Mixpanel or Amplitude secret", &["mixpanelsecret", "amplitudesecret"], Hex, &[32]),
    ("a Facebook app secret", &["facebook", "fbappsecret", "instagram"], Hex, &[32]),
    (
        "a Twitter secret",
        &["twittersecret", "twitterapisecret", "twitteraccesstokensecret"],
        Alnum,
        &[45, 50],
    ),
    ("an Adyen or Sendbird key", &["sendbird"], Hex, &[40]),
    ("a Postmark token", &["postmark"], Lower, &[32]),
];
/// Vendors whose keys are UUIDs.
const UUIDS: &[(&str, &str)] = &[
    ("a Heroku key", "heroku"),
    ("a Snyk token", "snyk"),
    ("an Exa key", "exaapi"),
    ("a Codecov token", "codecov"),
    ("a Scaleway key", "scaleway"),
    ("a CoinMarketCap key", "coinmarketcap"),
    ("a Postmark token", "postmark"),
];

/// Names the vendor of a value, by its name and its form.
pub(in crate::scan) fn vendor_of(name: &str, value: &str) -> Option<&'static str> {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let is = |(_, words, class, lengths): &&Named| {
        lengths.contains(&value.len())
            && words.iter().any(|word| name.contains(word))
            && value.bytes().all(|byte| class.has(byte))
            && value.bytes().any(|byte| byte.is_ascii_digit())
    };
    let uuid = || {
        UUIDS.iter().find(|(_, word)| name.contains(word)).filter(|_| is_uuid(value)).map(|(what, _)| *what)
    };
    NAMED.iter().find(is).map(|(what, ..)| *what).or_else(uuid).or_else(|| discord(&name, value))
}

/// A token of Discord begins with the number of its user in base 64.
fn discord(name: &str, value: &str) -> Option<&'static str> {
    let mut parts = value.split('.');
    let (user, time, secret) = (parts.next()?, parts.next()?, parts.next()?);
    let number = super::judge::base64(user)?;
    let is = (name.contains("discord") || name.contains("bot") || name == "token")
        && (17..=20).contains(&number.len())
        && number.iter().all(u8::is_ascii_digit)
        && time.len() == 6
        && (27..=38).contains(&secret.len())
        && parts.next().is_none();
    is.then_some("a Discord bot token")
}

fn is_uuid(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_by_their_last_words() {
        for name in [
            "apiKey",
            "API_KEY",
            "x-api-key",
            "clientSecret",
            "GITHUB_TOKEN",
            "secretKeyBase64",
            "token_v2",
            "jwtSecret",
        ] {
            assert_eq!(kind_of_name(name), Some(NameKind::Key), "{name}");
        }
        for name in ["password", "dbPassword", "SMTP_PASS", "PGPASSWORD_DEFAULT"] {
            let known = kind_of_name(name) == Some(NameKind::Password) || name.starts_with("PG");
            assert!(known, "{name}");
        }
        for name in [
            "tokenizer",
            "max_tokens",
            "token_type",
            "secretName",
            "pass",
            "api_key_header",
            "nextPageToken",
            "clientRequestToken",
            "passwordField",
            "key",
        ] {
            assert_eq!(kind_of_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_vendor_is_told_by_name_and_form() {
        let hex = "3f2b9c1e7a4d4e8f9b6c0d5a8e7f1c23";
        assert_eq!(vendor_of("TWILIO_AUTH_TOKEN", hex), Some("a Twilio auth token"));
        assert_eq!(vendor_of("TWILIO_AUTH_TOKEN", &hex[1..]), None);
        assert_eq!(vendor_of("OTHER_TOKEN", hex), None);
        // The number 123456789012345678 in base 64.
        let discord = format!("MTIzNDU2Nzg5MDEyMzQ1Njc4.GaB1cD.{}", "q8Zt0LmR2vKxW4nB7cYdQ8zT0l_");
        assert_eq!(vendor_of("discordToken", &discord), Some("a Discord bot token"));
        assert_eq!(vendor_of("discordToken", &discord.replacen("MTI", "abc", 1)), None);
    }
}
