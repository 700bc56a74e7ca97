//! Writing the audit, and checking that it is whole.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::domain::{AuditEntry, AuditFact, AuditHead};
use crate::store::{Change, Page, Store, StoreError};

use super::{AccessError, ChainFault};

/// Facts that may wait to be written; who comes then waits to hand over its own.
const BACKLOG: usize = 1_024;
/// Facts that are written together.
const TOGETHER: usize = 256;
/// How often entries are given another place because others came first.
const TRIES: usize = 16;
/// Entries that are read at a time.
const PAGE: usize = 1_000;

type Answer = Result<AuditHead, AccessError>;

/// The one writer of the audit of a store. It gives each fact its place; facts that come together are one write.
#[derive(Clone, Debug)]
pub struct AuditLog {
    facts: mpsc::Sender<(AuditFact, oneshot::Sender<Answer>)>,
}

impl AuditLog {
    /// Starts the writer. It ends when the last clone of this is gone.
    pub fn start(store: Arc<dyn Store>) -> Self {
        let (facts, waiting) = mpsc::channel(BACKLOG);
        tokio::spawn(write_all(store, waiting));
        Self { facts }
    }

    /// Writes a fact; returns where the audit ends with it, once that is durable.
    pub async fn append(&self, fact: AuditFact) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.facts.send((fact, answer)).await.map_err(|_| AccessError::Ending)?;
        answered.await.map_err(|_| AccessError::Ending)?
    }
}

async fn write_all(store: Arc<dyn Store>, mut waiting: mpsc::Receiver<(AuditFact, oneshot::Sender<Answer>)>) {
    let mut taken = Vec::new();
    while waiting.recv_many(&mut taken, TOGETHER).await > 0 {
        let (facts, answers): (Vec<_>, Vec<_>) = taken.drain(..).unzip();
        let written = write(&*store, facts).await;
        for (at, answer) in answers.into_iter().enumerate() {
            let told = match &written {
                Ok(heads) => heads.get(at).copied().ok_or(AccessError::Ending),
                Err(error) => Err(AccessError::NotAudited(error.clone())),
            };
            // Who gave up waiting does not want to know; the entry is there.
            answer.send(told).ok();
        }
    }
}

/// Writes facts as one change; returns where the audit ended with each.
async fn write(store: &dyn Store, facts: Vec<AuditFact>) -> Result<Vec<AuditHead>, Arc<StoreError>> {
    let mut tries = 0;
    loop {
        tries += 1;
        let mut head = store.audit_head().await?;
        let mut entries = Vec::with_capacity(facts.len());
        for fact in &facts {
            let entry = AuditEntry::after(&head, fact.clone());
            let entry = entry.map_err(|error| StoreError::Engine(error.to_string()))?;
            head = entry.head();
            entries.push(entry);
        }
        let heads = entries.iter().map(AuditEntry::head).collect();
        match store.apply(Change::Audit(entries)).await {
            Ok(_) => return Ok(heads),
            // Another process wrote to the same audit: these come after.
            Err(StoreError::AuditFork { .. }) if tries < TRIES => {}
            Err(error) => return Err(Arc::new(error)),
        }
    }
}

/// Walks the whole audit, finds any entry that was changed, removed or put in, and returns where it ends.
///
/// What was cut off its end, or a chain that was written anew as a whole, shows only against an end that was `kept`
/// elsewhere.
pub async fn verify_chain(store: &dyn Store, kept: Option<AuditHead>) -> Result<AuditHead, AccessError> {
    // What is written from now on is left for the next time.
    let recorded = store.audit_head().await?;
    let mut walk = Walk { head: AuditHead::NONE, kept };
    while walk.head.number < recorded.number {
        let left = usize::try_from(recorded.number - walk.head.number).unwrap_or(PAGE);
        let page = Page { after: Some(walk.head.number), limit: PAGE.min(left) };
        let entries = store.audit(page).await?;
        if entries.is_empty() {
            break;
        }
        entries.iter().try_for_each(|entry| walk.step(entry))?;
    }
    Ok(walk.end(recorded)?)
}

/// How far a chain is checked.
struct Walk {
    head: AuditHead,
    kept: Option<AuditHead>,
}

impl Walk {
    fn step(&mut self, entry: &AuditEntry) -> Result<(), ChainFault> {
        if !entry.follows(&self.head) {
            return Err(ChainFault::Entry { number: self.head.number + 1 });
        }
        self.head = entry.head();
        match self.kept.filter(|kept| kept.number == self.head.number && *kept != self.head) {
            Some(kept) => Err(ChainFault::Another { kept }),
            None => Ok(()),
        }
    }

