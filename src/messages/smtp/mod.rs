//! Sending to a mail server (RFC 5321), over TLS or not at all.
//!
//! lettre speaks the protocol. The connections are kept here and not in its pool, so that it is known how far a
//! message got when something breaks: before it was whole it can go again, after that it may have arrived.

mod lines;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use self::lines::Lines;
use crate::kernel::personal::Secret;
use crate::messages::delivery::{Delivery, Refusal, Unreachable};
use crate::messages::mail::Outgoing;

/// How to reach the mail server.
#[derive(Debug)]
pub struct SmtpSettings {
    /// Its name; the certificate must be for it.
    pub host: String,
    /// 465 as a rule for [`Tls::Implicit`], 587 for [`Tls::StartTls`] (RFC 8314 §3.3).
    pub port: u16,
    /// How TLS begins.
    pub tls: Tls,
    /// Which authorities its certificate may come from.
    pub roots: Roots,
    /// How the service signs in there, where the server wants it.
    pub login: Option<Login>,
    /// The name that this side gives itself (EHLO).
    pub hello: String,
    /// How long to wait: for a connection with all its greetings, for the envelope, and ten times as long for the
    /// answer to the message itself (RFC 5321 §4.5.3.2: giving up on that one makes duplicates).
    pub patience: Duration,
}

/// How TLS begins. Without it there is no sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte (RFC 8314).
    Implicit,
    /// By STARTTLS, required (RFC 3207).
    StartTls,
}

/// Which authorities are trusted.
#[derive(Debug)]
pub enum Roots {
    /// The system's.
    System,
    /// Those in this PEM file, and no others.
    Pem(Vec<u8>),
}

/// The service's account at the mail server.
#[derive(Debug)]
pub struct Login {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: Secret<String>,
}

/// What is wrong with the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmtpError {
    /// Not a PEM file with at least one certificate.
    #[error("the roots for the mail server hold no certificate")]
    Roots,
    /// TLS cannot be set up: no trusted authorities on this machine, as a rule.
    #[error("TLS to the mail server cannot be set up")]
    Tls,
}

/// A mail server, and a few open connections to it.
pub struct Smtp {
    settings: SmtpSettings,
    tls: TlsParameters,
    hello: ClientId,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// As many connections wait for the next message: as many as the outbox hands over at once.
const IDLE: usize = 8;
/// So long; servers close theirs after five minutes at the least (RFC 5321 §4.5.3.2.7).
const IDLE_FOR: Duration = Duration::from_secs(60);

impl Smtp {
    /// The server of these settings; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// Where the certificates to trust cannot be read.
    pub fn new(settings: SmtpSettings) -> Result<Self, SmtpError> {
        let mut tls = TlsParameters::builder(settings.host.clone());
        if let Roots::Pem(pem) = &settings.roots {
            tls = tls.certificate_store(CertificateStore::None);
            tls = tls.add_root_certificate(certificates(pem)?);
        }
        let tls = tls.build_rustls().map_err(|_| SmtpError::Tls)?;
        let hello = ClientId::Domain(settings.hello.clone());
        Ok(Self { settings, tls, hello, idle: Mutex::default() })
    }

    /// Hands `message` to the server, once.
    ///
    /// A connection on which anything went wrong is not used again. Dropping the future closes the connection.
    pub async fn deliver(&self, message: &Outgoing) -> Delivery {
        let patience = self.settings.patience;
        let mut connection = match timeout(patience, self.connection()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(why)) => return Delivery::Unreachable(why),
            Err(_) => return Delivery::Unreachable(Unreachable::Timeout),
        };
        match timeout(patience, offer(&mut connection, message)).await {
            Ok(Ok(())) => {}
            Ok(Err(delivery)) => {
                close(connection).await;
                return delivery;
            }
            Err(_) => return Delivery::Unreachable(Unreachable::Timeout),
        }
        let text = data(&String::from_utf8_lossy(message.content.reveal()));
        match timeout(patience * 10, connection.command(text)).await {
            Ok(Ok(_)) => {
                self.keep(connection);
                Delivery::Accepted
            }
            Ok(Err(error)) => {
                close(connection).await;
                answer(&error).unwrap_or(Delivery::Uncertain)
            }
            Err(_) => Delivery::Uncertain,
        }
    }

