//! The reference as a page.

use askama::Template;
use graph_api::GraphVersion;
use graph_api::catalogue::{CATALOGUE, CatalogueEntry};
use pulldown_cmark::{Options, Parser, html};
use serde_json::json;

use super::markdown::DIFFERENCES;
use super::samples::TOKEN_PLACEHOLDER;
use super::{Endpoint, Member, Reference};
use crate::{Profile, assets};

#[derive(Template)]
#[template(path = "reference.html")]
struct Page<'a> {
    reference: &'a Reference,
    base: &'a str,
    versions: [&'static str; GraphVersion::ALL.len()],
    errors: &'static [CatalogueEntry],
    differences: String,
    token_placeholder: &'static str,
}

#[derive(Template)]
#[template(path = "members.html")]
struct Members<'a> {
    members: &'a [Member],
}

impl Reference {
    /// The page; `base` is the origin of the server.
    pub fn to_html(&self, base: &str) -> Result<String, askama::Error> {
        let markdown = DIFFERENCES
            .split_once('\n')
            .map_or(DIFFERENCES, |(_title, rest)| rest)
            .replace("(errors.md)", "(#errors)");
        let mut differences = String::new();
        html::push_html(
            &mut differences,
            Parser::new_ext(&markdown, Options::ENABLE_TABLES),
        );
        Page {
            reference: self,
            base,
            versions: GraphVersion::ALL.map(GraphVersion::name),
            errors: CATALOGUE,
            differences,
            token_placeholder: TOKEN_PLACEHOLDER,
        }
        .render()
    }
}

impl Member {
    /// The members inside of this one, as a list.
    fn children_html(&self) -> Result<String, askama::Error> {
        members_html(&self.children)
    }
}

fn members_html(members: &[Member]) -> Result<String, askama::Error> {
    Members { members }.render()
}

impl Endpoint {
    /// What the page's script needs to write samples and to send requests.
    fn description(&self, reference: &Reference) -> String {
        let parameters: Vec<_> = self
            .parameters
            .iter()
            .map(|parameter| json!({ "name": parameter.member.name, "in": parameter.place }))
            .collect();
        json!({
            "method": self.method,
            "path": self.path,
            "version": reference.version.name(),
            "all_credentials": reference.profile == Profile::Reference,
            "parameters": parameters,
            "has_body": self.body.is_some(),
        })
        .to_string()
    }

    /// The value of a parameter's input at first: what the request cannot do without.
    fn first_value(&self, name: &str) -> &str {
        self.parameters
            .iter()
            .find(|parameter| parameter.member.name == name && parameter.place == "path")
            .map_or("", |parameter| parameter.example.as_str())
    }
}
