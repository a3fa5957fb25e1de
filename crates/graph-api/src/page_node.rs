//! A Page itself, as `GET /{page_id}` and `GET /me` answer it: the first call of many clients.

use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::selected_json::push_name;
use crate::{Field, FieldSelection};

/// A field of a Page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the field of its wire name")]
pub enum PageField {
    Name,
    Id,
}

impl Field for PageField {
    const NODE_TYPE: &'static str = "Page";

    fn all() -> &'static [Self] {
        &[Self::Name, Self::Id]
    }

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Id => "id",
        }
    }

    fn members(self) -> &'static [&'static str] {
        &[]
    }

    fn members_of(self, _member: &str) -> &'static [&'static str] {
        &[]
    }
}

/// A Page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageNodePayload {
    /// The name for people, where the Page has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Bakery")]
    pub name: Option<String>,
    /// The id, a decimal number.
    #[schema(example = "1234567890")]
    pub id: String,
}

impl PageNodePayload {
    /// The answer as JSON: the selected fields in the order in which they were asked for. `id` is
    /// always there, as the last member where it was not asked for (seen).
    ///
    /// ```
    /// use graph_api::{FieldSelection, PageNodePayload};
    ///
    /// let page = PageNodePayload { name: Some("Bakery".to_owned()), id: "12".to_owned() };
    /// let answer = page.to_json(&FieldSelection::All);
    /// assert_eq!(answer, r#"{"name":"Bakery","id":"12"}"#.as_bytes());
    /// ```
    pub fn to_json(&self, selection: &FieldSelection<PageField>) -> Bytes {
        let mut fields = match selection {
            FieldSelection::All => PageField::all().to_vec(),
            FieldSelection::Some(selected) => {
                selected.iter().map(|selected| selected.field).collect()
            }
        };
        if !fields.contains(&PageField::Id) {
            fields.push(PageField::Id);
        }
        let mut body = "{".to_owned();
        for field in fields {
            let value = match field {
                PageField::Name => self.name.as_deref(),
                PageField::Id => Some(self.id.as_str()),
            };
            if let Some(value) = value {
                push_name(&mut body, field.name());
                body.push_str(&serde_json::Value::from(value).to_string());
            }
        }
        body.push('}');
        Bytes::from(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parameters;

    fn answer(query: &str) -> String {
        let page = PageNodePayload {
            name: Some("\"Bäckerei\"".to_owned()),
            id: "12".to_owned(),
        };
        let selection = FieldSelection::from_parameters(&Parameters::from_query(query));
        match selection {
            Ok(selection) => String::from_utf8(page.to_json(&selection).to_vec()).unwrap(),
            Err(error) => error.message(),
        }
    }

    #[test]
    fn fields_come_as_asked_for_and_the_id_always() {
        let name = r#""name":"\"Bäckerei\"""#;
        assert_eq!(answer(""), format!("{{{name},\"id\":\"12\"}}"));
        assert_eq!(
            answer("fields=id,name"),
            format!("{{\"id\":\"12\",{name}}}")
        );
        assert_eq!(answer("fields=name"), format!("{{{name},\"id\":\"12\"}}"));
        assert_eq!(answer("fields[]=id"), "{\"id\":\"12\"}");
        assert_eq!(
            answer("fields=id,category"),
            "(#100) Tried accessing nonexisting field (category) on node type (Page)"
        );
    }

    #[test]
    fn a_page_without_a_name_has_none() {
        let page = PageNodePayload {
            name: None,
            id: "12".to_owned(),
        };
        assert_eq!(page.to_json(&FieldSelection::All), "{\"id\":\"12\"}");
    }
}
