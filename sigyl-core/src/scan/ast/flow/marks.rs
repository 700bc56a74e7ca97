//! Tables of what commands, paths and addresses say of the code that uses them.

use super::value::Weakness;

/// Words that stand in a text one behind the other.
pub(super) type Words = &'static [&'static str];

/// What a command, or the script in a file, is there for.
pub(super) const COMMANDS: &[(Weakness, Words)] = &[
    (Weakness::RemoteShell, &["/dev/tcp/"]),
    (Weakness::RemoteShell, &["/dev/udp/"]),
    (Weakness::RemoteShell, &["nc ", " -e "]),
    (Weakness::RemoteShell, &["ncat ", "-e "]),
    (Weakness::RemoteShell, &["ncat ", "--exec"]),
    (Weakness::RemoteShell, &["netcat ", "-e "]),
    (Weakness::RemoteShell, &["mkfifo ", "nc "]),
    (Weakness::RemoteShell, &["socat ", "exec:"]),
    (Weakness::RemoteShell, &["sh -i", ">&"]),
    (Weakness::RemoteShell, &["socket", "dup2("]),
    (Weakness::RemoteShell, &["net.sockets.tcpclient"]),
    (Weakness::HiddenCode, &["curl ", "|", "sh"]),
    (Weakness::HiddenCode, &["wget ", "|", "sh"]),
    (Weakness::HiddenCode, &["curl ", "|", "python"]),
    (Weakness::HiddenCode, &["base64 ", "|", "sh"]),
    (Weakness::HiddenCode, &["sh <(curl"]),
    (Weakness::HiddenCode, &["sh -c \"$(curl"]),
    (Weakness::HiddenCode, &["eval $(", "base64"]),
    (Weakness::HiddenCode, &["downloadstring("]),
    (Weakness::HiddenCode, &["powershell", "-enc"]),
    (Weakness::RemoteShell, &["<?php", "eval(", "$_"]),
    (Weakness::RemoteShell, &["<?php", "system(", "$_"]),
    (Weakness::RemoteShell, &["<?php", "exec(", "$_"]),
    (Weakness::RemoteShell, &["<?php", "passthru(", "$_"]),
    (Weakness::RemoteShell, &["<?php", "assert(", "$_"]),
    (Weakness::RemoteShell, &["<?php", "$_", "exec("]),
    (Weakness::RemoteShell, &["<?php", "$_", "system("]),
    (Weakness::RemoteShell, &["<%", "getruntime().exec(", "getparameter"]),
    (Weakness::RemoteShell, &["<%", "request.getparameter", "exec("]),
    (Weakness::RemoteShell, &["<%", "eval(request"]),
    (Weakness::Persistence, &["|", "crontab"]),
    (Weakness::Persistence, &["crontab /"]),
    (Weakness::Persistence, &[">", "/etc/cron"]),
    (Weakness::Persistence, &[">", "authorized_keys"]),
    (Weakness::Persistence, &[">", "/etc/rc.local"]),
    (Weakness::Persistence, &[">", "/etc/sudoers"]),
    (Weakness::Persistence, &[">", "/etc/profile"]),
    (Weakness::Persistence, &[">", ".bashrc"]),
    (Weakness::Persistence, &[">", ".profile"]),
    (Weakness::Persistence, &[">", ".zshrc"]),
    (Weakness::Persistence, &["launchctl load"]),
    (Weakness::Persistence, &["schtasks", "/create"]),
    (Weakness::Persistence, &["reg add", "\\run"]),
    (Weakness::Persistence, &["systemctl enable"]),
    (Weakness::Persistence, &["useradd "]),
    (Weakness::Persistence, &["usermod ", "sudo"]),
    (Weakness::Evasion, &["history -c"]),
    (Weakness::Evasion, &["unset histfile"]),
    (Weakness::Evasion, &["histsize=0"]),
    (Weakness::Evasion, &["rm ", "/var/log"]),
    (Weakness::Evasion, &["rm ", "_history"]),
    (Weakness::Evasion, &["truncate ", "/var/log"]),
    (Weakness::Evasion, &["> /var/log"]),
    (Weakness::Evasion, &["shred ", "/var/"]),
    (Weakness::Evasion, &["journalctl", "--vacuum"]),
    (Weakness::Evasion, &["auditctl "]),
    (Weakness::Evasion, &["setenforce 0"]),
    (Weakness::Evasion, &["ufw disable"]),
    (Weakness::Evasion, &["iptables -f"]),
    (Weakness::Evasion, &["iptables --flush"]),
    (Weakness::Evasion, &["systemctl stop"]),
    (Weakness::Evasion, &["systemctl disable"]),
    (Weakness::Evasion, &["systemctl mask"]),
    (Weakness::Evasion, &["set-mppreference"]),
    (Weakness::Evasion, &["insmod "]),
    (Weakness::Evasion, &["modprobe "]),
    (Weakness::Evasion, &["rmmod "]),
    (Weakness::Evasion, &["ld_preload"]),
    (Weakness::Evasion, &["ld.so.preload"]),
    (Weakness::Evasion, &["nsenter "]),
    (Weakness::Evasion, &["release_agent"]),
    (Weakness::Evasion, &["chroot ", "/proc/1"]),
    (Weakness::Evasion, &["chattr +i"]),
    (Weakness::Evasion, &["touch -t"]),
    (Weakness::Evasion, &["touch -r"]),
    (Weakness::Evasion, &["exec -a"]),
    (Weakness::Evasion, &["docker", "--privileged"]),
    (Weakness::Evasion, &["/var/run/docker.sock"]),
    (Weakness::SystemFile, &["/etc/shadow"]),
    (Weakness::SystemFile, &["/etc/passwd"]),
    (Weakness::SystemFile, &["/var/log/auth.log"]),
];

