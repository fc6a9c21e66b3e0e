//! What a form remembers when it is shown again: what was typed, except secrets, and what was wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::shown::Shown;
use super::wait::Wait;
use crate::kernel::personal::Personal;

/// The fields of one form.
pub trait FormField: Copy + 'static {
    /// Every field, in the order of the page.
    const ALL: &'static [Self];

    /// Its `name` in the form.
    fn name(self) -> &'static str;

    /// Whether what was typed comes back when the form is shown again.
    fn echo(self) -> Echo;
}

/// What becomes of what was typed into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// It stands there again.
    Typed,
    /// The field is empty again: passwords, codes.
    Nothing,
}

/// A form's state. A secret that is put into it is dropped, so that no page can echo one.
#[derive(Debug, Clone, Serialize)]
#[serde(bound = "")]
pub struct Form<F> {
    fields: BTreeMap<&'static str, FieldState>,
    errors: Vec<Wrong>,
    /// After how many seconds to try again, when that is what is wrong.
    retry_after: Option<Wait>,
    #[serde(skip)]
    of: std::marker::PhantomData<F>,
}

#[derive(Debug, Clone, Default, Serialize)]
struct FieldState {
    value: Shown,
    /// The code of what is wrong with it, if anything is.
    error: Option<&'static str>,
}

/// One line of the summary of what is wrong.
#[derive(Debug, Clone, Serialize)]
struct Wrong {
    /// The field, or nothing when it is the form as a whole.
    field: Option<&'static str>,
    code: &'static str,
}

impl<F: FormField> Form<F> {
    /// A form that nobody has filled in yet.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            fields: F::ALL.iter().map(|field| (field.name(), FieldState::default())).collect(),
            errors: Vec::new(),
            retry_after: None,
            of: std::marker::PhantomData,
        }
    }

    /// The form with what was typed into `field`, unless that is never echoed.
    #[must_use]
    pub fn typed(mut self, field: F, value: Personal<String>) -> Self {
        if let (Echo::Typed, Some(state)) = (field.echo(), self.fields.get_mut(field.name())) {
            state.value = value.into();
        }
        self
    }

    /// The form with something wrong with `field`. `code` is that of the problem (`errors[].code` in the API); one
    /// that has no text of its own is told as 'check this'.
    #[must_use]
    pub fn wrong(mut self, field: F, code: &'static str) -> Self {
        if let Some(state) = self.fields.get_mut(field.name()) {
            state.error.get_or_insert(code);
        }
        self.errors.push(Wrong { field: Some(field.name()), code });
        self
    }

    /// The form refused as a whole.
    #[must_use]
    pub fn refused(mut self, code: &'static str) -> Self {
        self.errors.push(Wrong { field: None, code });
        self
    }

    /// The form that says when to try again.
    #[must_use]
    pub fn to_try_again_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait.into());
        self
    }
}

/// Declares a form's fields.
macro_rules! form_fields {
    ($(#[$doc:meta])* $form:ident { $($(#[$field_doc:meta])* $field:ident = $name:literal, $echo:ident;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $form { $($(#[$field_doc])* $field,)+ }

        impl $crate::web::pages::form::FormField for $form {
            const ALL: &'static [Self] = &[$(Self::$field),+];

            fn name(self) -> &'static str {
                match self { $(Self::$field => $name),+ }
            }

            fn echo(self) -> $crate::web::pages::form::Echo {
                match self { $(Self::$field => $crate::web::pages::form::Echo::$echo),+ }
            }
        }
    };
}
pub(super) use form_fields;

#[cfg(test)]
mod tests {
    #![expect(unreachable_pub, reason = "the macro declares what pages offer")]

    use super::*;

    form_fields! {
        /// A form for these tests.
        Sample {
            /// Comes back.
            Email = "email", Typed;
            /// Does not.
            Password = "password", Nothing;
        }
    }

    #[test]
    fn a_secret_is_never_echoed() {
        let form = Form::empty()
            .typed(Sample::Email, Personal::new("anna@example.com".to_owned()))
            .typed(Sample::Password, Personal::new("hunter2".to_owned()));
        let shown = minijinja::Value::from(minijinja::value::Serde(&form)).to_string();
        assert!(shown.contains("anna@example.com"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn the_first_error_of_a_field_stands_beside_it_and_all_stand_in_the_summary() {
        let form = Form::empty().wrong(Sample::Email, "required").wrong(Sample::Email, "malformed").refused("expired");
        assert_eq!(form.fields["email"].error, Some("required"));
        assert_eq!(form.errors.len(), 3);
    }
}
