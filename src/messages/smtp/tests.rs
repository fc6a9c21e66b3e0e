//! Against a real mail server, `tests/smtp/server.py`, in the environment that `ops/lib/smtp-venv` makes.

use super::*;
use crate::kernel::clock::Time;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::MessageId;
use crate::kernel::values::{EmailAddress, Locale};
use crate::messages::delivery::Subject;
use crate::messages::mail::{Letterhead, compose};
use crate::messages::notice::{Code, Mail as Letter, Notice};
use crate::messages::texts::Texts;
use crate::testing::{MailServer, certify};

fn message_to(address: &str) -> Outgoing {
    let now = Time::parse("2026-03-01T12:00:00Z").unwrap();
    let letterhead = Letterhead::new("Seif", "noreply@mail.example.com", "help@example.com").unwrap();
    let code = Code::new(Secret::new("042042".to_owned()), Duration::from_mins(10));
    let notice = Notice::SignupCode { code };
    let mail = Letter { to: EmailAddress::parse(address).unwrap(), language: Locale::Kk, notice };
    compose(&Texts::load().unwrap(), &letterhead, &mail, MessageId::new(now, &Entropy::seeded(1)), now).unwrap()
}

async fn send(settings: SmtpSettings, address: &str) -> Delivery {
    Smtp::new(settings).unwrap().deliver(&message_to(address)).await
}

