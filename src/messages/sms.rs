//! The gateway that takes text messages: an HTTP interface of a provider's, described in the configuration, so that
//! common providers fit without code.
//!
//! The body is a [`template`]: what is filled in is escaped as the body's form asks, by construction. It is reached over
//! TLS alone, redirects are not followed, its answer is not read beyond the status, and nothing of a message, a header
//! or an answer is in an error.

pub mod template;

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, StatusCode, Url, redirect};

use crate::kernel::personal::Secret;
use crate::kernel::values::PhoneNumber;
use crate::messages::delivery::{Delivery, Refusal, Unreachable};
use crate::messages::notice::Life;
use crate::messages::sms::template::{Filling, Template};

/// How a gateway is spoken to.
#[derive(Debug)]
pub struct GatewaySettings {
    /// Its address: `https` alone.
    pub url: String,
    /// `POST` or `PUT`.
    pub method: String,
    /// Header fields; their values are secrets.
    pub headers: Vec<(String, Secret<String>)>,
    /// The body's form: `application/json` or `application/x-www-form-urlencoded`.
    pub content_type: String,
    /// The body, with `{number}`, `{digits}`, `{text}` and `{sender}` in it.
    pub body: String,
    /// The statuses that say that the message was taken.
    pub success: Vec<u16>,
    /// Who it comes from, as the provider knows it.
    pub sender: String,
    /// Authorities that its certificate must chain to, in PEM; nothing for the system's.
    pub roots: Option<Vec<u8>>,
    /// How long it may take, from the connection to the status.
    pub patience: Duration,
}

/// Why a gateway cannot be spoken to as it is described. Holds nothing of a header's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// Not an address, or not one over TLS.
    #[error("sms.url is not an https address")]
    Url,
    /// Neither of the two.
    #[error("sms.method is neither POST nor PUT")]
    Method,
    /// A header field that no request can carry.
    #[error("the header field {0} cannot be sent")]
    Header(String),
    /// Not a status, or none at all.
    #[error("sms.success lists no statuses from 200 to 299")]
    Success,
    /// The body is none of its form, or does not say to whom and what.
    #[error(transparent)]
    Body(#[from] template::TemplateError),
    /// The authorities are none, or TLS cannot be had.
    #[error("sms.roots holds no certificates")]
    Roots,
}

/// A text message that is ready to go.
#[derive(Debug)]
pub struct OutgoingText {
    /// How long it is worth delivering.
    pub life: Life,
    /// To whom.
    pub(in crate::messages) to: PhoneNumber,
    /// What it says.
    pub(in crate::messages) text: Secret<String>,
}

/// A gateway.
pub struct Gateway {
    client: Client,
    url: Url,
    method: Method,
    headers: HeaderMap,
    body: Template,
    sender: String,
    success: Vec<StatusCode>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gateway")
    }
}

impl Gateway {
    /// The gateway that `settings` describe.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub fn new(settings: GatewaySettings) -> Result<Self, GatewayError> {
        let url = Url::parse(&settings.url).ok().filter(|url| url.scheme() == "https").ok_or(GatewayError::Url)?;
        let method = match settings.method.as_str() {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            _ => return Err(GatewayError::Method),
        };
        let status = |code: &u16| StatusCode::from_u16(*code).ok().filter(StatusCode::is_success);
        let success: Option<Vec<StatusCode>> = settings.success.iter().map(status).collect();
        let success = success.filter(|all| !all.is_empty()).ok_or(GatewayError::Success)?;
        let body = Template::parse(&settings.content_type, &settings.body)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(body.content_type()));
        for (name, value) in settings.headers {
            let refused = || GatewayError::Header(name.clone());
            let key: HeaderName = name.parse().map_err(|_| refused())?;
            let mut value = HeaderValue::from_str(value.reveal()).map_err(|_| refused())?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        let client = client(settings.roots.as_deref(), settings.patience)?;
        Ok(Self { client, url, method, headers, body, sender: settings.sender, success })
    }

    /// Hands `message` over once.
    pub async fn deliver(&self, message: &OutgoingText) -> Delivery {
        let filling = Filling { number: message.to.e164(), text: message.text.reveal(), sender: &self.sender };
        let body = self.body.fill(&filling);
        let request = self.client.request(self.method.clone(), self.url.clone()).headers(self.headers.clone());
        match request.body(body.reveal().clone()).send().await {
            Ok(answer) if self.success.contains(&answer.status()) => Delivery::Accepted,
            Ok(answer) => Delivery::Deferred(Refusal { reply: Some(answer.status().as_u16()), about: None }),
            Err(error) if error.is_connect() && error.is_timeout() => Delivery::Unreachable(Unreachable::Timeout),
            Err(error) if error.is_connect() => Delivery::Unreachable(Unreachable::Connection),
            Err(error) if error.is_builder() => Delivery::Unreachable(Unreachable::Connection),
            // It may have been taken before the answer was lost.
            Err(_) => Delivery::Uncertain,
        }
    }
}

fn client(roots: Option<&[u8]>, patience: Duration) -> Result<Client, GatewayError> {
    let builder = Client::builder()
        .https_only(true)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(patience)
        .timeout(patience)
        .pool_max_idle_per_host(1);
    let builder = match roots {
        None => builder,
        Some(pem) => {
            let roots = reqwest::Certificate::from_pem_bundle(pem).map_err(|_| GatewayError::Roots)?;
            if roots.is_empty() {
                return Err(GatewayError::Roots);
            }
            builder.tls_certs_only(roots)
        }
    };
    builder.build().map_err(|_| GatewayError::Roots)
}
