//! One run over one form.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::covert::Sent;
use super::frame::{Frame, State};
use super::origin::Origins;
use super::value::{Entry, Source, Value, Weakness, bits};
use crate::scan::ast::form::{ClassId, ExprId, ExprKind, FnId, Form, Language, Span, Word};
use crate::scan::ast::handlers::Handler;

/// Steps that one file may take; what is not followed for it is told.
const STEPS: usize = 400_000;

/// How sure it is that something reaches a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::scan::ast) enum Grade {
    /// Something that is not known here says that it checks it.
    Vouched,
    /// It goes through something that is not known here.
    Vague,
    /// Every step is known.
    Sure,
}

/// One weakness that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scan::ast) struct Seen {
    pub(in crate::scan::ast) weakness: Weakness,
    pub(in crate::scan::ast) grade: Grade,
    pub(in crate::scan::ast) span: Span,
    /// What the caller names it.
    pub(in crate::scan::ast) from: String,
    /// What it reaches.
    pub(in crate::scan::ast) sink: String,
    /// The tool.
    pub(in crate::scan::ast) tool: String,
}

/// What a tool does that is right if it asks something anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It takes somebody from a session that the caller named: whether it asks for a proof.
    Session,
    /// It gives what somebody owns: whether it asks who.
    Owner,
    /// The same, of a tool that is told who its caller is.
    Caller,
    /// It keeps a file for a web server to show: whether it asks of what kind.
    Kind,
}

const OWNED: &str = "what belongs to somebody";

/// What a function came to with one set of arguments.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    pub(super) given: Value,
    pub(super) after: super::value::Facts,
    /// Whether it never came back.
    pub(super) never: bool,
}

/// Follows values through one form.
#[derive(Debug)]
pub(in crate::scan::ast) struct Flow<'f> {
    pub(super) form: &'f Form,
    pub(super) origins: Origins,
    pub(super) frames: Vec<Frame>,
    /// The variables of functions that have run, for those that stand in them.
    pub(super) finals: HashMap<FnId, Rc<HashMap<Word, Value>>>,
    /// The files that a file names, by its body and the name.
    pub(super) links: HashMap<(FnId, Word), FnId>,
    /// The files that calls load, by where these stand.
    pub(super) loads: HashMap<Span, FnId>,
    /// Modules from elsewhere of which a file takes all names.
    pub(super) stars: HashMap<FnId, Vec<Word>>,
    /// Which files took all names of which others, and whether to hand them on.
    pub(super) taken: HashSet<(FnId, FnId, bool)>,
    /// The one method of each name, in a language that tells types.
    pub(super) methods: HashMap<Word, Option<FnId>>,
    /// What instances of a class hold.
    pub(super) attributes: HashMap<ClassId, HashMap<Word, Value>>,
    pub(super) memory: HashMap<u64, Memory>,
    pub(in crate::scan::ast) steps: usize,
    pub(super) depth: usize,
    /// The calls that run, one in the other.
    pub(super) calls: Vec<ExprId>,
    /// What was registered while the file ran: by which word, and in which calls.
    pub(super) registered: Vec<(FnId, Word, Vec<ExprId>)>,
    /// The handler that runs.
    pub(super) handler: Option<FnId>,
    /// Functions that read messages of JSON-RPC themselves, and what the parameters of these are known by.
    pub(super) readers: HashMap<FnId, Option<u32>>,
    /// What the method that was just called made of what it was called on.
    pub(super) changed: Option<Value>,
    /// The call whose value nobody takes.
    pub(super) unused: Option<Span>,
    /// What is evaluated now, as a place to tell.
    pub(super) calling: Option<Span>,
    /// How many handlers of failures around say nothing.
    pub(super) swallows: usize,
    /// How many conditions around ask whether the user gave a command to set something up.
    pub(super) setups: usize,
    /// How many loops around have no end that is known to be near.
    pub(super) endless: usize,
    /// Where what belongs to somebody is picked by a caller whom nobody asked who he is.
    pub(super) unowned: Vec<(Doubt, Span, String)>,
    /// Whether the call that is made now gives on all that it was given: `f(*args, **kwargs)`.
    pub(super) gives_on_all: bool,
    /// What is given away that the caller said, and whether nobody would hear that it failed.
    pub(super) sent: Vec<Sent>,
    /// What the handler that runs is called and said to do.
    pub(super) says: String,
    /// Whether the handler that runs calls something that says that it checks.
    pub(super) asks_proof: bool,
    /// The handler of which it was told that it writes what it is given to a log.
    pub(super) logs_of: Option<FnId>,
    /// Whether the file names what of a record it must not set.
    pub(super) knows_prototypes: bool,
    /// Whether a part is taken in a way that fails if it is not there.
    pub(super) taking: bool,
    /// What of the caller's stands behind the name of a header.
    pub(super) led: HashSet<u32>,
    /// Files that hold what was fetched and that nothing vouches for.
    pub(super) fetched: Vec<Word>,
    /// Paths that were resolved so far, and comparisons of whole folders.
    pub(super) fences: (usize, usize),
    /// Whether the handler that runs asks who somebody is.
    pub(super) asks_owner: bool,
    /// Whether it asks of what kind a file is.
    pub(super) asks_kind: bool,
    /// Whether it is told who its caller is.
    pub(super) knows_caller: bool,
    /// Whether the handler that runs says that it changes nothing.
    pub(super) reads_only: bool,
    told: HashSet<(Weakness, Span, Grade)>,
    pub(in crate::scan::ast) seen: Vec<Seen>,
    /// How often places of a name were set.
    pub(super) ages: HashMap<Word, usize>,
    /// Whether the function that was just called never comes back.
    pub(super) never: bool,
    /// Whether anything reads what a function is given by `arguments`.
    pub(super) names_arguments: bool,
    /// Whether something was not followed.
    pub(in crate::scan::ast) cut: bool,
    /// Whether a handler gives something to another file of its package that is not followed.
    pub(in crate::scan::ast) beyond: bool,
}

