//! A bucket of a service that speaks S3: bytes under keys, put whole or not at all, read by ranges.
//!
//! Everything here waits, and may be called on any thread: the requests themselves run on one thread of the bucket's own.
//! Memory is a part of an upload (`Upload`), or what the network gives at once (`Download`), whatever the length.
//!
//! What is removed is gone, and not an old version: a bucket that keeps versions is refused ([`Bucket::demand_fit`]), and
//! so is one that does not say whether it does. The secret signs requests (AWS Signature Version 4) and is never sent.

mod transfer;
mod wire;

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsAuthorizer, AwsCredential};
use object_store::client::{HttpClient, HttpRequest, HttpRequestBody};
use object_store::multipart::MultipartStore as _;
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore as _, ObjectStoreExt as _, RetryConfig};
use reqwest::Method;

pub use self::transfer::{Download, Upload};
use self::wire::{Connector, Wire};
use crate::kernel::clock::Time;
use crate::kernel::personal::Secret;

/// Where a bucket is, and what lets us in.
#[derive(Debug, Clone)]
pub struct Address {
    /// `https://HOST`, or `http://` on loopback.
    pub endpoint: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The bucket's name.
    pub bucket: String,
    /// What every key begins with; parts between slashes, or nothing.
    pub prefix: String,
    /// Who we are there.
    pub access_key: String,
    /// What signs.
    pub secret: Secret<String>,
    /// The authorities of its certificate, in PEM; without it the system's.
    pub roots: Option<PathBuf>,
}

/// Why a bucket cannot be used as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the S3 service {0}")]
pub struct BucketError(pub(in crate::kernel) &'static str);

/// What is known of something that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key, without the bucket's prefix.
    pub key: String,
    /// Its bytes.
    pub length: u64,
    /// When it was put there, by the service's clock.
    pub at: Time,
}

/// A bucket, or the part of it under a prefix. Cheap to clone.
#[derive(Clone)]
pub struct Bucket {
    inner: Arc<Inner>,
    prefix: String,
}

struct Inner {
    jobs: tokio::sync::mpsc::UnboundedSender<Job>,
    store: AmazonS3,
    http: HttpClient,
    credential: AwsCredential,
    region: String,
    /// The bucket's own address.
    base: String,
}

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How long a short question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a part may take on its way there.
const PATIENCE_OF_PARTS: Duration = Duration::from_secs(180);

