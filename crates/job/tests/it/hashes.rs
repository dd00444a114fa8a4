//! Two versions side by side must compute the same hashes: a changed hash would make every job that
//! was queued before an upgrade a conflict.

use job::{MessageFacts, Request, decode};

/// Requests, and their hashes as version 0.1 computed them.
const KNOWN: &[(&str, &str)] = &[
    (r#"{}"#, "44136fa355b3678a1146ad16f7e8649e"),
    (r#"{"prompt":"a cat"}"#, "d60532530f803152cb40512de13b4c8d"),
    (
        r#"{ "input":{"y":2,"x":1}, "prompt":"a \u00e9 \"q\" \n" }"#,
        "34e8c08a257b0300b0218692f83bb210",
    ),
    (r#"{"duration":"5","cfg_scale":0.5,"n":3}"#, "f46067d671b1edc883c7e1ba4e49db6a"),
    (r#"{"a":1.10,"b":1e2,"c":-0.0,"d":1E+3,"e":0.1e-3}"#, "13d81cc3ab3e37f5b170efe7b0634f9c"),
    (r#"{"a":-0,"b":100,"c":1.0,"d":-7}"#, "5a0d60c9e1412e0e562a5fab83fd43e0"),
    (
        r#"{"a":18446744073709551615,"b":-9223372036854775808,"c":9007199254740993}"#,
        "76e580860e5bc16af8560ea4dff53ecc",
    ),
    (
        r#"{"list":[[],[{}],[1,2.50,"x",null,true,false]],"o":{"z":null}}"#,
        "07a6e234605945ea210dbbdbe45cb715",
    ),
    (r#"{"prompt":"first","prompt":"last","o":{"x":1,"x":2}}"#, "35d5c1948d1563762598e40b9ff6e12c"),
    (r#"{"prompt":"日本語 😀 \u0000 \/","\u0061":1}"#, "b682035cd94686c0bc0ad7dd57dd3435"),
    (r#"{"x":1e22,"y":1.7976931348623157e308,"z":5e-324}"#, "11e6be9deeb8f1d44f82e9006154238c"),
    (r#"{"x":123456789012345680,"y":0.30000000000000004}"#, "5b2d5090585fe3f1b9dfb0641b9cc7db"),
];

fn request(text: &str) -> Request {
    let message = format!(r#"{{"id":"a","operation":"videos/text2video","request":{text}}}"#);
    decode(message.as_bytes(), MessageFacts::default()).expect("a job").request
}

#[test]
fn hashes_are_those_of_the_version_before() {
    for (text, hash) in KNOWN {
        let kept: Request = serde_json::from_str(text).unwrap();
        assert_eq!(kept.hash().as_str(), *hash, "from a record: {text}");
        assert_eq!(request(text).hash().as_str(), *hash, "from a message: {text}");
        let text = serde_json::to_string(&request(text)).unwrap();
        let again: Request = serde_json::from_str(&text).unwrap();
        assert_eq!(again.hash().as_str(), *hash, "written and read: {text}");
    }
}

/// Numbers that version 0.1 could not hold: its records have no right hash of them.
#[test]
fn digits_that_a_double_loses_tell_requests_apart() {
    for (one, other) in [
        ("12345678901234567890123", "12345678901234567890124"),
        ("0.12345678901234567890", "0.12345678901234567891"),
        ("1e400", "1e401"),
        ("-1e400", "1e400"),
    ] {
        let hash = |number| request(&format!(r#"{{"x":[{number}]}}"#)).hash();
        assert_ne!(hash(one), hash(other));
    }
    for (one, other) in [("1.10", "1.1"), ("1e400", "10E399"), ("1e2", "100.0")] {
        let hash = |number| request(&format!(r#"{{"x":[{number}]}}"#)).hash();
        assert_eq!(hash(one), hash(other), "one value in two spellings");
    }
}
