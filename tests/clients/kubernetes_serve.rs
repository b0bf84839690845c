//! Does Kubernetes take what runs `mailwright serve` in a cluster, and do its parts belong together?
//!
//! By the API server's own schemas and by kustomize; what neither sees is asked here: labels that are
//! selected, ports that are listened on, files that are mounted, arguments that the program takes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::kubernetes::{documents, runs_without_rights, strings};
use crate::support::{self, Bundle};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/kubernetes/serve")
}

/// The files as they are, or with what is off in them.
#[derive(Clone, Copy, PartialEq)]
enum Tls {
    AtTheIngress,
    InThePods,
}

/// All documents that kustomize lists.
fn parts(tls: Tls) -> Vec<Value> {
    let changed = TempDir::new().expect("a temporary folder");
    let mut parts = Vec::new();
    for name in listed("resources:") {
        let mut text = fs::read_to_string(folder().join(&name)).expect("a file that is listed");
        if tls == Tls::InThePods {
            text = switched_on(&text).replacen("targetPort: web", "targetPort: plain", 1);
        }
        let file = changed.path().join(name);
        fs::write(&file, text).expect("a file in the temporary folder");
        parts.extend(documents(&file));
    }
    parts
}

/// The text with the `#` taken from lines that are off.
fn switched_on(text: &str) -> String {
    let mut on = String::new();
    for line in text.lines() {
        let off = line.trim_start().strip_prefix('#').is_some_and(|rest| {
            rest.starts_with("- ") || (rest.starts_with("  ") && rest.contains(": "))
        });
        on += &if off { line.replacen('#', "", 1) } else { line.to_owned() };
        on.push('\n');
    }
    on
}

/// The entries of a list in kustomization.yaml.
fn listed(list: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(folder().join("kustomization.yaml")).expect("there is one");
    let lines = text.lines().skip_while(|line| line.trim() != list).skip(1);
    lines.map_while(|line| line.trim().strip_prefix("- ").map(str::to_owned)).collect()
}

#[track_caller]
fn of_kind<'a>(parts: &'a [Value], kind: &str) -> &'a Value {
    let mut found = parts.iter().filter(|part| part["kind"] == kind);
    let first = found.next().unwrap_or_else(|| panic!("there is no {kind}"));
    assert!(found.next().is_none(), "there is one {kind}");
    first
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn kubernetes_takes_every_part_with_tls_in_the_pods_or_at_the_ingress() {
    needs_module!("kubernetes_validate", "kubernetes-validate");
    for tls in [Tls::AtTheIngress, Tls::InThePods] {
        let kinds: Vec<Value> = parts(tls).iter().map(|part| part["kind"].clone()).collect();
        let meant = ["Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Service"];
        assert_eq!(kinds, meant);
    }
}

#[test]
fn kustomize_names_every_file_and_no_other() {
    let here: BTreeSet<String> = support::walk(&folder())
        .iter()
        .map(|file| file.strip_prefix(folder()).expect("below").display().to_string())
        .collect();
    let mut named = listed("resources:");
    named.append(&mut listed("files:"));
    named.insert("kustomization.yaml".into());
    assert_eq!(named, here);
}

#[test]
fn kustomize_makes_documents_that_kubernetes_takes() {
    needs!("kubectl");
    needs_module!("kubernetes_validate", "kubernetes-validate");
    let mut kubectl = support::command("kubectl");
    let said = support::run(kubectl.arg("kustomize").arg(folder())).fine();
    assert_eq!(said.stderr, "");
    let made = TempDir::new().expect("a temporary folder");
    let file = made.path().join("made.yaml");
    fs::write(&file, said.stdout).expect("a file in the temporary folder");
    let made = documents(&file);
    assert_eq!(made.len(), listed("resources:").len() + 1);

    // Of a new name for each content, so that a change of it is a change of the Deployment.
    let providers = of_kind(&made, "ConfigMap");
    let volumes = &of_kind(&made, "Deployment")["spec"]["template"]["spec"]["volumes"];
    let volume = list(volumes).iter().find(|volume| volume["name"] == "providers");
    let volume = &volume.expect("a volume")["configMap"]["name"];
    assert_eq!(*volume, providers["metadata"]["name"]);
    assert_ne!(*volume, "mailwright-providers");
    assert!(providers["data"]["example.com.toml"].is_string());
}

