//! Regular expressions that go back over a text again and again: a repeated part that can be split in many ways.

/// Bytes of an expression that are read; longer ones are taken for harmless.
const LENGTH: usize = 2_000;
/// Groups in groups that are read.
const DEPTH: usize = 24;

/// Tells whether a text can keep an engine that goes back busy for longer than it is long, to no bound that is near.
pub(super) fn runs_away(pattern: &str, whole: bool) -> bool {
    if pattern.len() > LENGTH || !pattern.contains(['+', '*', '{']) {
        return false;
    }
    let mut reader = Reader { chars: pattern.chars().collect(), at: 0 };
    let Some(all) = reader.choices(0) else { return false };
    all.iter().any(|items| bolts(items, whole))
}

/// A part and how often it stands there.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    what: What,
    least: u32,
    /// Whether there is no bound, or a far one.
    open: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    /// One of these signs.
    One(u128),
    /// One of several.
    Group(Vec<Vec<Item>>),
    /// A place, such as the end.
    Place,
}

/// Tells whether a part of a row goes back over its text; `fails` tells whether something behind the row can fail.
fn bolts(items: &[Item], fails: bool) -> bool {
    items.iter().enumerate().any(|(at, item)| {
        let What::Group(choices) = &item.what else { return false };
        let fails = fails || items[at + 1..].iter().any(|next| next.least > 0 || next.what == What::Place);
        let repeated = item.open && fails && (choices.iter().any(|row| splits(row)) || overlap(choices));
        repeated || choices.iter().any(|row| bolts(row, fails || item.open))
    })
}

/// Tells whether a row that is repeated reads the same text in several ways: one open part, and nothing fixed besides.
fn splits(row: &[Item]) -> bool {
    let opens = row.iter().filter(|item| item.open && item.what != What::Place).collect::<Vec<_>>();
    match opens[..] {
        [] => match row {
            [Item { what: What::Group(choices), .. }] => choices.iter().any(|row| splits(row)),
            _ => false,
        },
        [one] => row.iter().all(|item| std::ptr::eq(item, one) || item.least == 0 || meets(item, one)),
        _ => row.iter().all(|item| item.least == 0 || opens.iter().all(|open| meets(item, open))),
    }
}

fn meets(one: &Item, other: &Item) -> bool {
    matches!((&one.what, &other.what), (What::One(one), What::One(other)) if one & other != 0)
}

