//! Does the JSON API keep what its OpenAPI description promises? schemathesis asks with hundreds of
//! requests that the description allows, and with some that it does not.

use crate::python;
use crate::support;
use crate::support::Run;
use crate::support::host::{Host, provider};

#[test]
fn the_api_answers_as_its_description_says() {
    needs_module!("schemathesis", "schemathesis");
    let run = Run::new().write("example.toml", &provider("example.com", &["example.com"]));
    let host = Host::start(run, &["--provider", "example.toml", "--api"]);
    let url = format!("http://{}/api/v1/openapi.json", host.addresses[0]);
    let mut tester = python::program("schemathesis.cli");
    tester.current_dir(host.run.path("."));
    tester.args(["run", &url, "--checks", "all", "--max-examples", "200", "--seed", "1"]);
    // A text can be like an address or a client's file by its schema and still be none.
    tester.args(["--exclude-checks", "positive_data_acceptance"]);
    let said = support::run(&mut tester).fine();
    assert!(said.stdout.contains("Selected: 2/2") && said.stdout.contains("Tested: 2"), "{said:?}");
}
