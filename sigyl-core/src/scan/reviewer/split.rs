//! Cuts what is too large for one question.

use super::piece::Part;

/// Questions about one subject at most.
pub(super) const QUESTIONS: usize = 16;

/// What a subject came to: its pieces, and how many bytes stayed out.
pub(super) struct Pieces {
    pub(super) parts: Vec<Vec<Part>>,
    pub(super) left_out: usize,
}

/// Puts parts together so that none of the results is larger than `most` bytes.
pub(super) fn split(parts: Vec<Part>, most: usize) -> Pieces {
    let mut pieces = Pieces { parts: Vec::new(), left_out: 0 };
    let mut open = Vec::new();
    let mut size = 0;
    for part in parts.into_iter().flat_map(|part| cut(part, most)) {
        let own = part.label.len() + part.text.len();
        if size + own > most && !open.is_empty() {
            pieces.close(std::mem::take(&mut open));
            size = 0;
        }
        size += own;
        open.push(part);
    }
    if !open.is_empty() {
        pieces.close(open);
    }
    pieces
}

impl Pieces {
    fn close(&mut self, parts: Vec<Part>) {
        match self.parts.len() < QUESTIONS {
            true => self.parts.push(parts),
            false => self.left_out += parts.iter().map(|part| part.text.len()).sum::<usize>(),
        }
    }
}

/// Cuts one part that is larger than a question.
fn cut(part: Part, most: usize) -> Vec<Part> {
    let room = most.saturating_sub(part.label.len()).max(256);
    if part.text.len() <= room {
        return vec![part];
    }
    let mut rest = part.text.as_str();
    let mut cuts = Vec::new();
    while !rest.is_empty() {
        let end = rest.floor_char_boundary(room.min(rest.len()));
        let (one, other) = rest.split_at(end);
        cuts.push(Part { text: one.to_owned(), ..part.clone() });
        rest = other;
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Location;

    fn part(text: &str) -> Part {
        let location = Location::Tool { tool: "a".into(), field: "b".into() };
        Part { label: "b".into(), text: text.into(), location }
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_too_large() {
        let texts = ["é".repeat(900), "short".to_owned(), "x".repeat(400), String::new(), "y".repeat(700)];
        let pieces = split(texts.iter().map(|text| part(text)).collect(), 512);
        let all: String = pieces.parts.iter().flatten().map(|part| part.text.as_str()).collect();
        assert_eq!((all, pieces.left_out), (texts.concat(), 0));
        for piece in &pieces.parts {
            assert!(piece.iter().map(|part| part.label.len() + part.text.len()).sum::<usize>() <= 512);
        }
    }

    #[test]
    fn what_stays_out_is_counted() {
        let pieces = split(vec![part(&"x".repeat(20_000))], 1024);
        assert_eq!(pieces.parts.len(), QUESTIONS);
        let kept: usize = pieces.parts.iter().flatten().map(|part| part.text.len()).sum();
        assert_eq!(kept + pieces.left_out, 20_000);
    }
}