    fn end(self, recorded: AuditHead) -> Result<AuditHead, ChainFault> {
        let found = self.head.number;
        let expected = recorded.number.max(self.kept.map_or(0, |kept| kept.number));
        if found < expected {
            return Err(ChainFault::CutOff { found, expected });
        }
        if self.head == recorded { Ok(self.head) } else { Err(ChainFault::Entry { number: found }) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Digest;
    use crate::store::contract::fixture::audited;
    use crate::store::sled::SledStore;

    fn fact(on: &str) -> AuditFact {
        audited(&AuditHead::NONE, on).fact
    }

    #[tokio::test]
    async fn facts_at_once_are_one_chain_and_each_hears_its_own_place() {
        let dir = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SledStore::open(dir.path()).unwrap());
        let log = AuditLog::start(store.clone());
        let all = (0..300).map(|at| {
            let log = log.clone();
            async move { (at, log.append(fact(&at.to_string())).await.unwrap()) }
        });
        for (at, head) in futures_util::future::join_all(all).await {
            let entry = store.audit(Page { after: Some(head.number - 1), limit: 1 }).await.unwrap().remove(0);
            assert_eq!((entry.fact.on, entry.hash), (at.to_string(), head.hash));
        }
        let head = verify_chain(&*store, None).await.unwrap();
        assert_eq!(head.number, 300);
        assert_eq!(verify_chain(&*store, Some(head)).await.unwrap(), head);
    }

    #[tokio::test]
    async fn an_end_that_was_kept_finds_what_was_cut_off_or_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        assert_eq!(verify_chain(&store, None).await.unwrap(), AuditHead::NONE);
        let first = audited(&AuditHead::NONE, "clock");
        store.apply(Change::Audit(vec![first.clone()])).await.unwrap();
        let longer = audited(&first.head(), "notes").head();
        let cut = verify_chain(&store, Some(longer)).await.unwrap_err();
        assert_eq!(cut.to_string(), "the audit is broken: it ends at entry 1, and should go on to 2");
        let other = AuditHead { hash: Digest::of(b"x"), ..first.head() };
        let anew = verify_chain(&store, Some(other)).await.unwrap_err();
        assert!(matches!(anew, AccessError::Broken(ChainFault::Another { .. })), "{anew}");
        assert_eq!(verify_chain(&store, Some(first.head())).await.unwrap(), first.head());
    }

    fn chain(length: usize) -> Vec<AuditEntry> {
        let mut head = AuditHead::NONE;
        let next = |at| {
            let entry = audited(&head, &format!("server-{at}"));
            head = entry.head();
            entry
        };
        (0..length).map(next).collect()
    }

    fn walked(
        entries: &[AuditEntry],
        recorded: AuditHead,
        kept: Option<AuditHead>,
    ) -> Result<AuditHead, ChainFault> {
        let mut walk = Walk { head: AuditHead::NONE, kept };
        entries.iter().try_for_each(|entry| walk.step(entry))?;
        walk.end(recorded)
    }

    proptest! {
        #[test]
        fn any_edit_gap_or_insertion_is_found(
            length in 2..12_usize, at in any::<prop::sample::Index>(), how in 0..5_u8
        ) {
            let good = chain(length);
            let head = good[length - 1].head();
            prop_assert_eq!(walked(&good, head, Some(good[length / 2].head())), Ok(head));
            let (mut bad, at) = (good.clone(), at.index(length));
            match how {
                0 => bad[at].fact.who.name = "eve".to_owned(),
                1 => drop(bad.remove(at)),
                2 => bad.insert(at, good[(at + 1) % length].clone()),
                3 => bad.truncate(at),
                _ => bad.swap(at, (at + 1) % length),
            }
            prop_assert!(walked(&bad, head, None).is_err());
            // Who edits an entry and makes every hash after it anew, and the recorded end too, is found by a kept end.
            let mut anew = good[..at].to_vec();
            for entry in &good[at..] {
                let before = anew.last().map_or(AuditHead::NONE, AuditEntry::head);
                let mut fact = entry.fact.clone();
                fact.who.name = "eve".to_owned();
                anew.push(AuditEntry::after(&before, fact).unwrap());
            }
            let end = anew[length - 1].head();
            prop_assert_eq!(walked(&anew, end, None), Ok(end));
            prop_assert_eq!(walked(&anew, end, Some(head)), Err(ChainFault::Another { kept: head }));
        }
    }
}
