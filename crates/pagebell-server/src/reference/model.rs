//! The reference taken apart for people: what the OpenAPI document says, in the order of reading.

use graph_api::GraphVersion;
use serde_json::Value;

use super::{Document, Sample, samples};
use crate::Profile;

/// The reference of one version.
#[derive(Debug)]
pub struct Reference {
    /// The version.
    pub version: GraphVersion,
    /// The behaviour that the server shows.
    pub profile: Profile,
    /// The operations, the published ones first.
    pub endpoints: Vec<Endpoint>,
    /// The credentials.
    pub credentials: Vec<Credential>,
}

/// One operation.
#[derive(Debug)]
pub struct Endpoint {
    /// Its name in addresses.
    pub id: String,
    /// The method.
    pub method: String,
    /// The path behind the version, such as `/{page_id}/messenger_call_settings`.
    pub path: String,
    /// A sentence.
    pub summary: String,
    /// More of them.
    pub description: String,
    /// Whether the live API does not have it.
    pub is_extension: bool,
    /// The parameters, those of the path first.
    pub parameters: Vec<Parameter>,
    /// The body, where it takes one.
    pub body: Option<RequestBody>,
    /// The answers by status.
    pub responses: Vec<Response>,
    /// How to call it.
    pub samples: Vec<Sample>,
}

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Where it stands: `path`, `query` or `header`.
    pub place: String,
    /// Its name and what it takes.
    pub member: Member,
    /// A value to try.
    pub example: String,
}

/// The body of a request.
#[derive(Debug)]
pub struct RequestBody {
    /// A sentence.
    pub description: String,
    /// Whether it must be there.
    pub is_required: bool,
    /// Its members.
    pub members: Vec<Member>,
    /// A body to try, as indented JSON.
    pub example: String,
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: String,
    /// When it is answered, a paragraph a line.
    pub description: Vec<String>,
    /// The headers.
    pub headers: Vec<Member>,
    /// The members of its body.
    pub members: Vec<Member>,
    /// A body, as indented JSON; empty where there is none.
    pub example: String,
}

/// A member of an object.
#[derive(Debug)]
pub struct Member {
    /// The wire name; empty for the elements of an array that is a whole body.
    pub name: String,
    /// What it is: `string`, `array of object`, `one of "META", "PARTNERS"`.
    pub kind: String,
    /// Whether it must be there.
    pub is_required: bool,
    /// What it means, and what it may be.
    pub description: String,
    /// The members inside of it.
    pub children: Vec<Member>,
}

/// A place of the access token.
#[derive(Debug)]
pub struct Credential {
    /// The name of the parameter or header.
    pub name: String,
    /// `query` or `header`.
    pub place: String,
    /// A sentence.
    pub description: String,
}

const METHODS: [&str; 2] = ["get", "post"];

impl Reference {
    /// Takes a document apart. `base` is the server's origin, for the samples.
    pub fn new(document: &Document, version: GraphVersion, profile: Profile, base: &str) -> Self {
        let document = serde_json::to_value(document).expect("an OpenAPI document is JSON");
        let mut endpoints = Vec::new();
        for (path, item) in members_of(&document["paths"]) {
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    endpoints.push(endpoint(&document, path, item, method, operation));
                }
            }
        }
        endpoints.sort_by_key(|endpoint| {
            (
                !endpoint.path.ends_with("/messenger_call_settings"),
                endpoint.is_extension,
                endpoint.path.clone(),
            )
        });
        for endpoint in &mut endpoints {
            endpoint.samples = samples::of(endpoint, version, profile, base);
        }
        Self {
            version,
            profile,
            endpoints,
            credentials: members_of(&document["components"]["securitySchemes"])
                .map(|(_name, scheme)| credential(scheme))
                .collect(),
        }
    }
}

impl Endpoint {
    /// The parameters that stand in one place.
    pub fn parameters_in<'a>(&'a self, place: &'a str) -> impl Iterator<Item = &'a Parameter> {
        self.parameters.iter().filter(move |it| it.place == place)
    }
}

