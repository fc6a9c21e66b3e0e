//! Requests to an S3 service over the one HTTP client of this program, under its rules: HTTP/1.1, TLS by rustls, no
//! redirect, no proxy.

use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody,
    HttpService,
};
use reqwest::{Certificate, Client, redirect};

use super::BucketError;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(4);

/// How long nothing may come while something is awaited.
const SILENCE: Duration = Duration::from_secs(60);

/// The client.
#[derive(Debug)]
pub(super) struct Wire(Client);

impl Wire {
    /// A client that believes these authorities alone, or the system's.
    pub(super) fn new(roots: Option<&Path>) -> Result<Self, BucketError> {
        let mut client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            // Shorter than what services keep: one that they closed meanwhile would lose a request.
            .pool_idle_timeout(Duration::from_secs(10));
        if let Some(path) = roots {
            let pem = std::fs::read(path).map_err(|_| BucketError("has authorities that cannot be read"))?;
            let roots = Certificate::from_pem_bundle(&pem).unwrap_or_default();
            if roots.is_empty() {
                return Err(BucketError("has a file of authorities without any"));
            }
            client = client.tls_certs_only(roots);
        }
        client.build().map(Self).map_err(|_| BucketError("cannot be reached over TLS as configured"))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let no_address = |error| HttpError::new(HttpErrorKind::Unknown, error);
        let url: reqwest::Url = parts.uri.to_string().parse().map_err(no_address)?;
        let mut ours = reqwest::Request::new(parts.method, url);
        *ours.headers_mut() = parts.headers;
        *ours.body_mut() = Some(whole(body).await?.into());
        let answer: http::Response<reqwest::Body> = self.0.execute(ours).await.map_err(failed)?.into();
        let (parts, body) = answer.into_parts();
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(Answered(body))))
    }
}

impl HttpService for Wire {
    fn call<'s, 'f>(
        &'s self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(self.send(request))
    }
}

/// Gives the one client out.
#[derive(Debug)]
pub(super) struct Connector(pub(super) HttpClient);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(self.0.clone())
    }
}

/// A body that is in memory already.
async fn whole(mut body: HttpRequestBody) -> Result<Bytes, HttpError> {
    let mut all = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Ok(data) = frame?.into_data() {
            all.push(data);
        }
    }
    Ok(match <[Bytes; 1]>::try_from(all) {
        Ok([one]) => one,
        Err(several) => several.concat().into(),
    })
}

/// An answer's body on its way in.
struct Answered(reqwest::Body);

impl Body for Answered {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        Pin::new(&mut self.0).poll_frame(context).map(|frame| frame.map(|frame| frame.map_err(failed)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

fn failed(error: reqwest::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else if error.is_decode() {
        HttpErrorKind::Decode
    } else {
        HttpErrorKind::Interrupted
    };
    HttpError::new(kind, error.without_url())
}
