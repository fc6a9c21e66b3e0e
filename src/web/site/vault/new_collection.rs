//! A collection of one's own, from rows of fields.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::{Desk, collections, shown};
use crate::kernel::access::{Authorized, WriteCollections};
use crate::kernel::idempotency::Outcome;
use crate::kernel::tenancy::InTenant as _;
use crate::vault::definition::{FieldInput, LegalBasis};
use crate::vault::kinds::{Choice, KindName, Label};
use crate::vault::{self, CollectionView, Error, Fault, field_name};
use crate::web::pages::{FieldOption, FieldTrait, Form, NewCollection, NewCollectionField as Asked, NewFieldRow};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::form::FormFields;
use crate::web::site::{FormBody, go_to};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/t/{tenant_id}/collections/new", page), post("/t/{tenant_id}/collections", make)]
}

/// How many empty rows a form begins with, and how many `more` adds.
const ROWS: usize = 4;
/// The most rows that are read.
const MOST_ROWS: usize = 200;

async fn page(
    access: Authorized<WriteCollections>,
    services: Data<Services>,
    _: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::of(&request, &services, &access).await?;
    let rows = std::iter::repeat_with(empty).take(ROWS).collect();
    let targets = targets(&desk).await?;
    let kinds = kinds(&targets);
    desk.show(&NewCollection { tenant: access.scope.tenant(), form: Form::empty(), rows, kinds, targets })
}

/// The kinds that a row can ask for: links only where there is something to link to.
fn kinds(targets: &[FieldOption]) -> Vec<KindName> {
    KindName::ALL.into_iter().filter(|kind| *kind != KindName::Link || !targets.is_empty()).collect()
}

/// The collections that a field can link to, by their names.
async fn targets(desk: &Desk<'_>) -> Result<Vec<FieldOption>, Problem> {
    let locale = desk.locale();
    let mut all = collections::all(desk).await?;
    all.sort_by_key(|collection| collection.name().in_language(locale).to_lowercase());
    let option = |collection: &CollectionView| FieldOption {
        value: shown(collection.slug()),
        label: shown(collection.name().in_language(locale)),
    };
    Ok(all.iter().map(option).collect())
}

fn empty() -> NewFieldRow {
    NewFieldRow {
        label: shown(""),
        kind: KindName::Text,
        choices: shown(""),
        target: shown(""),
        ticked: Vec::new(),
        error: None,
    }
}

