//! Actions on branches that servers follow.

use sigyl_core::domain::Timestamp;
use sigyl_core::wire::v1::{NewFollow, Request, Response};

use super::{Action, Does, Field, FieldKind, Given, Wrong};
use crate::render::{self, Look};

const NAME: Field = Field::needed("name", "the server");

pub(super) const ACTIONS: &[Action] = &[
    Action::new(
        "follow-branch",
        "Have a server follow a branch of its repository at GitHub",
        &["setFollow"],
        &[
            NAME,
            Field::needed("branch", "the branch, such as main"),
            Field::needed("push", "what a push leads to: a release with your key, a question, or a note")
                .by(FieldKind::Choice(&["ask", "auto", "never"])),
        ],
        Does::Show(set, followed),
    ),
    Action::new(
        "followed-branches",
        "Show branches that are followed, with what waits",
        &["listFollows"],
        &[],
        Does::Show(|_| Ok(Request::Follows), followed),
    )
    .looks(),
    Action::new(
        "release-followed",
        "Release the commit of a followed branch that waits",
        &["releaseFollowed"],
        &[
            NAME,
            Field::free(
                "commit",
                "its whole id, so that no other one is released; whichever waits when empty",
            ),
        ],
        Does::Run(|given| {
            Ok(Request::ReleaseFollowed { name: given.need("name")?, commit: given.maybe("commit")? })
        }),
    ),
    Action::new(
        "follow-nothing",
        "Have a server follow no branch any more",
        &["endFollow"],
        &[NAME],
        Does::Say(
            |given| Ok(Request::EndFollow { name: given.need("name")? }),
            "it follows nothing any more",
        ),
    ),
];

fn set(given: &Given<'_>) -> Result<Request, Wrong> {
    let follow = NewFollow { branch: given.need("branch")?, policy: given.need("push")? };
    Ok(Request::SetFollow { name: given.need("name")?, follow })
}

fn followed(response: &Response, look: &Look, now: Timestamp) -> Option<String> {
    match response {
        Response::Follow(view) => Some(render::follows(std::slice::from_ref(view), look, now)),
        Response::Follows(views) if views.is_empty() => {
            Some("No branch is followed; `follow-branch` in the palette follows one.\n".to_owned())
        }
        Response::Follows(views) => Some(render::follows(views, look, now)),
        _ => None,
    }
}
