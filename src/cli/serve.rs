//! `seif serve`: runs the service until it is told to stop.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;
use crate::kernel::log::{self, Incidents};
use crate::settings::Settings;

/// Starts the service, says where it is, and serves until SIGTERM or SIGINT; then finishes what is in flight.
pub(super) fn run(settings: Settings) -> anyhow::Result<()> {
    no_core_dumps().context("core dumps cannot be turned off")?;
    let (clock, entropy) = (Clock::system(), Entropy::system());
    log::start(settings.log.level.into(), settings.log.format.into(), Incidents::new(clock.clone(), entropy.clone()));
    actix_web::rt::System::new().block_on(async {
        let app = App::build(settings, clock.clone(), entropy)?;
        let listening = app.listen(&clock).await?;
        app.work();
        let mut ended = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        announce(&app, &listening.addresses);
        let handle = listening.handle.clone();
        actix_web::rt::spawn(async move {
            tokio::select! { _ = ended.0.recv() => {} _ = ended.1.recv() => {} }
            handle.stop(true).await;
        });
        listening.server.await?;
        app.finish().await;
        Ok(())
    })
}

/// Tells the person at the keyboard what they need; the last line is the contract's.
#[expect(clippy::print_stdout, reason = "the start-up text")]
fn announce(app: &App, addresses: &[std::net::SocketAddr]) {
    let settings = &app.services.settings;
    println!("Seif {}", env!("CARGO_PKG_VERSION"));
    println!("data       {}", settings.data.display());
    if settings.tls.certificate.is_none() {
        println!("authority  {}", settings.tls_folder().join("ca.pem").display());
    }
    if settings.smtp.is_none() {
        println!("mails      {}", settings.mail_folder().display());
    }
    let port = addresses.first().map_or(settings.listen.port(), std::net::SocketAddr::port);
    let listen = settings.listen.to_string();
    let host = listen.rsplit_once(':').map_or(listen.as_str(), |(host, _)| host);
    println!("ready https://{host}:{port}");
}

/// A core dump would hold keys (design: Kernel).
fn no_core_dumps() -> std::io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}
