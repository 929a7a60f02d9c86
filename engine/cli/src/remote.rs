//! A running server, as the commands talk to it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::header::ACCEPT_LANGUAGE;
use reqwest::{Method, Response};
use serde_json::Value;

use crate::failure::{self, Exit, Failure};
use crate::language;

/// How to reach the server.
#[derive(Args, Clone, Debug)]
pub(crate) struct Server {
    /// Address of the server.
    #[arg(
        long,
        env = "YIWANG_SERVER",
        default_value = "http://127.0.0.1:7420",
        value_name = "URL",
        global = true
    )]
    server: String,
    /// API token. Better by the environment: other users see the arguments of a process.
    #[arg(long, env = "YIWANG_TOKEN", hide_env_values = true, value_name = "TOKEN", global = true)]
    token: Option<String>,
    /// File with the token; without it `admin.token` of the data folder `./data`, if it is there.
    #[arg(long, env = "YIWANG_TOKEN_FILE", value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
}

/// A connection with a token.
pub(crate) struct Remote {
    client: reqwest::Client,
    base: String,
    token: String,
}

/// The headers beside the usual ones.
pub(crate) type Headers<'a> = &'a [(&'a str, &'a str)];

impl Server {
    /// Ready to ask.
    pub(crate) fn connect(&self) -> Result<Remote, Failure> {
        Ok(Remote { client: client()?, base: self.base(), token: self.token()? })
    }

    /// Ready to ask what needs no token.
    pub(crate) fn anonymous(&self) -> Result<Remote, Failure> {
        Ok(Remote { client: client()?, base: self.base(), token: String::new() })
    }

    fn base(&self) -> String {
        self.server.trim_end_matches('/').to_owned()
    }

    fn token(&self) -> Result<String, Failure> {
        if let Some(token) = &self.token {
            return Ok(token.trim().to_owned());
        }
        let usual = PathBuf::from("data/admin.token");
        let path = match &self.token_file {
            Some(path) => path,
            None if usual.exists() => &usual,
            None => {
                return Err(Failure::new(Exit::Auth, "auth.token-missing", "no token was given")
                    .help("give one by --token, YIWANG_TOKEN or --token-file"));
            }
        };
        let text =
            std::fs::read_to_string(path).map_err(|e| failure::file("reading the token file", path, e))?;
        Ok(text.trim().to_owned())
    }
}

fn client() -> Result<reqwest::Client, Failure> {
    // A second call finds a provider installed already, and that is the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .connect_timeout(Duration::from_secs(5))
        // A token must not follow a redirect to another host.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Failure::new(Exit::Failed, "cli.client", "building the HTTP client").because(error))
}

impl Remote {
    /// GET below `/api/v1`.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        let mut url = format!("{}/api/v1{path}", self.base);
        for (index, (name, value)) in query.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(&format!("{name}={}", encoded(value)));
        }
        self.answer(self.client.get(url)).await
    }

    /// GET of a text below `/api/v1`.
    pub(crate) async fn get_text(&self, path: &str) -> Result<String, Failure> {
        let authorization = format!("Bearer {}", self.token);
        let headers = [("authorization", authorization.as_str())];
        let response = self.raw(Method::GET, &format!("/api/v1{path}"), &headers, Vec::new()).await?;
        let status = response.status();
        let text = response.text().await.map_err(|error| self.unreachable(error))?;
        if status.is_success() {
            return Ok(text);
        }
        let problem = serde_json::from_str(&text).unwrap_or(Value::Null);
        Err(Failure::from_problem(status.as_u16(), problem))
    }

    /// POST of JSON below `/api/v1`; none: without a body.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: Option<&Value>,
        headers: Headers<'_>,
    ) -> Result<Value, Failure> {
        let mut request = self.client.post(format!("{}/api/v1{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // Sets the content type only if the headers did not.
        if let Some(body) = body {
            request = request.json(body);
        }
        self.answer(request).await
    }

    /// PUT of JSON below `/api/v1`.
    pub(crate) async fn put(&self, path: &str, body: &Value, headers: Headers<'_>) -> Result<Value, Failure> {
        let mut request = self.client.put(format!("{}/api/v1{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.json(body)).await
    }

    /// POST of bytes below `/api/v1`; the headers say what they are.
    pub(crate) async fn upload(
        &self,
        path: &str,
        body: Vec<u8>,
        headers: Headers<'_>,
    ) -> Result<Value, Failure> {
        let mut request = self.client.post(format!("{}/api/v1{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request).await
    }

    /// DELETE below `/api/v1`.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.answer(self.client.delete(format!("{}/api/v1{path}", self.base))).await
    }

    /// Any request to any path, its answer as it came.
    pub(crate) async fn raw(
        &self,
        method: Method,
        path: &str,
        headers: Headers<'_>,
        body: Vec<u8>,
    ) -> Result<Response, Failure> {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.map_err(|error| self.unreachable(error))
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value, Failure> {
        let request = request.bearer_auth(&self.token).header(ACCEPT_LANGUAGE, language::tag());
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| self.unreachable(error))?;
        let value = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice::<Value>(&body) };
        match value {
            Ok(value) if status.is_success() => Ok(value),
            Ok(problem) if problem.get("code").is_some() => {
                Err(Failure::from_problem(status.as_u16(), problem))
            }
            Ok(_) | Err(_) => Err(Failure::new(
                Exit::Failed,
                "cli.answer",
                format!("{} answered {status}, but not as a Yiwang server does", self.base),
            )),
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        Failure::new(Exit::Unreachable, "cli.unreachable", format!("no answer from {}", self.base))
            .because(error.without_url())
            .help("is the server up? `yiwang serve` starts one; --server names another")
    }
}

/// A value for a path or a query.
pub(crate) fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
