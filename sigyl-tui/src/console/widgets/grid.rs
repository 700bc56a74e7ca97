//! Rows under titles, of which only those on the screen are made.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::view::View;
use crate::render::Role;

/// Columns between two columns.
const GAP: u16 = 2;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(in crate::console) struct Column {
    /// Its title; one without is never ordered by.
    pub(in crate::console) title: &'static str,
    width: u16,
    /// How much of what is left over it takes.
    grows: u16,
    right: bool,
    /// Whether it is left out where there is no room.
    optional: bool,
}

impl Column {
    /// Text of a known width.
    pub(in crate::console) const fn fixed(title: &'static str, width: u16) -> Self {
        Self { title, width, grows: 0, right: false, optional: false }
    }

    /// A number of a known width.
    pub(in crate::console) const fn number(title: &'static str, width: u16) -> Self {
        Self { title, width, grows: 0, right: true, optional: false }
    }

    /// Text that takes what is left over.
    pub(in crate::console) const fn wide(title: &'static str, least: u16) -> Self {
        Self { title, width: least, grows: 1, right: false, optional: false }
    }

    /// The same column, left out where there is no room for it.
    pub(in crate::console) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// One value; the text is safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::console) struct Cell {
    /// As what.
    pub(in crate::console) role: Role,
    /// What is shown.
    pub(in crate::console) text: String,
}

/// A value as a cell.
pub(in crate::console) fn cell(role: Role, text: impl Into<String>) -> Cell {
    Cell { role, text: text.into() }
}

/// Columns, laid out.
#[derive(Debug)]
pub(in crate::console) struct Grid<'a> {
    columns: &'a [Column],
    /// Width of each; nothing for one that is left out.
    widths: Vec<Option<u16>>,
}

impl<'a> Grid<'a> {
    /// Lays columns out over a width.
    pub(in crate::console) fn new(columns: &'a [Column], width: u16) -> Self {
        let mut widths: Vec<Option<u16>> = columns.iter().map(|column| Some(column.width)).collect();
        let needed = |widths: &[Option<u16>]| -> u16 {
            let shown = widths.iter().flatten();
            shown.fold(0u16, |sum, width| sum.saturating_add(width + GAP)).saturating_sub(GAP)
        };
        for at in (0..columns.len()).rev() {
            if columns[at].optional && needed(&widths) > width {
                widths[at] = None;
            }
        }
        let spare = width.saturating_sub(needed(&widths));
        let share: u16 = columns
            .iter()
            .zip(&widths)
            .filter(|(_, width)| width.is_some())
            .map(|(column, _)| column.grows)
            .sum();
        if let Some(each) = spare.checked_div(share) {
            let mut rest = spare % share;
            for (column, width) in columns.iter().zip(&mut widths) {
                if let Some(width) = width.as_mut().filter(|_| column.grows > 0) {
                    *width += each * column.grows + rest;
                    rest = 0;
                }
            }
        }
        Self { columns, widths }
    }

    /// Draws the titles, with a sign beside the one that rows are ordered by.
    pub(in crate::console) fn titles(
        &self,
        area: Rect,
        buf: &mut Buffer,
        by: Option<(usize, bool)>,
        view: &View<'_>,
    ) {
        let up = if view.look.ascii { ("^", "v") } else { ("▴", "▾") };
        let title = |at: usize| match by {
            Some((column, down)) if column == at => {
                cell(Role::Strong, format!("{}{}", self.columns[at].title, if down { up.1 } else { up.0 }))
            }
            _ => cell(Role::Dim, self.columns[at].title),
        };
        let cells: Vec<Cell> = (0..self.columns.len()).map(title).collect();
        self.row(area, buf, &cells, view);
    }

    /// Draws one row.
    pub(in crate::console) fn row(&self, area: Rect, buf: &mut Buffer, cells: &[Cell], view: &View<'_>) {
        let mut x = area.x;
        for ((cell, column), width) in cells.iter().zip(self.columns).zip(&self.widths) {
            let Some(width) = width else { continue };
            if x >= area.right() {
                return;
            }
            let room = (*width).min(area.right() - x);
            let text = view.look.cut(&cell.text, usize::from(room));
            let taken = u16::try_from(console::measure_text_width(&text)).unwrap_or(room);
            let at = if column.right { x + room.saturating_sub(taken) } else { x };
            buf.set_stringn(at, area.y, text, usize::from(room), view.theme.role(cell.role));
            x = x.saturating_add(width + GAP);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_goes_to_the_wide_ones_and_optional_ones_go_first() {
        let columns = [
            Column::fixed("A", 5),
            Column::wide("B", 8),
            Column::number("C", 6).optional(),
            Column::wide("D", 8),
        ];
        let widths = |width| Grid::new(&columns, width).widths;
        assert_eq!(widths(43), [Some(5), Some(13), Some(6), Some(13)]);
        assert_eq!(widths(30), [Some(5), Some(11), None, Some(10)]);
        assert_eq!(widths(10), [Some(5), Some(8), None, Some(8)], "narrower than that is cut by the screen");
    }
}
