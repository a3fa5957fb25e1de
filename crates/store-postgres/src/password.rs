//! The file that a password is read from.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// The password: the first line of the file, without whitespace at its end. Spaces and line ends that
/// an editor or a deployment adds are no part of it. The error says what is wrong with the file.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, String> {
    let wrong = |reason: &str| format!("passfile {}: {reason}", file.display());
    let unreadable = |error: std::io::Error| wrong(&error.to_string());
    let metadata = fs::metadata(file).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(wrong("it is not a regular file"));
    }
    if is_open_to_others(&metadata) {
        return Err(wrong(
            "other users may read or change it; take that away, as with chmod 600",
        ));
    }
    let text = fs::read(file).map_err(unreadable)?;
    let line = text.split(|byte| *byte == b'\n').next();
    let password = line.unwrap_or_default().trim_ascii_end();
    if password.is_empty() {
        return Err(wrong("its first line is empty"));
    }
    Ok(password.to_vec())
}

/// The rule of libpq, with the exception that PostgreSQL makes for keys: the group may read a file
/// that belongs to root, as systems that hand secrets to services make it.
fn is_open_to_others(metadata: &Metadata) -> bool {
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    metadata.permissions().mode() & forbidden != 0
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    fn file(content: &str, mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn the_password_is_the_first_line_without_whitespace_at_its_end() {
        for content in [
            "s3 cret",
            "s3 cret\n",
            "s3 cret\r\n",
            "s3 cret \n",
            "s3 cret\t\n\n\n",
            "s3 cret\n\nnot this\n",
        ] {
            assert_eq!(read(file(content, 0o600).path()), Ok(b"s3 cret".to_vec()));
        }
        for content in ["", "\n", "  \ns3cret\n"] {
            let error = read(file(content, 0o400).path()).unwrap_err();
            assert!(error.ends_with("its first line is empty"), "{error}");
        }
    }

    #[test]
    fn a_file_that_others_may_use_is_refused_without_what_is_in_it() {
        for mode in [0o604, 0o602, 0o620, 0o666, 0o644] {
            let error = read(file("s3cret\n", mode).path()).unwrap_err();
            assert!(error.contains("chmod 600"), "{mode:o}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        let of_the_group = file("s3cret\n", 0o640);
        let owner = fs::metadata(&of_the_group).unwrap().uid();
        assert_eq!(read(of_the_group.path()).is_ok(), owner == 0);
    }

    #[test]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        for (path, said) in [
            (folder.path().to_owned(), "not a regular file"),
            (folder.path().join("none"), "No such file"),
            ("/dev/zero".into(), "not a regular file"),
        ] {
            let error = read(&path).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
