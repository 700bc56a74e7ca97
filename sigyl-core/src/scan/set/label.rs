//! What a tool can do, as far as its declaration tells. Labels are no findings: an honest tool has them too.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::server_set::ServerSet;
use crate::domain::Tool;

/// Something that a tool can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Label {
    /// It reads what is not meant for everybody: files, databases, mail, accounts.
    PrivateData,
    /// It brings in text that strangers write: pages, mail, issues, messages.
    UntrustedContent,
    /// What it is given leaves for where others can read it.
    PublicSink,
    /// It deletes or overwrites.
    Destructive,
    /// It says that it only reads, and its name says that it changes something.
    ReadOnlyInDoubt,
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::PrivateData => "private data",
            Self::UntrustedContent => "untrusted content",
            Self::PublicSink => "public sink",
            Self::Destructive => "destructive",
            Self::ReadOnlyInDoubt => "read-only in doubt",
        })
    }
}

/// The labels of one tool, each with what earned it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelled {
    /// The server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// Each label and why.
    pub labels: Vec<(Label, String)>,
}

/// Verbs that bring something to the model.
const READS: &str = "read get fetch list search find query select export dump retrieve download load open view \
    show lookup look browse scrape crawl extract navigate snapshot visit describe inspect summarize summarise \
    recall fetches reads gets lists searches retrieves queries returns return execute run scan grep cat";
/// Things that are not for everybody.
const PRIVATE: &str = "file files filesystem directory folder folders database databases sql table tables row rows \
    record records email emails mail mails inbox gmail calendar event events contact contacts note notes document \
    documents doc docs drive secret secrets password passwords credential credentials vault customer customers \
    employee employees patient patients account accounts invoice invoices payment payments transaction transactions \
    clipboard keychain env environment memories log logs collection collections bucket buckets \
    conversation conversations dm dms private crm deal deals lead leads workspace keyring wallet";
/// Things that strangers write.
const UNTRUSTED: &str = "web webpage website page pages url urls link internet html site sites online email emails \
    mail inbox gmail message messages issue issues comment comments review reviews tweet tweets feed feeds rss news \
    article articles reddit forum forums channel channels thread threads ticket tickets discussion discussions \
    pr prs readme wiki youtube transcript video videos browser tab google bing brave \
    duckduckgo";
/// Verbs that send something off.
const SENDS: &str = "send post publish share upload email tweet message notify comment reply forward submit push \
    broadcast announce invite dm create sends posts publishes uploads comments replies";
/// What is sent, and where others read it.
const SENT: &str = "email emails mail message messages sms tweet tweets post posts comment comments reply replies \
    issue issues pr gist gists webhook webhooks notification notifications slack discord telegram whatsapp \
    channel thread discussion discussions announcement newsletter status";
/// Verbs that send by themselves, whatever comes after.
const SENDS_ALONE: &str = "send publish tweet broadcast upload email notify";
/// Verbs that take something away for good.
const DESTROYS: &str = "delete remove drop destroy purge wipe truncate terminate kill revoke overwrite uninstall \
    erase reset clear format unlink rm shutdown deletes removes drops";
/// Verbs that change something, whatever it is.
const WRITES: &str = "delete remove drop destroy purge wipe truncate write send post publish upload insert update \
    edit modify overwrite rename move deploy install revoke transfer pay approve merge commit push patch put set \
    create";

/// Labels every tool that has any.
pub(super) fn labels(set: &ServerSet<'_>) -> Vec<Labelled> {
    let words = Words::default();
    let tools = set.servers.iter().flat_map(|server| server.tools.iter().map(move |tool| (server, tool)));
    let labelled = tools.map(|(server, tool)| Labelled {
        server: server.name.clone(),
        tool: tool.name().to_owned(),
        labels: words.labels(tool),
    });
    labelled.filter(|labelled| !labelled.labels.is_empty()).collect()
}

