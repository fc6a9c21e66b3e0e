//! The way out of a message.

use crate::messages::delivery::Delivery;
use crate::messages::files::Files;
use crate::messages::mail::Outgoing;
use crate::messages::smtp::Smtp;

/// Where messages go, chosen once by the settings.
#[derive(Debug)]
pub enum Transport {
    /// To a mail server, over TLS.
    Smtp(Box<Smtp>),
    /// Into the data folder: for trying out on a laptop.
    Files(Files),
}

impl Transport {
    /// Hands `message` over once. It has no memory: not to send a code twice is the caller's part, who notes the
    /// attempt before it begins and asks [`crate::messages::retry`] about the next.
    pub async fn deliver(&self, message: &Outgoing) -> Delivery {
        match self {
            Self::Smtp(smtp) => smtp.deliver(message).await,
            Self::Files(files) => files.deliver(message).await,
        }
    }
}
