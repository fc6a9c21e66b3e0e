//! What the service says to people by mail and by text message: the words, the message, and its way out.
//!
//! A slice says what it has to say as a [`notice::Notice`] inside a [`notice::Mail`], which is sealed into the outbox
//! in the slice's own transaction ([`outbox::enqueue`]). Later [`texts`] finds the words in the reader's language, [`mail`] makes an RFC 5322
//! message of them, and a [`transport::Transport`] delivers it: over TLS to the configured server ([`smtp`]), or into
//! the data folder where none is configured ([`files`]). What came of it is a [`delivery::Delivery`]; [`retry`] decides
//! from it what happens next. A code to a phone is a [`notice::Text`] ([`outbox::enqueue_text`]) and leaves through the
//! configured gateway ([`sms`]); without one, no slice offers it.
//!
//! A mail holds codes and words, never a link or an attachment (R-11, P-5). Uses the kernel alone; only this folder
//! names lettre. Start at [`notice`], then [`transport`].

pub mod delivery;
pub mod files;
pub mod mail;
pub mod notice;
pub mod outbox;
pub mod retry;
pub mod sms;
pub mod smtp;
pub mod telling;
pub mod texts;
pub mod transport;

#[cfg(any(test, feature = "testing"))]
pub(crate) mod python;