/// Programs whose whole purpose is to tell how a machine is laid out and who is on it.
pub(super) const SCOUTS: &[&str] = &[
    "arp",
    "netstat",
    "ifconfig",
    "route",
    "dmidecode",
    "lspci",
    "lsusb",
    "last",
    "lastlog",
    "who",
    "getent",
    "lsof",
    "journalctl",
    "dmesg",
];

/// What a tool may look at that says so: programs and places, and the words for what they show.
pub(super) const TOLD: &[(&str, &[&str])] = &[
    ("journalctl", &["journal", "log"]),
    ("dmesg", &["kernel", "log"]),
    ("lsof", &["open file", "port", "handle"]),
    ("netstat", &["connection", "port", "network", "socket"]),
    ("ifconfig", &["interface", "network", "address"]),
    ("arp", &["network", "neighbo", "arp"]),
    ("route", &["route", "routing", "network"]),
    ("lspci", &["hardware", "device", "pci", "graphics"]),
    ("lsusb", &["hardware", "device", "usb"]),
    ("dmidecode", &["hardware", "bios", "memory", "serial"]),
    ("last", &["login", "logged", "boot"]),
    ("who", &["logged", "session", "user"]),
    ("/var/log/", &["log"]),
    ("/proc/", &["process", "memory", "cpu", "load", "uptime", "system", "kernel", "worker"]),
];

/// Files that start something, or give rights, when they are written.
pub(super) const STARTERS: &[&str] = &[
    "/etc/cron",
    "/var/spool/cron",
    ".bashrc",
    ".bash_profile",
    ".zshrc",
    "/.profile",
    "authorized_keys",
    "/etc/systemd/",
    ".config/systemd",
    "launchagents",
    "launchdaemons",
    "/etc/rc.local",
    "/etc/init.d",
    "/etc/sudoers",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/pam.d",
    "/etc/profile",
    ".config/autostart",
    "sitecustomize",
    "/etc/ssh/",
    "/etc/ld.so",
    "\\startup\\",
    "/etc/hosts",
    "/etc/environment",
    "/etc/group",
    // What a client starts.
    "/.cursor/mcp.json",
    "claude_desktop_config.json",
    "/.claude.json",
    "/.claude/settings",
    "/windsurf/mcp_config.json",
    "cline_mcp_settings.json",
    "/.git/hooks/",
];

