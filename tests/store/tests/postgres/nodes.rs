//! The rule of who owns the instances stands twice: in the statements of a database, and in memory, where the
//! simulator uses it. Both are asked the same questions here.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use yiwang_runtime::nodes::rows::Rows;
use yiwang_runtime::nodes::{NodeConfig, Owner, Registry as _, Stay};
use yiwang_store::Nodes;

use crate::place::{Place, server};

/// Questions that are asked of both.
const QUESTIONS: u64 = 600;
/// Of a lease: it has run out when it is looked at again, or it lasts as long as the test.
const LEASES: [Duration; 2] = [Duration::ZERO, Duration::from_secs(600)];
const NAMES: [&str; 3] = ["one", "two", "three"];

/// Always the same ones.
fn draw(question: u64, what: &str, below: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    (question, what).hash(&mut hasher);
    usize::try_from(hasher.finish() % below as u64).unwrap()
}

/// What both know of an owner, without the exact time: of the two leases one lasts.
fn known(owner: Option<&Owner>) -> Option<(String, i64, String, bool, bool)> {
    owner.map(|it| {
        (it.name.clone(), it.incarnation, it.address.clone(), it.alive, it.lease_left_millis > 1_000)
    })
}

#[tokio::test]
async fn a_database_decides_as_the_rows_in_memory_do() {
    let Some(cluster) = server() else { return };
    let place = Place::new(&cluster).await;
    // The tables.
    let _store = yiwang_store::SqlStore::connect(&place.database).await.unwrap();
    let nodes = Nodes::connect(&place.database, LEASES[1]).await.unwrap();
    let mut rows = Rows::default();
    // Stays of each name, also those that have ended: first by the database, then in memory.
    let mut stays: BTreeMap<&str, Vec<(Stay, Stay)>> = BTreeMap::new();
    let mut seen: Vec<(Option<Owner>, Option<Owner>)> = Vec::new();
    let mut yes = BTreeMap::<&str, u32>::new();
    for question in 0..QUESTIONS {
        let now = i64::try_from(question).unwrap() * 10;
        let name = NAMES[draw(question, "name", NAMES.len())];
        let lease = LEASES[draw(question, "lease", LEASES.len())];
        let (there, here) = (nodes.look().await.unwrap(), rows.look(now));
        assert_eq!(known(there.as_ref()), known(here.as_ref()), "question {question}");
        seen.push((there, here));
        // What somebody saw may be old by the time it acts on it.
        let old = seen.len() - 1 - draw(question, "old", 3.min(seen.len()));
        let (there, here) = seen[old].clone();
        let of_name = stays.entry(name).or_default();
        if of_name.is_empty() || draw(question, "joins", 8) == 0 {
            let config = NodeConfig { name: name.to_owned(), address: format!("{name}:{question}"), lease };
            let stay = nodes.join(&config).await.unwrap();
            of_name.push((stay, rows.join(&config, question.to_string(), now)));
            let (stay, same) = of_name.last().unwrap();
            assert_eq!(stay.incarnation, same.incarnation);
            continue;
        }
        // Mostly the last stay, sometimes the one before it.
        let at = of_name.len() - 1 - draw(question, "stay", 5).saturating_sub(3).min(of_name.len() - 1);
        let (stay, same) = &of_name[at];
        let (what, one, two) = match (draw(question, "what", 8), &there, &here) {
            (0..3, _, _) => ("renew", nodes.renew(stay, lease).await.unwrap(), rows.renew(same, lease, now)),
            (3..5, Some(there), Some(here)) => {
                ("declare", nodes.declare_dead(there).await.unwrap(), rows.declare_dead(here, now))
            }
            (5..7, _, _) | (3..5, _, _) => {
                let claimed = nodes.claim(stay, there.as_ref()).await.unwrap();
                ("claim", claimed, rows.claim(same, here.as_ref()))
            }
            _ => {
                nodes.leave(stay).await.unwrap();
                rows.leave(same);
                ("leave", true, true)
            }
        };
        assert_eq!(one, two, "question {question}: {what} of {name}");
        *yes.entry(what).or_default() += u32::from(one);
    }
    assert!(yes.values().all(|count| *count > 5) && yes.len() == 4, "too much was refused: {yes:?}");
}
