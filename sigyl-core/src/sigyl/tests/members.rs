//! Accounts and memberships through the handle.

use super::house::{House, login, workspace};
use crate::domain::{Action, Caller, Role};
use crate::wire::v1::{NewAccount, NewWorkspace};

#[tokio::test]
async fn who_manages_appoints_up_to_their_own_role() {
    let house = House::new().await;
    house.member("red", "ann", Role::Admin).await;
    let ann = house.caller("ann", &["*"]).await;
    let (red, set) = (workspace("red"), async |person: &str, role| {
        house.sigyl.set_member(&ann, &workspace("red"), &login(person), role).await
    });
    set("bert", Role::Admin).await.unwrap();
    assert_eq!(set("bert", Role::Owner).await.unwrap_err().code(), "E0901");
    assert_eq!(set("rita", Role::Viewer).await.unwrap_err().code(), "E0901", "rita is above ann");
    assert_eq!(
        set("nobody", Role::Viewer).await.unwrap_err().code(),
        "E1002",
        "only administrators make accounts"
    );
    let removed = house.sigyl.remove_member(&ann, &red, &login("rita")).await.unwrap_err();
    assert_eq!(removed.code(), "E0901");
    house.sigyl.remove_member(&ann, &red, &login("bert")).await.unwrap();
    let members = house.sigyl.members(&ann, &red).await.unwrap();
    let shown: Vec<_> = members.iter().map(|member| (member.login.as_str(), member.role)).collect();
    assert_eq!(shown, [("ann", Role::Admin), ("owner", Role::Owner), ("rita", Role::Owner)]);
}

#[tokio::test]
async fn a_workspace_keeps_an_owner() {
    let house = House::new().await;
    let (owner, red) = (Caller::local_owner(), workspace("red"));
    house.sigyl.remove_member(&owner, &red, &login("owner")).await.unwrap();
    let last = house.sigyl.remove_member(&owner, &red, &login("rita")).await.unwrap_err();
    assert_eq!(last.code(), "E1006");
    let last = house.sigyl.set_member(&owner, &red, &login("rita"), Role::Admin).await.unwrap_err();
    assert!(last.to_string().contains("no owner left"), "{last}");
}

#[tokio::test]
async fn another_workspace_is_not_there() {
    let house = House::new().await;
    let (bert, red) = (house.caller("bert", &["*"]).await, workspace("red"));
    assert_eq!(house.sigyl.members(&bert, &red).await.unwrap_err().code(), "E1003");
    let set = house.sigyl.set_member(&bert, &red, &login("bert"), Role::Viewer).await.unwrap_err();
    assert_eq!(set.code(), "E1003");
    let nowhere = workspace("nowhere");
    let missing = house.sigyl.members(&bert, &nowhere).await.unwrap_err();
    assert_eq!(missing.to_string().replace("nowhere", "red"), "there is no workspace red");
    let names: Vec<_> = house.sigyl.workspaces(&bert).await.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, [workspace("blue")]);
}

#[tokio::test]
async fn only_administrators_make_accounts_and_workspaces() {
    let house = House::new().await;
    let account = |name: &str| NewAccount { login: login(name), name: None, administrator: false };
    let space = |name: &str| NewWorkspace { name: workspace(name), title: None, owner: login("rita") };
    for refused in [house.caller("rita", &["*"]).await, house.caller("owner", &["read", "manage"]).await] {
        assert!(!refused.may(Action::Administer));
        assert_eq!(house.sigyl.create_account(&refused, account("eve")).await.unwrap_err().code(), "E0901");
        assert_eq!(house.sigyl.create_workspace(&refused, space("new")).await.unwrap_err().code(), "E0901");
        assert_eq!(house.sigyl.accounts(&refused).await.unwrap_err().code(), "E0901");
    }
    let admin = house.caller("owner", &["administer"]).await;
    house.sigyl.create_account(&admin, account("eve")).await.unwrap();
    assert_eq!(house.sigyl.create_account(&admin, account("eve")).await.unwrap_err().code(), "E1005");
    house.sigyl.create_workspace(&admin, space("new")).await.unwrap();
    assert_eq!(house.sigyl.create_workspace(&admin, space("new")).await.unwrap_err().code(), "E1005");
}
