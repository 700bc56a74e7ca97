//! A project that things are made in, and removed from: strict about what it is asked, with a state to compare.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fake::{Asked, refusal};

const PLACE: &str = "projects/demo/locations/europe-west1";

/// Everything in a project.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    /// What there is, by its whole name.
    pub(crate) things: BTreeMap<String, Value>,
    /// What was refused.
    pub(crate) refused: Vec<String>,
    /// Names of operations that end in failure, by the start of what they make: `services`, `builds`.
    pub(crate) fails: Vec<&'static str>,
    /// Whether somebody else changes a service as soon as it was written.
    pub(crate) is_shared: bool,
    /// Whether each page of a list has one thing.
    pub(crate) has_pages: bool,
    /// Operations that never end.
    pub(crate) endless: bool,
    /// Where services are.
    pub(crate) url: String,
    /// Operations and builds.
    pub(crate) pending: BTreeMap<String, Value>,
    /// What Monitoring holds, each a `TimeSeries`.
    pub(crate) series: Vec<Value>,
    count: usize,
}

type Answer = (u16, Value);

impl World {
    pub(crate) fn at(url: &str) -> Self {
        let project = json!({"name": "projects/7", "projectId": "demo", "state": "ACTIVE"});
        let things = BTreeMap::from([("v3/projects/demo".to_owned(), project)]);
        Self { things, url: url.to_owned(), ..Self::default() }
    }

    /// Names everything that there is, but what every server shares.
    pub(crate) fn own(&self) -> Vec<String> {
        let shared = [
            "v3/",
            "b/demo-sigyl-europe-west1",
            "repositories/sigyl",
            "sigyl-build@",
            "policy:projects/demo",
        ];
        let is_shared = |name: &str| shared.iter().any(|end| name.starts_with(end) || name.ends_with(end));
        let is_shared = |name: &str| is_shared(name) || name.contains("/serviceAccounts/sigyl-build@");
        self.things.keys().filter(|name| !is_shared(name)).cloned().collect()
    }

    pub(crate) fn answer(&mut self, asked: &Asked) -> Answer {
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let path = path.trim_start_matches('/');
        let (api, rest) = path.split_once('/').unwrap();
        let body: Value = serde_json::from_slice(&asked.bytes).unwrap_or_default();
        let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let method = asked.method.as_str();
        if let Some((name, verb)) = rest.rsplit_once(':').filter(|(_, verb)| verb.ends_with("IamPolicy")) {
            return self.policy(name, verb, &body);
        }
        match api {
            "cloudresourcemanager" if method == "GET" => self.get(rest),
            "storage" => self.storage(method, rest, &query, asked, &body),
            "artifactregistry" => self.registry(method, rest, &query, &body),
            "iam" => self.accounts(method, rest, &body),
            "iamcredentials" => {
                self.count += 1;
                (200, json!({"token": format!("id.{}.{}", body["audience"].as_str().unwrap(), self.count)}))
            }
            "cloudbuild" if method == "GET" && !query.contains_key("id") && !rest.ends_with("/builds") => {
                wrong("the id of the build")
            }
            "cloudbuild" if !rest.ends_with(":cancel") && query.get("projectId") != Some(&"demo") => {
                wrong("projectId")
            }
            "cloudbuild" => self.builds(method, rest, &body),
            "logging" => (200, self.lines(&body)),
            "monitoring" if method == "GET" => self.series(rest, &query),
            "secretmanager" => self.secrets(method, rest, &query, &body),
            "run" => self.run(method, rest, &query, &body),
            _ => wrong("no such method"),
        }
    }

    /// What a service answers to who may call it.
    pub(crate) fn serve(&self, asked: &Asked) -> Answer {
        let token = asked.headers.get("x-serverless-authorization");
        let is_let_in = token.is_some_and(|token| token.starts_with("Bearer id.http"));
        match (is_let_in, asked.method.as_str()) {
            (false, _) => (403, json!({})),
            (true, "POST") => speak(&serde_json::from_str(&asked.body).unwrap()),
            (true, _) => (405, json!({})),
        }
    }

