//! What came of handing a message over. Nothing here holds an address or a word of the server's.

/// What came of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a message whose fate nobody looks at is lost"]
pub enum Delivery {
    /// The server, or the folder, has it.
    Accepted,
    /// The server will not take it, now or later (5yz, RFC 5321 §4.2.1).
    Refused(Refusal),
    /// The server will not take it now (4yz).
    Deferred(Refusal),
    /// It was not handed over at all.
    Unreachable(Unreachable),
    /// It was handed over whole, and the answer never came: it may or may not arrive.
    Uncertain,
}

/// A server's No.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The reply code, 400 to 599; none where this side found that the server cannot take the address.
    pub reply: Option<u16>,
    /// What it is about, where the server says so.
    pub about: Option<Subject>,
}

impl Refusal {
    /// The refusal with this reply code, read from the reply's text as far as its enhanced status code (RFC 3463).
    #[must_use]
    pub fn read(reply: Option<u16>, text: &str) -> Self {
        Self { reply, about: Subject::read(text) }
    }
}

/// The subject of an enhanced status code: its second number (RFC 3463 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `x.1.x`: the address is wrong.
    Address,
    /// `x.2.x`: the mailbox is full, closed or moved.
    Mailbox,
    /// `x.3.x`: the receiving system.
    System,
    /// `x.4.x`: the network or the routing.
    Network,
    /// `x.5.x`: the conversation between the servers.
    Protocol,
    /// `x.6.x`: the message's form.
    Content,
    /// `x.7.x`: security or policy.
    Policy,
}

impl Subject {
    /// Reads `class.subject.detail` at the beginning of a reply's text.
    fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split_ascii_whitespace().next()?.split('.');
        let (class, subject, detail) = (numbers.next()?, numbers.next()?, numbers.next()?);
        if !matches!(class, "4" | "5") || numbers.next().is_some() || detail.parse::<u16>().is_err() {
            return None;
        }
        match subject {
            "1" => Some(Self::Address),
            "2" => Some(Self::Mailbox),
            "3" => Some(Self::System),
            "4" => Some(Self::Network),
            "5" => Some(Self::Protocol),
            "6" => Some(Self::Content),
            "7" => Some(Self::Policy),
            _ => None,
        }
    }
}

/// Why a message could not be handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreachable {
    /// No connection, or it broke before the message was whole.
    Connection,
    /// Nothing came in time.
    Timeout,
    /// The server turned the connection away before hearing of a message.
    Turned,
    /// The server offers no TLS; nothing was told to it.
    NoTls,
    /// No TLS came about: a wrong name, an untrusted or an expired certificate, a broken handshake.
    Tls,
    /// The server did not take the credentials.
    Login,
    /// The folder for captured mails cannot be written.
    Folder,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enhanced_status_code_is_read_only_where_it_stands() {
        let about = |text| Refusal::read(Some(550), text).about;
        assert_eq!(about("5.1.1 no such user"), Some(Subject::Address));
        assert_eq!(about("4.2.2 full"), Some(Subject::Mailbox));
        assert_eq!(about("5.7.26 policy"), Some(Subject::Policy));
        for none in ["", "no 5.1.1", "5.1", "5.1.1.1 x", "2.1.0 ok", "5.9.1 x", "5.1.x y"] {
            assert_eq!(about(none), None, "{none}");
        }
    }
}
