use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::kernel::personal::Personal;
use crate::messages::notice::{Decided, Life, Means, WithdrawnDocument};

const CODE: &str = "042042";
const UNDO: &str = "7k2m-9pqr-0abc-d5ef-ghjk-mnpq";

fn letterhead() -> Letterhead {
    Letterhead::new("Seif", "noreply@mail.example.com", "help@example.com").unwrap()
}

fn code() -> Code {
    Code::new(Secret::new(CODE.to_owned()), Duration::from_mins(10))
}

fn digest(more: u32) -> Notice {
    let item = |minute: i64, notice| DigestItem { at: Time::from_micros(minute * 60_000_000), notice };
    let items = vec![item(1, Notice::SignInRefused { times: 3 }), item(2, Notice::ConfirmationRefused { times: 1 })];
    Notice::Digest { items, more }
}

fn changed(summary: &str) -> ChangedDocument {
    let (title, on) = ("Privātuma politika".to_owned(), "2026-12-22".to_owned());
    ChangedDocument { title, version: 2, on, summary: summary.to_owned() }
}

/// Each kind of mail, under the key of its texts.
fn samples() -> Vec<(&'static str, Notice)> {
    let confirmation = |purpose| Notice::ConfirmationCode { code: code(), purpose };
    let invitation = |name: &str| Notice::Invitation {
        tenant_name: Personal::new(name.to_owned()),
        code: UndoCode::new(Secret::new("7k2m-9pqr-0abc-d5ef-ghjk-mnpq".to_owned())),
    };
    let name = |name: &str| Personal::new(name.to_owned());
    let welcome = |name: &str| Notice::Welcome { tenant_name: Personal::new(name.to_owned()) };
    let rules = |name: &str| Notice::SignInRulesChanged { tenant_name: Personal::new(name.to_owned()) };
    vec![
        ("signup-code", Notice::SignupCode { code: code() }),
        ("sign-in-code", confirmation(Purpose::SignIn)),
        ("new-address-code", confirmation(Purpose::NewAddress)),
        ("password-reset-code", confirmation(Purpose::PasswordReset)),
        ("address-taken", Notice::AddressTaken),
        ("address-wanted", Notice::AddressWanted),
        ("identifier-undo", Notice::IdentifierUndo { code: UndoCode::new(Secret::new(UNDO.to_owned())) }),
        ("support-identified", Notice::SupportIdentified),
        ("identifier-restored", Notice::IdentifierRestored),
        ("password-changed", Notice::PasswordChanged),
        ("identifier-changed", Notice::IdentifierChanged),
        ("addresses-changed", Notice::AddressesChanged),
        ("addresses-lifted", Notice::AddressesLifted),
        ("token-made", Notice::TokenMade),
        ("sign-in-outside", Notice::SignInOutside),
        ("method-added", Notice::MethodAdded { means: Means::Totp }),
        ("method-added", Notice::MethodAdded { means: Means::RecoveryCodes }),
        ("sign-in-refused", Notice::SignInRefused { times: 1 }),
        ("sign-in-refused", Notice::SignInRefused { times: 12 }),
        ("confirmation-refused", Notice::ConfirmationRefused { times: 1 }),
        ("confirmation-refused", Notice::ConfirmationRefused { times: 3 }),
        ("freeze-code", confirmation(Purpose::Freeze)),
        ("thaw-code", confirmation(Purpose::Thaw)),
        ("sign-in-while-frozen", Notice::SignInWhileFrozen { times: 2 }),
        ("recovery-refused", Notice::RecoveryRefused { times: 2 }),
        ("password-change-refused", Notice::PasswordChangeRefused { times: 2 }),
        ("account-frozen", Notice::AccountFrozen),
        ("account-thawed", Notice::AccountThawed),
        ("reset-waits", Notice::ResetWaits { until: Time::from_micros(60_000_000) }),
        ("reset-ready", Notice::ResetReady),
        ("reset-cancelled", Notice::ResetCancelled),
        ("digest", digest(0)),
        ("digest", digest(731)),
        ("method-removed", Notice::MethodRemoved { means: Means::Totp }),
        ("method-removed", Notice::MethodRemoved { means: Means::RecoveryCodes }),
        ("method-ended", Notice::MethodEnded { means: Means::Totp }),
        ("method-ended", Notice::MethodEnded { means: Means::RecoveryCodes }),
        ("method-added", Notice::MethodAdded { means: Means::Passkey }),
        ("method-removed", Notice::MethodRemoved { means: Means::Passkey }),
        ("method-ended", Notice::MethodEnded { means: Means::Passkey }),
        ("passkey-copied", Notice::PasskeyCopied),
        ("recovery-code-used", Notice::RecoveryCodeUsed { left: 9 }),
        ("sign-in-decided", Notice::SignInDecided { decided: Decided::Approved }),
        ("sign-in-decided", Notice::SignInDecided { decided: Decided::WrongCode }),
        ("sign-in-decided", Notice::SignInDecided { decided: Decided::Refused }),
        ("sign-in-decided", Notice::SignInDecided { decided: Decided::Reported }),
        ("invitation", invitation("Rīta Maize")),
        ("invitation", invitation("https://evil.example/")),
        ("sign-in-rules-changed", rules("Rīta Maize")),
        ("sign-in-rules-changed", rules("https://evil.example/")),
        ("policy-changed", policy_changed(vec![changed("We keep sign-ins for a year.")])),
        ("policy-changed", policy_changed(vec![changed(""), changed("Two at once.")])),
        ("policy-withdrawn", policy_withdrawn()),
        ("vault-sealed", Notice::VaultSealed { tenant_name: name("Rīta Maize") }),
        ("vault-sealed", Notice::VaultSealed { tenant_name: name("https://evil.example/") }),
        ("vault-unsealed", Notice::VaultUnsealed { tenant_name: name("Rīta Maize") }),
        ("support-looked", Notice::SupportLooked { tenant_name: name("Rīta Maize"), until: Time::from_micros(0) }),
        (
            "support-looked",
            Notice::SupportLooked { tenant_name: name("https://evil.example/"), until: Time::from_micros(0) },
        ),
        (
            "leaving-requested",
            Notice::LeavingRequested { tenant_name: name("Rīta Maize"), on: "2026-12-22".to_owned() },
        ),
        (
            "leaving-requested",
            Notice::LeavingRequested { tenant_name: name("www.evil.example"), on: "2026-12-22".to_owned() },
        ),
        (
            "inactivity-warned",
            Notice::InactivityWarned { tenant_name: name("Rīta Maize"), on: "2026-12-22".to_owned() },
        ),
        (
            "inactivity-warned",
            Notice::InactivityWarned { tenant_name: name("www.evil.example"), on: "2026-12-22".to_owned() },
        ),
        ("leaving-unused", Notice::LeavingUnused { tenant_name: name("Rīta Maize"), on: "2026-12-22".to_owned() }),
        (
            "leaving-unused",
            Notice::LeavingUnused { tenant_name: name("www.evil.example"), on: "2026-12-22".to_owned() },
        ),
        ("leaving-on-behalf", Notice::LeavingOnBehalf { tenant_name: name("Rīta Maize"), on: "2026-12-22".to_owned() }),
        (
            "leaving-on-behalf",
            Notice::LeavingOnBehalf { tenant_name: name("www.evil.example"), on: "2026-12-22".to_owned() },
        ),
        ("leaving-taken-back", Notice::LeavingTakenBack { tenant_name: name("Rīta Maize") }),
        ("farewell", Notice::Farewell { tenant_name: name("Rīta Maize"), erasure: None }),
        (
            "farewell",
            Notice::Farewell { tenant_name: name("Rīta Maize"), erasure: Some(Secret::new("0af3".repeat(8))) },
        ),
        ("account-farewell", Notice::AccountFarewell { erasure: Secret::new("0af3".repeat(8)) }),
        ("welcome", welcome("Rīta Maize")),
        ("welcome", welcome("https://evil.example/ href=www.evil.example")),
    ]
}

