//! The grammar of `fields`.

use call_settings::excerpt;

use crate::error::GraphError;

/// A name as parsed, with its sub-selection.
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    pub(super) alias: Option<&'a str>,
    pub(super) children: Vec<Named<'a>>,
}

/// Sub-selections nest three deep at most in valid requests; this bounds the parser's recursion.
const MAX_NESTING: usize = 16;

/// Parses a list of names.
pub(super) fn parse(text: &str) -> Result<Vec<Named<'_>>, GraphError> {
    let mut parser = Parser { text, position: 0 };
    let named = parser.list(0)?;
    if parser.peek().is_some() {
        return Err(parser.expected("end of string."));
    }
    Ok(named)
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
    fn list(&mut self, depth: usize) -> Result<Vec<Named<'a>>, GraphError> {
        if depth > MAX_NESTING {
            return Err(self.expected("at most 16 levels."));
        }
        let mut named = Vec::new();
        loop {
            named.push(self.item(depth)?);
            if self.peek() != Some(b',') {
                return Ok(named);
            }
            self.position += 1;
        }
    }

    fn item(&mut self, depth: usize) -> Result<Named<'a>, GraphError> {
        let name = self.name()?;
        let mut alias = None;
        while self.peek() == Some(b'.') {
            self.position += 1;
            let modifier = self.name()?;
            let argument = self.argument()?;
            if modifier == "as" {
                alias = Some(argument);
            }
        }
        let mut children = Vec::new();
        if self.peek() == Some(b'{') {
            self.position += 1;
            children = self.list(depth + 1)?;
            if self.peek() != Some(b'}') {
                return Err(self.expected("\"}\""));
            }
            self.position += 1;
        }
        Ok(Named {
            name,
            alias,
            children,
        })
    }

    fn name(&mut self) -> Result<&'a str, GraphError> {
        self.peek();
        let rest = &self.text[self.position..];
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'-')
            .count();
        if length == 0 {
            return Err(self.expected("name."));
        }
        self.position += length;
        Ok(&rest[..length])
    }

    fn argument(&mut self) -> Result<&'a str, GraphError> {
        if self.peek() != Some(b'(') {
            return Err(self.expected("\"(\""));
        }
        let rest = &self.text[self.position + 1..];
        let Some(length) = rest.find(')') else {
            return Err(self.expected("\")\""));
        };
        self.position += length + 2;
        Ok(&rest[..length])
    }

    /// The next byte that is no whitespace, which becomes the present position.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.position..];
        self.position += rest
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        self.text.as_bytes().get(self.position).copied()
    }

    fn expected(&self, what: &str) -> GraphError {
        GraphError::fields_syntax(what, self.position, &excerpt(self.text))
    }
}
