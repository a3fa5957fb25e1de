//! The OpenAPI documents, as they are served.

use graph_api::GraphVersion;
use pagebell_server::reference::{Reference, openapi};
use pagebell_server::{Configuration, Profile};

#[test]
fn the_documents_stay_as_they_are() {
    for (name, profile) in [("graph", Profile::Graph), ("reference", Profile::Reference)] {
        let configuration = Configuration {
            profile,
            ..Configuration::default()
        };
        let document = openapi(&configuration, GraphVersion::NEWEST);
        insta::assert_snapshot!(format!("openapi_{name}"), document.to_yaml());
    }
}

#[test]
fn a_batch_has_its_limits() {
    let document = openapi(&Configuration::default(), GraphVersion::NEWEST);
    let json: serde_json::Value = serde_json::from_str(&document.to_json()).unwrap();
    let body = &json["paths"]["/"]["post"]["requestBody"]["content"]["application/json"];
    let batch = &body["schema"]["properties"]["batch"];
    assert_eq!(
        (&batch["minItems"], &batch["maxItems"]),
        (&1.into(), &50.into())
    );
    let members = batch["items"]["properties"].as_object().unwrap();
    assert_eq!(members.len(), 7, "{members:?}");
}

#[test]
fn each_version_has_its_own_document() {
    for version in GraphVersion::ALL {
        let document = openapi(&Configuration::default(), version);
        let json: serde_json::Value = serde_json::from_str(&document.to_json()).unwrap();
        assert_eq!(json["openapi"], "3.1.0");
        assert_eq!(json["servers"][0]["url"], format!("/{version}"));
        let error = &json["components"]["schemas"]["StandardError"]["properties"];
        assert_eq!(error.as_object().unwrap().len(), 9, "all nine members");
        assert_eq!(
            json["components"]["securitySchemes"]
                .as_object()
                .unwrap()
                .len(),
            3
        );
    }
}

#[test]
fn the_markdown_of_the_published_page_has_its_two_endpoints_and_all_three_credentials() {
    let configuration = Configuration {
        profile: Profile::Reference,
        ..Configuration::default()
    };
    let version = GraphVersion::NEWEST;
    let base = "http://pagebell.test";
    let document = openapi(&configuration, version);
    let page = Reference::new(&document, version, configuration.profile, base);
    assert_eq!(page.endpoints.len(), 2);
    insta::assert_snapshot!(page.to_markdown(base).split("\n## Errors").next().unwrap());
}
