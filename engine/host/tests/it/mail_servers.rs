//! The e-mail plugin against real servers: Dovecot with a mailbox, Exim that takes messages for it, both on ports of
//! this machine with a certificate of their own. Where they are not installed the test says "skipped".

use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use yiwang_core::input::EffectOutcome;
use yiwang_core::{EffectId, InstanceId};
use yiwang_runtime::ports::{Channels as _, Delivery, Poll, PolledPage};

use crate::support::{Fixture, NOW, plugin};

const USER: &str = "tousu@mail.test";

/// Both servers; they end with this value.
struct Servers {
    folder: TempDir,
    children: Vec<Child>,
    /// Of IMAP with STARTTLS and with TLS, of SMTP with STARTTLS and with TLS.
    ports: [u16; 4],
    certificate: Vec<u8>,
    /// Who owns the mailbox.
    owner: u32,
    group: u32,
    letters: u32,
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in &mut self.children {
            // Dovecot's own processes end with it when it is asked politely.
            let id = rustix::process::Pid::from_child(child);
            if rustix::process::kill_process(id, rustix::process::Signal::TERM).is_ok() {
                drop(child.wait());
            }
        }
    }
}

fn program(names: [&str; 2]) -> Option<PathBuf> {
    names.iter().map(PathBuf::from).find(|path| path.exists())
}

impl Servers {
    /// None where they are not installed.
    fn start() -> Option<Self> {
        let dovecot = program(["/usr/sbin/dovecot", "/usr/local/sbin/dovecot"]);
        let exim = program(["/usr/sbin/exim4", "/usr/sbin/exim"]);
        let (Some(dovecot), Some(exim)) = (dovecot, exim) else {
            eprintln!(
                "skipped: there is no dovecot or no exim; on Debian: apt-get install dovecot-imapd exim4-daemon-light"
            );
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let free = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = [0, 1, 2, 3].map(|at: usize| free[at].local_addr().unwrap().port());
        drop(free);
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        // A mailbox of root is opened by nobody.
        let me = rustix::process::geteuid().as_raw();
        let (owner, group) =
            if me == 0 { (65_534, 65_534) } else { (me, rustix::process::getegid().as_raw()) };
        let mut servers = Self {
            folder,
            children: Vec::new(),
            ports,
            certificate: made.cert.pem().into_bytes(),
            owner,
            group,
            letters: 0,
        };
        let root = servers.folder.path().to_owned();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(root.join("cert.pem"), made.cert.pem()).unwrap();
        fs::write(root.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        fs::write(root.join("users"), format!("{USER}:{{PLAIN}}geheim\n")).unwrap();
        for name in ["mail/new", "mail/cur", "mail/tmp", "home", "spool", "log"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        for name in ["key.pem", "mail", "mail/new", "mail/cur", "mail/tmp", "home", "spool", "log"] {
            servers.own(&root.join(name));
        }
        let unprivileged = (me != 0).then(|| user_name(me));
        fs::write(root.join("dovecot.conf"), servers.dovecot(unprivileged.as_deref())).unwrap();
        fs::write(root.join("exim.conf"), servers.exim()).unwrap();
        let log = fs::File::create(root.join("log/programs")).unwrap();
        let mut start = |program: &Path, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).current_dir(&root).stdin(Stdio::null());
            command.stdout(log.try_clone().unwrap()).stderr(log.try_clone().unwrap());
            servers.children.push(command.spawn().unwrap());
        };
        start(&dovecot, &["-F", "-c", "dovecot.conf"]);
        start(&exim, &["-C", root.join("exim.conf").to_str().unwrap(), "-bdf", "-odi"]);
        servers.wait();
        Some(servers)
    }

    fn own(&self, path: &Path) {
        chown(path, Some(self.owner), Some(self.group)).unwrap();
    }

    /// Until all ports are open.
    fn wait(&self) {
        let ends = Instant::now() + Duration::from_secs(30);
        for port in self.ports {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                assert!(Instant::now() < ends, "port {port} does not open: {}", self.log());
                std::thread::yield_now();
            }
        }
    }

    fn log(&self) -> String {
        let mut text = String::new();
        for name in ["programs", "mainlog", "paniclog"] {
            let log = fs::read_to_string(self.folder.path().join("log").join(name)).unwrap_or_default();
            writeln!(text, "{name}: {log}").unwrap();
        }
        text
    }

