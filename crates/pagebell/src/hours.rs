//! `pagebell hours`: whether a Page takes calls, and call hours from text and to text.

mod openstreetmap;
mod options;
mod show;
mod text;
mod week_picture;

pub(crate) use options::HoursOptions;

use crate::failure::Failure;
use options::HoursCommand;

pub(crate) fn run(options: HoursOptions) -> Result<(), Failure> {
    match options.command {
        Some(HoursCommand::Parse(source)) => text::parse(&source),
        Some(HoursCommand::Format { json }) => text::format(json.as_deref()),
        Some(HoursCommand::Import(source)) => text::import(&source),
        None => show::run(&options.show),
    }
}
