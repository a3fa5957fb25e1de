//! Figures in documents: what a chore measured takes the place of what it measured last time.
//!
//! A figure stands between `<!-- figures: NAME -->` and `<!-- end of figures: NAME -->`; what people
//! wrote around it stays.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

/// Replaces the figures of one name in a document.
pub(crate) fn replace_figures(path: &Path, name: &str, figures: &str) -> anyhow::Result<()> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let replaced =
        replaced(&text, name, figures).with_context(|| format!("in {}", path.display()))?;
    fs::write(path, replaced).with_context(|| format!("cannot write {}", path.display()))
}

fn replaced(text: &str, name: &str, figures: &str) -> anyhow::Result<String> {
    let begin = format!("<!-- figures: {name} -->\n");
    let end = format!("<!-- end of figures: {name} -->");
    let Some((before, rest)) = text.split_once(&begin) else {
        bail!("there is no line {:?}", begin.trim_end());
    };
    let Some((_earlier, after)) = rest.split_once(&end) else {
        bail!("there is no {end:?} behind {:?}", begin.trim_end());
    };
    Ok(format!(
        "{before}{begin}{}\n{end}{after}",
        figures.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_figures_of_the_name_change() {
        let text = "a\n<!-- figures: x -->\nold\n<!-- end of figures: x -->\nb\n\
                    <!-- figures: y -->\n1\n<!-- end of figures: y -->\n";
        let expected = "a\n<!-- figures: x -->\nnew\n<!-- end of figures: x -->\nb\n\
                        <!-- figures: y -->\n1\n<!-- end of figures: y -->\n";
        assert_eq!(replaced(text, "x", "new\n\n").unwrap(), expected);
    }

    #[test]
    fn a_document_without_the_place_is_refused() {
        for text in ["", "<!-- figures: x -->\n", "<!-- end of figures: x -->"] {
            assert!(replaced(text, "x", "new").is_err(), "{text}");
        }
    }
}
