use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection that never reads beyond the end of a line.
///
/// What somebody on the way adds behind the server's answer to STARTTLS then stays unread until the handshake meets it
/// and fails. Read ahead into a buffer, it would count as the server's first words under TLS (the response half of
/// CVE-2011-0411).
#[derive(Debug)]
pub(super) struct Lines(pub(super) TcpStream);

impl AsyncRead for Lines {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut space = [0; 2048];
        let room = buf.remaining().min(space.len());
        let mut ahead = ReadBuf::new(space.get_mut(..room).unwrap_or_default());
        ready!(self.0.poll_peek(cx, &mut ahead))?;
        let line = ahead.filled().iter().position(|byte| *byte == b'\n').map_or(ahead.filled().len(), |end| end + 1);
        let mut taken = ReadBuf::new(space.get_mut(..line).unwrap_or_default());
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut taken))?;
        buf.put_slice(taken.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lines {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Lines {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}
