//! Carelessness with what callers give: records that they fill, pages and headers that they write, passwords.

use super::call::Given;
use super::run::{Doubt, Flow};
use super::value::{Entry, Object, Source, Value, Weakness, bits};
use crate::scan::ast::form::{ExprId, ExprKind, FnId, Form, Part, Span, Stmt, StmtKind, Word};

/// Methods by which a store of documents is asked, and those that other things have too.
const ASKS: &[&str] = &[
    "find_one",
    "findOne",
    "find_one_and_update",
    "findOneAndUpdate",
    "find_one_and_delete",
    "findOneAndDelete",
    "update_one",
    "updateOne",
    "update_many",
    "updateMany",
    "delete_one",
    "deleteOne",
    "delete_many",
    "deleteMany",
    "count_documents",
    "countDocuments",
];
const ASKS_IN_STORE: &[&str] = &["find", "aggregate", "distinct", "remove", "update", "count"];
/// What the way to a store of documents has in it.
const STORES: &[&str] = &["mongo", "collection(", "motor", "mongoose"];
/// Hashes that are made for speed.
const FAST: &[&str] =
    &["hashlib.md5", "hashlib.sha1", "hashlib.sha224", "hashlib.sha256", "hashlib.sha384", "hashlib.sha512"];
/// What unpacks a text whole, as large as it may become.
const INFLATERS: &[&str] = &[
    "zlib.decompress",
    "gzip.decompress",
    "bz2.decompress",
    "lzma.decompress",
    "brotli.decompress",
    "zlib.inflate",
    "zlib.inflateSync",
    "zlib.inflateRawSync",
    "zlib.gunzip",
    "zlib.gunzipSync",
    "zlib.unzip",
    "zlib.unzipSync",
    "zlib.brotliDecompressSync",
    "pako.inflate",
    "pako.ungzip",
];