/// Other files of the tree that are in the form too.
#[derive(Debug, Default)]
pub(in crate::scan::ast) struct Links {
    /// Their bodies, each before those that it names.
    pub(in crate::scan::ast) modules: Vec<FnId>,
    /// What a file calls another.
    pub(in crate::scan::ast) names: HashMap<(FnId, Word), FnId>,
    /// What a call loads, by where it stands.
    pub(in crate::scan::ast) loads: HashMap<Span, FnId>,
}

/// Follows what the handlers of a form are given.
pub(in crate::scan::ast) fn follow<'f>(form: &'f Form, handlers: &[Handler], links: Links) -> Flow<'f> {
    let mut flow = Flow {
        form,
        origins: Origins::default(),
        frames: Vec::new(),
        finals: HashMap::new(),
        links: links.names,
        loads: links.loads,
        stars: HashMap::new(),
        taken: HashSet::new(),
        methods: methods(form),
        attributes: HashMap::new(),
        memory: HashMap::new(),
        steps: STEPS,
        depth: 0,
        calls: Vec::new(),
        registered: Vec::new(),
        handler: None,
        readers: handlers.iter().filter(|one| one.reads_messages()).map(|one| (one.function, None)).collect(),
        changed: None,
        unused: None,
        calling: None,
        swallows: 0,
        setups: 0,
        endless: 0,
        unowned: Vec::new(),
        gives_on_all: false,
        sent: Vec::new(),
        says: String::new(),
        logs_of: None,
        knows_prototypes: super::careless::knows_prototypes(form),
        taking: false,
        led: HashSet::new(),
        fetched: Vec::new(),
        fences: (0, 0),
        asks_owner: false,
        asks_kind: false,
        knows_caller: false,
        asks_proof: false,
        reads_only: false,
        told: HashSet::new(),
        seen: Vec::new(),
        ages: HashMap::new(),
        never: false,
        names_arguments: form.exprs().any(|(id, _)| form.name(id).is_some_and(|name| &**name == "arguments")),
        cut: false,
        beyond: false,
    };
    // What others name comes first.
    for module in links.modules.iter().rev() {
        if !flow.finals.contains_key(module) {
            flow.enter(*module, None, Vec::new());
        }
    }
    flow.enter(FnId(0), None, Vec::new());
    for handler in handlers {
        flow.prepare(handler.function);
        flow.decorated(handler.function);
    }
    let found = flow.found_running(handlers);
    for handler in handlers.iter().chain(&found) {
        flow.handle(handler);
    }
    flow
}

