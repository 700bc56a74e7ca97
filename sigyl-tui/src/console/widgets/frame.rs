//! What stands in front: a box in the middle.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::widgets::{Block, Clear, Widget as _};

use crate::console::view::View;

/// Draws an empty box of at most this size in the middle, and returns what is inside of it.
pub(in crate::console) fn popup(
    area: Rect,
    buf: &mut Buffer,
    size: (u16, u16),
    title: &str,
    view: &View<'_>,
) -> Rect {
    let (width, height) = (size.0.min(area.width), size.1.min(area.height));
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 2;
    let place = Rect::new(x, y, width, height);
    Clear.render(place, buf);
    buf.set_style(place, view.theme.text);
    let set = match view.look.ascii {
        true => border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        },
        false => border::ROUNDED,
    };
    let title = if title.is_empty() { String::new() } else { format!(" {title} ") };
    let block = Block::bordered()
        .border_set(set)
        .border_style(view.theme.focus)
        .title(ratatui::text::Span::styled(title, view.theme.accent));
    let inner = block.inner(place);
    block.render(place, buf);
    // One column of air on each side.
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// Where a place of the terminal is inside of an area, if it is.
pub(in crate::console) fn within(area: Rect, (x, y): (u16, u16)) -> Option<(u16, u16)> {
    let inside = (area.x..area.right()).contains(&x) && (area.y..area.bottom()).contains(&y);
    inside.then(|| (x - area.x, y - area.y))
}

/// Writes text at a place, cut where the area ends. Returns the column after it.
pub(in crate::console) fn put(buf: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
    if y >= area.bottom() || x >= area.right() {
        return x;
    }
    let room = usize::from(area.right() - x);
    buf.set_stringn(x, y, text, room, style).0
}
