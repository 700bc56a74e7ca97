use std::process::Command;

use base64::Engine as _;

use super::web::Web;
use super::{House, paths, text_of};
use crate::domain::{Locator, SkipKind, SourceKind};
use crate::source::{Reach, SourceError};

fn git(house: &House, folder: &str, args: &[&str]) -> String {
    let identity =
        ["-c", "user.name=Ada", "-c", "user.email=ada@host.example", "-c", "protocol.file.allow=always"];
    let plain =
        ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false", "-c", "init.defaultBranch=main"];
    let run = Command::new(house.env.find("git").unwrap())
        .args(identity)
        .args(plain)
        .args(args)
        .current_dir(house.at(folder))
        .env_clear()
        .env("PATH", &house.env.path)
        .env("HOME", house.at("elsewhere"))
        .output()
        .unwrap();
    assert!(run.status.success(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap().trim().to_owned()
}

/// A repository with two commits, a tag, and everything that could make git run or change something.
fn repository(house: &House) -> (String, String) {
    house.write(
        "repo/.gitattributes",
        "* filter=evil\nid.txt export-subst ident\nhidden.txt export-ignore\n*.bin filter=lfs\n",
    );
    house.write("repo/id.txt", "$Format:%H$ $Id$\n");
    house.write("repo/hidden.txt", "hidden\n");
    house.write("repo/big.bin", "version https://git-lfs.example/spec/v1\noid sha256:00\n");
    house.write("repo/sub/server.py", "print()\n");
    house.write("repo/LICENSE", "terms\n");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../LICENSE", house.at("repo/sub/LICENSE")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", house.at("repo/sub/leak")).unwrap();
    }
    git(house, "repo", &["init", "-q"]);
    git(house, "repo", &["add", "-A"]);
    git(house, "repo", &["commit", "-q", "-m", "one"]);
    git(house, "repo", &["tag", "v1"]);
    let first = git(house, "repo", &["rev-parse", "HEAD"]);
    git(house, "repo", &["update-index", "--add", "--cacheinfo", &format!("160000,{first},module")]);
    house.write("repo/.gitmodules", "[submodule \"module\"]\n\tpath = module\n\turl = ./evil\n");
    house.write("repo/run.sh", "#!/bin/sh\n");
    git(house, "repo", &["add", ".gitmodules", "run.sh"]);
    git(house, "repo", &["update-index", "--chmod=+x", "run.sh"]);
    git(house, "repo", &["commit", "-q", "-m", "two"]);
    git(house, ".", &["clone", "-q", "--bare", "repo", "bare.git"]);
    (first, git(house, "repo", &["rev-parse", "HEAD"]))
}

