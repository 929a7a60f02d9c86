//! `egress` and `secrets` of `yiwang.yaml`: what calls of workflows may reach and know.
//!
//! How calls are made is known to `yiwang-services`; here its settings are read and its secrets found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use yiwang_dsl::definition::DefinitionId;
use yiwang_services::egress::{self, Mapping, NotAMapping, Target};
use yiwang_services::{Config, Performer, Secrets};

use crate::failure::{self, Exit, Failure};
use crate::project::{Project, SecretSource};

/// `egress` of `yiwang.yaml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Egress {
    /// May be reached although it is inside, or although `deny` is `*`.
    #[serde(default)]
    pub(crate) allow: Vec<Target>,
    /// Is never reached; `*`: all that `allow` does not name.
    #[serde(default)]
    pub(crate) deny: Vec<Target>,
    /// Where names lead, `host[:port]` to `address[:port]`.
    #[serde(default)]
    pub(crate) hosts: Hosts,
    /// Where gRPC is spoken over TLS, beside port 443.
    #[serde(default)]
    pub(crate) tls: Vec<Target>,
    /// Files with certificates of private authorities (PEM), relative to the project.
    #[serde(default)]
    pub(crate) certificates: Vec<PathBuf>,
    /// Folders that `file:` addresses of documents may name, relative to the project.
    #[serde(default)]
    pub(crate) documents: Vec<PathBuf>,
    /// Times and sizes.
    #[serde(default)]
    pub(crate) limits: Limits,
}

/// The host map.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub(crate) struct Hosts(pub(crate) Vec<Mapping>);

impl TryFrom<BTreeMap<String, String>> for Hosts {
    type Error = NotAMapping;

    fn try_from(lines: BTreeMap<String, String>) -> Result<Self, NotAMapping> {
        let lines = lines.iter().map(|(host, address)| Mapping::new(host, address));
        lines.collect::<Result<_, _>>().map(Self)
    }
}

/// `egress.limits` of `yiwang.yaml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Limits {
    /// Until a connection is there.
    connect_seconds: Option<u64>,
    /// Until an answer is there whole.
    total_seconds: Option<u64>,
    /// Bytes of an answer.
    answer_bytes: Option<usize>,
    /// Redirects that are followed.
    redirects: Option<usize>,
    /// Headers of an answer.
    headers: Option<usize>,
}

/// One of `secrets` of `yiwang.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) struct WorkflowSecret {
    source: Source,
    /// Who may have it: `namespace/name`, `namespace/*`; none: every workflow.
    workflows: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
enum Source {
    /// A text that is a JSON object counts as one.
    Text(SecretSource),
    /// As it is: for tests.
    Value(Value),
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    env: Option<String>,
    file: Option<PathBuf>,
    value: Option<Value>,
    workflows: Option<Vec<String>>,
}

impl TryFrom<Written> for WorkflowSecret {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, &'static str> {
        let source = match (written.env, written.file, written.value) {
            (Some(name), None, None) => Source::Text(SecretSource::Env(name)),
            (None, Some(path), None) => Source::Text(SecretSource::File(path)),
            (None, None, Some(value)) => Source::Value(value),
            _ => return Err("a secret has one of `env`, `file` and `value`"),
        };
        Ok(Self { source, workflows: written.workflows })
    }
}

impl WorkflowSecret {
    /// The value, read now: a rotated secret takes effect at its next use.
    pub(crate) fn read(&self, root: &Path) -> Option<Value> {
        let text = match &self.source {
            Source::Text(source) => source.read(root)?,
            Source::Value(value) => return Some(value.clone()),
        };
        match serde_json::from_str(&text) {
            Ok(object @ Value::Object(_)) => Some(object),
            Ok(_) | Err(_) => Some(Value::String(text)),
        }
    }

    fn is_for(&self, workflow: &DefinitionId) -> bool {
        let Some(list) = &self.workflows else { return true };
        list.iter().any(|entry| match entry.split_once('/') {
            Some((namespace, name)) => {
                namespace == workflow.namespace && (name == "*" || name == workflow.name)
            }
            None => false,
        })
    }
}

