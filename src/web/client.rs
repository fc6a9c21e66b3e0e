//! Whose request it is: the client's address, by which throttles count, lists of addresses decide and the history
//! tells.
//!
//! It is the peer's, unless that is one of the configured proxies and says for whom it speaks: before TLS, which
//! [`crate::web::tls::proxied`] has read by then, or in the one header field that is configured. Nobody else is believed,
//! and of a chain only what trusted hands have written. [`address`] is the only way to it.

use std::net::IpAddr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest, ResponseError as _, web};

use crate::kernel::personal::Personal;
use crate::kernel::values::IpRange;
use crate::settings::{ProxyHow, Settings};
use crate::web::problem::Problem;

/// Who is believed, and in which field.
#[derive(Debug, Clone, Default)]
pub struct Believed {
    field: Option<Field>,
    proxies: Vec<IpRange>,
}

/// The field that names a chain of clients and proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// RFC 7239.
    Forwarded,
    /// What was there before.
    XForwardedFor,
}

impl Field {
    const fn name(self) -> HeaderName {
        match self {
            Self::Forwarded => HeaderName::from_static("forwarded"),
            Self::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
        }
    }
}

/// What a trusted proxy wrote is not what its field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Malformed;

impl Believed {
    /// As configured.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let Some(proxies) = &settings.proxies else { return Self::default() };
        let field = match proxies.how {
            // What came before TLS is the peer's address by now.
            ProxyHow::ProxyV2 => None,
            ProxyHow::Forwarded => Some(Field::Forwarded),
            ProxyHow::XForwardedFor => Some(Field::XForwardedFor),
        };
        Self { field, proxies: proxies.addresses.clone() }
    }

    /// The client: the right-most in the chain whom nobody vouches for. Where proxies alone are named, the first of
    /// them; what stands to the left of the client is the client's own invention, and is not looked at.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Result<IpAddr, Malformed> {
        let mut client = peer.to_canonical();
        let Some(field) = self.field.filter(|_| self.is_proxy(client)) else { return Ok(client) };
        let lines: Vec<_> = headers.get_all(field.name()).collect();
        for line in lines.into_iter().rev() {
            let line = line.to_str().map_err(|_| Malformed)?;
            for address in nodes(field, line)?.into_iter().rev() {
                client = address.map_or(Err(Malformed), |node| of_node(field, &node))?;
                if !self.is_proxy(client) {
                    return Ok(client);
                }
            }
        }
        Ok(client)
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|range| range.contains(address))
    }
}

/// The client's address, found once for each request.
#[derive(Clone, Copy)]
struct Client(IpAddr);

/// Middleware: finds the client's address. A chain that a trusted proxy has spoilt is a malformed request: whom it would
/// be counted for nobody could say.
///
/// # Errors
/// Passes on what the inner services return.
pub async fn found(
    believed: web::Data<Believed>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let peer = request.peer_addr().map(|peer| peer.ip());
    match peer.map_or(Err(Malformed), |peer| believed.client(peer, request.headers())) {
        Ok(client) => {
            request.extensions_mut().insert(Client(client));
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        Err(Malformed) => Ok(request.into_response(Problem::MalformedRequest.error_response())),
    }
}

/// The client's address; `0.0.0.0`, which is on nobody's list, outside of [`found`].
#[must_use]
pub fn address(request: &HttpRequest) -> Personal<IpAddr> {
    let client = request.extensions().get::<Client>().map(|client| client.0);
    Personal::new(client.unwrap_or(IpAddr::from([0; 4])))
}

/// The client's address, as [`found`] has left it with a request; nobody's outside of it.
#[must_use]
pub fn address_in(request: &actix_web::dev::Extensions) -> Option<IpAddr> {
    request.get::<Client>().map(|client| client.0)
}

/// The nodes that one line names, in its order; nothing for one that is not named.
fn nodes(field: Field, line: &str) -> Result<Vec<Option<String>>, Malformed> {
    match field {
        Field::XForwardedFor => {
            let named = line.split(',').map(str::trim).filter(|node| !node.is_empty());
            Ok(named.map(|node| Some(node.to_owned())).collect())
        }
        Field::Forwarded => Elements { rest: line }.all(),
    }
}

/// An address with or without a port. `unknown` and obfuscated names (RFC 7239 §6.2, §6.3) are no client's address.
fn of_node(field: Field, node: &str) -> Result<IpAddr, Malformed> {
    let is_port = |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(bracketed) = node.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']').ok_or(Malformed)?;
        let fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        let address: std::net::Ipv6Addr = address.parse().map_err(|_| Malformed)?;
        return if fits { Ok(IpAddr::V6(address).to_canonical()) } else { Err(Malformed) };
    }
    match (node.parse::<IpAddr>(), node.split_once(':')) {
        (Ok(IpAddr::V4(address)), _) => Ok(IpAddr::V4(address)),
        // Only the older field has them bare.
        (Ok(IpAddr::V6(_)), _) if field == Field::Forwarded => Err(Malformed),
        (Ok(address), _) => Ok(address.to_canonical()),
        (Err(_), Some((address, port))) if is_port(port) => address.parse().map(IpAddr::V4).map_err(|_| Malformed),
        (Err(_), _) => Err(Malformed),
    }
}

