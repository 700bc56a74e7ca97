//! An owner in the background is asked to end.

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
