//! Whose request it is: the peer's, or that of whom a configured proxy speaks for, over real TLS on loopback.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::Method;
use seif::testing::{Actor, Database, Proxy, World};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The configured proxy; stories speak from 127.0.0.1, which is none.
const PROXY: [u8; 4] = [127, 0, 7, 7];

fn behind(how: &str) -> String {
    format!("[proxies]\naddresses = [\"127.0.7.0/24\", \"198.51.100.9\"]\nhow = \"{how}\"\n")
}

/// A header of the PROXY protocol, version 2.
fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[command, family][..], &length, rest].concat()
}

fn of_client(client: SocketAddr) -> Vec<u8> {
    let port = client.port().to_be_bytes();
    match client.ip() {
        IpAddr::V4(ip) => {
            header(0x21, 0x11, &[&ip.octets()[..], &[10, 0, 0, 1], &port, &443u16.to_be_bytes()].concat())
        }
        IpAddr::V6(ip) => header(0x21, 0x21, &[&ip.octets()[..], &[9; 16], &port, &443u16.to_be_bytes()].concat()),
    }
}

/// The address that the service takes the actor to be at.
async fn taken_for(actor: &Actor) -> String {
    actor.get("/api/v1/account/ip-allowlist").await.expect(200).json()["your_address"].as_str().unwrap().to_owned()
}

#[test]
fn through_a_proxy_with_its_protocol_the_client_is_whom_it_names() {
    World::run_with(Database::Sqlite, &behind("proxy_v2"), async |world| {
        let anna = world.owner().await;
        assert_eq!(taken_for(&anna).await, "127.0.0.1");
        for (client, told) in [
            ("203.0.113.5:4711", "203.0.113.5"),
            ("[2001:db8::9]:4711", "2001:db8::9"),
            ("[::ffff:203.0.113.5]:4711", "203.0.113.5"),
        ] {
            let proxy = Proxy::begin(world.address(), PROXY.into(), of_client(client.parse().unwrap())).await;
            assert_eq!(taken_for(&anna.through(world, &proxy)).await, told);
        }
        // On its own behalf.
        let proxy = Proxy::begin(world.address(), PROXY.into(), header(0x20, 0, &[])).await;
        assert_eq!(taken_for(&anna.through(world, &proxy)).await, "127.0.7.7");
        // What stands in a field is never read besides.
        let proxy = Proxy::begin(world.address(), PROXY.into(), of_client("203.0.113.5:1".parse().unwrap())).await;
        let forger = anna
            .through(world, &proxy)
            .with_header("x-forwarded-for", "192.0.2.1")
            .with_header("forwarded", "for=192.0.2.1");
        assert_eq!(taken_for(&forger).await, "203.0.113.5");
    });
}

#[test]
fn lists_of_addresses_limits_and_the_history_go_by_the_client_behind_the_proxy() {
    //
    World::run_with(Database::Sqlite, &behind("proxy_v2"), async |world| {
        let anna = world.owner().await;
        let _ =
            anna.put("/api/v1/account/ip-allowlist", json!({"ranges": ["127.0.0.1", "203.0.113.5"]})).await.expect(200);
        let mut told = Vec::new();
        for (client, status) in [("203.0.113.5:1", 201), ("203.0.113.6:1", 401)] {
            let proxy = Proxy::begin(world.address(), PROXY.into(), of_client(client.parse().unwrap())).await;
            let there = world.stranger().through(world, &proxy);
            let body = json!({"identifier": anna.email, "password": anna.password});
            world.later(Duration::from_secs(1));
            let _ = there.post("/api/v1/session", body).await.expect(status);
            told.push(client.trim_end_matches(":1"));
        }
        let history = anna.get("/api/v1/account/sign-ins").await.expect(200).json();
        assert_eq!((&history["items"][1]["ip"], &history["items"][0]["ip"]), (&json!(told[0]), &json!(told[1])));
        // Twenty failures from one client hold up no other behind the same proxy.
        let proxy = Proxy::begin(world.address(), PROXY.into(), of_client("203.0.113.7:1".parse().unwrap())).await;
        let guesser = world.stranger().through(world, &proxy);
        let guess = |n: usize| json!({"identifier": format!("nobody{n}@example.lv"), "password": "wrong"});
        for n in 0..20 {
            let _ = guesser.post("/api/v1/session", guess(n)).await.problem(401, "sign_in_refused");
        }
        let _ = guesser.post("/api/v1/session", guess(20)).await.problem(429, "too_many_requests");
        let proxy = Proxy::begin(world.address(), PROXY.into(), of_client("203.0.114.8:1".parse().unwrap())).await;
        let _ = world
            .stranger()
            .through(world, &proxy)
            .post("/api/v1/session", guess(21))
            .await
            .problem(401, "sign_in_refused");
    });
}