/// Tells whether two choices of one sign each read the same.
fn overlap(choices: &[Vec<Item>]) -> bool {
    let single = |row: &Vec<Item>| match &row[..] {
        [Item { what: What::One(signs), least: 1, .. }] => *signs,
        [Item { what: What::One(one), .. }, Item { what: What::One(two), .. }] if one == two => *one,
        _ => 0,
    };
    let mut seen = 0;
    choices.iter().map(single).any(|signs| {
        let both = seen & signs != 0;
        seen |= signs;
        both
    })
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    fn choices(&mut self, depth: usize) -> Option<Vec<Vec<Item>>> {
        if depth > DEPTH {
            return None;
        }
        let mut all = vec![Vec::new()];
        while let Some(next) = self.peek() {
            match next {
                ')' if depth > 0 => break,
                '|' => {
                    self.at += 1;
                    all.push(Vec::new());
                }
                _ => {
                    let what = self.one(depth)?;
                    let (least, open) = self.times();
                    all.last_mut()?.push(Item { what, least, open });
                }
            }
        }
        Some(all)
    }

    fn one(&mut self, depth: usize) -> Option<What> {
        Some(match self.next()? {
            '(' => return self.group(depth),
            '[' => What::One(self.class()?),
            '\\' => match self.next()? {
                'b' | 'B' | 'A' | 'Z' | 'z' | 'G' => What::Place,
                kind => What::One(escaped(kind)),
            },
            '^' | '$' => What::Place,
            '.' => What::One(!sign('\n')),
            other => What::One(sign(other)),
        })
    }

    fn group(&mut self, depth: usize) -> Option<What> {
        let mut looks = false;
        if self.eat('?') {
            match self.next()? {
                ':' => {}
                '=' | '!' => looks = true,
                '<' if matches!(self.peek(), Some('=' | '!')) => looks = true,
                'P' | '<' => while self.next()? != '>' {},
                // Marks such as `i`, for the rest or for this group.
                _ => loop {
                    match self.next()? {
                        ')' => return Some(What::Place),
                        ':' => break,
                        _ => {}
                    }
                },
            }
        }
        let choices = self.choices(depth + 1)?;
        self.eat(')').then_some(if looks { What::Place } else { What::Group(choices) })
    }

    fn class(&mut self) -> Option<u128> {
        let negated = self.eat('^');
        let (mut signs, mut before, mut first) = (0, None, true);
        loop {
            let next = self.next()?;
            match next {
                ']' if !first => break,
                '\\' => {
                    let kind = self.next()?;
                    signs |= escaped(kind);
                    before = None;
                }
                '-' if before.is_some() && self.peek().is_some_and(|end| end != ']') => {
                    let (start, end) = (before.take()?, self.next()?);
                    (start..=end).take(128).for_each(|one| signs |= sign(one));
                }
                one => {
                    signs |= sign(one);
                    before = Some(one);
                }
            }
            first = false;
        }
        Some(if negated { !signs } else { signs })
    }

    fn times(&mut self) -> (u32, bool) {
        let times = match self.peek() {
            Some('*') => Some((0, true)),
            Some('+') => Some((1, true)),
            Some('?') => Some((0, false)),
            _ => None,
        };
        self.at += usize::from(times.is_some());
        let Some(times) = times.or_else(|| self.counted()) else { return (1, false) };
        // What is taken for good is not given back.
        let keeps = self.eat('+');
        self.eat('?');
        if keeps { (times.0, false) } else { times }
    }

    /// `{2}`, `{2,}`, `{2,5}`.
    fn counted(&mut self) -> Option<(u32, bool)> {
        self.peek().filter(|next| *next == '{')?;
        let rest = self.chars.get(self.at + 1..)?;
        let end = rest.iter().take(16).position(|c| *c == '}')?;
        let text = rest[..end].iter().collect::<String>();
        let (least, most) =
            text.split_once(',').map_or((text.as_str(), Some(text.as_str())), |(a, b)| (a, Some(b)));
        let least = least.trim().parse().ok()?;
        let open = most.and_then(|most| most.trim().parse::<u32>().ok()).is_none_or(|most| most >= 20);
        self.at += end + 2;
        Some((least, open))
    }
}

fn sign(c: char) -> u128 {
    // Signs beyond ASCII are told apart no further.
    1_u128 << (c as u32).min(127)
}

fn escaped(kind: char) -> u128 {
    let of =
        |is: fn(char) -> bool| (0..128_u8).map(char::from).filter(|c| is(*c)).fold(0, |all, c| all | sign(c));
    match kind {
        'd' => of(|c| c.is_ascii_digit()),
        'w' => of(|c| c.is_ascii_alphanumeric() || c == '_'),
        's' => of(|c| c.is_ascii_whitespace()),
        'D' => !escaped('d'),
        'W' => !escaped('w'),
        'S' => !escaped('s'),
        'n' => sign('\n'),
        't' => sign('\t'),
        other => sign(other),
    }
}

#[cfg(test)]
mod tests {
    use super::runs_away;

    #[test]
    fn what_can_be_split_in_many_ways_runs_away() {
        for pattern in [
            r"^(a+)+$",
            r"(a*)*b",
            r"^(\w+\s?)+$",
            r"^([a-zA-Z0-9]+)*@",
            r"(a|a)*b",
            r"^(\w|\d)+$",
            r"^(a|aa)+$",
            r"^((ab)*)*$",
            r"^(?:[a-z]+[a-z0-9]*)+!",
            r"^(\d{1,}-?)+$",
        ] {
            assert!(runs_away(pattern, false), "{pattern}");
        }
        assert!(runs_away(r"(a+)+", true));
    }

    #[test]
    fn what_reads_in_one_way_does_not() {
        for pattern in [
            r"^\w+( \w+)*$",
            r"^[a-z0-9-]+$",
            r"^(\d{1,3}\.){3}\d{1,3}$",
            r"^([a-z]+\.)+[a-z]+$",
            r"(a+)+",
            r"^(?:foo|bar)+$",
            r"^#?([0-9a-f]{6}|[0-9a-f]{3})$",
            r"^([^,]+,)*[^,]*$",
            r"^(a|b)+$",
            r"[unclosed",
            r"(unclosed",
            r"a{1,2",
            r"\",
        ] {
            assert!(!runs_away(pattern, false), "{pattern}");
        }
    }
}
