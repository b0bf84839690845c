//! Does Kubernetes take our Job, and do its shares make what one run makes?
//!
//! By the API server's own schemas (`kubernetes-validate`); there is no cluster on our machines. The
//! command is read from the file and run here, with the paths and the number that a node would give it.
//! What serves is in `kubernetes_serve`.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::python;
use crate::support::{self, Bundle};

/// Every document of a file, after it was judged.
const SCRIPT: &str = r#"
import json, sys
import kubernetes_validate, yaml
for document in yaml.safe_load_all(open(sys.argv[1])):
    for version in ["1.29", "1.33", kubernetes_validate.latest_version()]:
        kubernetes_validate.validate(document, version, strict=True)
    print(json.dumps(document))
"#;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/kubernetes/rollout-job.yaml")
}

pub fn documents(path: &Path) -> Vec<Value> {
    python::lines(SCRIPT, &[path])
}

fn job() -> Value {
    let documents = documents(&file());
    documents.into_iter().find(|document| document["kind"] == "Job").expect("there is a Job")
}

#[test]
fn kubernetes_takes_the_job_and_its_volume() {
    needs_module!("kubernetes_validate", "kubernetes-validate");
    let kinds: Vec<Value> = documents(&file()).iter().map(|d| d["kind"].clone()).collect();
    assert_eq!(kinds, ["PersistentVolumeClaim", "Job"]);
}

#[test]
#[should_panic(expected = "backoffLimitPerUser")]
fn the_judge_of_kubernetes_refuses_a_field_that_is_none() {
    if !python::has("kubernetes_validate") {
        support::skip("kubernetes-validate");
        panic!("not asked about backoffLimitPerUser");
    }
    let text = std::fs::read_to_string(file()).unwrap();
    let bundle = Bundle::new()
        .with_file("job.yaml", &text.replace("backoffLimitPerIndex", "backoffLimitPerUser"));
    documents(&bundle.folder().join("job.yaml"));
}

/// What the "restricted" pod security standard of Kubernetes asks for, and a root that is read-only.
#[test]
fn the_job_runs_without_rights() {
    needs_module!("kubernetes_validate", "kubernetes-validate");
    runs_without_rights(&job()["spec"]["template"]["spec"]);
}

#[track_caller]
pub fn runs_without_rights(pod: &Value) {
    let container = &pod["containers"][0];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(container["securityContext"]["capabilities"]["drop"], serde_json::json!(["ALL"]));
}

#[test]
fn the_shares_of_the_job_make_together_what_one_run_makes() {
    needs_module!("kubernetes_validate", "kubernetes-validate");
    let users: String = (0..100).map(|n| format!("user{n}@both.example,User {n}\n")).collect();
    let bundle = Bundle::new()
        .with_file("users.csv", &format!("mail,name\n{users}"))
        .with_file("provider.toml", include_str!("../fixtures/providers/both.example.toml"));
    let one = ["generate", "--users", "users.csv", "--provider", "provider.toml", "--out", "one"];
    // Some targets are enough, and the disk is waited for after each file.
    let targets = "apple-mail,thunderbird,unix-mail-msmtp";
    bundle.mailwright(&[&one[..], &["--target", targets]].concat());

    let job = job();
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let arguments = strings(&container["args"]);
    // What a file of the list or the settings is called is what `kubectl create` is told above.
    let mounts = [
        ("/users", bundle.folder().to_owned()),
        ("/settings", bundle.folder().to_owned()),
        ("/out", bundle.folder().join("shares")),
    ];
    for (path, _) in &mounts {
        let mounted = container["volumeMounts"].as_array().expect("there are volumes");
        assert!(mounted.iter().any(|mount| mount["mountPath"] == *path), "{path}");
    }
    let shares = job["spec"]["completions"].as_u64().expect("a number of shares");
    assert_eq!(job["spec"]["completionMode"], "Indexed");
    let children: Vec<Child> = (0..shares)
        .map(|index| {
            let arguments = arguments.iter().map(|argument| {
                let mut argument = argument.replace("$(JOB_COMPLETION_INDEX)", &index.to_string());
                for (path, here) in &mounts {
                    let (path, here) = (format!("={path}"), format!("={}", here.display()));
                    argument = argument.replace(&path, &here);
                }
                argument
            });
            let mut command = Command::new(env!("CARGO_BIN_EXE_mailwright"));
            command.args(arguments).env_clear().env("LC_ALL", "C").stderr(Stdio::null());
            command.env("MAILWRIGHT_TARGETS", targets);
            command.current_dir(bundle.folder()).spawn().expect("mailwright starts")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("the child is ours").success());
    }
    let mut diff = support::command("diff");
    let folder = |name: &str| bundle.folder().join(name);
    support::run(diff.arg("-r").arg(folder("one")).arg(folder("shares"))).fine();
    assert!(folder("one/both.example/user99@both.example").is_dir());
}

pub fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|value| value.as_str().expect("a text").to_owned()).collect()
}