/// How many questions are under way at once.
const AT_ONCE: usize = 16;

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bucket").field("base", &self.inner.base).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Bucket {
    /// Makes ready to ask; asks nothing yet.
    ///
    /// # Errors
    /// The authorities cannot be read, or the address is none.
    pub fn open(at: &Address) -> Result<Self, BucketError> {
        let http = HttpClient::new(Wire::new(at.roots.as_deref())?);
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(1),
                base: 2.0,
            },
            max_retries: 2,
            retry_timeout: Duration::from_secs(5),
        };
        let store = AmazonS3Builder::new()
            .with_endpoint(&at.endpoint)
            .with_allow_http(at.endpoint.starts_with("http://"))
            .with_region(&at.region)
            .with_bucket_name(&at.bucket)
            .with_access_key_id(&at.access_key)
            .with_secret_access_key(at.secret.reveal())
            .with_disable_bulk_delete(true)
            .with_retry(retry)
            .with_http_connector(Connector(http.clone()))
            .build()
            .map_err(|_| BucketError("has an address, a bucket or a region that is none"))?;
        let (jobs, mut queue) = tokio::sync::mpsc::unbounded_channel::<Job>();
        let none = |_| BucketError("cannot be given a thread of its own");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(none)?;
        let work = move || {
            runtime.block_on(async move {
                while let Some(job) = queue.recv().await {
                    drop(tokio::spawn(job));
                }
            });
        };
        std::thread::Builder::new().name("seif-s3".to_owned()).spawn(work).map_err(none)?;
        let credential =
            AwsCredential { key_id: at.access_key.clone(), secret_key: at.secret.reveal().clone(), token: None };
        let base = format!("{}/{}", at.endpoint.trim_end_matches('/'), at.bucket);
        let inner = Inner { jobs, store, http, credential, region: at.region.clone(), base };
        Ok(Self { inner: Arc::new(inner), prefix: at.prefix.clone() })
    }

    /// The part of it under a further prefix.
    #[must_use]
    pub fn within(&self, folder: &str) -> Self {
        Self { inner: Arc::clone(&self.inner), prefix: joined(&self.prefix, folder) }
    }

    /// The bucket is there and keeps no versions: what is removed is gone.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] when it keeps versions or is not there; it does not let us in, or is away.
    pub fn demand_fit(&self) -> io::Result<()> {
        let inner = Arc::clone(&self.inner);
        self.ask(PATIENCE, async move { inner.demand_fit().await })
    }

    /// Keeps something short under `key`.
    ///
    /// # Errors
    /// The service's.
    pub fn put(&self, key: &str, content: Vec<u8>) -> io::Result<()> {
        let (inner, path) = (Arc::clone(&self.inner), self.path(key));
        self.ask(
            PATIENCE_OF_PARTS,
            async move { inner.store.put(&path, content.into()).await.map(drop).map_err(failed) },
        )
    }

    /// Begins something longer: nobody sees it before [`Upload::put`]. It is sent in parts of `part` bytes, of which there
    /// are at most 10,000.
    #[must_use]
    pub fn begin(&self, key: &str, part: usize) -> Upload {
        Upload::new(self.clone(), self.path(key), part)
    }

    /// What is kept under `key`, to be read.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`], which a bucket that is not there is not; the service's.
    pub fn read(&self, key: &str) -> io::Result<Download> {
        let (inner, path) = (Arc::clone(&self.inner), self.path(key));
        let asked = path.clone();
        let length = self.ask(PATIENCE, async move { inner.length(&asked).await })?;
        Ok(Download::new(self.clone(), path, length.ok_or(io::ErrorKind::NotFound)?))
    }

    /// Removes what is kept under these keys, and what is on its way there; what is not there is removed.
    ///
    /// # Errors
    /// The bucket would keep versions of it; the service's.
    pub fn remove(&self, keys: &[String]) -> io::Result<()> {
        let (inner, paths) = (Arc::clone(&self.inner), self.paths(keys));
        let prefix = self.prefix.clone();
        self.ask(patience_of(keys), async move {
            inner.demand_fit().await?;
            let each = futures_util::stream::iter(paths.clone()).map(Ok::<Path, io::Error>);
            each.try_for_each_concurrent(AT_ONCE, |path| {
                let inner = Arc::clone(&inner);
                async move {
                    match inner.store.delete(&path).await {
                        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                        Err(error) => Err(failed(error)),
                    }
                }
            })
            .await?;
            inner.end_uploads(&prefix, |underway| paths.iter().any(|path| path.as_ref() == underway.key)).await
        })
    }

    /// Nothing is kept under any of these keys: asks for each again.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when something is; the service's.
    pub fn demand_gone(&self, keys: &[String]) -> io::Result<()> {
        let (inner, paths) = (Arc::clone(&self.inner), self.paths(keys));
        self.ask(patience_of(keys), async move {
            let each = futures_util::stream::iter(paths).map(Ok::<Path, io::Error>);
            each.try_for_each_concurrent(AT_ONCE, |path| {
                let inner = Arc::clone(&inner);
                async move {
                    match inner.store.head(&path).await {
                        Err(object_store::Error::NotFound { .. }) => Ok(()),
                        Ok(_) => Err(said(io::ErrorKind::AlreadyExists, "still has what it said it removed")),
                        Err(error) => Err(failed(error)),
                    }
                }
            })
            .await
        })
    }

    /// What is kept here, in folders too.
    ///
    /// # Errors
    /// The service's.
    pub fn list(&self) -> io::Result<Vec<Entry>> {
        let (inner, prefix) = (Arc::clone(&self.inner), self.prefix.clone());
        self.ask(PATIENCE_OF_PARTS, async move {
            let below = Path::from(prefix.as_str());
            let all: Vec<_> = inner.store.list(Some(&below)).try_collect().await.map_err(failed)?;
            Ok(all.iter().filter_map(|meta| entry(&prefix, meta)).collect())
        })
    }

    /// What is kept here, and not in folders.
    ///
    /// # Errors
    /// The service's.
    pub fn list_here(&self) -> io::Result<Vec<Entry>> {
        let (inner, prefix) = (Arc::clone(&self.inner), self.prefix.clone());
        self.ask(PATIENCE_OF_PARTS, async move {
            let below = Path::from(prefix.as_str());
            let all = inner.store.list_with_delimiter(Some(&below)).await.map_err(failed)?.objects;
            Ok(all.iter().filter_map(|meta| entry(&prefix, meta)).collect())
        })
    }

    /// Ends what was begun here before `before` and never put: its parts are removed.
    ///
    /// # Errors
    /// The service's.
    pub fn end_uploads(&self, before: Time) -> io::Result<()> {
        let (inner, prefix) = (Arc::clone(&self.inner), self.prefix.clone());
        self.ask(PATIENCE_OF_PARTS, async move {
            // One without a time that can be read is as old as any.
            inner.end_uploads(&prefix, |underway| underway.begun.is_none_or(|begun| begun < before)).await
        })
    }

    fn path(&self, key: &str) -> Path {
        Path::from(joined(&self.prefix, key))
    }

    fn paths(&self, keys: &[String]) -> Vec<Path> {
        keys.iter().map(|key| self.path(key)).collect()
    }

    /// Waits for an answer, on whatever thread.
    fn ask<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl Future<Output = io::Result<T>> + Send + 'static,
    ) -> io::Result<T> {
        let (answer, outcome) = std::sync::mpsc::sync_channel(1);
        self.later(async move {
            let late = || Err(said(io::ErrorKind::TimedOut, "does not answer in time"));
            drop(answer.send(tokio::time::timeout(patience, work).await.unwrap_or_else(|_| late())));
        });
        let gone = || Err(said(io::ErrorKind::Other, "has lost its thread"));
        outcome.recv().unwrap_or_else(|_| gone())
    }

    /// Does it beside, and waits for nothing.
    fn later(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Without its thread nobody is answered, which whoever waits finds out.
        drop(self.inner.jobs.send(Box::pin(work)));
    }
}

