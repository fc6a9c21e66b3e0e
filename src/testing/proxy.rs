//! A proxy in front of a service, such as passes TLS on unopened.

use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket};

/// A proxy that listens, for as long as the story runs.
pub struct Proxy {
    address: SocketAddr,
}

impl Proxy {
    /// One at `from` that sends `before` on each connection to `service`, and then what comes.
    pub async fn begin(service: SocketAddr, from: IpAddr, before: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        actix_web::rt::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let before = before.clone();
                actix_web::rt::spawn(async move {
                    let socket = TcpSocket::new_v4().expect("a socket");
                    socket.bind(SocketAddr::new(from, 0)).expect("the proxy's address");
                    let mut server = socket.connect(service).await.expect("the service");
                    // Whoever is cut off sees it on the connection itself.
                    if server.write_all(&before).await.is_ok() {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self { address }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}
