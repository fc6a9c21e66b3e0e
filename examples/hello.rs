//! The measure of `ops/bench`: a greeting from the same actix-web and the same TLS that the service has, and nothing else.
//!
//! `cargo run --release --example hello -- DATA HOST:PORT` makes a local authority under DATA/tls, prints
//! `ready https://HOST:PORT` and serves until it is ended. `POST /file` writes the bytes that come, as they are, to a file
//! that is on disk when the answer is given; `GET /file` gives them back.

#![allow(clippy::print_stdout, reason = "it says where it listens")]

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::try_unfold;
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

    let file = data.join("file");
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(Plain(file.clone())))
            .route("/", web::get().to(async || HttpResponse::Ok().body("hello")))
            .route("/file", web::post().to(take))
            .route("/file", web::get().to(give))
    })
    .tls_handshake_timeout(HANDSHAKE_TIMEOUT)
    .bind_rustls_0_23(&listen, Arc::unwrap_or_clone(tls))?;
    for address in server.addrs() {
        println!("ready https://{address}");
    }
    server.run().await?;
    Ok(())
}

/// Where the one file stands.
struct Plain(PathBuf);

/// What is read or written at once.
const PIECE: usize = 1024 * 1024;

async fn take(mut body: web::Payload, plain: web::Data<Plain>) -> actix_web::Result<HttpResponse> {
    let path = plain.0.clone();
    let mut file = web::block(move || File::create(path)).await??;
    let mut piece = Vec::with_capacity(2 * PIECE);
    loop {
        let next = body.next().await.transpose()?;
        piece.extend_from_slice(next.as_deref().unwrap_or_default());
        if piece.len() >= PIECE || next.is_none() {
            let full = std::mem::replace(&mut piece, Vec::with_capacity(2 * PIECE));
            file = web::block(move || file.write_all(&full).map(|()| file)).await??;
        }
        if next.is_none() {
            web::block(move || file.sync_all()).await??;
            return Ok(HttpResponse::Created().finish());
        }
    }
}

async fn give(plain: web::Data<Plain>) -> actix_web::Result<HttpResponse> {
    let path = plain.0.clone();
    let file = web::block(move || File::open(path)).await??;
    let pieces = try_unfold(file, async |mut file| -> actix_web::Result<_> {
        let read = web::block(move || -> io::Result<_> {
            let mut piece = vec![0; PIECE];
            let count = file.read(&mut piece)?;
            piece.truncate(count);
            Ok((piece, file))
        });
        let (piece, file) = read.await??;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    });
    Ok(HttpResponse::Ok().streaming(pieces))
}