    /// A connection that answers: one that waits, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Unreachable> {
        while let Some(mut waiting) = self.waiting() {
            if waiting.test_connected().await {
                return Ok(waiting);
            }
        }
        let mut connection = self.connect().await?;
        if let Some(login) = &self.settings.login {
            let credentials = Credentials::new(login.user.clone(), login.password.reveal().clone());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, &credentials).await.map_err(|error| match unreachable(&error) {
                Unreachable::Turned => Unreachable::Login,
                other => other,
            })?;
        }
        Ok(connection)
    }

    /// A new connection, under TLS.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Unreachable> {
        let server = (self.settings.host.as_str(), self.settings.port);
        match self.settings.tls {
            Tls::Implicit => {
                let tls = Some(self.tls.clone());
                AsyncSmtpConnection::connect_tokio1(server, Some(self.settings.patience), &self.hello, tls, None)
                    .await
                    .map_err(|error| unreachable(&error))
            }
            Tls::StartTls => {
                let stream = TcpStream::connect(server).await.map_err(|_| Unreachable::Connection)?;
                stream.set_nodelay(true).map_err(|_| Unreachable::Connection)?;
                let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(Lines(stream)), &self.hello)
                    .await
                    .map_err(|error| unreachable(&error))?;
                if !connection.can_starttls() {
                    close(connection).await;
                    return Err(Unreachable::NoTls);
                }
                connection.starttls(self.tls.clone(), &self.hello).await.map_err(|error| unreachable(&error))?;
                if connection.is_encrypted() { Ok(connection) } else { Err(Unreachable::NoTls) }
            }
        }
    }

    fn waiting(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|waiting| waiting.since.elapsed() < IDLE_FOR);
        idle.pop().map(|waiting| waiting.connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Smtp")
    }
}

/// The envelope, up to the server's readiness for the message.
async fn offer(connection: &mut AsyncSmtpConnection, message: &Outgoing) -> Result<(), Delivery> {
    let (sender, recipient) = (&message.sender, message.recipient.reveal());
    let mut parameters = Vec::new();
    if !(AsRef::<str>::as_ref(sender).is_ascii() && AsRef::<str>::as_ref(recipient).is_ascii()) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Delivery::Refused(Refusal { reply: None, about: None }));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let refused = |error: Error| answer(&error).unwrap_or_else(|| Delivery::Unreachable(unreachable(&error)));
    connection.command(Mail::new(Some(sender.clone()), parameters)).await.map_err(refused)?;
    connection.command(Rcpt::new(recipient.clone(), Vec::new())).await.map_err(refused)?;
    connection.command(Data).await.map_err(refused)?;
    Ok(())
}

/// A message as it follows DATA: no line of its ends it (RFC 5321 §4.5.2), and its end stands with it in one write. By
/// itself the end would wait on this side until the other has acknowledged all before it, which takes the other 40 ms where
/// nothing else is to be said (RFC 896; RFC 9293 §3.8.6.3).
fn data(content: &str) -> String {
    let mut data = String::with_capacity(content.len() + 64);
    for line in content.split_inclusive("\r\n") {
        if line.starts_with('.') {
            data.push('.');
        }
        data.push_str(line);
    }
    if !data.ends_with("\r\n") {
        data.push_str("\r\n");
    }
    data.push_str(".\r\n");
    data
}

/// What the server said about the message; `None` where it said nothing.
fn answer(error: &Error) -> Option<Delivery> {
    let code = error.status().map(u16::from);
    let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let refusal = Refusal::read(code, &text);
    if error.is_permanent() {
        Some(Delivery::Refused(refusal))
    } else if error.is_transient() {
        Some(Delivery::Deferred(refusal))
    } else {
        None
    }
}

/// Why there is no conversation.
fn unreachable(error: &Error) -> Unreachable {
    if error.is_timeout() {
        Unreachable::Timeout
    } else if is_handshake(error) {
        Unreachable::Tls
    } else if error.status().is_some() || error.is_client() {
        Unreachable::Turned
    } else {
        Unreachable::Connection
    }
}

/// lettre reports a failed handshake as a failed connection; rustls' own word is further down.
fn is_handshake(error: &Error) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>()?.get_ref())
        .any(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
}

/// Takes leave, as far as the server still listens.
async fn close(mut connection: AsyncSmtpConnection) {
    let leave = timeout(Duration::from_secs(2), connection.abort()).await;
    drop(leave);
}

fn certificates(pem: &[u8]) -> Result<Certificate, SmtpError> {
    if !pem.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
        return Err(SmtpError::Roots);
    }
    Certificate::from_pem(pem).map_err(|_| SmtpError::Roots)
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
