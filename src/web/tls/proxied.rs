//! The service behind proxies that pass TLS on unopened: they say before it, in a header of the PROXY protocol, for whom
//! they speak.
//!
//! Only version 2 (its specification of 2020-03-05, §2.2) and only from the configured proxies: from them a connection
//! without such a header is closed, from anybody else the header is no TLS and fails as any nonsense does. Exactly the
//! header's bytes are read from the connection before TLS begins.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::{HttpService, Protocol, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, map_config};
use actix_tls::accept::rustls_0_23::{Acceptor, AcceptorService, TlsStream};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server};
use actix_web::rt::net::TcpStream;
use tokio::io::AsyncReadExt as _;

use crate::kernel::values::IpRange;
use crate::web::tls::HANDSHAKE_TIMEOUT;

/// How the server treats its connections.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// For a request's head.
    pub request_head: Duration,
    /// For an idle connection.
    pub keep_alive: Duration,
    /// At once and thread.
    pub connections: usize,
    /// Threads; 0 is one a core.
    pub workers: usize,
    /// For requests in flight at a stop.
    pub shutdown: Duration,
}

/// A server on `addresses` whose clients come through `proxies`, or by themselves. Gives where it listens, too. Must be
/// called within actix's runtime.
///
/// # Errors
/// An address cannot be had.
pub fn serve<F, I, S, B>(
    addresses: &[SocketAddr],
    config: &rustls::ServerConfig,
    proxies: Vec<IpRange>,
    manner: Manner,
    app: F,
) -> std::io::Result<(Vec<SocketAddr>, Server)>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error>,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>>,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let mut builder =
        Server::build().max_concurrent_connections(manner.connections).shutdown_timeout(manner.shutdown.as_secs());
    builder = builder.disable_signals();
    if manner.workers > 0 {
        builder = builder.workers(manner.workers);
    }
    let proxies: Arc<[IpRange]> = proxies.into();
    let mut bound = Vec::new();
    for address in addresses {
        let listener = listener(*address)?;
        bound.push(listener.local_addr()?);
        let (app, proxies, config) = (app.clone(), Arc::clone(&proxies), config.clone());
        let stopping = builder.graceful_shutdown_signal();
        builder = builder.listen("proxied", listener, move || {
            let stopping = stopping.clone();
            let app = app().into_factory().map_err(|error| error.into().error_response());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .keep_alive(manner.keep_alive)
                .client_request_timeout(manner.request_head)
                .client_disconnect_timeout(Duration::from_secs(1))
                .finish(map_config(app, |()| AppConfig::default()));
            let mut acceptor = Acceptor::new(config.clone());
            acceptor.set_handshake_timeout(HANDSHAKE_TIMEOUT);
            Door { acceptor, http, proxies: Arc::clone(&proxies) }
        })?;
    }
    Ok((bound, builder.run()))
}

/// As many may knock at once as with actix's own listeners.
const BACKLOG: u32 = 1024;

fn listener(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4()? } else { tokio::net::TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// From a connection to HTTP: the proxy's header, TLS, requests.
struct Door<H> {
    acceptor: Acceptor,
    http: H,
    proxies: Arc<[IpRange]>,
}

/// What HTTP is spoken over, and with whom.
type Spoken = (TlsStream<TcpStream>, Protocol, Option<SocketAddr>);

type Later<T> = Pin<Box<dyn Future<Output = T>>>;

impl<H> ServiceFactory<TcpStream> for Door<H>
where
    H: ServiceFactory<Spoken, Config = (), Response = ()>,
    H::Service: 'static,
    H::Future: 'static,
{
    type Response = ();
    type Error = Closed;
    type Config = ();
    type Service = Doorway<H::Service>;
    type InitError = ();
    type Future = Later<Result<Self::Service, ()>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let acceptor = ServiceFactory::<TcpStream>::new_service(&self.acceptor, ());
        let (http, proxies) = (self.http.new_service(()), Arc::clone(&self.proxies));
        Box::pin(async move {
            let acceptor = acceptor.await.map_err(|_| ())?;
            let http = http.await.map_err(|_| ())?;
            Ok(Doorway { acceptor: Rc::new(acceptor), http: Rc::new(http), proxies })
        })
    }
}