/// The same lines, whatever blank ones the end of SMTP's data leaves behind.
fn assert_arrived(received: Option<&[u8]>, sent: &Outgoing) {
    assert_eq!(received.unwrap().trim_ascii_end(), sent.content.reveal().trim_ascii_end());
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written_over_starttls_and_over_implicit_tls() {
    for (mode, tls) in [("starttls", Tls::StartTls), ("implicit", Tls::Implicit)] {
        let Some(server) = MailServer::start(mode) else { return };
        assert_eq!(send(server.settings(tls), "anna@example.com").await, Delivery::Accepted);
        assert_arrived(server.received(1).as_deref(), &message_to("anna@example.com"));
        assert!(server.events().contains(&"EHLO under TLS".to_owned()), "{:?}", server.events());
    }
}

#[tokio::test]
async fn a_server_without_tls_hears_neither_of_credentials_nor_of_mails() {
    let Some(server) = MailServer::start_as("localhost", &["plain", "--login", "seif:secret"]) else { return };
    for tls in [Tls::StartTls, Tls::Implicit] {
        let mut settings = server.settings(tls);
        settings.login = Some(Login { user: "seif".to_owned(), password: Secret::new("secret".to_owned()) });
        let why = if tls == Tls::StartTls { Unreachable::NoTls } else { Unreachable::Tls };
        assert_eq!(send(settings, "anna@example.com").await, Delivery::Unreachable(why));
    }
    assert_eq!(server.events(), ["EHLO in the clear"]);
    assert_eq!(server.received(1), None);
}

#[tokio::test]
async fn a_certificate_for_another_name_or_of_another_authority_is_refused() {
    for (mode, tls) in [("starttls", Tls::StartTls), ("implicit", Tls::Implicit)] {
        let Some(wrong_name) = MailServer::start_as("mail.other.example", &[mode]) else { return };
        let delivery = send(wrong_name.settings(tls), "anna@example.com").await;
        assert_eq!(delivery, Delivery::Unreachable(Unreachable::Tls));
        let Some(unknown) = MailServer::start(mode) else { return };
        let settings = SmtpSettings { roots: Roots::Pem(wrong_name.roots.clone().into()), ..unknown.settings(tls) };
        assert_eq!(send(settings, "anna@example.com").await, Delivery::Unreachable(Unreachable::Tls));
        for server in [wrong_name, unknown] {
            assert!(!server.events().iter().any(|event| event == "EHLO under TLS" || event == "MAIL"));
        }
    }
}

#[tokio::test]
async fn answers_that_somebody_adds_before_the_handshake_are_not_believed() {
    let Some(server) = MailServer::start("meddled") else { return };
    let delivery = send(server.settings(Tls::StartTls), "anna@example.com").await;
    assert_eq!(delivery, Delivery::Unreachable(Unreachable::Tls));
    assert_eq!(server.events(), Vec::<String>::new());
}

#[tokio::test]
async fn refusals_and_deferrals_say_what_they_are_about_and_hold_no_address() {
    let Some(server) = MailServer::start("implicit") else { return };
    let smtp = Smtp::new(server.settings(Tls::Implicit)).unwrap();
    let about = |reply, about| Refusal { reply: Some(reply), about: Some(about) };
    for (to, expected) in [
        ("refuse@example.com", Delivery::Refused(about(550, Subject::Address))),
        ("full@example.com", Delivery::Deferred(about(452, Subject::Mailbox))),
        ("spam@example.com", Delivery::Refused(about(554, Subject::Policy))),
        ("silent@example.com", Delivery::Uncertain),
        ("anna@example.com", Delivery::Accepted),
    ] {
        let delivery = smtp.deliver(&message_to(to)).await;
        assert_eq!(delivery, expected, "{to}");
        assert!(!format!("{delivery:?}").contains("example"));
    }
    assert!(server.received(1).is_some() && server.received(2).is_none());
}

#[tokio::test]
async fn an_address_in_another_script_goes_to_a_server_that_takes_it_and_to_no_other() {
    // RFC 6531 §3.2
    let refused = Delivery::Refused(Refusal { reply: None, about: None });
    for (arguments, expected) in [(&["implicit"][..], refused), (&["implicit", "--utf8"], Delivery::Accepted)] {
        let Some(server) = MailServer::start_as("localhost", arguments) else { return };
        assert_eq!(send(server.settings(Tls::Implicit), "анна@пример.қаз").await, expected);
        assert_eq!(server.received(1).is_some(), expected == Delivery::Accepted);
    }
}

#[tokio::test]
async fn the_service_signs_in_where_the_server_wants_it() {
    let Some(server) = MailServer::start_as("localhost", &["implicit", "--login", "seif:secret"]) else { return };
    for (password, expected) in [("secret", Delivery::Accepted), ("guess", Delivery::Unreachable(Unreachable::Login))] {
        let mut settings = server.settings(Tls::Implicit);
        settings.login = Some(Login { user: "seif".to_owned(), password: Secret::new(password.to_owned()) });
        assert_eq!(send(settings, "anna@example.com").await, expected);
    }
    assert_eq!(server.received(2), None);
}

#[tokio::test]
async fn a_connection_serves_many_messages_and_a_dead_one_is_replaced() {
    let Some(mut server) = MailServer::start("implicit") else { return };
    let smtp = Smtp::new(server.settings(Tls::Implicit)).unwrap();
    for _ in 0..3 {
        assert_eq!(smtp.deliver(&message_to("anna@example.com")).await, Delivery::Accepted);
    }
    let greetings = |server: &MailServer| server.events().iter().filter(|event| event.starts_with("EHLO")).count();
    assert_eq!((greetings(&server), server.received(3).is_some()), (1, true));
    server.restart("implicit");
    assert_eq!(smtp.deliver(&message_to("anna@example.com")).await, Delivery::Accepted);
    assert_eq!(greetings(&server), 2);
    server.stop();
    let delivery = smtp.deliver(&message_to("anna@example.com")).await;
    assert_eq!(delivery, Delivery::Unreachable(Unreachable::Connection));
}

#[tokio::test]
async fn as_many_as_go_at_once_find_their_connections_again() {
    let Some(server) = MailServer::start("implicit") else { return };
    let smtp = Smtp::new(server.settings(Tls::Implicit)).unwrap();
    let message = message_to("anna@example.com");
    for _ in 0..3 {
        let sent = futures_util::future::join_all((0..IDLE).map(|_| smtp.deliver(&message))).await;
        assert!(sent.iter().all(|delivery| *delivery == Delivery::Accepted), "{sent:?}");
    }
    let greetings = server.events().iter().filter(|event| event.starts_with("EHLO")).count();
    assert_eq!((greetings, server.received(24).is_some()), (8, true));
}

#[tokio::test]
async fn a_line_that_begins_with_a_dot_arrives_as_it_is_and_ends_nothing() {
    let Some(server) = MailServer::start("implicit") else { return };
    let smtp = Smtp::new(server.settings(Tls::Implicit)).unwrap();
    for end in ["", "\r\n", "\r\n."] {
        let mut message = message_to("anna@example.com");
        let dots = format!("Subject: dots\r\n\r\n.\r\n..\r\n.a\r\nb.\r\n.c{end}");
        message.content = Secret::new(dots.clone().into_bytes());
        assert_eq!(smtp.deliver(&message).await, Delivery::Accepted);
        let received = server.messages().pop().unwrap();
        assert_eq!(received.trim_end(), dots.trim_end());
    }
}

#[test]
fn a_message_and_its_end_are_one_write() {
    for (content, expected) in
        [("a", "a\r\n.\r\n"), ("a\r\n", "a\r\n.\r\n"), (".\r\na", "..\r\na\r\n.\r\n"), ("", "\r\n.\r\n")]
    {
        assert_eq!(data(content), expected, "{content:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_time() {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for tls in [Tls::Implicit, Tls::StartTls] {
        let settings = SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port: mute.local_addr().unwrap().port(),
            tls,
            roots: Roots::Pem(certify("127.0.0.1", tempfile::tempdir().unwrap().path()).into()),
            login: None,
            hello: "vault.example.com".to_owned(),
            patience: Duration::from_millis(50),
        };
        assert_eq!(send(settings, "anna@example.com").await, Delivery::Unreachable(Unreachable::Timeout));
    }
}

#[test]
fn roots_without_a_certificate_are_an_error_at_the_start() {
    let with = |roots| SmtpSettings {
        host: "localhost".to_owned(),
        port: 465,
        tls: Tls::Implicit,
        roots: Roots::Pem(roots),
        login: None,
        hello: "vault.example.com".to_owned(),
        patience: Duration::from_secs(1),
    };
    let bad = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    for roots in [Vec::new(), b"nothing".to_vec(), bad] {
        assert!(Smtp::new(with(roots)).is_err());
    }
}
