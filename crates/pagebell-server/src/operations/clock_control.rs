//! `/control/clock` (ours)

use bytes::Bytes;
use graph_api::GraphError;
use graph_api::clock_control::ClockCommand;
use http::Method;

use crate::Profile;
use crate::access::{Caller, Credentials, OPERATOR_SCOPE};
use crate::dispatch::{Operation, Pagebell};

impl Pagebell {
    /// Shows the clock (GET), or freezes, sets and advances it (POST).
    pub(crate) async fn clock_control(
        &self,
        operation: Operation<'_>,
    ) -> Result<Bytes, GraphError> {
        // One place of the token is enough in any profile, as no page prescribes another.
        let credentials = Credentials::find(
            Profile::Graph,
            operation.request.authorization,
            operation.parameters,
        )?
        .ok_or_else(GraphError::token_missing)?;
        let is_operator = match self.authenticate(operation, &credentials).await? {
            Caller::Token(access) => access.token.scopes.iter().any(|it| it == OPERATOR_SCOPE),
            Caller::App(_) => false,
        };
        if !is_operator {
            return Err(GraphError::scope_missing(OPERATOR_SCOPE));
        }
        let clock = self.surroundings.steering.as_ref();
        let clock = clock.ok_or_else(GraphError::clock_not_steerable)?;
        match *operation.method {
            Method::GET => {}
            Method::POST => {
                operation.body.clone()?;
                let command = ClockCommand::from_parameters(operation.parameters)?;
                clock.steer(command).map_err(|error| {
                    let name = if command.advance.is_some() {
                        "advance"
                    } else {
                        "set"
                    };
                    GraphError::parameters_refused(&[(name.to_owned(), error.to_string())])
                })?;
                tracing::info!(now = clock.state().now, "the clock was steered");
            }
            _ => {
                return Err(GraphError::unsupported_method(
                    operation.method,
                    "control/clock",
                    "GET and POST",
                ));
            }
        }
        let state = serde_json::to_vec(&clock.state()).expect("a string and booleans serialize");
        Ok(Bytes::from(state))
    }
}