/// The closed lists, to look words up in.
#[derive(Debug)]
struct Words {
    reads: HashSet<&'static str>,
    private: HashSet<&'static str>,
    untrusted: HashSet<&'static str>,
    sends: HashSet<&'static str>,
    sent: HashSet<&'static str>,
    alone: HashSet<&'static str>,
    destroys: HashSet<&'static str>,
    writes: HashSet<&'static str>,
}

impl Default for Words {
    fn default() -> Self {
        let set = |words: &'static str| words.split_ascii_whitespace().collect();
        Self {
            reads: set(READS),
            private: set(PRIVATE),
            untrusted: set(UNTRUSTED),
            sends: set(SENDS),
            sent: set(SENT),
            alone: set(SENDS_ALONE),
            destroys: set(DESTROYS),
            writes: set(WRITES),
        }
    }
}

/// What a tool says of itself.
struct Said {
    name: Vec<String>,
    /// The first sentence of its description.
    says: Vec<String>,
    read_only: Option<bool>,
    destructive: Option<bool>,
    closed: bool,
    takes_address: bool,
}

impl Said {
    fn of(tool: &Tool) -> Self {
        let definition = tool.definition();
        let hint = |name: &str| {
            definition.get("annotations").and_then(|hints| hints.get(name)).and_then(Value::as_bool)
        };
        let properties =
            definition.get("inputSchema").and_then(|it| it.get("properties")).and_then(Value::as_object);
        let is_address = |name: &String| matches!(name.as_str(), "url" | "urls" | "uri" | "endpoint");
        Self {
            name: words_of_name(tool.name()),
            says: first_words(tool.description().unwrap_or_default()),
            read_only: hint("readOnlyHint"),
            destructive: hint("destructiveHint"),
            closed: hint("openWorldHint") == Some(false),
            takes_address: properties.is_some_and(|all| all.keys().any(is_address)),
        }
    }

    /// Finds a verb and a thing, in the name or in the first sentence, and tells which.
    fn does(&self, verbs: &HashSet<&str>, things: &HashSet<&str>) -> Option<String> {
        let first = |words: &[String], list: &HashSet<&str>| {
            words.iter().find(|word| list.contains(word.as_str())).cloned()
        };
        let named = first(&self.name, verbs).zip(first(&self.name, things));
        if let Some((verb, thing)) = named.filter(|(verb, thing)| verb != thing) {
            return Some(format!("its name says `{verb}` and `{thing}`"));
        }
        // A description begins with what the tool does; a thing far behind is what it is about.
        let verb = self.says.iter().take(3).find(|word| verbs.contains(word.as_str()))?;
        let thing = self.says.iter().take(12).find(|word| *word != verb && things.contains(word.as_str()))?;
        Some(format!("its description says `{verb}` and `{thing}`"))
    }
}

impl Words {
    fn labels(&self, tool: &Tool) -> Vec<(Label, String)> {
        let said = Said::of(tool);
        let verb = |list: &HashSet<&str>| said.name.iter().find(|word| list.contains(word.as_str())).cloned();
        let mut labels = Vec::new();
        if let Some(why) = said.does(&self.reads, &self.private) {
            labels.push((Label::PrivateData, why));
        }
        if !said.closed {
            let fetches = (said.takes_address && verb(&self.reads).is_some())
                .then(|| "it reads an address that it is given".to_owned());
            if let Some(why) = said.does(&self.reads, &self.untrusted).or_else(|| fetches.clone()) {
                labels.push((Label::UntrustedContent, why));
            }
            let sends = said.does(&self.sends, &self.sent).or_else(|| {
                verb(&self.alone)
                    .filter(|_| said.name.len() > 1)
                    .map(|verb| format!("its name says `{verb}`"))
            });
            // The first verb of a name says what the tool does: `get_replies` sends nothing.
            let reads =
                |word: &&String| self.reads.contains(word.as_str()) || self.destroys.contains(word.as_str());
            let is_verb = |word: &&String| reads(word) || self.sends.contains(word.as_str());
            let only_reads = said.name.iter().find(is_verb).is_some_and(|verb| reads(&verb));
            let only_sends = said.read_only != Some(true) && !only_reads;
            let sends = sends.filter(|_| only_sends);
            let carries = fetches.map(|_| "an address that it is given can carry data away".to_owned());
            if let Some(why) = sends.or(carries) {
                labels.push((Label::PublicSink, why));
            }
        }
        let destroys = verb(&self.destroys).map(|verb| format!("its name says `{verb}`"));
        let destroys = match said.destructive {
            Some(true) => Some("its annotations say so".to_owned()),
            _ => destroys,
        };
        if let Some(why) = destroys.filter(|_| said.read_only != Some(true)) {
            labels.push((Label::Destructive, why));
        }
        let writes = said.name.first().filter(|word| self.writes.contains(word.as_str()));
        if let Some(verb) = writes.filter(|_| said.read_only == Some(true)) {
            labels.push((
                Label::ReadOnlyInDoubt,
                format!("`readOnlyHint` is true, and its name says `{verb}`"),
            ));
        }
        labels
    }
}

