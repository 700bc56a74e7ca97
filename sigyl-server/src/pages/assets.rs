//! What pages are drawn with: a style sheet and a picture, each under a name that changes with it.

use std::sync::{Arc, LazyLock};

use hyper::header::{CACHE_CONTROL, HeaderValue};
use sigyl_core::domain::Digest;

use super::frame::protect;
use crate::app::App;
use crate::html::Link;
use crate::request::Ask;
use crate::respond::{Answer, Problem};

/// A file, and what it is called.
struct Asset {
    name: String,
    kind: &'static str,
    text: &'static str,
}

static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("css", "text/css; charset=utf-8", include_str!("style.css")));
static ICON: LazyLock<Asset> = LazyLock::new(|| Asset::new("svg", "image/svg+xml", include_str!("icon.svg")));

impl Asset {
    fn new(end: &str, kind: &'static str, text: &'static str) -> Self {
        let name = format!("sigyl-{}.{end}", Digest::of(text.as_bytes()).short());
        Self { name, kind, text }
    }
}

/// Where the style sheet is.
pub(super) fn style() -> Link {
    Link::under("/assets", &[&STYLE.name])
}

/// Where the picture of the site is.
pub(super) fn icon() -> Link {
    Link::under("/assets", &[&ICON.name])
}

pub(super) async fn show(_: Arc<App>, ask: Ask) -> Result<Answer, Problem> {
    let file = ask.text("file")?;
    let asset = [&STYLE, &ICON].into_iter().find(|asset| asset.name == file);
    let asset = asset.ok_or_else(|| Problem::not_found("there is no such file"))?;
    let mut answer = Answer::whole(HeaderValue::from_static(asset.kind), asset.text);
    protect(&mut answer.headers);
    Ok(answer.header(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")))
}
