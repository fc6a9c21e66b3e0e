//! Real handshakes: a listener as the service opens it, and clients that behave and misbehave.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, NamedGroup, ProtocolVersion, RootCertStore, StreamOwned};

use super::chains::Root;
use super::reload::Reloaded;
use super::{CertificateSource, Certificates, HANDSHAKE_TIMEOUT, LocalAuthority, Profile, server_config};
use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;

/// P-11: the hybrid exchange for a client that puts it first, as browsers do; TLS 1.2 for one that knows no better.
#[test]
fn a_current_client_gets_tls_1_3_with_the_hybrid_exchange_and_an_older_one_gets_tls_1_2() {
    let (root, certificates, _folder) = served_from_files();
    let server = Server::start(certificates, Profile::Intermediate);

    let mut current = server.client(&root, &rustls::version::TLS13, &[b"h2", b"http/1.1"]);
    assert!(get(&mut current).starts_with("HTTP/1.1 200"));
    assert_eq!(current.conn.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let group = current.conn.negotiated_key_exchange_group().unwrap();
    assert_eq!(group.name(), NamedGroup::X25519MLKEM768);
    assert_eq!(current.conn.alpn_protocol(), Some(&b"http/1.1"[..]), "HTTP/2 is not offered");

    let mut older = server.client(&root, &rustls::version::TLS12, &[]);
    assert!(get(&mut older).starts_with("HTTP/1.1 200"));
    assert_eq!(older.conn.protocol_version(), Some(ProtocolVersion::TLSv1_2));
}

#[test]
fn the_modern_profile_refuses_tls_1_2() {
    let (root, certificates, _folder) = served_from_files();
    let server = Server::start(certificates, Profile::Modern);
    assert!(get(&mut server.client(&root, &rustls::version::TLS13, &[])).starts_with("HTTP/1.1 200"));
    let mut older = server.client(&root, &rustls::version::TLS12, &[]);
    let refused = older.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap_err();
    assert!(refused.to_string().contains("ProtocolVersion"), "{refused}");
}

/// The same hello is welcome as TLS 1.2, so that the version alone is what is refused.
#[test]
fn tls_1_1_is_refused_with_an_alert() {
    const ALERT: u8 = 21;
    const HANDSHAKE: u8 = 22;
    const FATAL: u8 = 2;
    const PROTOCOL_VERSION: u8 = 70;
    let (_root, certificates, _folder) = served_from_files();
    let server = Server::start(certificates, Profile::Intermediate);
    assert_eq!(server.raw(&client_hello([3, 3]))[0], HANDSHAKE);
    let answer = server.raw(&client_hello([3, 2]));
    assert_eq!(answer[0], ALERT);
    assert_eq!(answer[5..], [FATAL, PROTOCOL_VERSION]);
}

/// P-11: no plaintext listener.
#[test]
fn plain_http_on_the_tls_port_gets_no_http_answer() {
    let (_root, certificates, _folder) = served_from_files();
    let server = Server::start(certificates, Profile::Intermediate);
    let answer = server.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(answer.is_empty() || (answer[0] == 21 && answer.len() == 7), "at most one alert: {answer:?}");
}

#[test]
fn a_reload_serves_new_connections_the_new_leaf_while_an_old_connection_goes_on() {
    let (root, certificates, folder) = served_from_files();
    let server = Server::start(Arc::clone(&certificates), Profile::Intermediate);
    let mut old = server.client(&root, &rustls::version::TLS13, &[]);
    assert!(get(&mut old).starts_with("HTTP/1.1 200"));

    let new = root.leaf(&["localhost"]);
    new.write(folder.path());
    assert_eq!(certificates.reload_now(), Reloaded::Swapped);

    let mut fresh = server.client(&root, &rustls::version::TLS13, &[]);
    assert!(get(&mut fresh).starts_with("HTTP/1.1 200"));
    assert_eq!(fresh.conn.peer_certificates().unwrap(), new.der);
    assert!(get(&mut old).starts_with("HTTP/1.1 200"), "the old connection still answers");
    assert_ne!(old.conn.peer_certificates().unwrap(), new.der);
}

/// The strictest verifiers at hand believe the local authority, by name and by address, and without it believe nothing.
#[test]
fn curl_and_python_in_strict_mode_believe_the_local_authority() {
    const PYTHON: &str = "
import http.client, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
for host in ('localhost', '127.0.0.1'):
    connection = http.client.HTTPSConnection(host, int(sys.argv[2]), context=context, timeout=20)
    connection.request('GET', '/')
    assert connection.getresponse().status == 200
";
    let folder = tempfile::tempdir().unwrap();
    let authority = LocalAuthority::open(folder.path(), Clock::system(), Entropy::system()).unwrap();
    let root = authority.certificate().to_owned();
    let certificates = Certificates::open(CertificateSource::Local(authority)).unwrap();
    let server = Server::start(certificates, Profile::Intermediate);
    let port = server.address.port().to_string();

    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{port}/");
        let trusting = curl(&["--cacert", root.to_str().unwrap(), &url]);
        assert!(trusting.is_none_or(|said| said == "hello"));
        let doubting = curl(&[&url]);
        assert!(doubting.is_none_or(|said| said.is_empty()), "not believed without the authority");
    }
    match Command::new("python3").args(["-c", PYTHON]).arg(&root).arg(&port).output() {
        Ok(python) => assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr)),
        Err(_) => eprintln!("skipped: python3 is not installed"),
    }
}

