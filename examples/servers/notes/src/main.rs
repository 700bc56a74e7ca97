//! A small MCP server over streamable HTTP that keeps state: notes, in a file signed with a secret.
//!
//! It wants PORT (loopback port to listen on), HOME (folder to keep its file in) and NOTES_TOKEN (the secret).

mod book;
mod tools;

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Empty, combinators::BoxBody};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

type Mcp = StreamableHttpService<tools::Notes, LocalSessionManager>;
type Answer = Response<BoxBody<Bytes, Infallible>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("notes: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let port: u16 = setting("PORT")?.parse().map_err(|_| "PORT must be a number up to 65535")?;
    let book = book::Book::open(PathBuf::from(setting("HOME")?), setting("NOTES_TOKEN")?)
        .map_err(|error| error.to_string())?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(port, book))
}

fn setting(name: &str) -> Result<String, String> {
    env::var(name).ok().filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} is not set"))
}

async fn serve(port: u16, book: book::Book) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let notes = tools::Notes(Arc::new(book));
    let mcp = Mcp::new(
        move || Ok(notes.clone()),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default().enforce_origin_validation(),
    );
    let mut stop = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = stop.recv() => return Ok(()),
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                tokio::spawn(converse(stream, mcp.clone()));
            }
        }
    }
}

async fn converse(stream: TcpStream, mcp: Mcp) {
    let service = service_fn(move |request| answer(request, mcp.clone()));
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        eprintln!("a connection ended early: {error}");
    }
}

async fn answer(request: Request<Incoming>, mcp: Mcp) -> Result<Answer, Infallible> {
    match (request.method(), request.uri().path()) {
        (_, "/mcp") => hyper::service::Service::call(&TowerToHyperService::new(mcp), request).await,
        (&Method::GET, "/health") => Ok(plain(StatusCode::OK)),
        _ => Ok(plain(StatusCode::NOT_FOUND)),
    }
}

fn plain(status: StatusCode) -> Answer {
    let mut response = Response::new(Empty::new().boxed());
    *response.status_mut() = status;
    response
}