impl Flow<'_> {
    pub(super) fn careless(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        if self.handler.is_none() {
            return;
        }
        self.fills_record(path, given, span);
        self.asks_store(path, name, given, span);
        self.marks_up(path, name, given, span);
        self.sends_header(name, given, span);
        self.hashes_password(path, name, given, span);
        self.inflates(path, given, span);
        self.runs_download(path, name, given, span);
        self.keeps_upload(name, given, span);
        self.logs_in(path, name, given, span);
    }

    /// A file of the caller's, under a name of his, where a web server shows it: the ending says what runs.
    fn keeps_upload(&mut self, name: &str, given: &Given, span: Span) {
        let (place, data) = match name {
            "write_bytes" | "write_text" => (given.base.as_ref(), given.at(0)),
            "writeFile" | "writeFileSync" | "outputFile" => (given.at(0), given.at(1)),
            "write" => (opened(given), given.at(0)),
            _ => return,
        };
        let (Some(place), Some(data)) = (place, data) else { return };
        let shown = place.shapes.iter().any(|shape| is_web_root(shape));
        // What ends with something fixed is of that kind.
        let ends_openly = place.shapes.iter().any(|shape| shape.ends_with('\0'));
        let named = place
            .ways()
            .into_iter()
            .find(|entry| entry.source == Source::Argument && self.bits_of(entry) & bits::SQL == 0);
        if let Some(named) = named.filter(|_| shown && ends_openly && Self::is_argument(data)) {
            let from = self.origins.name(named.origin).to_owned();
            self.unowned.push((Doubt::Kind, span, from));
        }
    }

    /// A password that stands in the code, given to what it opens.
    fn logs_in(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        const OPENS: &[&str] = &[
            "connect",
            "createConnection",
            "createPool",
            "Pool",
            "Client",
            "Redis",
            "login",
            "create_engine",
            "createTransport",
        ];
        let of = path.rsplit('.').next().unwrap_or(path).trim_end_matches("()");
        if !(OPENS.contains(&name) || OPENS.contains(&of)) {
            return;
        }
        let password = ["password", "passwd", "pass"].iter().find_map(|name| given.option(name));
        let password = password.or_else(|| given.option("auth").and_then(|auth| auth.field("pass")));
        let password = password.or_else(|| given.at(1).filter(|_| name == "login"));
        let strong = |text: &str| {
            text.len() >= 8
                && text.contains(|c: char| c.is_ascii_digit())
                && text.contains(|c: char| c.is_ascii_alphabetic())
        };
        if password
            .and_then(Value::known)
            .is_some_and(|text| super::marks::is_fixed_password(text) && strong(text))
        {
            self.act(Weakness::FixedPassword, "a password in the code", path, span);
        }
    }

    /// A password that the caller gives, compared with one that stands in the code.
    pub(super) fn knows_password(&mut self, one: &Value, other: &Value, span: Span) {
        if self.handler.is_none() {
            return;
        }
        for (given, fixed) in [(one, other), (other, one)] {
            let secret = given.taint.iter().find(|entry| {
                let name = self.origins.name(entry.origin);
                let name = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
                entry.source == Source::Argument
                    && entry.bits & bits::PIECE == 0
                    && (super::marks::is_secret_name(&name) && name != "token"
                        || name.ends_with("password")
                        || name.ends_with("_pin")
                        || name.ends_with("passcode"))
            });
            if let Some(secret) = secret
                && fixed.known().is_some_and(super::marks::is_fixed_password)
            {
                let from = self.origins.name(secret.origin).to_owned();
                self.act(Weakness::FixedPassword, &from, "a comparison with a fixed text", span);
            }
        }
    }

    /// A record whose parts the caller names: also those that are not his to set.
    fn fills_record(&mut self, path: &str, given: &Given, span: Span) {
        let argument = &[Source::Argument];
        if path == "setattr"
            && let Some(key) = given.at(1)
        {
            self.reach(Weakness::Assignment, key, argument, span, path);
        }
        let filled = match path {
            "Object.assign" if given.at(0).is_some_and(is_fetched_record) => given.at(1),
            _ => None,
        };
        if let Some(filled) = filled.filter(|filled| filled.fields.is_none()) {
            self.reach(Weakness::Assignment, &Value::of(filled.taint.clone()), argument, span, path);
        }
    }

    /// A query of a store of documents, where a record says what is asked: the caller may give one for a text.
    fn asks_store(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let lower = path.to_ascii_lowercase();
        let in_store = STORES.iter().any(|store| lower.contains(store));
        let Some(query) = given.at(0).filter(|_| given.base.is_some()) else { return };
        if let Some(code) = query.field("$where") {
            self.reach(Weakness::Code, code, &[Source::Argument], span, "$where");
        }
        if !(ASKS.contains(&name) || in_store && ASKS_IN_STORE.contains(&name)) {
            return;
        }
        let mut ways = query.ways();
        ways.retain(|entry| entry.bits & bits::LOOSE != 0);
        self.reach(Weakness::Sql, &Value::of(ways), &[Source::Argument], span, path.trim_start_matches('.'));
    }

    /// A page for a browser in which what the caller gives stands as it is.
    fn marks_up(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        // What answers a request is given to its handler, and comes from nowhere.
        let of_response = given.base.as_ref().is_some_and(|base| base.is_path().is_none());
        let page = match name {
            "HTMLResponse" | "Markup" => given.get("content", 0),
            "send" | "end" | "write" | "html" if of_response => given.at(0),
            "write_text" if given.base.as_ref().is_some_and(is_page) => given.at(0),
            "writeFile" | "writeFileSync" if given.at(0).is_some_and(is_page) => given.at(1),
            "write" if opened(given).is_some_and(is_page) => given.at(0),
            _ => None,
        };
        if let Some(page) = page.filter(|page| page.shapes.iter().any(|shape| has_tags(shape))) {
            self.reach(Weakness::Markup, page, &[Source::Argument], span, path.trim_start_matches('.'));
        }
    }

    /// A message whose headers are put together as text, sent.
    fn sends_header(&mut self, name: &str, given: &Given, span: Span) {
        if !matches!(name, "sendmail" | "sendall" | "send" | "write" | "sendto") || self.led.is_empty() {
            return;
        }
        for (_, value) in &given.args {
            let mut ways = value.ways();
            ways.retain(|entry| self.led.contains(&entry.origin));
            self.reach(Weakness::Header, &Value::of(ways), &[Source::Argument], span, name);
        }
    }

    /// A password that is kept, or compared, by a hash that is made for speed.
    fn hashes_password(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let fast = FAST.contains(&path) || name == "update" && path.starts_with("crypto.createHash");
        let text = given.at(0).filter(|_| fast);
        // Lists of leaked passwords are asked by such a hash.
        let asks_leaks =
            ["pwned", "breach", "leak", "compromised"].iter().any(|word| self.says.contains(word));
        let Some(text) = text.filter(|_| !asks_leaks) else { return };
        let ways = text.ways();
        let password = ways.iter().find(|entry| {
            let name = self.origins.name(entry.origin);
            let name = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
            entry.source == Source::Argument
                && ["password", "passwd", "passphrase", "pwd"].iter().any(|word| name.ends_with(word))
        });
        if let Some(password) = password {
            let from = self.origins.name(password.origin).to_owned();
            self.act(Weakness::PasswordHash, &from, path, span);
        }
    }

    fn inflates(&mut self, path: &str, given: &Given, span: Span) {
        let bounded = ["max_length", "maxOutputLength", "max_output_length", "bufsize"];
        let bounded = bounded.iter().any(|option| given.option(option).is_some());
        let packed = given.at(0).filter(|packed| is_given(packed) && !is_of_file(packed));
        if INFLATERS.contains(&path) && !bounded && packed.is_some() {
            self.act(Weakness::Exhaustion, "as large as it unpacks to", path, span);
        }
    }

    /// A file that was fetched, and is run without a look at what came.
    fn runs_download(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let fetched = match (path, name) {
            ("urllib.request.urlretrieve", _) => given.get("filename", 1),
            (_, "write_bytes" | "write_text") if given.at(0).is_some_and(|it| self.is_fetched(it)) => {
                given.base.as_ref()
            }
            (_, "write") if given.at(0).is_some_and(|it| self.is_fetched(it)) => opened(given),
            (_, "writeFile" | "writeFileSync") if given.at(1).is_some_and(|it| self.is_fetched(it)) => {
                given.at(0)
            }
            _ => None,
        };
        if let Some(file) = fetched {
            let shapes = file.shapes.iter().filter(|shape| shape.trim_matches('\0').len() > 3);
            self.fetched.extend(shapes.cloned());
            return;
        }
        if self.fetched.is_empty() || !super::sink::is_process(path) {
            return;
        }
        let mut words = Vec::new();
        for (_, value) in &given.args {
            words.extend(value.shapes.iter().cloned());
            words.extend(
                value.items.iter().flat_map(|items| items.iter()).flat_map(|item| item.shapes.clone()),
            );
        }
        let runs = |file: &Word| words.iter().any(|word| word.split_whitespace().any(|word| *word == **file));
        if self.fetched.iter().any(runs) {
            self.act(Weakness::Download, "a file that was fetched", path, span);
        }
    }

    /// Remembers of a part that the caller picked it by a name, and of a character that chance picked it.
    pub(super) fn picked(&mut self, element: &mut Value, base: &Value, key: &Value) {
        let ways = key.ways();
        if let Some(open) = ways.iter().find(|entry| self.names_freely(entry))
            && base.shapes.is_empty()
            && base.items.is_none()
        {
            element.absorb(&[Entry { source: Source::Picked, origin: open.origin, bits: 0 }]);
        }
        let chance = ways.iter().filter(|entry| entry.source == Source::Chance);
        if !base.shapes.is_empty() {
            element.absorb(&chance.copied().collect::<Vec<_>>());
        }
    }

    /// Tells whether a way is a name that the caller chooses without bounds.
    fn names_freely(&self, entry: &Entry) -> bool {
        entry.source == Source::Argument && self.bits_of(entry) & bits::SHOWN == 0
    }

    /// A part of a part, both by names of the caller's, that is set: `__proto__` names what all records share.
    pub(super) fn pollutes(&mut self, base: ExprId, key: ExprId, span: Span) {
        if self.handler.is_none() || !self.is_script() || self.knows_prototypes {
            return;
        }
        let key = self.eval(key);
        let ways = key.ways();
        let Some(open) = ways.iter().find(|entry| self.names_freely(entry)) else { return };
        let from = self.origins.name(open.origin).to_owned();
        // What a part of it was picked from is not what is set.
        if self.eval(base).taint.iter().any(|entry| entry.source == Source::Picked) {
            self.act(Weakness::Prototype, &from, "a part of a part", span);
        }
    }

    /// A function that merges what the caller gives into a part that he named, again and again.
    pub(super) fn merges(&mut self, function: FnId, args: &[(Option<Word>, Value)], span: Span) {
        let form = self.form;
        let picked = args.iter().enumerate().filter(|(_, (_, value))| value.comes_from(Source::Picked));
        let params = &form.function(function).params;
        let mut names = picked.filter_map(|(at, _)| form.name(params.get(at)?.target));
        let into = names.any(|name| self.sets_parts_of(function, name));
        let from = args.iter().find_map(|(_, value)| {
            value.ways().into_iter().find(|entry| entry.bits & bits::LOOSE != 0 && self.names_freely(entry))
        });
        if let Some(from) = from.filter(|_| into && self.is_script() && !self.knows_prototypes) {
            let from = self.origins.name(from.origin).to_owned();
            self.act(Weakness::Prototype, &from, "a merge of its parts", span);
        }
    }

    /// Tells whether a function sets parts of what a name stands for, by names that are no texts.
    fn sets_parts_of(&self, function: FnId, name: &Word) -> bool {
        let form = self.form;
        let mut sets = false;
        form.visit(&form.function(function).body, &mut |part| {
            if let Part::Stmt(Stmt { kind: StmtKind::Assign { target, .. }, .. }) = part
                && let ExprKind::Index(base, key) = form.expr(*target).kind
            {
                sets |= form.name(base) == Some(name) && form.text(key).is_none();
            }
        });
        sets
    }

    /// Tells whether the file is a script: other languages have no prototypes.
    fn is_script(&self) -> bool {
        self.form.script
    }
}