/// What the services may do for this project; `allow`: reached besides. Without a project nothing inside is
/// reached, nothing is run and no secret is known.
pub(crate) fn config(project: Option<&Project>, allow: &[Target]) -> Result<Config, Failure> {
    let mut config = Config::default();
    if let Some(project) = project {
        config.egress = egress_config(project)?;
        config.secrets = secrets(project);
        config.processes = project.settings.processes.clone();
    }
    config.egress.allow.extend_from_slice(allow);
    Ok(config)
}

/// Makes ready what performs the calls.
pub(crate) fn performer(config: Config) -> Result<Performer, Failure> {
    Performer::new(config).map_err(|error| {
        Failure::new(Exit::Invalid, "services.start", "making calls of workflows ready")
            .because(error)
            .help("`egress.certificates` of yiwang.yaml names files with certificates in PEM")
    })
}

fn egress_config(project: &Project) -> Result<egress::Config, Failure> {
    let Egress { allow, deny, hosts, tls: secured, certificates, documents, limits } =
        project.settings.egress.clone();
    let usual = egress::Limits::default();
    let limits = egress::Limits {
        connect_time: limits.connect_seconds.map_or(usual.connect_time, Duration::from_secs),
        total_time: limits.total_seconds.map_or(usual.total_time, Duration::from_secs),
        answer_bytes: limits.answer_bytes.unwrap_or(usual.answer_bytes),
        redirects: limits.redirects.unwrap_or(usual.redirects),
        headers: limits.headers.unwrap_or(usual.headers),
    };
    let certificates = read(project, &certificates)?;
    let folders = documents.into_iter().map(|folder| project.root.join(folder)).collect();
    let hosts = hosts.0;
    Ok(egress::Config {
        allow,
        deny,
        hosts,
        secured,
        certificates,
        folders,
        limits,
        ..egress::Config::default()
    })
}

/// Certificates of private authorities (PEM), for calls of workflows and for the mail of channels.
pub(crate) fn certificates(project: &Project) -> Result<Vec<Vec<u8>>, Failure> {
    read(project, &project.settings.egress.certificates)
}

fn read(project: &Project, paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, Failure> {
    let read = |path: &PathBuf| {
        let path = project.root.join(path);
        std::fs::read(&path).map_err(|error| failure::file("reading the certificate", &path, error))
    };
    paths.iter().map(read).collect()
}

fn secrets(project: &Project) -> Secrets {
    let (root, known) = (project.root.clone(), project.settings.secrets.clone());
    Arc::new(move |name, workflow| {
        known.get(name).filter(|secret| secret.is_for(workflow)).and_then(|secret| secret.read(&root))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_authorities_and_hosts_with_tls_reach_the_services() {
        let root = tempfile::tempdir().unwrap();
        let text = "egress:\n  hosts: { grpc.intranet: '127.0.0.1:7001' }\n  allow: [127.0.0.0/8]\n  \
                    tls: ['grpc.intranet:7001']\n  certificates: [authority.pem]\n";
        std::fs::write(root.path().join("yiwang.yaml"), text).unwrap();
        let project = Project::open(root.path(), None).unwrap();
        let missing = config(Some(&project), &[]).err().unwrap();
        assert_eq!(missing.exit, Exit::NotFound);
        std::fs::write(root.path().join("authority.pem"), "PEM").unwrap();
        let egress = config(Some(&project), &[]).unwrap().egress;
        assert_eq!(egress.certificates, [b"PEM".to_vec()]);
        assert_eq!(egress.secured, ["grpc.intranet:7001".parse().unwrap()]);
        assert_eq!(egress.hosts, [Mapping::new("grpc.intranet", "127.0.0.1:7001").unwrap()]);
    }

    #[test]
    fn a_secret_is_for_the_workflows_that_are_listed() {
        let of = |namespace: &str, name: &str| DefinitionId {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
        };
        let secret = |text: &str| serde_json::from_str::<WorkflowSecret>(text);
        let all = secret(r#"{"value": "x"}"#).unwrap();
        assert!(all.is_for(&of("a", "b")));
        let some = secret(r#"{"value": {"token": "x"}, "workflows": ["a/*", "c/d"]}"#).unwrap();
        assert!(some.is_for(&of("a", "b")) && some.is_for(&of("c", "d")) && !some.is_for(&of("c", "e")));
        assert_eq!(some.read(Path::new(".")), Some(serde_json::json!({"token": "x"})));
        assert!(secret(r#"{"value": "x", "env": "Y"}"#).is_err());
        assert!(secret("{}").is_err());
    }
}
