//! The people of the demo, each group in threads of its own: those who complain, those who work, those who
//! rate. They meet a server that dies now and then, and do what people do: try again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use yiwang_e2e::complaints::{By, Complaint, generate};
use yiwang_e2e::http::Client;
use yiwang_e2e::ledger::pages;
use yiwang_e2e::random::Random;
use yiwang_e2e::senders::{Manner, Secrets, can_be_forged, feedback, message_id, request};
use yiwang_e2e::staff::{Person, hash};

use super::Args;

const SENDERS: usize = 3;
const DESKS: usize = 4;
/// How long somebody waits before trying again.
const AGAIN: Duration = Duration::from_millis(50);
/// How long somebody tries at all.
const GIVE_UP: Duration = Duration::from_secs(120);

/// What the demo knows of its own doing.
pub(crate) struct Crowd {
    server: SocketAddr,
    secrets: Secrets,
    /// What is to be sent, in order.
    plan: Vec<(Complaint, Manner, Turn)>,
    next: AtomicUsize,
    done: AtomicUsize,
    notes: Mutex<Notes>,
}

/// Whether a complaint comes for the first time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    Again,
}

/// What came of it.
#[derive(Clone, Default)]
pub(crate) struct Notes {
    /// The channels' own ids of what was answered with a 2xx.
    pub(crate) accepted: BTreeSet<String>,
    /// Requests answered with a 2xx that were there before.
    pub(crate) again: usize,
    /// (channel, status and code) → how often.
    pub(crate) refused: BTreeMap<(String, String), usize>,
    /// Requests that got no answer, because the server died.
    pub(crate) unanswered: usize,
    /// Ratings sent by citizens.
    pub(crate) rated: usize,
    /// Work items completed.
    pub(crate) completed: usize,
    /// What must not happen.
    error: Option<String>,
}

impl Crowd {
    /// Plans the day: every complaint once, five of a hundred twice, three malformed, two forged.
    pub(crate) fn new(server: SocketAddr, args: &Args, secrets: Secrets) -> Self {
        let count = usize::try_from(args.cases).unwrap_or(usize::MAX);
        let proper = generate(args.seed, count);
        let mut plan: Vec<_> = proper.into_iter().map(|one| (one, Manner::Proper, Turn::First)).collect();
        let mut random = Random::new(args.seed ^ 0xd15c);
        for at in (0..plan.len()).rev() {
            if random.percent(5) {
                let one = plan[at].0.clone();
                plan.insert(at + 1, (one, Manner::Proper, Turn::Again));
            }
        }
        for (at, mut one) in generate(args.seed ^ 0xbad, count / 10).into_iter().enumerate() {
            let manner = if random.percent(50) { Manner::Malformed } else { Manner::Forged };
            if manner == Manner::Forged && !can_be_forged(one.channel.by) || random.percent(25) {
                continue;
            }
            // Numbers of their own: nobody takes them for one of the proper ones.
            one.number += 100_000;
            one.external_id = format!("bad-{}", one.external_id);
            let place = random.below(plan.len());
            plan.insert(place.max(at), (one, manner, Turn::First));
        }
        Self {
            server,
            secrets,
            plan,
            next: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            notes: Mutex::default(),
        }
    }

    /// How many proper complaints there are.
    pub(crate) fn to_send(&self) -> usize {
        let proper = |(_, manner, turn): &&(Complaint, Manner, Turn)| {
            *manner == Manner::Proper && *turn == Turn::First
        };
        self.plan.iter().filter(proper).count()
    }

    /// How many requests were planned, of all manners.
    pub(crate) fn planned(&self) -> usize {
        self.plan.len()
    }

