//! The reference as Markdown, for people and for language models.

use std::fmt::Write;

use graph_api::catalogue::CATALOGUE;

use super::{Endpoint, Member, Reference};

/// The page on where the documents and the live API disagree.
pub(super) const DIFFERENCES: &str = include_str!("../../../../docs/differences.md");

/// Writing to a string does not fail.
macro_rules! line {
    ($text:expr, $($argument:tt)*) => {{ let _ = writeln!($text, $($argument)*); }};
}

impl Reference {
    /// The whole page.
    pub fn to_markdown(&self, base: &str) -> String {
        let mut text = String::new();
        let version = self.version;
        line!(text, "# Page Messenger Call Settings ({version})\n");
        line!(
            text,
            "Reads and updates the call settings of a Page. Served by Pagebell, which is not Meta's.\n"
        );
        line!(text, "Base URL: `{base}/{version}`\n");
        line!(text, "| method | path | what it does |\n|---|---|---|");
        for endpoint in &self.endpoints {
            let extension = if endpoint.is_extension {
                " (extension)"
            } else {
                ""
            };
            line!(
                text,
                "| {} | `{}` | {}{extension} |",
                endpoint.method,
                endpoint.path,
                endpoint.summary
            );
        }
        line!(text, "\n## Authentication\n");
        line!(text, "{}\n", self.authentication_sentence());
        line!(text, "| name | in | what |\n|---|---|---|");
        for credential in &self.credentials {
            line!(
                text,
                "| `{}` | {} | {} |",
                credential.name,
                credential.place,
                credential.description
            );
        }
        for endpoint in &self.endpoints {
            let _ = write!(text, "\n{}", endpoint.to_markdown());
        }
        line!(text, "\n## Errors\n");
        line!(
            text,
            "| code | status | type | message | when | source |\n|---|---|---|---|---|---|"
        );
        for entry in CATALOGUE {
            let subcode = entry.subcode.map_or(String::new(), |it| format!("/{it}"));
            line!(
                text,
                "| {}{subcode} | {} | {} | {} | {} | {} |",
                entry.code,
                entry.status,
                entry.error_type.name(),
                entry.message.replace('|', "\\|"),
                entry.when,
                entry.mark.word()
            );
        }
        let _ = write!(text, "\n{}", DIFFERENCES.replacen("# ", "## ", 1));
        text
    }

    /// Which credentials are needed.
    pub fn authentication_sentence(&self) -> &'static str {
        match self.profile {
            crate::Profile::Graph => {
                "One of these is enough; two that are not the same token are refused."
            }
            crate::Profile::Reference => "All of these are required, with the same token.",
        }
    }
}

impl Endpoint {
    /// The section of the endpoint.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        let extension = if self.is_extension {
            " (extension)"
        } else {
            ""
        };
        line!(text, "## {} {}{extension}\n", self.method, self.path);
        line!(text, "{}. {}\n", self.summary, self.description);
        for (place, title) in [("path", "Path"), ("query", "Query"), ("header", "Header")] {
            let mut parameters = self.parameters_in(place).peekable();
            if parameters.peek().is_some() {
                line!(text, "### {title} parameters\n");
                for parameter in parameters {
                    write_member(&mut text, &parameter.member, 0);
                }
                line!(text, "");
            }
        }
        if let Some(body) = &self.body {
            let required = if body.is_required {
                "required"
            } else {
                "optional"
            };
            line!(
                text,
                "### Body (application/json, {required})\n\n{}\n",
                body.description
            );
            for member in &body.members {
                write_member(&mut text, member, 0);
            }
            line!(text, "\n```json\n{}\n```\n", body.example);
        }
        for sample in &self.samples {
            let fence = if sample.id == "curl" { "sh" } else { sample.id };
            line!(
                text,
                "### {}\n\n```{fence}\n{}\n```\n",
                sample.language,
                sample.code
            );
        }
        for response in &self.responses {
            line!(
                text,
                "### {}\n\n{}\n",
                response.status,
                response.description.join("\n")
            );
            for member in &response.members {
                write_member(&mut text, member, 0);
            }
            if !response.example.is_empty() {
                line!(text, "\n```json\n{}\n```", response.example);
            }
            line!(text, "");
        }
        text
    }
}

fn write_member(text: &mut String, member: &Member, depth: usize) {
    let indent = "  ".repeat(depth);
    let required = if member.is_required { ", required" } else { "" };
    line!(
        text,
        "{indent}- `{}` ({}{required}): {}",
        member.name,
        member.kind,
        member.description
    );
    for child in &member.children {
        write_member(text, child, depth + 1);
    }
}
