//! Results that come piece by piece, and may have no end.

use serde::Serialize;
use sigyl_core::wire::v1::{Frame, Request};

use super::Context;
use crate::exit::Exit;
use crate::output::Reader;
use crate::problem::Problem;
use crate::render::Look;

/// How pieces are taken from frames, and written.
pub(super) struct Pieces<T> {
    /// Takes the piece out of a frame that holds one.
    pub(super) pick: fn(Frame) -> Option<T>,
    /// Writes a piece as one line, with its end.
    pub(super) plain: fn(&T, &Look) -> String,
    /// What all pieces together are called, where they are one document.
    pub(super) schema: &'static str,
    /// The list that they are in there.
    pub(super) field: &'static str,
    /// Said when there is none.
    pub(super) none: &'static str,
}

impl<T: Serialize + Send + 'static> Pieces<T> {
    /// Asks, and writes what comes: each piece at once, unless all of them make one document.
    pub(super) async fn show(
        self,
        request: Request,
        follow: bool,
        cx: &mut Context,
    ) -> Result<Exit, Problem> {
        if cx.answer_of_nothing(&request)?.is_some() {
            return self.end(Vec::new(), false, follow, cx);
        }
        let link = cx.link().await?;
        let (sender, mut pieces) = tokio::sync::mpsc::unbounded_channel();
        let pick = self.pick;
        let mut on_frame = move |frame: Frame| {
            if let Some(piece) = pick(frame) {
                // The receiver leaves only when nobody reads any more.
                sender.send(piece).ok();
            }
        };
        let mut call = std::pin::pin!(link.call(request, &mut on_frame));
        let (mut kept, mut any) = (Vec::new(), false);
        let ended = loop {
            tokio::select! {
                biased;
                Some(piece) = pieces.recv() => {
                    any = true;
                    match self.write(piece, follow, &mut kept, cx)? {
                        Reader::There => {}
                        Reader::Gone => return Ok(Exit::Well),
                    }
                },
                ended = &mut call => break ended,
            }
        };
        ended?;
        while let Ok(piece) = pieces.try_recv() {
            any = true;
            self.write(piece, follow, &mut kept, cx)?;
        }
        self.end(kept, any, follow, cx)
    }

    fn end(&self, kept: Vec<T>, any: bool, follow: bool, cx: &mut Context) -> Result<Exit, Problem> {
        if cx.output.is_json() && !follow {
            let body = std::collections::BTreeMap::from([(self.field, kept)]);
            cx.output.document(self.schema, &body)?;
        } else if !any {
            cx.output.note(self.none);
        }
        Ok(Exit::Well)
    }

    fn write(&self, piece: T, follow: bool, kept: &mut Vec<T>, cx: &mut Context) -> Result<Reader, Problem> {
        match (cx.output.is_json(), follow) {
            (true, false) => {
                kept.push(piece);
                Ok(Reader::There)
            }
            (true, true) => cx.output.json_line(&piece),
            (false, _) => {
                let text = (self.plain)(&piece, &cx.output.look);
                cx.output.print(&text)
            }
        }
    }
}
