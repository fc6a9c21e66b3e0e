//! The measure of `ops/bench`: a greeting from the same actix-web and the same TLS that the service has, and nothing else.
//!
//! `cargo run --release --example hello -- DATA HOST:PORT` makes a local authority under DATA/tls, prints
//! `ready https://HOST:PORT` and serves until it is ended.

#![allow(clippy::print_stdout, reason = "it says where it listens")]

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use seif::kernel::clock::Clock;
use seif::kernel::entropy::Entropy;
use seif::web::tls::{CertificateSource, Certificates, HANDSHAKE_TIMEOUT, LocalAuthority, Profile, server_config};

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let data = PathBuf::from(arguments.next().context("the folder for the certificates is missing")?);
    let listen = arguments.next().context("HOST:PORT is missing")?;

    let authority = LocalAuthority::open(&data, Clock::system(), Entropy::system())?;
    let certificates = Certificates::open(CertificateSource::Local(authority))?;
    let tls = server_config(certificates, Profile::Intermediate)?;

    let server = HttpServer::new(|| App::new().route("/", web::get().to(async || HttpResponse::Ok().body("hello"))))
        .tls_handshake_timeout(HANDSHAKE_TIMEOUT)
        .bind_rustls_0_23(&listen, Arc::unwrap_or_clone(tls))?;
    for address in server.addrs() {
        println!("ready https://{address}");
    }
    server.run().await?;
    Ok(())
}
