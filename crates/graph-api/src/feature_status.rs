//! `POST /{page_id}/business_messaging_feature_status` (guide): whether a Page may use a feature of
//! business messaging. Programs ask it before they change call settings.

use bytes::Bytes;
use call_settings::{excerpt, quoted_excerpt};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::json::{self, excerpt_of};
use crate::parameters::{ParameterValue, Parameters};
use crate::{GraphError, members};

/// A feature of business messaging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub enum Feature {
    /// Calls through the Messenger API.
    #[serde(rename = "messenger_api_calling")]
    MessengerApiCalling,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 1] = [Self::MessengerApiCalling];

    /// The wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MessengerApiCalling => "messenger_api_calling",
        }
    }
}

/// Whether a Page may use a feature. The guide writes the status in both letter cases; clients
/// compare it with the upper-case one, or turn it into lower case first (clients).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FeatureStatus {
    /// It may.
    Enabled,
    /// It may not: the Page is marked so here (ours; the guide names no other status).
    NotEligible,
}

/// A question about features.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureStatusRequest {
    /// The features asked for, each once.
    pub features: Vec<Feature>,
}

/// The body of the question, for documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BusinessMessagingFeatureStatusRequest {
    /// The features to ask for. Absent: all.
    #[schema(required = false)]
    pub features: Vec<RequestedFeature>,
}

/// A feature that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestedFeature {
    /// Its name.
    pub feature: Feature,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeatureStatusList {
    /// One element for each feature asked for.
    pub data: Vec<FeatureStatusPayload>,
}

/// The status of one feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeatureStatusPayload {
    /// The feature.
    pub feature: Feature,
    /// Whether the Page may use it.
    pub status: FeatureStatus,
}

impl FeatureStatusRequest {
    /// Reads the parameter `features`: an array of objects with the member `feature`, as JSON, as
    /// JSON text, or with a parameter for each (`features[0][feature]=messenger_api_calling`). All
    /// features where it is absent (ours).
    ///
    /// # Errors
    ///
    /// It is no such array, or names a feature that does not exist.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, GraphError> {
        let parsed;
        let sent = parameters.sent("features");
        let value = match (sent.whole, sent.members.first()) {
            (None, None) => {
                return Ok(Self {
                    features: Feature::ALL.to_vec(),
                });
            }
            (Some(_), Some((name, _value))) => {
                return Err(refused(
                    "features",
                    &format!("the parameter {} beside features", excerpt(name)),
                ));
            }
            (None, Some(_)) => {
                parsed = members::object_of("features", sent.members.into_iter())
                    .map_err(|found| refused("features", &found))?;
                &parsed
            }
            (Some(ParameterValue::Json(value)), None) => value,
            (Some(ParameterValue::Text(text)), None) => {
                parsed = json::parse(text.as_bytes())
                    .map_err(|_error| refused("features", &quoted_excerpt(text)))?;
                &parsed
            }
        };
        let Value::Array(elements) = value else {
            return Err(refused("features", &excerpt_of(value)));
        };
        let mut features = Vec::with_capacity(Feature::ALL.len());
        for (position, element) in elements.iter().enumerate() {
            let place = format!("features[{position}]");
            let Value::Object(object) = element else {
                return Err(refused(&place, &excerpt_of(element)));
            };
            let feature = read_feature(&place, object)?;
            if !features.contains(&feature) {
                features.push(feature);
            }
        }
        Ok(Self { features })
    }

    /// The answer for a Page that is, or is not, eligible for calls.
    pub fn answer(&self, is_eligible: bool) -> Bytes {
        let status = if is_eligible {
            FeatureStatus::Enabled
        } else {
            FeatureStatus::NotEligible
        };
        let data = self
            .features
            .iter()
            .map(|&feature| FeatureStatusPayload { feature, status });
        let list = FeatureStatusList {
            data: data.collect(),
        };
        Bytes::from(serde_json::to_vec(&list).expect("names are JSON"))
    }
}

