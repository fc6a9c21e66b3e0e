//! A message as it goes over the wire (RFC 5322): one part of plain text, and no header that tells anything beyond.

use lettre::Address;
use lettre::address::AddressError;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Body, Mailbox, Message};

use crate::kernel::clock::Time;
use crate::kernel::ids::MessageId;
use crate::kernel::personal::{Personal, Secret};
use crate::messages::notice::{Life, Mail};
use crate::messages::texts::{Texts, TextsError, plain};

/// Who writes: the service's name, the address that mails come from, and the one that answers questions.
#[derive(Debug, Clone)]
pub struct Letterhead {
    name: String,
    from: Address,
    contact: Address,
}

/// What is wrong with a letterhead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LetterheadError {
    /// It is empty, too long, or a mail program could make a link of it.
    #[error("the service's name cannot stand in a mail")]
    Name,
    /// Not an e-mail address.
    #[error("the address that mails come from is not an e-mail address")]
    From,
    /// Not an e-mail address.
    #[error("the contact is not an e-mail address")]
    Contact,
}

impl Letterhead {
    /// The letterhead of the service called `name`, whose mails come from `from`; questions go to `contact` (P-16).
    ///
    /// # Errors
    ///
    /// Where one of the three cannot stand in a mail.
    pub fn new(name: &str, from: &str, contact: &str) -> Result<Self, LetterheadError> {
        Ok(Self {
            name: plain(name).ok_or(LetterheadError::Name)?,
            from: on_the_wire(from).map_err(|_| LetterheadError::From)?,
            contact: contact.parse().map_err(|_| LetterheadError::Contact)?,
        })
    }

    /// The service's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address that answers questions.
    #[must_use]
    pub fn contact(&self) -> &str {
        self.contact.as_ref()
    }
}

/// A message that is ready to go.
#[derive(Debug)]
pub struct Outgoing {
    /// The outbox's id for it, and the left side of its Message-ID.
    pub id: MessageId,
    /// When it was queued; its Date.
    pub queued_at: Time,
    /// How long it is worth delivering.
    pub life: Life,
    /// The address that it comes from, on the envelope too.
    pub(in crate::messages) sender: Address,
    /// The address that it goes to.
    pub(in crate::messages) recipient: Personal<Address>,
    /// Headers and text as they go over the wire: lines ended by CRLF, all ASCII but the name before a recipient's `@`
    /// where that is not (RFC 6532).
    pub(in crate::messages) content: Secret<Vec<u8>>,
}

