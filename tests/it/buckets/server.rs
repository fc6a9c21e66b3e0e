//! A real S3 server (SeaweedFS) on loopback, over TLS; it ends with its test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{HttpRequest, HttpRequestBody};
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use seif::kernel::bucket::{Address, Bucket};
use seif::kernel::personal::Secret;
use seif::testing::certify;

pub(crate) const REGION: &str = "eu-baltic-1";
const KEY: &str = "seif-tests";
const SECRET: &str = "a secret that signs";

pub(crate) struct Server {
    program: PathBuf,
    folder: tempfile::TempDir,
    ports: [u16; 8],
    process: Child,
    client: reqwest::Client,
}

impl Server {
    /// `None`, after a word on stderr, where there is no such server and this is not CI.
    #[expect(clippy::disallowed_methods, reason = "where the tests' tools are stands in the environment")]
    pub(crate) async fn start() -> Option<Self> {
        let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/s3/weed");
        let program = std::env::var_os("SEIF_TEST_S3").map_or(made, PathBuf::from);
        if !program.exists() {
            assert!(std::env::var_os("CI").is_none(), "SEIF_TEST_S3 is not set: run ops/test");
            eprintln!("skipped: SEIF_TEST_S3 is not set");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let roots = certify("localhost", at);
        std::fs::write(at.join("ca.pem"), &roots).unwrap();
        std::fs::create_dir(at.join("data")).unwrap();
        let identity = serde_json::json!({"identities": [{
            "name": "seif", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin", "Read", "Write", "List"],
        }]});
        std::fs::write(at.join("s3.json"), identity.to_string()).unwrap();
        // All held at once, so that they differ.
        let held = [(); 8].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = held.each_ref().map(|held| held.local_addr().unwrap().port());
        drop(held);
        let authority = reqwest::Certificate::from_pem(roots.as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([authority]).no_proxy().build().unwrap();
        let process = serve(&program, at, &ports);
        let server = Self { program, folder, ports, process, client };
        server.answers().await;
        Some(server)
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("https://localhost:{}", self.ports[7])
    }

    /// The authority of its certificate, in PEM.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What it keeps on its disk.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    async fn answers(&self) {
        let since = Instant::now();
        while self.ask(Method::GET, "/", "").await.is_none_or(|(status, _)| status != 200) {
            assert!(since.elapsed() < Duration::from_secs(60), "it does not answer");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A signed request of the tests' own; `None` when nobody answers.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &str) -> Option<(u16, String)> {
        let credential = AwsCredential { key_id: KEY.to_owned(), secret_key: SECRET.to_owned(), token: None };
        let url = format!("{}{path}", self.endpoint());
        let mut signed = HttpRequest::new(HttpRequestBody::from(body.to_owned()));
        *signed.method_mut() = method.clone();
        *signed.uri_mut() = url.parse().unwrap();
        AwsAuthorizer::new(&credential, "s3", REGION).try_authorize(&mut signed, None).unwrap();
        let request = self.client.request(method, &url).headers(signed.headers().clone()).body(body.to_owned());
        let answer = request.send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    pub(crate) async fn make(&self, bucket: &str) {
        let since = Instant::now();
        // The gateway answers before the rest of it does.
        while self.ask(Method::PUT, &format!("/{bucket}"), "").await.is_none_or(|(status, _)| status != 200) {
            assert!(since.elapsed() < Duration::from_secs(60), "it makes no bucket");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn versioning(&self, bucket: &str, status: &str) {
        let body = format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
        let (status, text) = self.ask(Method::PUT, &format!("/{bucket}?versioning"), &body).await.unwrap();
        assert_eq!(status, 200, "{text}");
    }

    pub(crate) fn address(&self, bucket: &str, prefix: &str) -> Address {
        Address {
            endpoint: self.endpoint(),
            region: REGION.to_owned(),
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            access_key: KEY.to_owned(),
            secret: Secret::new(SECRET.to_owned()),
            roots: Some(self.authority()),
        }
    }

    pub(crate) fn bucket(&self, bucket: &str, prefix: &str) -> Bucket {
        Bucket::open(&self.address(bucket, prefix)).unwrap()
    }

    /// The keys in a bucket, sorted.
    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        let mut keys: Vec<String> =
            self.bucket(bucket, "").list().unwrap().into_iter().map(|entry| entry.key).collect();
        keys.sort();
        keys
    }

    /// How many uploads in a bucket were begun and not put.
    pub(crate) async fn uploads(&self, bucket: &str) -> usize {
        let (status, text) = self.ask(Method::GET, &format!("/{bucket}?uploads"), "").await.unwrap();
        assert_eq!(status, 200, "{text}");
        text.matches("<UploadId>").count()
    }

    /// What a section of the configuration says of it.
    pub(crate) fn section(&self, name: &str) -> String {
        format!(
            "[{name}]\nendpoint = \"{}\"\nregion = \"{REGION}\"\naccess_key_id = \"{KEY}\"\nsecret_access_key = \"{SECRET}\"\n\
             roots = \"{}\"\n",
            self.endpoint(),
            self.authority().display()
        )
    }

    /// The configuration of a service whose objects it keeps.
    pub(crate) fn settings(&self, bucket: &str) -> String {
        format!("[objects]\nstore = \"s3\"\nbucket = \"{bucket}\"\n{}", self.section("objects.s3"))
    }

    /// SIGKILL, by its own process id.
    pub(crate) fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) async fn again(&mut self) {
        self.process = serve(&self.program, self.folder.path(), &self.ports);
        self.answers().await;
    }

    /// It takes connections and answers nobody, until it may go on.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn serve(program: &Path, at: &Path, ports: &[u16; 8]) -> Child {
    let show = |name: &str| at.join(name).display().to_string();
    let log = std::fs::OpenOptions::new().create(true).append(true).open(at.join("log")).unwrap();
    let [master, master_grpc, volume, volume_grpc, filer, filer_grpc, grpc, s3] = ports;
    let mut command = Command::new(program);
    // On loopback alone, with little disk, and telling nobody.
    command.args(["-logtostderr=true", "server", "-filer", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]).args([
        format!("-dir={}", show("data")),
        format!("-master.port={master}"),
        format!("-master.port.grpc={master_grpc}"),
        "-master.telemetry=false".to_owned(),
        "-master.volumeSizeLimitMB=64".to_owned(),
        format!("-volume.port={volume}"),
        format!("-volume.port.grpc={volume_grpc}"),
        "-volume.max=16".to_owned(),
        "-volume.minFreeSpace=1".to_owned(),
        "-volume.preStopSeconds=0".to_owned(),
        format!("-filer.port={filer}"),
        format!("-filer.port.grpc={filer_grpc}"),
        format!("-filer.localSocket={}", show("filer.sock")),
        format!("-s3.port={s3}"),
        format!("-s3.port.grpc={grpc}"),
        "-s3.port.iceberg=0".to_owned(),
        "-s3.port.lance=0".to_owned(),
        "-s3.iam=false".to_owned(),
        "-s3.autoCreateBucket=false".to_owned(),
        format!("-s3.localSocket={}", show("s3.sock")),
        format!("-s3.cert.file={}", show("server.pem")),
        format!("-s3.key.file={}", show("server.key")),
        format!("-s3.config={}", show("s3.json")),
    ]);
    command.stdout(Stdio::null()).stderr(log).spawn().unwrap()
}
