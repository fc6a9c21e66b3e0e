//! A client of the service like any other: TLS, JSON, one cookie.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// A client that keeps its session.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    session: Option<String>,
}

impl Client {
    /// A client that trusts the local authority alone.
    pub(super) fn new(address: SocketAddr, authority: &Path) -> anyhow::Result<Self> {
        let authority = reqwest::Certificate::from_pem(&std::fs::read(authority)?)?;
        let http =
            reqwest::Client::builder().tls_certs_only([authority]).resolve("localhost", address).no_proxy().build()?;
        Ok(Self { http, base: format!("https://localhost:{}", address.port()), session: None })
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(self.request(Method::GET, path)).await.map(|(body, _)| body)
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(self.request(Method::POST, path).json(body)).await.map(|(body, _)| body)
    }

    /// `PUT`; keeps the session that the answer begins.
    pub(super) async fn put(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let (body, session) = self.send(self.request(Method::PUT, path).json(body)).await?;
        if session.is_some() {
            self.session = session;
        }
        Ok(body)
    }

    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send(self.request(Method::DELETE, path)).await.map(|(body, _)| body)
    }

    pub(super) async fn upload(&self, path: &str, kind: &str, bytes: &'static [u8]) -> anyhow::Result<Value> {
        self.send(self.request(Method::POST, path).header("content-type", kind).body(bytes)).await.map(|(body, _)| body)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).header("sec-fetch-site", "same-origin");
        match &self.session {
            Some(session) => request.header("cookie", format!("__Host-session={session}")),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<(Value, Option<String>)> {
        let response = request.send().await?;
        let status = response.status();
        let cookies = response.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let session = cookies
            .filter_map(|cookie| cookie.strip_prefix("__Host-session=")?.split(';').next().map(ToOwned::to_owned))
            .next();
        let bytes = response.bytes().await?;
        let body: Value =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or(Value::Null) };
        if !status.is_success() {
            return Err(anyhow!("the service answered {status}: {body}"));
        }
        Ok((body, session))
    }
}

/// The code in the first captured mail, once it has come.
pub(super) async fn code_in(folder: &Path) -> anyhow::Result<String> {
    for _ in 0..200 {
        if let Some(code) = code_now(folder) {
            return Ok(code);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(anyhow!("no mail with a code came")).context("waiting for the mail")
}

fn code_now(folder: &Path) -> Option<String> {
    let mut mails = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let mail = mails.find(|path| path.extension().is_some_and(|kind| kind == "eml"))?;
    let text = std::fs::read_to_string(mail).ok()?;
    let code =
        text.lines().map(str::trim).find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()));
    code.map(ToOwned::to_owned)
}
