//! The rows of the pages in the table of routes.

use sigyl_core::access::Class;

use super::{api, assets, browse, docs, login, server, sign_in};
use crate::router::{Access, Carries, Doc, Reply, Route, handler, shows};

pub(crate) const ROUTES: &[Route] = &[
    Route::page("/", Access::Browse, handler!(browse::show), doc("pageBrowse", "Shows the servers.")),
    Route::page(
        "/servers/{name}",
        Access::Browse,
        handler!(server::show),
        doc("pageServer", "Shows a server of the registry."),
    ),
    Route::page(
        "/servers/{namespace}/{name}",
        Access::Browse,
        handler!(server::show),
        doc("pageServerIn", "Shows a server of the registry."),
    ),
    Route::page("/docs", Access::Browse, handler!(docs::first), doc("pageDocs", "Shows the documentation.")),
    Route::page(
        "/docs/{page}",
        Access::Browse,
        handler!(docs::show),
        doc("pageDoc", "Shows a page of the documentation."),
    ),
    Route::page(
        "/search",
        Access::Browse,
        handler!(docs::search),
        doc("pageDocSearch", "Searches the documentation."),
    ),
    Route::page("/api", Access::Browse, handler!(api::show), doc("pageApi", "Shows every operation.")),
    Route::page(
        "/sign-in",
        Access::Open,
        handler!(sign_in::show),
        doc("pageSignIn", "Shows where to sign in."),
    ),
    Route::page("/login", Access::Open, handler!(login::begin), LOGIN).counts_as(Class::Login),
    Route::page(
        "/login/callback",
        Access::Open,
        handler!(login::end),
        doc("pageLoginEnd", "Signs a browser in that comes back from GitHub."),
    )
    .counts_as(Class::Login),
    Route::page(
        "/login/oidc/{issuer}",
        Access::Open,
        handler!(login::begin_at),
        sent("pageLoginAt", "Sends a browser to an issuer of OpenID Connect, to sign in."),
    )
    .counts_as(Class::Login),
    Route::page(
        "/login/oidc/{issuer}/callback",
        Access::Open,
        handler!(login::end_at),
        doc("pageLoginEndAt", "Signs a browser in that comes back from an issuer."),
    )
    .counts_as(Class::Login),
    Route::form(
        "/session",
        Access::Open,
        handler!(sign_in::open),
        sent("pageSessionOpen", "Signs a browser in."),
    )
    .counts_as(Class::Login),
    Route::form(
        "/session/end",
        Access::AnyKey,
        handler!(sign_in::close),
        sent("pageSessionClose", "Signs a browser out."),
    ),
    Route::page(
        "/assets/{file}",
        Access::Open,
        handler!(assets::show),
        Doc::new("pageAsset", "Gives what pages are drawn with.", &[shows("text/css", "It.")]),
    ),
];

const LOGIN: Doc = sent("pageLogin", "Sends a browser to GitHub, to sign in.");
const PAGE: &[Reply] = &[shows("text/html", "The page.")];
const LED: &[Reply] =
    &[Reply { status: 303, means: "It is done, and another page is next.", carries: Carries::Nothing }];

const fn doc(id: &'static str, summary: &'static str) -> Doc {
    Doc::new(id, summary, PAGE)
}

const fn sent(id: &'static str, summary: &'static str) -> Doc {
    Doc::new(id, summary, LED)
}
