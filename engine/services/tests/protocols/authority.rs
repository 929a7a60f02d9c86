//! A private certificate authority, as an intranet has one.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;

/// The authority, with one certificate that it has signed.
pub(crate) struct Authority {
    /// What trusts it: PEM.
    pub(crate) certificate: Vec<u8>,
    leaf: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    /// For this host.
    pub(crate) fn of(host: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&own).unwrap().pem().into_bytes();
        let issuer = Issuer::new(params, own);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        Self { certificate, leaf, key }
    }

    /// A server that shows the certificate and speaks this protocol.
    pub(crate) fn server(&self, protocol: &[u8]) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth();
        let mut config = config.with_single_cert(vec![self.leaf.der().clone()], key).unwrap();
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    }

    /// Certificate and key in files.
    pub(crate) fn files(&self) -> (TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("server.pem"), folder.path().join("server.key"));
        std::fs::write(&certificate, self.leaf.pem()).unwrap();
        std::fs::write(&key, self.key.serialize_pem()).unwrap();
        (folder, certificate, key)
    }
}
