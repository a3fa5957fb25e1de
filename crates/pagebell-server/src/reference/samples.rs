//! How to call an operation, in three languages. `assets/reference.js` writes the same samples with
//! what the reader filled in; a browser test holds both to the same text.

use graph_api::GraphVersion;
use serde_json::Value;

use super::Endpoint;
use crate::Profile;

/// What stands for the access token until the reader fills one in.
pub const TOKEN_PLACEHOLDER: &str = "ACCESS_TOKEN";

/// A sample.
#[derive(Debug)]
pub struct Sample {
    /// The language for people.
    pub language: &'static str,
    /// The language in addresses and styles.
    pub id: &'static str,
    /// The code.
    pub code: String,
}

/// The samples of an operation, filled with its examples.
pub(super) fn of(
    endpoint: &Endpoint,
    version: GraphVersion,
    profile: Profile,
    base: &str,
) -> Vec<Sample> {
    let mut path = endpoint.path.clone();
    for parameter in endpoint.parameters_in("path") {
        path = path.replace(
            &format!("{{{}}}", parameter.member.name),
            &parameter.example,
        );
    }
    let mut query: Vec<String> = endpoint
        .parameters_in("query")
        .filter(|parameter| parameter.member.is_required)
        .map(|parameter| format!("{}={TOKEN_PLACEHOLDER}", parameter.member.name))
        .collect();
    if profile == Profile::Reference {
        query.push(format!("access_token={TOKEN_PLACEHOLDER}"));
        query.push(format!("oauth_token={TOKEN_PLACEHOLDER}"));
    }
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    };
    let url = format!("{base}/{version}{path}{query}");
    let body = endpoint.body.as_ref().map(|body| body.example.as_str());
    vec![
        Sample {
            language: "cURL",
            id: "curl",
            code: curl(&endpoint.method, &url, body),
        },
        Sample {
            language: "JavaScript",
            id: "javascript",
            code: javascript(&endpoint.method, &url, body),
        },
        Sample {
            language: "Python",
            id: "python",
            code: python(&endpoint.method, &url, body),
        },
    ]
}

fn curl(method: &str, url: &str, body: Option<&str>) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let mut lines = vec![
        format!("curl --request {method}"),
        format!("  --url {}", quoted(url)),
        format!("  --header 'Authorization: Bearer {TOKEN_PLACEHOLDER}'"),
    ];
    if let Some(body) = body {
        lines.push("  --header 'Content-Type: application/json'".to_owned());
        lines.push(format!("  --data-raw {}", quoted(body)));
    }
    lines.join(" \\\n")
}

fn javascript(method: &str, url: &str, body: Option<&str>) -> String {
    let mut headers = format!("    \"Authorization\": \"Bearer {TOKEN_PLACEHOLDER}\"");
    let mut sent = String::new();
    if let Some(body) = body {
        headers.push_str(",\n    \"Content-Type\": \"application/json\"");
        sent = format!(",\n  body: JSON.stringify({})", body.replace('\n', "\n  "));
    }
    format!(
        "const response = await fetch({}, {{\n  method: \"{method}\",\n  headers: {{\n{headers}\n  }}{sent}\n}});\n\
         console.log(response.status, await response.json());",
        Value::from(url)
    )
}

fn python(method: &str, url: &str, body: Option<&str>) -> String {
    let function = method.to_lowercase();
    let sent = match body.map(serde_json::from_str::<Value>) {
        Some(Ok(body)) => format!("    json={},\n", literal(&body, 1)),
        _ => String::new(),
    };
    format!(
        "import requests\n\n\
         response = requests.{function}(\n    {},\n    headers={{\"Authorization\": \"Bearer {TOKEN_PLACEHOLDER}\"}},\n{sent})\n\
         print(response.status_code, response.json())",
        Value::from(url)
    )
}

/// A JSON value as a literal of Python.
fn literal(value: &Value, depth: usize) -> String {
    let pad = "    ".repeat(depth + 1);
    let end = "    ".repeat(depth);
    match value {
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        Value::Array(elements) if elements.is_empty() => "[]".to_owned(),
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Array(elements) => {
            let elements: Vec<String> = elements
                .iter()
                .map(|element| format!("{pad}{},\n", literal(element, depth + 1)))
                .collect();
            format!("[\n{}{end}]", elements.concat())
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| {
                    format!(
                        "{pad}{}: {},\n",
                        Value::from(name.as_str()),
                        literal(value, depth + 1)
                    )
                })
                .collect();
            format!("{{\n{}{end}}}", members.concat())
        }
        plain => plain.to_string(),
    }
}