/// Hooks and filters, in the repository and in the user's own configuration, that all leave a mark.
fn set_traps(house: &House) {
    let touch = format!("touch {}", house.marker());
    for folder in ["bare.git/hooks", "home/hooks", "home/template/hooks"] {
        for hook in [
            "post-checkout",
            "post-merge",
            "reference-transaction",
            "post-update",
            "pre-auto-gc",
            "post-index-change",
        ] {
            let path = house.at(folder).join(hook);
            if path.exists() {
                std::fs::remove_file(&path).unwrap();
            }
            crate::source::copy::write_new(&path, format!("#!/bin/sh\n{touch}\n").as_bytes(), true).unwrap();
        }
    }
    let filters = format!(
        "[filter \"evil\"]\n\tsmudge = {touch}; cat\n\trequired = true\n[filter \"lfs\"]\n\tsmudge = {touch}; cat\n"
    );
    let own = format!(
        "[core]\n\thooksPath = {}\n\tfsmonitor = {touch}\n[init]\n\ttemplateDir = {}\n[submodule]\n\trecurse = true\n{filters}",
        house.text("home/hooks"),
        house.text("home/template"),
    );
    house.write("home/.gitconfig", &own);
    let config = std::fs::read_to_string(house.at("bare.git/config")).unwrap();
    let hostile = format!(
        "{config}{filters}[uploadpack]\n\tpackObjectsHook = {touch}; \n[core]\n\tfsmonitor = {touch}\n"
    );
    std::fs::write(house.at("bare.git/config"), hostile).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_repository_is_read_without_running_anything() {
    let Some(house) = House::with(&["git"]) else { return };
    let (_, head) = repository(&house);
    set_traps(&house);
    let url = house.text("bare.git");
    let tree = house.fetch(&format!("git:{url}")).await.unwrap();
    house.assert_nothing_ran();
    assert_eq!(tree.reference().kind, SourceKind::Git);
    assert_eq!(tree.reference().locator, format!("git:{url}#{head}"));
    let expected = [
        ".gitattributes",
        ".gitmodules",
        "LICENSE",
        "big.bin",
        "hidden.txt",
        "id.txt",
        "run.sh",
        "sub/LICENSE",
        "sub/server.py",
    ];
    assert_eq!(paths(&tree), expected);
    assert_eq!(text_of(&tree, "id.txt"), "$Format:%H$ $Id$\n", "nothing is filled in");
    assert!(
        text_of(&tree, "big.bin").starts_with("version https://git-lfs"),
        "nothing is fetched for a pointer"
    );
    assert_eq!(text_of(&tree, "sub/LICENSE"), "terms\n");
    assert!(tree.find("run.sh").unwrap().executable && !tree.find("id.txt").unwrap().executable);
    let skipped: Vec<_> =
        tree.skipped().iter().map(|skipped| (skipped.path.as_str(), skipped.kind)).collect();
    assert_eq!(skipped, [("module", SkipKind::Excluded), ("sub/leak", SkipKind::NotAFile)]);
    drop(tree);
    house.assert_nothing_left();
    let plain = Command::new(house.env.find("git").unwrap())
        .args(["-c", "protocol.file.allow=always", "clone", "-q", &url, "plain"])
        .current_dir(house.dir.path())
        .env("HOME", house.at("home"))
        .output();
    plain.unwrap();
    assert!(house.at("marker").exists(), "a plain clone falls into the traps");
}

#[cfg(unix)]
#[tokio::test]
async fn branches_tags_commits_and_folders_are_found() {
    let Some(house) = House::with(&["git"]) else { return };
    let (first, head) = repository(&house);
    let url = house.text("bare.git");
    let offline = house.fetcher(true);
    for (named, commit) in [
        ("main", &head),
        ("v1", &first),
        (first.as_str(), &first),
        (&first[..9], &first),
        ("refs/tags/v1", &first),
    ] {
        let tree =
            offline.fetch(&Locator::parse(&format!("git:{url}#{named}")).unwrap(), &house).await.unwrap();
        assert_eq!(
            tree.reference().locator,
            format!("git:{url}#{commit}"),
            "a local repository needs no network"
        );
        assert_eq!(tree.find("run.sh").is_some(), *commit == head);
    }
    let folder = house.fetch(&format!("git:{url}#:sub")).await.unwrap();
    assert_eq!(folder.reference().locator, format!("git:{url}#{head}:sub"));
    assert_eq!(paths(&folder), ["LICENSE", "server.py"], "a link may point elsewhere in the repository");
    let absent = house.fetch(&format!("git:{url}#nothing")).await.unwrap_err();
    let SourceError::Tool { command, .. } = &absent else { panic!("{absent}") };
    assert!(command.starts_with("git fetch ") && !command.contains(" -c "), "{command}");
    for absent in ["#nothing", "#:nothing", "#deadbeef"] {
        assert!(house.fetch(&format!("git:{url}{absent}")).await.is_err(), "{absent}");
    }
    assert!(matches!(house.fetch("git:./no/such.git").await, Err(SourceError::NotFound(_))));
}

#[tokio::test]
async fn a_repository_within_is_not_asked_for_unless_its_host_is_named_and_leads_nowhere_else() {
    let Some(house) = House::with(&["git"]) else { return };
    let other = Web::serve(|_, _, _| (404, "", Vec::new()));
    let leads = format!("location: http://{}/b.git/info/refs\r\n", other.address);
    let leads: &'static str = Box::leak(leads.into_boxed_str());
    let web = Web::serve(move |_, _, _| (302, leads, Vec::new()));
    let locator = Locator::parse(&format!("git:http://{}/a.git", web.address)).unwrap();
    let from = async |besides: &[&str]| {
        let reach = Reach::public(besides.iter().map(|host| (*host).to_owned()));
        house.fetcher(false).reaching(reach).fetch(&locator, &house).await.unwrap_err()
    };
    for besides in [&[][..], &["127.0.0.2", "git.example"]] {
        let error = from(besides).await;
        assert!(matches!(&error, SourceError::BeyondReach { host, .. } if host == "127.0.0.1"), "{error}");
    }
    assert!(web.asked.lock().unwrap().is_empty());
    assert!(matches!(from(&["127.0.0.1"]).await, SourceError::Tool { .. }));
    assert!(!web.asked.lock().unwrap().is_empty());
    assert!(other.asked.lock().unwrap().is_empty(), "where it leads was not looked at");
    house.fetcher(false).fetch(&locator, &house).await.unwrap_err();
    assert!(!other.asked.lock().unwrap().is_empty(), "who fetches for themselves goes where git goes");
}

#[tokio::test]
async fn credentials_reach_the_server_and_nothing_else() {
    let Some(house) = House::with(&["git"]) else { return };
    let web = Web::serve(|_, asked, _| match asked.authorization {
        None => (401, "www-authenticate: Basic realm=\"x\"\r\n", Vec::new()),
        Some(_) => (404, "", Vec::new()),
    });
    let locator = format!("git:http://ada:s3cret@{}/a.git#main", web.address);
    let error = house.fetch(&locator).await.unwrap_err();
    let sent = base64::engine::general_purpose::STANDARD.encode("ada:s3cret");
    let asked = web.asked.lock().unwrap().clone();
    assert!(asked.iter().any(|asked| asked.authorization == Some(format!("Basic {sent}"))), "{asked:?}");
    let shown = format!("{error} {error:?} {}", house.told());
    assert!(shown.contains(&web.address), "{shown}");
    assert!(!shown.contains("s3cret") && !shown.contains(&sent), "{shown}");
    house.assert_nothing_left();
}
