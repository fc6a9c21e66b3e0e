//! The body of a request to a text gateway, with places to fill.
//!
//! It is read into its structure once; what is filled in goes into a text within that structure and is then written out
//! again, so that nothing in a message can become anything but text.

use serde_json::Value;

use crate::kernel::personal::Secret;

/// A body with places to fill.
pub struct Template(Form);

enum Form {
    Json(Value),
    /// Names and values.
    Urlencoded(Vec<(String, String)>),
}

/// What is filled in.
pub struct Filling<'f> {
    /// The number in E.164 form.
    pub number: &'f str,
    /// The words.
    pub text: &'f str,
    /// Who it comes from.
    pub sender: &'f str,
}

/// Why a text is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Neither of the two forms.
    #[error("sms.content_type is neither application/json nor application/x-www-form-urlencoded")]
    ContentType,
    /// Not of its form.
    #[error("sms.body is not of the form that sms.content_type names")]
    Malformed,
    /// It does not say to whom, or not what.
    #[error("sms.body has no place for {{text}}, or none for {{number}} or {{digits}}")]
    Incomplete,
}

const JSON: &str = "application/json";
const URLENCODED: &str = "application/x-www-form-urlencoded";

impl Template {
    /// Reads a template: JSON, or `name=value&name=value` written plainly, without percent signs of its own.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub fn parse(content_type: &str, body: &str) -> Result<Self, TemplateError> {
        let form = match content_type {
            JSON => Form::Json(serde_json::from_str(body).map_err(|_| TemplateError::Malformed)?),
            URLENCODED => {
                let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
                let pairs: Option<Vec<_>> = body.split('&').map(|text| pair(text.trim())).collect();
                Form::Urlencoded(
                    pairs.filter(|all| all.iter().all(|(name, _)| !name.is_empty())).ok_or(TemplateError::Malformed)?,
                )
            }
            _ => return Err(TemplateError::ContentType),
        };
        let template = Self(form);
        let told = |number, text| {
            let filled = template.fill(&Filling { number, text, sender: "" });
            String::from_utf8_lossy(filled.reveal()).into_owned()
        };
        let bare = told("+1", "x");
        if bare == told("+2", "x") || bare == told("+1", "y") {
            return Err(TemplateError::Incomplete);
        }
        Ok(template)
    }

    /// What `Content-Type` says of the body.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match self.0 {
            Form::Json(_) => JSON,
            Form::Urlencoded(_) => URLENCODED,
        }
    }

    /// The body for one message.
    #[must_use]
    pub fn fill(&self, filling: &Filling<'_>) -> Secret<Vec<u8>> {
        match &self.0 {
            Form::Json(value) => Secret::new(filled(value, filling).to_string().into_bytes()),
            Form::Urlencoded(pairs) => {
                let mut body = Vec::new();
                for (name, value) in pairs {
                    if !body.is_empty() {
                        body.push(b'&');
                    }
                    encode(name, &mut body);
                    body.push(b'=');
                    encode(&filling.put_into(value), &mut body);
                }
                Secret::new(body)
            }
        }
    }
}

fn filled(value: &Value, filling: &Filling<'_>) -> Value {
    match value {
        Value::String(text) => Value::String(filling.put_into(text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| filled(item, filling)).collect()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), filled(value, filling))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

impl Filling<'_> {
    /// The text with its places filled, in one pass: what was filled in is not looked at again.
    fn put_into(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            out.push_str(before);
            let places = [
                ("{number}", self.number),
                ("{digits}", self.number.trim_start_matches('+')),
                ("{text}", self.text),
                ("{sender}", self.sender),
            ];
            match places.iter().find_map(|(place, value)| Some((from.strip_prefix(place)?, value))) {
                Some((after, value)) => {
                    out.push_str(value);
                    rest = after;
                }
                None => {
                    out.push('{');
                    rest = from.get(1..).unwrap_or_default();
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// As a form is sent (WHATWG URL §5.2), spaces as `%20`.
fn encode(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte);
        } else {
            out.extend(format!("%{byte:02X}").bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JSON_BODY: &str =
        r#"{"to": ["{number}"], "from": "{sender}", "content": {"text": "Seif: {text}", "flash": false, "parts": 3}}"#;
    const FORM_BODY: &str = "To={number}&From={sender}&Body=Seif: {text}";

    fn fill(content_type: &str, body: &str, text: &str) -> String {
        let template = Template::parse(content_type, body).unwrap();
        let filled = template.fill(&Filling { number: "+37120000000", text, sender: "Seif" });
        String::from_utf8(filled.reveal().clone()).unwrap()
    }

    /// A form as its receiver reads it.
    fn read(form: &str) -> Vec<(String, String)> {
        url::form_urlencoded::parse(form.as_bytes()).into_owned().collect()
    }

    #[test]
    fn a_template_says_to_whom_and_what() {
        for body in ["{}", r#"{"text": "{text}"}"#, r#"{"to": "{number}"}"#, r#"{"{number}": "{text}"}"#] {
            assert_eq!(Template::parse(JSON, body).err(), Some(TemplateError::Incomplete), "{body}");
        }
        assert_eq!(Template::parse(JSON, "To={number}&Body={text}").err(), Some(TemplateError::Malformed));
        for body in ["", "{number}{text}", "={number}&b={text}"] {
            assert_eq!(Template::parse(URLENCODED, body).err(), Some(TemplateError::Malformed), "{body}");
        }
        assert_eq!(Template::parse("text/plain", "{number} {text}").err(), Some(TemplateError::ContentType));
        assert!(Template::parse(URLENCODED, "mobile={digits}&message={text}").is_ok());
    }

    #[test]
    fn a_place_is_filled_once_and_what_is_filled_in_is_no_place() {
        let filled = fill(URLENCODED, "a={digits}&b={text}&c={other}{", "{number} {sender}");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read(&filled), [pair("a", "37120000000"), pair("b", "{number} {sender}"), pair("c", "{other}{")]);
    }

    proptest! {
        #[test]
        fn whatever_a_message_says_it_stays_text(text in ".*") {
            let json: Value = serde_json::from_str(&fill(JSON, JSON_BODY, &text)).unwrap();
            let wanted = serde_json::json!({"to": ["+37120000000"], "from": "Seif", "content": {"text": format!("Seif: {text}"), "flash": false, "parts": 3}});
            prop_assert_eq!(json, wanted);
            let form = read(&fill(URLENCODED, FORM_BODY, &text));
            let pair = |name: &str, value: String| (name.to_owned(), value);
            prop_assert_eq!(form, vec![pair("To", "+37120000000".to_owned()), pair("From", "Seif".to_owned()), pair("Body", format!("Seif: {text}"))]);
        }
    }
}
