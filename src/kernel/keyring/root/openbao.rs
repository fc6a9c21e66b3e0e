//! Root keys in the transit engine of an OpenBao (or Vault) server: they never leave it.
//!
//! Each root version is a key of its own there (`aes256-gcm`, not exportable), so that one can be destroyed without the
//! others. What an owner's key is bound to goes along as associated data. The token needs `update` on
//! `MOUNT/encrypt/KEY-*` and `MOUNT/decrypt/KEY-*`; to rotate and destroy, `create`, `update`, `read` and `delete` on
//! `MOUNT/keys/KEY-*`.
//!
//! A wrapped key is `0x02`, then what the server calls the ciphertext (`vault:v1:…`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::{Certificate, Client, Method, StatusCode, redirect};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::remote::{Fail, Keeper, TIMEOUT, TIMEOUT_OF_CHANGES};
use super::{Credential, Item, OpenBao, Opened};
use crate::kernel::crypto::Unreadable;
use crate::kernel::personal::Secret;

/// What a wrapped key of this kind begins with.
const FORMAT: u8 = 2;

/// No answer is longer.
const LONGEST: usize = 1 << 20;

const STRANGE: Fail = Fail::Refused("answers something else than a transit engine does");
const NO_KEY: Fail = Fail::Refused("does not know the key");

/// A connection to the server.
pub(super) struct Transit {
    runtime: tokio::runtime::Runtime,
    client: Client,
    base: String,
    token: Secret<String>,
}

impl Transit {
    /// Makes ready to ask; the token and the authorities are read anew each time, so that both may be renewed.
    pub(super) fn connect(settings: &OpenBao) -> Result<Self, Fail> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|_| Fail::Away)?;
        let mut client = Client::builder()
            .https_only(true)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(TIMEOUT / 2)
            .pool_max_idle_per_host(1);
        if let Some(path) = &settings.roots {
            let pem = std::fs::read(path).map_err(|_| Fail::Refused("has authorities that cannot be read"))?;
            let roots = Certificate::from_pem_bundle(&pem).unwrap_or_default();
            if roots.is_empty() {
                return Err(Fail::Refused("has a file of authorities without any"));
            }
            client = client.tls_certs_only(roots);
        }
        let client = client.build().map_err(|_| Fail::Refused("cannot be reached over TLS as configured"))?;
        let base = format!("{}/v1/{}", settings.url.trim_end_matches('/'), settings.mount);
        Ok(Self { runtime, client, base, token: token(&settings.token)? })
    }

    /// Asks; gives the status and the answer's `data`.
    fn ask(&self, method: Method, path: &str, body: &Value) -> Result<(StatusCode, Value), Fail> {
        let patience = if path.starts_with("keys/") { TIMEOUT_OF_CHANGES } else { TIMEOUT };
        let request = self
            .client
            .request(method, format!("{}/{path}", self.base))
            .timeout(patience)
            .header("x-vault-token", self.token.reveal())
            .json(body);
        let (status, answer) = self.runtime.block_on(async {
            let mut response = request.send().await.map_err(|_| Fail::Away)?;
            let mut answer = Zeroizing::new(Vec::new());
            while let Some(chunk) = response.chunk().await.map_err(|_| Fail::Away)? {
                if answer.len() + chunk.len() > LONGEST {
                    return Err(STRANGE);
                }
                answer.extend_from_slice(&chunk);
            }
            Ok((response.status(), answer))
        })?;
        match status.as_u16() {
            200 | 204 | 400 => {}
            401 | 403 => return Err(Fail::Refused("refuses our token, or does not allow it what it needs")),
            404 => return Err(NO_KEY),
            // Sealed, a standby, starting, overloaded.
            429 | 472 | 473 | 500..=599 => return Err(Fail::Away),
            _ => return Err(STRANGE),
        }
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        Ok((status, answer.get("data").cloned().unwrap_or_default()))
    }

    fn batch(&self, path: &str, items: Vec<Value>) -> Result<Vec<Value>, Fail> {
        let (status, data) = self.ask(Method::POST, path, &json!({"batch_input": items}))?;
        match data.get("batch_results").and_then(Value::as_array) {
            Some(results) => Ok(results.clone()),
            None if status == StatusCode::BAD_REQUEST => Err(NO_KEY),
            None => Err(STRANGE),
        }
    }
}

impl Keeper for Transit {
    fn seal(&mut self, handle: &str, items: &[Item]) -> Result<Vec<Vec<u8>>, Fail> {
        let item = |item: &Item| json!({"plaintext": BASE64.encode(&item.bytes), "associated_data": BASE64.encode(&item.context)});
        let results = self.batch(&format!("encrypt/{handle}"), items.iter().map(item).collect())?;
        let wrapped = |result: &Value| {
            let ciphertext = result.get("ciphertext").and_then(Value::as_str).ok_or(STRANGE)?;
            Ok([&[FORMAT], ciphertext.as_bytes()].concat())
        };
        results.iter().map(wrapped).collect()
    }

    fn open(&mut self, handle: &str, items: &[Item]) -> Result<Vec<Opened>, Fail> {
        // What is no ciphertext of this kind is sent as an empty one, so that each answer has its place.
        let item = |item: &Item| {
            let ciphertext = item.bytes.strip_prefix(&[FORMAT]).and_then(|text| std::str::from_utf8(text).ok());
            json!({"ciphertext": ciphertext.unwrap_or_default(), "associated_data": BASE64.encode(&item.context)})
        };
        let results = self.batch(&format!("decrypt/{handle}"), items.iter().map(item).collect())?;
        let opened = |result: &Value| {
            let is_fault = result.get("error").and_then(Value::as_str).is_some_and(|error| !error.is_empty());
            let plain = result.get("plaintext").and_then(Value::as_str).filter(|_| !is_fault).ok_or(Unreadable)?;
            BASE64.decode(plain).map(Zeroizing::new).map_err(|_| Unreadable)
        };
        Ok(results.iter().map(opened).collect())
    }

    fn make(&mut self, handle: &str) -> Result<(), Fail> {
        let kind = json!({"type": "aes256-gcm96", "exportable": false, "allow_plaintext_backup": false});
        match self.ask(Method::POST, &format!("keys/{handle}"), &kind)?.0 {
            StatusCode::BAD_REQUEST => Err(Fail::Refused("does not make the key")),
            _ => Ok(()),
        }
    }

    fn destroy(&mut self, handle: &str) -> Result<(), Fail> {
        let path = format!("keys/{handle}");
        // One that is gone is refused here and below; what counts is that it is not found in the end.
        self.ask(Method::POST, &format!("{path}/config"), &json!({"deletion_allowed": true}))?;
        self.ask(Method::DELETE, &path, &json!({}))?;
        match self.ask(Method::GET, &path, &json!({})) {
            Err(NO_KEY) => Ok(()),
            Ok(_) => Err(Fail::Refused("does not destroy the key")),
            Err(error) => Err(error),
        }
    }
}

fn token(credential: &Credential) -> Result<Secret<String>, Fail> {
    credential.read().ok_or(Fail::Refused("needs a token, and its file cannot be read"))
}