/// `Forwarded`, read strictly (RFC 7239 §4): a quote that a client left open must not swallow what its proxy wrote.
struct Elements<'l> {
    rest: &'l str,
}

impl Elements<'_> {
    fn all(mut self) -> Result<Vec<Option<String>>, Malformed> {
        let mut all = Vec::new();
        loop {
            self.space();
            if self.rest.is_empty() {
                return Ok(all);
            }
            if !self.takes(',') {
                all.push(self.element()?);
                self.space();
                if !self.rest.is_empty() && !self.takes(',') {
                    return Err(Malformed);
                }
            }
        }
    }

    /// `[pair] *(";" [pair])`: what it says of `for`, once at most.
    fn element(&mut self) -> Result<Option<String>, Malformed> {
        let mut node = None;
        loop {
            self.space();
            if !self.rest.starts_with([';', ',']) && !self.rest.is_empty() {
                let (name, value) = self.pair()?;
                if name.eq_ignore_ascii_case("for") && node.replace(value).is_some() {
                    return Err(Malformed);
                }
            }
            self.space();
            if !self.takes(';') {
                return Ok(node);
            }
        }
    }

    fn pair(&mut self) -> Result<(String, String), Malformed> {
        let name = self.token()?;
        if !self.takes('=') {
            return Err(Malformed);
        }
        let value = if self.takes('"') { self.quoted()? } else { self.token()? };
        Ok((name, value))
    }

    fn token(&mut self) -> Result<String, Malformed> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let end = self.rest.find(|c| !is_token(c)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at_checked(end).ok_or(Malformed)?;
        self.rest = rest;
        if token.is_empty() { Err(Malformed) } else { Ok(token.to_owned()) }
    }

    /// The rest of a quoted string, after its first quote.
    fn quoted(&mut self) -> Result<String, Malformed> {
        let mut text = String::new();
        let mut letters = self.rest.chars();
        loop {
            match letters.next().ok_or(Malformed)? {
                '"' => break,
                '\\' => text.push(letters.next().ok_or(Malformed)?),
                letter => text.push(letter),
            }
        }
        self.rest = letters.as_str();
        Ok(text)
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn takes(&mut self, letter: char) -> bool {
        let rest = self.rest.strip_prefix(letter);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    const PROXY: &str = "192.0.2.10";

    /// Whom a request with these lines counts for; two proxies are trusted, and a network of them.
    fn client(field: Field, peer: &str, lines: &[&str]) -> Result<String, Malformed> {
        let proxies = ["192.0.2.10", "192.0.2.11", "2001:db8:ffff::/64"].map(|range| IpRange::parse(range).unwrap());
        let believed = Believed { field: Some(field), proxies: proxies.to_vec() };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(field.name(), HeaderValue::from_str(line).unwrap());
        }
        believed.client(peer.parse().unwrap(), &headers).map(|address| address.to_string())
    }

    fn older(peer: &str, lines: &[&str]) -> Result<String, Malformed> {
        client(Field::XForwardedFor, peer, lines)
    }

    fn newer(peer: &str, lines: &[&str]) -> Result<String, Malformed> {
        client(Field::Forwarded, peer, lines)
    }

    #[test]
    fn nobody_but_a_configured_proxy_is_believed() {
        for (peer, told) in [("203.0.113.5", "203.0.113.5"), ("::ffff:203.0.113.5", "203.0.113.5"), ("::1", "::1")] {
            assert_eq!(older(peer, &["198.51.100.1"]).unwrap(), told);
            assert_eq!(newer(peer, &["for=198.51.100.1"]).unwrap(), told);
            assert_eq!(older(peer, &["nonsense"]).unwrap(), told);
        }
        let none = Believed::default();
        let mut headers = HeaderMap::new();
        headers.append(Field::XForwardedFor.name(), HeaderValue::from_static("198.51.100.1"));
        assert_eq!(none.client(PROXY.parse().unwrap(), &headers), Ok(PROXY.parse().unwrap()));
    }

    #[test]
    fn of_a_chain_the_right_most_address_that_nobody_vouches_for_is_the_client() {
        for (lines, told) in [
            (&["198.51.100.1"][..], "198.51.100.1"),
            (&["10.0.0.1, 198.51.100.1"], "198.51.100.1"),
            (&["198.51.100.1, 192.0.2.11"], "198.51.100.1"),
            // What the client wrote itself is not looked at, were it nonsense.
            (&["\"; drop, 127.0.0.1, 198.51.100.1, 2001:db8:ffff::7, 192.0.2.11"], "198.51.100.1"),
            // Several lines are one list, in their order.
            (&["10.0.0.1", "198.51.100.1"], "198.51.100.1"),
            (&["198.51.100.1", "192.0.2.11"], "198.51.100.1"),
            (&["::ffff:198.51.100.1"], "198.51.100.1"),
            (&["2001:db8::9"], "2001:db8::9"),
            (&["[2001:db8::9]:443, 192.0.2.11:80"], "2001:db8::9"),
            (&["198.51.100.1:4711"], "198.51.100.1"),
            // Proxies alone: the first of them asked on its own behalf.
            (&["192.0.2.11"], "192.0.2.11"),
            (&[" , ,"], PROXY),
            (&[], PROXY),
        ] {
            assert_eq!(older(PROXY, lines).as_deref(), Ok(told), "{lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_its_standard_says() {
        for (lines, told) in [
            (&["for=198.51.100.1"][..], "198.51.100.1"),
            (&["For=\"198.51.100.1:4711\";proto=https;by=192.0.2.10"], "198.51.100.1"),
            (&["for=10.0.0.1, for=\"[2001:db8::9]:4711\" ; host=\"a, b;c\""], "2001:db8::9"),
            (&["for=10.0.0.1", "proto=https;for=198.51.100.1, for=192.0.2.11"], "198.51.100.1"),
            (&["for=\"\\198.51.100.1\""], "198.51.100.1"),
            (&["for=_hidden, for=198.51.100.1"], "198.51.100.1"),
        ] {
            assert_eq!(newer(PROXY, lines).as_deref(), Ok(told), "{lines:?}");
        }
    }

    #[test]
    fn a_chain_that_a_trusted_hand_has_spoilt_is_refused_and_no_guess_is_made() {
        for line in ["unknown", "_hidden", "198.51.100.1:", "198.51.100.256", "198.51.100.1 x", "[2001:db8::9", "a:1"] {
            assert_eq!(older(PROXY, &[line]), Err(Malformed), "{line}");
            assert_eq!(older(PROXY, &["198.51.100.1", line]), Err(Malformed), "{line}");
        }
        for line in [
            "for=unknown",
            "proto=https",
            "for=198.51.100.1;for=10.0.0.1",
            "for",
            "for=",
            "for = 198.51.100.1",
            "for=2001:db8::9",
            "for=\"2001:db8::9\"",
            // A client's open quote would swallow what its proxy wrote.
            "for=\"10.0.0.1, for=198.51.100.1",
            "for=10.0.0.1;x=\", for=\"[2001:db8::9]\"",
            "for=10.0.0.1 for=198.51.100.1",
        ] {
            assert_eq!(newer(PROXY, &[line]), Err(Malformed), "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_in_the_field_the_last_that_a_proxy_wrote_decides(before in "[ -~]{0,60}") {
            // The older field has no quotes: what stands before a comma cannot change what stands behind it.
            let line = format!("{before}, 198.51.100.1");
            proptest::prop_assert_eq!(older(PROXY, &[&line]).unwrap(), "198.51.100.1");
            // In the newer one it can only spoil it.
            let line = format!("{before}, for=198.51.100.1");
            if let Ok(told) = newer(PROXY, &[&line]) {
                proptest::prop_assert_eq!(told, "198.51.100.1");
            }
        }
    }
}
