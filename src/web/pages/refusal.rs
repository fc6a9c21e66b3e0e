//! What a page says when something cannot be done.

use std::time::Duration;

use serde::Serialize;

use super::render::Page;
use super::wait::Wait;
use crate::kernel::ids::IncidentId;
use crate::web::problem::Descriptor;

/// A refusal or failure, in the visitor's words. Problems without words of their own are told by their kind.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    code: &'static str,
    family: &'static str,
    /// What to name in a question about a failure.
    pub incident: Option<IncidentId>,
    /// When to try again.
    pub retry_after: Option<Wait>,
}

impl Refusal {
    /// The page for an entry of the catalogue of problems.
    #[must_use]
    pub fn new(problem: &Descriptor) -> Self {
        let family = if problem.status.is_server_error() { "internal" } else { "malformed_request" };
        Self { code: problem.code, family, incident: None, retry_after: None }
    }

    /// The page that names an incident.
    #[must_use]
    pub const fn with_incident(mut self, incident: IncidentId) -> Self {
        self.incident = Some(incident);
        self
    }

    /// The page that says when to try again.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait.into());
        self
    }
}

impl Page for Refusal {
    const TEMPLATE: &'static str = "refusal.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let every = crate::web::problem::Problem::CATALOGUE;
        let mut all: Vec<_> = every.iter().map(Self::new).collect();
        all.extend(every.first().map(|one| Self::new(one).with_incident(IncidentId::from_bytes([5; 16]))));
        for wait in [1, 61, 10_000] {
            all.extend(every.first().map(|one| Self::new(one).with_retry_after(Duration::from_secs(wait))));
        }
        all
    }
}