#[test]
fn what_selects_pods_selects_those_of_the_deployment() {
    needs_module!("kubernetes_validate", "kubernetes-validate");
    let parts = parts(Tls::AtTheIngress);
    let deployment = of_kind(&parts, "Deployment");
    let template = &deployment["spec"]["template"];
    let labels = template["metadata"]["labels"].as_object().expect("pods have labels");
    let mut selectors = vec![
        &deployment["spec"]["selector"]["matchLabels"],
        &of_kind(&parts, "Service")["spec"]["selector"],
        &of_kind(&parts, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
    ];
    let spread = list(&template["spec"]["topologySpreadConstraints"]);
    selectors.extend(spread.iter().map(|c| &c["labelSelector"]["matchLabels"]));
    assert_eq!(selectors.len(), 5);
    for selector in selectors {
        let selector = selector.as_object().expect("labels");
        assert!(!selector.is_empty());
        for (name, value) in selector {
            assert_eq!(labels.get(name), Some(value), "{name}");
        }
    }
    let scaled = &of_kind(&parts, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"];
    assert_eq!(scaled["name"], deployment["metadata"]["name"]);
    assert_eq!(scaled["kind"], deployment["kind"]);
    assert_eq!(scaled["apiVersion"], deployment["apiVersion"]);
    // Two that say how many there are would undo each other's.
    assert!(deployment["spec"].get("replicas").is_none());
    let requests = &template["spec"]["containers"][0]["resources"]["requests"];
    assert!(requests["cpu"].is_string(), "the autoscaler measures by it");
}

#[test]
fn a_port_that_is_named_is_one_that_the_program_listens_on() {
    needs_module!("kubernetes_validate", "kubernetes-validate");
    for tls in [Tls::AtTheIngress, Tls::InThePods] {
        let parts = parts(tls);
        let pod = &of_kind(&parts, "Deployment")["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        let ports = list(&container["ports"]);
        let listened: BTreeSet<u64> = strings(&container["args"])
            .iter()
            .filter(|argument| !argument.starts_with("--trusted-proxy"))
            .filter_map(|argument| argument.rsplit_once(':')?.1.parse().ok())
            .collect();
        let declared = ports.iter().filter_map(|port| port["containerPort"].as_u64()).collect();
        assert_eq!(listened, declared);

        let names: Vec<&Value> = ports.iter().map(|port| &port["name"]).collect();
        let mut asked: Vec<&Value> = list(&of_kind(&parts, "Service")["spec"]["ports"])
            .iter()
            .map(|p| &p["targetPort"])
            .collect();
        assert_eq!(asked.len(), if tls == Tls::InThePods { 2 } else { 1 });
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            asked.push(&container[probe]["httpGet"]["port"]);
        }
        for port in asked {
            assert!(names.contains(&port), "{port} is none of {names:?}");
        }
    }
}

#[test]
fn a_file_that_is_named_is_on_a_volume_that_is_there() {
    needs_module!("kubernetes_validate", "kubernetes-validate");
    let parts = parts(Tls::InThePods);
    let pod = &of_kind(&parts, "Deployment")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let mounts = list(&container["volumeMounts"]);
    let names = |list: &[Value]| -> BTreeSet<String> {
        list.iter().map(|value| value["name"].to_string()).collect()
    };
    assert_eq!(names(mounts), names(list(&pod["volumes"])));
    let arguments = strings(&container["args"]);
    let paths: Vec<&str> = arguments
        .iter()
        .filter_map(|a| a.split_once("=/").map(|_| a.split_once('=').unwrap().1))
        .collect();
    assert_eq!(paths, ["/providers", "/tls/tls.crt", "/tls/tls.key"]);
    for path in paths {
        let mounted = mounts
            .iter()
            .any(|mount| Path::new(path).starts_with(mount["mountPath"].as_str().expect("a path")));
        assert!(mounted, "{path}");
    }
}

#[test]
fn the_program_takes_the_arguments_of_the_deployment_and_of_the_job() {
    needs_module!("kubernetes_validate", "kubernetes-validate");
    let job = documents(&folder().join("../rollout-job.yaml"));
    for (parts, kind) in [
        (parts(Tls::AtTheIngress), "Deployment"),
        (parts(Tls::InThePods), "Deployment"),
        (job, "Job"),
    ] {
        let container = &of_kind(&parts, kind)["spec"]["template"]["spec"]["containers"][0];
        let arguments = strings(&container["args"]);
        let arguments = arguments.iter().map(|a| a.replace("$(JOB_COMPLETION_INDEX)", "0"));
        let line = std::iter::once("mailwright".to_owned()).chain(arguments);
        let parsed = mailwright::internals::cli::definition().try_get_matches_from(line);
        assert!(parsed.is_ok(), "{kind}: {}", parsed.unwrap_err());
    }
}

#[test]
fn the_pods_that_serve_run_without_rights() {
    needs_module!("kubernetes_validate", "kubernetes-validate");
    let parts = parts(Tls::AtTheIngress);
    runs_without_rights(&of_kind(&parts, "Deployment")["spec"]["template"]["spec"]);
}

#[test]
fn the_provider_of_the_example_is_one() {
    let file = folder().join("providers/example.com.toml");
    let file = file.to_str().expect("a path of ours");
    Bundle::new().mailwright(&["check", file]);
    Bundle::new().and(&["example.com", "--provider", file, "--target", "thunderbird"]);
}