    fn get(&self, name: &str) -> Answer {
        self.things.get(name).map_or_else(missing, |thing| (200, thing.clone()))
    }

    fn make(&mut self, name: String, thing: Value) -> Answer {
        if self.things.contains_key(&name) {
            return refusal(409, "ALREADY_EXISTS", "it exists", &json!([]));
        }
        self.things.insert(name, thing.clone());
        (200, thing)
    }

    fn remove(&mut self, name: &str) -> Answer {
        self.things.remove(&format!("policy:{}", name.split_once('/').unwrap().1));
        self.things.retain(|other, _| !other.starts_with(&format!("{name}/revisions/")));
        self.things.remove(name).map_or_else(missing, |_| (200, json!({})))
    }

    /// Something that is done when it is asked for the second time.
    fn begin(&mut self, kind: &str, response: Value) -> Answer {
        self.count += 1;
        let name = format!("{PLACE}/operations/{}", self.count);
        let done = match self.fails.contains(&kind) {
            true => {
                json!({"name": name, "done": true, "error": {"code": 9, "message": "it does not\nstart"}})
            }
            false => json!({"name": name, "done": true, "response": response}),
        };
        self.pending.insert(name.clone(), done);
        (200, json!({ "name": name }))
    }

    fn operation(&self, rest: &str) -> Answer {
        let name = rest.split_once('/').unwrap().1;
        match self.pending.get(name) {
            Some(_) if self.endless => (200, json!({ "name": name })),
            Some(done) => (200, done.clone()),
            None => missing(),
        }
    }

    fn policy(&mut self, name: &str, verb: &str, body: &Value) -> Answer {
        let is_there = name.starts_with("v3/") || self.things.contains_key(name);
        if !is_there {
            return missing();
        }
        let key = format!("policy:{}", name.split_once('/').unwrap().1);
        let held = self.things.get(&key).cloned().unwrap_or_else(|| json!({"version": 1, "etag": "E0"}));
        if verb == "getIamPolicy" {
            return (200, held);
        }
        if body["policy"]["etag"] != held["etag"] {
            return refusal(409, "ABORTED", "stale", &json!([]));
        }
        self.count += 1;
        let mut policy = body["policy"].clone();
        policy["etag"] = format!("E{}", self.count).into();
        self.things.insert(key, policy.clone());
        (200, policy)
    }

    fn storage(
        &mut self,
        method: &str,
        rest: &str,
        query: &BTreeMap<&str, &str>,
        asked: &Asked,
        body: &Value,
    ) -> Answer {
        let rest = rest.trim_start_matches("storage/v1/");
        match (method, rest) {
            ("POST", "b")
                if query["project"] == "demo"
                    && only(body, &["name", "location", "labels", "iamConfiguration", "lifecycle"]) =>
            {
                let mut bucket = body.clone();
                bucket["projectNumber"] = "7".into();
                self.make(format!("b/{}", body["name"].as_str().unwrap()), bucket)
            }
            ("POST", upload) if upload.starts_with("upload/") => self.upload(query, asked),
            ("GET", list) if list.ends_with("/o") => {
                let prefix = query["prefix"].replace("%2F", "/");
                let base = format!("{list}/{prefix}");
                let items =
                    self.things.iter().filter(|(name, _)| name.starts_with(&base)).map(|(_, one)| one);
                (200, json!({"items": items.collect::<Vec<_>>()}))
            }
            ("GET", name) => self.get(&name.replace("%2F", "/")),
            ("DELETE", name) => self.remove(&name.replace("%2F", "/")),
            _ => wrong(rest),
        }
    }

