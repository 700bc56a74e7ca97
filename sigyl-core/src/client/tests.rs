//! A client against servers that answer as they please.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::domain::{RunId, SecretValue, Seq};

const RUN: &str = "019aa1b2-0000-7000-8000-000000000000";
const ONE: &str =
    r#"{"what": "com.example/a", "reason": "it leaks", "by": "ada", "since": "2026-11-27T00:00:00.000Z"}"#;

/// A server that gives each connection the next of its answers, and returns what it was asked.
async fn server(answers: Vec<String>) -> (Client, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            // A body that nobody reads would end the connection before its answer.
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            stream.read_exact(&mut body).await.unwrap();
            asked.push(head);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        asked
    });
    let settings = ClientSettings {
        key: Some(SecretValue::new("sigyl_a_b")),
        patience: Patience { retries: 2, pause: Duration::from_millis(1), most: Duration::from_secs(1) },
        ..ClientSettings::of(url)
    };
    (Client::new(settings).unwrap(), task)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n{body}")
}

fn good(body: &str) -> String {
    answer("200 OK", "Content-Type: application/json\r\n", body)
}

#[tokio::test]
async fn what_only_looks_is_tried_again_and_what_changes_is_not() {
    let busy = || answer("503 Busy", "Retry-After: 0\r\n", "{}");
    let (client, asked) = server(vec![busy(), busy(), good(r#"{"servers":[]}"#)]).await;
    assert_eq!(client.servers().await.unwrap(), []);
    let asked = asked.await.unwrap();
    assert_eq!(asked.len(), 3);
    assert!(asked[0].contains("authorization: Bearer sigyl_a_b\r\n"), "{}", asked[0]);
    let (client, asked) = server(vec![busy()]).await;
    let error = client.approve(&RunId::parse(RUN).unwrap(), "fine").await.unwrap_err();
    assert!(matches!(&error, ClientError::Refused(refused) if refused.status == 503), "{error}");
    assert_eq!(asked.await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_redirect_takes_the_key_nowhere() {
    let (client, asked) = server(vec![answer("307 Moved", "Location: http://127.0.0.1:1/\r\n", "")]).await;
    let error = client.whoami().await.unwrap_err();
    assert!(matches!(&error, ClientError::Refused(refused) if refused.status == 307), "{error}");
    asked.await.unwrap();
}

#[tokio::test]
async fn a_list_is_read_part_after_part_and_has_to_end() {
    let quarantines = |next: &str| good(&format!("{{\"quarantines\": [{ONE}], \"next\": {next}}}"));
    let (client, asked) = server(vec![quarantines("\"b\""), quarantines("null")]).await;
    assert_eq!(client.quarantines().await.unwrap().len(), 2);
    let asked = asked.await.unwrap();
    assert!(!asked[0].contains("cursor") && asked[1].contains("cursor=b"), "{asked:?}");
    let (client, _) = server(vec![good("{\"quarantines\": [], \"next\": \"b\"}")]).await;
    assert!(matches!(client.quarantines().await, Err(ClientError::Endless { .. })));
}

#[tokio::test]
async fn what_is_no_answer_is_told_as_that() {
    let (client, _) = server(vec![answer("200 OK", "Content-Type: text/html\r\n", "<html>Sign in")]).await;
    let error = client.servers().await.unwrap_err();
    assert!(error.to_string().contains("it is text/html"), "{error}");
    let (client, _) = server(vec![answer("200 OK", "Content-Type: text/html\r\n", "<html>Sign in")]).await;
    let mut told = client.watch(&RunId::parse(RUN).unwrap(), Seq(0));
    assert!(matches!(told.next().await, Some(Err(ClientError::Unreadable { .. }))));
    assert!(told.next().await.is_none());
}

#[tokio::test]
async fn nobody_there_is_told_without_a_key() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let key = Some(SecretValue::new("hunter2"));
    let client = Client::new(ClientSettings { key, ..ClientSettings::of(&url) }).unwrap();
    let error = client.servers().await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("could not reach {url}")), "{error}");
    assert!(!format!("{error:?} {:?}", error.failure()).contains("hunter2"));
    assert_eq!(error.code(), "E1302");
}

fn event(seq: u64) -> String {
    let data = format!(
        r#"{{"seq":{seq},"at":"2026-11-01T00:00:00Z","run":null,"server":null,"kind":"scanned","verdict":"pass","findings":0}}"#
    );
    format!("id: {seq}\nevent: event\ndata: {data}\n\n")
}

#[tokio::test]
async fn a_stream_that_breaks_is_taken_up_after_the_last_event() {
    let stream = |text: &str| answer("200 OK", "Content-Type: text/event-stream\r\n", text);
    let failed = "event: failed\ndata: {\"code\":\"E0405\",\"detail\":\"gone\",\"hint\":null}\n\n";
    let (client, asked) = server(vec![
        stream(&format!("{}{}", event(3), event(4))),
        stream(&format!(": still here\n\nevent: news\ndata: x\n\n{}", event(5))),
        stream(failed),
    ])
    .await;
    let told = client.watch(&RunId::parse(RUN).unwrap(), Seq(2));
    let told: Vec<_> = told.collect().await;
    let seqs: Vec<_> = told
        .iter()
        .filter_map(|news| match news {
            Ok(RunNews::Event(event)) => Some(event.seq.0),
            _ => None,
        })
        .collect();
    assert_eq!(seqs, [3, 4, 5]);
    let Some(Err(error)) = told.last() else { panic!("{told:?}") };
    assert_eq!((error.code(), error.to_string().as_str()), ("E0405", "the server stopped: gone"));
    let asked = asked.await.unwrap();
    assert!(!asked[0].contains("last-event-id") && asked[0].contains("?after=2 "), "{}", asked[0]);
    assert!(asked[1].contains("last-event-id: 4\r\n"), "{}", asked[1]);
    assert!(asked[2].contains("last-event-id: 5\r\n"), "{}", asked[2]);
}

#[tokio::test]
async fn a_stream_that_never_goes_on_is_given_up() {
    let empty = || answer("200 OK", "Content-Type: text/event-stream\r\n", "");
    let (client, asked) = server(vec![empty(), empty(), empty()]).await;
    let told: Vec<_> = client.watch(&RunId::parse(RUN).unwrap(), Seq(0)).collect().await;
    assert!(matches!(told[..], [Err(ClientError::CutOff { .. })]), "{told:?}");
    assert_eq!(asked.await.unwrap().len(), 3);
}
