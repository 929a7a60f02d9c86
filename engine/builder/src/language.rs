//! Languages that plugins are written in, as their folders tell.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// One of them. Others make a component by their own tools, see `yiwang plugin build --module`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A package of cargo.
    Rust,
    /// A package of npm, in JavaScript or TypeScript.
    JavaScript,
    /// A project of Python.
    Python,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rust, Self::JavaScript, Self::Python];

    /// By the file that describes the package.
    ///
    /// # Errors
    /// If there is none.
    pub fn of(folder: &Path) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|language| folder.join(language.package()).is_file());
        found.with_context(|| {
            let files = Self::ALL.map(Self::package).join(", ");
            format!(
                "{} has none of {files}; what another compiler has made is taken by `--module`",
                folder.display()
            )
        })
    }

    /// The file that describes a package.
    #[must_use]
    pub fn package(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::JavaScript => "package.json",
            Self::Python => "pyproject.toml",
        }
    }

    /// The name that this file gives the package.
    ///
    /// # Errors
    /// If it cannot be read, or says no name.
    pub fn package_name(self, folder: &Path) -> Result<String> {
        let path = folder.join(self.package());
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let read = || -> Result<Value> {
            Ok(match self {
                Self::JavaScript => serde_json::from_str(&text)?,
                Self::Rust | Self::Python => toml::from_str(&text)?,
            })
        };
        let value = read().with_context(|| format!("reading {}", path.display()))?;
        let name = match self {
            Self::Rust => &value["package"]["name"],
            Self::JavaScript => &value["name"],
            Self::Python => &value["project"]["name"],
        };
        name.as_str().map(ToOwned::to_owned).with_context(|| format!("{} says no name", path.display()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        })
    }
}
