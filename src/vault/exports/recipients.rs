//! For whom an archive is sealed: up to five age recipients, or nobody in particular.

use crate::kernel::crypto::age::Recipient;

/// Nobody in particular, or up to [`Recipients::MOST`], each of whom opens the archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipients(Vec<Recipient>);

/// Why they are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRecipients {
    /// This one, counted from 0, is none.
    Wrong(usize),
    /// There are too many.
    TooMany,
}

impl Recipients {
    /// There are at most so many.
    pub const MOST: usize = 5;

    /// The recipients that are written so, `age1…`.
    ///
    /// # Errors
    /// One is none, or there are too many.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, NotRecipients> {
        let mut all = Vec::new();
        for (number, text) in texts.into_iter().enumerate() {
            if number == Self::MOST {
                return Err(NotRecipients::TooMany);
            }
            all.push(Recipient::parse(text).map_err(|_| NotRecipients::Wrong(number))?);
        }
        Ok(Self(all))
    }

    /// Each of them.
    #[must_use]
    pub fn all(&self) -> &[Recipient] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_five_are_taken_and_the_wrong_one_is_named() {
        const ONE: &str = "age1act7dlpd77p9djfvd8nttpwv9g9nh7xw9kdfm9k8y3n7anhyhcvs8ajtv6";
        assert_eq!(Recipients::parse([]).unwrap(), Recipients::default());
        assert_eq!(Recipients::parse([ONE; 5]).unwrap().all().len(), 5);
        assert_eq!(Recipients::parse([ONE; 6]), Err(NotRecipients::TooMany));
        assert_eq!(Recipients::parse([ONE, "age1"]), Err(NotRecipients::Wrong(1)));
        assert_eq!(Recipients::parse([""]), Err(NotRecipients::Wrong(0)));
    }
}
