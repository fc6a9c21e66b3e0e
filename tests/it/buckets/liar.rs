//! A service that speaks S3 over loopback and does not do what it says.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use seif::kernel::bucket::{Address, Bucket};
use seif::kernel::personal::Secret;

/// What is said of an object that is asked for: all of it is promised.
#[derive(Debug, Clone, Copy)]
pub(super) enum Gives {
    /// Some of its beginning, and then nothing more.
    Less,
    /// Some of its beginning, and then the end of the connection.
    BrokenOff,
    /// That it is elsewhere.
    Elsewhere,
    /// Each part is taken; put together they are not.
    Loses,
    /// The same, and what it answers begins as if they were.
    LosesLate,
}

/// How long it says that everything is.
pub(super) const LENGTH: usize = 1_000;

/// How much of it there is.
const SOME: usize = 10;

/// It ends with its test.
pub(super) struct Liar {
    at: std::net::SocketAddr,
    followed: Arc<AtomicBool>,
    stops: Arc<AtomicBool>,
}

impl Liar {
    pub(super) fn start(gives: Gives) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let (followed, stops) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (notes, ends) = (Arc::clone(&followed), Arc::clone(&stops));
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let notes = Arc::clone(&notes);
                std::thread::spawn(move || drop(answer(&connection.unwrap(), gives, &notes)));
            }
        });
        Self { at, followed, stops }
    }

    pub(super) fn bucket(&self) -> Bucket {
        let address = Address {
            endpoint: format!("http://{}", self.at),
            region: "eu-baltic-1".to_owned(),
            bucket: "vault".to_owned(),
            prefix: String::new(),
            access_key: "seif-tests".to_owned(),
            secret: Secret::new("a secret that signs".to_owned()),
            roots: None,
        };
        Bucket::open(&address).unwrap()
    }

    /// Whether anybody came where it led them.
    pub(super) fn was_followed(&self) -> bool {
        self.followed.load(Ordering::SeqCst)
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.at));
    }
}

/// One request, and the end of the connection.
fn answer(connection: &TcpStream, gives: Gives, followed: &AtomicBool) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection);
    let mut lines = reader.by_ref().lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let (mut from, mut length) = (0, 0);
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let line = line.to_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.split('-').next().and_then(|from| from.parse().ok()).unwrap_or(0);
        }
        if let Some(sent) = line.strip_prefix("content-length: ") {
            length = sent.parse().unwrap_or(0);
        }
    }
    let _ = std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    let (method, path) = request.split_once(' ').unwrap_or_default();
    let said = "Last-Modified: Sun, 22 Nov 2026 19:00:00 GMT\r\nETag: \"e\"\r\nConnection: close\r\n";
    if path.starts_with("/elsewhere") {
        followed.store(true, Ordering::SeqCst);
    }
    let mut connection = connection;
    let whole = |body: &str| format!("HTTP/1.1 200 OK\r\n{said}Content-Length: {}\r\n\r\n{body}", body.len());
    let answer = match (method, gives) {
        (_, Gives::Elsewhere) => {
            format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\n{said}Content-Length: 0\r\n\r\n")
        }
        ("POST", _) if path.contains("?uploads") => whole(
            "<InitiateMultipartUploadResult><Bucket>vault</Bucket><Key>x</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>",
        ),
        ("POST", Gives::LosesLate) => whole("<Error><Code>NoSuchUpload</Code><Message>It is gone.</Message></Error>"),
        ("POST", _) => format!("HTTP/1.1 404 Not Found\r\n{said}Content-Length: 0\r\n\r\n"),
        // It keeps no versions, and nothing is on its way there.
        ("GET", _) if path.contains('?') => whole("<Result></Result>"),
        ("DELETE", _) => format!("HTTP/1.1 204 No Content\r\n{said}\r\n"),
        ("HEAD", _) => format!("HTTP/1.1 200 OK\r\n{said}Content-Length: {LENGTH}\r\n\r\n"),
        ("GET", _) => {
            let body = "x".repeat(if from == 0 { SOME } else { 0 });
            let length = if matches!(gives, Gives::Less) { body.len() } else { LENGTH - from };
            let range = format!("Content-Range: bytes {from}-{}/{LENGTH}\r\n", LENGTH - 1);
            format!("HTTP/1.1 206 Partial Content\r\n{said}{range}Content-Length: {length}\r\n\r\n{body}")
        }
        _ => whole(""),
    };
    connection.write_all(answer.as_bytes())
}