    fn upload(&mut self, query: &BTreeMap<&str, &str>, asked: &Asked) -> Answer {
        use base64::Engine as _;
        use md5::Digest as _;
        assert_eq!((query["uploadType"], query["ifGenerationMatch"]), ("multipart", "0"));
        let boundary = asked.headers["content-type"].split("boundary=").nth(1).unwrap();
        let find = |from: usize, part: &[u8]| {
            from + asked.bytes[from..].windows(part.len()).position(|at| at == part).unwrap()
        };
        let about_from = find(0, b"\r\n\r\n") + 4;
        let about_to = find(about_from, format!("\r\n--{boundary}").as_bytes());
        let from = find(about_to, b"\r\n\r\n") + 4;
        let to = find(from, format!("\r\n--{boundary}--").as_bytes());
        let mut about: Value = serde_json::from_slice(&asked.bytes[about_from..about_to]).unwrap();
        let bytes = &asked.bytes[from..to];
        let md5 = base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(bytes));
        if about["md5Hash"] != *md5 || !only(&about, &["name", "contentType", "md5Hash", "metadata"]) {
            return wrong("the archive");
        }
        self.count += 1;
        about["generation"] = self.count.to_string().into();
        about["files"] = json!(names(bytes));
        let name = format!("b/demo-sigyl-europe-west1/o/{}", about["name"].as_str().unwrap());
        match self.make(name, about) {
            (409, _) => refusal(412, "conditionNotMet", "it exists", &json!([])),
            made => made,
        }
    }

    fn registry(&mut self, method: &str, rest: &str, query: &BTreeMap<&str, &str>, body: &Value) -> Answer {
        match method {
            "GET" if rest.contains("/operations/") => self.operation(rest),
            "GET" if rest.contains("/packages/") => {
                let (package, digest) = rest.split_once("/versions/").unwrap();
                let images = self.things.get(package).and_then(|package| package["images"].as_array());
                match images.is_some_and(|images| images.contains(&digest.into())) {
                    true => (200, json!({"name": rest})),
                    false => missing(),
                }
            }
            "GET" => self.get(rest),
            "POST" if only(body, &["format", "mode", "labels", "description"]) => {
                let name = format!("{rest}/{}", query["repositoryId"]);
                self.make(name, body.clone());
                self.begin("repositories", json!({}))
            }
            "DELETE" if rest.contains("/packages/") => match self.remove(rest) {
                (200, _) => self.begin("packages", json!({})),
                refused => refused,
            },
            _ => wrong(rest),
        }
    }

    /// Lists what was measured: the metric of a filter alone, and no more than one.
    fn series(&self, rest: &str, query: &BTreeMap<&str, &str>) -> Answer {
        let filter = query
            .get("filter")
            .map(|filter| filter.replace("%22", "\"").replace("%3D", "="))
            .unwrap_or_default();
        let needed = ["interval.startTime", "interval.endTime", "aggregation.alignmentPeriod"];
        let is_whole =
            rest == "v3/projects/demo/timeSeries" && needed.iter().all(|name| query.contains_key(name));
        if !is_whole || filter.matches("metric.type=").count() != 1 {
            return wrong("a window, its steps and one metric");
        }
        let is_it = |one: &&Value| {
            let metric = one["metric"]["type"].as_str().unwrap().replace('/', "%2F");
            filter.contains(&format!("\"{metric}\""))
        };
        let found: Vec<&Value> = self.series.iter().filter(is_it).collect();
        // As Google does: a list of nothing is not there.
        (200, if found.is_empty() { json!({}) } else { json!({ "timeSeries": found }) })
    }

    fn accounts(&mut self, method: &str, rest: &str, body: &Value) -> Answer {
        match method {
            "GET" => self.get(rest),
            "POST" if only(body, &["accountId", "serviceAccount"]) => {
                let id = body["accountId"].as_str().unwrap();
                if !(6..=30).contains(&id.len()) {
                    return wrong("accountId");
                }
                self.make(format!("{rest}/{id}@demo.iam.gserviceaccount.com"), body["serviceAccount"].clone())
            }
            "DELETE" => self.remove(rest),
            _ => wrong(rest),
        }
    }

    fn builds(&mut self, method: &str, rest: &str, body: &Value) -> Answer {
        match method {
            "GET" if rest.ends_with("/builds") => {
                let all = self.pending.iter().filter(|(name, _)| name.starts_with(&format!("{rest}/")));
                (200, json!({"builds": all.map(|(_, build)| build).collect::<Vec<_>>()}))
            }
            "POST" if rest.ends_with(":cancel") && !only(body, &["projectId", "id"]) => {
                wrong("the end of a build")
            }
            "POST" if rest.ends_with(":cancel") => {
                let name = rest.trim_end_matches(":cancel");
                let build = self.pending.get_mut(name).unwrap();
                build["status"] = "CANCELLED".into();
                (200, build.clone())
            }
            "POST" => self.build(rest, body),
            _ => {
                let Some(build) = self.pending.get_mut(rest) else { return missing() };
                let told = build.clone();
                let next = match told["status"].as_str().unwrap() {
                    "QUEUED" => "WORKING",
                    "WORKING" if !self.endless && self.fails.contains(&"builds") => "FAILURE",
                    "WORKING" if !self.endless => "SUCCESS",
                    other => other,
                };
                build["status"] = next.into();
                if told["status"] == "SUCCESS" {
                    let image = told["images"][0].as_str().unwrap();
                    let name = image.rsplit('/').next().unwrap().split(':').next().unwrap();
                    let name = format!("v1/{PLACE}/repositories/sigyl/packages/{name}");
                    let images =
                        &mut self.things.entry(name).or_insert_with(|| json!({"images": []}))["images"];
                    images.as_array_mut().unwrap().push(told["results"]["images"][0]["digest"].clone());
                }
                (200, told)
            }
        }
    }

    fn build(&mut self, rest: &str, body: &Value) -> Answer {
        let known = ["source", "steps", "images", "tags", "timeout", "serviceAccount", "options"];
        let from = &body["source"]["storageSource"];
        let name = format!("b/{}/o/{}", from["bucket"].as_str().unwrap(), from["object"].as_str().unwrap());
        let args: Vec<&str> =
            body["steps"][0]["args"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let file = args[args.iter().position(|word| *word == "--file").unwrap() + 1];
        let archive = self.things.get(&name).filter(|archive| archive["generation"] == from["generation"]);
        let has_file =
            archive.is_some_and(|archive| archive["files"].as_array().unwrap().contains(&file.into()));
        if !only(body, &known) || !has_file || body["options"]["logging"] != "CLOUD_LOGGING_ONLY" {
            return wrong("the build");
        }
        self.count += 1;
        let (id, image) = (format!("b{}", self.count), body["images"][0].clone());
        let digest = format!("sha256:{:064x}", self.count);
        let build = json!({"id": id, "status": "QUEUED", "images": [image], "tags": body["tags"], "logUrl": "https://console/b",
            "failureInfo": {"detail": "step 0 failed"},
            "results": {"images": [{"name": image, "digest": digest}]}});
        self.pending.insert(format!("{rest}/{id}"), build.clone());
        (200, json!({"name": "operations/x", "metadata": {"build": build}}))
    }

    fn lines(&self, body: &Value) -> Value {
        let filter = body["filter"].as_str().unwrap();
        let entry = |at: u32, text: &str| json!({"timestamp": format!("2027-01-15T08:00:{at:02}Z"), "insertId": at.to_string(), "textPayload": text});
        match filter.starts_with("resource.type=\"build\"") {
            true => json!({"entries": [entry(1, "Step #0: docker build"), entry(2, "a\u{1b}[2J")]}),
            false => json!({"entries": [entry(2, "second"), entry(1, "first")]}),
        }
    }

    fn secrets(&mut self, method: &str, rest: &str, query: &BTreeMap<&str, &str>, body: &Value) -> Answer {
        match method {
            "POST" if rest.ends_with(":addVersion") => {
                let name = rest.trim_end_matches(":addVersion");
                let Some(secret) = self.things.get_mut(name) else { return missing() };
                self.count += 1;
                if !secret["versions"].is_array() {
                    secret["versions"] = json!([]);
                }
                let versions = secret["versions"].as_array_mut().unwrap();
                let name = format!("{}/versions/{}", name.trim_start_matches("v1/"), versions.len() + 1);
                let made = json!({"name": name, "state": "ENABLED", "createTime": time(self.count)});
                versions.push(made.clone());
                (200, made)
            }
            "POST" if rest.ends_with(":destroy") => {
                let (secret, number) = rest.trim_end_matches(":destroy").rsplit_once("/versions/").unwrap();
                let Some(secret) = self.things.get_mut(secret) else { return missing() };
                let version = &mut secret["versions"][number.parse::<usize>().unwrap() - 1];
                if version["state"] == "DESTROYED" {
                    return refusal(400, "FAILED_PRECONDITION", "it is destroyed", &json!([]));
                }
                version["state"] = "DESTROYED".into();
                (200, version.clone())
            }
            "GET" if rest.ends_with("/versions") => {
                let Some(secret) = self.things.get(rest.trim_end_matches("/versions")) else {
                    return missing();
                };
                (200, json!({"versions": secret["versions"]}))
            }
            "POST" if only(body, &["replication", "labels"]) => {
                self.make(format!("{rest}/{}", query["secretId"]), json!({}))
            }
            "GET" if rest != "v1/projects/demo/secrets" => self.get(rest),
            "GET" => {
                let names = self.things.keys().filter(|name| name.starts_with("v1/projects/demo/secrets/"));
                let secrets: Vec<Value> =
                    names.map(|name| json!({"name": name.trim_start_matches("v1/")})).collect();
                (200, json!({ "secrets": secrets }))
            }
            "DELETE" => self.remove(rest),
            _ => wrong(rest),
        }
    }

    fn run(&mut self, method: &str, rest: &str, query: &BTreeMap<&str, &str>, body: &Value) -> Answer {
        match method {
            "GET" if rest.contains("/operations/") => self.operation(rest),
            "GET" if rest.ends_with("/revisions") => {
                let all = self.things.iter().filter(|(name, _)| name.starts_with(&format!("{rest}/")));
                (200, json!({"revisions": all.map(|(_, revision)| revision).collect::<Vec<_>>()}))
            }
            "GET" => self.get(rest),
            "POST" => self.write(&format!("{rest}/{}", query["serviceId"]), query, body, None),
            "PATCH" => {
                let Some(held) = self.things.get(rest).cloned() else { return missing() };
                if body["etag"] != held["etag"] {
                    return refusal(409, "ABORTED", "stale", &json!([]));
                }
                self.write(rest, query, body, Some(held))
            }
            "DELETE" if rest.contains("/revisions/") => {
                let (service, name) = rest.split_once("/revisions/").unwrap();
                let Some(held) = self.things.get(service) else { return missing() };
                if held["latestCreatedRevision"].as_str().unwrap().ends_with(name) {
                    return refusal(400, "FAILED_PRECONDITION", "it is the newest", &json!([]));
                }
                self.things.remove(rest);
                self.begin("revisions", json!({}))
            }
            "DELETE" => match self.remove(rest) {
                (200, _) => self.begin("deletion", json!({})),
                refused => refused,
            },
            _ => wrong(rest),
        }
    }

    fn write(
        &mut self,
        name: &str,
        query: &BTreeMap<&str, &str>,
        body: &Value,
        held: Option<Value>,
    ) -> Answer {
        let known =
            ["labels", "annotations", "client", "clientVersion", "ingress", "template", "traffic", "etag"];
        let traffic = body["traffic"].as_array().unwrap();
        let sum: u64 = traffic.iter().filter_map(|share| share["percent"].as_u64()).sum();
        let image = body["template"]["containers"][0]["image"].as_str();
        let is_pinned = image.is_none_or(|image| image.contains("@sha256:"));
        if !only(body, &known) || sum != 100 || !is_pinned {
            return wrong("the service");
        }
        if query.get("validateOnly") == Some(&"true") {
            return (200, json!({"name": "x", "done": true}));
        }
        self.count += 1;
        let short = name.rsplit('/').next().unwrap();
        let is_first = held.is_none();
        let mut service = held.unwrap_or_else(
            || json!({"name": name.trim_start_matches("v2/"), "uri": format!("{}/serve/{short}", self.url)}),
        );
        let has_template = !body["template"].is_null();
        for (key, value) in body.as_object().unwrap() {
            service[key] = value.clone();
        }
        let broken = self.fails.contains(&"services");
        if has_template {
            let revision = format!("{PLACE}/services/{short}/revisions/{short}-{:05}", self.count);
            let made = json!({
                "name": revision, "annotations": body["template"]["annotations"], "containers": body["template"]["containers"],
                "serviceAccount": body["template"]["serviceAccount"], "createTime": time(self.count),
            });
            self.things.insert(format!("v2/{revision}"), made);
            service["latestCreatedRevision"] = revision.clone().into();
            if !broken {
                service["latestReadyRevision"] = revision.into();
            }
        }
        service["etag"] = format!("S{}", self.count).into();
        let state = if broken { "CONDITION_FAILED" } else { "CONDITION_SUCCEEDED" };
        service["terminalCondition"] = json!({"state": state});
        let statuses = traffic.iter().map(|share| {
            let mut share = share.clone();
            share["uri"] =
                format!("{}/serve/{}---{short}", self.url, share["tag"].as_str().unwrap_or_default()).into();
            share
        });
        if !(broken && is_first) {
            service["trafficStatuses"] = statuses.collect::<Vec<_>>().into();
        }
        if has_template && self.is_shared {
            let foreign = format!("{PLACE}/services/{short}/revisions/{short}-foreign");
            self.things
                .insert(format!("v2/{foreign}"), json!({"name": foreign, "containers": [{"image": "x"}]}));
            service["latestCreatedRevision"] = foreign.clone().into();
            service["latestReadyRevision"] = foreign.into();
        }
        self.things.insert(name.to_owned(), service.clone());
        self.begin("services", service)
    }
}

