//! A text gateway of a test's own: HTTPS with a certificate that its own authority vouches for, and nothing else.

use std::collections::VecDeque;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::testing::certify;

/// How the gateway answers a request.
#[derive(Debug, Clone)]
pub enum GatewayAnswer {
    /// With this status.
    Status(u16),
    /// By sending the client elsewhere.
    Redirect(String),
    /// Not at all: it takes the request and ends the connection.
    Silence,
}

/// A request that the gateway took.
#[derive(Debug, Clone)]
pub struct TakenText {
    /// Its first line.
    pub line: String,
    /// Its header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

/// A gateway that lives as long as its test.
pub struct TextGateway {
    port: u16,
    folder: tempfile::TempDir,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    answers: VecDeque<GatewayAnswer>,
    taken: Vec<TakenText>,
}

/// The secret that its clients send.
pub const GATEWAY_SECRET: &str = "Bearer KanarilintuGatewaySecret";

impl TextGateway {
    /// Starts one for `localhost` on a free port; it answers 201 unless told otherwise.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the gateway");
        let roots = certify("localhost", folder.path());
        std::fs::write(folder.path().join("roots.pem"), roots).expect("the authority's file");
        std::fs::write(folder.path().join("secret"), format!("{GATEWAY_SECRET}\n")).expect("the secret's file");
        let chain = vec![CertificateDer::from_pem_file(folder.path().join("server.pem")).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_file(folder.path().join("server.key")).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate and its key");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let (config, state) = (Arc::new(config), Arc::new(Mutex::new(State::default())));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (config, state) = (Arc::clone(&config), Arc::clone(&shared));
                std::thread::spawn(move || serve(stream, config, &state));
            }
        });
        Self { port, folder, state }
    }

    /// The `[sms]` section that describes it; its body is this template of this form.
    #[must_use]
    pub fn configuration(&self, content_type: &str, body: &str) -> String {
        let (port, folder) = (self.port, self.folder.path().display());
        format!(
            "[sms]\nurl = \"https://localhost:{port}/messages\"\ncontent_type = \"{content_type}\"\nbody = '''{body}'''\n\
             sender = \"Seif\"\nroots = \"{folder}/roots.pem\"\n\
             [[sms.headers]]\nname = \"Authorization\"\nvalue_file = \"{folder}/secret\"\n"
        )
    }

    /// Its address over plain HTTP, which it does not speak.
    #[must_use]
    pub fn plain_address(&self) -> String {
        format!("http://localhost:{}/messages", self.port)
    }

    /// Answers the next request so, the one after it as is said next.
    pub fn answers(&self, answer: GatewayAnswer) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).answers.push_back(answer);
    }

    /// What it took, oldest first.
    #[must_use]
    pub fn taken(&self) -> Vec<TakenText> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).taken.clone()
    }
}

/// One request on one connection; whoever speaks no TLS gets nothing.
fn serve(stream: TcpStream, config: Arc<ServerConfig>, state: &Mutex<State>) {
    let Ok(connection) = ServerConnection::new(config) else { return };
    drop(stream.set_read_timeout(Some(Duration::from_secs(10))));
    let mut stream = StreamOwned::new(connection, stream);
    let Some(request) = read(&mut stream) else { return };
    let answer = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.taken.push(request);
        state.answers.pop_front().unwrap_or(GatewayAnswer::Status(201))
    };
    let head = match answer {
        GatewayAnswer::Status(status) => format!("HTTP/1.1 {status} Said\r\n"),
        GatewayAnswer::Redirect(to) => format!("HTTP/1.1 307 Elsewhere\r\nlocation: {to}\r\n"),
        GatewayAnswer::Silence => return,
    };
    drop(stream.write_all(format!("{head}content-length: 2\r\nconnection: close\r\n\r\nOK").as_bytes()));
    stream.conn.send_close_notify();
    drop(stream.flush());
}

fn read(stream: &mut impl std::io::Read) -> Option<TakenText> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let some = stream.read(&mut chunk).ok().filter(|some| *some > 0)?;
        bytes.extend_from_slice(&chunk[..some]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.split("\r\n");
        let line = lines.next()?.to_owned();
        let field =
            |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
        let headers: Vec<(String, String)> = lines.filter_map(field).collect();
        let length =
            headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
        if body.len() >= length.unwrap_or(0_usize) {
            return Some(TakenText { line, headers, body: body.to_owned() });
        }
    }
}
