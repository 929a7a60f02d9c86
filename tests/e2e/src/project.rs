//! Project folders for servers under test: the channels of the example district, with messages that go to a
//! receiver of ours instead of the city's gateway.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::senders::Secrets;

/// What is another one in a test than in the city: file, text, what stands there instead (`{}` is the
/// receiver's address).
const OUTSIDE: [(&str, &str, &str); 4] = [
    ("notify.yaml", "https://gateway.district.example", "http://{}"),
    ("wechat.yaml", "- url: https://api.weixin.qq.com/*", "- url: http://{}/*\n      private: true"),
    ("wechat.yaml", "apiBase: https://api.weixin.qq.com", "apiBase: http://{}"),
    ("wechat.yaml", "gatherSeconds: 300", "gatherSeconds: 1"),
];

/// The top of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this crate lies in tests/").to_owned()
}

/// Lays out the district's channels in a folder; no workflow yet.
///
/// # Errors
/// When a file cannot be written, or a channel does not name the address that is to be replaced.
pub fn district(folder: &Path, plugins: &Path, receiver: SocketAddr) -> io::Result<()> {
    copy(&repository().join("examples/district/channels"), &folder.join("channels"))?;
    fs::write(folder.join("yiwang.yaml"), format!("casePrefix: QC\nplugins: {}\n", plugins.display()))?;
    for (channel, there, here) in OUTSIDE {
        let file = folder.join("channels").join(channel);
        let text = fs::read_to_string(&file)?;
        if !text.contains(there) {
            return Err(io::Error::other(format!("{channel} does not say `{there}` any more")));
        }
        fs::write(&file, text.replace(there, &here.replace("{}", &receiver.to_string())))?;
    }
    Ok(())
}

/// The secrets, as the project asks for them.
pub fn variables(secrets: &Secrets) -> Vec<(String, String)> {
    [
        ("DISTRICT_WEBHOOK_SECRET", &secrets.webhook),
        ("DISTRICT_NOTIFY_SECRET", &secrets.notify),
        ("DISTRICT_WECHAT_TOKEN", &secrets.wechat_token),
        ("DISTRICT_WECHAT_AES_KEY", &secrets.wechat_aes_key),
        ("DISTRICT_WECHAT_APP_SECRET", &secrets.wechat_app_secret),
    ]
    .map(|(name, value)| (name.to_owned(), value.clone()))
    .to_vec()
}

/// Copies a folder with what is in it.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
