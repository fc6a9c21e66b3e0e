//! One test for every page: each sample, in each language, in each surrounding.

use std::collections::BTreeSet;
use std::path::Path;

use super::render::{TEMPLATES, draw, environment};
use super::shown::tests::shown;
use super::{
    AccountErasurePage, Acknowledge, Addresses, ApiDocs, ApprovalAsked, Approvals, Asked, ChangeCode, Changes,
    ChooseTenant, Chrome, Collections, ComingChange, ConfirmCode, ConfirmMethods, ConfirmPasskey, ConfirmWait,
    ConsentsPage, ConsolePage, ConsolePasskey, ContactsPage, Day, Document, EnrolApp, EnrolPasskey, ErasurePage,
    ExportPage, FreezePage, History, ImportDone, ImportDryRun, ImportFile, Invitation, Join, JoinFinish, Leave,
    Leaving, LegalDifferences, LegalDocument, Locale, MemberPage, Members, NewCollection, News, Notices, Page,
    PasswordPage, People, PersonErased, Preferences, Processors, RecordErased, RecordForm, RecordList, RecordView,
    RecoveryCodesMade, RecoveryFinish, RecoveryOver, RecoveryStart, Refusal, RoleLimitsPage, SealPage, Section,
    Security, SessionsPage, SignIn, SignInRulesPage, SignIns, SignOut, Starters, SubscriberPage, SupportAccess,
    SupportPage, TenantMark, Theme, TokenMade, Tokens, TransparencyPage, Trash, TrustPage, UndoChange, UndoChangeCode,
    Visitor, render,
};
use crate::accounts::prompts::Prompt;
use crate::kernel::ids::TenantId;
use crate::kernel::operators::{Act, Step};
use crate::web::assets;

/// A page as it came out, and where it came from.
struct Drawn {
    name: String,
    template: &'static str,
    html: String,
}

/// Every kind of page. One that is missing here fails [`every_template_belongs_to_a_page`].
fn each_page(locale: Locale, theme: Theme) -> Vec<Drawn> {
    let mut all = Vec::new();
    macro_rules! pages {
        ($($page:ty),+ $(,)?) => { $(drawn::<$page>(locale, theme, &mut all);)+ };
    }
    pages!(Join, JoinFinish, SignIn, ConfirmMethods, ConfirmCode, ConfirmPasskey, ConfirmWait, Approvals, Leave);
    pages!(Collections, Starters, NewCollection, RecordList, RecordView, RecordForm, History, Trash);
    pages!(ImportFile, ImportDryRun, ImportDone, Tokens, TokenMade, SupportAccess);
    pages!(Security, EnrolApp, EnrolPasskey, RecoveryCodesMade, ContactsPage, ChangeCode, UndoChange, UndoChangeCode);
    pages!(SubscriberPage, SupportPage);
    pages!(Addresses, RoleLimitsPage, Members, MemberPage, Invitation, SignInRulesPage);
    pages!(Notices, PasswordPage, SessionsPage, FreezePage);
    pages!(Leaving, ErasurePage, AccountErasurePage, RecordErased, ExportPage, People, PersonErased);
    pages!(RecoveryStart, RecoveryFinish, RecoveryOver);
    pages!(Acknowledge, ApiDocs, ChooseTenant, SignIns, Preferences, SignOut, LegalDocument, Processors, Refusal);
    pages!(Changes, LegalDifferences, TrustPage, ConsentsPage);
    pages!(TransparencyPage, SealPage, ConsolePage, ConsolePasskey);
    all
}