/// Files in which the system says how it is laid out and who is on it.
pub(super) const SYSTEM: &[&str] = &[
    "/etc/passwd",
    "/etc/shadow",
    "/etc/group",
    "/etc/sudoers",
    "/etc/gshadow",
    "/proc/",
    "/sys/class/dmi",
    "/var/log/auth",
    "/var/log/secure",
    "/var/log/syslog",
    "/var/log/messages",
    "/etc/fstab",
    "/etc/mtab",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/network/",
    "/var/log/",
    "/etc/ssh/",
];

/// Files that are read to see whether one runs in a container, and which.
pub(super) const IN_CONTAINER: &[&str] = &["/proc/1/cgroup", "/proc/self/cgroup"];

/// Where a cloud tells a machine its keys.
pub(super) const METADATA: &[&str] =
    &["169.254.169.254", "metadata.google.internal", "100.100.100.200", "fd00:ec2::254", "169.254.170.2"];

/// Methods that send what they are given.
pub(super) const SENDERS: &[&str] = &[
    "sendMail",
    "send_email",
    "sendEmail",
    "send_mail",
    "sendall",
    "sendto",
    "send",
    "sendmail",
    "send_message",
    "emit",
    "publish",
];

/// Verbs of tools that need nothing but what they are given.
pub(super) const COMPUTING: &[&str] = &[
    "add",
    "calculate",
    "capitalize",
    "compute",
    "convert",
    "count",
    "decode",
    "divide",
    "encode",
    "format",
    "hash",
    "lint",
    "lowercase",
    "multiply",
    "normalize",
    "parse",
    "prettify",
    "reverse",
    "round",
    "slugify",
    "sort",
    "split",
    "subtract",
    "sum",
    "summarise",
    "summarize",
    "trim",
    "truncate",
    "uppercase",
    "validate",
];

/// Words with which a tool says that something happens elsewhere, or lasts.
pub(super) const EFFECTS: &[&str] = &[
    "alert",
    "api",
    "approve",
    "archive",
    "ask",
    "asks",
    "assign",
    "backend",
    "book",
    "call",
    "calls",
    "cancel",
    "chat",
    "close",
    "cloud",
    "comment",
    "create",
    "creates",
    "database",
    "delete",
    "deletes",
    "deploy",
    "download",
    "email",
    "endpoint",
    "execute",
    "export",
    "fetch",
    "fetches",
    "http",
    "https",
    "import",
    "index",
    "ingest",
    "insert",
    "invite",
    "invoke",
    "like",
    "log",
    "logs",
    "mail",
    "message",
    "move",
    "online",
    "open",
    "order",
    "pay",
    "play",
    "queries",
    "query",
    "queue",
    "record",
    "records",
    "register",
    "remember",
    "remind",
    "remove",
    "rename",
    "reply",
    "request",
    "requests",
    "run",
    "runs",
    "save",
    "saves",
    "schedule",
    "search",
    "searches",
    "server",
    "service",
    "set",
    "sets",
    "slack",
    "sms",
    "start",
    "stop",
    "store",
    "stores",
    "subscribe",
    "track",
    "trigger",
    "turn",
    "tweet",
    "update",
    "updates",
    "upsert",
    "write",
    "writes",
];

/// Words with which a tool says that what it is given stays where it is.
pub(super) const STAYING: &[&str] = &[
    "without network",
    "no network",
    "never leaves",
    "not sent",
    "never sent",
    "nothing is sent",
    "without sending",
];

/// Words with which a tool says that it sends something.
pub(super) const SENDING: &[&str] = &[
    "send",
    "sends",
    "sent",
    "sending",
    "post",
    "posts",
    "notify",
    "notifies",
    "notification",
    "publish",
    "publishes",
    "submit",
    "submits",
    "upload",
    "uploads",
    "share",
    "shares",
    "webhook",
    "sync",
    "synchronize",
    "push",
    "pushes",
    "forward",
    "forwards",
    "deliver",
    "transmit",
    "telemetry",
    "report",
    "reports",
    "broadcast",
    "remote",
];

/// Tells whether a name is one of whose something is.
pub(super) fn is_owner(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(
        name.as_str(),
        "owner"
            | "owner_id"
            | "ownerid"
            | "user_id"
            | "userid"
            | "user"
            | "tenant"
            | "tenant_id"
            | "tenantid"
            | "customer_id"
            | "customerid"
            | "customer"
            | "created_by"
            | "belongs_to"
            | "patient_id"
            | "employee_id"
            | "username"
    )
}

