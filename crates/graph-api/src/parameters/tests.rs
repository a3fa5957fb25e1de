use serde_json::json;

use super::*;

fn body(content_type: Option<&str>, text: &str) -> Result<Parameters, GraphError> {
    let mut parameters = Parameters::default();
    parameters.extend_from_body(content_type, &Bytes::copy_from_slice(text.as_bytes()))?;
    Ok(parameters)
}

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const JSON: Option<&str> = Some("application/json; charset=utf-8");
const MULTIPART: Option<&str> = Some("multipart/form-data; boundary=x");

#[test]
fn the_body_wins_over_the_query() {
    let mut parameters = Parameters::from_query("a=1&b=2&a=3");
    assert_eq!(parameters.text("a"), Some("3"));
    parameters
        .extend_from_body(FORM, &Bytes::from_static(b"a=4"))
        .unwrap();
    assert_eq!(parameters.text("a"), Some("4"));
    assert_eq!(parameters.text("b"), Some("2"));
    assert_eq!(parameters.all("a").count(), 3);
}

#[test]
fn json_is_read_as_json_whatever_it_is_called() {
    for content_type in [JSON, FORM, None, Some("text/plain")] {
        let parameters = body(content_type, " {\"icon_enabled\":true}").unwrap();
        assert_eq!(
            parameters.get("icon_enabled"),
            Some(&ParameterValue::Json(json!(true))),
            "{content_type:?}"
        );
    }
}

#[test]
fn an_empty_body_has_no_parameters() {
    for content_type in [JSON, FORM, None, MULTIPART] {
        assert_eq!(body(content_type, ""), Ok(Parameters::default()));
    }
}

#[test]
fn a_body_of_blanks_is_an_empty_form_and_no_json() {
    for text in [" ", "  \r\n", "\u{c}"] {
        for form in [FORM, None, MULTIPART] {
            assert_eq!(body(form, text), Ok(Parameters::default()), "{form:?}");
        }
        assert!(body(JSON, text).is_err(), "{text:?}");
    }
}

#[test]
fn what_is_no_object_is_refused() {
    for text in ["[]", "null", "7", "\"text\""] {
        let message = body(JSON, text).unwrap_err().message();
        assert!(message.contains("must be a JSON object"), "{message}");
    }
    let message = body(JSON, "{\"a\":").unwrap_err().message();
    assert!(message.contains("line 1 column 5"), "{message}");
    assert!(body(Some("application/xml"), "<a/>").is_err());
}

fn refusal(content_type: Option<&str>, bytes: &[u8]) -> String {
    let mut parameters = Parameters::default();
    let body = Bytes::copy_from_slice(bytes);
    let error = parameters
        .extend_from_body(content_type, &body)
        .expect_err("the body is refused");
    error.message()
}

#[test]
fn a_byte_order_mark_is_skipped_and_other_encodings_are_named() {
    let json = "\u{feff}{\"icon_enabled\":true}";
    for content_type in [JSON, FORM, None] {
        let parameters = body(content_type, json).unwrap();
        assert_eq!(parameters.names().collect::<Vec<_>>(), ["icon_enabled"]);
    }
    let parameters = body(FORM, "\u{feff}icon_enabled=true").unwrap();
    assert_eq!(parameters.text("icon_enabled"), Some("true"));

    let text = "{\"icon_enabled\":true}";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked: Vec<u8> = [&[0xff, 0xfe], &little[..]].concat();
    for bytes in [&little, &big, &marked, &vec![b'a', 0xe9]] {
        for content_type in [JSON, FORM, None] {
            let message = refusal(content_type, bytes);
            assert!(message.contains("UTF-16"), "{message}");
        }
    }
}

#[test]
fn a_multipart_body_has_to_be_called_one_and_its_parts_have_names() {
    let named = |disposition: &str| {
        format!("--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\nfalse\r\n--x--\r\n")
    };
    let good = named("name=\"icon_enabled\"");
    assert!(body(MULTIPART, &good).is_ok());
    for content_type in [FORM, None] {
        let message = refusal(content_type, good.as_bytes());
        assert!(
            message.contains("multipart/form-data; boundary"),
            "{message}"
        );
    }
    for nameless in [
        "filename=\"f\"",
        "name*=utf-8''icon_enabled",
        "name=\"\"",
        "NAME=\"\"",
    ] {
        let message = refusal(MULTIPART, named(nameless).as_bytes());
        assert!(
            message.contains("part 0 has no name"),
            "{nameless}: {message}"
        );
    }
    let without = "--x\r\n\r\nfalse\r\n--x--\r\n";
    assert!(refusal(MULTIPART, without.as_bytes()).contains("cannot be read"));
}