/// A door, open.
struct Doorway<H> {
    acceptor: Rc<AcceptorService>,
    http: Rc<H>,
    proxies: Arc<[IpRange]>,
}

/// A connection has ended, for whatever reason: whoever is there knows it by that.
#[derive(Debug)]
struct Closed;

impl<H> Service<TcpStream> for Doorway<H>
where
    H: Service<Spoken, Response = ()> + 'static,
{
    type Response = ();
    type Error = Closed;
    type Future = Later<Result<(), Closed>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        let acceptor = Service::<TcpStream>::poll_ready(&*self.acceptor, cx).map_err(|_| Closed)?;
        let http = self.http.poll_ready(cx).map_err(|_| Closed)?;
        if acceptor.is_ready() && http.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn call(&self, mut stream: TcpStream) -> Self::Future {
        let (acceptor, http) = (Rc::clone(&self.acceptor), Rc::clone(&self.http));
        let proxies = Arc::clone(&self.proxies);
        Box::pin(async move {
            let peer = stream.peer_addr().map_err(|_| Closed)?;
            let is_proxy = proxies.iter().any(|range| range.contains(peer.ip()));
            let client = if is_proxy { spoken_for(&mut stream, HANDSHAKE_TIMEOUT).await? } else { None };
            let stream = acceptor.call(stream).await.map_err(|_| Closed)?;
            http.call((stream, Protocol::Http1, Some(client.unwrap_or(peer)))).await.map_err(|_| Closed)
        })
    }
}

/// For whom a proxy speaks; nothing when it speaks for itself.
async fn spoken_for(
    stream: &mut (impl tokio::io::AsyncRead + Unpin),
    within: Duration,
) -> Result<Option<SocketAddr>, Closed> {
    let read = async {
        let mut head = [0; HEAD];
        stream.read_exact(&mut head).await.map_err(|_| Closed)?;
        let head = Head::parse(head).ok_or(Closed)?;
        let mut rest = vec![0; usize::from(head.length)];
        stream.read_exact(&mut rest).await.map_err(|_| Closed)?;
        head.client(&rest).ok_or(Closed)
    };
    let client = tokio::time::timeout(within, read).await.map_err(|_| Closed)??;
    Ok(match client {
        Client::Proxy => None,
        Client::Of(address) => Some(address),
    })
}

/// The fixed part of a header.
const HEAD: usize = 16;

/// What no other protocol begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The most that may follow the fixed part: addresses, and what load balancers say besides, which is passed over.
const LONGEST: u16 = 1024;

/// The fixed part: who speaks, of what kind the addresses are, how much follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    command: u8,
    family: u8,
    length: u16,
}

/// Whom a header names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    /// Nobody: the proxy itself has a question, whether we are well for instance.
    Proxy,
    /// This one.
    Of(SocketAddr),
}

impl Head {
    const LOCAL: u8 = 0x20;
    const PROXY: u8 = 0x21;
    const TCP_OVER_IPV4: u8 = 0x11;
    const TCP_OVER_IPV6: u8 = 0x21;

    fn parse(bytes: [u8; HEAD]) -> Option<Self> {
        let (signature, [command, family, high, low]) = bytes.split_last_chunk::<4>()?;
        let head = Self { command: *command, family: *family, length: u16::from_be_bytes([*high, *low]) };
        let known = signature == SIGNATURE && [Self::LOCAL, Self::PROXY].contains(command);
        (known && head.length <= LONGEST).then_some(head)
    }

