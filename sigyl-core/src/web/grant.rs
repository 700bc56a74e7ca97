//! What a server that people sign in at answers (OAuth 2): codes for devices, and tokens.

use serde::Deserialize;

use super::{Heard, WebError};
use crate::domain::SecretValue;

/// Characters of what another server says that are repeated.
const SAID: usize = 200;

/// A sign-in that waits for somebody to type a code.
#[derive(Clone, Debug)]
pub struct DeviceCode {
    /// What it is asked for by.
    pub device: SecretValue,
    /// What they type.
    pub user_code: String,
    /// Where they type it.
    pub verification_uri: String,
    /// Seconds to wait between two questions.
    pub interval: u64,
    /// Seconds until it is over.
    pub expires_in: u64,
}

impl DeviceCode {
    /// Reads the answer to who asks for such a code.
    pub(crate) fn read(heard: &Heard) -> Result<Self, WebError> {
        #[derive(Deserialize)]
        struct Begun {
            device_code: SecretValue,
            user_code: String,
            verification_uri: String,
            expires_in: u64,
            interval: Option<u64>,
        }
        let begun: Begun = heard.good()?;
        Ok(Self {
            device: begun.device_code,
            user_code: plain(&begun.user_code),
            verification_uri: plain(&begun.verification_uri),
            interval: begun.interval.unwrap_or(5).clamp(1, 60),
            expires_in: begun.expires_in.min(3_600),
        })
    }
}

/// What comes of a code that is exchanged.
#[derive(Clone, Debug)]
pub(crate) enum Granted {
    /// Tokens.
    Tokens {
        /// The one that stands for somebody.
        access: SecretValue,
        /// The one that tells who they are, where there is one.
        id: Option<SecretValue>,
    },
    /// Nobody typed the code yet.
    Waiting {
        /// Seconds to wait before the next question, when more is asked for.
        slower: Option<u64>,
    },
    /// The code is over, or was used.
    Expired,
    /// It is refused, and why.
    Refused(String),
}

impl Granted {
    /// Reads such an answer, well or not: what is refused comes with a status of 200 or 400.
    pub(crate) fn read(heard: &Heard) -> Result<Self, WebError> {
        #[derive(Deserialize)]
        struct Told {
            access_token: Option<SecretValue>,
            id_token: Option<SecretValue>,
            error: Option<String>,
            error_description: Option<String>,
            interval: Option<u64>,
        }
        let told: Told = heard.json()?;
        Ok(match (told.access_token, told.error.as_deref()) {
            (Some(access), None) if heard.status == 200 => Self::Tokens { access, id: told.id_token },
            (_, Some("authorization_pending")) => Self::Waiting { slower: None },
            (_, Some("slow_down")) => Self::Waiting { slower: told.interval.or(Some(10)) },
            (_, Some("expired_token" | "bad_verification_code")) => Self::Expired,
            (_, Some(error)) => Self::Refused(plain(told.error_description.as_deref().unwrap_or(error))),
            (_, None) => return Err(heard.wrong("neither a token nor an error".to_owned())),
        })
    }
}

/// What another server says, as it may be repeated.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SAID).collect()
}
