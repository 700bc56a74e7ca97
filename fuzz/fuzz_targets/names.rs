//! Names and other small texts: whatever is taken is written as what is taken again.
#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use sigyl_core::domain::{
    AccountId, AuditHead, Digest, Glob, KeyId, Label, Locator, Login, Namespace, Network, Permissions, Role,
    RuleId, RunId, Scope, SecretName, ServerName, Taxon, Timestamp, Version, WorkspaceName,
};

libfuzzer_sys::fuzz_target!(|text: &str| {
    again::<ServerName>(text);
    again::<Version>(text);
    again::<Glob>(text);
    again::<Taxon>(text);
    again::<RuleId>(text);
    again::<RunId>(text);
    again::<SecretName>(text);
    again::<Digest>(text);
    again::<AccountId>(text);
    again::<KeyId>(text);
    again::<Label>(text);
    again::<Login>(text);
    again::<Namespace>(text);
    again::<Network>(text);
    again::<Role>(text);
    again::<Scope>(text);
    again::<WorkspaceName>(text);
    if let Some(head) = AuditHead::parse(text) {
        assert_eq!(AuditHead::parse(&head.to_string()), Some(head));
    }
    if let Ok(at) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&at.to_string()), Ok(at));
    }
    if let Ok(digest) = Digest::parse(text) {
        assert!(text.to_ascii_lowercase().ends_with(&digest.hex()), "{text:?} is taken for {digest}");
    }
    if let Ok(locator) = Locator::parse(text) {
        assert_eq!(Locator::parse(&String::from(locator.clone())).as_ref(), Ok(&locator));
        assert_eq!(locator.to_string(), locator.without_credentials().to_string());
    }
    if let Ok(name) = ServerName::derive(text) {
        assert!(ServerName::parse(name.as_str()).is_ok());
    }
    let mut granted = Permissions::default();
    if granted.grant(text).is_ok() {
        assert!(granted.beyond(&granted).is_empty() && granted.intersection(&granted) == granted);
        assert_eq!(granted.to_string(), text);
        assert!(granted.revoke(text) && granted.is_empty());
    }
    let (pattern, name) = text.split_once('\n').unwrap_or((text, text));
    if let Ok(glob) = Glob::parse(pattern) {
        let fits = glob.fits(name);
        assert!(!glob.is_plain() || fits == (pattern == name));
    }
});

fn again<T: FromStr + Display + PartialEq + Debug>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert!(read.to_string().parse::<T>().is_ok_and(|again| again == read), "{read:?} is not read again");
    }
}