#[test]
fn a_value_twice_is_refused_within_one_place_only() {
    let check = |query: &str, form: &str| {
        let mut parameters = Parameters::from_query(query);
        parameters
            .extend_from_body(FORM, &Bytes::copy_from_slice(form.as_bytes()))
            .unwrap();
        parameters.check().map_err(|error| error.message())
    };
    assert_eq!(check("icon_enabled=true", "icon_enabled=false"), Ok(()));
    assert_eq!(check("", "icon_enabled=false&icon_enabled=false"), Ok(()));
    assert_eq!(
        check("x=1&x=2&access_token=a&access_token=b", "x=3&x=4"),
        Ok(())
    );
    for (query, form) in [
        ("icon_enabled=true&a&icon_enabled=1", ""),
        ("", "icon_enabled=true&icon_enabled=false"),
        ("fields=a&fields=b", ""),
    ] {
        let message = check(query, form).unwrap_err();
        assert!(message.contains("stands twice"), "{message}");
    }
}

#[test]
fn what_is_one_value_has_no_brackets() {
    for name in [
        "after[]",
        "limit[0]",
        "access_token[]",
        "appsecret_proof[a]",
    ] {
        let message = Parameters::from_query(&format!("{name}=1")).check();
        let message = message.unwrap_err().message();
        assert!(message.contains("goes without brackets"), "{message}");
    }
    for name in ["fields[]", "call_hours[timezone_id]", "note[]", "[]"] {
        assert_eq!(Parameters::from_query(&format!("{name}=1")).check(), Ok(()));
    }
}

#[test]
fn lists_may_have_brackets() {
    let list = |query: &str| {
        let parameters = Parameters::from_query(query);
        parameters
            .list("fields")
            .map(|value| value.map(Cow::into_owned))
            .map_err(|error| error.message())
    };
    let array = |value: Value| Ok(Some(ParameterValue::Json(value)));
    assert_eq!(
        list("fields=a,b"),
        Ok(Some(ParameterValue::Text("a,b".to_owned())))
    );
    assert_eq!(list("x=1"), Ok(None));
    assert_eq!(list("fields[]=a&x=1&fields[]=b"), array(json!(["a", "b"])));
    assert_eq!(
        list("fields%5B0%5D=a&fields[1]=b&fieldset=1"),
        array(json!(["a", "b"]))
    );
    let mut parameters = Parameters::from_query("fields[]=a");
    parameters
        .extend_from_body(FORM, &Bytes::from_static(b"fields[]=b"))
        .unwrap();
    let of_body = ParameterValue::Json(json!(["b"]));
    assert_eq!(
        parameters.list("fields").unwrap().as_deref(),
        Some(&of_body)
    );
    for query in [
        "fields[]=a&fields=b",
        "fields[1]=a",
        "fields[a]=b",
        "fields[=a",
        "fields[0][1]=a",
    ] {
        assert!(
            list(query).unwrap_err().contains("fields must be one list"),
            "{query}"
        );
    }
}

#[test]
fn there_is_a_limit_of_parameters() {
    let many = "a&".repeat(MAX_PARAMETERS);
    assert!(body(FORM, &many).is_ok());
    for too_many in [many.clone() + "b", "a&".repeat(500_000)] {
        assert!(refusal(FORM, too_many.as_bytes()).contains("1000 parameters"));
        assert!(Parameters::from_query(&too_many).check().is_err());
    }
}

#[test]
fn multipart_fields_are_text() {
    let text =
        "--x\r\nContent-Disposition: form-data; name=\"icon_enabled\"\r\n\r\nfalse\r\n--x--\r\n";
    let parameters = body(MULTIPART, text).unwrap();
    assert_eq!(parameters.text("icon_enabled"), Some("false"));
    assert!(body(MULTIPART, "--x\r\nbroken").is_err());
    assert!(body(Some("multipart/form-data"), text).is_err());
    for beginning in ["--", "--x", "--x\r\nContent-Dispos", text] {
        assert!(refusal(FORM, beginning.as_bytes()).contains("multipart body"));
    }
}
