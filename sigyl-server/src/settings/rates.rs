//! How often a caller may ask, in requests a minute.

use std::num::NonZeroU32;
use std::time::Duration;

use sigyl_core::access::{Rate, Rates};

use super::Settings;

/// What a share of a minute may come at once, as a part of it.
const BURST: u32 = 10;

impl Settings {
    /// Returns the shares of callers: the usual ones where nothing was set.
    pub(crate) fn rates(&self) -> Rates {
        let mut rates = Rates::default();
        for (class, set) in [
            (&mut rates.read, self.read_rate.value),
            (&mut rates.write, self.write_rate.value),
            (&mut rates.deploy, self.deploy_rate.value),
            (&mut rates.login, self.login_rate.value),
        ] {
            if let Some(a_minute) = set {
                *class = rate(a_minute);
            }
        }
        rates
    }
}

fn rate(a_minute: NonZeroU32) -> Rate {
    let burst = (a_minute.get() / BURST).max(1);
    Rate { burst, every: Duration::from_secs(60) / a_minute.get() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_a_minute_is_spread_over_it() {
        let of = |a_minute| rate(NonZeroU32::new(a_minute).unwrap());
        assert_eq!(of(600), Rate { burst: 60, every: Duration::from_millis(100) });
        assert_eq!(of(1), Rate { burst: 1, every: Duration::from_secs(60) });
    }
}
