//! Where the endpoint listens.

use std::net::{Ipv4Addr, SocketAddr};

use super::SettingsError;

/// The port that is tried first when none was named.
const DEFAULT_PORT: u16 = 8640;

/// The address of the endpoint: always loopback, since the endpoint asks nobody for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen {
    /// The address.
    pub(crate) address: SocketAddr,
    /// Whether the operator named it; then no other port will do.
    pub(crate) named: bool,
}

impl Default for Listen {
    fn default() -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)), named: false }
    }
}

impl Listen {
    /// Reads `ADDR:PORT`, where `localhost` means 127.0.0.1; `place` says where it was set.
    pub(crate) fn parse(text: &str, place: &str) -> Result<Self, SettingsError> {
        let wrong = |why| SettingsError::Listen {
            place: place.to_owned(),
            text: text.chars().take(80).collect(),
            why,
        };
        let numeric = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text.to_owned(),
        };
        let address: SocketAddr = numeric.parse().map_err(|_| wrong("it is not ADDR:PORT"))?;
        if !address.ip().is_loopback() {
            return Err(wrong("the endpoint asks for no key, so it listens on loopback only"));
        }
        Ok(Self { address, named: true })
    }

    /// Tells whether an endpoint that was opened already, such as `http://127.0.0.1:8640`, is where it was asked for:
    /// anywhere when no address was named, on any port when port 0 was.
    pub(crate) fn allows(&self, endpoint: &str) -> bool {
        if !self.named {
            return true;
        }
        let address = endpoint.strip_prefix("http://").and_then(|text| text.parse::<SocketAddr>().ok());
        address.is_some_and(|there| match self.address.port() {
            0 => there.ip() == self.address.ip(),
            _ => there == self.address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_where_it_was_asked_for_or_it_is_not() {
        let listen = |text| Listen::parse(text, "--listen").unwrap();
        assert!(Listen::default().allows("http://127.0.0.1:9000"));
        assert!(listen("localhost:9000").allows("http://127.0.0.1:9000"));
        assert!(listen("127.0.0.1:0").allows("http://127.0.0.1:9000"));
        assert!(listen("[::1]:9000").allows("http://[::1]:9000"));
        for (asked, endpoint) in [
            ("127.0.0.1:9001", "http://127.0.0.1:9000"),
            ("[::1]:0", "http://127.0.0.1:9000"),
            ("127.0.0.1:9000", "elsewhere"),
        ] {
            assert!(!listen(asked).allows(endpoint), "{asked}");
        }
    }

    #[test]
    fn only_loopback_is_taken() {
        for text in ["127.0.0.1:1", "127.9.9.9:8640", "[::1]:8640", "localhost:80", "127.0.0.1:0"] {
            assert!(Listen::parse(text, "--listen").is_ok(), "{text}");
        }
        for text in ["0.0.0.0:80", "[::]:80", "10.0.0.1:80", "example.org:80", "127.0.0.1", "8640", ""] {
            assert!(Listen::parse(text, "--listen").is_err(), "{text}");
        }
    }
}