/// An upload that was begun and not put.
struct Underway {
    key: String,
    id: String,
    begun: Option<Time>,
}

impl Inner {
    /// The length of what is there; `None` when nothing is, in a bucket that is.
    async fn length(&self, path: &Path) -> io::Result<Option<u64>> {
        match self.store.head(path).await {
            Ok(meta) => Ok(Some(meta.size)),
            // An answer to HEAD does not say what is missing: the object, or the bucket.
            Err(object_store::Error::NotFound { .. }) => self.demand_fit().await.map(|()| None),
            Err(error) => Err(failed(error)),
        }
    }

    async fn demand_fit(&self) -> io::Result<()> {
        let answer = self.query("versioning").await?;
        // Without versioning there is no status; suspended, what was there before is still kept.
        if tag(&answer, "Status").is_some() {
            let why = "keeps versions of what is removed from this bucket: take a bucket that never had versioning";
            return Err(said(io::ErrorKind::Unsupported, why));
        }
        Ok(())
    }

    /// Asks the bucket itself what this library has no words for; gives the answer's XML.
    async fn query(&self, query: &str) -> io::Result<String> {
        let none = |_| said(io::ErrorKind::InvalidInput, "has an address that is none");
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = format!("{}?{query}", self.base).parse().map_err(none)?;
        AwsAuthorizer::new(&self.credential, "s3", &self.region).try_authorize(&mut request, None).map_err(failed)?;
        let away = |_| said(io::ErrorKind::NotConnected, AWAY);
        let answer = self.http.execute(request).await.map_err(away)?;
        match answer.status().as_u16() {
            200 => {}
            401 | 403 => return Err(said(io::ErrorKind::PermissionDenied, REFUSED)),
            404 => return Err(said(io::ErrorKind::Unsupported, "has no such bucket")),
            _ => return Err(said(io::ErrorKind::Other, "does not say how the bucket is set up")),
        }
        let body = answer.into_body().bytes().await.map_err(away)?;
        String::from_utf8(body.into()).map_err(|_| said(io::ErrorKind::Other, "answers something else than S3"))
    }

    /// Ends the uploads under `prefix` that `chosen` picks.
    async fn end_uploads(&self, prefix: &str, chosen: impl Fn(&Underway) -> bool) -> io::Result<()> {
        let mut after = String::new();
        loop {
            // Both are of plain characters (`Address`), or as the service wrote them.
            let answer = self.query(&format!("uploads&prefix={}{after}", encoded(prefix))).await?;
            for underway in uploads(&answer).into_iter().filter(|underway| chosen(underway)) {
                match self.store.abort_multipart(&Path::from(underway.key.as_str()), &underway.id).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(failed(error)),
                }
            }
            let next = (tag(&answer, "NextKeyMarker"), tag(&answer, "NextUploadIdMarker"));
            match next {
                (Some(key), Some(id)) if tag(&answer, "IsTruncated").as_deref() == Some("true") => {
                    after = format!("&key-marker={}&upload-id-marker={}", encoded(&key), encoded(&id));
                }
                _ => return Ok(()),
            }
        }
    }
}

