//! The keyspace: every key of a record store is made here.
//!
//! A key is a tag byte and its parts. Texts end in a zero byte, which none of them may hold, so no name is the
//! prefix of another's range, and byte order is the order of the listing. What is listed newest first is inverted.

use std::fmt;

use crate::domain::{
    AccountId, DeliveryId, Digest, DocumentName, DocumentVersion, Download, Identity, KeyId, Login, OnceName,
    ReportId, RevisionId, RunId, SecretName, Seq, ServerName, Suspect, Timestamp, Version, WorkspaceName,
};

/// The place of one record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key<'a> {
    /// A server.
    Server(&'a ServerName),
    /// A version with the seq of its recording.
    Version(&'a ServerName, &'a Version),
    /// The version that was recorded at a seq, newest first.
    VersionAt(&'a ServerName, Seq),
    /// The version that was made from a source.
    VersionOf(&'a ServerName, Digest),
    /// The digest of a version that was deleted.
    Grave(&'a ServerName, &'a Version),
    /// What is left of a server.
    Tombstone(&'a ServerName),
    /// What serves a server's traffic.
    Deployment(&'a ServerName),
    /// What served it from a seq on, newest first.
    Activation(&'a ServerName, Seq),
    /// A sealed secret.
    Secret(&'a ServerName, &'a SecretName),
    /// A call, newest first.
    Call(&'a ServerName, Seq),
    /// A report.
    Report(ReportId),
    /// A record that names a report.
    ReportUse(ReportId, &'a [u8]),
    /// A run, newest first.
    Run(&'a RunId),
    /// A run that is not over, oldest first.
    OpenRun(&'a RunId),
    /// An event.
    Event(Seq),
    /// An event of a run.
    RunEvent(&'a RunId, Seq),
    /// Journal lines, up to and with a seq.
    Journal(Seq),
    /// A record whose content is in a blob.
    BlobUse(Digest, &'a [u8]),
    /// A blob whose file is to be removed.
    Doomed(Digest),
    /// An account.
    Account(&'a AccountId),
    /// The account that has a login.
    Login(&'a Login),
    /// The account that signs in by an identity.
    Identity(&'a Identity),
    /// A workspace.
    Workspace(&'a WorkspaceName),
    /// What an account is in a workspace.
    Member(&'a AccountId, &'a WorkspaceName),
    /// A key.
    Api(&'a KeyId),
    /// A key of an account.
    ApiOf(&'a AccountId, &'a KeyId),
    /// An entry of the audit, by its number.
    Audit(u64),
    /// Where the audit ends.
    AuditHead,
    /// The sealed pepper of keys.
    Pepper,
    /// The sealed key that signs statements.
    Signing,
    /// The GitHub App, with its sealed keys.
    GitHubApp,
    /// What was signed of an instance of a server.
    Attested(&'a ServerName, &'a RevisionId),
    /// What is on record of the master key.
    Sealing,
    /// A document.
    Listing(&'a DocumentName, &'a DocumentVersion),
    /// A quarantine.
    Quarantine(&'a Suspect),
    /// How a server is presented.
    Overlay(&'a ServerName),
    /// What an account says of a server; nothing for whoever owns the data directory.
    Rating(&'a ServerName, Option<&'a AccountId>),
    /// What the ratings of a server come to.
    RatingTotal(&'a ServerName),
    /// A mark that a download was counted, by its day, oldest first.
    Download(&'a Download),
    /// How often documents of a server were asked for.
    DownloadTotal(&'a ServerName),
    /// A request that is to be done once.
    Once(&'a KeyId, &'a OnceName),
    /// The same by its time, oldest first.
    OnceAt(Timestamp, &'a KeyId, &'a OnceName),
    /// How many of them are remembered for a key, and how large their answers are.
    OnceTotal(&'a KeyId),
    /// How far another registry was read, by the digest of its address.
    Bookmark(Digest),
    /// A delivery of a webhook that was taken.
    Delivery(&'a DeliveryId),
    /// The delivery that carried a content.
    DeliveryOf(Digest),
    /// A delivery by its time, oldest first.
    DeliveryAt(Timestamp, &'a DeliveryId),
    /// How many of them are remembered.
    DeliveryTotal,
    /// What a server follows.
    Follow(&'a ServerName),
}

/// A range of records.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Span<'a> {
    /// Servers by name.
    Servers,
    /// Versions of a server by name.
    Versions(&'a ServerName),
    /// Versions of a server, newest first.
    VersionsAt(&'a ServerName),
    /// Versions of a server by source.
    VersionsOf(&'a ServerName),
    /// Everything that serves, by name.
    Deployments,
    /// Activations of a server, newest first.
    Activations(&'a ServerName),
    /// What was signed of the instances of a server.
    Attested(&'a ServerName),
    /// Secrets of a server by name.
    Secrets(&'a ServerName),
    /// Calls of a server, newest first.
    Calls(&'a ServerName),
    /// Records that name a report.
    ReportUses(ReportId),
    /// Runs, newest first.
    Runs,
    /// Runs that are not over, oldest first.
    OpenRuns,
    /// Events.
    Events,
    /// Events of a run.
    RunEvents(&'a RunId),
    /// The journal.
    Journal,
    /// Records whose content is in a blob.
    BlobUses(Digest),
    /// Blobs whose files are to be removed.
    Doomed,
    /// Accounts by login.
    Logins,
    /// Workspaces by name.
    Workspaces,
    /// Workspaces of an account.
    Memberships(&'a AccountId),
    /// Keys of an account.
    KeysOf(&'a AccountId),
    /// The audit, oldest first.
    Audit,
    /// Documents by name and version.
    Listings,
    /// Documents of one name, by version.
    ListingsOf(&'a DocumentName),
    /// All that is under quarantine.
    Quarantines,
    /// Ratings of a server, by account.
    Ratings(&'a ServerName),
    /// Marks of downloads, oldest first.
    Downloads,
    /// Requests that are to be done once, oldest first.
    OncesAt,
    /// Deliveries of webhooks, oldest first.
    DeliveriesAt,
    /// What servers follow, by the name of the server.
    Follows,
}

/// First byte of a key. The numbers are part of the store's format: they are never changed or used again.
#[derive(Clone, Copy)]
enum Tag {
    Server = 1,
    Version = 2,
    VersionAt = 3,
    VersionOf = 4,
    Grave = 5,
    Tombstone = 6,
    Deployment = 7,
    Activation = 8,
    Secret = 9,
    Call = 10,
    Report = 11,
    ReportUse = 12,
    Run = 13,
    OpenRun = 14,
    Event = 15,
    RunEvent = 16,
    Journal = 17,
    BlobUse = 18,
    Doomed = 19,
    Account = 40,
    Login = 41,
    Workspace = 42,
    Member = 43,
    Api = 44,
    ApiOf = 45,
    Audit = 46,
    AuditHead = 47,
    Pepper = 48,
    Identity = 49,
    Sealing = 50,
    Signing = 51,
    GitHubApp = 52,
    Attested = 20,
    Listing = 60,
    Quarantine = 70,
    Overlay = 71,
    Rating = 72,
    RatingTotal = 73,
    Once = 74,
    OnceAt = 75,
    Download = 76,
    DownloadTotal = 77,
    OnceTotal = 78,
    Bookmark = 61,
    Delivery = 90,
    DeliveryOf = 91,
    DeliveryAt = 92,
    DeliveryTotal = 93,
    Follow = 94,
}

struct Bytes(Vec<u8>);

impl Bytes {
    fn tag(tag: Tag) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(tag as u8);
        Self(bytes)
    }

    fn text(mut self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
        self
    }

    fn text_descending(mut self, text: &str) -> Self {
        self.0.extend(text.bytes().map(|byte| !byte));
        self.0.push(0xff);
        self
    }

    fn seq(mut self, seq: Seq) -> Self {
        self.0.extend_from_slice(&seq.0.to_be_bytes());
        self
    }

    fn seq_descending(self, seq: Seq) -> Self {
        self.seq(Seq(!seq.0))
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

impl Key<'_> {
    /// Returns the bytes of this key.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let tag = Bytes::tag;
        let bytes = match *self {
            Self::Server(name) => tag(Tag::Server).text(name.as_str()),
            Self::Version(name, version) => tag(Tag::Version).text(name.as_str()).text(version.as_str()),
            Self::VersionAt(name, seq) => tag(Tag::VersionAt).text(name.as_str()).seq_descending(seq),
            Self::VersionOf(name, source) => tag(Tag::VersionOf).text(name.as_str()).raw(source.as_bytes()),
            Self::Grave(name, version) => tag(Tag::Grave).text(name.as_str()).text(version.as_str()),
            Self::Tombstone(name) => tag(Tag::Tombstone).text(name.as_str()),
            Self::Deployment(name) => tag(Tag::Deployment).text(name.as_str()),
            Self::Activation(name, seq) => tag(Tag::Activation).text(name.as_str()).seq_descending(seq),
            Self::Secret(owner, name) => tag(Tag::Secret).text(owner.as_str()).text(name.as_str()),
            Self::Call(name, seq) => tag(Tag::Call).text(name.as_str()).seq_descending(seq),
            Self::Report(id) => tag(Tag::Report).raw(id.0.as_bytes()),
            Self::ReportUse(id, user) => tag(Tag::ReportUse).raw(id.0.as_bytes()).raw(user),
            Self::Run(id) => tag(Tag::Run).text_descending(id.as_str()),
            Self::OpenRun(id) => tag(Tag::OpenRun).text(id.as_str()),
            Self::Event(seq) => tag(Tag::Event).seq(seq),
            Self::RunEvent(run, seq) => tag(Tag::RunEvent).text(run.as_str()).seq(seq),
            Self::Journal(seq) => tag(Tag::Journal).seq(seq),
            Self::BlobUse(digest, user) => tag(Tag::BlobUse).raw(digest.as_bytes()).raw(user),
            Self::Doomed(digest) => tag(Tag::Doomed).raw(digest.as_bytes()),
            Self::Account(id) => tag(Tag::Account).text(id.as_str()),
            Self::Login(login) => tag(Tag::Login).text(login.as_str()),
            Self::Identity(it) => tag(Tag::Identity).text(it.issuer()).text(it.subject()),
            Self::Workspace(name) => tag(Tag::Workspace).text(name.as_str()),
            Self::Member(account, name) => tag(Tag::Member).text(account.as_str()).text(name.as_str()),
            Self::Api(id) => tag(Tag::Api).text(id.as_str()),
            Self::ApiOf(account, id) => tag(Tag::ApiOf).text(account.as_str()).text(id.as_str()),
            Self::Audit(number) => tag(Tag::Audit).seq(Seq(number)),
            Self::AuditHead => tag(Tag::AuditHead),
            Self::Pepper => tag(Tag::Pepper),
            Self::Signing => tag(Tag::Signing),
            Self::GitHubApp => tag(Tag::GitHubApp),
            Self::Attested(name, revision) => tag(Tag::Attested).text(name.as_str()).text(revision.as_str()),
            Self::Bookmark(source) => tag(Tag::Bookmark).raw(source.as_bytes()),
            Self::Sealing => tag(Tag::Sealing),
            Self::Listing(name, version) => tag(Tag::Listing).text(name.as_str()).text(version.as_str()),
            Self::Overlay(name) => tag(Tag::Overlay).text(name.as_str()),
            Self::Rating(name, account) => {
                tag(Tag::Rating).text(name.as_str()).text(account.map_or("", AccountId::as_str))
            }
            Self::RatingTotal(name) => tag(Tag::RatingTotal).text(name.as_str()),
            Self::Download(one) => {
                tag(Tag::Download).seq(Seq(one.day.into())).text(one.server.as_str()).raw(one.who.as_bytes())
            }
            Self::DownloadTotal(name) => tag(Tag::DownloadTotal).text(name.as_str()),
            Self::Once(key, name) => tag(Tag::Once).text(key.as_str()).text(name.as_str()),
            Self::OnceTotal(key) => tag(Tag::OnceTotal).text(key.as_str()),
            Self::Delivery(id) => tag(Tag::Delivery).text(id.as_str()),
            Self::DeliveryOf(content) => tag(Tag::DeliveryOf).raw(content.as_bytes()),
            Self::DeliveryAt(at, id) => tag(Tag::DeliveryAt).seq(millis(at)).text(id.as_str()),
            Self::DeliveryTotal => tag(Tag::DeliveryTotal),
            Self::Follow(name) => tag(Tag::Follow).text(name.as_str()),
            Self::OnceAt(at, key, name) => {
                tag(Tag::OnceAt).seq(millis(at)).text(key.as_str()).text(name.as_str())
            }
            Self::Quarantine(what) => tag(Tag::Quarantine).text(&what.to_string()),
        };
        bytes.0
    }
}

impl Span<'_> {
    /// Returns the bytes that every key of this range starts with, and no other key does.
    pub(crate) fn prefix(&self) -> Vec<u8> {
        let tag = Bytes::tag;
        let bytes = match *self {
            Self::Servers => tag(Tag::Server),
            Self::Versions(name) => tag(Tag::Version).text(name.as_str()),
            Self::VersionsAt(name) => tag(Tag::VersionAt).text(name.as_str()),
            Self::VersionsOf(name) => tag(Tag::VersionOf).text(name.as_str()),
            Self::Deployments => tag(Tag::Deployment),
            Self::Activations(name) => tag(Tag::Activation).text(name.as_str()),
            Self::Attested(name) => tag(Tag::Attested).text(name.as_str()),
            Self::Secrets(owner) => tag(Tag::Secret).text(owner.as_str()),
            Self::Calls(name) => tag(Tag::Call).text(name.as_str()),
            Self::ReportUses(id) => tag(Tag::ReportUse).raw(id.0.as_bytes()),
            Self::Runs => tag(Tag::Run),
            Self::OpenRuns => tag(Tag::OpenRun),
            Self::Events => tag(Tag::Event),
            Self::RunEvents(run) => tag(Tag::RunEvent).text(run.as_str()),
            Self::Journal => tag(Tag::Journal),
            Self::BlobUses(digest) => tag(Tag::BlobUse).raw(digest.as_bytes()),
            Self::Doomed => tag(Tag::Doomed),
            Self::Logins => tag(Tag::Login),
            Self::Workspaces => tag(Tag::Workspace),
            Self::Memberships(account) => tag(Tag::Member).text(account.as_str()),
            Self::KeysOf(account) => tag(Tag::ApiOf).text(account.as_str()),
            Self::Audit => tag(Tag::Audit),
            Self::Listings => tag(Tag::Listing),
            Self::ListingsOf(name) => tag(Tag::Listing).text(name.as_str()),
            Self::Quarantines => tag(Tag::Quarantine),
            Self::Downloads => tag(Tag::Download),
            Self::OncesAt => tag(Tag::OnceAt),
            Self::DeliveriesAt => tag(Tag::DeliveryAt),
            Self::Follows => tag(Tag::Follow),
            Self::Ratings(name) => tag(Tag::Rating).text(name.as_str()),
        };
        bytes.0
    }
}

/// A time as it is ordered in a key.
fn millis(at: Timestamp) -> Seq {
    Seq(u64::try_from(at.millis()).unwrap_or(0))
}

/// Reads the seq that a key ends in.
pub(crate) fn seq_of(key: &[u8]) -> Option<Seq> {
    key.last_chunk().map(|bytes| Seq(u64::from_be_bytes(*bytes)))
}

/// Reads the seq that a key of a newest-first listing ends in.
pub(crate) fn descending_seq_of(key: &[u8]) -> Option<Seq> {
    seq_of(key).map(|seq| Seq(!seq.0))
}

/// Reads the digest that a key of [`Span::Doomed`] ends in.
pub(crate) fn digest_of(key: &[u8]) -> Option<Digest> {
    key.last_chunk().map(|bytes| Digest::from_bytes(*bytes))
}

/// Reads the digest of the blob whose use a key marks.
pub(crate) fn blob_of(key: &[u8]) -> Option<Digest> {
    let digest = key.strip_prefix(&[Tag::BlobUse as u8])?;
    digest.first_chunk().map(|bytes| Digest::from_bytes(*bytes))
}

/// Reads the text that a key ends in.
pub(crate) fn last_text_of(key: &[u8]) -> Option<&str> {
    let (end, text) = key.split_last()?;
    let start = text.iter().rposition(|byte| *byte == 0).map_or(1, |at| at + 1);
    text.get(start..).filter(|_| *end == 0).and_then(|text| std::str::from_utf8(text).ok())
}

/// Tells whether a key holds the intent to remove a blob.
pub(crate) fn is_doomed(key: &[u8]) -> bool {
    key.first() == Some(&(Tag::Doomed as u8))
}

/// A key as errors name it: its tag and what is readable of the rest.
pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((tag, rest)) = self.0.split_first() else { return f.write_str("(empty key)") };
        write!(f, "{tag}/{}", rest.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ServerName {
        ServerName::parse(text).unwrap()
    }

    #[test]
    fn no_name_reaches_into_the_range_of_another() {
        let version = Version::parse("1.0.0").unwrap();
        let (short, long) = (name("clock"), name("clock-two"));
        let other = Key::Version(&long, &version).encode();
        assert!(!other.starts_with(&Span::Versions(&short).prefix()));
        assert!(other.starts_with(&Span::Versions(&long).prefix()));
        assert!(Key::Server(&short).encode() < Key::Server(&long).encode());
    }

    #[test]
    fn newest_comes_first_where_it_should() {
        let clock = name("clock");
        let at = |seq| Key::Activation(&clock, Seq(seq)).encode();
        assert!(at(10) < at(9));
        assert_eq!(descending_seq_of(&at(10)), Some(Seq(10)));
        let run = |id: &str| Key::Run(&RunId::parse(id).unwrap()).encode();
        assert!(run("b") < run("a"));
        assert!(run("ab") < run("a"));
        let open = |id: &str| Key::OpenRun(&RunId::parse(id).unwrap()).encode();
        assert!(open("a") < open("ab") && open("ab") < open("b"));
        assert!(Key::Event(Seq(255)).encode() < Key::Event(Seq(256)).encode());
        assert_eq!(seq_of(&Key::Event(Seq(256)).encode()), Some(Seq(256)));
    }

    #[test]
    fn the_text_that_a_key_ends_in_is_found() {
        let (account, id) = (AccountId::parse("a1").unwrap(), KeyId::parse("0123456789abcdef").unwrap());
        assert_eq!(last_text_of(&Key::ApiOf(&account, &id).encode()), Some("0123456789abcdef"));
        assert_eq!(last_text_of(&Key::Account(&account).encode()), Some("a1"));
        assert_eq!(last_text_of(b""), None);
        assert_eq!(last_text_of(b"\x01abc"), None);
    }
}