/// Tells whether a file names what it must not set, or asks whose a name is.
pub(super) fn knows_prototypes(form: &Form) -> bool {
    const KNOWN: &[&str] = &["__proto__", "prototype", "hasOwn", "hasOwnProperty", "create"];
    form.script
        && form.exprs().any(|(_, expr)| match &expr.kind {
            ExprKind::Text(text) => &**text == "__proto__",
            ExprKind::Member(_, name) => KNOWN.contains(&&**name),
            _ => false,
        })
}

/// Tells whether a value is a record that was looked up.
fn is_fetched_record(value: &Value) -> bool {
    const LOOKS: &[&str] = &["find", "get", "load", "fetch", "query", "select", "read", "lookup"];
    let Object::Path(path) = &value.object else { return false };
    let called = path.strip_suffix("()").and_then(|path| path.rsplit('.').next()).unwrap_or_default();
    LOOKS.iter().any(|word| called.to_ascii_lowercase().starts_with(word))
}

/// Returns where the file stands that a call writes to.
fn opened(given: &Given) -> Option<&Value> {
    given.base.as_ref().and_then(|file| file.field(super::held::PLACE))
}

/// Tells whether a value is what the caller gives, however small: what is packed is small.
fn is_given(value: &Value) -> bool {
    value.ways().iter().any(|entry| entry.source == Source::Argument && entry.bits & bits::VAGUE == 0)
}