fn policy_changed(documents: Vec<ChangedDocument>) -> Notice {
    let checkpoint =
        "seif/log\n7\nq1MKE+RZFJgrefm34/uplM/R8/si9xzqGvvwK0YMbR0=\n\n— seif/log eA0wRgAAAA==\n".to_owned();
    Notice::PolicyChanged { documents, checkpoint }
}

fn policy_withdrawn() -> Notice {
    let documents = vec![WithdrawnDocument { title: "Privacy policy".to_owned(), version: 7 }];
    Notice::PolicyWithdrawn { documents }
}

fn each(mut check: impl FnMut(Locale, &str, &Notice, &str, &str)) {
    let texts = Texts::load().unwrap();
    for language in Locale::ALL {
        for (key, notice) in samples() {
            let words = texts.write(&notice, language, &letterhead()).unwrap();
            check(language, key, &notice, &words.subject, words.body.reveal());
        }
    }
}

#[test]
fn no_mail_in_any_language_holds_a_link() {
    // R-11, S-14, P-5, K-4
    each(|language, key, _, subject, body| {
        let all = format!("{subject}\n{body}").to_lowercase();
        for mark in ["http", "www", "://", "href", "<", "mailto", "evil"] {
            assert!(!all.contains(mark), "{key} in {language:?} holds {mark}: {all}");
        }
    });
}

