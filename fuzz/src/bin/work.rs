//! Runs one reader on inputs of a length: `work READER LENGTH`.

use std::env::args;
use std::process::ExitCode;

fn main() -> ExitCode {
    let name = args().nth(1).unwrap_or_default();
    let length = args().nth(2).and_then(|length| length.parse().ok());
    let reader = pagebell_fuzz::READERS
        .into_iter()
        .find(|(known, _read)| *known == name);
    match (reader, length) {
        (Some((_name, read)), Some(length)) => {
            pagebell_fuzz::read_all_patterns(read, length);
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    }
}
