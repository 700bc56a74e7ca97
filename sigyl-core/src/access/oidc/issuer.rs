//! Issuers that people sign in by, and whom of theirs an operator lets in.

use super::Claims;
use crate::access::{Proven, SignInError};
use crate::domain::{Identity, SecretValue};
use crate::web::plain;

/// An issuer that people sign in by.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// What it is called in addresses and on the command line, such as `acme`.
    pub name: String,
    /// What its button says: people sign in with this.
    pub title: String,
    /// Who signs its tokens, to the letter as its discovery document has it.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// Our secret there, where it gave us one.
    pub client_secret: Option<SecretValue>,
    /// What is asked for; `openid` is always.
    pub scopes: Vec<String>,
    /// The claim by which a new account is called.
    pub login_claim: String,
    /// The claim that lists the groups of somebody.
    pub groups_claim: String,
    /// Domains, one of which their proven address has to be in; any when empty.
    pub domains: Vec<String>,
    /// Groups, one of which they have to belong to; any when empty.
    pub groups: Vec<String>,
    /// Whether everybody is let in whom it signs for, when neither domains nor groups are named.
    pub everybody: bool,
}

impl Issuer {
    /// Returns what is asked for, in one line.
    pub(super) fn scope(&self) -> String {
        let others = self.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid");
        std::iter::once("openid").chain(others).collect::<Vec<_>>().join(" ")
    }

    /// Tells who somebody is, by a token that was found good, if they are let in: that is asked at each sign-in.
    pub fn proven(&self, claims: &Claims) -> Result<Proven, SignInError> {
        let login = claims.text(&self.login_claim).map(plain).filter(|login| !login.is_empty());
        let wrong = |why: String| SignInError::Login { who: plain(claims.subject()), why };
        let login = login
            .ok_or_else(|| wrong(format!("{} does not say their `{}`", self.title, self.login_claim)))?;
        if !self.lets_in(claims) {
            return Err(SignInError::NotLetIn { who: login, by: self.title.clone() });
        }
        let identity =
            Identity::new(&self.issuer, claims.subject()).map_err(|error| wrong(error.to_string()))?;
        let name = claims.text("name").map(plain);
        Ok(Proven { identity, login, name, allowed: true, namespaces: None })
    }

    /// Tells whether somebody is one of those who are named: of each list that there is, where there is one.
    fn lets_in(&self, claims: &Claims) -> bool {
        let named = |list: &[String], name: &str| list.iter().any(|own| own.eq_ignore_ascii_case(name));
        // An address that nobody looked at can be anybody's.
        let email = claims.text("email").filter(|_| claims.is_true("email_verified"));
        let domain = email.and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
        let by_domain = self.domains.is_empty() || domain.is_some_and(|domain| named(&self.domains, domain));
        let groups = claims.texts(&self.groups_claim);
        // Unlike a domain, a group is what it is to the letter.
        let by_group = self.groups.is_empty() || self.groups.iter().any(|own| groups.contains(&own.as_str()));
        let is_bound = !self.domains.is_empty() || !self.groups.is_empty();
        by_domain && by_group && (is_bound || self.everybody)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::claims::Expected;
    use super::*;
    use crate::domain::Timestamp;

    fn claims(change: &[(&str, Value)]) -> Claims {
        let mut all = json!({"iss": "https://i.example", "aud": "us", "sub": "7", "exp": 100,
            "preferred_username": "Ada@Example.com", "name": "Ada\u{7} L.", "groups": ["dev", "ops", 7],
            "email": "ada@example.com", "email_verified": true});
        for (name, value) in change {
            all[*name] = value.clone();
        }
        let expected = Expected {
            issuer: "https://i.example",
            audience: "us",
            nonce: None,
            now: Timestamp::from_millis(1_000),
        };
        Claims::check(all.as_object().unwrap().clone(), &expected).unwrap()
    }

    fn issuer(domains: &[&str], groups: &[&str], everybody: bool) -> Issuer {
        let all = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect();
        Issuer {
            name: "acme".to_owned(),
            title: "Acme".to_owned(),
            issuer: "https://i.example".to_owned(),
            client_id: "us".to_owned(),
            client_secret: None,
            scopes: all(&["profile", "openid"]),
            login_claim: "preferred_username".to_owned(),
            groups_claim: "groups".to_owned(),
            domains: all(domains),
            groups: all(groups),
            everybody,
        }
    }

    #[test]
    fn somebody_is_let_in_by_every_list_that_there_is_and_by_none_only_if_everybody_is() {
        let lets_in = |domains: &[&str], groups: &[&str], change: &[(&str, Value)]| {
            issuer(domains, groups, false).proven(&claims(change)).is_ok()
        };
        assert!(!lets_in(&[], &[], &[]), "nobody named nobody");
        assert!(issuer(&[], &[], true).proven(&claims(&[])).is_ok());
        assert!(lets_in(&["EXAMPLE.com"], &[], &[]) && lets_in(&[], &["ops"], &[]));
        assert!(lets_in(&["other.org", "example.com"], &["dev"], &[]));
        assert!(!lets_in(&["example.com"], &["admins"], &[]) && !lets_in(&["other.org"], &["dev"], &[]));
        assert!(!lets_in(&[], &["OPS"], &[]) && lets_in(&[], &["one"], &[("groups", json!("one"))]));
        for unproven in [json!(false), json!("true"), json!(1), Value::Null] {
            assert!(!lets_in(&["example.com"], &[], &[("email_verified", unproven)]));
        }
        for email in ["ada@example.com.evil.org", "example.com", "ada@sub.example.com", "a@example.com@b.org"]
        {
            assert!(!lets_in(&["example.com"], &[], &[("email", json!(email))]), "{email}");
        }
        // `everybody` widens no list.
        assert!(issuer(&["other.org"], &[], true).proven(&claims(&[])).is_err());
    }

    #[test]
    fn who_it_is_rests_on_the_subject_and_what_they_are_called_on_the_claim_that_is_named() {
        let mut acme = issuer(&[], &[], true);
        assert_eq!(acme.scope(), "openid profile");
        let proven = acme.proven(&claims(&[])).unwrap();
        assert_eq!((proven.identity.issuer(), proven.identity.subject()), ("https://i.example", "7"));
        assert_eq!(proven.account_login().unwrap().as_str(), "ada");
        assert_eq!(proven.name.as_deref(), Some("Ada L."));
        acme.login_claim = "nickname".to_owned();
        let silent = acme.proven(&claims(&[])).unwrap_err();
        assert_eq!(silent.to_string(), "no account can be made for 7: Acme does not say their `nickname`");
    }
}