#[test]
fn a_code_stands_alone_on_one_line_and_never_in_the_subject() {
    each(|language, key, notice, subject, body| {
        let alone = body.split("\r\n").filter(|line| *line == CODE).count();
        let wanted = usize::from(matches!(notice.life(), Life::Code(_)));
        assert_eq!((alone, body.matches(CODE).count()), (wanted, wanted), "{key} in {language:?}");
        assert!(!subject.contains(CODE), "{key} in {language:?}");
    });
}

#[test]
fn a_mail_with_a_code_says_that_nobody_will_ask_for_it_and_each_mail_what_is_never_asked_for() {
    // K-1, K-5, K-16, P-7
    let texts = Texts::load().unwrap();
    each(|language, key, notice, _, body| {
        let head = letterhead();
        let page = Page { bundle: texts.bundle(language), language, letterhead: &head };
        let secrecy = page.say("code-secrecy", None).unwrap();
        let wanted = matches!(notice.life(), Life::Code(_));
        assert_eq!(body.contains(&secrecy), wanted, "{key} in {language:?}");
        assert_eq!(body.contains(&page.validity(&code()).unwrap()), wanted, "{key} in {language:?}");
        assert!(body.contains(&page.say("never-asked", None).unwrap()), "{key} in {language:?}");
    });
}

#[test]
fn a_long_code_stands_alone_on_one_line_and_never_in_the_subject() {
    // P-6, K-1: what takes a change back, and what an invitation is accepted by.
    each(|language, key, _, subject, body| {
        let alone = body.split("\r\n").filter(|line| *line == UNDO).count();
        assert_eq!(alone, usize::from(["identifier-undo", "invitation"].contains(&key)), "{key} in {language:?}");
        assert_eq!(alone, body.matches(UNDO).count(), "{key} in {language:?}");
        assert!(!subject.contains(UNDO), "{key} in {language:?}");
    });
}

#[test]
fn each_mail_ends_with_one_footer_that_names_the_service_and_its_contact() {
    // P-5, P-16
    each(|language, key, _, subject, body| {
        let (text, footer) = body.split_once("\r\n-- \r\n").unwrap();
        assert!(footer.contains("Seif") && footer.contains("help@example.com"), "{key} in {language:?}");
        assert_eq!(footer.lines().count(), 1, "{key} in {language:?}");
        assert!(!text.contains("-- "), "{key} in {language:?}");
        assert!(subject.contains("Seif") && !subject.contains(char::is_control), "{key} in {language:?}");
    });
}

#[test]
fn lines_end_with_crlf_and_nothing_is_left_unsaid() {
    each(|language, key, _, _, body| {
        assert!(!body.replace("\r\n", "").contains(char::is_control), "{key} in {language:?}");
        assert!(!body.contains(['{', '}', '$']), "{key} in {language:?}: {body}");
    });
}

#[test]
fn a_tenant_is_welcomed_by_its_name() {
    each(|language, key, notice, _, body| {
        if let Notice::Welcome { tenant_name } = notice {
            let named = plain(tenant_name.reveal()).is_some();
            assert_eq!(body.contains("Rīta Maize"), named, "{key} in {language:?}");
        }
    });
}

#[test]
fn a_digest_tells_when_and_what_of_each_and_how_many_more() {
    // K-9
    each(|language, key, notice, _, body| {
        if let Notice::Digest { items, more } = notice {
            let lines: Vec<&str> = body.split("\r\n").filter(|line| line.starts_with("1970-01-01 00:0")).collect();
            assert_eq!(lines.len(), items.len(), "{key} in {language:?}");
            assert!(lines.iter().all(|line| line.contains("Seif")), "{lines:?}");
            assert_eq!(body.contains("731"), *more == 731, "{key} in {language:?}");
        }
    });
}

