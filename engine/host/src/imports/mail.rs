//! `mail`: from the guest's question to a server and back. The rules are in `mail`.

use wasmtime::component::Resource;

use crate::bindings::yiwang::channel::mail::{Host, HostMailbox, MailError, Outgoing, Page, Query, Reply};
use crate::call::CallState;
use crate::mail;

/// A page of a mailbox. Public, because the generated bindings name it; the module is not.
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
#[derive(Debug)]
pub struct Fetched(mail::Mailbox);

type Answer<T> = wasmtime::Result<Result<T, MailError>>;

impl Host for CallState {
    async fn fetch(&mut self, query: Query) -> Answer<Resource<Fetched>> {
        self.saw("mail.fetch");
        let fetched = mail::fetch(self, query).await;
        self.witnessed(fetched.as_ref().err());
        match fetched {
            Ok(mailbox) => Ok(Ok(self.table.push(Fetched(mailbox))?)),
            Err(error) => Ok(Err(self.told(error))),
        }
    }

    async fn send(&mut self, message: Outgoing) -> Answer<Reply> {
        self.saw("mail.send");
        let sent = mail::send(self, message).await;
        self.witnessed(sent.as_ref().err());
        Ok(sent.map_err(|error| self.told(error)))
    }
}

impl CallState {
    fn witnessed(&mut self, error: Option<&MailError>) {
        if let Some(tape) = &mut self.noted.tape {
            tape.mailed(error);
        }
    }

    fn told(&self, error: MailError) -> MailError {
        tracing::info!(target: "plugin", channel = self.channel.id, ?error, "a conversation with a mail server failed");
        error
    }
}

impl HostMailbox for CallState {
    async fn page(&mut self, mailbox: Resource<Fetched>) -> wasmtime::Result<Page> {
        Ok(self.table.get(&mailbox)?.0.page.clone())
    }

    async fn read(&mut self, mailbox: Resource<Fetched>, uid: u32, offset: u64, max: u32) -> Answer<Vec<u8>> {
        Ok(self.table.get_mut(&mailbox)?.0.read(uid, offset, max))
    }

    async fn drop(&mut self, mailbox: Resource<Fetched>) -> wasmtime::Result<()> {
        self.table.delete(mailbox)?;
        Ok(())
    }
}