    fn dovecot(&self, unprivileged: Option<&str>) -> String {
        let (root, owner, group) = (self.folder.path().display(), self.owner, self.group);
        let [imap, imaps, ..] = self.ports;
        let users = unprivileged.map_or_else(String::new, |name| {
            let services = ["imap-login", "anvil", "stats", "auth", "auth-worker"];
            let chroots: String =
                services.iter().map(|service| format!("service {service} {{\n  chroot =\n}}\n")).collect();
            format!("default_internal_user = {name}\ndefault_login_user = {name}\ndefault_internal_group =\n{chroots}")
        });
        format!(
            "base_dir = {root}/run\nlog_path = /dev/stderr\nprotocols = imap\nlisten = 127.0.0.1\nfirst_valid_uid = 1\n\
             ssl = required\nssl_cert = <{root}/cert.pem\nssl_key = <{root}/key.pem\nmail_location = maildir:{root}/mail\n\
             passdb {{\n  driver = passwd-file\n  args = scheme=PLAIN username_format=%u {root}/users\n}}\n\
             userdb {{\n  driver = static\n  args = uid={owner} gid={group} home={root}/home\n}}\n\
             service imap-login {{\n  inet_listener imap {{\n    port = {imap}\n  }}\n  inet_listener imaps {{\n    \
             port = {imaps}\n    ssl = yes\n  }}\n}}\n{users}"
        )
    }

    fn exim(&self) -> String {
        let (root, owner, group) = (self.folder.path().display(), self.owner, self.group);
        let [.., smtp, smtps] = self.ports;
        format!(
            "keep_environment =\nprimary_hostname = mail.test\nspool_directory = {root}/spool\n\
             log_file_path = {root}/log/%slog\npid_file_path = {root}/log/exim.pid\nexim_user = {owner}\nexim_group = {group}\n\
             local_interfaces = 127.0.0.1\ndaemon_smtp_ports = {smtp} : {smtps}\ntls_on_connect_ports = {smtps}\n\
             tls_advertise_hosts = *\ntls_certificate = {root}/cert.pem\ntls_privatekey = {root}/key.pem\n\
             auth_advertise_hosts = ${{if eq {{$tls_in_cipher}}{{}}{{}}{{*}}}}\nacl_smtp_rcpt = recipient\n\
             begin acl\nrecipient:\n  deny local_parts = nobody\n       message = 5.1.1 User unknown\n  \
             defer local_parts = later\n       message = 4.2.0 Come back later\n  accept authenticated = *\n  \
             deny message = 5.7.1 Log in first\n\
             begin routers\nall:\n  driver = accept\n  transport = maildir\n\
             begin transports\nmaildir:\n  driver = appendfile\n  directory = {root}/mail\n  maildir_format\n  \
             user = {owner}\n  group = {group}\n  return_path_add\n\
             begin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n  server_prompts = :\n  \
             server_condition = ${{if and {{{{eq {{$auth2}}{{{USER}}}}}{{eq {{$auth3}}{{geheim}}}}}}}}\n  \
             server_set_id = $auth2\n"
        )
    }

    /// Puts a message into the mailbox.
    fn deliver(&mut self, message: &[u8]) {
        self.letters += 1;
        let path = self.folder.path().join(format!("mail/new/1717482600.{}.test", self.letters));
        fs::write(&path, message).unwrap();
        self.own(&path);
    }

    /// Forgets how the messages were numbered.
    fn renumber(&self) {
        for entry in fs::read_dir(self.folder.path().join("mail")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("dovecot.index") || name == "dovecot-uidlist" {
                fs::remove_file(path).unwrap();
            }
        }
    }

    fn channel(&self, imap: &str, smtp: &str, password: &str) -> Value {
        let [imap_port, imaps_port, smtp_port, smtps_port] = self.ports;
        let imap = format!("{imap}://localhost:{}", if imap == "imaps" { imaps_port } else { imap_port });
        let smtp = format!("{smtp}://localhost:{}", if smtp == "smtps" { smtps_port } else { smtp_port });
        json!({
            "config": {"address": USER, "imap": {"server": imap}, "smtp": {"server": smtp}},
            "grants": {
                "kv": true, "blobs": true, "secrets": ["password"],
                "mail": [{"url": imap, "private": true}, {"url": smtp, "private": true}],
            },
            "secrets": {"password": password},
        })
    }

    async fn host(&self, imap: &str, smtp: &str, password: &str) -> Fixture {
        let trusted = vec![self.certificate.clone()];
        Fixture::trusting(&plugin("email"), &self.channel(imap, smtp, password), trusted).await
    }
}

fn user_name(id: u32) -> String {
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let id = id.to_string();
    let line = passwd.lines().find(|line| line.split(':').nth(2) == Some(&id));
    line.and_then(|line| line.split(':').next()).unwrap_or("nobody").to_owned()
}

async fn polled(host: &Fixture, cursor: Option<&str>) -> PolledPage {
    let poll = Poll { cursor: cursor.map(str::to_owned), events_max: 100, attempt: 1, now: NOW };
    host.host.poll("test", poll).await.unwrap()
}

async fn sent(host: &Fixture, to: &str, n: u64) -> EffectOutcome {
    let message = json!({
        "recipient_kind": "email", "recipient": to, "params": {}, "subject": "您反映的问题已办结",
        "body": "路灯已修好。\n.\n谢谢", "case_no": "QC-20240604-000123",
    });
    let delivery = Delivery {
        effect: EffectId { instance: InstanceId(n), n: 3 },
        attempt: 1,
        message: serde_json::from_value(message).unwrap(),
        now: NOW,
    };
    host.host.send("test", delivery).await
}

