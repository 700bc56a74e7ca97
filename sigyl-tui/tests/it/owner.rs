//! An owner in the background is asked to work, and to end.

use crate::sigyl::Home;

#[test]
fn whoever_asks_the_owner_to_end_is_told_that_it_does() {
    let home = Home::new();
    for _ in 0..5 {
        let begun = home.run(&["serve", "--detach", "--listen", "127.0.0.1:0"]);
        assert_eq!(begun.code, 0, "{begun:?}");
        let stopped = home.run(&["stop"]);
        assert_eq!(stopped.code, 0, "{stopped:?}");
        assert!((stopped.out + &stopped.err).contains("Stopped process"));
    }
}

#[test]
fn a_command_that_must_stay_offline_hands_nothing_to_an_owner_that_may_go_out() {
    let home = Home::new();
    let begun = home.run(&["serve", "--detach", "--listen", "127.0.0.1:0"]);
    assert_eq!(begun.code, 0, "{begun:?}");
    let refused = home.run(&["--offline", "deploy", "npm:no-such-package"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("error[E0021]"), "{refused:?}");
    assert_eq!(home.run(&["--offline", "list"]).code, 0, "a list goes nowhere");
    assert_eq!(home.run(&["stop"]).code, 0);
}

#[test]
fn an_owner_that_serves_elsewhere_is_told_and_never_passed_off_as_the_one_asked_for() {
    let home = Home::new();
    let begun = home.run(&["serve", "--detach", "--listen", "127.0.0.1:0"]);
    assert_eq!(begun.code, 0, "{begun:?}");
    let endpoint = begun.out.trim();
    for args in
        [&["serve", "--detach"][..], &["deploy", "x", "--detach"], &["deploy", "x"], &["redeploy", "x"]]
    {
        let refused = home.run(&[args, &["--listen", "127.0.0.1:1"]].concat());
        assert_eq!((refused.code, refused.out.as_str()), (3, ""), "{args:?}: {refused:?}");
        assert!(
            refused.err.contains("error[E0022]") && refused.err.contains(endpoint),
            "{args:?}: {refused:?}"
        );
    }
    for args in [&["serve", "--detach"][..], &["serve", "--detach", "--listen", "127.0.0.1:0"], &["list"]] {
        assert_eq!(home.run(args).code, 0, "{args:?}");
    }
    assert_eq!(home.run(&["stop"]).code, 0);
}
