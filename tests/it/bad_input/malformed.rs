//! Bodies that are no JSON and no form, and what every answer must have.

use seif::testing::{Answer, MARK};

/// What stands on every answer.
pub(super) const ALWAYS: [&str; 12] = [
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "cross-origin-embedder-policy",
    "x-frame-options",
    "x-permitted-cross-domain-policies",
    "x-dns-prefetch-control",
    "origin-agent-cluster",
    "cache-control",
];

/// What is wrong with any answer, whatever was asked: a failure, a header that is missing, a third cookie.
pub(super) fn faults(answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    if answer.status >= 500 {
        faults.push(format!("a failure: {} {}", answer.status, answer.text()));
    }
    let missing = ALWAYS.iter().filter(|name| answer.headers.get_all(**name).iter().count() != 1);
    faults.extend(missing.map(|name| format!("not one header {name}")));
    for cookie in answer.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap_or_default();
        if !cookie.starts_with("__Host-session=") && !cookie.starts_with("__Host-prefs=") {
            faults.push(format!("another cookie: {cookie}"));
        }
    }
    faults
}

/// What is no JSON of ours.
pub(super) fn json() -> Vec<(&'static str, Vec<u8>)> {
    let nested = |open: &str, close: &str, deep: usize| (open.repeat(deep) + &close.repeat(deep)).into_bytes();
    let text = |text: &str| text.replace("MARK", MARK).into_bytes();
    let mut all = vec![
        ("an empty body", Vec::new()),
        ("an open brace", text("{")),
        ("a list that breaks off", text("[1, 2, \"MARK")),
        ("something after the end", text("{\"MARK\": 1} x")),
        ("a mark of byte order", [&b"\xef\xbb\xbf"[..], b"{}"].concat()),
        ("UTF-16", "{}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("invalid UTF-8 in a text", [b"{\"Kanarilintu\": \"", &b"\xff\xfe"[..], b"\"}"].concat()),
        ("overlong UTF-8", [b"{\"Kanarilintu\": \"", &b"\xc0\xaf"[..], b"\"}"].concat()),
        ("a bare NUL", b"\0".to_vec()),
        ("a NUL in a text", text("{\"MARK\": \"\0\"}")),
        ("half a surrogate pair", text("{\"MARK\": \"\\ud800\"}")),
        ("a number that is none", text("{\"MARK\": NaN}")),
        ("a number beyond all", text("{\"MARK\": 1e400}")),
        ("a number of many digits", text(&format!("{{\"MARK\": {}}}", "9".repeat(10_000)))),
        ("a number with a leading zero", text("{\"MARK\": 007}")),
        ("single quotes", text("{'MARK': 1}")),
        ("a comment", text("/* MARK */ {}")),
        ("the same member twice", text("{\"MARK\": 1, \"MARK\": 2}")),
        ("a form", text("name=MARK&a=b")),
    ];
    for deep in [128, 200, 50_000] {
        all.push(("deep lists", nested("[", "]", deep)));
        all.push(("deep objects", nested("{\"a\":", "}", deep)));
        all.push(("deep lists, open", "[".repeat(deep).into_bytes()));
    }
    all
}

/// The codes of problems, any of which will do.
pub(super) type Codes = &'static [&'static str];

/// What is no form of ours, and the codes that it must get; none where a form may be so.
pub(super) fn forms() -> Vec<(&'static str, Vec<u8>, Option<Codes>)> {
    let malformed: Option<Codes> = Some(&["malformed_request"]);
    vec![
        ("an empty form", Vec::new(), None),
        ("invalid UTF-8 in a form", b"name=\xff\xfe&code=\x80".to_vec(), malformed),
        ("invalid UTF-8 behind per cents", b"name=%ff%fe&code=%80&identifier=%ff&language=%ff".to_vec(), None),
        (
            "a NUL in a form",
            b"name=%00&number=%00&code=%00&email=%00&identifier=a%00&language=%00&text=%00".to_vec(),
            None,
        ),
        ("half a per cent", b"%=%&name=%zz&a=%1".to_vec(), None),
        ("signs alone", b"&&&===&=&".to_vec(), None),
        ("JSON", format!("{{\"{MARK}\": 1}}").into_bytes(), None),
        ("many fields", "kanarilintu=1&".repeat(20_000).into_bytes(), None),
        ("a long field", format!("name={}", "x".repeat(200_000)).into_bytes(), None),
    ]
}
