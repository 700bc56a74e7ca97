//! What code does on its own account, whatever it is given: by what its commands, paths and addresses say.

use super::call::Given;
use super::marks::{COMMANDS, IN_CONTAINER, METADATA, SCOUTS, SENDERS, STARTERS, SYSTEM, TOLD, in_order};
use super::run::{Flow, Grade};
use super::value::{Object, Source, Value, Weakness};
use crate::scan::ast::form::{ExprId, ExprKind, Part, Span};

impl Flow<'_> {
    /// Looks at what a call does whatever the caller gives.
    pub(super) fn acts(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        if super::sink::is_process(path) {
            self.command(given, span, path);
        }
        self.runs_hidden(path, name, given, span);
        self.touches(path, name, given, span);
        self.sends(path, name, given, span);
        self.takes_over(path, name, given, span);
        self.changes(path, name, given, span);
        self.logs(path, name, given, span);
        self.asks_for_owner(name, given, span);
        self.describes(path, name, given, span);
        self.takes_much(path, given, span);
        self.unpacks(path, given, span);
        self.goes_on(path, name, given, span);
        self.goes_back(path, name, given, span);
        self.careless(path, name, given, span);
    }

    pub(super) fn command(&mut self, given: &Given, span: Span, path: &str) {
        let mut texts = Vec::new();
        for (_, value) in given
            .args
            .iter()
            .filter(|(name, _)| matches!(name.as_deref(), None | Some("args" | "cmd" | "command")))
        {
            match &value.items {
                Some(items) => {
                    let words = items.iter().map(|item| item.shapes.first().map_or("\0", |shape| shape));
                    texts.push(words.collect::<Vec<_>>().join(" "));
                }
                None => texts.extend(value.shapes.iter().map(ToString::to_string)),
            }
        }
        let whole = texts.join(" ");
        for text in texts.iter().chain([&whole]) {
            self.script(text, span, path);
        }
        let program = whole.split_whitespace().next().map(|word| word.rsplit('/').next().unwrap_or(word));
        let told = |program: &str| TOLD.iter().any(|(of, words)| *of == program && self.says_any(words));
        if let Some(program) = program.filter(|program| SCOUTS.contains(program) && !told(program)) {
            self.act(Weakness::SystemFile, program, path, span);
        }
    }

    /// Judges a command, or what is written to a file that may be run.
    pub(super) fn script(&mut self, text: &str, span: Span, path: &str) {
        let lower = text.to_ascii_lowercase();
        for (weakness, words) in COMMANDS {
            if in_order(&lower, words) {
                self.act(*weakness, words.first().unwrap_or(&"").trim(), path, span);
            }
        }
    }

    fn touches(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let opens = matches!(path, "open" | "io.open" | "codecs.open" | "aiofiles.open" | "os.open");
        let mode = given.get("mode", 1).and_then(Value::known).unwrap_or("r");
        // `path.open("a")`.
        let opened = (name == "open" && !opens && given.base.is_some())
            .then(|| given.get("mode", 0).and_then(Value::known).unwrap_or("r"));
        let writes = opens && mode.contains(['w', 'a', 'x', '+'])
            || matches!(
                name,
                "write_text"
                    | "write_bytes"
                    | "writeFile"
                    | "writeFileSync"
                    | "appendFile"
                    | "appendFileSync"
                    | "createWriteStream"
                    | "symlink_to"
            )
            || opened.is_some_and(|mode| mode.contains(['w', 'a', 'x', '+']));
        let reads = opens && !writes
            || matches!(name, "read_text" | "read_bytes" | "readFile" | "readFileSync" | "readlines")
            || matches!(path, "os.listdir" | "configparser.ConfigParser().read");
        let place = match name {
            "write_text" | "write_bytes" | "read_text" | "read_bytes" | "symlink_to" => given.base.as_ref(),
            _ if opened.is_some() => given.base.as_ref(),
            _ => given.at(0),
        };
        let place = place.filter(|place| !place.shapes.is_empty()).cloned();
        if let Some(place) = &place {
            for shape in place.shapes.iter().map(|shape| shape.to_ascii_lowercase()) {
                let appends = name.starts_with("appendFile") || opened.unwrap_or(mode).contains('a');
                // A folder of one's own among the logs is where one's log goes.
                let own_log = shape.strip_prefix("/var/log/").is_some_and(|rest| rest.contains('/'));
                if writes && !(appends && own_log) {
                    self.writes(&shape, span, path);
                }
                let says = TOLD.iter().any(|(of, words)| shape.starts_with(of) && self.says_any(words));
                let told = SYSTEM.iter().any(|start| shape.starts_with(start))
                    && !IN_CONTAINER.contains(&&*shape)
                    && !says;
                if reads && (told || super::effects::is_login(&shape)) {
                    self.act(Weakness::SystemFile, &shape.replace('\0', "…"), path, span);
                }
            }
        }
        self.fills(path, name, given, span);
    }

    /// Looks at what is put into files, and what they become by it.
    fn fills(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        if matches!(
            path,
            "shutil.copy"
                | "shutil.copy2"
                | "shutil.copyfile"
                | "shutil.move"
                | "os.rename"
                | "os.symlink"
                | "os.replace"
        ) && let Some(target) = given.at(1)
        {
            for shape in target.shapes.clone() {
                self.writes(&shape.to_ascii_lowercase(), span, path);
            }
        }
        // What is written to a file may be run from there.
        if matches!(
            name,
            "write"
                | "write_text"
                | "writelines"
                | "writeFile"
                | "writeFileSync"
                | "appendFile"
                | "appendFileSync"
        ) {
            for shape in given.args.iter().flat_map(|(_, value)| value.shapes.clone()) {
                self.script(&shape, span, path);
            }
            self.replaces_code(path, name, given, span);
        }
        if matches!(path, "os.chmod" | "fs.chmod" | "fs.chmodSync") || name == "chmod" {
            let mode = given.args.last().and_then(|(_, value)| value.known()).unwrap_or_default();
            if mode.starts_with("0o4") && mode.len() == 6 || mode.starts_with("0o6") && mode.len() == 6 {
                self.act(Weakness::Persistence, mode, path, span);
            }
        }
    }

    pub(super) fn writes(&mut self, shape: &str, span: Span, path: &str) {
        if STARTERS.iter().any(|starter| shape.contains(starter)) {
            let grade = if self.sets_up() { Grade::Vague } else { Grade::Sure };
            self.tell(Weakness::Persistence, grade, &shape.replace('\0', "…"), path, span);
        } else if ["/tmp/.", "/var/tmp/.", "/dev/shm/."].iter().any(|hidden| shape.starts_with(hidden)) {
            self.act(Weakness::HiddenFile, shape, path, span);
        } else if ["/var/log/", "/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/", "/boot/", "/lib/"]
            .iter()
            .any(|place| shape.starts_with(place))
        {
            self.act(Weakness::Evasion, &shape.replace('\0', "…"), path, span);
        }
    }

    /// Looks at what leaves the machine.
    fn sends(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        let asks = super::sink::is_request(path, name);
        let sender = given.base.is_some() && SENDERS.contains(&name);
        let resolves = matches!(path, "socket.gethostbyname" | "socket.getaddrinfo")
            || path.starts_with("dns") && (name.starts_with("resolve") || name == "lookup");
        if !asks && !sender && !resolves {
            return;
        }
        let secret = [Source::Environment, Source::Credential, Source::Private, Source::Key];
        // A key goes to whom it is for, but in no name that is looked up.
        let secret = if resolves { &secret[..] } else { &secret[..3] };
        for (name, value) in &given.args {
            if matches!(name.as_deref(), Some("headers" | "auth" | "timeout" | "cert" | "verify" | "env")) {
                continue;
            }
            let mut shown = value.clone();
            if let Some(fields) = &value.fields {
                let open = fields.iter().filter(|(key, _)| !matches!(&**key, "headers" | "auth"));
                shown.fields = Some(open.cloned().collect());
            }
            self.reach(Weakness::Exfiltration, &shown, secret, span, path);
            self.copies(value, span, path);
        }
        for shape in given.values().flat_map(|value| value.shapes.clone()) {
            if asks && METADATA.iter().any(|host| shape.contains(host)) {
                self.act(Weakness::Metadata, &shape.replace('\0', "…"), path, span);
            }
        }
        let off = |name: &str| given.option(name).and_then(Value::known) == Some("\u{1}false");
        if asks && (off("verify") || off("rejectUnauthorized") || off("verify_ssl") || off("ssl")) {
            self.act(Weakness::Certificate, "the certificate", path, span);
        }
        if asks {
            self.sends_covertly(name, given, span, path);
        }
    }

    /// A copy of every message to somebody whom the caller does not name.
    fn copies(&mut self, value: &Value, span: Span, path: &str) {
        let inner = value.fields.iter().flat_map(|fields| fields.iter());
        for (name, part) in inner {
            if name.eq_ignore_ascii_case("bcc") {
                self.copy(part, span, path);
            }
            for (name, part) in part.fields.iter().flat_map(|fields| fields.iter()) {
                if name.eq_ignore_ascii_case("bcc") {
                    self.copy(part, span, path);
                }
            }
        }
    }

    pub(super) fn copy(&mut self, value: &Value, span: Span, path: &str) {
        let fixed =
            |value: &Value| value.taint.is_empty() && value.shapes.iter().any(|shape| shape.contains('@'));
        if fixed(value) || value.items.iter().flat_map(|items| items.iter()).any(fixed) {
            self.act(Weakness::HiddenCopy, "bcc", path, span);
        }
    }

    /// Signs of taking over the process or the machine.
    fn takes_over(&mut self, path: &str, name: &str, given: &Given, span: Span) {
        match path {
            "os.dup2" => {
                let of_socket =
                    given.at(0).and_then(Value::is_path).is_some_and(|path| path.contains("socket"));
                if of_socket {
                    self.act(Weakness::RemoteShell, "a socket as standard input", path, span);
                }
            }
            "ssl._create_unverified_context" => {
                self.act(Weakness::Certificate, "the certificate", path, span)
            }
            "pwd.getpwall" | "grp.getgrall" | "spwd.getspall" => {
                self.act(Weakness::SystemFile, path, path, span)
            }
            "sys.gettrace" | "ptrace" => self.act(Weakness::Evasion, path, path, span),
            "sys.settrace" => self.act(Weakness::Evasion, path, path, span),
            "os.setuid" | "os.seteuid" if given.at(0).and_then(Value::known) == Some("0") => {
                self.act(Weakness::Persistence, "user 0", path, span);
            }
            "os.utime" => self.act(Weakness::Evasion, "times of a file", path, span),
            "os.fork" if self.frame().loops > 0 => self.act(Weakness::Exhaustion, path, path, span),
            _ => {}
        }
        let starts = matches!(
            path,
            "threading.Thread"
                | "multiprocessing.Process"
                | "socket.socket"
                | "os.pipe"
                | "tempfile.NamedTemporaryFile"
                | "tempfile.mkstemp"
                | "Worker"
                | "worker_threads.Worker"
        );
        if (starts || path == "open") && self.endless > 0 {
            self.act(Weakness::Exhaustion, name, path, span);
        }
        if name == "connect"
            && path.starts_with("socket")
            && matches!(given.base.as_ref().map(|base| &base.object), Some(Object::Path(_)))
        {
            let shapes = given
                .at(0)
                .and_then(|address| address.items.as_ref())
                .and_then(|items| items.first())
                .map(|host| host.shapes.clone());
            let shapes = shapes.unwrap_or_default();
            if shapes.iter().any(|shape| {
                METADATA.iter().any(|host| shape.contains(host)) || shape.contains("docker.sock")
            }) {
                self.act(Weakness::Metadata, "its address", path, span);
            }
        }
    }

    /// Tells whether what runs is a command that its user gave by its name, to set something up, and that says what it does.
    fn sets_up(&self) -> bool {
        const SAYS: &[&str] =
            &["config", "install", "added", "wrote", "written", "updated", "set up", "setup"];
        let Some(function) = self.frames.last().map(|frame| frame.function).filter(|_| self.setups > 0)
        else {
            return false;
        };
        let mut says = false;
        self.form.visit(&self.form.function(function).body, &mut |part| {
            if let Part::Expr(id) = part
                && let ExprKind::Call { args, .. } = &self.form.expr(id).kind
            {
                let told = args.iter().any(|arg| self.says_one(arg.value, SAYS));
                says |= told;
            }
        });
        self.handler.is_none() && says
    }

    /// Tells whether an expression is a text with one of these words, or is put together of such.
    fn says_one(&self, id: ExprId, words: &[&str]) -> bool {
        match &self.form.expr(id).kind {
            // A place is no sentence.
            ExprKind::Text(text) => {
                let lower = text.to_ascii_lowercase();
                lower.contains(' ') && words.iter().any(|word| lower.contains(word))
            }
            ExprKind::Join(parts) => parts.iter().any(|part| self.says_one(*part, words)),
            _ => false,
        }
    }

    /// Tells whether the tool that runs says one of these words of itself. What is only called back where it is
    /// registered is judged when the tool runs.
    pub(super) fn says_any(&self, words: &[&str]) -> bool {
        self.handler.is_none() && self.frames.len() > 1 || words.iter().any(|word| self.says.contains(word))
    }

    /// Tells that the code does something itself.
    pub(super) fn act(&mut self, weakness: Weakness, what: &str, by: &str, span: Span) {
        self.tell(weakness, Grade::Sure, what, by, span);
    }
}
