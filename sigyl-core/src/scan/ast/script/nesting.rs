//! How deeply a script is nested at most, before it is parsed by a parser that has no bound of its own.
//!
//! The text is read once as tokens. Wherever `/` may be a division or begin a regular expression, it is read both ways:
//! the parser stops at the first bracket that closes another one than was opened, so that most wrong ways end soon. What
//! is told is never less than how deep the parser goes, and what cannot be told is taken for too deep.

use super::level::{Before, Level};

/// Levels that the parser is let into: brackets, and all that nests without any.
const LEVELS: u32 = 300;
/// Brackets in each other that may each hold the parameters of an arrow: what they hold is read twice, as these and as a
/// value, and each outer one reads the inner ones again.
const GROUPS: u32 = 16;
/// Times that a text is read both ways.
const FORKS: usize = 200;

/// What a step came to.
enum Step {
    On,
    /// The parser stops here, or at the end.
    Over,
    /// It is too deep, or that cannot be told.
    Deep,
}

/// Tells whether a script is nested so little that the parser needs no more than the stack it has.
pub(super) fn is_shallow(text: &str) -> bool {
    let mut left = text.len() * 4 + (64 << 10);
    let mut forks = FORKS;
    let mut waiting = vec![Walk::new(text)];
    while let Some(mut walk) = waiting.pop() {
        loop {
            let from = walk.at;
            let step = walk.step(&mut |other| {
                forks = forks.saturating_sub(1);
                waiting.push(other);
            });
            match left.checked_sub(walk.at - from + 1) {
                Some(rest) if forks > 0 => left = rest,
                _ => return false,
            }
            match step {
                Step::On => {}
                Step::Over => break,
                Step::Deep => return false,
            }
        }
    }
    true
}

/// One way to read a text.
#[derive(Clone)]
struct Walk<'t> {
    text: &'t str,
    at: usize,
    levels: Vec<Level>,
    before: Before,
    /// Whether a line ended before the token.
    line: bool,
    /// Whether the next bracket holds the condition of a statement.
    head: bool,
}

impl<'t> Walk<'t> {
    fn new(text: &'t str) -> Self {
        let line = |text: &str| text.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(text.len());
        let at = if text.starts_with("#!") { line(text) } else { 0 };
        Self { text, at, levels: vec![Level::new(0, 0)], before: Before::End, line: false, head: false }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or_default()
    }