/// Why no message came of a mail. Trying again would not help.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The recipient's address is not one that SMTP knows.
    #[error("the recipient's address cannot be used")]
    Recipient(#[source] AddressError),
    /// The language lacks something.
    #[error(transparent)]
    Texts(#[from] TextsError),
    /// The mail builder refused it.
    #[error("the message cannot be built")]
    Build,
}

/// Makes the message for `mail`, byte by byte the same each time it is tried: its Message-ID is `id` at the sender's
/// domain, its Date is when it was queued, so that a repeated one can be known as such.
///
/// # Errors
///
/// [`ComposeError`]; none of them holds the address.
pub fn compose(
    texts: &Texts,
    letterhead: &Letterhead,
    mail: &Mail,
    id: MessageId,
    queued_at: Time,
) -> Result<Outgoing, ComposeError> {
    let recipient = on_the_wire(mail.to.display()).map_err(ComposeError::Recipient)?;
    let words = texts.write(&mail.notice, mail.language, letterhead)?;
    let content = build(letterhead, &recipient, &words.subject, words.body.reveal(), id, queued_at)?;
    Ok(Outgoing {
        id,
        queued_at,
        life: mail.notice.life(),
        sender: letterhead.from.clone(),
        recipient: Personal::new(recipient),
        content,
    })
}

/// The address with its domain as mail servers know it (RFC 5890 §2.3.2.1): `piemērs.lv` is `xn--piemrs-s3a.lv`, and
/// needs no server that speaks SMTPUTF8.
fn on_the_wire(address: &str) -> Result<Address, AddressError> {
    let (local, domain) = address.rsplit_once('@').ok_or(AddressError::MissingParts)?;
    if domain.is_ascii() {
        return Address::new(local, domain);
    }
    let domain = idna::domain_to_ascii(domain).map_err(|_| AddressError::InvalidDomain)?;
    Address::new(local, domain)
}

fn build(
    letterhead: &Letterhead,
    recipient: &Address,
    subject: &str,
    body: &str,
    id: MessageId,
    queued_at: Time,
) -> Result<Secret<Vec<u8>>, ComposeError> {
    let subject: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let message = Message::builder()
        .from(Mailbox::new(Some(letterhead.name.clone()), letterhead.from.clone()))
        .to(Mailbox::new(None, recipient.clone()))
        .subject(subject)
        .raw_header(header("Date", date(queued_at)?))
        .message_id(Some(format!("<{id}@{}>", letterhead.from.domain())))
        // RFC 3834 §5: no out-of-office note answers it.
        .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
        .header(MIME_VERSION_1_0)
        .header(ContentType::TEXT_PLAIN)
        .body(text(body)?)
        .map_err(|_| ComposeError::Build)?;
    Ok(Secret::new(message.formatted()))
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// RFC 5322 §3.3, in UTC.
fn date(time: Time) -> Result<String, ComposeError> {
    let time = jiff::Timestamp::from_microsecond(time.micros()).map_err(|_| ComposeError::Build)?;
    Ok(time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
}

/// Quoted-printable, which leaves a code's line readable in any language and keeps the message in seven bits.
fn text(body: &str) -> Result<Body, ComposeError> {
    Body::new_with_encoding(body.to_owned(), ContentTransferEncoding::QuotedPrintable).map_err(|_| ComposeError::Build)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::kernel::entropy::Entropy;
    use crate::kernel::values::{EmailAddress, Locale};
    use crate::messages::notice::{Code, Notice};

    fn letterhead() -> Letterhead {
        Letterhead::new("Seif", "noreply@mail.example.com", "help@example.com").unwrap()
    }

    fn at() -> Time {
        Time::parse("2026-03-01T12:00:00Z").unwrap()
    }

    fn id() -> MessageId {
        MessageId::new(at(), &Entropy::seeded(1))
    }

    fn composed(language: Locale, to: &str) -> Result<String, ComposeError> {
        let notice = Notice::SignupCode { code: Code::new(Secret::new("042042".to_owned()), Duration::from_mins(10)) };
        let mail = Mail { to: EmailAddress::parse(to).unwrap(), language, notice };
        let message = compose(&Texts::load().unwrap(), &letterhead(), &mail, id(), at())?;
        assert_eq!(message.life, Life::Code(Duration::from_mins(10)));
        Ok(String::from_utf8(message.content.reveal().clone()).unwrap())
    }

    fn headers(message: &str) -> Vec<&str> {
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).collect()
    }

    #[test]
    fn a_message_has_these_headers_and_no_others() {
        let message = composed(Locale::En, "anna@example.com").unwrap();
        let seen = headers(&message);
        let message_id = format!("Message-ID: <{}@mail.example.com>", id());
        let wanted = vec![
            "From: Seif <noreply@mail.example.com>",
            "To: anna@example.com",
            "Subject: Your code for joining Seif",
            "Date: Sun, 01 Mar 2026 12:00:00 +0000",
            message_id.as_str(),
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
        ];
        let sorted = |mut lines: Vec<&str>| {
            lines.sort_unstable();
            lines.join("\n")
        };
        assert_eq!(sorted(seen), sorted(wanted));
    }

    #[test]
    fn a_message_is_ascii_in_each_language_and_its_code_stands_alone_on_a_line() {
        for language in Locale::ALL {
            let message = composed(language, "anna@example.com").unwrap();
            assert!(message.is_ascii(), "{language:?}");
            assert_eq!(message.split("\r\n").filter(|line| *line == "042042").count(), 1, "{language:?}: {message}");
            assert!(
                message.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])),
                "{language:?}"
            );
        }
    }

    #[test]
    fn the_same_mail_gives_the_same_bytes() {
        assert_eq!(composed(Locale::Kk, "a@example.com").unwrap(), composed(Locale::Kk, "a@example.com").unwrap());
    }

    #[test]
    fn nothing_in_a_subject_or_an_address_can_add_a_header() {
        let to: Address = "anna@example.com".parse().unwrap();
        for end in ["\r\n", "\n", "\r", "\u{0}\r\n"] {
            let subject = format!("Hello{end}Bcc: all@example.com{end}{end}Text");
            let content = build(&letterhead(), &to, &subject, "body\r\n", id(), at()).unwrap();
            let message = String::from_utf8(content.reveal().clone()).unwrap();
            assert!(!headers(&message).iter().any(|line| line.starts_with("Bcc")), "{message}");
            assert_eq!(headers(&message).len(), 9, "{message}");
            let address = format!("anna@example.com{end}Bcc: all@example.com");
            assert!(on_the_wire(&address).is_err());
        }
        assert_eq!(
            Letterhead::new("Seif\r\nBcc: all", "noreply@example.com", "help@example.com").unwrap().name(),
            "Seif Bcc: all"
        );
    }

    #[test]
    fn a_letterhead_holds_no_link_and_only_addresses() {
        let new = |name, from, contact| Letterhead::new(name, from, contact).err();
        let (from, contact) = ("noreply@example.com", "help@example.com");
        assert_eq!(new("seif.example", from, contact), Some(LetterheadError::Name));
        assert_eq!(new("Seif", "nobody", contact), Some(LetterheadError::From));
        assert_eq!(new("Seif", from, "https://help.example.com"), Some(LetterheadError::Contact));
        assert_eq!(new("Seif", from, contact), None);
    }

    #[test]
    fn a_domain_in_any_script_is_written_as_servers_know_it() {
        let message = composed(Locale::Lv, "anna@Piemērs.lv").unwrap();
        assert!(headers(&message).contains(&"To: anna@xn--piemrs-s3a.lv"), "{message}");
        let message = composed(Locale::Kk, "анна@пример.қаз").unwrap();
        assert!(headers(&message).contains(&"To: анна@xn--e1afmkfd.xn--80ao21a"), "{message}");
    }
}
