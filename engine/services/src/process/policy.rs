//! What an operator allows to run on this machine: `processes` of `yiwang.yaml`. Without it, nothing.

use std::path::PathBuf;

use serde::Deserialize;

/// `processes`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Processes {
    /// `run: shell`.
    #[serde(default)]
    pub shell: Shell,
    /// `run: container`.
    #[serde(default)]
    pub container: Containers,
    /// MCP servers that are started as a child.
    #[serde(default)]
    pub mcp: Stdio,
}

impl Processes {
    /// What of it workflows may use at all: the checker refuses the rest.
    pub fn allowed(&self) -> yiwang_dsl::catalog::Processes {
        yiwang_dsl::catalog::Processes {
            shell: self.shell.allow,
            container: self.container.allow,
            stdio: self.mcp.allow,
        }
    }
}

/// `processes.shell`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Shell {
    /// Off unless it is said.
    pub allow: bool,
    /// The shell that reads the command.
    pub program: PathBuf,
    /// Where it runs; none: in an empty folder made for the call.
    pub folder: Option<PathBuf>,
    /// Names of the server's environment variables that it gets besides `PATH`, `HOME`, `LANG` and `TZ`.
    pub environment: Vec<String>,
    /// Longest time of one command.
    pub seconds_max: u64,
    /// Most bytes of each of its outputs.
    pub output_bytes_max: usize,
}

/// `processes.container`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Containers {
    /// Off unless it is said.
    pub allow: bool,
    /// `docker`, `podman`, or a path to one that takes the same arguments.
    pub program: PathBuf,
    /// Images that may be run: a name, or the beginning of one that ends with `/` or `:`. Empty: all.
    pub images: Vec<String>,
    /// Folders of the host, and named volumes, that may be mounted, with all below them. Empty: none.
    pub volumes: Vec<String>,
    /// May ports of the host be bound?
    pub ports: bool,
    /// The network of the container, e.g. `none`; none: the engine's usual one.
    pub network: Option<String>,
    /// Names of the server's environment variables that the engine's client gets, e.g. `DOCKER_HOST`.
    pub environment: Vec<String>,
    /// Longest time of one run, without pulling the image beforehand.
    pub seconds_max: u64,
    /// Most bytes of each of its outputs.
    pub output_bytes_max: usize,
}

/// `processes.mcp`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Stdio {
    /// Off unless it is said.
    pub allow: bool,
    /// Programs that may be started, as workflows write them. Empty: all.
    pub commands: Vec<String>,
    /// Names of the server's environment variables that they get besides the usual ones.
    pub environment: Vec<String>,
}

impl Default for Shell {
    fn default() -> Self {
        Self {
            allow: false,
            program: PathBuf::from("/bin/sh"),
            folder: None,
            environment: Vec::new(),
            seconds_max: 300,
            output_bytes_max: 1 << 20,
        }
    }
}

impl Default for Containers {
    fn default() -> Self {
        Self {
            allow: false,
            program: PathBuf::from("docker"),
            images: Vec::new(),
            volumes: Vec::new(),
            ports: false,
            network: None,
            environment: Vec::new(),
            seconds_max: 900,
            output_bytes_max: 1 << 20,
        }
    }
}