    fn level(&mut self) -> &mut Level {
        // The outermost is never taken away.
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    /// Reads a token.
    fn step(&mut self, fork: &mut dyn FnMut(Self)) -> Step {
        if !self.blanks() {
            return Step::Deep;
        }
        if self.at >= self.text.len() {
            return Step::Over;
        }
        let step = self.token(fork);
        self.line = false;
        let level = self.level();
        if level.depth() > LEVELS || level.groups > GROUPS { Step::Deep } else { step }
    }

    /// Goes past blanks and comments; tells whether it can.
    fn blanks(&mut self) -> bool {
        while let Some(rest) = self.text.get(self.at..) {
            let Some(first) = rest.chars().next() else { break };
            match first {
                '\n' | '\r' | '\u{2028}' | '\u{2029}' => self.line = true,
                '/' if rest.starts_with("//") => {
                    let ends = ['\n', '\r', '\u{2028}', '\u{2029}'];
                    self.at += rest.find(ends).unwrap_or(rest.len());
                    continue;
                }
                '/' if rest.starts_with("/*") => {
                    let Some(end) = rest[2..].find("*/") else { return false };
                    self.line |= rest[..end + 2].contains(['\n', '\r', '\u{2028}', '\u{2029}']);
                    self.at += end + 4;
                    continue;
                }
                '\u{feff}' => {}
                _ if first.is_whitespace() => {}
                // Such comments are none in a module.
                '<' if rest.starts_with("<!--") => return false,
                '-' if rest.starts_with("-->") => return false,
                _ => break,
            }
            self.at += first.len_utf8();
        }
        true
    }

    fn token(&mut self, fork: &mut dyn FnMut(Self)) -> Step {
        let byte = self.byte(0);
        // `for await (`: what else stands before a bracket makes it no condition.
        if byte != b'(' && !self.text[self.at..].starts_with("await") {
            self.head = false;
        }
        if self.before == Before::End && !self.text[self.at..].starts_with(['e', 'w']) {
            self.level().statements = 0;
        }
        match byte {
            b'(' | b'[' | b'{' => self.open(byte),
            b')' | b']' | b'}' => return self.close(byte),
            b'"' | b'\'' => return self.string(byte),
            b'`' => {
                self.at += 1;
                return self.template();
            }
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(1).is_ascii_digit() => self.number(),
            b'/' => return self.slash(fork),
            // What they stand before may begin anywhere.
            b'@' => return Step::Deep,
            // A name that is spelled so may be any word.
            b'\\' => return Step::Deep,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | b'#' => self.word(),
            // Blanks that are none elsewhere, or letters.
            0x80.. if !self.text[self.at..].starts_with(char::is_alphanumeric) => return Step::Deep,
            0x80.. => self.word(),
            _ => return self.sign(byte),
        }
        Step::On
    }

    fn open(&mut self, byte: u8) {
        let closer = match byte {
            b'(' => b')',
            b'[' => b']',
            _ => b'}',
        };
        self.at += 1;
        let mut level = Level::new(closer, self.level().depth() + 1);
        let group = byte == b'(' && self.before != Before::Value;
        level.groups = self.level().groups + u32::from(group);
        level.head = byte == b'(' && std::mem::take(&mut self.head);
        self.levels.push(level);
        self.before = if byte == b'{' { Before::End } else { Before::Sign };
    }

    fn close(&mut self, byte: u8) -> Step {
        let level = *self.level();
        if self.levels.len() == 1 || level.closer != byte {
            return Step::Over;
        }
        self.levels.pop();
        self.at += 1;
        self.level().signs = 0;
        if level.template {
            return self.template();
        }
        self.before = match byte {
            b')' if level.head => Before::Head,
            b'}' => Before::Block,
            _ => Before::Value,
        };
        Step::On
    }

    fn string(&mut self, quote: u8) -> Step {
        self.value();
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'\\' if bytes.get(at + 1..at + 3) == Some(b"\r\n") => at += 3,
                b'\\' => at += 2,
                b'\n' | b'\r' => return Step::Over,
                _ if byte == quote => {
                    self.at = at + 1;
                    self.before = Before::Value;
                    return Step::On;
                }
                _ => at += 1,
            }
        }
        Step::Over
    }

    /// Reads a template from behind its beginning, or behind what stands in it.
    fn template(&mut self) -> Step {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'`' => {
                    self.at += 1;
                    self.level().signs = 0;
                    self.before = Before::Value;
                    return Step::On;
                }
                b'$' if bytes.get(self.at + 1) == Some(&b'{') => {
                    self.at += 2;
                    let mut level = Level::new(b'}', self.level().depth() + 1);
                    level.template = true;
                    level.groups = self.level().groups;
                    self.levels.push(level);
                    self.before = Before::Sign;
                    return Step::On;
                }
                _ => self.at += 1,
            }
        }
        Step::Over
    }

    fn number(&mut self) {
        self.value();
        while matches!(self.byte(0), b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'.') {
            self.at += 1;
        }
        self.before = Before::Value;
    }

    /// A value comes, or a name.
    fn value(&mut self) {
        self.level().signs = 0;
        if !self.boundary() && self.before == Before::Value {
            self.level().values += 1;
        }
    }

    fn slash(&mut self, fork: &mut dyn FnMut(Self)) -> Step {
        match self.before {
            Before::Value if !self.line => self.division(),
            Before::Sign | Before::Head | Before::End | Before::Inner => return self.regex(),
            _ => {
                let mut other = self.clone();
                if matches!(other.regex(), Step::On) {
                    fork(other);
                }
                self.division();
            }
        }
        Step::On
    }

    fn division(&mut self) {
        self.at += if self.byte(1) == b'=' { 2 } else { 1 };
        self.level().signs = 0;
        self.before = Before::Sign;
    }

    fn regex(&mut self) -> Step {
        self.level().signs = 0;
        let rest = &self.text[self.at + 1..];
        let (mut escaped, mut class) = (false, false);
        for (at, c) in rest.char_indices() {
            match c {
                '\n' | '\r' | '\u{2028}' | '\u{2029}' => return Step::Over,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => class = true,
                ']' => class = false,
                '/' if !class => {
                    self.at += at + 2;
                    self.at += self.text[self.at..].find(|c: char| !is_name(c)).unwrap_or(0);
                    self.before = Before::Value;
                    return Step::On;
                }
                _ => {}
            }
        }
        Step::Over
    }

    fn sign(&mut self, byte: u8) -> Step {
        let two = [self.byte(0), self.byte(1)];
        let three = [two[0], two[1], self.byte(2)];
        let after = matches!(self.before, Before::Value | Before::Soft | Before::Block | Before::Step);
        let mut length = 1;
        let before = self.before;
        let level = self.level();
        let mut now = Before::Sign;
        match byte {
            b';' => {
                level.next_value();
                now = Before::End;
            }
            b',' => level.next_value(),
            b':' => match level.choices.checked_sub(1) {
                Some(choices) => level.choices = choices,
                None => {
                    level.values += 1;
                    now = Before::Inner;
                }
            },
            b'?' if two[1] == b'.' && !three[2].is_ascii_digit() => (length, now) = (2, Before::Dot),
            b'?' if two[1] == b'?' => length = if three[2] == b'=' { 3 } else { 2 },
            b'?' => {
                level.values += 1;
                level.choices += 1;
            }
            b'.' if three == *b"..." => length = 3,
            b'.' => now = Before::Dot,
            b'=' if two[1] == b'>' => {
                length = 2;
                level.values += 1;
            }
            b'=' if two[1] == b'=' => length = if three[2] == b'=' { 3 } else { 2 },
            b'!' if two[1] == b'=' => length = if three[2] == b'=' { 3 } else { 2 },
            b'+' | b'-' if two[1] == byte => {
                length = 2;
                level.signs += 1;
                now = Before::Step;
            }
            b'!' | b'~' => level.signs += 1,
            b'+' | b'-' if two[1] != b'=' => {
                if !after || before == Before::Block || before == Before::Soft {
                    level.signs += 1;
                } else {
                    level.signs = 0;
                }
            }
            b'*' if two[1] == b'*' => {
                length = 2;
                level.values += 1;
            }
            // `class A extends B<…>`.
            b'<' if level.types => return Step::Deep,
            b'=' => level.values += 1,
            b'%' | b'&' | b'*' | b'+' | b'-' | b'<' | b'>' | b'^' | b'|' => level.signs = 0,
            // No sign of the language: the parser stops.
            _ => return Step::Over,
        }
        self.at += length;
        self.before = now;
        Step::On
    }

    fn word(&mut self) {
        let rest = &self.text[self.at..];
        // What stands first may be no letter.
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let end = rest[first..].find(|c: char| !is_name(c)).map_or(rest.len(), |end| first + end);
        let word = &rest[..end];
        self.at += end;
        if self.before == Before::Dot {
            self.before = Before::Value;
            return;
        }
        match word {
            "if" | "for" | "while" | "with" => {
                self.statement(word);
                self.level().statements += 1;
                self.head = true;
                self.before = Before::Sign;
            }
            "else" | "do" => {
                if word == "do" {
                    self.statement(word);
                }
                self.level().statements += 1;
                self.before = Before::Inner;
            }
            "return" | "throw" | "var" | "const" | "case" | "switch" | "try" | "debugger" => {
                self.statement(word);
                self.before = Before::Sign;
                if word == "debugger" {
                    self.before = Before::Soft;
                }
            }
            "break" | "continue" => {
                self.statement(word);
                self.before = Before::Soft;
            }
            "function" | "class" => {
                if matches!(self.before, Before::Block | Before::Value | Before::End) {
                    self.level().next_statement();
                }
                self.before = Before::Sign;
            }
            "new" | "typeof" | "void" | "delete" => {
                self.boundary();
                self.level().signs += 1;
                self.before = Before::Sign;
            }
            "await" | "yield" => {
                self.boundary();
                self.level().signs += 1;
                self.before = Before::Soft;
            }
            "in" | "instanceof" => {
                self.level().signs = 0;
                self.before = Before::Sign;
            }
            "extends" | "implements" | "as" | "satisfies" => {
                self.level().values += 1;
                self.level().types = true;
                self.before = Before::Soft;
            }
            // They go on with a statement that may stand in others.
            "catch" | "finally" => self.before = Before::Soft,
            "default" | "export" | "import" => {
                self.boundary();
                self.before = Before::Soft;
            }
            "async" | "of" | "let" | "static" | "get" | "set" | "from" | "accessor" | "abstract"
            | "declare" | "enum" | "interface" | "type" | "namespace" | "module" | "global" | "using"
            | "keyof" | "infer" | "unique" | "readonly" | "asserts" => {
                if !self.boundary() && matches!(self.before, Before::Soft | Before::Value) {
                    self.level().values += 1;
                }
                self.before = Before::Soft;
            }
            _ => {
                self.value();
                self.before = Before::Value;
            }
        }
    }

    /// A word that goes on with no value comes; tells whether a statement begins with it.
    fn boundary(&mut self) -> bool {
        let types = self.level().types;
        let begins = match self.before {
            Before::Block => true,
            // Nothing but the end of a line ends a statement without a sign.
            Before::Value => self.line && !types,
            _ => false,
        };
        if begins {
            self.level().next_statement();
        }
        begins
    }

    /// A word that only a statement begins with.
    fn statement(&mut self, word: &str) {
        let before = self.before;
        let level = self.level();
        match before {
            Before::Head | Before::Inner => {
                level.statements += level.values;
                level.next_value();
                if word == "case" {
                    level.statements = 0;
                }
            }
            // It may be the one of `do`.
            _ if word == "while" => level.next_value(),
            _ => level.next_statement(),
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_scripts_are_shallow_however_long_they_are() {
        for line in [
            "const a = b ? c : d;\n",
            "a = b\n",
            "if (a) b()\nelse c()\nfoo(d)\n",
            "if(a)b();for(;;)c();",
            "function f(){return a&&!b}",
            "var a={b:1,c:'}{',d:/[/{]/,e:`${f}{`};",
            "x.if(y)/2;a=b/c/d;",
            "switch(a){case 1:case 2:case 3:b()}",
            "class A extends B{static c=1;d(){}}",
            "import a from 'b'\nexport const c = (d) => e\n",
            "'a'+'b'+\n",
            "async function f(){await a;for await(const b of c)d}",
        ] {
            let text = format!("{}1", line.repeat(2_000));
            assert!(is_shallow(&text), "{line}");
        }
    }

    #[test]
    fn what_would_be_read_again_and_again_is_deep() {
        assert!(is_shallow(&format!("{}1{}", "(a=".repeat(16), ")".repeat(16))));
        for (open, close) in [("(a=", ")"), ("[(a={b:`${(", ")}`})]"), ("async(a=", ")")] {
            assert!(!is_shallow(&format!("{}1{}", open.repeat(17), close.repeat(17))), "{open}");
        }
        assert!(is_shallow(&format!("{}1{}", "a(b,".repeat(100), ")".repeat(100))));
    }

    #[test]
    fn what_is_nested_is_deep_with_brackets_and_without() {
        for nest in [
            "(",
            "[",
            "{",
            "a(",
            "!",
            "-",
            "- -",
            "typeof ",
            "await ",
            "new ",
            "a?",
            "a?b:",
            "a=>",
            "(a)=>",
            "a=",
            "a**",
            "if(a)",
            "else ",
            "for(;;)",
            "while(a)",
            "a:",
            "do ",
            "`${",
            "(a=",
            "async a=>",
            "yield ",
            "if(a);else ",
            "class extends ",
            "a:if(b)",
            "++",
            "x={a:",
            "f(function(){",
            "with(a)",
            "a:b:c:d:if(x)",
            "function f(){",
            "[a]=[",
            "({a}={b:",
            "=>{",
            "a\n=>\n",
            // What looks like the end of something.
            "(')',",
            "(/[)]/,",
            "(`)`,",
            "{'}';",
            "(/*)*/",
            "x={if:(a)/1,b:[",
            "if(a)try{}catch{",
            "x=>\\u{61}b=>",
        ] {
            assert!(!is_shallow(&nest.repeat(2_000)), "{nest}");
        }
    }
}
