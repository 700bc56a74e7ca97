//! Servers that follow branches.

use crate::domain::{Follow, ServerName};
use crate::store::key::Key;

use super::apply::{Journalled, missing};
use super::draft::Draft;

pub(super) fn put(draft: &mut Draft<'_>, follow: &Follow) -> Journalled {
    draft.next_seq();
    if !draft.has(&Key::Server(&follow.server))? {
        return Err(missing(format!("server {}", follow.server)));
    }
    draft.put(&Key::Follow(&follow.server), follow)?;
    Ok(("put_follow", follow.server.to_string()))
}

pub(super) fn end(draft: &mut Draft<'_>, name: &ServerName) -> Journalled {
    draft.next_seq();
    let key = Key::Follow(name);
    if !draft.has(&key)? {
        return Err(missing(format!("what {name} follows")));
    }
    draft.remove(&key)?;
    Ok(("end_follow", name.to_string()))
}
