//! Who else may call a server where it runs, as it is written on a command line.

use sigyl_core::domain::{Audience, Member};

/// Members who may call a server past the endpoint of Sigyl.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct AudienceArgs {
    /// Let somebody call it where it runs, past the endpoint: user:EMAIL, group:EMAIL, serviceAccount:EMAIL or domain:NAME.
    /// Those named replace those before; it stays so until another time names others
    #[arg(long = "invoker", value_name = "MEMBER")]
    invoker: Vec<Member>,
    /// Let anybody on the internet call it where it runs, past the endpoint and its guard
    #[arg(long)]
    public: bool,
    /// Let nobody else call it where it runs any more
    #[arg(long, conflicts_with_all = ["invoker", "public"])]
    private: bool,
}

impl AudienceArgs {
    /// Returns what was said of it; nothing where it is to stay as it is.
    pub(super) fn read(self) -> Option<Audience> {
        let is_said = self.public || self.private || !self.invoker.is_empty();
        is_said.then(|| Audience { public: self.public, members: self.invoker.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_stays_and_nobody_is_public_by_naming_others() {
        assert_eq!(AudienceArgs::default().read(), None);
        let private = AudienceArgs { private: true, ..AudienceArgs::default() };
        assert_eq!(private.read(), Some(Audience::default()));
        let ada = Member::parse("user:ada@example.org").unwrap();
        let some =
            AudienceArgs { invoker: vec![ada.clone(), ada], ..AudienceArgs::default() }.read().unwrap();
        assert!(!some.public && some.members.len() == 1);
        let all = AudienceArgs { public: true, ..AudienceArgs::default() }.read().unwrap();
        assert!(all.public && all.members.is_empty());
    }
}
