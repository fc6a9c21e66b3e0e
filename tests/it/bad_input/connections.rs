//! Clients that are slow, idle, many, or speak no TLS: they are cut off in time, and nobody waits for them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::rt::task::spawn_blocking;
use seif::testing::{Database, World};

use super::malformed;
use crate::wire::{Connection, Wire, read_answer};

/// The limits of these stories, in place of ten seconds and more.
const LIMITS: &str = "[server]\nrequest_head = \"1s\"\nrequest_body = \"1s\"\nkeep_alive = \"2s\"\n";

/// Longer than any limit of [`LIMITS`], with what a busy machine adds.
const OVER: Duration = Duration::from_secs(15);

/// Reads until the service hangs up; what it said, and after how long. `None` if it did not.
fn until_it_hangs_up(stream: &mut impl std::io::Read, since: Instant) -> Option<(Vec<u8>, Duration)> {
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        // However it hangs up: with a word of goodbye, or without.
        Ok(_) | Err(_) => Some((said, since.elapsed())),
    }
}

/// Asks for the service's health again and again while `done` is false; how often, and the longest wait.
fn others_go_on(wire: &Wire, done: &AtomicBool) -> (usize, Duration) {
    let (mut answered, mut longest, mut open) = (0, Duration::ZERO, None);
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", wire.host());
    while !done.load(Ordering::SeqCst) {
        let asked = Instant::now();
        let answer = wire.ask(&mut open, request.as_bytes()).expect("an answer");
        assert_eq!(answer.status, 200);
        longest = longest.max(asked.elapsed());
        answered += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    (answered, longest)
}

/// Runs `slow` beside a client that asks on; the others never wait for it.
async fn beside_others(wire: &Wire, slow: impl FnOnce() + Send + 'static) {
    let done = Arc::new(AtomicBool::new(false));
    let (other, seen) = (wire.clone(), Arc::clone(&done));
    let others = spawn_blocking(move || others_go_on(&other, &seen));
    let ran = spawn_blocking(slow).await;
    done.store(true, Ordering::SeqCst);
    let (answered, longest) = others.await.unwrap();
    ran.unwrap();
    assert!(answered >= 20, "{answered}");
    assert!(longest < Duration::from_secs(5), "another waited for {longest:?}");
}

fn wire(world: &World) -> Wire {
    Wire::to(world.address(), &world.authority())
}

/// Writes byte by byte until the service no longer takes any; after how long.
fn byte_by_byte(connection: &mut Connection, bytes: &[u8]) -> Duration {
    let begun = Instant::now();
    connection.sock.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    for byte in bytes.iter().cycle() {
        let written = connection.write_all(&[*byte]).and_then(|()| connection.flush());
        let mut some = [0; 256];
        let hung_up = match connection.read(&mut some) {
            Ok(read) => read == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        };
        if written.is_err() || hung_up || begun.elapsed() > OVER {
            break;
        }
    }
    begun.elapsed()
}

#[test]
fn plain_http_on_the_port_gets_no_http_answer() {
    World::run(Database::Sqlite, async |world| {
        let wire = wire(world);
        let told = spawn_blocking(move || {
            let mut stream = wire.tcp();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            until_it_hangs_up(&mut stream, Instant::now()).expect("it hangs up").0
        });
        let told = told.await.unwrap();
        assert!(told.is_empty() || (told[0] == 21 && told.len() == 7), "at most one alert: {told:?}");
    });
}

#[test]
fn a_head_that_comes_byte_by_byte_is_cut_off_at_its_limit_while_others_go_on() {
    World::run_with(Database::Sqlite, LIMITS, async |world| {
        let wire = wire(world);
        let slow = wire.clone();
        beside_others(&wire, move || {
            let mut connection = slow.connect();
            let head = format!("GET / HTTP/1.1\r\nHost: {}\r\nX-A: {}", slow.host(), "a".repeat(5_000));
            let took = byte_by_byte(&mut connection, head.as_bytes());
            assert!(took >= Duration::from_millis(800) && took < OVER, "{took:?}");
        })
        .await;
    });
}

#[test]
fn a_body_that_stalls_or_drips_is_refused_at_its_limit_while_others_go_on() {
    World::run_with(Database::Sqlite, LIMITS, async |world| {
        let wire = wire(world);
        let slow = wire.clone();
        beside_others(&wire, move || {
            for kind in ["application/json", "application/x-www-form-urlencoded"] {
                let path = if kind == "application/json" { "/api/v1/signups" } else { "/sign-in" };
                let mut connection = slow.connect();
                let begun = Instant::now();
                let host = slow.host();
                let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: 1000\r\n\r\n{{\"");
                connection.write_all(head.as_bytes()).unwrap();
                let (answer, _) = read_answer(&mut connection).expect("an answer");
                assert_eq!(malformed::faults(&answer), Vec::<String>::new());
                let _ = answer.problem(408, "request_timeout");
                assert!(begun.elapsed() >= Duration::from_millis(800) && begun.elapsed() < OVER, "{:?}", begun.elapsed());
            }
            // Nor does it help to send a byte now and then.
            let mut connection = slow.connect();
            let host = slow.host();
            let head = format!("POST /sign-in HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\n");
            connection.write_all(head.as_bytes()).unwrap();
            let took = byte_by_byte(&mut connection, b"a");
            assert!(took < OVER, "{took:?}");
        })
        .await;
    });
}

/// How many idle clients there are.
const IDLE: usize = 1_000;

#[test]
fn a_thousand_idle_connections_leave_others_answered_and_are_closed_at_the_limit() {
    World::run_with(Database::Sqlite, LIMITS, async |world| {
        let wire = wire(world);
        let idle = wire.clone();
        beside_others(&wire, move || {
            let begun = Instant::now();
            // A third says nothing after the handshake, a third was answered once, a third says not even hello.
            let mut kept: Vec<Connection> = Vec::new();
            let mut mute: Vec<TcpStream> = Vec::new();
            let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", idle.host());
            for n in 0..IDLE {
                match n % 3 {
                    0 => kept.push(idle.connect()),
                    1 => {
                        let mut connection = idle.connect();
                        connection.write_all(request.as_bytes()).unwrap();
                        assert_eq!(read_answer(&mut connection).expect("an answer").0.status, 200);
                        kept.push(connection);
                    }
                    _ => mute.push(idle.tcp()),
                }
            }
            let opened = begun.elapsed();
            for connection in &mut kept {
                let (said, _) = until_it_hangs_up(connection, begun).expect("it hangs up");
                assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&said));
            }
            for stream in &mut mute {
                assert!(until_it_hangs_up(stream, begun).is_some());
            }
            assert!(begun.elapsed() < opened + OVER, "{:?} after {opened:?}", begun.elapsed());
        })
        .await;
    });
}

