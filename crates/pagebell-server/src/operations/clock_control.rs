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
        // By the machine's time: steered to where it has expired, a token could not steer back.
        let now = self.surroundings.machine_time();
        let caller = self.authenticate_at(operation, &credentials, now).await?;
        let is_operator = match caller {
            Caller::Token(access) => access.token.scopes.iter().any(|it| it == OPERATOR_SCOPE),
            Caller::App(_) => false,
        };
        if !is_operator {
            return Err(GraphError::scope_missing(OPERATOR_SCOPE));
        }
        self.refuse_conditions(operation, "the clock")?;
        let clock = self.surroundings.steering.as_ref();
        let clock = clock.ok_or_else(GraphError::clock_not_steerable)?;
        match *operation.method {
            Method::GET => {
                if ClockCommand::from_parameters(operation.parameters)? != ClockCommand::default() {
                    return Err(GraphError::parameter_invalid(
                        "a GET only shows the clock; send what is to be done to it with POST",
                    ));
                }
            }
            Method::POST => {
                operation.body.clone()?;
                let command = ClockCommand::from_parameters(operation.parameters)?;
                clock.steer(command).map_err(|error| {
                    GraphError::parameters_refused(&[("advance".to_owned(), error.to_string())])
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
