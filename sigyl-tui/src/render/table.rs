//! Tables that fit the terminal: columns keep their order, the flexible ones give way.

use super::{Look, Role};

/// Columns between two columns.
const GAP: usize = 2;
/// Columns that a flexible column keeps at least.
const NARROWEST: usize = 8;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    title: &'static str,
    right: bool,
    gives: Gives,
}

/// How a column gives way on a narrow terminal; the greatest does first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Gives {
    /// Not at all.
    Never,
    /// It is cut when nothing else gives way any more.
    Last,
    /// It is cut first.
    First,
    /// It is left out.
    Whole,
}

impl Column {
    /// Text, aligned left, never cut.
    pub(super) fn left(title: &'static str) -> Self {
        Self { title, right: false, gives: Gives::Never }
    }

    /// A number, aligned right, never cut.
    pub(super) fn right(title: &'static str) -> Self {
        Self { title, right: true, gives: Gives::Never }
    }

    /// Text that is cut when nothing else gives way any more: what a reader needs whole.
    pub(super) fn key(title: &'static str) -> Self {
        Self { title, right: false, gives: Gives::Last }
    }

    /// Text that is cut first.
    pub(super) fn flexible(title: &'static str) -> Self {
        Self { title, right: false, gives: Gives::First }
    }

    /// What is left out when the terminal is narrow, since the details show it too.
    pub(super) fn optional(title: &'static str) -> Self {
        Self { title, right: false, gives: Gives::Whole }
    }
}

/// One value with its colour; the text is safe to show.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    role: Role,
}

impl Cell {
    /// Text in a colour.
    pub(super) fn new(role: Role, text: impl Into<String>) -> Self {
        Self { text: text.into(), role }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(Role::Text, text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(Role::Text, text)
    }
}

/// Rows under titles.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Makes an empty table.
    pub(super) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row, which has a cell for each column.
    pub(super) fn push<const N: usize>(&mut self, cells: [Cell; N]) {
        debug_assert_eq!(N, self.columns.len());
        self.rows.push(cells.into());
    }

    /// Writes titles and rows, each line ended.
    pub(super) fn render(&self, look: &Look) -> String {
        let widths = self.widths(look);
        let titles: Vec<_> = self.columns.iter().map(|column| Cell::new(Role::Dim, column.title)).collect();
        let mut text = String::new();
        for row in std::iter::once(&titles).chain(&self.rows) {
            self.line(&mut text, row, &widths, look);
        }
        text
    }

    fn widths(&self, look: &Look) -> Vec<usize> {
        let natural = |(at, column): (usize, &Column)| {
            let cells = self.rows.iter().map(|row| console::measure_text_width(&row[at].text));
            cells.chain([console::measure_text_width(column.title)]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = self.columns.iter().enumerate().map(natural).collect();
        let Some(room) = look.width else { return widths };
        for at in (0..widths.len()).rev() {
            if self.columns[at].gives == Gives::Whole && over(&widths, room) > 0 {
                widths[at] = 0;
            }
        }
        // Of the columns that give first, the widest does, so that none is cut while another is wider.
        for _ in 0..over(&widths, room) {
            let widest = (0..widths.len())
                .filter(|&at| self.columns[at].gives > Gives::Never && widths[at] > NARROWEST)
                .max_by_key(|&at| (self.columns[at].gives, widths[at]));
            let Some(at) = widest else { break };
            widths[at] -= 1;
        }
        widths
    }

    fn line(&self, text: &mut String, row: &[Cell], widths: &[usize], look: &Look) {
        let shown: Vec<usize> = (0..row.len()).filter(|&at| !self.is_left_out(at, widths)).collect();
        let last = shown.iter().rposition(|&at| !row[at].text.is_empty()).unwrap_or(0);
        for (place, &at) in shown.iter().enumerate().take(last + 1) {
            let cell = &row[at];
            let fitting = look.cut(&cell.text, widths[at]);
            let blank = " ".repeat(widths[at].saturating_sub(console::measure_text_width(&fitting)));
            let painted = look.paint(cell.role, &fitting);
            if place > 0 {
                text.push_str(&" ".repeat(GAP));
            }
            if self.columns[at].right {
                text.push_str(&blank);
            }
            text.push_str(&painted);
            if !self.columns[at].right && place < last {
                text.push_str(&blank);
            }
        }
        text.push('\n');
    }

    fn is_left_out(&self, at: usize, widths: &[usize]) -> bool {
        self.columns[at].gives == Gives::Whole && widths[at] == 0
    }
}

/// Columns that a table is wider than the room for it.
fn over(widths: &[usize], room: usize) -> usize {
    let shown = widths.iter().filter(|&&width| width > 0).count();
    (widths.iter().sum::<usize>() + GAP * shown.saturating_sub(1)).saturating_sub(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([Column::key("NAME"), Column::right("TOOLS"), Column::flexible("WHAT")]);
        table.push(["clock".into(), "2".into(), "tells the time".into()]);
        table.push(["a-very-long-name-of-a-server".into(), "1200".into(), "世界世界".into()]);
        table
    }

    #[test]
    fn a_wide_terminal_shows_everything() {
        insta::assert_snapshot!(table().render(&Look::PLAIN), @r"
        NAME                          TOOLS  WHAT
        clock                             2  tells the time
        a-very-long-name-of-a-server   1200  世界世界
        ");
    }

    #[test]
    fn a_narrow_one_cuts_what_may_be_cut_and_says_so() {
        let narrow = Look { width: Some(34), ..Look::PLAIN };
        let text = table().render(&narrow);
        assert!(text.lines().all(|line| console::measure_text_width(line) <= 34), "{text}");
        insta::assert_snapshot!(text, @r"
        NAME               TOOLS  WHAT
        clock                  2  tells t…
        a-very-long-name…   1200  世界世界
        ");
    }

    #[test]
    fn what_may_be_left_out_is_before_anything_is_cut() {
        let mut table = Table::new([Column::key("NAME"), Column::optional("MORE"), Column::right("N")]);
        table.push(["a-name-of-some-length".into(), "and something more".into(), "1".into()]);
        let narrow = Look { width: Some(30), ..Look::PLAIN };
        assert_eq!(table.render(&narrow), "NAME                   N\na-name-of-some-length  1\n");
        assert!(table.render(&Look::PLAIN).contains("something more"));
    }

    #[test]
    fn colours_do_not_move_columns() {
        let colored = table().render(&Look { color: true, ..Look::PLAIN });
        let plain = table().render(&Look::PLAIN);
        assert_ne!(colored, plain);
        assert_eq!(console::strip_ansi_codes(&colored), plain);
    }
}
