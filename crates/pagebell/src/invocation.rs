//! Reading the command line and the environment.

use std::env;
use std::ffi::{OsStr, OsString};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Error, FromArgMatches};

use crate::command_line::CommandLine;
use crate::identifiers::TOKEN_PREFIX;

/// The command that this process was started with. Ends the process when it cannot be read, or
/// after a help text.
pub(crate) fn read() -> CommandLine {
    let arguments: Vec<OsString> = env::args_os().collect();
    let mut command = without_empty_variables(CommandLine::command());
    let read = command
        .try_get_matches_from_mut(&arguments)
        .and_then(|matches| CommandLine::from_arg_matches(&matches))
        .map_err(|error| error.format(&mut command));
    match read {
        Ok(command_line) => command_line,
        Err(error) => hide_secrets(name_variable(error, &command, &arguments)).exit(),
    }
}

/// An environment variable that is empty counts as one that is not set.
fn without_empty_variables(command: Command) -> Command {
    command
        .mut_args(|argument| {
            let is_empty = argument
                .get_env()
                .and_then(env::var_os)
                .is_some_and(|value| value.is_empty());
            if is_empty {
                argument.env(Resettable::Reset)
            } else {
                argument
            }
        })
        .mut_subcommands(without_empty_variables)
}

/// Takes values that may hold a password or a token out of an error, which repeats what it was
/// given.
fn hide_secrets(mut error: Error) -> Error {
    for kind in [
        ContextKind::InvalidArg,
        ContextKind::InvalidValue,
        ContextKind::InvalidSubcommand,
    ] {
        let may_hold_secret = match error.get(kind) {
            Some(ContextValue::String(text)) => {
                text.starts_with(TOKEN_PREFIX) || (text.contains("://") && text.contains('@'))
            }
            _ => false,
        };
        if may_hold_secret {
            let hidden = ContextValue::String("(not shown, as it may hold a secret)".to_owned());
            error.insert(kind, hidden);
        }
    }
    error
}

/// Has an error about a value name the variable that the value comes from, instead of the option
/// that was not given.
fn name_variable(mut error: Error, command: &Command, arguments: &[OsString]) -> Error {
    if !matches!(
        error.kind(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
    ) {
        return error;
    }
    let Some(ContextValue::String(usage)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    // The usage of an option, such as `--max-headers <NUMBER>`.
    let is_of_name = |character: &char| character.is_ascii_alphanumeric() || *character == '-';
    let option: String = usage.chars().take_while(is_of_name).collect();
    let is_given = arguments.iter().any(|argument| {
        argument
            .to_str()
            .and_then(|argument| argument.strip_prefix(option.as_str()))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    });
    if !is_given && let Some(variable) = variable(command, option.trim_start_matches('-')) {
        error.insert(ContextKind::InvalidArg, ContextValue::String(variable));
    }
    error
}

/// The variable of an option, in this command or one below it.
fn variable(command: &Command, option: &str) -> Option<String> {
    command
        .get_arguments()
        .filter(|argument| argument.get_long() == Some(option))
        .find_map(|argument| argument.get_env().and_then(OsStr::to_str))
        .map(str::to_owned)
        .or_else(|| {
            let mut below = command.get_subcommands();
            below.find_map(|command| variable(command, option))
        })
}
