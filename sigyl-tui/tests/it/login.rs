//! Signing in at a server, and out again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;

use crate::sigyl::Home;

/// Answers requests one after the other, and returns what was asked.
fn server(
    answers: &'static [(&'static str, &'static str)],
) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(("content-length", value)) = line.to_ascii_lowercase().split_once(':') {
                    length = value.trim().parse().unwrap();
                }
                head += &line;
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut sent = vec![0; length];
            reader.read_exact(&mut sent).unwrap();
            asked.push(head + &String::from_utf8(sent).unwrap());
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .unwrap();
        }
        asked
    });
    (url, asked)
}

const BEGUN: &str = r#"{"ticket":"t1","user_code":"AB-CD","verification_uri":"https://github.example/login/device","interval":1,"expires_in":60}"#;
const DONE: &str = r#"{"done":{"key":{"id":"0123456789abcdef","account":"octocat","workspace":null,"label":"signed in at a terminal",
    "scopes":["*:*"],"networks":[],"created":"2026-11-26T12:00:00.000Z","expires":null,"revoked":null,"last_used":null,"uses":0},
    "plain":"sigyl_0123456789abcdef_SECRET"}}"#;

#[test]
fn a_sign_in_keeps_its_key_and_a_sign_out_gives_it_back() {
    let home = Home::new();
    let (url, asked) = server(&[("200 OK", BEGUN), ("200 OK", DONE), ("204 No Content", "")]);
    let signed_in = home.run(&["login", "--server", &url, "--format", "json"]);
    assert_eq!(signed_in.code, 0, "{signed_in:?}");
    assert!(signed_in.err.contains("AB-CD"), "{signed_in:?}");
    let told = signed_in.document();
    assert_eq!(told["account"], "octocat");
    assert!(!format!("{signed_in:?}").contains("SECRET"));
    let file = std::path::PathBuf::from(told["file"].as_str().unwrap());
    assert!(file.starts_with(home.path()));
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "sigyl_0123456789abcdef_SECRET\n");
    let out = home.run(&["logout", "--server", &url]);
    assert_eq!((out.code, file.exists()), (0, false), "{out:?}");
    let asked = asked.join().unwrap();
    assert!(asked[1].ends_with(r#"{"ticket":"t1"}"#), "{}", asked[1]);
    assert!(asked[2].starts_with("DELETE /api/v1/keys/0123456789abcdef "), "{}", asked[2]);
    assert_eq!(home.run(&["logout", "--server", &url]).code, 0, "there is nothing to give back");
}

#[test]
fn a_server_that_signs_nobody_in_is_told_as_it_says_it() {
    let home = Home::new();
    let (url, _) = server(&[("404 Not Found", r#"{"detail":"no settings\u001b[2J for it","code":"E1021"}"#)]);
    let refused = home.run(&["login", "--server", &url]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("E1021") && !refused.err.contains('\u{1b}'), "{refused:?}");
    let clear = home.run(&["login", "--server", "http://192.0.2.1"]);
    assert!(clear.code != 0 && clear.err.contains("in the clear"), "{clear:?}");
}
