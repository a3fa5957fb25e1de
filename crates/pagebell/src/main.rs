//! `pagebell`: the call settings server, and the tool that administers its store.

mod administration;
mod command_line;
mod configuration_file;
mod demonstration;
mod failure;
mod hours;
mod identifiers;
mod invocation;
mod lifetime;
mod listen_address;
mod logging;
mod maintenance;
mod serve;
mod shared_options;
mod signals;
mod starting;
mod store_location;
mod system;

use std::io::ErrorKind;
use std::process::ExitCode;

use crate::command_line::{Command, CommandLine};
use crate::failure::Failure;

/// Takes fewer instructions for an allocation than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let exit_code = match run(invocation::read()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has read enough of it.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            logging::write_last_line(&format!("pagebell: {failure}"));
            failure.exit_code()
        }
    };
    logging::flush();
    exit_code
}

fn run(command_line: CommandLine) -> Result<(), Failure> {
    match command_line.command {
        Command::Serve(options) => serve::run(*options),
        Command::App(command) => administration::app::run(command),
        Command::Page(command) => administration::page::run(command),
        Command::Token(command) => administration::token::run(command),
        Command::Hours(options) => hours::run(*options),
        Command::Migrate(options) => maintenance::migrate(&options),
        Command::Import(options) => maintenance::import(&options),
        Command::Export(options) => maintenance::export(&options),
        Command::Backup(options) => maintenance::back_up(&options),
        Command::Restore(options) => maintenance::restore(&options),
        Command::Check(options) => maintenance::check(&options),
        Command::Completion { shell } => command_line::write_completion(shell),
    }
}