    /// The client that `rest` names: source and destination address, source and destination port.
    fn client(self, rest: &[u8]) -> Option<Client> {
        if self.command == Self::LOCAL {
            return Some(Client::Proxy);
        }
        let (address, rest): (IpAddr, &[u8]) = match self.family {
            Self::TCP_OVER_IPV4 => {
                let (source, rest) = rest.split_first_chunk::<4>()?;
                (Ipv4Addr::from(*source).into(), rest.get(4..)?)
            }
            Self::TCP_OVER_IPV6 => {
                let (source, rest) = rest.split_first_chunk::<16>()?;
                (Ipv6Addr::from(*source).into(), rest.get(16..)?)
            }
            _ => return None,
        };
        let (source, _destination) = (rest.first_chunk::<2>()?, rest.get(2..4)?);
        Some(Client::Of(SocketAddr::new(address.to_canonical(), u16::from_be_bytes(*source))))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A header as a proxy writes it.
    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, rest].concat()
    }

    fn ipv4(source: [u8; 4], port: u16) -> Vec<u8> {
        [&source[..], &[10, 0, 0, 1], &port.to_be_bytes(), &443u16.to_be_bytes()].concat()
    }

    fn ipv6(source: [u8; 16], port: u16) -> Vec<u8> {
        [&source[..], &[9; 16], &port.to_be_bytes(), &443u16.to_be_bytes()].concat()
    }

    /// Whom the header names, and what it leaves unread.
    fn told(mut bytes: &[u8]) -> Result<(Option<SocketAddr>, Vec<u8>), Closed> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let client = runtime.block_on(spoken_for(&mut bytes, Duration::from_secs(5)))?;
        Ok((client, bytes.to_vec()))
    }

    #[test]
    fn a_header_names_the_client_and_leaves_what_follows_untouched() {
        let of_v4 = header(0x21, 0x11, &ipv4([203, 0, 113, 5], 4711));
        let of_v6 = header(0x21, 0x21, &ipv6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9).octets(), 4711));
        let mapped = header(0x21, 0x21, &ipv6(Ipv4Addr::new(203, 0, 113, 5).to_ipv6_mapped().octets(), 4711));
        let with_more = header(0x21, 0x11, &[ipv4([203, 0, 113, 5], 4711), vec![0x03, 0, 4, 1, 2, 3, 4]].concat());
        for (bytes, client) in [
            (of_v4, Some("203.0.113.5:4711")),
            (of_v6, Some("[2001:db8::9]:4711")),
            (mapped, Some("203.0.113.5:4711")),
            (with_more, Some("203.0.113.5:4711")),
            (header(0x20, 0x00, &[]), None),
            (header(0x20, 0x11, &ipv4([203, 0, 113, 5], 4711)), None),
        ] {
            let (found, left) = told(&[&bytes[..], b"\x16\x03\x01hello"].concat()).unwrap();
            assert_eq!(found, client.map(|text| text.parse().unwrap()));
            assert_eq!(left, b"\x16\x03\x01hello");
        }
    }

    #[test]
    fn what_is_no_header_of_version_2_for_tcp_is_refused() {
        let v4 = ipv4([203, 0, 113, 5], 4711);
        for bytes in [
            b"PROXY TCP4 203.0.113.5 10.0.0.1 4711 443\r\n".to_vec(),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaa".to_vec(),
            header(0x11, 0x11, &v4),
            header(0x22, 0x11, &v4),
            header(0x21, 0x00, &v4),
            header(0x21, 0x12, &v4),
            header(0x21, 0x31, &[0; 216]),
            header(0x21, 0x21, &v4),
            header(0x21, 0x11, &v4[..11]),
            header(0x21, 0x11, &vec![0; usize::from(LONGEST) + 1]),
            Vec::new(),
        ] {
            assert!(told(&bytes).is_err(), "{bytes:02x?}");
        }
        assert!(told(&header(0x21, 0x11, &[&v4[..], &vec![0; usize::from(LONGEST) - 12]].concat())).is_ok());
    }

    #[tokio::test]
    async fn a_proxy_that_does_not_finish_its_header_is_cut_off() {
        let (mut ours, mut theirs) = tokio::io::duplex(64);
        tokio::io::AsyncWriteExt::write_all(&mut theirs, &SIGNATURE).await.unwrap();
        assert!(spoken_for(&mut ours, Duration::from_millis(20)).await.is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_and_a_header_cut_short_is_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..80), source in any::<[u8; 4]>(), port: u16, cut in 0usize..28,
        ) {
            let _ = told(&bytes);
            let _ = told(&[&SIGNATURE[..], &bytes].concat());
            let whole = header(0x21, 0x11, &ipv4(source, port));
            let (client, _) = told(&whole).unwrap();
            prop_assert_eq!(client, Some(SocketAddr::new(source.into(), port)));
            prop_assert!(told(&whole[..cut]).is_err());
        }
    }
}
