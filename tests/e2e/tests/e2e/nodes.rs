//! Two real nodes on one PostgreSQL server, under load, while the owner is killed, stopped, made to stand still,
//! and the database itself crashes.
//!
//! The ledger outside is that of the crash test: what was acknowledged happened exactly once, whichever node did it.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use yiwang_e2e::http::Client;
use yiwang_e2e::project;
use yiwang_e2e::random::Random;
use yiwang_e2e::receiver::Receiver;
use yiwang_e2e::senders::Secrets;
use yiwang_e2e::server::Server;
use yiwang_e2e::staff::expect;
use yiwang_postgres::{Cluster, Settings};

use crate::walk::{self, Load, WALK};
use crate::world;

/// Each kind of fault so often.
const ROUNDS: usize = 2;
/// Longest wait for a node that takes over.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// What befalls the owner.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Its machine dies.
    Killed,
    /// It is asked to end.
    Stopped,
    /// It does not run for a while, as a virtual machine that is moved, and wakes up when another has its place.
    StoodStill,
    /// The database crashes under it.
    DatabaseCrashed,
    /// The database is gone for longer than a lease lasts: nobody may own anything meanwhile.
    DatabaseGone,
}

const KINDS: [Fault; 5] =
    [Fault::Killed, Fault::Stopped, Fault::StoodStill, Fault::DatabaseCrashed, Fault::DatabaseGone];

/// The two nodes.
struct Nodes {
    nodes: Vec<Server>,
    folders: Vec<TempDir>,
}

impl Nodes {
    /// Who is ready, once somebody is.
    fn owner(&self) -> usize {
        let began = Instant::now();
        loop {
            if let Some(owner) = self.nodes.iter().position(Server::is_ready) {
                return owner;
            }
            assert!(began.elapsed() < PATIENCE, "nobody took over: {}", self.logs());
            sleep(LOOK);
        }
    }

    /// Waits until this one is ready. If it has lost its place before, it has ended, and is brought back as a
    /// service manager does.
    fn wait_for(&mut self, node: usize) {
        let began = Instant::now();
        while !self.nodes[node].is_ready() {
            if self.nodes[node].has_ended().unwrap() {
                self.nodes[node].begin_again().unwrap();
            }
            assert!(began.elapsed() < PATIENCE, "node {node} did not take over: {}", self.logs());
            sleep(LOOK);
        }
    }

    /// Waits until no node takes work any more.
    fn wait_for_nobody(&self) {
        let began = Instant::now();
        while self.nodes.iter().any(Server::is_ready) {
            assert!(began.elapsed() < PATIENCE, "who has no database says that it is ready: {}", self.logs());
            sleep(LOOK);
        }
    }

    /// Starts those that have ended, as a service manager does.
    fn bring_back(&mut self) {
        for node in &mut self.nodes {
            if node.has_ended().unwrap() {
                node.begin_again().unwrap();
            }
        }
    }

    fn log(&self, node: usize) -> String {
        fs::read_to_string(self.nodes[node].log()).unwrap_or_default()
    }

    fn logs(&self) -> String {
        (0..self.folders.len()).map(|node| format!("node {node}:\n{}\n", self.log(node))).collect()
    }

    /// Who owns the instances when it is over is another node than before, but for the crash of the database.
    fn befall(&mut self, fault: Fault, cluster: &Cluster) {
        let owner = self.owner();
        let other = 1 - owner;
        match fault {
            Fault::Killed => {
                self.nodes[owner].kill().unwrap();
                self.wait_for(other);
                self.nodes[owner].begin_again().unwrap();
            }
            Fault::Stopped => {
                self.nodes[owner].stop().unwrap();
                self.wait_for(other);
                self.nodes[owner].begin_again().unwrap();
            }
            Fault::StoodStill => {
                self.nodes[owner].signal("STOP").unwrap();
                self.wait_for(other);
                let said = self.log(owner).len();
                self.nodes[owner].signal("CONT").unwrap();
                let status = self.nodes[owner].ended().unwrap();
                assert!(!status.success(), "a node that lost its place ended well");
                let log = self.log(owner);
                assert!(log[said..].contains("node.fenced"), "{log}");
                self.nodes[owner].begin_again().unwrap();
            }
            Fault::DatabaseCrashed => {
                cluster.crash().unwrap();
                cluster.go_on().unwrap();
                self.owner();
            }
            Fault::DatabaseGone => {
                cluster.crash().unwrap();
                self.wait_for_nobody();
                cluster.go_on().unwrap();
                self.bring_back();
                self.owner();
            }
        }
    }
}

#[test]
fn nothing_is_lost_and_nothing_doubled_when_the_owner_changes() {
    let seed = world::seed();
    // What the server has acknowledged it keeps through a crash: it writes before it says so, as in production.
    let settings = Settings { durability: yiwang_postgres::Durability::Full, ..Settings::default() };
    let Some(cluster) = Cluster::start(&settings).unwrap() else {
        println!("skipped: no PostgreSQL server on this machine");
        return;
    };
    let secrets = Secrets::invent(&mut Random::new(seed));
    let receiver = Receiver::start(&secrets.notify).unwrap();
    let mut variables = project::variables(&secrets);
    variables.push(("YIWANG_DATABASE".to_owned(), cluster.database().unwrap()));
    variables.push(("YIWANG_LEASE".to_owned(), "2".to_owned()));

    let binary = world::binary();
    let folders = vec![world::district(&receiver), world::district(&receiver)];
    let begin = |folder: &Path| Server::begin(&binary, folder, &variables).unwrap();
    let mut nodes = Nodes { nodes: vec![begin(folders[0].path())], folders };
    nodes.wait_for(0);
    world::keep_compiled(nodes.folders[0].path());
    let token = nodes.nodes[0].administrator_token().unwrap();
    let second = begin(nodes.folders[1].path());
    nodes.nodes.push(second);

    let addresses: Vec<_> = nodes.nodes.iter().map(Server::address).collect();
    let mut administrator = Client::with_token(addresses[0], &token);
    let deploy = serde_json::json!({ "source": WALK });
    expect(administrator.post("/api/v1/definitions", &deploy).unwrap(), "deploying").unwrap();
    let load = Load::start(&addresses, &token);

    let mut faults: Vec<Fault> = KINDS.repeat(ROUNDS);
    let mut random = Random::new(seed);
    while !faults.is_empty() {
        let next = random.number() % faults.len() as u64;
        let fault = faults.swap_remove(usize::try_from(next).unwrap());
        // A random moment is what is tested here: no event that could be waited for would be one.
        sleep(Duration::from_millis(200 + random.number() % 800));
        let before = load.acknowledged();
        nodes.befall(fault, &cluster);
        println!("{fault:?} after {before} starts");
    }
    let acknowledged = load.end();

    administrator.move_to(addresses[nodes.owner()]);
    walk::wait_for_all(&mut administrator, || nodes.logs());
    let doubled = walk::check(&mut administrator, &acknowledged, &receiver);
    println!(
        "{} instances: each once; {doubled} messages came twice, under their one id",
        acknowledged.len()
    );
}
