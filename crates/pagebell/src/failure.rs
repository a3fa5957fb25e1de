//! Why a command ended without success, and the exit code that says so.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use settings_store::StoreError;

/// A failure of a command. Displays as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command ran and its request was refused: exit code 1.
    #[error("{0}")]
    Refused(String),
    /// The options do not go together or cannot be read.
    #[error("{0}")]
    Options(String),
    /// The configuration file cannot be used.
    #[error("the configuration file {file}: {reason}")]
    ConfigurationFile {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The store cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Something was made and nobody was told what it is, or it is not known whether it was made.
    #[error("{0}")]
    Unconfirmed(String),
    /// The server cannot listen.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Where.
        address: String,
        /// Why, with the way out.
        reason: String,
    },
    /// The lines that say where the server listens cannot be written: nobody would find it.
    #[error(
        "cannot write where the server listens to standard output: {0}; keep it open until these \
         lines are read"
    )]
    Announce(io::Error),
    /// The server could not start its threads or signal handlers.
    #[error("cannot start: {0}")]
    Start(io::Error),
    /// TLS cannot be used.
    #[error("{0}")]
    Tls(#[from] pagebell_server::http::TlsError),
    /// The store failed while the server ran.
    #[error(
        "the store can no longer be trusted ({0}); the server has stopped, and the next start \
         opens and checks it anew"
    )]
    StoreFailed(String),
    /// The store was still closing when the time of a stop was up.
    #[error(
        "the store did not close in the time of a stop: updates that were under way may or may not \
         be stored, what was acknowledged is"
    )]
    StoreNotClosed,
    /// Output could not be written.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// A store failed to put in an app or a token with this id. Where that may have been stored
    /// nevertheless, the message names it: its secret was shown to nobody.
    pub(crate) fn unconfirmed(error: StoreError, kind: &str, id: impl std::fmt::Display) -> Self {
        match error {
            StoreError::OutcomeUnknown { reason } => Self::Unconfirmed(format!(
                "it is unknown whether the {kind} {id} was stored, or still will be ({reason}); \
                 pagebell {kind} list shows it then{}",
                if kind == "token" {
                    format!(", and pagebell token revoke {id} revokes it: nobody knows the token")
                } else {
                    ": nobody knows its secret, so use another one".to_owned()
                }
            )),
            error => error.into(),
        }
    }

    /// 1: refused; 2: could not run.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(_) => ExitCode::from(1),
            _ => ExitCode::from(2),
        }
    }
}
