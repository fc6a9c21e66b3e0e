//! A client that sends what no honest client would: bytes over TLS as they are, and answers read as they come.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use seif::testing::Answer;

/// How long an answer may take before the test calls it none.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection over TLS.
pub(crate) type Connection = StreamOwned<ClientConnection, TcpStream>;

/// Whom to speak to. It blocks: call it from threads of the test's own.
#[derive(Clone)]
pub(crate) struct Wire {
    address: SocketAddr,
    config: Arc<ClientConfig>,
}

impl Wire {
    /// The service that listens there, trusted by this authority.
    pub(crate) fn to(address: SocketAddr, authority: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { address, config: Arc::new(config) }
    }

    /// A connection that has said nothing yet, not even a hello.
    pub(crate) fn tcp(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// A connection whose handshake is done.
    pub(crate) fn connect(&self) -> Connection {
        let name = ServerName::try_from("localhost").unwrap();
        let mut connection =
            StreamOwned::new(ClientConnection::new(Arc::clone(&self.config), name).unwrap(), self.tcp());
        while connection.conn.is_handshaking() {
            connection.conn.complete_io(&mut connection.sock).unwrap();
        }
        connection
    }

    /// The authority of this service's addresses.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// Sends these bytes on a connection that is open, or on a new one, and reads one answer; `None` when the service
    /// hung up without one. Keeps the connection open when the service does.
    pub(crate) fn ask(&self, open: &mut Option<Connection>, bytes: &[u8]) -> Option<Answer> {
        let (mut connection, reused) = open.take().map_or_else(|| (self.connect(), false), |open| (open, true));
        // A service that answers before it has read everything may hang up while we still send.
        let sent = connection.write_all(bytes).and_then(|()| connection.flush());
        match read_answer(&mut connection) {
            Some((answer, Keep::Open)) if sent.is_ok() => {
                *open = Some(connection);
                Some(answer)
            }
            Some((answer, _)) => Some(answer),
            // It was idle for too long, or the last request had not been read to its end.
            None if reused => self.ask(open, bytes),
            None => None,
        }
    }
}

/// Whether a connection may carry another request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Open,
    Close,
}

/// One answer (RFC 9112); `None` when there is none.
pub(crate) fn read_answer(connection: &mut Connection) -> Option<(Answer, Keep)> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end;
        }
        more(connection, &mut bytes).filter(|read| *read > 0)?;
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    let status: u16 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value.trim()).unwrap());
    }
    let mut rest = bytes.split_off(head + 4);
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let keep = if said("connection").is_some_and(|it| it == "close") { Keep::Close } else { Keep::Open };
    let body = if said("transfer-encoding").is_some() {
        while !rest.ends_with(b"0\r\n\r\n") {
            more(connection, &mut rest).filter(|read| *read > 0)?;
        }
        unchunked(&rest)
    } else {
        let length = said("content-length").map_or(0, |length| length.parse().unwrap());
        while rest.len() < length {
            more(connection, &mut rest).filter(|read| *read > 0)?;
        }
        rest
    };
    Some((Answer { status, headers, bytes: body }, keep))
}

/// Reads on; `None` when the connection broke off.
fn more(connection: &mut Connection, bytes: &mut Vec<u8>) -> Option<usize> {
    let mut some = [0; 16 * 1024];
    match connection.read(&mut some) {
        Ok(read) => {
            bytes.extend_from_slice(&some[..read]);
            Some(read)
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("the service neither answered nor hung up: {}", String::from_utf8_lossy(bytes))
        }
        Err(_) => None,
    }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = find(bytes, b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        whole.extend_from_slice(&bytes[end + 2..end + 2 + length]);
        bytes = &bytes[end + 4 + length..];
    }
    whole
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