/// What a server of one tool answers.
pub(crate) fn speak(asked: &Value) -> Answer {
    let Some(id) = asked.get("id") else { return (202, json!({})) };
    let result = match asked["method"].as_str() {
        Some("initialize") => json!({"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
            "serverInfo": {"name": "clock", "version": "1"}}),
        Some("tools/list") => json!({"tools": [
            {"name": "now", "description": "Tells the time.", "inputSchema": {"type": "object"}}]}),
        _ => {
            let error = json!({"code": -32601, "message": "method not found"});
            return (200, json!({"jsonrpc": "2.0", "id": id, "error": error}));
        }
    };
    (200, json!({"jsonrpc": "2.0", "id": id, "result": result}))
}

/// When something was made, by how much was made before it.
fn time(count: usize) -> String {
    format!("2027-01-15T08:{:02}:{:02}.5Z", count / 60, count % 60)
}

/// Tells whether a body holds these fields alone.
fn only(body: &Value, known: &[&str]) -> bool {
    body.as_object().is_some_and(|fields| fields.keys().all(|field| known.contains(&field.as_str())))
}

fn wrong(what: &str) -> Answer {
    refusal(400, "INVALID_ARGUMENT", &format!("what is this: {what}"), &json!([]))
}

fn missing() -> Answer {
    refusal(404, "NOT_FOUND", "Requested entity was not found.", &json!([]))
}

/// Lists the files of an archive.
fn names(bytes: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect()
}