/// Tells whether a name is one of a secret that somebody logs in with.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    matches!(
        name.as_str(),
        "password"
            | "passwd"
            | "passphrase"
            | "secret"
            | "token"
            | "api_key"
            | "apikey"
            | "access_token"
            | "private_key"
            | "client_secret"
            | "credit_card"
            | "ssn"
            | "pin"
    )
}

/// Tells whether a text gives what somebody logs in with: two of them, named, or one in an address.
pub(super) fn tells_logins(text: &str) -> bool {
    const NAMES: &[&str] =
        &["password", "passwd", "api key", "api_key", "apikey", "secret key", "secret_key", "token"];
    let told = |line: &&str| {
        let Some((name, value)) = line.split_once([':', '=']) else { return false };
        let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase();
        let value = value.trim().trim_matches(['"', '\'', ',']);
        NAMES.iter().any(|known| name.ends_with(known)) && is_secret(value)
    };
    if !text.contains([':', '=']) {
        return false;
    }
    let address = text.split_whitespace().any(|word| {
        let login = word.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
        login.and_then(|(login, _)| login.split_once(':')).is_some_and(|(_, secret)| is_secret(secret))
    });
    text.lines().filter(told).take(2).count() + usize::from(address) >= 2
}

/// Tells whether a text names a tool of others, says when it is about to be used, and wants something hidden or sent.
pub(super) fn orders_others(text: &str, own: &str) -> bool {
    const WHEN: &[&str] = &["when", "before", "after", "if ", "each time", "every time", "as soon as"];
    const HIDES: &[&str] = &[
        "not be told",
        "not tell",
        "don't tell",
        "not mention",
        "don't mention",
        "without telling",
        "without asking",
        "not need to know",
        "keep this from",
        "silently",
    ];
    let lower = text.to_ascii_lowercase();
    let is_name = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        word.contains('_')
            && word != own
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let names =
        text.split_whitespace().any(is_name) || lower.contains(" tool is ") || lower.contains(" tools are ");
    let address = || {
        text.split_whitespace().any(|word| {
            let sides = word.split_once('@');
            sides.is_some_and(|(name, host)| {
                !name.is_empty() && host.trim_end_matches([',', '.', ';']).contains('.')
            })
        })
    };
    names
        && WHEN.iter().any(|word| lower.contains(word))
        && (HIDES.iter().any(|word| lower.contains(word))
            || address() && [" must ", " cc ", " bcc", "recipient"].iter().any(|word| lower.contains(word)))
}

/// Tells whether a text may be a password that somebody set, rather than a word that stands for one or for none.
pub(super) fn is_fixed_password(text: &str) -> bool {
    const NONE: &[&str] = &[
        "undefined",
        "null",
        "none",
        "string",
        "bearer",
        "password",
        "secret",
        "token",
        "basic",
        "object",
        "number",
        "unknown",
        "invalid",
        "expired",
        "required",
        "missing",
        "postgres",
        "mysql",
        "redis",
        "guest",
        "dummy",
    ];
    let lower = text.to_ascii_lowercase();
    is_secret(text)
        && !NONE.contains(&&*lower)
        && !lower.contains("test")
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Tells whether a text may be a secret, rather than what stands for one.
fn is_secret(text: &str) -> bool {
    let stands = ["...", "***", "xxx", "your", "example", "placeholder", "changeme"];
    let lower = text.to_ascii_lowercase();
    text.len() >= 6
        && !text
            .contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '{' | '}' | '$' | '\0' | '('))
        && text.contains(|c: char| c.is_ascii_alphanumeric())
        && !stands.iter().any(|word| lower.contains(word))
}

/// Tells whether words stand in a text one behind the other.
pub(super) fn in_order(text: &str, words: Words) -> bool {
    let mut rest = text;
    words.iter().all(|word| match rest.find(word) {
        Some(at) => {
            rest = &rest[at + word.len()..];
            true
        }
        None => false,
    })
}
