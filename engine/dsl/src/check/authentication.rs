//! Authentications: five schemes, each written out or taken from a secret.
//!
//! What is defined in `use.authentications` is put in place of its name, so that whoever makes the call
//! finds all it needs in the request.

use super::Checker;
use super::endpoint::Base;
use super::fields::{Fields, Place};
use super::members::Members;
use super::reuse::Kind;
use super::template::Position;
use crate::Data;
use crate::diagnostic::Code;
use crate::expression::Template;
use crate::text;

/// Names of the schemes.
const SCHEMES: [&str; 5] = ["basic", "bearer", "digest", "oauth2", "oidc"];
/// Ways to get a token.
const GRANTS: [&str; 5] = [
    "authorization_code",
    "client_credentials",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];
/// Ways in which a client says who it is.
const CLIENT_METHODS: [&str; 5] =
    ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"];
/// Forms of the request for a token.
const ENCODINGS: [&str; 2] = ["application/x-www-form-urlencoded", "application/json"];

impl<'n> Checker<'n> {
    /// An authentication, or `{ use: name }` of one.
    pub(super) fn authentication(&mut self, place: &Place<'n>, position: Position) -> Option<Template> {
        if let Some(name) = place.node.as_str() {
            let help = text!("for one of `use.authentications`: `{ use: {} }`", name);
            self.wrong_type(place, "a mapping").help(help);
            return None;
        }
        let mut fields = self.fields(place)?;
        let Some(name) = fields.get("use") else { return self.scheme(fields, position) };
        for scheme in SCHEMES {
            if fields.get(scheme).is_some() {
                let message =
                    text!("`use` takes a whole authentication, so that `{}` cannot stand beside it", scheme);
                let span = fields.key_span(scheme);
                self.report_at(Code::Exclusive, span, &place.pointer, message);
                return None;
            }
        }
        fields.finish(self);
        let definition = self.reused(&name, Kind::Authentication)?;
        let fields = self.fields(&definition)?;
        self.scheme(fields, position)
    }

    /// An entry of `use.authentications`: it cannot name another.
    pub(super) fn authentication_object(
        &mut self,
        place: &Place<'n>,
        position: Position,
    ) -> Option<Template> {
        let fields = self.fields(place)?;
        self.scheme(fields, position)
    }

    fn scheme(&mut self, mut fields: Fields<'n>, position: Position) -> Option<Template> {
        let given = SCHEMES.map(|scheme| (scheme, fields.get(scheme).is_some()));
        let (place, head) = (fields.place.clone(), fields.head_span());
        let of_scheme = |scheme: &str| fields.peek(scheme);
        let schemes = SCHEMES.map(of_scheme);
        if fields.finish(self) && given.iter().all(|(_, there)| !there) {
            return None;
        }
        let scheme = self.exactly_one(&place, head, &given)?;
        let own = SCHEMES.iter().position(|known| *known == scheme).and_then(|at| schemes[at].clone())?;
        let inner = self.of_secret_or(&own, |checker, fields| match scheme {
            "basic" | "digest" => checker.credentials(fields, position),
            "bearer" => checker.bearer(fields, position),
            oauth => checker.oauth(fields, position, oauth == "oauth2"),
        })?;
        let mut members = Members::default();
        members.add(scheme, Some(inner));
        members.finish()
    }