/// Parts a name into its words: `readFile`, `read_file` and `read-file` are two.
pub(super) fn words_of_name(name: &str) -> Vec<String> {
    let (mut words, mut word, mut lower) = (Vec::new(), String::new(), false);
    for c in name.chars().take(200) {
        let ends = !c.is_alphanumeric() || c.is_uppercase() && lower;
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        lower = c.is_lowercase() || c.is_numeric();
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn first_words(text: &str) -> Vec<String> {
    let sentence = text.trim_start().split(['.', '\n']).next().unwrap_or_default();
    // What holds a `_` is the name of something else.
    let words = sentence.split(|c: char| !c.is_alphanumeric() && c != '_');
    let words = words.filter(|word| !word.is_empty() && !word.contains('_'));
    words.take(20).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(tool: Value) -> Vec<Label> {
        let tool: Tool = serde_json::from_value(tool).unwrap();
        Words::default().labels(&tool).into_iter().map(|(label, _)| label).collect()
    }

    #[test]
    fn a_tool_is_labelled_by_what_it_declares() {
        use Label::{Destructive, PrivateData, PublicSink, ReadOnlyInDoubt, UntrustedContent};
        let url = json!({"properties": {"url": {"type": "string"}}});
        for (tool, labels) in [
            (json!({"name": "read_file"}), vec![PrivateData]),
            (json!({"name": "search_emails"}), vec![PrivateData, UntrustedContent]),
            (json!({"name": "fetch", "inputSchema": url}), vec![UntrustedContent, PublicSink]),
            (json!({"name": "sendMessage", "description": "Sends a message to a channel"}), vec![PublicSink]),
            (json!({"name": "create_issue"}), vec![PublicSink]),
            (json!({"name": "delete_page"}), vec![Destructive]),
            (json!({"name": "chat_get_comments"}), vec![UntrustedContent]),
            (json!({"name": "swap", "annotations": {"destructiveHint": true}}), vec![Destructive]),
            (json!({"name": "update_row", "annotations": {"readOnlyHint": true}}), vec![ReadOnlyInDoubt]),
            (json!({"name": "x", "description": "Query the customer database with SQL."}), vec![PrivateData]),
        ] {
            let told = tool.to_string();
            assert_eq!(of(tool), labels, "{told}");
        }
    }

    #[test]
    fn a_tool_that_computes_has_no_label() {
        for tool in [
            json!({"name": "add", "description": "Adds two numbers and returns the sum."}),
            json!({"name": "get_current_time", "description": "Get the current time in a time zone."}),
            json!({"name": "convert_units", "description": "Convert a length."}),
            json!({"name": "search_web", "annotations": {"openWorldHint": false}}),
            json!({"name": "x", "description": "When chat_post_message is used, copy it."}),
        ] {
            let told = tool.to_string();
            assert_eq!(of(tool), [], "{told}");
        }
    }

    #[test]
    fn names_are_parted_at_marks_and_capitals() {
        assert_eq!(words_of_name("mcp__gitHub-readFile2"), ["mcp", "git", "hub", "read", "file2"]);
    }
}
