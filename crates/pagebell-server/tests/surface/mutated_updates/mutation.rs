//! What goes wrong with an update between what was meant and what is sent.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::generator::HARMLESS;
use super::json::Json;
use super::request::{Encoding, Parameter, UpdateRequest};

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Another letter case of a name.
    RenameCase,
    /// One letter of a name added, left out, replaced or exchanged.
    RenameEdit,
    /// Something before or behind a name.
    RenameAround,
    /// A name without its separators, as in JavaScript.
    RenameCamel,
    /// The part of a name before or behind its separator.
    RenameShort,
    /// Brackets behind a name.
    Brackets,
    Drop,
    DoubleSame,
    /// A parameter again with another value, in either place.
    DoubleOther,
    /// Another value.
    Value,
    /// A value in an object, or an object as text.
    WrapValue,
    InnerRename,
    InnerDrop,
    InnerDouble,
    InnerUnknown,
    InnerValue,
    /// All parameters of the body in one object.
    WrapBody,
    /// All parameters of the body in one object, which is in a list.
    WrapBodyInList,
    Unknown,
    /// From the query to the body, or back.
    Move,
    Truncate,
    /// Something before or behind the body.
    Around,
    ContentType,
    Reencode,
}

const KINDS: [Kind; 24] = [
    Kind::RenameCase,
    Kind::RenameEdit,
    Kind::RenameAround,
    Kind::RenameCamel,
    Kind::RenameShort,
    Kind::Brackets,
    Kind::Drop,
    Kind::DoubleSame,
    Kind::DoubleOther,
    Kind::Value,
    Kind::WrapValue,
    Kind::InnerRename,
    Kind::InnerDrop,
    Kind::InnerDouble,
    Kind::InnerUnknown,
    Kind::InnerValue,
    Kind::WrapBody,
    Kind::WrapBodyInList,
    Kind::Unknown,
    Kind::Move,
    Kind::Truncate,
    Kind::Around,
    Kind::ContentType,
    Kind::Reencode,
];

/// One change. Whatever it does not need of its choices is ignored.
#[derive(Clone, Debug)]
pub(super) struct Mutation {
    kind: Kind,
    /// Which parameter, object or byte.
    place: Index,
    /// Which letter, member or variant.
    detail: Index,
    letter: char,
    name: String,
    value: Json,
}

pub(super) fn mutation() -> impl Strategy<Value = Mutation> {
    let texts = vec![
        "",
        " ",
        "true",
        "false",
        "True",
        "FALSE",
        " true",
        "yes",
        "no",
        "on",
        "off",
        "2",
        "-1",
        "1",
        "0",
        "null",
        "None",
        "nil",
        "[object Object]",
        "META",
        "PARTNERS",
        "meta",
        "0900",
        "9:00",
        "2400",
        "{}",
        "[]",
        "{\"ring_target\":\"META\"}",
        "{\"ring_target\":",
        "MONDAY",
        "UTC",
        "undefined",
    ];
    let value = prop_oneof![
        6 => select(texts).prop_map(Json::text),
        2 => any::<bool>().prop_map(Json::Bool),
        1 => (-2_i64..3).prop_map(Json::Number),
        1 => Just(Json::Null),
        1 => Just(Json::List(Vec::new())),
        1 => Just(Json::Object(Vec::new())),
    ];
    let name = prop_oneof![
        select(&HARMLESS[..]).prop_map(str::to_owned),
        select(vec![
            "settings", "data", "calling", "page[]", "x[y]", "payload"
        ])
        .prop_map(str::to_owned),
        "[b-z]{0,6}",
    ];
    let letter = select(vec!['a', 'e', 's', '_', '-', ' ', '1', '.', 'é']);
    (
        select(&KINDS[..]),
        any::<Index>(),
        any::<Index>(),
        letter,
        name,
        value,
    )
        .prop_map(|(kind, place, detail, letter, name, value)| Mutation {
            kind,
            place,
            detail,
            letter,
            name,
            value,
        })
}

impl Mutation {
    /// Whether an update stays one that the server has to take, if it still says something.
    pub(super) fn is_harmless(&self) -> bool {
        match self.kind {
            Kind::Drop | Kind::Move | Kind::Reencode => true,
            Kind::Unknown => HARMLESS.contains(&self.name.as_str()),
            _ => false,
        }
    }

    pub(super) fn apply(&self, request: &mut UpdateRequest) {
        match self.kind {
            Kind::WrapBody => self.wrap_body(request, |object| object),
            Kind::WrapBodyInList => self.wrap_body(request, |object| Json::List(vec![object])),
            Kind::Unknown => {
                let parameter = Parameter {
                    name: self.name.clone(),
                    value: self.value.clone(),
                };
                self.other_place(request).push(parameter);
            }
            Kind::Truncate => {
                let length = request.body_text().len();
                request.sent_bytes = (length > 0).then(|| self.place.index(length));
            }
            Kind::Around => {
                let around = [
                    ("\u{feff}", ""),
                    ("\n", ""),
                    ("", "\n"),
                    (" ", " "),
                    ("\r\n", "\r\n"),
                    ("", "\0"),
                    ("", "&"),
                    ("", ";"),
                    ("--", ""),
                ];
                request.around = around[self.place.index(around.len())];
            }
            Kind::ContentType => request.content_type = self.content_type(),
            Kind::Reencode => {
                let encodings = [Encoding::Json, Encoding::Form, Encoding::BareForm];
                request.encoding = encodings[self.place.index(encodings.len())];
                request.content_type = Some(request.encoding.content_type());
            }
            _ => self.apply_to_parameter(request),
        }
    }