#[test]
fn a_change_of_the_documents_is_told_with_its_summary_and_the_first_day_that_it_may_apply() {
    // P-15
    each(|language, key, notice, _, body| {
        if let Notice::PolicyChanged { documents, checkpoint } = notice {
            assert!(checkpoint.lines().all(|line| body.contains(line)), "{key} in {language:?}: {body}");
            for document in documents {
                assert!(body.contains(&document.title) && body.contains(&document.summary), "{key} in {language:?}");
                assert!(body.contains("2026-12-22") && body.contains(" 2"), "{key} in {language:?}: {body}");
            }
        }
    });
}

#[test]
fn a_change_that_does_not_come_is_told_with_what_it_was() {
    each(|language, key, notice, _, body| {
        if let Notice::PolicyWithdrawn { documents } = notice {
            assert!(documents.iter().all(|document| body.contains(&document.title)), "{key} in {language:?}: {body}");
            assert!(body.contains('7'), "{key} in {language:?}: {body}");
        }
    });
}

#[test]
fn a_letter_tells_first_what_has_happened() {
    let texts = Texts::load().unwrap();
    for (key, notice) in samples().into_iter().filter(|(_, notice)| notice.life() == Life::Letter) {
        let told = texts.tell(&notice, Locale::En, &letterhead()).unwrap();
        assert!(
            told.text.len() > 20 && !told.text.contains("\r\n") && told.subject.contains("Seif"),
            "{key}: {told:?}"
        );
    }
}

#[test]
fn how_long_a_code_is_valid_is_said_in_each_language() {
    let expected = [
        "The code works once, within 10 minutes.",
        "Kodu var izmantot vienu reizi 10 minūšu laikā.",
        "Kodą galima panaudoti vieną kartą per 10 minučių.",
        "Kood kehtib 10 minutit ja seda saab kasutada üks kord.",
        "Кодты 10 минут ішінде бір рет қана пайдалануға болады.",
    ];
    let texts = Texts::load().unwrap();
    for (language, expected) in Locale::ALL.into_iter().zip(expected) {
        let words = texts.write(&Notice::SignupCode { code: code() }, language, &letterhead()).unwrap();
        assert!(words.body.reveal().contains(expected), "{language:?}: {}", words.body.reveal());
    }
}

#[test]
fn a_code_is_never_said_to_be_valid_for_longer_than_it_is() {
    let texts = Texts::load().unwrap();
    for (seconds, minutes) in [(1, "1 minute."), (119, "1 minute."), (120, "2 minutes."), (1_260, "21 minutes.")] {
        let code = Code::new(Secret::new(CODE.to_owned()), Duration::from_secs(seconds));
        let words = texts.write(&Notice::SignupCode { code }, Locale::En, &letterhead()).unwrap();
        assert!(words.body.reveal().contains(minutes), "{seconds}");
    }
}

#[test]
fn the_languages_have_the_same_texts_and_no_two_are_alike() {
    let keys = |source: &str| -> BTreeSet<String> {
        let mut message = String::new();
        let mut keys = BTreeSet::new();
        for line in source.lines().filter(|line| line.contains(" =") && !line.starts_with('#')) {
            let key = line.split(" =").next().unwrap();
            match key.strip_prefix("    .") {
                Some(attribute) => keys.insert(format!("{message}.{attribute}")),
                None => {
                    message = key.to_owned();
                    keys.insert(message.clone())
                }
            };
        }
        keys
    };
    let english = keys(include_str!("en.ftl"));
    assert!(english.len() > 30, "{english:?}");
    for other in [include_str!("lv.ftl"), include_str!("lt.ftl"), include_str!("et.ftl"), include_str!("kk.ftl")] {
        assert_eq!(keys(other), english);
    }
    let mut bodies = BTreeSet::new();
    let mut written = 0;
    each(|_, _, _, _, body| {
        written += 1;
        bodies.insert(body.to_owned());
    });
    assert_eq!(bodies.len(), written);
}

#[test]
fn the_texts_say_nothing_that_no_kind_of_mail_needs() {
    let source = include_str!("en.ftl");
    let shared = ["code-validity", "code-secrecy", "never-asked", "footer", "text-code", "text-regained", "text-undo"];
    let kinds: BTreeSet<&str> = samples().into_iter().map(|(key, _)| key).chain(shared).collect();
    let written: BTreeSet<&str> = source
        .lines()
        .filter(|line| line.starts_with(char::is_alphabetic))
        .filter_map(|line| line.split(" =").next())
        .collect();
    assert_eq!(written, kinds);
}