fn code(outcome: EffectOutcome) -> String {
    match outcome {
        EffectOutcome::Done { .. } => "done".to_owned(),
        EffectOutcome::Retryable { code, message, .. } => format!("retryable {code} {message}"),
        EffectOutcome::Permanent { code, message } => format!("permanent {code} {message}"),
        EffectOutcome::Faulted { error } => format!("faulted {}", error.r#type),
    }
}

/// A message with a subject in GB18030 and a file of 12 MB, which a plugin of 64 MB must not hold in memory twice.
fn large() -> (Vec<u8>, Vec<u8>) {
    let file: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &file);
    let mut message = String::from(
        "From: wang@example.com\r\nMessage-ID: <large@example.com>\r\nSubject: =?gb18030?B?wrfGscKtwO+7tQ==?=\r\n\
         Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         路灯坏了\r\n--x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    );
    for line in encoded.as_bytes().chunks(76) {
        message.push_str(std::str::from_utf8(line).unwrap());
        message.push_str("\r\n");
    }
    message.push_str("--x--\r\n");
    (message.into_bytes(), file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_read_and_answered_by_real_servers() {
    let Some(mut servers) = Servers::start() else { return };
    let (message, file) = large();
    servers.deliver(&message);
    servers.deliver(
        b"From: li@example.com\r\nMessage-ID: <oof@example.com>\r\nAuto-Submitted: auto-replied\r\n\r\nx\r\n",
    );
    let host = servers.host("imaps", "smtp", "geheim").await;
    assert_eq!(host.problem(), None);

    // In: with TLS from the first byte.
    let page = polled(&host, None).await;
    let ids: Vec<&str> = page.events.iter().map(|it| it.event.id.as_str()).collect();
    assert_eq!(ids, ["large@example.com", "aside:oof@example.com"], "{}", servers.log());
    let report = page.events[0].event.data.to_json();
    assert_eq!(report["content"], "路灯坏了");
    let digest = report["attachments"][0]["digest"].as_str().unwrap();
    assert_eq!(
        fs::read(host.host.file(digest).unwrap()).unwrap(),
        file,
        "over several pieces, byte for byte"
    );
    let place = page.cursor.clone();
    assert!(polled(&host, place.as_deref()).await.events.is_empty(), "nothing is new");

    // Out: by STARTTLS, to ourselves; it comes back as our own.
    assert_eq!(code(sent(&host, USER, 1).await), "done", "{}", servers.log());
    let ends = Instant::now() + Duration::from_secs(30);
    let back = loop {
        let page = polled(&host, place.as_deref()).await;
        if !page.events.is_empty() {
            break page;
        }
        assert!(Instant::now() < ends, "it does not come: {}", servers.log());
    };
    let own = back.events[0].event.data.to_json();
    assert_eq!((&own["reason"], &own["caseNo"]), (&json!("own"), &json!("QC-20240604-000123")));
    assert_eq!(own["subject"], "[QC-20240604-000123] 您反映的问题已办结");

    // What servers refuse.
    let refused = code(sent(&host, "nobody@mail.test", 2).await);
    assert!(refused.starts_with("permanent smtp.550") && refused.contains("User unknown"), "{refused}");
    let later = code(sent(&host, "later@mail.test", 3).await);
    assert!(later.starts_with("retryable smtp.451"), "{later}");

    // The other two ways; all of it again, known by the same ids, after the mailbox was numbered anew.
    let other = servers.host("imap", "smtps", "geheim").await;
    assert_eq!(code(sent(&other, USER, 4).await), "done", "{}", servers.log());
    servers.renumber();
    let anew = polled(&other, place.as_deref()).await;
    let mut ids: Vec<&str> = anew.events.iter().map(|it| it.event.id.as_str()).collect();
    ids.sort_unstable();
    assert!(ids.contains(&"large@example.com") && ids.contains(&"aside:oof@example.com"), "{ids:?}");
    let validity = |cursor: &Option<String>| cursor.as_deref().unwrap().split('.').next().unwrap().to_owned();
    assert_ne!(validity(&anew.cursor), validity(&place));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_authority_are_told() {
    let Some(servers) = Servers::start() else { return };
    let poll = || Poll { cursor: None, events_max: 1, attempt: 1, now: NOW };
    let host = servers.host("imaps", "smtps", "wrong").await;
    let failed = host.host.poll("test", poll()).await.map(|page| page.cursor).unwrap_err();
    assert_eq!((failed.code.as_str(), failed.parks), ("email.login", true), "{}", failed.message);
    let told = code(sent(&host, USER, 1).await);
    assert!(told.starts_with("retryable email.login") && !told.contains("wrong"), "{told}");
    let channel = servers.channel("imaps", "smtp", "geheim");
    let doubting = Fixture::new(&plugin("email"), &channel).await;
    let failed = doubting.host.poll("test", poll()).await.map(|page| page.cursor).unwrap_err();
    assert_eq!((failed.code.as_str(), failed.parks), ("email.tls", false), "{}", failed.message);
    let told = code(sent(&doubting, USER, 2).await);
    assert!(told.starts_with("retryable email.tls"), "{told}");
}
