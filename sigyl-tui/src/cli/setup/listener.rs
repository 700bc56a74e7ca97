//! Waits on this machine for the browser that comes back from GitHub.

use std::sync::Arc;
use std::time::Duration;

use sigyl_core::domain::SecretValue;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::door::{Door, Step};
use super::request;

/// Connections that are talked to at a time: browsers open some that they never use.
const SEATS: usize = 16;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause after a connection that could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

/// What the browser brought: a code, or why nothing was taken.
type Brought = Result<SecretValue, &'static str>;

/// Answers until the browser is back. Whoever drops this ends every connection.
pub(super) async fn wait(listener: TcpListener, door: Arc<Door>) -> Brought {
    let (tell, mut told) = mpsc::channel(1);
    let mut talks = JoinSet::new();
    loop {
        tokio::select! {
            Some(brought) = told.recv() => return brought,
            Some(_) = talks.join_next() => {}
            accepted = listener.accept(), if talks.len() < SEATS => match accepted {
                Ok((stream, _)) => {
                    let (door, tell) = (Arc::clone(&door), tell.clone());
                    talks.spawn(async move {
                        // Who is slower than this is not answered.
                        tokio::time::timeout(PATIENCE, talk(stream, &door, &tell)).await.ok();
                    });
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
        }
    }
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, door: &Door, tell: &mpsc::Sender<Brought>) {
    let (answer, brought) = match door.answer(request::read(&mut stream).await.as_ref()) {
        Step::Answer(answer) => (answer, None),
        Step::Code(code, answer) => (answer, Some(Ok(code))),
        Step::Refused(why, answer) => (answer, Some(Err(why))),
    };
    // A browser that is gone changes nothing about what it brought.
    if stream.write_all(answer.as_bytes()).await.is_ok() {
        stream.shutdown().await.ok();
    }
    if let Some(brought) = brought {
        // Nobody waits any more when something was brought before.
        tell.send(brought).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpStream;

    use super::*;

    async fn asked(port: u16, path: &str, cookie: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncookie: {cookie}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
        text.split_once(from).unwrap().1.split_once(to).unwrap().0
    }

    #[tokio::test]
    async fn a_browser_comes_and_comes_back_whoever_else_keeps_connections_open() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let door = Door::new(port, "https://github.example", None, "{}".to_owned()).unwrap();
        let address = door.address().reveal().to_owned();
        let path = address.split_once(&port.to_string()).unwrap().1.to_owned();
        let waiting = tokio::spawn(wait(listener, Arc::new(door)));
        let mut silent = Vec::new();
        for _ in 0..SEATS - 2 {
            silent.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
        }
        let page = asked(port, &path, "").await;
        let cookie = between(&page, "set-cookie: ", ";").to_owned();
        let state = between(&page, "state=", "\"").to_owned();
        assert!(asked(port, "/made?code=evil&state=0", "").await.starts_with("HTTP/1.1 403 "));
        assert!(!waiting.is_finished());
        let back = asked(port, &format!("/made?code=c0de&state={state}"), &cookie).await;
        assert!(back.starts_with("HTTP/1.1 200 OK\r\n") && !back.contains("c0de"), "{back}");
        assert_eq!(waiting.await.unwrap().unwrap().reveal(), "c0de");
        assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "nobody listens any more");
    }

    #[tokio::test]
    async fn a_state_that_is_not_ours_ends_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let door = Door::new(port, "https://github.example", None, "{}".to_owned()).unwrap();
        let address = door.address().reveal().to_owned();
        let path = address.split_once(&port.to_string()).unwrap().1.to_owned();
        let waiting = tokio::spawn(wait(listener, Arc::new(door)));
        let page = asked(port, &path, "").await;
        let cookie = between(&page, "set-cookie: ", ";").to_owned();
        assert!(asked(port, "/made?code=c0de&state=0", &cookie).await.starts_with("HTTP/1.1 403 "));
        assert_eq!(waiting.await.unwrap().unwrap_err(), "it brings the state of another setup");
    }
}