fn read_feature(place: &str, object: &Map<String, Value>) -> Result<Feature, GraphError> {
    if let Some(unknown) = object.keys().find(|name| *name != "feature") {
        return Err(GraphError::parameter_invalid(&format!(
            "{place} has the unknown member {}; it has feature",
            excerpt(unknown)
        )));
    }
    let name = object.get("feature").unwrap_or(&Value::Null);
    Feature::ALL
        .into_iter()
        .find(|feature| name.as_str() == Some(feature.name()))
        .ok_or_else(|| {
            let known = Feature::ALL.map(Feature::name).join(", ");
            GraphError::parameter_invalid(&format!(
                "{place}[feature] must be one of {{{known}}} - got {}",
                excerpt_of(name)
            ))
        })
}

fn refused(place: &str, found: &str) -> GraphError {
    let what = if place == "features" {
        "an array such as [{\"feature\":\"messenger_api_calling\"}]"
    } else {
        "an object such as {\"feature\":\"messenger_api_calling\"}"
    };
    GraphError::parameter_invalid(&format!("{place} must be {what} - got {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(query: &str, json: &str) -> Result<String, String> {
        let mut parameters = Parameters::from_query(query);
        let body = Bytes::copy_from_slice(json.as_bytes());
        parameters
            .extend_from_body(Some("application/json"), &body)
            .unwrap();
        FeatureStatusRequest::from_parameters(&parameters)
            .map(|request| String::from_utf8(request.answer(true).to_vec()).unwrap())
            .map_err(|error| error.message())
    }

    #[test]
    fn every_way_to_ask() {
        let enabled = r#"{"data":[{"feature":"messenger_api_calling","status":"ENABLED"}]}"#;
        for (query, json) in [
            ("", ""),
            ("", r#"{"features":[{"feature":"messenger_api_calling"}]}"#),
            (
                "",
                r#"{"features":[{"feature":"messenger_api_calling"},{"feature":"messenger_api_calling"}]}"#,
            ),
            (r#"features=[{"feature":"messenger_api_calling"}]"#, ""),
            ("features[0][feature]=messenger_api_calling", ""),
        ] {
            assert_eq!(ask(query, json).as_deref(), Ok(enabled), "{query} {json}");
        }
        assert_eq!(
            ask("", r#"{"features":[]}"#).as_deref(),
            Ok(r#"{"data":[]}"#)
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (query, json, message) in [
            (
                "",
                r#"{"features":[{"feature":"whatsapp"}]}"#,
                "features[0][feature] must be one of {messenger_api_calling} - got \"whatsapp\"",
            ),
            (
                "",
                r#"{"features":null}"#,
                "features must be an array such as [{\"feature\":\"messenger_api_calling\"}] - got null",
            ),
            (
                "",
                r#"{"features":["messenger_api_calling"]}"#,
                "features[0] must be an object such as {\"feature\":\"messenger_api_calling\"} - got \"messenger_api_calling\"",
            ),
            (
                "",
                r#"{"features":[{"feature":"messenger_api_calling","x":1}]}"#,
                "features[0] has the unknown member x; it has feature",
            ),
            (
                "features=messenger_api_calling",
                "",
                "features must be an array such as [{\"feature\":\"messenger_api_calling\"}] - got \"messenger_api_calling\"",
            ),
            (
                "features[][feature]=messenger_api_calling",
                "",
                "features must be an array such as [{\"feature\":\"messenger_api_calling\"}] - got the parameter features[][feature], whose brackets cannot be read",
            ),
        ] {
            assert_eq!(
                ask(query, json),
                Err(format!("(#100) Param {message}")),
                "{query} {json}"
            );
        }
    }

    #[test]
    fn a_page_that_is_not_eligible() {
        let request = FeatureStatusRequest {
            features: Feature::ALL.to_vec(),
        };
        assert_eq!(
            request.answer(false),
            r#"{"data":[{"feature":"messenger_api_calling","status":"NOT_ELIGIBLE"}]}"#.as_bytes()
        );
    }
}
