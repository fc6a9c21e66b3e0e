//! How mails leave, from the settings.

use std::time::Duration;

use crate::app::AppError;
use crate::kernel::Kernel;
use crate::kernel::personal::Secret;
use crate::messages::files::Files;
use crate::messages::mail::Letterhead;
use crate::messages::outbox::Outbox;
use crate::messages::sms::{Gateway, GatewaySettings};
use crate::messages::smtp::{Login, Roots, Smtp, SmtpSettings, Tls};
use crate::messages::telling::Telling;
use crate::messages::texts::Texts;
use crate::messages::transport::Transport;
use crate::policies;
use crate::settings::values::SmtpSecurity;
use crate::settings::{Settings, SmsHeader, SmsHeaderValue};

/// How long a mail server or a gateway may take for one step.
const PATIENCE: Duration = Duration::from_secs(30);

/// The outbox of `kernel`: by SMTP where a server is configured, else into files.
pub(super) fn outbox(kernel: &Kernel, settings: &Settings) -> Result<Outbox, AppError> {
    let (transport, gateway) = (transport(settings)?, gateway(settings)?);
    Ok(Outbox::reporting(kernel.clone(), transport, gateway, texts()?, letterhead(settings)?, policies::settled))
}

/// What says on a page what mails say.
pub(super) fn telling(settings: &Settings) -> Result<Telling, AppError> {
    Ok(Telling::new(texts()?, letterhead(settings)?))
}

fn texts() -> Result<Texts, AppError> {
    Texts::load().map_err(|error| AppError::Mail(error.to_string()))
}

fn letterhead(settings: &Settings) -> Result<Letterhead, AppError> {
    let from = settings.smtp.as_ref().map_or("seif@localhost", |smtp| smtp.from.as_str());
    let name = settings.operator.name.as_deref().unwrap_or("Seif");
    Letterhead::new(name, from, settings.contact()).map_err(|error| AppError::Mail(error.to_string()))
}

/// The gateway for text messages, where one is configured.
fn gateway(settings: &Settings) -> Result<Option<Gateway>, AppError> {
    let Some(sms) = &settings.sms else { return Ok(None) };
    let header = |header: &SmsHeader| -> Result<(String, Secret<String>), AppError> {
        let value = match &header.value {
            SmsHeaderValue::Plain(value) => Secret::new(value.clone()),
            SmsHeaderValue::File(file) => file.read()?,
        };
        Ok((header.name.clone(), value))
    };
    let roots = |path: &std::path::PathBuf| {
        std::fs::read(path).map_err(|error| AppError::Io("sms.roots cannot be read".to_owned(), error))
    };
    let described = GatewaySettings {
        url: sms.url.clone(),
        method: sms.method.clone(),
        headers: sms.headers.iter().map(header).collect::<Result<_, _>>()?,
        content_type: sms.content_type.clone(),
        body: sms.body.clone(),
        success: sms.success.clone(),
        sender: sms.sender.clone(),
        roots: sms.roots.as_ref().map(roots).transpose()?,
        patience: PATIENCE,
    };
    Gateway::new(described).map(Some).map_err(|error| AppError::Texts(error.to_string()))
}

fn transport(settings: &Settings) -> Result<Transport, AppError> {
    let Some(smtp) = &settings.smtp else {
        let files =
            Files::open(&settings.data).map_err(|error| AppError::Io("the folder of mails".to_owned(), error))?;
        return Ok(Transport::Files(files));
    };
    let login = smtp
        .credentials
        .as_ref()
        .map(|known| Ok::<_, AppError>(Login { user: known.user.clone(), password: known.password.read()? }));
    let hello = smtp
        .helo
        .as_ref()
        .or(settings.server.names.first())
        .map_or_else(|| "localhost".to_owned(), ToString::to_string);
    let relay = SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port,
        tls: match smtp.security {
            SmtpSecurity::Implicit => Tls::Implicit,
            SmtpSecurity::Starttls => Tls::StartTls,
        },
        roots: Roots::System,
        login: login.transpose()?,
        hello,
        patience: PATIENCE,
    };
    let smtp = Smtp::new(relay).map_err(|error| AppError::Mail(error.to_string()))?;
    Ok(Transport::Smtp(Box::new(smtp)))
}