fn drawn<P: Page>(locale: Locale, theme: Theme, all: &mut Vec<Drawn>) {
    let samples = P::samples();
    assert!(!samples.is_empty(), "{} has no samples", P::TEMPLATE);
    for (number, page) in samples.iter().enumerate() {
        for (around, chrome) in surroundings(locale, theme).into_iter().enumerate() {
            let name = format!("{}-{number}-{around}-{}", P::TEMPLATE.trim_end_matches(".html"), locale.tag());
            let html =
                draw(page, &chrome, environment(locale).unwrap()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            all.push(Drawn { name, template: P::TEMPLATE, html });
        }
    }
}

/// A stranger, an owner who has confirmed, and one who has not.
fn surroundings(locale: Locale, theme: Theme) -> [Chrome; 3] {
    let stranger = Chrome {
        locale,
        theme,
        visitor: Visitor::Stranger,
        tenant: None,
        contact: "help@seif.example".to_owned(),
        documents: vec![Document::Privacy, Document::Terms, Document::SafeUse],
        path: "/join".to_owned(),
        section: Section::None,
        approval: ApprovalAsked::Nobody,
        news: None,
        asked: None,
        change: None,
    };
    let tenant = TenantMark { id: tenant(), name: shown("Ozolas darbnīca <Koks & Āda>") };
    let owner = Chrome {
        visitor: Visitor::Confirmed { name: shown("Anna Ozola") },
        tenant: Some(tenant),
        section: Section::Collections,
        path: format!("/t/{}/", super::checks::tenant()),
        approval: ApprovalAsked::Somebody,
        news: Some(News::RecordSaved),
        asked: Some(Asked { prompt: Prompt::ConfirmContacts, leads_to: "/account/contacts".to_owned() }),
        change: Some(ComingChange {
            documents: vec![Document::Privacy, Document::SafeUse],
            effective_on: Day::new(super::vault::samples::time(0), locale),
            summary: "Ierakstus glabā <gadu>.".to_owned(),
        }),
        ..stranger.clone()
    };
    let unconfirmed = Chrome {
        visitor: Visitor::Unconfirmed { name: shown("Anna Ozola") },
        section: Section::Tokens,
        news: None,
        asked: None,
        ..owner.clone()
    };
    [stranger, owner, unconfirmed]
}

/// The tenant of the samples.
pub(super) const fn tenant() -> TenantId {
    TenantId::from_bytes([1, 148, 122, 46, 111, 0, 112, 0, 128, 0, 0, 0, 0, 0, 0, 7])
}

/// One opening tag: its name and what stands in it.
struct Tag<'a> {
    name: &'a str,
    inside: &'a str,
}

impl<'a> Tag<'a> {
    fn attribute(&self, name: &str) -> Option<&'a str> {
        let start = self.inside.find(&format!(" {name}=\""))? + name.len() + 3;
        self.inside[start..].split('"').next()
    }

    /// The names of its attributes.
    fn attributes(&self) -> Vec<&'a str> {
        let outside_quotes = self.inside.split('"').step_by(2);
        outside_quotes.flat_map(str::split_whitespace).skip(1).map(|name| name.trim_end_matches('=')).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.attributes().contains(&name)
    }
}

/// The opening tags in their order; checks on the way that tags nest and text holds no stray bracket.
fn tags<'a>(name: &str, html: &'a str) -> Vec<Tag<'a>> {
    const VOID: [&str; 12] =
        ["meta", "link", "input", "br", "hr", "img", "rect", "circle", "path", "col", "wbr", "!DOCTYPE"];
    let (mut found, mut open) = (Vec::new(), Vec::new());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "{name}: a stray > in {:?}", &rest[..start]);
        let mut quoted = false;
        let end = rest[start..]
            .find(|c: char| {
                quoted ^= c == '"';
                c == '>' && !quoted
            })
            .unwrap_or_else(|| panic!("{name}: a tag without end"));
        let inside = &rest[start + 1..start + end];
        rest = &rest[start + end + 1..];
        if let Some(closing) = inside.strip_prefix('/') {
            let opened = open.pop().unwrap_or_else(|| panic!("{name}: </{closing}> closes nothing"));
            assert_eq!(opened, closing, "{name}: nesting before {:?}", rest.chars().take(60).collect::<String>());
            continue;
        }
        let tag = inside.split([' ', '\n', '/']).next().unwrap();
        found.push(Tag { name: tag, inside });
        if !VOID.contains(&tag) && !inside.ends_with('/') {
            open.push(tag);
        }
    }
    assert!(open.is_empty(), "{name}: left open: {open:?}");
    found
}

#[test]
fn every_page_in_every_language_is_whole_and_needs_nobody_else() {
    for locale in Locale::ALL {
        for Drawn { name, html, .. } in each_page(locale, Theme::System) {
            check(&name, &html);
        }
    }
}