async fn make(
    access: Authorized<WriteCollections>,
    services: Data<Services>,
    _: Path<String>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let desk = Desk::of(&request, &services, &access).await?;
    let typed = rows(&form);
    if form.raw("more") == "yes" {
        return again(desk, &form, typed, Wrong::default(), StatusCode::OK).await;
    }
    let new = match input(&form, &typed) {
        Ok(new) => new,
        Err(wrong) => return again(desk, &form, typed, wrong, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    match services.vault.create_collection(&access, new, None).await {
        Ok(Outcome::Done(made)) => Ok(go_to(&desk.in_collection(made.slug(), "?news=collections_made"))),
        Ok(Outcome::Before(_)) => Ok(go_to(&desk.at("/"))),
        Err(Error::Invalid(faults)) => {
            let wrong = Wrong::of(&faults, &typed);
            again(desk, &form, typed, wrong, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(Error::AlreadyExists(_)) => {
            let wrong = Wrong { form: vec![(Asked::Name, "already_exists")], rows: Vec::new() };
            again(desk, &form, typed, wrong, StatusCode::CONFLICT).await
        }
        Err(other) => desk.given(Err(other)),
    }
}

/// A row as it was typed, at its number in the form.
struct Row {
    label: String,
    kind: KindName,
    /// What can be chosen, one a line.
    choices: String,
    /// The slug of the collection that it links to.
    target: String,
    ticked: Vec<FieldTrait>,
}

/// What is wrong: above the rows, and in which of them.
#[derive(Default)]
struct Wrong {
    form: Vec<(Asked, &'static str)>,
    rows: Vec<(usize, &'static str)>,
}

impl Wrong {
    /// The vault's faults, each at its place: its fields are the rows that have a label, in their order.
    fn of(faults: &[Fault], typed: &[Row]) -> Self {
        let named: Vec<usize> = typed.iter().enumerate().filter(|(_, row)| row.is_named()).map(|(at, _)| at).collect();
        let mut wrong = Self::default();
        for fault in faults {
            let mut parts = fault.pointer.split('/').skip(1);
            match (parts.next(), parts.next().and_then(|number| named.get(number.parse::<usize>().ok()?))) {
                (Some("fields"), Some(row)) => wrong.rows.push((*row, fault.code)),
                (Some("fields"), None) => wrong.form.push((Asked::Fields, "required")),
                (Some("retention_days"), _) => wrong.form.push((Asked::RetentionDays, fault.code)),
                (Some("purpose"), _) => wrong.form.push((Asked::Purpose, fault.code)),
                _ => wrong.form.push((Asked::Name, fault.code)),
            }
        }
        wrong
    }
}

impl Row {
    fn is_named(&self) -> bool {
        !self.label.is_empty()
    }
}

const TICKS: [(FieldTrait, &str); 4] = [
    (FieldTrait::Required, "required"),
    (FieldTrait::Unique, "unique"),
    (FieldTrait::Searchable, "searchable"),
    (FieldTrait::Sensitive, "sensitive"),
];

fn rows(form: &FormFields) -> Vec<Row> {
    let numbers = form.iter().filter_map(|(name, _)| name.strip_prefix("fields.")?.split('.').next()?.parse().ok());
    let count = numbers.max().map_or(ROWS, |last: usize| last.saturating_add(1)).min(MOST_ROWS);
    let row = |number: usize| {
        let at = |member: &str| format!("fields.{number}.{member}");
        let kind = serde_json::from_value(Value::String(form.raw(&at("kind")).to_owned()));
        let is_ticked = |(_, name): &&(FieldTrait, &str)| form.raw(&at(name)) == "yes";
        Row {
            label: form.text(&at("label")).into_revealed(),
            kind: kind.unwrap_or(KindName::Text),
            choices: form.text(&at("choices")).into_revealed().replace("\r\n", "\n"),
            target: form.text(&at("collection")).into_revealed(),
            ticked: TICKS.iter().filter(is_ticked).map(|(tick, _)| *tick).collect(),
        }
    };
    (0..count).map(row).collect()
}

/// What is to be made, when the form can be read so far; the vault checks the rest.
fn input(form: &FormFields, typed: &[Row]) -> Result<vault::NewCollection, Wrong> {
    let mut wrong = Wrong::default();
    let name = form.text("collection_name").into_revealed();
    let name = if name.is_empty() {
        wrong.form.push((Asked::Name, "required"));
        None
    } else {
        label(name).map_err(|code| wrong.form.push((Asked::Name, code))).ok()
    };
    let purpose = Some(form.text("purpose").into_revealed()).filter(|text| !text.is_empty());
    let purpose = purpose.and_then(|text| label(text).map_err(|code| wrong.form.push((Asked::Purpose, code))).ok());
    let days = form.text("retention_days").into_revealed();
    let retention_days = if days.is_empty() {
        None
    } else {
        days.parse().map_err(|_| wrong.form.push((Asked::RetentionDays, "not_a_number"))).ok()
    };
    let basis: Option<LegalBasis> = serde_json::from_value(Value::String(form.raw("legal_basis").to_owned())).ok();
    let (mut fields, mut names) = (Vec::new(), Vec::new());
    for (number, row) in typed.iter().enumerate().filter(|(_, row)| row.is_named()) {
        match row.field(&mut names) {
            Ok(field) => fields.push(field),
            Err(code) => wrong.rows.push((number, code)),
        }
    }
    if typed.iter().all(|row| !row.is_named()) {
        wrong.form.push((Asked::Fields, "required"));
    }
    if wrong.form.is_empty() && wrong.rows.is_empty() {
        let fields = Some(fields);
        Ok(vault::NewCollection {
            name,
            slug: None,
            template: None,
            fields,
            purpose,
            legal_basis: basis,
            retention_days,
        })
    } else {
        Err(wrong)
    }
}

impl Row {
    /// The field that the row asks for; else the code of what is wrong with it.
    fn field(&self, names: &mut Vec<String>) -> Result<FieldInput, &'static str> {
        let label = label(self.label.clone())?;
        let choices = if self.kind == KindName::Choice { Some(self.choices()?) } else { None };
        let collection = (self.kind == KindName::Link).then(|| self.target.clone());
        if collection.as_deref() == Some("") {
            return Err("link_without_collection");
        }
        let name = field_name(&self.label, names);
        names.push(name.clone());
        let has = |tick| Some(self.ticked.contains(&tick));
        Ok(FieldInput {
            id: None,
            name,
            label,
            kind: self.kind,
            required: has(FieldTrait::Required),
            unique: has(FieldTrait::Unique),
            searchable: has(FieldTrait::Searchable),
            sensitive: has(FieldTrait::Sensitive),
            choices,
            collection,
        })
    }

    /// What can be chosen: each line is a choice's value and what people read.
    fn choices(&self) -> Result<Vec<Choice>, &'static str> {
        let lines: Vec<&str> = self.choices.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            return Err("choice_without_options");
        }
        if lines.len() > 200 {
            return Err("too_many_options");
        }
        let distinct: std::collections::BTreeSet<&&str> = lines.iter().collect();
        if distinct.len() < lines.len() {
            return Err("repeated_options");
        }
        let choice = |line: &str| Ok(Choice { value: line.to_owned(), label: label(line.to_owned())? });
        lines.into_iter().map(choice).collect()
    }
}

/// A text that people read; else the code of what is wrong with it.
fn label(text: String) -> Result<Label, &'static str> {
    let code = if text.chars().any(char::is_control) { "not_one_line" } else { "too_long" };
    serde_json::from_value(Value::String(text)).map_err(|_| code)
}

/// The form once more, with what was typed and what is wrong, and more rows where none is empty or they were asked for.
async fn again(
    desk: Desk<'_>,
    form: &FormFields,
    typed: Vec<Row>,
    wrong: Wrong,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let mut page = Form::empty()
        .typed(Asked::Name, form.text("collection_name"))
        .typed(Asked::Purpose, form.text("purpose"))
        .typed(Asked::LegalBasis, form.text("legal_basis"))
        .typed(Asked::RetentionDays, form.text("retention_days"));
    for (field, code) in wrong.form {
        page = page.wrong(field, code);
    }
    if !wrong.rows.is_empty() {
        page = page.wrong(Asked::Fields, "invalid");
    }
    let more = if form.raw("more") == "yes" { ROWS } else { 0 };
    let row = |(number, row): (usize, Row)| NewFieldRow {
        label: shown(&row.label),
        kind: row.kind,
        choices: shown(&row.choices),
        target: shown(&row.target),
        ticked: row.ticked,
        error: wrong.rows.iter().find(|(at, _)| *at == number).map(|(_, code)| *code),
    };
    let mut rows: Vec<NewFieldRow> = typed.into_iter().enumerate().map(row).collect();
    rows.extend(std::iter::repeat_with(empty).take(more));
    rows.truncate(MOST_ROWS);
    let targets = targets(&desk).await?;
    let kinds = kinds(&targets);
    let page = NewCollection { tenant: desk.access.scope.tenant(), form: page, rows, kinds, targets };
    let path = desk.at("/collections/new");
    desk.answer(&page, status, path)
}
