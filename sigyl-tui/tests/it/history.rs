//! Calls and events are read back.

use crate::sigyl::Home;

#[test]
fn events_are_one_document_and_a_server_that_is_not_there_is_named() {
    let home = Home::new();
    let events = home.run(&["events", "--format", "json"]);
    assert_eq!(events.code, 0, "{events:?}");
    let document = events.document();
    assert_eq!(
        (&document["schema"], document["events"].as_array().unwrap().len()),
        (&"sigyl.events/1".into(), 0)
    );
    let plain = home.run(&["events"]);
    assert_eq!((plain.out.as_str(), plain.err.contains("No events yet.")), ("", true), "{plain:?}");
    for verb in ["calls", "events"] {
        let missing = home.run(&[verb, "nobody"]);
        assert!(missing.out.is_empty() && missing.err.contains("error[E0402]"), "{missing:?}");
    }
}
