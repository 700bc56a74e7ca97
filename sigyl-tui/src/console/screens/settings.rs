//! Who one is, and how this looks.

use sigyl_core::wire::v1::{Request, Response};

use super::{Asking, Sheet};
use crate::console::command::Place;
use crate::console::keymap::Scope;
use crate::console::turn::Values;
use crate::render::{self, Look, Role};

/// The settings of the console, and of the account.
pub(in crate::console) fn settings() -> Sheet {
    let text = |response: &Response, look: &Look, _| match response {
        Response::WhoAmI(who) => {
            let mut text = format!("{}\n{}\n", look.paint(Role::Dim, "you are"), render::whoami(who));
            let namespaces = who.account.iter().flat_map(|account| &account.namespaces).cloned();
            let namespaces: Vec<_> = namespaces.collect();
            if !namespaces.is_empty() {
                let own = render::namespaces(&namespaces, look);
                text.push_str(&format!(
                    "{}\n{own}\n",
                    look.paint(Role::Dim, "namespaces that are proven yours")
                ));
            }
            Some(text)
        }
        _ => None,
    };
    let asking = Asking::Of(Box::new(Request::WhoAmI), Box::new(text));
    Sheet::new(Place::Settings.title(), asking).with(&[Scope::Settings], Values::new()).at(Place::Settings)
}