/// Everything that a page owes, whatever it shows.
fn check(name: &str, html: &str) {
    assert!(html.starts_with("<!DOCTYPE html>"), "{name}");
    // The renderer writes slashes of values as references.
    let html = html.replace("&#x2f;", "/");
    let tags = tags(name, &html);
    for tag in &tags {
        let whole = format!("{name}: <{}>", tag.inside);
        // A strict content security policy lets none of these through.
        assert!(!tag.has("style") && tag.name != "style", "{whole}");
        assert!(!tag.attributes().iter().any(|name| name.starts_with("on")), "{whole}");
        assert!(tag.name != "script" || tag.attribute("src").is_some(), "{whole}");
        // P-1: nothing from another origin.
        for reference in ["href", "src", "action", "srcset", "formaction"] {
            if let Some(to) = tag.attribute(reference) {
                let own = (to.starts_with('/') && !to.starts_with("//")) || to.starts_with('#');
                // The one page that says that it leads elsewhere.
                let leaves = tag.name == "a" && name.starts_with("leave-") && to.starts_with("https://");
                assert!(own || leaves || to.starts_with("mailto:"), "{whole}");
            }
        }
        let posts = tag.attribute("method") == Some("post");
        assert!(tag.name != "form" || posts, "{whole}: what is typed would stand in the address");
    }
    labelled(name, &tags);
    landmarks(name, &tags);
    ids(name, &tags);
}

#[test]
fn a_planted_fault_does_not_pass_the_check() {
    let [stranger, ..] = surroundings(Locale::En, Theme::System);
    let good = render(&SignIn::samples().remove(0), &stranger).unwrap().into_body();
    check("sign-in-en", &good);
    for (sound, fault) in [
        ("<main id", "<main style=\"color:red\" id"),
        ("<main id", "<main onclick=\"x()\" id"),
        ("</main>", "<script>x()</script></main>"),
        ("</main>", "<script src=\"https://cdn.example/x.js\"></script></main>"),
        ("</main>", "<img src=\"//cdn.example/x.png\"></main>"),
        ("</main>", "</div></main>"),
        ("</main>", "<p></main>"),
        ("</main>", "<input id=\"f-new\" name=\"new\"></main>"),
        ("</main>", "<p id=\"main\"></p></main>"),
        ("</main>", "<a href=\"#nowhere\">there</a></main>"),
        ("</main>", "<h1>again</h1></main>"),
        ("method=\"post\" action=\"/sign-in\"", "method=\"get\" action=\"/sign-in\""),
        ("type=\"password\"", "type=\"password\" value=\"hunter2\""),
        ("autocomplete=\"current-password\"", "autocomplete=\"off\""),
        ("data-show", "data-never"),
        ("lang=\"en\"", "lang=\"lv\""),
    ] {
        let faulty = good.replacen(sound, fault, 1);
        assert_ne!(faulty, good, "nothing to replace: {sound}");
        assert!(std::panic::catch_unwind(|| check("sign-in-en", &faulty)).is_err(), "passed: {fault}");
    }
}