    /// `{ use: secret }`, or the members of the scheme.
    fn of_secret_or(
        &mut self,
        place: &Place<'n>,
        members: impl FnOnce(&mut Self, Fields<'n>) -> Option<Template>,
    ) -> Option<Template> {
        if place.node.as_str().is_some() {
            let message = "a mapping";
            self.wrong_type(place, message).help("for example `bearer: { token: … }`, or `{ use: secret }`");
            return None;
        }
        let mut fields = self.fields(place)?;
        let Some(name) = fields.get("use") else { return members(self, fields) };
        fields.finish(self);
        let text = self.text(&name)?;
        self.known_secret(text, name.node.span.clone(), &name.pointer)?;
        let mut members = Members::default();
        members.add("use", Some(Template::Literal(Data::string(text))));
        members.finish()
    }

    fn credentials(&mut self, mut fields: Fields<'n>, position: Position) -> Option<Template> {
        let username = fields.need(self, "username");
        let password = fields.need(self, "password");
        fields.finish(self);
        let mut members = Members::default();
        members.add("username", username.and_then(|place| self.credential(&place, position)));
        members.add("password", password.and_then(|place| self.credential(&place, position)));
        members.finish()
    }

    fn bearer(&mut self, mut fields: Fields<'n>, position: Position) -> Option<Template> {
        let token = fields.need(self, "token");
        fields.finish(self);
        let mut members = Members::default();
        members.add("token", token.and_then(|place| self.credential(&place, position)));
        members.finish()
    }

    /// `oauth2` and `oidc`, which finds its endpoints itself.
    fn oauth(&mut self, mut fields: Fields<'n>, position: Position, endpoints: bool) -> Option<Template> {
        let authority = fields.need(self, "authority");
        let grant = fields.need(self, "grant");
        let endpoints = if endpoints { fields.get("endpoints") } else { None };
        let client = fields.get("client");
        let request = fields.get("request");
        let lists = ["issuers", "scopes", "audiences"].map(|key| (key, fields.get(key)));
        let texts = ["username", "password"].map(|key| (key, fields.get(key)));
        let tokens = ["subject", "actor"].map(|key| (key, fields.get(key)));
        fields.finish(self);
        let mut members = Members::default();
        members.add("authority", authority.and_then(|place| self.uri(&place, Base::Absent)));
        members.add("grant", grant.and_then(|place| self.outgoing_word(&place, &GRANTS)));
        members.read("endpoints", endpoints, |place| self.token_endpoints(place));
        members.read("client", client, |place| self.client(place, position));
        members.read("request", request, |place| self.token_request(place));
        for (key, place) in lists {
            members.read(key, place, |place| self.credentials_list(place, position));
        }
        for (key, place) in texts {
            members.read(key, place, |place| self.credential(place, position));
        }
        for (key, place) in tokens {
            members.read(key, place, |place| self.token(place, position));
        }
        members.finish()
    }

    fn token_endpoints(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let endpoints = ["token", "revocation", "introspection"].map(|key| (key, fields.get(key)));
        fields.finish(self);
        let mut members = Members::default();
        for (key, place) in endpoints {
            members.read(key, place, |place| self.path(place));
        }
        members.finish()
    }

    /// Relative to the authority, wherever it is written.
    fn path(&mut self, place: &Place<'n>) -> Option<Template> {
        let base = self.base.take();
        let path = self.uri(place, Base::Unknown);
        self.base = base;
        path
    }

    fn client(&mut self, place: &Place<'n>, position: Position) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let method = fields.get("authentication");
        let word = method.as_ref().and_then(|method| method.node.as_str());
        let id = match word {
            Some("none") => fields.get("id"),
            Some(_) | None => fields.need(self, "id"),
        };
        let secret = fields.get("secret");
        let assertion = match word {
            Some("private_key_jwt") => fields.need(self, "assertion"),
            Some(_) | None => fields.get("assertion"),
        };
        fields.finish(self);
        let mut members = Members::default();
        members.read("id", id, |place| self.credential(place, position));
        members.read("secret", secret, |place| self.credential(place, position));
        members.read("assertion", assertion, |place| self.credential(place, position));
        members.read("authentication", method, |place| self.outgoing_word(place, &CLIENT_METHODS));
        members.finish()
    }

    fn token_request(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let encoding = fields.get("encoding");
        fields.finish(self);
        let mut members = Members::default();
        members.read("encoding", encoding, |place| self.outgoing_word(place, &ENCODINGS));
        members.finish()
    }

    fn token(&mut self, place: &Place<'n>, position: Position) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let token = fields.need(self, "token");
        let r#type = fields.need(self, "type");
        fields.finish(self);
        let mut members = Members::default();
        members.add("token", token.and_then(|place| self.credential(&place, position)));
        members.add("type", r#type.and_then(|place| self.credential(&place, position)));
        members.finish()
    }

    fn credentials_list(&mut self, place: &Place<'n>, position: Position) -> Option<Template> {
        let items = self.items(place)?;
        let items: Vec<_> = items.iter().map(|item| self.credential(item, position)).collect();
        Some(super::template::list_template(items.into_iter().collect::<Option<_>>()?))
    }

    fn credential(&mut self, place: &Place<'n>, position: Position) -> Option<Template> {
        self.text(place)?;
        self.template(place, position)
    }
}
