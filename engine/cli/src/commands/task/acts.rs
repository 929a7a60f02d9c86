//! What people do with a work item besides claiming, giving back and deciding it.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::output::Format;
use crate::remote::{Remote, encoded};

/// What every act may have.
#[derive(Args, Debug)]
pub(super) struct How {
    /// The work item's id.
    id: String,
    /// Why, for the history.
    #[arg(long)]
    reason: Option<String>,
    /// Id of this act: the same id again is the same act.
    #[arg(long)]
    decision: Option<String>,
    /// Only if the work item still has this version.
    #[arg(long = "if-version", value_name = "VERSION")]
    if_version: Option<u32>,
}

#[derive(Subcommand, Debug)]
pub(super) enum Verb {
    /// Let somebody else do it; oneself stays responsible and takes it back by claiming it.
    Delegate {
        #[command(flatten)]
        how: How,
        /// Who does it.
        #[arg(long)]
        to: String,
    },
    /// Give it to another candidate for good.
    HandOver {
        #[command(flatten)]
        how: How,
        /// Who has it from now on.
        #[arg(long)]
        to: String,
    },
    /// Give it back to the candidates, with a reason that they see.
    Return {
        #[command(flatten)]
        how: How,
    },
    /// Say something about it.
    Comment {
        #[command(flatten)]
        how: How,
        /// What.
        #[arg(long)]
        text: String,
    },
    /// Attach a file that is stored elsewhere.
    Attach {
        #[command(flatten)]
        how: How,
        /// Its name, for people.
        #[arg(long)]
        name: String,
        /// `sha256:` and 64 hexadecimal digits.
        #[arg(long, required_unless_present = "reference")]
        digest: Option<String>,
        /// Where it lies.
        #[arg(long = "ref", value_name = "REF")]
        reference: Option<String>,
        /// e.g. `image/jpeg`.
        #[arg(long)]
        media_type: Option<String>,
    },
    /// Change how urgent it is.
    SetPriority {
        #[command(flatten)]
        how: How,
        /// low, normal, high, urgent.
        priority: String,
    },
    /// Note when to look at it again.
    FollowUp {
        #[command(flatten)]
        how: How,
        /// RFC 3339; without it, never mind.
        #[arg(long)]
        at: Option<String>,
    },
    /// Change when it is due; its escalations go with it.
    SetDue {
        #[command(flatten)]
        how: How,
        /// RFC 3339.
        at: String,
    },
    /// Take it from whoever has it and offer it to other roles.
    Offer {
        #[command(flatten)]
        how: How,
        /// `role`, `role@unit` or `*@unit`; may be given several times.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
    },
    /// Say to have an interest in the matter: somebody else decides it.
    DeclareConflict {
        #[command(flatten)]
        how: How,
    },
    /// Give the seat of a group to somebody else.
    Replace {
        #[command(flatten)]
        how: How,
        /// Who; without it, the next of the reserves.
        #[arg(long)]
        with: Option<String>,
    },
}

pub(super) async fn run(verb: Verb, remote: &Remote, format: Format) -> Result<(), Failure> {
    let (word, how, own) = match verb {
        Verb::Delegate { how, to } => ("delegate", how, json!({"to": to})),
        Verb::HandOver { how, to } => ("hand-over", how, json!({"to": to})),
        Verb::Return { how } => ("return", how, json!({})),
        Verb::Comment { how, text } => ("comment", how, json!({"text": text})),
        Verb::Attach { how, name, digest, reference, media_type } => {
            let mut file = Map::from_iter([("name".to_owned(), json!(name))]);
            file.extend(digest.map(|digest| ("digest".to_owned(), json!(digest))));
            file.extend(reference.map(|reference| ("ref".to_owned(), json!(reference))));
            file.extend(media_type.map(|media_type| ("mediaType".to_owned(), json!(media_type))));
            ("attach", how, json!({"file": file}))
        }
        Verb::SetPriority { how, priority } => ("set-priority", how, json!({"priority": priority})),
        Verb::FollowUp { how, at } => ("follow-up", how, json!({"at": at})),
        Verb::SetDue { how, at } => ("set-due", how, json!({"at": at})),
        Verb::Offer { how, roles } => ("offer", how, json!({"roles": roles})),
        Verb::DeclareConflict { how } => ("declare-conflict", how, json!({})),
        Verb::Replace { how, with } => {
            ("replace", how, with.map_or_else(|| json!({}), |with| json!({"with": with})))
        }
    };
    let How { id, reason, decision, if_version } = how;
    let mut body = own;
    if let Value::Object(members) = &mut body {
        members.extend(reason.map(|reason| ("reason".to_owned(), json!(reason))));
        members.extend(decision.map(|decision| ("decision".to_owned(), json!(decision))));
    }
    let tag = if_version.map(|version| format!("\"{version}\""));
    let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("if-match", tag.as_str())).collect();
    let path = format!("/work-items/{}:{word}", encoded(&id));
    let item = remote.post(&path, Some(&body), &headers).await?;
    super::super::instance::print_object(format, &item, "/id");
    Ok(())
}
