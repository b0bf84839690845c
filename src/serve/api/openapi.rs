//! The description of the API: OpenAPI 3.1, with schemas that are derived from what is answered.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::problem::{MEDIA_TYPE, ProblemDetails};
use super::settings::AccountSettings;

/// What all paths of the API begin with.
pub const PREFIX: &str = "/api/v1/";
/// Bytes of a client's file. Profiles with a signature and autoconfig with a hundred domains have
/// some 20,000.
pub const MAX_FILE: usize = 64 * 1024;

/// What `check` answers, in the words of `check --format json`.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct CheckResult {
    /// Whether no finding is an error.
    fine: bool,
    /// The names of the files: one, as in the places of the findings.
    files: Vec<String>,
    findings: Vec<CheckFinding>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct CheckFinding {
    /// The name of the rule; `mailwright explain CODE` has its page.
    code: String,
    severity: CheckSeverity,
    message: String,
    file: Option<String>,
    /// From 1.
    line: Option<u32>,
    /// From 1, in characters.
    column: Option<u32>,
    /// What happens to whom.
    hurts: Option<Vec<String>>,
    target: Option<String>,
    subject: Option<String>,
    /// What to do.
    help: Option<String>,
    /// The source of the rule.
    spec: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum CheckSeverity {
    Error,
    Warning,
    Note,
}

/// The whole document.
pub fn openapi() -> Value {
    let mut schemas = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let settings =
        answer(&mut schemas, "The settings.", "application/json", schema::<AccountSettings>);
    let checked = answer(&mut schemas, "The findings.", "application/json", schema::<CheckResult>);
    let mut why = |words: &str| answer(&mut schemas, words, MEDIA_TYPE, schema::<ProblemDetails>);
    let no_address = why("The address is missing or not valid.");
    let unknown = why("No provider of this server has the domain.");
    let incomplete = why("The file did not arrive whole.");
    let late = why("The file did not arrive in time.");
    let too_large = why("The file is too large.");
    let not_known = why("The body is no client's file.");
    let many = why("Too many requests.");
    let busy =
        why("The server is busy, or still reading providers; Retry-After says when to ask again.");
    let components = json!({ "schemas": schemas.take_definitions(true) });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "mailwright",
            "version": "1",
            "description": "The settings of an e-mail address for panels and webmail, and the check of a \
                            mail client's file. `mailwright serve --api` answers it.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/" }],
        "paths": {
            format!("{PREFIX}settings"): { "get": {
                "operationId": "settings",
                "summary": "The settings of an address, with its login name",
                "parameters": [{
                    "name": "email",
                    "in": "query",
                    "required": true,
                    "description": "The address.",
                    "schema": { "type": "string", "format": "email", "minLength": 3, "maxLength": 254 },
                    "example": "ann@example.com",
                }],
                "responses": {
                    "200": settings, "400": no_address, "404": unknown, "429": many, "503": busy,
                },
            } },
            format!("{PREFIX}check"): { "post": {
                "operationId": "check",
                "summary": "What is wrong with a client's file",
                "requestBody": {
                    "required": true,
                    "description": format!(
                        "A file of a mail client, such as autoconfig XML or a .mobileconfig, of at \
                         most {MAX_FILE} bytes."
                    ),
                    "content": { "application/octet-stream": {} },
                },
                "responses": {
                    "200": checked, "400": incomplete, "408": late, "413": too_large,
                    "422": not_known, "429": many, "503": busy,
                },
            } },
        },
        "components": components,
    })
}

type SchemaOf = fn(&mut SchemaGenerator) -> Value;

fn schema<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Value {
    schemas.subschema_for::<T>().to_value()
}

fn answer(schemas: &mut SchemaGenerator, words: &str, media_type: &str, schema: SchemaOf) -> Value {
    json!({ "description": words, "content": { media_type: { "schema": schema(schemas) } } })
}