#[test]
fn a_proxy_without_a_whole_header_of_its_protocol_is_cut_off_and_nobody_else_may_send_one() {
    World::run_with(Database::Sqlite, &behind("proxy_v2"), async |world| {
        let whole = of_client("203.0.113.5:4711".parse().unwrap());
        let mut too_long = header(0x21, 0x11, &[]);
        too_long[14..16].copy_from_slice(&4_000u16.to_be_bytes());
        too_long.extend(vec![0; 4_000]);
        let stranger = world.stranger();
        for wrong in [
            Vec::new(),
            b"PROXY TCP4 203.0.113.5 10.0.0.1 4711 443\r\n".to_vec(),
            too_long,
            whole[..20].to_vec(),
            header(0x21, 0x12, &whole[16..]),
        ] {
            let proxy = Proxy::begin(world.address(), PROXY.into(), wrong).await;
            assert!(stranger.through(world, &proxy).attempt(Method::GET, "/healthz", None).await.is_none());
        }
        // From anybody else it is no TLS.
        let forger = Proxy::begin(world.address(), [127, 0, 8, 8].into(), whole.clone()).await;
        assert!(stranger.through(world, &forger).attempt(Method::GET, "/healthz", None).await.is_none());
        let _ = stranger.get("/healthz").await.expect(200);
        let proxy = Proxy::begin(world.address(), PROXY.into(), whole).await;
        let _ = stranger.through(world, &proxy).get("/healthz").await.expect(200);
    });
}

/// The one wait in real time: the limit is the connection's, not the service's clock.
#[test]
fn a_proxy_that_is_slow_with_its_header_is_cut_off_within_seconds() {
    World::run_with(Database::Sqlite, &behind("proxy_v2"), async |world| {
        let whole = of_client("203.0.113.5:4711".parse().unwrap());
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(PROXY.into(), 0)).unwrap();
        let mut slow = socket.connect(world.address()).await.unwrap();
        slow.write_all(&whole[..10]).await.unwrap();
        let mut answer = [0; 16];
        let cut_off = tokio::time::timeout(Duration::from_secs(20), slow.read(&mut answer)).await;
        assert!(matches!(cut_off, Ok(Ok(0) | Err(_))), "the connection was not closed");
    });
}

#[test]
fn of_a_forwarded_field_only_what_configured_proxies_wrote_counts() {
    for (how, field, values) in [
        ("x_forwarded_for", "x-forwarded-for", ["192.0.2.66, 203.0.113.5, 198.51.100.9", "unknown", "192.0.2.66"]),
        (
            "forwarded",
            "forwarded",
            ["for=192.0.2.66, for=203.0.113.5;proto=https, for=\"198.51.100.9:80\"", "for=unknown", "for=192.0.2.66"],
        ),
    ] {
        World::run_with(Database::Sqlite, &behind(how), async |world| {
            let anna = world.owner().await;
            let [chain, spoilt, other] = values;
            let proxied = anna.from(world, PROXY);
            assert_eq!(taken_for(&proxied.with_header(field, chain)).await, "203.0.113.5");
            // Several lines are one list.
            assert_eq!(taken_for(&proxied.with_header(field, chain).with_header(field, other)).await, "192.0.2.66");
            assert_eq!(taken_for(&proxied).await, "127.0.7.7");
            let _ = proxied.with_header(field, spoilt).get("/healthz").await.problem(400, "malformed_request");
            // Nobody else is believed.
            assert_eq!(taken_for(&anna.with_header(field, chain)).await, "127.0.0.1");
            assert_eq!(taken_for(&anna.with_header(field, spoilt)).await, "127.0.0.1");
            // Nor is the field that is not configured.
            let not_read =
                if field == "forwarded" { ("x-forwarded-for", "192.0.2.66") } else { ("forwarded", "for=192.0.2.66") };
            assert_eq!(taken_for(&proxied.with_header(not_read.0, not_read.1)).await, "127.0.7.7");
        });
    }
}

#[test]
fn without_configured_proxies_nobody_is_believed() {
    World::run(Database::Sqlite, async |world| {
        let anna = world.owner().await;
        let forger = anna.with_header("x-forwarded-for", "192.0.2.66").with_header("forwarded", "for=192.0.2.66");
        assert_eq!(taken_for(&forger).await, "127.0.0.1");
        let whole = of_client("203.0.113.5:4711".parse().unwrap());
        let proxy = Proxy::begin(world.address(), PROXY.into(), whole).await;
        assert!(world.stranger().through(world, &proxy).attempt(Method::GET, "/healthz", None).await.is_none());
    });
}

/// The client's address has one source, or a limit could be passed by asking another.
#[test]
fn nothing_asks_for_the_peer_but_what_finds_the_client() {
    let allowed = ["src/web/client.rs", "src/web/tls/proxied.rs", "src/messages/smtp/lines.rs"];
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let product = text.split("#[cfg(test)]").next().unwrap();
                if ["peer_addr", "realip_remote_addr", "connection_info"].iter().any(|word| product.contains(word)) {
                    found.push(path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
    }
    found.sort();
    let mut allowed = allowed.map(ToOwned::to_owned);
    allowed.sort();
    assert_eq!(found, allowed);
}
