//! The measure of `ops/bench` beside which the service's deliveries stand: how many mails a second a server takes from a
//! client that does nothing else, over as many connections, which it keeps.
//!
//! `cargo run --release --example smtp_rate -- PORT CA_FILE CONNECTIONS SECONDS MESSAGE_FILE` prints one line of JSON. The
//! server is on this machine and its certificate for `localhost`.

#![allow(clippy::print_stdout, reason = "its result")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::future::try_join_all;
use lettre::Address;
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |name: &'static str| arguments.next().context(name);
    let port: u16 = next("PORT is missing")?.parse()?;
    let roots = std::fs::read(next("CA_FILE is missing")?)?;
    let connections: usize = next("CONNECTIONS is missing")?.parse()?;
    let seconds = Duration::from_secs(next("SECONDS is missing")?.parse()?);
    // The end stands in the same write: by itself it would wait for the other side's late acknowledgement.
    let message: Arc<str> =
        format!("{}.\r\n", std::fs::read_to_string(next("MESSAGE_FILE is missing")?)?.replace("\n.", "\n..")).into();
    let tls = TlsParameters::builder("localhost".to_owned())
        .certificate_store(CertificateStore::None)
        .add_root_certificate(Certificate::from_pem(&roots)?)
        .build_rustls()?;
    let opened = (0..connections).map(|_| connect(port, tls.clone()));
    let opened = try_join_all(opened).await?;
    let begun = Instant::now();
    let sent = opened.into_iter().map(|connection| send(connection, &message, begun + seconds));
    let sent: u64 = try_join_all(sent).await?.into_iter().sum();
    let taken = begun.elapsed();
    let per_second = f64::from(u32::try_from(sent)?) / taken.as_secs_f64();
    println!("{}", serde_json::json!({"sent": sent, "seconds": taken.as_secs_f64(), "per_second": per_second}));
    Ok(())
}

async fn connect(port: u16, tls: TlsParameters) -> anyhow::Result<AsyncSmtpConnection> {
    let hello = ClientId::Domain("localhost".to_owned());
    let patience = Some(Duration::from_secs(30));
    Ok(AsyncSmtpConnection::connect_tokio1(("localhost", port), patience, &hello, Some(tls), None).await?)
}

/// Sends until `end`; gives how many.
async fn send(mut connection: AsyncSmtpConnection, message: &str, end: Instant) -> anyhow::Result<u64> {
    let (sender, recipient): (Address, Address) = ("seif@bench.example".parse()?, "bare@bench.example".parse()?);
    let mut sent = 0;
    while Instant::now() < end {
        connection.command(Mail::new(Some(sender.clone()), Vec::new())).await?;
        connection.command(Rcpt::new(recipient.clone(), Vec::new())).await?;
        connection.command(Data).await?;
        connection.command(message).await?;
        sent += 1;
    }
    connection.quit().await?;
    Ok(sent)
}
