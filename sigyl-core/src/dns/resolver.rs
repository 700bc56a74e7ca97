//! Asks the name servers that this machine asks.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData};
use hickory_resolver::{ResolverBuilder, TokioResolver};

use super::{Dns, DnsError};

/// How long one question may take, and all of them.
const QUESTION: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(10);
/// Texts that are looked at, and bytes of each.
const MOST: usize = 100;
const LONGEST: usize = 4 << 10;

/// The name servers that this machine asks, or others that are named.
pub struct Resolver(TokioResolver);

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resolver")
    }
}

impl Resolver {
    /// Asks the name servers that the operating system names.
    pub fn of_system() -> Result<Self, DnsError> {
        let builder =
            TokioResolver::builder_tokio().map_err(|error| DnsError::NoServer(error.to_string()))?;
        Self::bounded(builder)
    }

    /// Asks these name servers.
    pub fn of_servers(servers: &[SocketAddr]) -> Result<Self, DnsError> {
        let server = |at: &SocketAddr| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = at.port();
                connection
            });
            NameServerConfig::new(at.ip(), true, connections.to_vec())
        };
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.iter().map(server).collect());
        Self::bounded(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()))
    }

    fn bounded(mut builder: ResolverBuilder<TokioRuntimeProvider>) -> Result<Self, DnsError> {
        bound(builder.options_mut());
        builder.build().map(Self).map_err(|error| DnsError::NoServer(error.to_string()))
    }
}

fn bound(options: &mut ResolverOpts) {
    options.timeout = QUESTION;
    options.attempts = 2;
    // What a domain proves is what it says now.
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
}

#[async_trait]
impl Dns for Resolver {
    async fn texts(&self, domain: &str) -> Result<Vec<String>, DnsError> {
        let unanswered = |why: String| DnsError::Unanswered { domain: domain.to_owned(), why };
        // With a dot at its end it is the whole name: nothing is added to it.
        let name = Name::from_ascii(format!("{}.", domain.trim_end_matches('.')));
        let name = name.map_err(|error| unanswered(error.to_string()))?;
        let looked = tokio::time::timeout(PATIENCE, self.0.txt_lookup(name.clone())).await;
        let late = || unanswered(format!("it took more than {} s", PATIENCE.as_secs()));
        let found = match looked.map_err(|_| late())? {
            Ok(found) => found,
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => return Err(unanswered(error.to_string())),
        };
        let own = found.answers().iter().filter(|record| record.name == name);
        let texts = own.filter_map(|record| match &record.data {
            RData::TXT(txt) => Some(txt.txt_data.concat()),
            _ => None,
        });
        let read = |bytes: Vec<u8>| String::from_utf8(bytes).ok().filter(|text| text.len() <= LONGEST);
        Ok(texts.take(MOST).filter_map(read).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;
    use crate::domain::Kind;

    /// Writes a name as questions and answers have it.
    fn written(name: &str) -> Vec<u8> {
        let labels = name.split('.').filter(|label| !label.is_empty());
        let mut bytes: Vec<u8> = labels
            .flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat())
            .collect();
        bytes.push(0);
        bytes
    }

    fn record(owner: &str, kind: u8, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        [&written(owner)[..], &[0, kind, 0, 1, 0, 0, 0, 60], &length, data].concat()
    }

    fn text(owner: &str, parts: &[&str]) -> Vec<u8> {
        let data =
            parts.iter().flat_map(|part| [&[u8::try_from(part.len()).unwrap()], part.as_bytes()].concat());
        record(owner, 16, &data.collect::<Vec<_>>())
    }

    /// A name server that answers each question with what is on record of exactly that name, or that there is none.
    fn server(records: Vec<(&'static str, Vec<Vec<u8>>)>) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let at = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut bytes = [0; 1_500];
            while let Ok((count, from)) = socket.recv_from(&mut bytes) {
                let asked = &bytes[..count];
                let end = 12 + asked[12..].iter().position(|&b| b == 0).unwrap() + 5;
                let question = &asked[12..end];
                let name = question[..question.len() - 4].to_ascii_lowercase();
                let found = records.iter().find(|(own, _)| written(own) == name);
                let (code, answers) = found.map_or((3, &[][..]), |(_, answers)| (0, &answers[..]));
                let count = u8::try_from(answers.len()).unwrap();
                let head = [asked[0], asked[1], 0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0];
                let answer = [&head[..], question, &answers.concat()].concat();
                socket.send_to(&answer, from).unwrap();
            }
        });
        at
    }

    #[tokio::test]
    async fn a_domain_says_what_it_has_on_record_itself() {
        let records = vec![
            (
                "example.com",
                vec![text("example.com", &["v=spf1 -all"]), text("example.com", &["v=MCPv1; ", "k=x"])],
            ),
            (
                "alias.example.com",
                vec![
                    record("alias.example.com", 5, &written("other.test")),
                    text("other.test", &["v=MCPv1; k=of somebody else"]),
                ],
            ),
        ];
        let resolver = Resolver::of_servers(&[server(records)]).unwrap();
        let mut texts = resolver.texts("example.com").await.unwrap();
        texts.sort();
        assert_eq!(texts, ["v=MCPv1; k=x", "v=spf1 -all"]);
        assert_eq!(resolver.texts("alias.example.com").await.unwrap(), Vec::<String>::new());
        assert_eq!(resolver.texts("nothing.example.com").await.unwrap(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn who_is_not_a_name_server_answers_nothing() {
        let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let refused = Resolver::of_servers(&[closed]).unwrap().texts("example.com").await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Upstream, "{refused}");
    }
}