fn labelled(name: &str, tags: &[Tag<'_>]) {
    let labels: BTreeSet<_> =
        tags.iter().filter(|tag| tag.name == "label").filter_map(|t| t.attribute("for")).collect();
    for control in tags.iter().filter(|tag| ["input", "select", "textarea"].contains(&tag.name)) {
        if control.attribute("type") != Some("hidden") {
            let id = control.attribute("id").unwrap_or_default();
            let labelled = labels.contains(id) || control.has("aria-label");
            assert!(labelled, "{name}: no label for <{}>", control.inside);
            assert!(control.has("name") || control.has("readonly"), "{name}: no name on <{}>", control.inside);
        }
        if control.attribute("type") == Some("password") || control.attribute("autocomplete") == Some("one-time-code") {
            assert!(control.attribute("value").is_none(), "{name}: echoes a secret: <{}>", control.inside);
            assert!(control.has("autocomplete"), "{name}: a password manager cannot tell <{}>", control.inside);
        }
        if control.attribute("type") == Some("password") {
            // R-9, R-35: a password manager fills it, and nobody sees it but on demand.
            let filled = control.attribute("autocomplete").unwrap_or_default();
            assert!(["current-password", "new-password"].contains(&filled), "{name}: <{}>", control.inside);
            assert!(control.has("data-show") && control.has("data-hide"), "{name}: <{}>", control.inside);
        }
    }
}

fn landmarks(name: &str, tags: &[Tag<'_>]) {
    for landmark in ["html", "title", "main", "h1", "footer"] {
        let count = tags.iter().filter(|tag| tag.name == landmark).count();
        assert_eq!(count, 1, "{name}: {count} of <{landmark}>");
    }
    let html = tags.iter().find(|tag| tag.name == "html").unwrap();
    assert!(name.ends_with(html.attribute("lang").unwrap()), "{name}: lang");
}

fn ids(name: &str, tags: &[Tag<'_>]) {
    let mut seen = BTreeSet::new();
    for id in tags.iter().filter_map(|tag| tag.attribute("id")) {
        assert!(seen.insert(id), "{name}: the id {id} twice");
    }
    for tag in tags {
        let within = tag.attribute("href").and_then(|to| to.strip_prefix('#'));
        let by =
            ["aria-describedby", "aria-labelledby", "for", "aria-controls", "list"].map(|kind| tag.attribute(kind));
        for id in by.into_iter().chain([within]).flatten().flat_map(str::split_whitespace) {
            assert!(seen.contains(id), "{name}: nothing has the id {id} that <{}> refers to", tag.inside);
        }
    }
}

#[test]
fn every_template_belongs_to_a_page_and_every_file_is_a_template() {
    let drawn: BTreeSet<_> = each_page(Locale::En, Theme::System).iter().map(|page| page.template).collect();
    let known: BTreeSet<_> = TEMPLATES.iter().map(|(name, _)| *name).collect();
    let spare: Vec<_> = known
        .difference(&drawn)
        .filter(|name| !["base.html", "console_base.html", "macros.html"].contains(name))
        .collect();
    assert!(spare.is_empty(), "no page uses {spare:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/templates");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(name.as_str()), "{name} is in no list");
    }
}

#[test]
fn each_act_of_operators_and_each_step_of_one_has_its_word() {
    let texts = super::texts::tests::keys(Locale::En);
    for word in Act::ALL.iter().map(|act| act.name()).chain(Step::ALL.iter().map(|step| step.name())) {
        let key = format!("console-word-{}", word.replace('_', "-"));
        assert!(texts.contains_key(&key), "{key}");
    }
}

/// A text is said by its whole key, or by a key that a template puts together after one of these beginnings.
#[test]
fn every_text_is_said_somewhere() {
    const PUT_TOGETHER: &[&str] = &[
        "news-",
        "document-",
        "acknowledge-",
        "method-",
        "kind-",
        "field-",
        "error-",
        "country-",
        "kind-of-",
        "tick-",
        "deed-",
        "basis-",
        "hint-kind-",
        "scope-",
        "limit-",
        "lifetime-",
        "hours-",
        "least-",
        "role-",
        "sign-ins-",
        "outcome-",
        "by-",
        "theme-",
        "trust-",
        "consents-",
        "refusal-",
        "add-",
        "prompt-",
        "approvals-",
        "notices-",
        "trade-",
        "size-",
        "keeps-",
        "assurance-",
        "recovery-",
        "reset-",
        "thaw-",
        "erasure-",
        "file-size-",
        "logged-",
        "processor-",
        "console-",
    ];
    let said: String = TEMPLATES.iter().map(|(_, source)| *source).collect();
    for key in super::texts::tests::keys(Locale::En).keys() {
        let whole = said.contains(&format!("t(\"{key}\""));
        assert!(whole || PUT_TOGETHER.iter().any(|start| key.starts_with(start)), "nobody says {key}");
    }
}

#[test]
fn what_people_typed_is_escaped() {
    let page = SignIn::samples().remove(0);
    let [_, owner, _] = surroundings(Locale::En, Theme::System);
    let html = render(&page, &owner).unwrap().into_body();
    assert!(html.contains("Ozolas darbnīca &lt;Koks &amp; Āda&gt;"), "the tenant's name");
}

/// Writes every page and asset below `target/pages`, to be looked at: `{theme}/{page}.html`. Started by hand.
#[test]
#[ignore = "writes files for a person to look at"]
fn dump_pages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    for asset in &assets::ALL {
        let file = folder.join(asset.path().trim_start_matches('/'));
        std::fs::create_dir_all(file.parent().expect("a folder")).unwrap();
        std::fs::write(file, asset.bytes).unwrap();
    }
    for (name, theme) in [("light", Theme::Light), ("dark", Theme::Dark)] {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for page in Locale::ALL.into_iter().flat_map(|locale| each_page(locale, theme)) {
            std::fs::write(folder.join(format!("{}.html", page.name)), page.html).unwrap();
        }
    }
}
