//! Starter collections: what a business of some trade usually keeps, in five languages.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::vault::definition::{FieldInput, LegalBasis};
use crate::vault::kinds::Label;

/// A starter collection.
pub struct Template {
    /// As the API tells it; the file's own words.
    pub shown: Shown,
    fields: Vec<FieldInput>,
}

/// A starter collection as the API tells it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// The name that `POST /collections` takes in `template`.
    pub template: String,
    /// The slug of the collection made from it.
    pub slug: String,
    /// For the one who chooses, by language.
    pub name: Label,
    /// What it is for, by language.
    pub description: Label,
    /// What the register of processing starts with.
    pub purpose: Label,
    /// Why it may be kept.
    pub legal_basis: LegalBasis,
    /// How long a record is kept unless the tenant decides otherwise.
    pub retention_days: u32,
    /// The kinds of business that it is offered to; `all` is every one.
    pub trades: Vec<String>,
    /// In the order in which a form shows them.
    pub fields: Vec<serde_json::Value>,
}

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    [
        include_str!("../../tenants/templates/customers.json"),
        include_str!("../../tenants/templates/suppliers.json"),
        include_str!("../../tenants/templates/sales_invoices.json"),
        include_str!("../../tenants/templates/contracts.json"),
        include_str!("../../tenants/templates/employees.json"),
    ]
    .into_iter()
    // A file that does not read is a defect, which the test below finds.
    .filter_map(parse)
    .collect()
});

fn parse(text: &str) -> Option<Template> {
    let shown: Shown = serde_json::from_str(text).ok()?;
    let fields =
        shown.fields.iter().map(|field| serde_json::from_value(field.clone())).collect::<Result<_, _>>().ok()?;
    Some(Template { shown, fields })
}

/// All of them, those that others link to first.
#[must_use]
pub fn all() -> &'static [Template] {
    &TEMPLATES
}

/// The one of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Template> {
    all().iter().find(|template| template.shown.template == name)
}

impl Template {
    /// Its fields, for a new collection.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldInput> {
        self.fields.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::clock::Time;
    use crate::kernel::entropy::Entropy;
    use crate::vault::definition::define;
    use crate::vault::kinds::Kind;
    use crate::vault::slug::Slug;

    #[test]
    fn every_starter_collection_can_be_made_and_links_only_to_those_before_it() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tenants/templates");
        assert_eq!(all().len(), std::fs::read_dir(folder).unwrap().count());
        let mut slugs = Vec::new();
        for template in all() {
            assert!(Slug::parse(&template.shown.slug).is_some());
            for label in [&template.shown.name, &template.shown.description, &template.shown.purpose] {
                assert_eq!(label.texts().count(), 5);
            }
            let fields = define(template.fields(), Time::from_micros(0), &Entropy::seeded(1)).unwrap();
            for field in &fields {
                if let Kind::Link { collection } = &field.kind {
                    assert!(slugs.contains(collection), "{collection}");
                }
            }
            assert!(fields.iter().any(|field| field.searchable));
            slugs.push(template.shown.slug.clone());
        }
        assert!(find("customers").is_some() && find("Customers").is_none());
    }
}