    /// How many of them are done.
    pub(crate) fn sent(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    /// Whether everybody has said what they had to say.
    pub(crate) fn all_sent(&self) -> bool {
        self.sent() == self.plan.len()
    }

    /// What was accepted so far.
    pub(crate) fn accepted(&self) -> BTreeSet<String> {
        self.notes().accepted
    }

    /// What is known so far.
    pub(crate) fn notes(&self) -> Notes {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What must not happen, if it happened.
    pub(crate) fn error(&self) -> Option<String> {
        self.notes().error
    }

    fn note(&self, change: impl FnOnce(&mut Notes)) {
        change(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Threads that bring the complaints to their channels.
pub(crate) fn senders(crowd: &Arc<Crowd>) -> Vec<JoinHandle<()>> {
    let one = || {
        let crowd = Arc::clone(crowd);
        spawn(move || {
            let mut client = Client::new(crowd.server);
            loop {
                let at = crowd.next.fetch_add(1, Ordering::SeqCst);
                let Some((complaint, manner, turn)) = crowd.plan.get(at) else { return };
                send(&crowd, &mut client, complaint, *manner, *turn);
                crowd.done.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    (0..SENDERS).map(|_| one()).collect()
}

/// Sends until there is an answer, as a platform would that knows nothing of crashes.
fn send(crowd: &Crowd, client: &mut Client, complaint: &Complaint, manner: Manner, turn: Turn) {
    let began = Instant::now();
    loop {
        match client.send(&request(complaint, manner, &crowd.secrets)) {
            Ok(answer) if answer.ok() && manner == Manner::Proper => {
                return crowd.note(|notes| match turn {
                    Turn::First => drop(notes.accepted.insert(source_ref(complaint))),
                    Turn::Again => notes.again += 1,
                });
            }
            Ok(answer) if (400..500).contains(&answer.status) && manner != Manner::Proper => {
                let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
                let what = format!("{} {code}", answer.status);
                let key = (complaint.channel.id.to_owned(), what.trim().to_owned());
                return crowd.note(|notes| *notes.refused.entry(key).or_default() += 1);
            }
            Ok(answer) if answer.status == 503 || answer.status == 429 => sleep(AGAIN),
            Ok(answer) => {
                let error = format!(
                    "{:?} request {} on `{}` was answered with {} {}",
                    manner,
                    complaint.external_id,
                    complaint.channel.id,
                    answer.status,
                    answer.text()
                );
                return crowd.note(|notes| notes.error = Some(error));
            }
            Err(error) if began.elapsed() > GIVE_UP => {
                return crowd.note(|notes| notes.error = Some(format!("sending a complaint: {error}")));
            }
            Err(_) => {
                crowd.note(|notes| notes.unanswered += 1);
                sleep(AGAIN);
            }
        }
    }
}

/// The id under which the case is listed.
fn source_ref(complaint: &Complaint) -> String {
    match complaint.channel.by {
        By::WeChat => message_id(complaint),
        By::WebForm | By::WebFormWithPhoto | By::SignedWebhook => complaint.external_id.clone(),
    }
}

/// Threads with several people each, who work through their lists until told to stop.
pub(crate) fn desks(
    crowd: &Arc<Crowd>,
    hired: &BTreeMap<String, (Vec<String>, String)>,
    seed: u64,
    stop: &Arc<AtomicBool>,
) -> Vec<JoinHandle<()>> {
    let mut desks: Vec<Vec<Person>> = (0..DESKS).map(|_| Vec::new()).collect();
    for (at, (name, (roles, secret))) in hired.iter().enumerate() {
        desks[at % DESKS].push(Person::new(crowd.server, name, roles, secret, seed));
    }
    let one = |mut people: Vec<Person>| {
        let (crowd, stop) = (Arc::clone(crowd), Arc::clone(stop));
        spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                let mut worked = false;
                for person in &mut people {
                    match person.work() {
                        Ok(done) => {
                            worked |= done.completed > 0;
                            crowd.note(|notes| notes.completed += done.completed);
                        }
                        // The list is the same when the server is back.
                        Err(error) if is_down(&error) => sleep(AGAIN),
                        Err(error) => crowd.note(|notes| notes.error = Some(error.to_string())),
                    }
                }
                if !worked {
                    sleep(AGAIN);
                }
            }
        })
    };
    desks.into_iter().map(one).collect()
}

/// A thread of citizens who rate the answers that they got: half of those who can be reached.
pub(crate) fn citizens(crowd: &Arc<Crowd>, token: &str, seed: u64, stop: &Arc<AtomicBool>) -> JoinHandle<()> {
    let (crowd, stop) = (Arc::clone(crowd), Arc::clone(stop));
    // They know their case number from the message; the demo looks it up.
    let mut office = Client::with_token(crowd.server, token);
    let mut client = Client::new(crowd.server);
    spawn(move || {
        let mut rated = BTreeSet::new();
        while !stop.load(Ordering::SeqCst) {
            for case in pages(&mut office, "/api/v1/cases?state=audited&limit=500").unwrap_or_default() {
                let no = case["caseNo"].as_str().unwrap_or_default().to_owned();
                let petitioner = &case["content"]["petitioner"];
                let reachable = petitioner["phone"].is_string() || petitioner["openid"].is_string();
                let mut luck = Random::new(seed ^ hash(&format!("{no}/rating")));
                if !reachable || !luck.percent(50) || rated.contains(&no) {
                    continue;
                }
                let answer = client.send(&feedback("jiesu-jiban", &no, luck.percent(88)));
                if answer.is_ok_and(|answer| answer.ok()) {
                    rated.insert(no);
                    crowd.note(|notes| notes.rated += 1);
                }
            }
            sleep(AGAIN * 4);
        }
    })
}

fn is_down(error: &std::io::Error) -> bool {
    !matches!(error.kind(), std::io::ErrorKind::Other) || error.to_string().contains("503")
}
