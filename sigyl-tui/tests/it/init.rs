//! `sigyl init`: what is written can be read, and nothing is written over.

use crate::sigyl::Home;

#[test]
fn a_fresh_manifest_is_printed_beside_one_that_is_there() {
    let home = Home::new();
    let there = home.write("server/sigyl.yaml", "name: mine\n");
    home.write("server/go.mod", "module host.example/clock\n");
    home.write("server/main.go", "package main\n");
    let refused = home.run(&["init", "server"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.starts_with("error[E0015]: ") && refused.err.contains("--print"), "{}", refused.err);
    let printed = home.run(&["init", "server", "--print"]);
    assert_eq!(printed.code, 0, "{printed:?}");
    assert!(printed.out.contains("\nname: clock\n"), "the one that is there has no say: {}", printed.out);
    assert_eq!(std::fs::read_to_string(there).unwrap(), "name: mine\n");
}
