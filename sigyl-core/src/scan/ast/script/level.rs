//! What is open where a script is read as tokens, and what stands before the next of them.

/// What stands before a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// What a value follows: a sign, or a word like `return`.
    Sign,
    /// A value, or a name.
    Value,
    /// What is a name here and a key word there.
    Soft,
    /// `)` behind the condition of a statement.
    Head,
    /// `}`.
    Block,
    /// `++` or `--`.
    Step,
    /// `.`, before a name that is no key word.
    Dot,
    /// `;`.
    End,
    /// `else`, `do`, and the colon of a label: a statement follows that stands in another.
    Inner,
}

/// What is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub(super) closer: u8,
    /// Whether it is what stands in a template.
    pub(super) template: bool,
    /// Whether it is the condition of a statement.
    pub(super) head: bool,
    /// How deep it is itself.
    pub(super) base: u32,
    /// Statements that stand in each other without braces.
    pub(super) statements: u32,
    /// What leans to the right: arrows, assignments, choices.
    pub(super) values: u32,
    /// Signs before a value.
    pub(super) signs: u32,
    /// Choices whose colon has not come.
    pub(super) choices: u32,
    /// Brackets around it that may hold the parameters of an arrow.
    pub(super) groups: u32,
    /// Whether types may follow, which only some scripts have.
    pub(super) types: bool,
}

impl Level {
    pub(super) fn new(closer: u8, base: u32) -> Self {
        Self {
            closer,
            template: false,
            head: false,
            base,
            statements: 0,
            values: 0,
            signs: 0,
            choices: 0,
            groups: 0,
            types: false,
        }
    }

    pub(super) fn depth(&self) -> u32 {
        self.base + self.statements + self.values + self.signs
    }

    /// A value of its own begins.
    pub(super) fn next_value(&mut self) {
        (self.values, self.signs, self.choices, self.types) = (0, 0, 0, false);
    }

    /// A statement begins that stands in no other of this level.
    pub(super) fn next_statement(&mut self) {
        self.next_value();
        self.statements = 0;
    }
}
