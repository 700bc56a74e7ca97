//! A web server on loopback, for registries of tests.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What was asked: the first line and the `authorization` header.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) line: String,
    pub(super) authorization: Option<String>,
}

/// What is answered: status, further headers, body.
pub(super) type Answer = (u16, &'static str, Vec<u8>);

pub(super) struct Web {
    pub(super) address: String,
    pub(super) asked: Arc<Mutex<Vec<Asked>>>,
}

impl Web {
    /// Serves until the test ends; `answer` is given the path and the address of this server.
    pub(super) fn serve(answer: impl Fn(&str, &Asked, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, own, answer) = (asked.clone(), address.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (log, own, answer) = (log.clone(), own.clone(), answer.clone());
                std::thread::spawn(move || {
                    serve_one(stream, &log, |asked| {
                        let path = asked.line.split(' ').nth(1).unwrap_or("/").to_owned();
                        answer(&path, asked, &own)
                    })
                });
            }
        });
        Self { address, asked }
    }
}

fn serve_one(mut stream: TcpStream, log: &Mutex<Vec<Asked>>, answer: impl Fn(&Asked) -> Answer) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(line) = lines.next() else { return };
    let mut asked = Asked { line, authorization: None };
    for header in lines.take_while(|line| !line.is_empty()) {
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("authorization")
        {
            asked.authorization = Some(value.trim().to_owned());
        }
    }
    let (status, headers, body) = answer(&asked);
    log.lock().unwrap().push(asked);
    let head = format!(
        "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A client that hangs up has what it wanted.
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).ok();
}
