//! Only the genuine host names are answered: a look-alike domain that points at us gets nothing, and neither does
//! a rebound DNS name on a laptop.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::http::uri::Authority;
use actix_web::middleware::Next;
use actix_web::{HttpRequest, ResponseError as _, web};

use crate::kernel::crypto::passkey::Site;
use crate::settings::{HostName, Mode, Settings};
use crate::web::problem::Problem;

/// Whom a request asked for, without the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostHeader {
    /// A name.
    Name(HostName),
    /// A bare address.
    Address(IpAddr),
}

/// The host that `request` asks for; `None` when it names none, several, or something that is none.
///
/// An absolute request target wins over `Host` (RFC 9112 §3.2.2), and must then say the same.
#[must_use]
pub fn host_of(request: &HttpRequest) -> Option<HostHeader> {
    host_in(request.head())
}

/// The same of a request's head.
#[must_use]
pub fn host_in(request: &RequestHead) -> Option<HostHeader> {
    let mut fields = request.headers().get_all(header::HOST);
    let field = match (fields.next(), fields.next()) {
        (Some(field), None) => Some(parsed(field.to_str().ok()?)?),
        (None, _) => None,
        (Some(_), Some(_)) => return None,
    };
    let target = match request.uri.authority() {
        Some(authority) => Some(parsed(authority.as_str())?),
        None => None,
    };
    match (field, target) {
        (Some(field), Some(target)) => (field == target).then_some(target),
        (field, target) => field.or(target),
    }
}

/// The host that `request` asks for by name, and the port as its sender sees it; `None` when it asks a bare address.
#[must_use]
pub fn site_of(request: &HttpRequest) -> Option<Site> {
    let Some(HostHeader::Name(name)) = host_of(request) else { return None };
    let field = || request.headers().get(header::HOST).and_then(|field| field.to_str().ok());
    let authority = request.uri().authority().map(Authority::as_str).or_else(field)?;
    let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    Some(Site::new(name.as_str(), port))
}

/// The service's own origin as `request` asks for it, `https://HOST` or `https://HOST:PORT`; `None` where [`host_of`] is.
#[must_use]
pub fn origin_of(request: &HttpRequest) -> Option<String> {
    host_of(request)?;
    let target = request.uri().authority().map(Authority::as_str);
    let field = || request.headers().get(header::HOST)?.to_str().ok();
    let authority = target.or_else(field)?.to_ascii_lowercase();
    Some(format!("https://{}", authority.strip_suffix(":443").unwrap_or(&authority)))
}

/// `HOST` or `HOST:PORT`; no user, no path.
fn parsed(authority: &str) -> Option<HostHeader> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_number);
        return is_port.then(|| address.parse::<Ipv6Addr>().ok())?.map(|address| HostHeader::Address(address.into()));
    }
    let host = match authority.split_once(':') {
        Some((host, port)) if is_number(port) => host,
        Some(_) => return None,
        None => authority,
    };
    match host.parse::<Ipv4Addr>() {
        Ok(address) => Some(HostHeader::Address(address.into())),
        Err(_) => host.parse().ok().map(HostHeader::Name),
    }
}

fn is_number(port: &str) -> bool {
    (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// The hosts that this service answers for, at any port: a forwarded port changes nothing about who is asked.
#[derive(Debug, Clone)]
pub struct GenuineHosts {
    mode: Mode,
    names: Vec<HostName>,
}

impl GenuineHosts {
    /// The configured names; in a trial also `localhost`, `127.0.0.1` and `[::1]`.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { mode: settings.mode(), names: settings.server.names.clone() }
    }

    /// # Errors
    /// [`Problem::Misdirected`] when the request asks for anybody else, or for nobody.
    pub fn check(&self, request: &HttpRequest) -> Result<(), Problem> {
        let genuine = match host_of(request) {
            Some(HostHeader::Name(name)) => {
                self.names.contains(&name) || (self.mode == Mode::Trial && name.as_str() == "localhost")
            }
            Some(HostHeader::Address(address)) => {
                let here = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
                self.mode == Mode::Trial && here.contains(&address)
            }
            None => false,
        };
        if genuine { Ok(()) } else { Err(Problem::Misdirected) }
    }
}

/// Middleware: 421 for any other host than the genuine ones, before anything else looks at the request.
///
/// # Errors
/// Passes on what the inner services return.
pub async fn only_genuine(
    genuine: web::Data<GenuineHosts>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match genuine.check(request.request()) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        Err(problem) => Ok(request.into_response(problem.error_response())),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpResponse, test};

    use super::*;

    async fn status(mode: Mode, hosts: &[&str], target: &str) -> u16 {
        let names = vec!["vault.example.com".parse().unwrap()];
        let app = App::new()
            .app_data(web::Data::new(GenuineHosts { mode, names }))
            .wrap(from_fn(only_genuine))
            .default_service(web::to(HttpResponse::NoContent));
        let app = test::init_service(app).await;
        let mut request = test::TestRequest::get().uri(target);
        for host in hosts {
            request = request.append_header(("host", *host));
        }
        test::call_service(&app, request.to_request()).await.status().as_u16()
    }

    // R-20, S-4
    #[actix_web::test]
    async fn only_the_genuine_names_are_answered_in_production() {
        for host in ["vault.example.com", "Vault.Example.COM:443", "vault.example.com.:8443"] {
            assert_eq!(status(Mode::Production, &[host], "/").await, 204, "{host}");
        }
        for host in [
            "vault.example.org",
            "vault.example.com.evil.org",
            "x.vault.example.com",
            "user@vault.example.com",
            "vault.example.com:",
            "vault.example.com:x",
            "vault.example.com/",
            "localhost",
            "127.0.0.1:8443",
            "[::1]",
            "",
        ] {
            assert_eq!(status(Mode::Production, &[host], "/").await, 421, "{host}");
        }
    }

    #[actix_web::test]
    async fn a_trial_answers_for_this_machine_too_and_for_nobody_else() {
        for host in ["localhost:8443", "127.0.0.1:8443", "[::1]:8443", "[::1]", "localhost"] {
            assert_eq!(status(Mode::Trial, &[host], "/").await, 204, "{host}");
        }
        for host in ["127.0.0.2", "0.0.0.0", "rebound.example.com", "[::1", "[::1]x", "[::2]", "2130706433"] {
            assert_eq!(status(Mode::Trial, &[host], "/").await, 421, "{host}");
        }
    }

    //
    #[actix_web::test]
    async fn a_site_is_a_name_with_the_port_that_the_sender_sees_and_never_an_address() {
        let site = |host: &str| site_of(&test::TestRequest::get().insert_header(("host", host)).to_http_request());
        for (host, origin) in [
            ("Vault.Example.COM", "https://vault.example.com"),
            ("vault.example.com:443", "https://vault.example.com"),
            ("localhost:9443", "https://localhost:9443"),
        ] {
            assert_eq!(site(host).map(|site| site.origin()).as_deref(), Some(origin));
        }
        for host in ["127.0.0.1:8443", "[::1]:8443", "[::1]", ""] {
            assert_eq!(site(host), None, "{host}");
        }
    }

    #[actix_web::test]
    async fn a_request_that_names_nobody_or_two_different_hosts_is_not_answered() {
        assert_eq!(status(Mode::Trial, &[], "/").await, 421);
        assert_eq!(status(Mode::Trial, &["localhost", "localhost"], "/").await, 421);
        assert_eq!(status(Mode::Trial, &["localhost"], "https://evil.example.org/").await, 421);
        assert_eq!(status(Mode::Trial, &["localhost"], "https://localhost/").await, 204);
    }
}
