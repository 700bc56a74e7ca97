//! The files that Google and its tools write.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{Kind, SecretValue};
use crate::web::WebError;

/// Bytes of a file of credentials, or of a token in a file.
const MOST: u64 = 64 << 10;

/// What a file of credentials says.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Key(Key),
    User(User),
    External(External),
}

/// A key of a service account.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Key {
    pub(super) client_email: String,
    pub(super) private_key: SecretValue,
    pub(super) private_key_id: Option<String>,
    #[serde(default = "token_uri")]
    pub(super) token_uri: String,
}

/// A user who signed in with `gcloud`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct User {
    pub(super) client_id: String,
    pub(super) client_secret: SecretValue,
    pub(super) refresh_token: SecretValue,
    #[serde(default = "token_uri")]
    pub(super) token_uri: String,
}

/// Workload identity federation: another provider says who it is.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct External {
    pub(super) audience: String,
    pub(super) subject_token_type: String,
    pub(super) token_url: String,
    pub(super) service_account_impersonation_url: Option<String>,
    pub(super) credential_source: Subject,
}

/// Where the token of the other provider is.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Subject {
    pub(super) file: Option<PathBuf>,
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) headers: std::collections::BTreeMap<String, SecretValue>,
    pub(super) format: Option<Format>,
}

/// How that token is written.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Format {
    #[serde(rename = "type")]
    pub(super) form: String,
    pub(super) subject_token_field_name: Option<String>,
}

fn token_uri() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

/// There are no credentials, or they are not taken. Never holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// A file cannot be read.
    #[error("the credentials in {} cannot be read", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file says what nobody can use.
    #[error("the credentials in {} cannot be used: {why}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Who hands out tokens cannot be asked.
    #[error(transparent)]
    Web(#[from] WebError),
    /// Who hands out tokens refuses.
    #[error("no token from {from}: {why}; {remedy}")]
    Refused {
        /// Who was asked.
        from: String,
        /// What it said.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Such credentials cannot do this.
    #[error("{0}")]
    Unable(String),
}

impl CredentialsError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unreadable { .. } | Self::Unusable { .. } | Self::Unable(_) => Kind::Invalid,
            Self::Web(error) => error.kind(),
            Self::Refused { .. } => Kind::Denied,
        }
    }
}

impl Kept {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, CredentialsError> {
        let text = read(path)?;
        let wrong = |why: String| CredentialsError::Unusable { path: path.to_owned(), why };
        // The reader's own words may repeat a part of a secret: only the place is told.
        let whole: Value = serde_json::from_str(&text).map_err(|error| {
            wrong(format!("it is no JSON (line {}, column {})", error.line(), error.column()))
        })?;
        let kind = whole.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let lacks = |needed: &[&str]| {
            let missing = needed.iter().find(|name| whole.get(**name).is_none());
            missing.map_or_else(
                || "a value is of another type".to_owned(),
                |name| format!("`{name}` is missing"),
            )
        };
        match kind.as_str() {
            "service_account" => {
                let needed = ["client_email", "private_key"];
                serde_json::from_value(whole.clone()).map(Self::Key).map_err(|_| wrong(lacks(&needed)))
            }
            "authorized_user" => {
                let needed = ["client_id", "client_secret", "refresh_token"];
                serde_json::from_value(whole.clone()).map(Self::User).map_err(|_| wrong(lacks(&needed)))
            }
            "external_account" => {
                let needed = ["audience", "subject_token_type", "token_url", "credential_source"];
                serde_json::from_value(whole.clone()).map(Self::External).map_err(|_| wrong(lacks(&needed)))
            }
            "" => Err(wrong("it does not say of which `type` it is".to_owned())),
            other => {
                let other: String = other.chars().filter(|c| !c.is_control()).take(60).collect();
                Err(wrong(format!(
                    "it is of type `{other}`; service_account, authorized_user and external_account are taken"
                )))
            }
        }
    }
}

impl Subject {
    /// Takes the token out of what a file or an address gave.
    pub(super) fn token(&self, text: &str) -> Result<SecretValue, String> {
        let field = match &self.format {
            Some(format) if format.form == "json" => format.subject_token_field_name.as_deref(),
            _ => return Ok(SecretValue::new(text.trim())),
        };
        let field = field.ok_or("`subject_token_field_name` is missing")?;
        let whole: Value = serde_json::from_str(text).map_err(|_| "what holds the token is no JSON")?;
        let token =
            whole.get(field).and_then(Value::as_str).ok_or_else(|| format!("it has no text `{field}`"))?;
        Ok(SecretValue::new(token))
    }
}

/// Reads a small file whole.
pub(super) fn read(path: &Path) -> Result<String, CredentialsError> {
    let unreadable = |source| CredentialsError::Unreadable { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MOST {
        let why = format!("it has {size} bytes, and {MOST} are read");
        return Err(CredentialsError::Unusable { path: path.to_owned(), why });
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Kept, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.json");
        std::fs::write(&path, text).unwrap();
        Kept::read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn every_form_that_google_writes_is_read() {
        let key = r#"{"type": "service_account", "client_email": "a@b", "private_key": "pem", "private_key_id": "k"}"#;
        assert!(
            matches!(read_text(key), Ok(Kept::Key(key)) if key.token_uri == "https://oauth2.googleapis.com/token")
        );
        let user =
            r#"{"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r"}"#;
        assert!(matches!(read_text(user), Ok(Kept::User(_))));
        let external = r#"{"type": "external_account", "audience": "//iam", "subject_token_type": "t", "token_url": "u",
            "credential_source": {"file": "/t", "format": {"type": "json", "subject_token_field_name": "id_token"}}}"#;
        let Ok(Kept::External(external)) = read_text(external) else { panic!("it is not read") };
        assert_eq!(external.credential_source.token(r#"{"id_token": "x"}"#).unwrap().reveal(), "x");
        assert!(external.credential_source.token("{}").unwrap_err().contains("`id_token`"));
    }

    #[test]
    fn what_cannot_be_used_is_named_without_a_secret() {
        for (text, said) in [
            ("{", "it is no JSON (line 1, column 1)"),
            ("{}", "does not say of which `type`"),
            (r#"{"type": "gdch"}"#, "it is of type `gdch`; service_account"),
            (r#"{"type": "service_account", "client_email": "a"}"#, "`private_key` is missing"),
            (
                r#"{"type": "authorized_user", "client_id": "i", "client_secret": 7, "refresh_token": "s3cret"}"#,
                "of another type",
            ),
        ] {
            let error = read_text(text).unwrap_err();
            assert!(error.contains(said) && !error.contains("s3cret"), "{error}");
        }
        let error = Kept::read(Path::new("/nonexistent/c.json")).unwrap_err();
        assert_eq!(error.to_string(), "the credentials in /nonexistent/c.json cannot be read");
    }
}
