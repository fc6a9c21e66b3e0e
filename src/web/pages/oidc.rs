//! Going on to an identity provider.

use serde::Serialize;

use super::render::Page;
use super::shown::Shown;

/// An identity provider to choose.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderChoice {
    /// Its name in addresses.
    pub id: String,
    /// What the reader knows it by.
    pub name: String,
}

/// The answer to a form that leads to an identity provider: the browser goes on by itself, or by the link.
#[derive(Debug, Clone, Serialize)]
pub struct Leave {
    /// What the reader knows the provider by.
    pub name: String,
    /// Where it leads on to.
    pub address: Shown,
}

impl Page for Leave {
    const TEMPLATE: &'static str = "leave.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let address = super::shown::tests::shown("https://id.example/auth?client_id=vault&state=s.x");
        vec![Self { name: "Bankas „Pavyzdys“ <id>".to_owned(), address }]
    }
}

/// Two providers for samples.
#[cfg(test)]
pub(super) fn two() -> Vec<ProviderChoice> {
    let choice = |id: &str, name: &str| ProviderChoice { id: id.to_owned(), name: name.to_owned() };
    vec![choice("bank", "Bankas „Pavyzdys“ <id>"), choice("work", "Work")]
}
