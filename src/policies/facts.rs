//! What the operator's settings say, put into a text where it says `{{ … }}`.

use std::time::Duration;

use crate::kernel::operators::TwoPersons;
use crate::kernel::values::Locale;
use crate::settings::Settings;

/// The operator's facts, as the documents tell them. Public by intent.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Who runs the service.
    pub operator_name: Option<String>,
    /// Its postal address.
    pub operator_address: Option<String>,
    /// Its number in the register of its country.
    pub operator_registration_number: Option<String>,
    /// Where questions are answered (P-16).
    pub contact_email: String,
    /// Where the data stands (P-12).
    pub hosting_region: Option<String>,
    /// What protects the place (P-12).
    pub hosting_facts: Option<String>,
    /// The genuine host names (R-20).
    pub service_domains: Vec<String>,
    /// How long a back-up is kept.
    pub backup_retention: Duration,
    /// How long before its effect a change is told (P-15).
    pub notice: Duration,
    /// When a second operator is asked before a change is announced.
    pub two_person: TwoPersons,
}

/// A text names a placeholder that there is none of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnknownPlaceholder;

impl Facts {
    /// The facts in `settings`.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let operator = &settings.operator;
        let domains = if operator.domains.is_empty() { &settings.server.names } else { &operator.domains };
        Self {
            operator_name: operator.name.clone(),
            operator_address: operator.address.clone(),
            operator_registration_number: operator.registration_number.clone(),
            contact_email: settings.contact().to_owned(),
            hosting_region: operator.region.clone(),
            hosting_facts: operator.hosting_facts.clone(),
            service_domains: domains.iter().map(ToString::to_string).collect(),
            backup_retention: settings.backup.retention.into(),
            notice: settings.policies.notice.into(),
            two_person: settings.operators.two_person,
        }
    }

    /// `template` with every placeholder filled in, each fact as plain text: whatever means something in Markdown is
    /// escaped, and a fact cannot name another placeholder.
    pub(super) fn fill(&self, template: &str, language: Locale) -> Result<String, UnknownPlaceholder> {
        let mut filled = String::with_capacity(template.len() + 256);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or(UnknownPlaceholder)?;
            filled.push_str(before);
            escape(&self.fact(name.trim(), language)?, &mut filled);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn fact(&self, name: &str, language: Locale) -> Result<String, UnknownPlaceholder> {
        const DAY: u64 = 86_400;
        let unset = unset(language);
        let or = |fact: &Option<String>, otherwise: &str| fact.clone().unwrap_or_else(|| otherwise.to_owned());
        Ok(match name {
            "operator_name" => or(&self.operator_name, unset.name),
            "operator_address" => or(&self.operator_address, unset.address),
            "operator_registration_number" => or(&self.operator_registration_number, unset.number),
            "contact_email" => self.contact_email.clone(),
            "hosting_region" => or(&self.hosting_region, unset.region),
            "hosting_facts" => or(&self.hosting_facts, unset.hosting),
            "service_domains" if self.service_domains.is_empty() => "localhost".to_owned(),
            "service_domains" => self.service_domains.join(", "),
            // What is promised is never less than what is kept: the longer, and the shorter, of two whole numbers.
            "backup_retention_days" => self.backup_retention.as_secs().div_ceil(DAY).to_string(),
            "notice_days" => (self.notice.as_secs() / DAY).to_string(),
            _ => return Err(UnknownPlaceholder),
        })
    }
}

/// Writes `fact` as one line of plain text in Markdown (CommonMark §2.4), in a table's cell too.
fn escape(fact: &str, to: &mut String) {
    for character in fact.chars() {
        if character.is_control() {
            to.push(' ');
            continue;
        }
        if r"\`*_[]<>#|&~!".contains(character) {
            to.push('\\');
        }
        to.push(character);
    }
}

/// The words for facts that are not configured, which only happens where the service is tried out.
struct Unset {
    name: &'static str,
    address: &'static str,
    number: &'static str,
    region: &'static str,
    hosting: &'static str,
}

const fn unset(language: Locale) -> Unset {
    match language {
        Locale::En => Unset {
            name: "Seif (trial installation)",
            address: "not stated",
            number: "not stated",
            region: "the computer that this installation runs on",
            hosting: "a trial installation on the user's own computer",
        },
        Locale::Lv => Unset {
            name: "Seif (izmēģinājuma instalācija)",
            address: "nav norādīta",
            number: "nav norādīts",
            region: "dators, kurā darbojas šī instalācija",
            hosting: "izmēģinājuma instalācija lietotāja paša datorā",
        },
        Locale::Lt => Unset {
            name: "Seif (bandomasis diegimas)",
            address: "nenurodytas",
            number: "nenurodytas",
            region: "kompiuteris, kuriame veikia šis diegimas",
            hosting: "bandomasis diegimas paties naudotojo kompiuteryje",
        },
        Locale::Et => Unset {
            name: "Seif (proovipaigaldus)",
            address: "märkimata",
            number: "märkimata",
            region: "arvuti, milles see paigaldus töötab",
            hosting: "proovipaigaldus kasutaja enda arvutis",
        },
        Locale::Kk => Unset {
            name: "Seif (сынақ нұсқасы)",
            address: "көрсетілмеген",
            number: "көрсетілмеген",
            region: "осы сынақ нұсқасы жұмыс істеп тұрған компьютер",
            hosting: "пайдаланушының өз компьютеріндегі сынақ нұсқасы",
        },
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::policies) fn none() -> Facts {
        Facts {
            operator_name: None,
            operator_address: None,
            operator_registration_number: None,
            contact_email: "seif@localhost".to_owned(),
            hosting_region: None,
            hosting_facts: None,
            service_domains: Vec::new(),
            backup_retention: Duration::from_hours(35 * 24),
            notice: Duration::from_hours(30 * 24),
            two_person: TwoPersons::Auto,
        }
    }

    #[test]
    fn a_fact_is_plain_text_whatever_it_holds() {
        let evil = "A*B_C | [x](y) <b>&amp;</b> {{ contact_email }}\n# no";
        let facts = Facts { operator_name: Some(evil.to_owned()), ..none() };
        let filled = facts.fill("| Name |\n|---|\n| {{ operator_name }} |\n", Locale::En).unwrap();
        let html = crate::policies::html(&filled);
        assert_eq!(html.matches("<td>").count(), 1, "{html}");
        let shown = "A*B_C | [x](y) &lt;b&gt;&amp;amp;&lt;/b&gt; {{ contact_email }} # no";
        assert!(html.contains(&format!("<td>{shown}</td>")), "{html}");
    }

    #[test]
    fn an_unknown_placeholder_is_an_error() {
        assert_eq!(none().fill("{{ operator_shoe_size }}", Locale::En), Err(UnknownPlaceholder));
        assert_eq!(none().fill("{{ operator_name", Locale::En), Err(UnknownPlaceholder));
    }

    #[test]
    fn days_promise_no_more_than_is_kept() {
        let facts = Facts { backup_retention: Duration::from_hours(25), notice: Duration::from_hours(47), ..none() };
        assert_eq!(facts.fill("{{ backup_retention_days }} {{ notice_days }}", Locale::En).unwrap(), "2 1");
    }
}
