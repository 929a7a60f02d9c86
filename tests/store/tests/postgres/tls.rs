//! TLS to the server: each `sslmode`, with the right certificate and with wrong ones.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use yiwang_postgres::{Certificate, Cluster, Settings};
use yiwang_store::{Error, Postgres, SqlStore};

/// A server that speaks TLS, and the certificate of its authority.
struct Safe {
    cluster: Cluster,
    folder: TempDir,
}

impl Safe {
    /// None: there are no binaries of a server.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap();
        fs::write(folder.path().join("authority.pem"), authority.pem()).unwrap();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        // For the address, and for no name.
        let leaf =
            CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let certificate = Certificate { chain: leaf.pem(), key: key.serialize_pem() };
        let settings = Settings { certificate: Some(certificate), ..Settings::default() };
        let Some(cluster) = Cluster::start(&settings).unwrap() else {
            eprintln!("skipped: there are no binaries of a PostgreSQL server");
            return None;
        };
        Some(Self { cluster, folder })
    }

    fn authority(&self) -> String {
        self.folder.path().join("authority.pem").display().to_string()
    }

    /// Is what the store says to the server encrypted? In an empty database, reached by this host.
    async fn encrypted(&self, host: &str, parameters: &str) -> Result<bool, Error> {
        let url = self.cluster.database().unwrap();
        let database = Postgres::new(&format!("{}?{parameters}", url.replace("127.0.0.1", host)))?;
        let store = SqlStore::connect(&database).await?;
        let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                    WHERE application_name = 'yiwang' AND datname = current_database()";
        let told = self.cluster.run_sql(&url, sql).unwrap();
        store.close().await;
        Ok(told == "t")
    }

    async fn refused(&self, host: &str, parameters: &str) -> String {
        told(self.encrypted(host, parameters).await.unwrap_err())
    }
}

/// What an administrator reads.
fn told(error: Error) -> String {
    assert_eq!(error.code(), "store.tls", "{error:?}");
    format!("{error}; {}", error.help().unwrap())
}

#[tokio::test]
async fn each_mode_is_as_safe_as_it_says() {
    let Some(safe) = Safe::start() else { return };
    let root = safe.authority();
    let full = format!("sslmode=verify-full&sslrootcert={root}");
    assert!(safe.encrypted("127.0.0.1", &full).await.unwrap());
    // The name is another one, and only `verify-full` looks at it.
    let ca = format!("sslmode=verify-ca&sslrootcert={root}");
    assert!(safe.encrypted("localhost", &ca).await.unwrap());
    assert!(safe.encrypted("localhost", "sslmode=require").await.unwrap());
    assert!(safe.encrypted("localhost", "sslmode=prefer").await.unwrap());
    assert!(!safe.encrypted("127.0.0.1", "sslmode=disable").await.unwrap());
}

#[tokio::test]
async fn a_wrong_certificate_is_refused_with_what_to_do() {
    let Some(safe) = Safe::start() else { return };
    let root = safe.authority();
    let told = safe.refused("localhost", &format!("sslmode=verify-full&sslrootcert={root}")).await;
    assert!(told.contains("is not for `localhost`") && told.contains("verify-ca"), "{told}");
    for mode in ["verify-full", "verify-ca"] {
        let told = safe.refused("127.0.0.1", &format!("sslmode={mode}")).await;
        assert!(told.contains("authority that is not trusted") && told.contains("sslrootcert="), "{told}");
    }
    let missing = Path::new(&root).with_file_name("none.pem");
    let told =
        safe.refused("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={}", missing.display())).await;
    assert!(told.contains("is not there"), "{told}");
}

#[tokio::test]
async fn what_cannot_be_safe_is_not_begun() {
    let allowed = Postgres::new("postgres://yiwang@127.0.0.1/none?sslmode=allow").unwrap_err();
    assert!(told(allowed).contains("sslmode=disable, prefer"));
    let Some(cluster) = crate::place::server() else { return };
    let url = cluster.database().unwrap();
    let plain = Postgres::new(&format!("{url}?sslmode=require")).unwrap();
    let told = told(SqlStore::connect(&plain).await.unwrap_err());
    assert!(told.contains("does not speak TLS") && told.contains("ssl = on"), "{told}");
}
