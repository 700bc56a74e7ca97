//! The bucket that sources are put into, and the archives in it.

use serde::Deserialize;
use serde_json::json;

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::refusal::Class;
use crate::domain::Digest;

/// Days after which an archive is removed by Google itself: what was built from it is an image by then.
const DAYS: u32 = 30;
/// Objects that one page of a list has.
const PAGE: u32 = 500;
/// Pages that are read at most.
const PAGES: usize = 200;

/// An archive of source, as it lies in the bucket. Its generation is of these bytes and no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The bucket.
    pub bucket: String,
    /// Its name there.
    pub object: String,
    /// Which of the things that ever had this name.
    pub generation: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    #[serde(default)]
    project_number: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    #[serde(default)]
    name: String,
    #[serde(default)]
    generation: String,
    #[serde(default)]
    md5_hash: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Objects {
    #[serde(default)]
    items: Vec<Object>,
    next_page_token: Option<String>,
}

impl Google {
    /// Makes the bucket of sources if it is not there. One of that name in another project is refused: names of buckets
    /// are the world's, and somebody may have taken ours to see what is put into it.
    pub async fn keep_bucket(&self) -> Result<(), GoogleError> {
        let name = self.bucket();
        let call = Call::get("storage.buckets.get", Api::Storage, format!("storage/v1/b/{name}"));
        let bucket: Bucket = match self.call(call).await {
            Ok(bucket) => bucket,
            Err(error) if error.is(&Class::NotFound) => return self.make_bucket(&name).await,
            Err(error) => return Err(error),
        };
        if bucket.project_number != self.number().await? {
            return Err(GoogleError::Answer {
                call: "storage.buckets.get",
                why: format!("the bucket `{name}` belongs to another project; no source is put into it"),
            });
        }
        Ok(())
    }

    async fn make_bucket(&self, name: &str) -> Result<(), GoogleError> {
        let body = json!({
            "name": name,
            "location": self.region(),
            "labels": {"managed-by": "sigyl"},
            "iamConfiguration": {
                "uniformBucketLevelAccess": {"enabled": true},
                "publicAccessPrevention": "enforced",
            },
            "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": DAYS}}]},
        });
        let call = Call::post("storage.buckets.insert", Api::Storage, "storage/v1/b", body);
        self.call::<Bucket>(call.with("project", self.project())).await.map(|_| ())
    }

    /// Puts an archive into the bucket, with the digest of the source that it was made of. What is there already under
    /// its name is taken only if it has the same bytes.
    pub async fn put_archive(
        &self,
        folder: &str,
        source: Digest,
        bytes: Vec<u8>,
    ) -> Result<Archive, GoogleError> {
        let (bucket, hash) = (self.bucket(), Digest::of(&bytes).hex());
        let (object, md5) = (format!("{folder}/{hash}.tar.gz"), md5(&bytes));
        let found = match self.archive(&bucket, &object).await {
            Ok(found) => found,
            Err(error) if error.is(&Class::NotFound) => {
                self.send_archive(&bucket, &object, source, (&hash, &md5), &bytes).await?
            }
            Err(error) => return Err(error),
        };
        if found.md5_hash != md5 || found.generation.is_empty() {
            return Err(GoogleError::Answer {
                call: "storage.objects.insert",
                why: format!("what lies in {bucket} as `{object}` is not what was sent; remove it"),
            });
        }
        Ok(Archive { bucket, object, generation: found.generation })
    }

    async fn send_archive(
        &self,
        bucket: &str,
        object: &str,
        source: Digest,
        (hash, md5): (&str, &str),
        bytes: &[u8],
    ) -> Result<Object, GoogleError> {
        let about = json!({
            "name": object, "contentType": "application/gzip", "md5Hash": md5,
            "metadata": {"sigyl-source": source.to_string(), "sigyl-archive": format!("sha256:{hash}")},
        });
        // What is sent cannot hold its own hash, and so not the line that ends it either.
        let (form, body) = multipart(&format!("sigyl-{hash}"), &about.to_string(), bytes);
        let path = format!("upload/storage/v1/b/{bucket}/o");
        let call = Call::send("storage.objects.insert", Api::Storage, path, form, body);
        let call = call.within(self.patience().sending).safe();
        let call = call.with("uploadType", "multipart").with("ifGenerationMatch", "0");
        match self.call(call).await {
            // It came there meanwhile, or by a try that was not answered.
            Err(error) if error.is(&Class::Aborted) => self.archive(bucket, object).await,
            sent => sent,
        }
    }

    async fn archive(&self, bucket: &str, object: &str) -> Result<Object, GoogleError> {
        let path = format!("storage/v1/b/{bucket}/o/{}", segment(object));
        self.call(Call::get("storage.objects.get", Api::Storage, path)).await
    }

    /// Removes the archives of a server; returns what was removed.
    pub async fn remove_archives(&self, folder: &str) -> Result<Vec<String>, GoogleError> {
        let (bucket, mut removed) = (self.bucket(), Vec::new());
        for object in self.archives(&bucket, folder).await? {
            let path = format!("storage/v1/b/{bucket}/o/{}", segment(&object));
            if self.gone(Call::delete("storage.objects.delete", Api::Storage, path)).await? {
                removed.push(format!("the archive gs://{bucket}/{object}"));
            }
        }
        Ok(removed)
    }

    async fn archives(&self, bucket: &str, folder: &str) -> Result<Vec<String>, GoogleError> {
        let (mut found, mut token) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let call = Call::get("storage.objects.list", Api::Storage, format!("storage/v1/b/{bucket}/o"));
            let call = call.with("prefix", format!("{folder}/")).with("maxResults", PAGE.to_string());
            let call = match token.take() {
                Some(token) => call.with("pageToken", token),
                None => call,
            };
            let page: Objects = match self.call(call).await {
                Ok(page) => page,
                Err(error) if error.is(&Class::NotFound) => return Ok(found),
                Err(error) => return Err(error),
            };
            found.extend(page.items.into_iter().map(|object| object.name));
            match page.next_page_token {
                Some(next) => token = Some(next),
                None => return Ok(found),
            }
        }
        let why = format!("it has more than {PAGES} pages");
        Err(GoogleError::Answer { call: "storage.objects.list", why })
    }
}

/// Puts what is said of something and its bytes into one body; returns its type too.
fn multipart(boundary: &str, about: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    let mut body = format!(
        "--{boundary}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{about}\r\n--{boundary}\r\ncontent-type: \
         application/gzip\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/related; boundary={boundary}"), body)
}

/// Writes a name as one part of a path.
fn segment(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

fn md5(bytes: &[u8]) -> String {
    use base64::Engine as _;
    use md5::Digest as _;
    base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(bytes))
}