#[test]
fn more_connections_than_the_limit_wait_until_idle_ones_are_closed() {
    let limits = format!("{LIMITS}connections = 20\n");
    World::run_with(Database::Sqlite, &limits, async |world| {
        let wire = wire(world);
        let answered = spawn_blocking(move || {
            let idle: Vec<Connection> = (0..20).map(|_| wire.connect()).collect();
            let asked = Instant::now();
            let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", wire.host());
            let answer = wire.ask(&mut None, request.as_bytes()).expect("an answer");
            drop(idle);
            (answer.status, asked.elapsed())
        });
        let (status, took) = answered.await.unwrap();
        assert_eq!(status, 200);
        assert!(took < OVER, "{took:?}");
    });
}

/// What the HTTP library itself refuses, before there is a request: an empty refusal, and the end of the connection.
#[test]
fn what_is_no_http_is_refused_without_a_word_of_it() {
    World::run(Database::Sqlite, async |world| {
        let wire = wire(world);
        let host = wire.host();
        let many = (0..200).map(|n| format!("X-{n}: a\r\n")).collect::<String>();
        let long = "a".repeat(200_000);
        let with = |lines: &str| format!("POST /api/v1/session HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n").into_bytes();
        let all: Vec<Vec<u8>> = vec![
            b"\0\0\0\0\r\n\r\n".to_vec(),
            b"Kanarilintu\r\n\r\n".to_vec(),
            b"GET /Kanarilintu\0 HTTP/1.1\r\n\r\n".to_vec(),
            b"GET /Kanarilintu x HTTP/1.1\r\n\r\n".to_vec(),
            b"GET / HTTP/9.9\r\n\r\n".to_vec(),
            b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Name: Kanarilintu\r\n\r\n".to_vec(),
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX: Kanari\0lintu\r\n\r\n".to_vec(),
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n folded\r\n\r\n".to_vec(),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            format!("GET /{long} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes(),
            format!("GET /?{long} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes(),
            with(&format!("X-A: {long}\r\n")),
            with(&format!("Cookie: {long}\r\n")),
            with(&many),
            with("Content-Length: -1\r\n"),
            with("Content-Length: 18446744073709551616\r\n"),
            with("Content-Length: 1e3\r\n"),
            with("Content-Length: 5\r\nContent-Length: 6\r\n"),
            with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            with("Transfer-Encoding: gzip\r\n"),
            with("Transfer-Encoding: chunked, identity\r\n"),
            [with("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"), b"zz\r\nKanarilintu".to_vec()]
                .concat(),
            [
                with("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"),
                b"ffffffffffffffffff\r\nx".to_vec(),
            ]
            .concat(),
        ];
        let told = spawn_blocking(move || {
            let mut wrong = Vec::new();
            for bytes in all {
                let what = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
                let mut open = None;
                let answer = wire.ask(&mut open, &bytes);
                match answer {
                    None => {}
                    Some(answer) if (400..500).contains(&answer.status) || answer.status == 505 => {
                        if answer.text().to_lowercase().contains("kanarilintu") {
                            wrong.push(format!("{what}: repeated"));
                        }
                        if !answer.bytes.is_empty() && !malformed::faults(&answer).is_empty() {
                            wrong.push(format!("{what}: {} {:?}", answer.status, malformed::faults(&answer)));
                        }
                    }
                    Some(answer) => wrong.push(format!("{what}: {}", answer.status)),
                }
            }
            wrong
        });
        let wrong = told.await.unwrap();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let _ = world.stranger().get("/healthz").await.expect(200);
    });
}