fn endpoint(
    document: &Value,
    path: &str,
    item: &Value,
    method: &str,
    operation: &Value,
) -> Endpoint {
    let shared = item["parameters"].as_array().into_iter().flatten();
    let own = operation["parameters"].as_array().into_iter().flatten();
    Endpoint {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        is_extension: operation["x-pagebell-extension"] == true,
        parameters: shared
            .chain(own)
            .map(|it| parameter(document, it))
            .collect(),
        body: operation.get("requestBody").map(|body| {
            let content = &body["content"]["application/json"];
            RequestBody {
                description: text(&body["description"]),
                is_required: body["required"] == true,
                members: members(document, &content["schema"]),
                example: indented(&content["example"]),
            }
        }),
        responses: members_of(&operation["responses"])
            .map(|(status, answer)| response(document, status, answer))
            .collect(),
        samples: Vec::new(),
    }
}

fn parameter(document: &Value, parameter: &Value) -> Parameter {
    Parameter {
        place: text(&parameter["in"]),
        member: Member {
            name: text(&parameter["name"]),
            kind: kind(document, &parameter["schema"]),
            is_required: parameter["required"] == true,
            description: text(&parameter["description"]),
            children: Vec::new(),
        },
        example: match &parameter["example"] {
            Value::String(example) => example.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        },
    }
}

fn response(document: &Value, status: &str, answer: &Value) -> Response {
    let content = &answer["content"]["application/json"];
    Response {
        status: status.to_owned(),
        description: text(&answer["description"])
            .lines()
            .map(str::to_owned)
            .collect(),
        headers: members_of(&answer["headers"])
            .map(|(name, header)| Member {
                name: name.to_owned(),
                kind: kind(document, &header["schema"]),
                is_required: false,
                description: text(&header["description"]),
                children: Vec::new(),
            })
            .collect(),
        members: members(document, &content["schema"]),
        example: indented(&content["example"]),
    }
}

fn credential(scheme: &Value) -> Credential {
    let (name, place) = if scheme["type"] == "http" {
        ("Authorization".to_owned(), "header".to_owned())
    } else {
        (text(&scheme["name"]), text(&scheme["in"]))
    };
    Credential {
        name,
        place,
        description: text(&scheme["description"]),
    }
}

/// The members of the object that a schema describes, or of the elements of an array.
fn members(document: &Value, schema: &Value) -> Vec<Member> {
    let schema = resolved(document, schema);
    if let Some(elements) = schema.get("items") {
        return members(document, elements);
    }
    let required = &schema["required"];
    members_of(&schema["properties"])
        .map(|(name, member)| {
            let whole = resolved(document, member);
            let description = match text(&member["description"]) {
                own if own.is_empty() => text(&whole["description"]),
                own => own,
            };
            Member {
                name: name.to_owned(),
                kind: kind(document, member),
                is_required: required
                    .as_array()
                    .is_some_and(|required| required.iter().any(|it| it == name)),
                description,
                children: members(document, member),
            }
        })
        .collect()
}

/// What a schema is, in words.
fn kind(document: &Value, schema: &Value) -> String {
    let schema = resolved(document, schema);
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        return format!("one of {}", values.join(", "));
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => {
            format!("array of {}", kind(document, &schema["items"]))
        }
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            names.join(" or ")
        }
        _ if schema.get("properties").is_some() => "object".to_owned(),
        _ => "any".to_owned(),
    }
}

/// The schema itself where another is only named.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let named = schema["$ref"]
        .as_str()
        .or_else(|| schema["allOf"][0]["$ref"].as_str())
        .or_else(|| {
            let options = schema["oneOf"].as_array()?;
            options.iter().find_map(|option| option["$ref"].as_str())
        });
    match named.and_then(|name| document.pointer(name.trim_start_matches('#'))) {
        Some(found) => resolved(document, found),
        None => schema,
    }
}

fn members_of(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn indented(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        value => serde_json::to_string_pretty(value).expect("a JSON value is JSON"),
    }
}
