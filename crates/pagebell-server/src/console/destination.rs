//! Where a sign-in leads.

use std::fmt;

use call_settings::PageId;
use graph_api::Parameters;

/// The parameter of the sign-in form that holds the destination.
pub(crate) const RETURN_TO: &str = "return_to";

/// The page of the console that someone asked for and sees after signing in.
///
/// It is read into this type and written again from it, so that an address of another site, or of
/// something that is not a page, cannot be a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// The list of Pages, or a part of it.
    List {
        /// What the Pages were searched for.
        text: String,
        /// The Page before the part.
        after: Option<PageId>,
    },
    /// The editor of a Page.
    Editor(PageId),
    /// The history of a Page, or a part of it.
    History {
        /// The Page.
        page_id: PageId,
        /// The revision after the part.
        before: Option<u64>,
    },
}

impl Destination {
    /// The whole list.
    pub(crate) const fn whole_list() -> Self {
        Self::List {
            text: String::new(),
            after: None,
        }
    }

    /// Reads a path with its query; `None`: it is not the address of a page of the console.
    pub(crate) fn parse(address: &str) -> Option<Self> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let parameters = Parameters::from_query(query);
        if matches!(path, "/console" | "/console/") {
            let number = parameters.text("after");
            return Some(Self::List {
                text: parameters.text("q").unwrap_or_default().trim().to_owned(),
                after: number.and_then(|it| it.parse().ok()),
            });
        }
        let rest = path.strip_prefix("/console/pages/")?;
        match rest.split_once('/') {
            None => rest.parse().ok().map(Self::Editor),
            Some((page_id, "history")) => Some(Self::History {
                page_id: page_id.parse().ok()?,
                before: parameters.text("before").and_then(|it| it.parse().ok()),
            }),
            Some(_other) => None,
        }
    }

    /// The address of the sign-in that leads here.
    pub(crate) fn sign_in(&self) -> String {
        if *self == Self::whole_list() {
            "/console/sign-in".to_owned()
        } else {
            let address = self.to_string();
            format!("/console/sign-in?{RETURN_TO}={}", Encoded(&address))
        }
    }
}

/// The address: a path with its query.
impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List { text, after } => {
                formatter.write_str("/console")?;
                let mut separator = '?';
                if !text.is_empty() {
                    write!(formatter, "{separator}q={}", Encoded(text))?;
                    separator = '&';
                }
                match after {
                    Some(after) => write!(formatter, "{separator}after={after}"),
                    None => Ok(()),
                }
            }
            Self::Editor(page_id) => write!(formatter, "/console/pages/{page_id}"),
            Self::History { page_id, before } => {
                write!(formatter, "/console/pages/{page_id}/history")?;
                match before {
                    Some(before) => write!(formatter, "?before={before}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// A text as the value of a query's parameter.
struct Encoded<'a>(&'a str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                write!(formatter, "{}", char::from(byte))?;
            } else {
                write!(formatter, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_of_the_console_are_destinations() {
        for (address, canonical) in [
            ("/console", "/console"),
            ("/console/", "/console"),
            (
                "/console?q=caf%C3%A9+1&after=12",
                "/console?q=caf%C3%A9%201&after=12",
            ),
            ("/console?after=12", "/console?after=12"),
            ("/console?q=a%26b%3D%22%3C", "/console?q=a%26b%3D%22%3C"),
            ("/console?after=x&else=1", "/console"),
            ("/console/pages/12", "/console/pages/12"),
            ("/console/pages/12?else=1", "/console/pages/12"),
            ("/console/pages/12/history", "/console/pages/12/history"),
            (
                "/console/pages/12/history?before=7",
                "/console/pages/12/history?before=7",
            ),
        ] {
            let destination = Destination::parse(address).unwrap();
            assert_eq!(destination.to_string(), canonical, "{address}");
            assert_eq!(Destination::parse(canonical), Some(destination));
        }
        assert_eq!(Destination::whole_list().sign_in(), "/console/sign-in");
        assert_eq!(
            Destination::parse("/console?q=a b").unwrap().sign_in(),
            "/console/sign-in?return_to=%2Fconsole%3Fq%3Da%2520b"
        );
    }

    #[test]
    fn nothing_else_is_a_destination() {
        for address in [
            "",
            "/",
            "console",
            "//console",
            "//elsewhere.test/console",
            "/\\elsewhere.test",
            "https://elsewhere.test/console",
            "javascript:alert(1)",
            "/console/../reference",
            "/console/%2e%2e/reference",
            "/console/sign-out",
            "/console/zones.json",
            "/console@elsewhere.test",
            "/console.elsewhere.test",
            "/console/pages/",
            "/console/pages/x",
            "/console/pages/12/",
            "/console/pages/12/preview",
            "/console/pages/12/history/",
            "/console/pages/12//elsewhere.test",
            "/console/pages/12\r\nSet-Cookie: a=b",
            "/console/pages/12#//elsewhere.test",
            "\t/console",
            " /console",
            "/console\0",
        ] {
            assert_eq!(Destination::parse(address), None, "{address:?}");
        }
    }
}
