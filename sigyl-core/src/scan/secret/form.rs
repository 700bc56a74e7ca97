//! The form of a credential: fixed texts and runs of characters, read without going back.

/// Characters that a run is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// `0-9`.
    Digit,
    /// `0-9a-f`.
    Hex,
    /// `0-9a-fA-F`.
    AnyHex,
    /// `A-Z2-7`, as base 32 has it.
    Base32,
    /// `0-9A-Z`.
    Upper,
    /// `0-9a-z`.
    Lower,
    /// `0-9A-Za-z`.
    Alnum,
    /// `0-9A-Za-z_-`.
    Url,
    /// `0-9A-Za-z+/=`.
    Base64,
    /// `0-9A-Za-z_.=~-`.
    Wide,
}

impl Class {
    /// Tells whether a byte is one of them.
    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Self::Digit => byte.is_ascii_digit(),
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::AnyHex => byte.is_ascii_hexdigit(),
            Self::Base32 => matches!(byte, b'A'..=b'Z' | b'2'..=b'7'),
            Self::Upper => matches!(byte, b'0'..=b'9' | b'A'..=b'Z'),
            Self::Lower => matches!(byte, b'0'..=b'9' | b'a'..=b'z'),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
            Self::Wide => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'=' | b'~'),
        }
    }
}

/// One part of a form.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// A fixed text.
    Text(&'static str),
    /// As many characters of a class as there are, at least and at most so many.
    Run(Class, usize, usize),
}

/// How a credential is read from the place at which its fixed text begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// Parts one after the other, the first of them a text; before it may stand a run of so many characters.
    Parts(Option<(Class, usize, usize)>, &'static [Part]),
    /// By a function of its own, which gets the text and where the fixed text begins.
    Own(&'static str, fn(&str, usize) -> Option<Place>),
}

/// Where a credential stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// First byte.
    pub(super) start: usize,
    /// First byte of what is secret: what stands before may be shown.
    pub(super) secret: usize,
    /// First byte after it.
    pub(super) end: usize,
}

/// What a credential is worth to whoever finds it; ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scan) enum Worth {
    /// A key of a test system, or one that opens little.
    Minor,
    /// Its form is shared by other things, or its checksum does not hold.
    Likely,
    /// Its form is that of one vendor alone.
    Key,
    /// Its checksum or its structure proves it.
    Live,
}

impl Form {
    /// Returns the fixed text that is looked for.
    pub(super) fn anchor(&self) -> &'static str {
        match self {
            Self::Parts(_, [Part::Text(text), ..]) | Self::Own(text, _) => text,
            // A table test holds every form to begin with a text.
            Self::Parts(..) => "",
        }
    }

    /// Tells whether its fixed text may well stand in any base 64.
    fn has_plain_beginning(&self) -> bool {
        self.anchor().bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// Reads a credential whose fixed text begins at `at`.
    pub(super) fn read(&self, text: &str, at: usize) -> Option<Place> {
        let (before, parts) = match self {
            Self::Own(_, read) => return read(text, at),
            Self::Parts(before, parts) => (before, parts),
        };
        let bytes = text.as_bytes();
        let start = match before {
            None => at,
            Some((class, least, most)) => {
                let run =
                    bytes[..at].iter().rev().take(most + 1).take_while(|byte| class.has(**byte)).count();
                (*least..=*most).contains(&run).then(|| at - run)?
            }
        };
        if start.checked_sub(1).is_some_and(|before| goes_on(bytes, before)) {
            return None;
        }
        let mut end = at;
        let mut last = None;
        for part in *parts {
            (end, last) = match *part {
                Part::Text(fixed) => {
                    (text.get(end..)?.starts_with(fixed).then_some(end + fixed.len())?, None)
                }
                Part::Run(class, least, most) => {
                    let run = bytes[end..].iter().take(most).take_while(|byte| class.has(**byte)).count();
                    (run >= least).then_some((end + run, Some(class)))?
                }
            };
        }
        let more = |byte: &u8| {
            byte.is_ascii_alphanumeric() || last.is_some_and(|class| class.has(*byte) && *byte != b'=')
        };
        if bytes.get(end).is_some_and(more) || self.has_plain_beginning() && in_base64(bytes, start, end) {
            return None;
        }
        let secret = if start < at { start } else { at + self.anchor().len() };
        Some(Place { start, secret, end })
    }
}

/// Tells whether a word or number goes on past its beginning; the letter of an escape such as `\n` does not belong to it.
fn goes_on(bytes: &[u8], before: usize) -> bool {
    let escape = matches!(bytes[before], b'n' | b'r' | b't')
        && before.checked_sub(1).is_some_and(|at| bytes[at] == b'\\');
    (bytes[before].is_ascii_alphanumeric() || matches!(bytes[before], b'_' | b'-')) && !escape
}

/// Tells whether a stretch is part of a longer text in base 64.
fn in_base64(bytes: &[u8], start: usize, end: usize) -> bool {
    let is_more = |byte: Option<&u8>| matches!(byte, Some(b'+' | b'/'));
    is_more(start.checked_sub(1).and_then(|before| bytes.get(before))) || is_more(bytes.get(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form =
        Form::Parts(None, &[Part::Text("ab_"), Part::Run(Class::Digit, 2, 4), Part::Text(".x")]);

    fn read(text: &str) -> Option<&str> {
        FORM.read(text, text.find("ab_").unwrap()).map(|place| &text[place.start..place.end])
    }

    #[test]
    fn a_form_is_read_whole_or_not_at_all() {
        assert_eq!(read("('ab_12.x')"), Some("ab_12.x"));
        assert_eq!(read("\\nab_1234.x\\n"), Some("ab_1234.x"));
        for text in ["ab_1.x", "ab_12345.x", "cab_12.x", "-ab_12.x", "ab_12.xy", "ab_12.", "ab_", "ab_1é.x"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_run_may_stand_before_the_fixed_text() {
        let form = Form::Parts(Some((Class::Digit, 3, 4)), &[Part::Text(":AA"), Part::Run(Class::Url, 2, 2)]);
        let read = |text: &str| form.read(text, text.find(":AA").unwrap());
        assert_eq!(read(" 123:AAxy"), Some(Place { start: 1, secret: 1, end: 9 }));
        for text in ["12:AAxy", "12345:AAxy", "x123:AAxy", "123:AAxyz"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
