//! The feed: who sees what, where it goes on, what it says of gaps, and that it ends with the right to it.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::house::{House, login, workspace};
use crate::domain::{Caller, Kind, Role, Seq};
use crate::error::Error;
use crate::event::EventKind;
use crate::sigyl::{Held, Wanted};
use crate::wire::v1::Frame;

struct Reading {
    told: mpsc::Receiver<Frame>,
    task: JoinHandle<Result<(), Error>>,
}

impl Reading {
    async fn next(&mut self) -> String {
        match self.told.recv().await {
            Some(Frame::Event(event)) => match &event.kind {
                EventKind::Health { note, .. } => note.clone(),
                other => other.name().to_owned(),
            },
            Some(Frame::Mark { .. }) => "mark".to_owned(),
            Some(Frame::Gap { .. }) => "gap".to_owned(),
            other => format!("{other:?}"),
        }
    }
}

impl House {
    fn read(&self, caller: &Caller, wanted: Wanted) -> Reading {
        let (frames, told) = mpsc::channel(64);
        let (sigyl, caller) = (self.sigyl.clone(), caller.clone());
        Reading { told, task: tokio::spawn(async move { sigyl.feed(&caller, wanted, &frames).await }) }
    }

    fn say(&self, server: &str, note: &str) {
        let kind = EventKind::Health { healthy: true, note: note.to_owned() };
        let name = crate::store::contract::fixture::name(server);
        self.sigyl.inner.platform.emitter.emit(None, Some(&name), kind);
    }
}

#[tokio::test]
async fn each_caller_is_told_of_what_they_may_see_and_of_nothing_else() {
    let house = House::new().await;
    house.server("clock", "red").await;
    house.server("other", "blue").await;
    let (rita, bert) = (house.caller("rita", &["*"]).await, house.caller("bert", &["*"]).await);
    let narrow = house.caller("rita", &["read:elsewhere"]).await;
    let mut all =
        [&rita, &bert, &narrow, &Caller::local_owner()].map(|caller| house.read(caller, Wanted::changes()));
    for reading in &mut all {
        assert_eq!(reading.next().await, "mark");
    }
    for (server, note) in [("clock", "one"), ("other", "two"), ("clock", "three")] {
        house.say(server, note);
    }
    let [rita, bert, narrow, owner] = &mut all;
    assert_eq!([rita.next().await, rita.next().await], ["one", "three"]);
    assert_eq!(bert.next().await, "two");
    assert_eq!([owner.next().await, owner.next().await, owner.next().await], ["one", "two", "three"]);
    house.server("elsewhere", "red").await;
    house.say("elsewhere", "four");
    assert_eq!(narrow.next().await, "four", "a key for other names was told nothing before");
}

#[tokio::test]
async fn a_feed_goes_on_where_it_was_left_and_says_what_it_cannot_tell() {
    let house = House::new().await;
    let clock = house.server("clock", "red").await;
    house.server("other", "red").await;
    let rita = house.caller("rita", &["*"]).await;
    let mut first = house.read(&rita, Wanted::changes());
    let Some(Frame::Mark { seq }) = first.told.recv().await else { panic!("no mark") };
    for note in ["one", "two"] {
        house.say("clock", note);
        house.say("other", "not asked for");
    }
    house.sigyl.inner.platform.emitter.flush().await;
    let wanted = || Wanted::changes().after(Some(seq)).of_server(Some(clock.clone()));
    let mut again = house.read(&rita, wanted());
    assert_eq!([again.next().await, again.next().await, again.next().await], ["mark", "one", "two"]);
    house.say("clock", "three");
    assert_eq!(again.next().await, "three");
    let mut rare = house.read(&rita, wanted().of_kinds(&["deleted"]).unwrap());
    assert_eq!(rare.next().await, "mark");
    let mut ahead = house.read(&rita, Wanted::changes().after(Some(Seq(u64::MAX))));
    assert_eq!([ahead.next().await, ahead.next().await], ["gap", "mark"]);
    house.say("clock", "four");
    house.sigyl.inner.platform.emitter.emit(None, Some(&clock), EventKind::Deleted);
    assert_eq!(rare.next().await, "deleted", "nothing of another kind came before");
    assert!(Wanted::changes().of_kinds(&["nonsense"]).unwrap_err().to_string().contains("tools_changed"));
}

#[tokio::test]
async fn who_loses_the_right_while_much_is_told_is_told_no_more() {
    const MANY: usize = 700;
    let house = House::new().await;
    house.server("clock", "red").await;
    let rita = house.caller("rita", &["*"]).await;
    for at in 0..MANY {
        house.say("clock", &format!("note {at}"));
    }
    house.sigyl.inner.platform.emitter.flush().await;
    let mut reading = house.read(&rita, Wanted::changes().after(Some(Seq(0))));
    assert_eq!([reading.next().await, reading.next().await], ["mark", "note 0"]);
    house.sigyl.revoke_key(&Caller::local_owner(), &rita.key().unwrap().key.id).await.unwrap();
    let mut told = 0;
    while reading.told.recv().await.is_some() {
        told += 1;
    }
    assert!(told < 100, "{told} more than what waited already");
    assert_eq!(reading.task.await.unwrap().unwrap_err().kind(), Kind::Denied);
}

#[tokio::test]
async fn who_loses_the_right_loses_the_stream() {
    let house = House::new().await;
    let clock = house.server("clock", "red").await;
    let owner = Caller::local_owner();
    for what in ["key", "member", "account"] {
        house.member("red", "mia", Role::Member).await;
        let key = house.key("mia", &["*"]).await;
        let mia = house.sigyl.authenticate(&key, None).await.unwrap();
        let mut reading = house.read(&mia, Wanted::changes().of_server(Some(clock.clone())));
        assert_eq!(reading.next().await, "mark");
        let (sigyl, about, caller) = (house.sigyl.clone(), Held::Server(clock.clone()), mia.clone());
        let lost =
            tokio::spawn(async move { sigyl.lost(&caller, crate::domain::Action::ReadLogs, &about).await });
        match what {
            "key" => house.sigyl.revoke_key(&owner, &mia.key().unwrap().key.id).await.unwrap(),
            "member" => {
                house.sigyl.remove_member(&owner, &workspace("red"), &login("mia")).await.unwrap();
            }
            _ => drop(house.sigyl.disable_account(&owner, &login("mia"), true).await.unwrap()),
        }
        let end = reading.task.await.unwrap().unwrap_err();
        assert!(matches!(end.kind(), Kind::Denied | Kind::NotFound), "{what}: {end}");
        let why = lost.await.unwrap();
        assert!(matches!(why.kind(), Kind::Denied | Kind::NotFound), "{what}: {why}");
    }
}
