//! One line of the table.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use sigyl_core::access::Class;
use sigyl_core::domain::Action;

use crate::app::App;
use crate::request::Ask;
use crate::respond::{Answer, Problem};

/// What a request is handed to.
pub(crate) type Handler = fn(Arc<App>, Ask) -> Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send>>;

/// A method of HTTP that routes have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// Returns its name in a request.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Who may ask for a route. The core decides again, by what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody.
    Open,
    /// Who may browse the registry; without a key where the operator lets everybody.
    Browse,
    /// Who knows the address of a view, which holds its key.
    View,
    /// Who may call tools; without a key from this machine, where the operator lets its programs.
    Tools,
    /// Who shows a key that is good, whatever it is for.
    AnyKey,
    /// Who shows a key for this.
    Key(Action),
}

/// How long a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// It is answered at once, and needs no room.
    Moment,
    /// As long as the work on a request may take.
    Bounded,
    /// As long as its client stays, or what it waits for.
    Open,
}

/// One operation of the server.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Its address; a part in braces stands for any text without `/`.
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    /// What it is counted as when somebody asks too often; nothing when it costs nothing.
    pub(crate) class: Option<Class>,
    pub(crate) lasts: Lasts,
    /// Whether it is for people: it answers with pages, also where something is wrong, and takes the session of a browser
    /// for a key. The OpenAPI document leaves it out.
    pub(crate) is_page: bool,
    /// Whether its answer holds a secret, and is kept nowhere.
    pub(crate) tells_secret: bool,
    pub(crate) handler: Handler,
    pub(crate) doc: Doc,
}

impl Route {
    /// Tells whether it is done once for all requests under one `Idempotency-Key`.
    pub(crate) fn is_done_once(&self) -> bool {
        let with_key = matches!(self.access, Access::AnyKey | Access::Key(_));
        self.method == Method::Post && self.lasts == Lasts::Bounded && with_key && !self.is_page
    }

    /// Something to look at.
    pub(crate) const fn get(path: &'static str, access: Access, handler: Handler, doc: Doc) -> Self {
        Self {
            method: Method::Get,
            path,
            access,
            class: Some(Class::Read),
            lasts: Lasts::Bounded,
            is_page: false,
            tells_secret: false,
            handler,
            doc,
        }
    }

    /// A page to look at.
    pub(crate) const fn page(path: &'static str, access: Access, handler: Handler, doc: Doc) -> Self {
        Self { is_page: true, ..Self::get(path, access, handler, doc) }
    }

    /// Something that changes records.
    pub(crate) const fn change(
        method: Method,
        path: &'static str,
        access: Access,
        handler: Handler,
        doc: Doc,
    ) -> Self {
        Self {
            method,
            path,
            access,
            class: Some(Class::Write),
            lasts: Lasts::Bounded,
            is_page: false,
            tells_secret: false,
            handler,
            doc,
        }
    }

    /// A form that a page sends.
    pub(crate) const fn form(path: &'static str, access: Access, handler: Handler, doc: Doc) -> Self {
        Self { is_page: true, ..Self::change(Method::Post, path, access, handler, doc) }
    }

    /// The same with a secret in its answer.
    pub(crate) const fn telling_a_secret(self) -> Self {
        Self { tells_secret: true, ..self }
    }

    /// The same, counted as something else.
    pub(crate) const fn counts_as(self, class: Class) -> Self {
        Self { class: Some(class), ..self }
    }

    /// The same, for as long as its client stays.
    pub(crate) const fn lasting(self) -> Self {
        Self { lasts: Lasts::Open, ..self }
    }
}

/// What the OpenAPI document says of a route.
#[derive(Debug)]
pub(crate) struct Doc {
    /// Its name in clients that are made from the document.
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    /// Its parameters after `?`.
    pub(crate) query: &'static [Param],
    /// The schema of what it takes, and what that is.
    pub(crate) body: Option<(&'static str, &'static str)>,
    /// What it answers; problems that every route of its kind can have are not named.
    pub(crate) answers: &'static [Reply],
}

impl Doc {
    /// What a route does and answers.
    pub(crate) const fn new(id: &'static str, summary: &'static str, answers: &'static [Reply]) -> Self {
        Self { id, summary, query: &[], body: None, answers }
    }

    /// The same under another name.
    pub(crate) const fn named(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    /// The same with parameters after `?`.
    pub(crate) const fn asks(self, query: &'static [Param]) -> Self {
        Self { query, ..self }
    }

    /// The same with a body that is JSON.
    pub(crate) const fn takes(self, schema: &'static str) -> Self {
        self.takes_as(schema, "application/json")
    }

    /// The same with a body of another type.
    pub(crate) const fn takes_as(self, schema: &'static str, kind: &'static str) -> Self {
        Self { body: Some((schema, kind)), ..self }
    }
}

/// A parameter after `?`.
#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    /// The schema of its value.
    pub(crate) schema: &'static str,
    pub(crate) means: &'static str,
}

/// One answer that a route can give.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) means: &'static str,
    pub(crate) carries: Carries,
}

/// What an answer carries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Carries {
    /// Nothing.
    Nothing,
    /// JSON, by the name of its schema.
    Json(&'static str),
    /// Text of a type.
    Text(&'static str),
    /// What went wrong.
    Problem,
}

/// A parameter after `?`.
pub(crate) const fn param(name: &'static str, schema: &'static str, means: &'static str) -> Param {
    Param { name, schema, means }
}

/// How many entries of a list are asked for.
pub(crate) const LIMIT: Param = param("limit", "PartOfList", "How many at most; 10 000 when it is not said.");

/// Where the part of a list begins that is asked for.
pub(crate) const CURSOR: Param = param("cursor", "Cursor", "The `next` of the part before.");

/// What a list is asked for that is given in parts.
pub(crate) const PARTS: &[Param] = &[LIMIT, CURSOR];

/// An answer with text of a type.
pub(crate) const fn shows(kind: &'static str, means: &'static str) -> Reply {
    Reply { status: 200, means, carries: Carries::Text(kind) }
}

/// A run was begun; it goes on whatever becomes of its client.
pub(crate) const BEGUN: Reply =
    Reply { status: 202, means: "The run was begun.", carries: Carries::Json("Begun") };

/// It was done, and there is nothing to say.
pub(crate) const DONE: Reply = Reply { status: 204, means: "It is done.", carries: Carries::Nothing };

/// A good answer with JSON.
pub(crate) const fn gives(schema: &'static str, means: &'static str) -> Reply {
    Reply { status: 200, means, carries: Carries::Json(schema) }
}

/// An answer that tells what went wrong.
pub(crate) const fn fails(status: u16, means: &'static str) -> Reply {
    Reply { status, means, carries: Carries::Problem }
}
