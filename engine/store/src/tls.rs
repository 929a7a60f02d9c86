//! TLS to a server: which modes there are, and why a connection could not be made safe.
//!
//! The words of `sslmode` are those of PostgreSQL. `allow` is not served: it would be taken for `disable`.
//! The driver speaks TLS by rustls; who is trusted besides `sslrootcert` is what the machine trusts.

use std::error::Error as _;
use std::io;

use rustls::CertificateError;
use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// What is wrong, and what to do about it.
pub(crate) type Problem = (String, &'static str);

const NOT_TRUSTED: &str = "name the authority's certificate in the URL: sslrootcert=/path/to/authority.pem";
const OTHER_NAME: &str = "use the name or address that stands in the certificate, or have a certificate issued for \
                          this one; sslmode=verify-ca does not look at the name";

/// A mode that is not served.
pub(crate) fn refused(options: &PgConnectOptions) -> Option<Problem> {
    matches!(options.get_ssl_mode(), PgSslMode::Allow).then(|| {
        let help = "say sslmode=disable, prefer, require, verify-ca or verify-full";
        ("sslmode=allow is not served".to_owned(), help)
    })
}

/// Why TLS failed; none: it did not, something else went wrong.
pub(crate) fn problem(error: &DbErr, options: &PgConnectOptions) -> Option<Problem> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    match &**error {
        sqlx::Error::Tls(said) if said.to_string().contains("does not support TLS") => {
            let help = "set ssl = on at the server, or say sslmode=disable within one machine or a network of its own";
            Some(("the server does not speak TLS".to_owned(), help))
        }
        sqlx::Error::Tls(said) => {
            let help = "look at the files that sslrootcert, sslcert and sslkey name";
            Some((format!("TLS could not be set up: {said}"), help))
        }
        sqlx::Error::Io(failed) => handshake(failed, options),
        _ => None,
    }
}

fn handshake(failed: &io::Error, options: &PgConnectOptions) -> Option<Problem> {
    let tls = failed.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(tls) = tls else {
        // A socket that is not there is no file that is missing.
        let file = failed.kind() == io::ErrorKind::NotFound && options.get_socket().is_none();
        return file.then(|| {
            let what = "a file of certificates that the URL names is not there".to_owned();
            (what, "look at sslrootcert, sslcert and sslkey in the URL, and at PGSSLROOTCERT and its like")
        });
    };
    Some(match tls {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            ("its certificate comes from an authority that is not trusted here".to_owned(), NOT_TRUSTED)
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => (format!("its certificate is not for `{}`", options.get_host()), OTHER_NAME),
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => (
            "its certificate has expired".to_owned(),
            "renew the server's certificate, and look at the clocks",
        ),
        other => {
            let cause = other.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            (format!("the handshake failed: {other}{cause}"), "look at the server's log and its certificate")
        }
    })
}
