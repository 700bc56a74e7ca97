//! Namespaces that accounts prove by what a domain has on record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::house::House;
use crate::access::DomainKey;
use crate::clock::Clock as _;
use crate::dns::{Dns, DnsError};
use crate::domain::{Kind, Proof, SecretValue};
use crate::wire::v1::{DomainRecord, SignedTime};

/// As `openssl genpkey -algorithm ed25519` writes it; of nobody.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";

/// Texts by domain; a domain without any cannot be asked.
#[derive(Debug, Default)]
struct Fake(Mutex<BTreeMap<&'static str, Vec<String>>>);

#[async_trait]
impl Dns for Fake {
    async fn texts(&self, domain: &str) -> Result<Vec<String>, DnsError> {
        let found = self.0.lock().unwrap().get(domain).cloned();
        found.ok_or_else(|| DnsError::Unanswered { domain: domain.to_owned(), why: "no answer".to_owned() })
    }
}

#[tokio::test]
async fn a_domain_is_proven_by_the_key_that_it_has_on_record_in_dns() {
    let dns = Arc::new(Fake::default());
    let given: Arc<dyn Dns> = dns.clone();
    let house = House::configured(|config| config.dns = Some(given)).await.with_people().await;
    let key = DomainKey::of_pem(&SecretValue::new(PEM)).unwrap();
    let says = |texts: &[&str]| {
        let texts = texts.iter().map(|&text| text.to_owned()).collect();
        dns.0.lock().unwrap().insert("example.com", texts);
    };
    let signed = || key.sign("example.com", DomainRecord::Dns, house.clock.now());
    let rita = house.caller("rita", &["publish", "read"]).await;
    let kind = async |proof| house.sigyl.prove_namespace(&rita, proof).await.unwrap_err().kind();
    assert_eq!(kind(signed()).await, Kind::Upstream, "nobody answers");
    for texts in [&[][..], &["v=spf1 -all"], &["v=MCPv1; k=ed25519; p=AAAA"], &["x v=MCPv1"]] {
        says(texts);
        assert_eq!(kind(signed()).await, Kind::Denied, "{texts:?}");
    }
    says(&["v=spf1 -all", &key.record()]);
    let late = SignedTime { time: "2026-01-01T00:00:00Z".to_owned(), ..signed() };
    assert_eq!(kind(late).await, Kind::Invalid);
    assert_eq!(kind(SignedTime { domain: "example.org".to_owned(), ..signed() }).await, Kind::Upstream);
    let proven = house.sigyl.prove_namespace(&rita, signed()).await.unwrap();
    assert_eq!((proven.space.as_str(), proven.by), ("com.example", Proof::Dns));
    assert_eq!(house.account("rita").await.proof_of("com.example.mcp"), Some(Proof::Dns));
    let reader = house.caller("rita", &["read"]).await;
    assert_eq!(house.sigyl.prove_namespace(&reader, signed()).await.unwrap_err().kind(), Kind::Denied);
    let without = House::new().await;
    let rita = without.caller("rita", &["publish"]).await;
    let none = without.sigyl.prove_namespace(&rita, signed()).await.unwrap_err();
    assert_eq!((none.kind(), none.code()), (Kind::Invalid, "E1022"), "{none}");
}