fn methods(form: &Form) -> HashMap<Word, Option<FnId>> {
    let mut all = HashMap::new();
    let typed = form.functions().filter(|(_, one)| one.class.is_some() && one.language != Language::Dynamic);
    for (id, function) in typed {
        all.entry(function.name.clone()).and_modify(|one| *one = None).or_insert(Some(id));
    }
    all
}

impl Flow<'_> {
    /// Runs what a function stands in, so that its variables are known.
    pub(super) fn prepare(&mut self, function: FnId) {
        let mut around = Vec::new();
        let mut at = self.form.function(function).outer;
        while let Some(id) = at {
            around.push(id);
            at = self.form.function(id).outer;
        }
        for id in around.into_iter().rev() {
            if !self.finals.contains_key(&id) {
                let this = self.form.function(id).class.map(instance);
                self.enter(id, this, Vec::new());
            }
        }
    }

    fn handle(&mut self, handler: &Handler) {
        let function = self.form.function(handler.function);
        self.handler = (!handler.begins(self.form)).then_some(handler.function);
        let this = function.class.map(|class| {
            self.attributes.entry(class).or_default();
            instance(class)
        });
        if let Some(class) = function.class {
            self.construct(class, Vec::new());
            self.fill(handler, class);
        }
        let skip = usize::from(this.is_some() && !function.fixed && self.takes_self(handler.function));
        let mut args = Vec::new();
        for (at, param) in function.params.iter().enumerate().skip(skip) {
            if !handler.gives(self.form, at - skip, param) {
                args.push((None, Value::default()));
                continue;
            }
            let given =
                if handler.asks(param) { self.asked_with() } else { self.given(handler, param.target) };
            args.push((None, given));
        }
        self.reads_only = handler.reads_only;
        (self.asks_owner, self.asks_proof) = (false, false);
        (self.asks_kind, self.knows_caller) = (false, false);
        self.unowned.clear();
        self.sent.clear();
        let own = [&function.name, function.doc.as_deref().unwrap_or_default(), &handler.told];
        self.says = own.join(" ").to_ascii_lowercase();
        let given = self.enter(handler.function, this, args);
        self.judges_sent(&given);
        for (doubt, span, what) in std::mem::take(&mut self.unowned) {
            let (weakness, asked, by) = match doubt {
                Doubt::Session => (Weakness::Session, self.asks_proof, OWNED),
                Doubt::Owner => (Weakness::Unowned, self.asks_owner, OWNED),
                Doubt::Caller => (Weakness::Unowned, self.asks_owner || !self.knows_caller, OWNED),
                Doubt::Kind => (Weakness::Upload, self.asks_kind, "a folder that a web server shows"),
            };
            if !asked {
                self.tell(weakness, Grade::Sure, &what, by, span);
            }
        }
        self.handler = None;
    }

    /// Puts what a caller gives into a class that is nothing but that.
    fn fill(&mut self, handler: &Handler, class: ClassId) {
        let form = self.form;
        let shape = form.class(class);
        for (name, _) in shape.fields.iter().filter(|_| shape.given) {
            let bits = handler.made_safe(name);
            let origin = self.origins.add(name.clone());
            let value = Value::of(vec![Entry { source: Source::Argument, origin, bits }]);
            self.attributes.entry(class).or_default().insert(name.clone(), value);
        }
    }

    /// Makes what a caller gives for one parameter.
    fn given(&mut self, handler: &Handler, target: ExprId) -> Value {
        match &self.form.expr(target).kind {
            ExprKind::Record(parts) => {
                let mut value = Value::default();
                let origin = self.origins.add("arguments".into());
                value.absorb(&[Entry { source: Source::Argument, origin, bits: 0 }]);
                for (name, _) in parts {
                    let Some(name) = name else { continue };
                    let bits = handler.made_safe(name);
                    let origin = self.origins.add(name.clone());
                    value.set(name, Value::of(vec![Entry { source: Source::Argument, origin, bits }]));
                }
                value
            }
            ExprKind::Name(name) => {
                let bits = handler.made_safe(name);
                let origin = self.origins.add(name.clone());
                let mut value = Value::of(vec![Entry { source: Source::Argument, origin, bits }]);
                for (field, bits) in handler.fields() {
                    let origin = self.origins.part(origin, field);
                    value.set(field, Value::of(vec![Entry { source: Source::Argument, origin, bits }]));
                }
                value
            }
            _ => {
                let origin = self.origins.add("arguments".into());
                Value::of(vec![Entry { source: Source::Argument, origin, bits: 0 }])
            }
        }
    }

    /// A request of HTTP, of which these parts are the client's.
    fn asked_with(&mut self) -> Value {
        let mut value = Value::default();
        for name in ["query_params", "path_params", "form", "json", "body", "args", "query", "params"] {
            let origin = self.origins.add(name.into());
            value.set(name, Value::of(vec![Entry { source: Source::Argument, origin, bits: 0 }]));
        }
        value
    }

    pub(super) fn takes_self(&self, function: FnId) -> bool {
        let first = self.form.function(function).params.first();
        let name = first.and_then(|param| self.form.name(param.target));
        name.is_some_and(|name| matches!(&**name, "self" | "cls"))
    }

    /// Returns the language of the function that runs.
    pub(super) fn language(&self) -> Language {
        self.frames.last().map(|frame| self.form.function(frame.function).language).unwrap_or_default()
    }

    pub(super) fn frame(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::of(FnId(0)));
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    pub(super) fn state(&mut self) -> &mut State {
        &mut self.frame().state
    }

    /// Returns what is known of a way, with what was made sure of on the way here.
    pub(super) fn bits_of(&self, entry: &Entry) -> u32 {
        let Some(frame) = self.frames.last() else { return entry.bits };
        let chain = self.origins.chain(entry.origin).collect::<Vec<_>>();
        let known = frame.state.facts.iter().filter(|(origin, _)| chain.contains(origin));
        known.fold(entry.bits, |all, (_, bits)| all | bits)
    }

    /// Tells that something of `value` that may come from `source` reaches a sink.
    pub(super) fn reach(
        &mut self,
        weakness: Weakness,
        value: &Value,
        sources: &[Source],
        span: Span,
        sink: &str,
    ) {
        for entry in value.ways() {
            if !sources.contains(&entry.source) {
                continue;
            }
            let known = self.bits_of(&entry);
            if is_safe(known, weakness) {
                continue;
            }
            let grade = if known & bits::VOUCHED != 0 {
                Grade::Vouched
            } else if known & bits::VAGUE != 0 {
                Grade::Vague
            } else {
                Grade::Sure
            };
            let from = self.origins.name(entry.origin).to_owned();
            self.tell(weakness, grade, &from, sink, span);
        }
    }

    /// Tells what was seen, once.
    pub(super) fn tell(&mut self, weakness: Weakness, grade: Grade, from: &str, sink: &str, span: Span) {
        if self.told.insert((weakness, span, grade)) {
            let tool = self.handler.map(|handler| self.form.function(handler).name.to_string());
            self.seen.push(Seen {
                weakness,
                grade,
                span,
                from: from.to_owned(),
                sink: sink.to_owned(),
                tool: tool.unwrap_or_default(),
            });
        }
    }

    /// Judges what a handler gives back.
    pub(super) fn answer(&mut self, given: &Value, span: Span) {
        let secret = [Source::Environment, Source::Credential, Source::Key];
        self.reach(Weakness::Disclosure, given, &secret, span, "the answer");
        self.reach(Weakness::Trace, given, &[Source::Trace], span, "the answer");
        self.pretends(given, span);
        if given.shapes.iter().any(|shape| super::marks::tells_logins(shape)) {
            self.act(Weakness::Disclosure, "what stands in its text", "the answer", span);
        }
    }
}

fn is_safe(known: u32, weakness: Weakness) -> bool {
    let clean = known & weakness.bit() != 0;
    match weakness {
        Weakness::Line | Weakness::Header => clean || known & bits::ALL == bits::ALL,
        Weakness::Path => {
            clean || known & bits::NO_PARENT != 0 && known & (bits::NO_ROOT | bits::RELATIVE) != 0
        }
        Weakness::Option => clean || known & (bits::LED | bits::COMMAND) != 0,
        Weakness::Address | Weakness::Redirection => clean || known & bits::HOSTED != 0,
        _ => clean,
    }
}

pub(super) fn instance(class: ClassId) -> Value {
    Value { object: super::value::Object::Instance(class), ..Value::default() }
}