    fn apply_to_parameter(&self, request: &mut UpdateRequest) {
        let count = request.query.len() + request.body.len();
        if count == 0 {
            return;
        }
        let index = self.place.index(count);
        let in_query = index < request.query.len();
        let (place, other, index) = if in_query {
            (&mut request.query, &mut request.body, index)
        } else {
            let index = index - request.query.len();
            (&mut request.body, &mut request.query, index)
        };
        let parameter = place[index].clone();
        match self.kind {
            Kind::Drop => {
                place.remove(index);
            }
            Kind::DoubleSame => place.push(parameter),
            Kind::DoubleOther => {
                let place = if self.detail.index(2) == 0 {
                    place
                } else {
                    other
                };
                place.push(Parameter {
                    value: self.value.clone(),
                    ..parameter
                });
            }
            Kind::Move => other.push(place.remove(index)),
            _ => self.change(&mut place[index]),
        }
    }

    fn change(&self, parameter: &mut Parameter) {
        let Parameter { name, value } = parameter;
        match self.kind {
            Kind::RenameCase => *name = self.other_case(name),
            Kind::RenameEdit => *name = self.edited(name),
            Kind::RenameAround => {
                let before = ["my_", "page.", "settings[", "amp;", "new", "\u{feff}", " "];
                let behind = ["_", "]", ":", ".x", "\0", "s", " "];
                let choice = self.detail.index(before.len() + behind.len());
                match choice.checked_sub(before.len()) {
                    None => name.insert_str(0, before[choice]),
                    Some(choice) => *name += behind[choice],
                }
            }
            Kind::RenameCamel => *name = camel(name),
            Kind::RenameShort => {
                let parts: Vec<_> = name.split('_').collect();
                *name = parts[self.detail.index(parts.len())].to_owned();
            }
            Kind::Brackets => {
                let brackets = ["[]", "[0]", "[x]", "[", "[][]", "[ring_target]"];
                *name += brackets[self.detail.index(brackets.len())];
            }
            Kind::Value => *value = self.value.clone(),
            Kind::WrapValue => {
                *value = match self.detail.index(3) {
                    0 => Json::Text(value.written()),
                    1 => Json::List(vec![value.clone()]),
                    _ => Json::Object(vec![(self.name.clone(), value.clone())]),
                }
            }
            _ => self.change_inside(value),
        }
    }

    fn change_inside(&self, value: &mut Json) {
        let count = value.count_objects();
        if count == 0 {
            return;
        }
        let members = value.object_at(self.detail.index(count)).unwrap();
        if members.is_empty() {
            return;
        }
        let index = self.place.index(members.len());
        match self.kind {
            Kind::InnerRename => {
                let name = &members[index].0;
                members[index].0 = if self.letter == '_' {
                    self.other_case(name)
                } else {
                    self.edited(name)
                };
            }
            Kind::InnerDrop => {
                members.remove(index);
            }
            Kind::InnerDouble => {
                let name = members[index].0.clone();
                members.push((name, self.value.clone()));
            }
            Kind::InnerUnknown => members.push((self.name.clone(), self.value.clone())),
            _ => members[index].1 = self.value.clone(),
        }
    }

    fn wrap_body(&self, request: &mut UpdateRequest, wrap: impl FnOnce(Json) -> Json) {
        let members = std::mem::take(&mut request.body);
        let members = members
            .into_iter()
            .map(|parameter| (parameter.name, parameter.value));
        request.body.push(Parameter {
            name: self.name.clone(),
            value: wrap(Json::Object(members.collect())),
        });
    }

    fn other_place<'a>(&self, request: &'a mut UpdateRequest) -> &'a mut Vec<Parameter> {
        if self.detail.index(2) == 0 {
            &mut request.query
        } else {
            &mut request.body
        }
    }

    fn content_type(&self) -> Option<String> {
        let types = [
            "application/json",
            "application/json; charset=utf-8",
            "text/plain",
            "text/html",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "APPLICATION/X-WWW-FORM-URLENCODED;charset=UTF-8",
            "multipart/form-data",
            "multipart/form-data; boundary=x-boundary",
            "multipart/form-data; boundary=other",
            "multipart/mixed; boundary=x-boundary",
            "application/graphql",
            "",
        ];
        types
            .get(self.place.index(types.len() + 1))
            .map(|name| (*name).to_owned())
    }

    fn other_case(&self, name: &str) -> String {
        match self.detail.index(3) {
            0 => name.to_uppercase(),
            1 => camel(name),
            _ => {
                let mut letters = name.chars();
                let first = letters.next().map(char::to_uppercase);
                first.into_iter().flatten().chain(letters).collect()
            }
        }
    }

    fn edited(&self, name: &str) -> String {
        let mut letters: Vec<_> = name.chars().collect();
        let at = self.detail.index(letters.len() + 1);
        match self.place.index(4) {
            0 if at < letters.len() => {
                letters.remove(at);
            }
            1 if at < letters.len() => letters[at] = self.letter,
            2 if at + 1 < letters.len() => letters.swap(at, at + 1),
            _ => letters.insert(at, self.letter),
        }
        letters.into_iter().collect()
    }
}

/// `audioEnabled` for `audio_enabled`.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        camel.extend(letters.next().map(char::to_uppercase).into_iter().flatten());
        camel.extend(letters);
    }
    camel
}