fn entry(prefix: &str, meta: &object_store::ObjectMeta) -> Option<Entry> {
    let key = meta.location.as_ref().strip_prefix(prefix)?.trim_start_matches('/').to_owned();
    Some(Entry { key, length: meta.size, at: Time::from_micros(meta.last_modified.timestamp_micros()) })
}

fn patience_of(keys: &[String]) -> Duration {
    PATIENCE * u32::try_from(keys.len() / AT_ONCE).unwrap_or(u32::MAX).saturating_add(2).min(100)
}

fn joined(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}/{key}") }
}

/// Percent-encoding (RFC 3986 §2.1) of all but unreserved characters.
fn encoded(text: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes()
        .map(|byte| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// What stands in the first element of this name, unless that is nothing.
fn tag(xml: &str, name: &str) -> Option<String> {
    let text = xml.split_once(&format!("<{name}>"))?.1.split_once(&format!("</{name}>"))?.0.trim();
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    (!plain.is_empty()).then_some(plain)
}

fn uploads(xml: &str) -> Vec<Underway> {
    let each = xml.split("<Upload>").skip(1);
    each.filter_map(|one| {
        let begun = tag(one, "Initiated").and_then(|time| Time::parse(&time));
        Some(Underway { key: tag(one, "Key")?, id: tag(one, "UploadId")?, begun })
    })
    .collect()
}

const AWAY: &str = "cannot be reached, or not over TLS as configured";
const REFUSED: &str = "refuses our key, or does not allow it what it needs";

fn said(kind: io::ErrorKind, why: &'static str) -> io::Error {
    io::Error::new(kind, BucketError(why))
}

/// A failure in fixed words: the library's own quote addresses and answers.
fn failed(error: object_store::Error) -> io::Error {
    use object_store::Error;
    match error {
        Error::NotFound { .. } => said(io::ErrorKind::NotFound, "has no such object"),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            said(io::ErrorKind::PermissionDenied, REFUSED)
        }
        _ => said(io::ErrorKind::NotConnected, "is away, or does not do it now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_uploads_is_read_with_its_times() {
        let xml = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><KeyMarker></KeyMarker>\
            <Upload><Key>a/b</Key><UploadId>x&amp;y</UploadId><Initiated>2026-11-22T19:00:00.000Z</Initiated></Upload>\
            <Upload><Key>c</Key><UploadId>z</UploadId></Upload><Upload><Key>d</Key></Upload></ListMultipartUploadsResult>";
        let found = uploads(xml);
        let read: Vec<_> = found.iter().map(|one| (one.key.as_str(), one.id.as_str(), one.begun.is_some())).collect();
        assert_eq!(read, [("a/b", "x&y", true), ("c", "z", false)]);
        assert_eq!(found.first().and_then(|one| one.begun), Time::parse("2026-11-22T19:00:00Z"));
        assert_eq!(
            (tag(xml, "IsTruncated").as_deref(), tag(xml, "KeyMarker"), tag(xml, "Status")),
            (Some("false"), None, None)
        );
        assert_eq!(encoded("a/b c&ā"), "a%2Fb%20c%26%C4%81");
    }

    #[test]
    fn who_is_not_there_is_told_in_fixed_words_and_in_time() {
        let at = Address {
            endpoint: "http://127.0.0.1:9".to_owned(),
            region: "us-east-1".to_owned(),
            bucket: "b".to_owned(),
            prefix: String::new(),
            access_key: "a".to_owned(),
            secret: Secret::new("s".to_owned()),
            roots: None,
        };
        let bucket = Bucket::open(&at).unwrap();
        let away = bucket.demand_fit().unwrap_err();
        assert_eq!((away.kind(), away.to_string()), (io::ErrorKind::NotConnected, format!("the S3 service {AWAY}")));
        assert_eq!(bucket.read("x").err().map(|error| error.kind()), Some(io::ErrorKind::NotConnected));
        let nothing = PathBuf::from("/nowhere/ca.pem");
        assert!(Bucket::open(&Address { roots: Some(nothing), ..at }).is_err());
    }
}