fn curl(arguments: &[&str]) -> Option<String> {
    let Ok(curl) = Command::new("curl").args(["--silent", "--max-time", "20"]).args(arguments).output() else {
        eprintln!("skipped: curl is not installed");
        return None;
    };
    Some(String::from_utf8(curl.stdout).unwrap())
}

fn served_from_files() -> (Root, Arc<Certificates>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new(&Clock::system());
    let files = root.leaf(&["localhost"]).write(folder.path());
    (root, Certificates::open(CertificateSource::Files(files)).unwrap(), folder)
}

/// An actix server that says hello, over TLS alone.
struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    fn start(certificates: Arc<Certificates>, profile: Profile) -> Self {
        let config = server_config(certificates, profile).unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(|| App::new().route("/", web::get().to(async || "hello")))
                    .workers(1)
                    .disable_signals()
                    .tls_handshake_timeout(HANDSHAKE_TIMEOUT)
                    .bind_rustls_0_23(("127.0.0.1", 0), (*config).clone())
                    .unwrap();
                let address = server.addrs()[0];
                let running = server.run();
                tell.send((address, running.handle())).unwrap();
                running.await.unwrap();
            });
        });
        let (address, handle) = told.recv().unwrap();
        Self { address, handle, thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn client(
        &self,
        root: &Root,
        version: &'static rustls::SupportedProtocolVersion,
        protocols: &[&[u8]],
    ) -> StreamOwned<ClientConnection, TcpStream> {
        let mut config = trusting(root.der(), version);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let localhost = ServerName::try_from("localhost").unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), localhost).unwrap(), self.connect())
    }

    /// Sends bytes as they are, then no more, and reads until the server hangs up.
    fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => answer,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => answer,
            Err(error) => panic!("the server neither answered nor hung up: {error}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn trusting(root: CertificateDer<'static>, version: &'static rustls::SupportedProtocolVersion) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(root).unwrap();
    // The library's own preferences, not ours, so that the server's choice shows.
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn get(client: &mut StreamOwned<ClientConnection, TcpStream>) -> String {
    client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    while !answer.ends_with("hello") {
        let mut some = [0; 1024];
        let read = client.read(&mut some).unwrap();
        assert_ne!(read, 0, "hung up after {answer}");
        answer.push_str(std::str::from_utf8(&some[..read]).unwrap());
    }
    answer
}

/// A hello that knows no version after `version` (RFC 5246 §7.4.1.2), with one suite, group and signature scheme.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    const ECDHE_ECDSA_AES_128_GCM: [u8; 2] = [0xc0, 0x2b];
    const GROUPS_X25519: [u8; 8] = [0, 10, 0, 4, 0, 2, 0, 29];
    const POINTS_UNCOMPRESSED: [u8; 6] = [0, 11, 0, 2, 1, 0];
    const SCHEMES_ECDSA_P256: [u8; 8] = [0, 13, 0, 4, 0, 2, 4, 3];
    let extensions = [&GROUPS_X25519[..], &POINTS_UNCOMPRESSED, &SCHEMES_ECDSA_P256].concat();
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let (random, no_session, no_compression) = ([7; 32], [0], [1, 0]);
    let mut body = [&version[..], &random, &no_session, &[0, 2], &ECDHE_ECDSA_AES_128_GCM, &no_compression].concat();
    body.extend([0, length(&extensions)]);
    body.extend(extensions);
    let message = [&[1, 0, 0, length(&body)][..], &body].concat();
    [&[22, 3, 1, 0, length(&message)][..], &message].concat()
}
