//! What one review may take in tokens and money, and what it has taken.

use std::sync::{Mutex, PoisonError};

use super::settings::ReviewerSettings;
use super::trouble::Trouble;

/// Tokens that were read and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) input: u64,
    pub(super) output: u64,
}

impl Tokens {
    fn all(self) -> u64 {
        self.input.saturating_add(self.output)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_sub(other.input),
            output: self.output.saturating_sub(other.output),
        }
    }
}

/// Tokens that a text of `bytes` bytes takes at most, in any language that is read by people.
pub(super) fn at_most(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(2)
}

/// The purse of one review. What a question may take is set aside before it is asked.
#[derive(Debug)]
pub(super) struct Budget {
    most: u64,
    cost: Option<f64>,
    prices: Option<(f64, f64)>,
    taken: Mutex<Tokens>,
}

impl Budget {
    /// Fills it as the operator says.
    pub(super) fn new(settings: &ReviewerSettings) -> Self {
        Self {
            most: settings.max_tokens,
            cost: settings.max_cost,
            prices: settings.prices(),
            taken: Mutex::default(),
        }
    }

    /// Returns what tokens cost, where the prices are known.
    pub(super) fn cost(&self, tokens: Tokens) -> Option<f64> {
        let (input, output) = self.prices?;
        Some((tokens.input as f64 * input + tokens.output as f64 * output) / 1e6)
    }

    /// Sets aside what one try may take.
    pub(super) fn set_aside(&self, tokens: Tokens) -> Result<(), Trouble> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let then = taken.plus(tokens);
        if then.all() > self.most {
            return Err(Trouble::Budget(format!("{} of {} tokens would be taken", then.all(), self.most)));
        }
        if let (Some(most), Some(cost)) = (self.cost, self.cost(then))
            && cost > most
        {
            return Err(Trouble::Budget(format!("{cost:.6} of {most:.6} would be paid")));
        }
        *taken = then;
        Ok(())
    }

    /// Puts what was really taken in the place of what was set aside.
    pub(super) fn settle(&self, aside: Tokens, real: Tokens) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = taken.minus(aside).plus(real);
    }

    /// Returns what was taken so far.
    pub(super) fn taken(&self) -> Tokens {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(change: impl FnOnce(&mut ReviewerSettings)) -> Budget {
        let mut settings = ReviewerSettings::new("http://127.0.0.1:1", "m");
        change(&mut settings);
        Budget::new(&settings)
    }

    const TRY: Tokens = Tokens { input: 600, output: 300 };

    #[test]
    fn tokens_are_set_aside_and_what_was_not_taken_comes_back() {
        let budget = budget(|llm| llm.max_tokens = 1_000);
        budget.set_aside(TRY).unwrap();
        assert_eq!(
            budget.set_aside(TRY).unwrap_err().to_string(),
            "over budget: 1800 of 1000 tokens would be taken"
        );
        budget.settle(TRY, Tokens { input: 50, output: 20 });
        budget.set_aside(TRY).unwrap();
        assert_eq!(budget.taken(), Tokens { input: 650, output: 320 });
    }

    #[test]
    fn money_is_bounded_by_the_prices() {
        let budget = budget(|llm| {
            (llm.max_cost, llm.input_price, llm.output_price) = (Some(0.001), Some(1.0), Some(1.0));
        });
        budget.set_aside(TRY).unwrap();
        assert_eq!(budget.cost(TRY), Some(0.0009));
        assert!(
            budget.set_aside(TRY).unwrap_err().to_string().contains("0.001800 of 0.001000 would be paid")
        );
    }
}
