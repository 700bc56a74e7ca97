//! Keys, members, workspaces and the audit on a data directory of one's own.

use crate::sigyl::Home;

#[test]
fn a_look_at_nothing_makes_nothing() {
    let home = Home::new();
    for line in [&["keys", "list"][..], &["members", "list"], &["workspaces", "list"], &["audit", "list"]] {
        let ended = home.run(line);
        assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{ended:?}");
    }
    assert_eq!(home.run(&["whoami"]).out, "local owner\n");
    assert!(!home.path().join(".local").exists());
}

#[test]
fn a_key_is_printed_once_and_listed_without_its_secret() {
    let home = Home::new();
    let made = home.run(&["keys", "create", "release job", "--scope", "deploy:com.example/*"]);
    assert_eq!(made.code, 0, "{made:?}");
    let key = made.out.strip_suffix('\n').unwrap();
    let (id, secret) = key.strip_prefix("sigyl_").unwrap().split_once('_').unwrap();
    assert!(made.err.contains("shown this once") && !made.err.contains(secret), "{made:?}");
    let listed = home.run(&["keys", "list", "--format", "json"]);
    let document = listed.document();
    assert_eq!((&document["keys"][0]["id"], &document["keys"][0]["account"]), (&id.into(), &"owner".into()));
    assert!(!listed.out.contains(secret) && !listed.out.contains("hash"), "{listed:?}");
    assert_eq!(home.run(&["keys", "revoke", id]).code, 0);
    assert!(home.run(&["keys", "list"]).out.contains("revoked"));
    let unknown = home.run(&["keys", "revoke", "0000000000000000"]);
    assert!(unknown.err.contains("error[E1004]"), "{unknown:?}");
    let whole = home.run(&["keys", "revoke", key]);
    assert_eq!(whole.code, 2);
}

#[test]
fn members_come_and_go_and_an_owner_stays() {
    let home = Home::new();
    assert_eq!(home.run(&["members", "add", "ada", "--role", "owner"]).code, 0);
    assert_eq!(home.run(&["members", "role", "ada", "viewer"]).code, 0);
    assert_eq!(home.run(&["workspaces", "create", "team-a", "--owner", "ada"]).code, 0);
    let listed = home.run(&["members", "list", "--workspace", "team-a", "--format", "json"]).document();
    assert_eq!(
        (&listed["members"][0]["login"], &listed["members"][0]["role"]),
        (&"ada".into(), &"owner".into())
    );
    let last = home.run(&["members", "remove", "ada", "--workspace", "team-a"]);
    assert!(last.err.contains("error[E1006]"), "{last:?}");
    assert_eq!(home.run(&["members", "remove", "ada"]).code, 0);
    let nobody = home.run(&["workspaces", "create", "team-b", "--owner", "nobody"]);
    assert!(nobody.err.contains("error[E1002]"), "{nobody:?}");
}

#[test]
fn what_was_changed_is_in_the_audit_and_the_audit_is_whole() {
    let home = Home::new();
    home.run(&["members", "add", "ada"]);
    let before = home.run(&["audit", "verify"]);
    assert_eq!(before.code, 0, "{before:?}");
    home.run(&["members", "remove", "ada"]);
    let listed = home.run(&["audit", "list"]);
    assert!(listed.out.contains("set_member ada as member in default"), "{listed:?}");
    assert!(listed.out.contains("remove_member ada in default"), "{listed:?}");
    assert_eq!(home.run(&["audit", "verify", "--kept", before.out.trim_end()]).code, 0);
    let other = before
        .out
        .trim_end()
        .replace("sha256:", "sha256:0")
        .chars()
        .take(before.out.trim_end().len())
        .collect::<String>();
    let broken = home.run(&["audit", "verify", "--kept", &other]);
    assert!(broken.code == 3 && broken.err.contains("error[E1007]"), "{broken:?}");
    assert_eq!(home.run(&["audit", "verify", "--kept", "12"]).code, 2);
}
