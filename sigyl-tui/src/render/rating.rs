//! What accounts think of a server.

use sigyl_core::domain::Timestamp;
use sigyl_core::wire::registry::Rated;
use sigyl_core::wire::v1::RatingsView;

use super::table::{Cell, Column, Table};
use super::{Look, Role, age, specimen};

/// Writes what ratings come to, in a few words.
pub(crate) fn rated(rated: &Rated) -> String {
    format!("{} of 5 stars, by {}", rated.average, rated.count)
}

/// Writes ratings, the newest first, and what all come to.
pub(crate) fn ratings(view: &RatingsView, look: &Look, now: Timestamp) -> String {
    let mut table = Table::new([
        Column::right("STARS"),
        Column::key("BY"),
        Column::flexible("WHY"),
        Column::right("SAID"),
    ]);
    for rating in &view.ratings {
        let comment = rating.comment.as_ref().map_or(String::new(), |text| specimen(text.as_str()));
        table.push([
            rating.stars.count().to_string().into(),
            Cell::new(Role::Strong, specimen(&rating.by)),
            comment.into(),
            Cell::new(Role::Dim, age(rating.at, now)),
        ]);
    }
    let mut text = table.render(look);
    if let Some(total) = &view.total {
        text.push_str(&format!("\n{}\n", rated(total)));
    }
    if view.omitted > 0 {
        text.push_str(&format!("{} older ones are not listed.\n", view.omitted));
    }
    text
}
