use super::*;

fn index(rows: &[(&str, &str, &str, &[&str])]) -> Index {
    let mut index = Index::default();
    for (name, title, description, more) in rows {
        let texts = Texts {
            name: (*name).to_owned(),
            title: (*title).to_owned(),
            description: (*description).to_owned(),
            words: more.iter().map(|word| (*word).to_owned()).collect(),
        };
        index.put(&DocumentName::parse(name).unwrap(), &texts);
    }
    index
}

fn found(index: &Index, words: &str) -> Vec<String> {
    let (found, total) = index.find(words, 9);
    assert_eq!(found.len(), total);
    let (best, all) = index.find(words, 1);
    assert_eq!((best.as_slice(), all), (&found[..total.min(1)], total), "fewer are the first of more");
    found.iter().map(ToString::to_string).collect()
}

fn some() -> Index {
    index(&[
        ("com.example/clock", "Clock", "Tells the time in every zone", &["get_time"]),
        ("com.example/calendar", "Calendar", "Dates, and the time of meetings", &[]),
        ("io.github.ada/weather", "Weather", "Forecasts by the clock", &["forecast"]),
        ("io.github.bob/postgres", "PostgreSQL", "Queries a database", &["query"]),
    ])
}

#[test]
fn a_name_comes_before_a_mention() {
    let index = some();
    assert_eq!(found(&index, "clock"), ["com.example/clock", "io.github.ada/weather"]);
    assert_eq!(found(&index, "CLOCK time"), ["com.example/clock"]);
    assert!(found(&index, "xylophone").is_empty());
    assert!(found(&index, "").is_empty());
}

#[test]
fn words_may_be_cut_short_or_mistyped() {
    let index = some();
    assert_eq!(found(&index, "cal"), ["com.example/calendar"]);
    assert_eq!(found(&index, "wether"), ["io.github.ada/weather"]);
    assert_eq!(found(&index, "postgrse"), ["io.github.bob/postgres"]);
    assert_eq!(found(&index, "forecsat"), ["io.github.ada/weather"]);
}

#[test]
fn tools_and_tags_are_found_and_all_words_count() {
    let index = some();
    assert_eq!(found(&index, "query"), ["io.github.bob/postgres"]);
    assert_eq!(found(&index, "github database"), ["io.github.bob/postgres"]);
    let some_words = found(&index, "database xylophone");
    assert_eq!(some_words, ["io.github.bob/postgres"], "what most words stand in is better than nothing");
}

#[test]
fn what_is_replaced_or_removed_is_not_found_by_its_old_words() {
    let mut index = some();
    let name = DocumentName::parse("com.example/clock").unwrap();
    index.put(&name, &Texts { name: name.to_string(), title: "Sundial".to_owned(), ..Texts::default() });
    assert_eq!(found(&index, "sundial"), ["com.example/clock"]);
    assert_eq!(found(&index, "zone"), [""; 0]);
    index.remove(&name);
    index.remove(&name);
    assert_eq!(found(&index, "sundial"), [""; 0]);
    for title in ["Calendar", "Weather", "PostgreSQL"] {
        assert_eq!(found(&index, title).len(), 1);
    }
    for name in ["com.example/calendar", "io.github.ada/weather", "io.github.bob/postgres"] {
        index.remove(&DocumentName::parse(name).unwrap());
    }
    assert!(index.words.is_empty() && index.numbers.is_empty(), "nothing is left behind");
}