/// Tells whether a value is what a file holds: who names it need not have written it.
fn is_of_file(value: &Value) -> bool {
    value.field(super::held::PLACE).is_some()
}

/// Tells whether a path is one of a folder that a web server shows.
fn is_web_root(shape: &str) -> bool {
    const ROOTS: &[&str] = &[
        "/var/www",
        "/srv/www",
        "/srv/http",
        "htdocs",
        "wwwroot",
        "public_html",
        "/usr/share/nginx",
        "/public/",
        "/static/",
        "/webroot",
    ];
    let lower = shape.to_ascii_lowercase();
    ROOTS.iter().any(|root| lower.contains(root))
}

fn is_page(place: &Value) -> bool {
    place.shapes.iter().any(|shape| shape.ends_with(".html") || shape.ends_with(".htm"))
}

/// Tells whether a text has tags.
fn has_tags(shape: &str) -> bool {
    const TAGS: &[&str] =
        &["<html", "<body", "<div", "<p", "<h", "<a", "<li", "<td", "<span", "<b", "<script", "<title"];
    let lower = shape.to_ascii_lowercase();
    TAGS.iter().any(|tag| lower.contains(tag)) && lower.contains('>')
}

/// Tells whether a text ends with the name of a header, at the beginning of a line.
pub(super) fn names_header(text: &str) -> bool {
    let Some(line) = text.strip_suffix(": ").or_else(|| text.strip_suffix(':')) else { return false };
    let breaks = text.contains(['\n', '\r']) || text.contains("\\r\\n");
    let name = line.rsplit(['\n', '\r']).next().unwrap_or(line);
    let name = name.rsplit("\\n").next().unwrap_or(name);
    const KNOWN: &[&str] = &[
        "Subject",
        "To",
        "From",
        "Cc",
        "Bcc",
        "Reply-To",
        "User-Agent",
        "Host",
        "Cookie",
        "Authorization",
        "Referer",
        "Location",
    ];
    let known = KNOWN.contains(&name) || name.starts_with("X-");
    (breaks || known)
        && name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
