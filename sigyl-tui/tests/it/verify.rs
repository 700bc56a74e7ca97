//! What is signed of a server, by the command line alone: with its owner, and without.

use crate::sigyl::Home;

const MANIFEST: &str =
    "name: toy\nversion: 1.0.0\nruntime: python\nentryPoint: main.py\nstartCommand:\n  type: stdio\n";
const SERVER: &str = r#"import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    told = {"jsonrpc": "2.0", "id": asked["id"]}
    if asked["method"] == "initialize":
        told["result"] = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "toy", "version": "1"}}
    elif asked["method"] == "tools/list":
        told["result"] = {"tools": [{"name": "now", "description": "Tells the time.", "inputSchema": {"type": "object"}}]}
    else:
        told["error"] = {"code": -32601, "message": "method not found"}
    print(json.dumps(told), flush=True)
"#;

#[test]
fn a_statement_holds_with_its_owner_and_can_be_checked_without() {
    let home = Home::new();
    home.write("toy/sigyl.yaml", MANIFEST);
    home.write("toy/main.py", SERVER);
    let deployed = home.run(&["deploy", "toy", "--detach", "--listen", "127.0.0.1:0"]);
    assert_eq!(deployed.code, 0, "{deployed:?}");
    let url = deployed.out.trim();
    let verified = home.run(&["verify", "toy", "--save", "proof"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(verified.out.contains("✓ tools") || verified.out.contains("+ tools"), "{verified:?}");
    assert_eq!(home.run(&["verify", "toy", "--save", "proof"]).code, 3, "nothing is written over");
    let named = home.run(&["verify", url, "--format", "json"]);
    assert_eq!(named.code, 0, "{named:?}");
    assert_eq!(named.document()["chain"]["links"][0]["link"], "endpoint");
    let elsewhere = home.run(&["verify", &url.replace("127.0.0.1", "localhost")]);
    assert_eq!(elsewhere.code, 1, "{elsewhere:?}");
    let key = home.run(&["verify", "--print-key"]);
    assert_eq!(key.out, std::fs::read_to_string(home.path().join("proof/key.pem")).unwrap());
    assert_eq!(home.run(&["stop"]).code, 0);

    // Nothing of the data directory is needed from here on.
    std::fs::remove_dir_all(home.path().join(".local")).unwrap();
    let statement = ["verify", "--statement", "proof/statement.json", "--signed-by", "proof/key.pem"];
    let alone = home.run(&[&statement[..], &["--sbom", "proof/sbom.json"]].concat());
    assert_eq!(alone.code, 0, "{alone:?}");
    assert!(alone.out.contains("every link holds"), "{alone:?}");
    assert!(!home.path().join(".local").exists(), "and nothing is made");
    let text = std::fs::read_to_string(home.path().join("proof/statement.json")).unwrap();
    home.write("proof/statement.json", &text.replace("\"payload\":\"eyJ", "\"payload\":\"eyA"));
    let changed = home.run(&statement);
    assert_eq!((changed.code, changed.err.contains("E1501")), (1, true), "{changed:?}");
    home.write("proof/statement.json", "{}");
    assert!(home.run(&statement).err.contains("E1502"));
}
