//! The one way to identity providers: HTTPS, without detours, and no answer longer or later than it has to be.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::http::{HeaderMap, Response};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Request};

use crate::accounts::oidc::Away;

/// A whole exchange takes no longer: a person waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// No document of a provider is longer.
const LONGEST: usize = 1 << 20;

/// A client of one provider.
pub(super) struct Transport(Client);

impl Transport {
    /// A client that believes these authorities (PEM) alone, or the system's.
    ///
    /// No redirect is followed: what a provider's own addresses are stands in its description (RFC 9700 §4.11). No proxy is
    /// taken from the environment, which is not ours to read here. Connections are not kept: whichever thread comes next
    /// makes its own.
    pub(super) fn new(authorities: Option<&[u8]>) -> Result<Self, Away> {
        let mut client = Client::builder()
            .https_only(true)
            .redirect(Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .pool_max_idle_per_host(0)
            .user_agent("Seif");
        if let Some(pem) = authorities {
            let certificates = Certificate::from_pem_bundle(pem).map_err(|_| Away)?;
            if certificates.is_empty() {
                return Err(Away);
            }
            client = client.tls_certs_only(certificates);
        }
        client.build().map(Self).map_err(|_| Away)
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, Away> {
        let request = Request::try_from(request).map_err(|_| Away)?;
        let mut response = self.0.execute(request).await.map_err(|_| Away)?;
        let (status, headers): (_, HeaderMap) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Away)? {
            if body.len() + chunk.len() > LONGEST {
                return Err(Away);
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Transport {
    type Error = Away;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Away>> + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}
