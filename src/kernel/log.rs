//! The log: ids, enums, counts, durations and fixed text, on stderr; never anything of a person.
//!
//! Only this crate's own events are written: those of dependencies may hold addresses, names or SQL, at any level. An
//! unexpected failure gets an [`IncidentId`], is logged once at the boundary by [`incident`], and the client sees the id
//! alone. A panic is logged by its place in the code, without its message.

use std::error::Error;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::IncidentId;

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Logs to stderr from here on, for the whole process, panics too. The first call counts.
pub fn start(level: LevelFilter, format: Format, incidents: Incidents) {
    if tracing::subscriber::set_global_default(subscriber(level, format, Gathered)).is_ok() {
        log_panics(incidents);
        // Without the thread, lines are written when enough wait, when one is urgent, and at the end.
        drop(std::thread::Builder::new().name("seif-log".to_owned()).spawn(|| {
            loop {
                std::thread::sleep(GATHERING);
                finish();
            }
        }));
    }
}

/// Writes the lines that wait. To be called before the process ends.
pub(in crate::kernel) fn finish() {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    write_out(&mut waiting);
}

/// How long a line may wait for others: a call to the system for each would cost a request more than its record.
const GATHERING: Duration = Duration::from_millis(50);

/// How many bytes may wait.
const ENOUGH: usize = 32 * 1024;

static WAITING: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Lines that are written together; warnings and worse at once, with all that came before.
struct Gathered;

impl<'a> MakeWriter<'a> for Gathered {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { urgent: true }
    }

    fn make_writer_for(&'a self, event: &tracing::Metadata<'_>) -> Line {
        Line { urgent: *event.level() <= tracing::Level::WARN }
    }
}

/// A line on its way to where it waits.
struct Line {
    urgent: bool,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend_from_slice(bytes);
        if self.urgent || waiting.len() >= ENOUGH {
            write_out(&mut waiting);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A log that cannot be written holds up nothing else.
fn write_out(waiting: &mut Vec<u8>) {
    if !waiting.is_empty() {
        drop(std::io::stderr().write_all(waiting));
        waiting.clear();
    }
}

/// What [`start`] installs, writing elsewhere: for tests that look at the log.
pub fn subscriber<W>(level: LevelFilter, format: Format, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let ours = filter_fn(move |event| *event.level() <= level && is_ours(event.target())).with_max_level_hint(level);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let registry = tracing_subscriber::registry();
    match format {
        Format::Text => Box::new(registry.with(lines.with_filter(ours))),
        Format::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            Box::new(registry.with(lines.with_filter(ours)))
        }
    }
}

fn is_ours(target: &str) -> bool {
    target.split("::").next() == Some(env!("CARGO_CRATE_NAME"))
}

/// An error whose `Display` holds ids, enums, counts and fixed text, and nothing that a user or a tenant sent or stored.
/// Each of our own error enums that can reach the boundary says so by implementing this.
pub trait SafeToLog: Error + 'static {}

/// Logs an unexpected failure once, and gives the id under which the log knows it.
///
/// Of the error its own text is written; of its causes only their kind, since a driver's text may quote what it was
/// given.
pub fn incident<E: SafeToLog>(clock: &Clock, entropy: &Entropy, error: &E) -> IncidentId {
    let incident = IncidentId::new(clock.now(), entropy);
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(kind_of(cause));
        next = cause.source();
    }
    tracing::error!(%incident, %error, causes = causes.join(" < "), "unexpected failure");
    incident
}

/// Gives unexpected failures their ids.
#[derive(Debug, Clone)]
pub struct Incidents {
    clock: Clock,
    entropy: Entropy,
}

impl Incidents {
    /// Ids by this clock and this randomness.
    #[must_use]
    pub const fn new(clock: Clock, entropy: Entropy) -> Self {
        Self { clock, entropy }
    }

    /// Logs an unexpected failure once; see [`incident`].
    pub fn report<E: SafeToLog>(&self, error: &E) -> IncidentId {
        incident(&self.clock, &self.entropy, error)
    }
}

/// What kind of error this is, as far as it can be told without its text.
fn kind_of(cause: &(dyn Error + 'static)) -> String {
    if let Some(error) = cause.downcast_ref::<std::io::Error>() {
        return format!("io {:?}", error.kind());
    }
    match cause.downcast_ref::<diesel::result::Error>() {
        Some(diesel::result::Error::DatabaseError(kind, _)) => format!("database {kind:?}"),
        Some(diesel::result::Error::NotFound) => "database NotFound".to_owned(),
        Some(_) => "database".to_owned(),
        None => "another".to_owned(),
    }
}

/// A panic's message may quote a value (`byte index 1 is not a char boundary; it is inside 'ā' of …`), its place cannot.
fn log_panics(incidents: Incidents) {
    std::panic::set_hook(Box::new(move |panic| {
        let incident = IncidentId::new(incidents.clock.now(), &incidents.entropy);
        let (file, line) = panic.location().map_or(("unknown", 0), |place| (place.file(), place.line()));
        tracing::error!(%incident, file, line, "panic");
        finish();
    }));
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Captured {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: Format, act: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        tracing::subscriber::with_default(subscriber(LevelFilter::TRACE, format, move || writer.clone()), act);
        captured.text()
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the store failed for 3 rows")]
    struct StoreFailed(#[source] Quotes);
    impl SafeToLog for StoreFailed {}

    #[derive(Debug, thiserror::Error)]
    #[error("duplicate key (email)=(anna@example.com)")]
    struct Quotes(#[source] std::io::Error);

    #[test]
    fn an_incident_is_logged_once_with_its_id_and_without_its_causes_texts() {
        let (clock, entropy) = (Clock::system(), Entropy::system());
        let error = StoreFailed(Quotes(std::io::Error::new(std::io::ErrorKind::StorageFull, "anna@example.com")));
        let mut id = None;
        let log = logged(Format::Text, || id = Some(incident(&clock, &entropy, &error)));
        assert_eq!(log.matches(&id.unwrap().to_string()).count(), 1);
        assert!(log.contains("the store failed for 3 rows") && log.contains("another < io StorageFull"), "{log}");
        assert!(!log.contains("anna"), "{log}");
    }

    #[test]
    fn only_our_own_events_are_logged_whatever_the_level() {
        let log = logged(Format::Text, || {
            tracing::error!(target: "lettre::transport", "RCPT TO:<anna@example.com>");
            tracing::error!(target: "seifert", "not ours either");
            tracing::trace!("ours");
        });
        assert!(log.contains("ours") && !log.contains("anna") && !log.contains("either"), "{log}");
    }

    #[test]
    fn a_json_log_has_one_object_a_line() {
        let log = logged(Format::Json, || {
            tracing::info!(status = 200, "answered");
            tracing::info!(status = 404, "answered");
        });
        let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.iter().map(|line| line["status"].clone()).collect::<Vec<_>>(), [200, 404]);
    }
}
