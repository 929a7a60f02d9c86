//! A lot that anyone can recompute: who is drawn from a pool depends on nothing but the seed and the pool.
//!
//! ```text
//! digest  = SHA-256 of the candidates' ids in order of their bytes, each ended by a line feed
//! block i = SHA-256(seed ‖ 0x00 ‖ digest in hex ‖ 0x00 ‖ i as 8 bytes, the greatest first), i = 0, 1, 2 …
//! words   = each block as four numbers of 8 bytes, the greatest byte first
//! draw    = Fisher–Yates from the front: place k is exchanged with k + (word mod (n − k));
//!           words from the last incomplete multiple of (n − k) below 2⁶⁴ on are passed over
//! ```
//! The first `count` are drawn, the next ones are reserves. `docs/guide/people.md` says it for people, and a
//! script in another language checks it (`tests/scenarios/lot.py`).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The name of the algorithm: another way to draw gets another name.
pub const ALGORITHM: &str = "sha256-ctr-fisher-yates-1";

/// Everything that is needed to draw again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proof {
    /// [`ALGORITHM`].
    pub algorithm: String,
    /// Name of the pool.
    pub pool: String,
    /// The seed's text.
    pub seed: String,
    /// Where the seed came from: `given`, `entropy`.
    pub seed_source: String,
    /// Who could be drawn, in order of the bytes of their ids.
    pub candidates: Vec<String>,
    /// Who of the pool could not, and why.
    pub excluded: Vec<Excluded>,
    /// SHA-256 of the candidates, hex.
    pub digest: String,
    /// How many were to be drawn.
    pub count: usize,
    /// The drawn ones, in order.
    pub drawn: Vec<String>,
    /// The next ones, in order.
    pub reserves: Vec<String>,
}

/// Somebody of the pool who could not be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excluded {
    /// Who.
    pub person: String,
    /// Why.
    pub reason: String,
}

/// What is drawn from.
#[derive(Clone, Debug)]
pub struct Lot {
    /// Name of the pool.
    pub pool: String,
    /// The seed's text.
    pub seed: String,
    /// Where the seed came from.
    pub seed_source: String,
    /// Who can be drawn.
    pub candidates: BTreeSet<String>,
    /// Who cannot.
    pub excluded: Vec<Excluded>,
    /// How many to draw.
    pub count: usize,
    /// How many reserves to name.
    pub reserves: usize,
}

impl Lot {
    /// Draws. The candidates must be at least as many as are to be drawn; fewer reserves are no fault.
    pub fn draw(self) -> Proof {
        let candidates: Vec<String> = self.candidates.into_iter().collect();
        let digest = digest(&candidates);
        let wanted = (self.count + self.reserves).min(candidates.len());
        let mut drawn = shuffled(&self.seed, &digest, &candidates, wanted);
        let reserves = drawn.split_off(self.count.min(drawn.len()));
        Proof {
            algorithm: ALGORITHM.to_owned(),
            pool: self.pool,
            seed: self.seed,
            seed_source: self.seed_source,
            candidates,
            excluded: self.excluded,
            digest,
            count: self.count,
            drawn,
            reserves,
        }
    }
}

impl Proof {
    /// Draws again and says what does not fit. Empty: the lot holds.
    pub fn verify(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.algorithm != ALGORITHM {
            wrong.push(format!("the algorithm `{}` is not known here: {ALGORITHM} is", self.algorithm));
            return wrong;
        }
        if !self.candidates.is_sorted_by(|left, right| left < right) {
            wrong.push("the candidates are not in order, or one stands there twice".to_owned());
        }
        if let Some(both) = self.excluded.iter().find(|one| self.candidates.contains(&one.person)) {
            wrong.push(format!("{} is among the candidates and among the excluded", both.person));
        }
        let digest = digest(&self.candidates);
        if digest != self.digest {
            wrong.push(format!("the digest of the candidates is {digest}, not {}", self.digest));
        }
        if self.count > self.candidates.len() || self.drawn.len() != self.count {
            wrong.push(format!(
                "{} were to be drawn of {} candidates, and {} were",
                self.count,
                self.candidates.len(),
                self.drawn.len()
            ));
            return wrong;
        }
        let wanted = (self.count + self.reserves.len()).min(self.candidates.len());
        let again = shuffled(&self.seed, &digest, &self.candidates, wanted);
        let claimed: Vec<_> = self.drawn.iter().chain(&self.reserves).collect();
        if let Some(at) = (0..claimed.len()).find(|at| again.get(*at) != Some(claimed[*at])) {
            let right = again.get(at).map_or("nobody", String::as_str);
            wrong.push(format!("place {} is {right}, not {}", at + 1, claimed[at]));
        }
        wrong
    }
}

/// SHA-256 of the candidates, hex.
fn digest(candidates: &[String]) -> String {
    let mut hasher = Sha256::new();
    for candidate in candidates {
        hasher.update(candidate.as_bytes());
        hasher.update(b"\n");
    }
    hex(&hasher.finalize())
}

/// The first `wanted` places of the shuffled candidates.
fn shuffled(seed: &str, digest: &str, candidates: &[String], wanted: usize) -> Vec<String> {
    let mut order = candidates.to_vec();
    let mut words = Words { seed, digest, block: 0, words: Vec::new() };
    for place in 0..wanted.min(order.len()) {
        let left = (order.len() - place) as u64;
        let step = usize::try_from(words.below(left)).unwrap_or(0);
        order.swap(place, place + step);
    }
    order.truncate(wanted);
    order
}

/// Numbers from the seed, one block of four after the other.
struct Words<'s> {
    seed: &'s str,
    digest: &'s str,
    block: u64,
    words: Vec<u64>,
}

impl Words<'_> {
    fn next(&mut self) -> u64 {
        loop {
            if let Some(word) = self.words.pop() {
                return word;
            }
            let mut hasher = Sha256::new();
            hasher.update(self.seed.as_bytes());
            hasher.update([0]);
            hasher.update(self.digest.as_bytes());
            hasher.update([0]);
            hasher.update(self.block.to_be_bytes());
            self.block += 1;
            let block = hasher.finalize();
            let words = block
                .chunks_exact(8)
                .map(|bytes| bytes.iter().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte)));
            // Taken from the end.
            self.words = words.collect();
            self.words.reverse();
        }
    }

    /// Below `n`, each number equally likely.
    fn below(&mut self, n: u64) -> u64 {
        // 2⁶⁴ mod n: so many words at the end belong to no whole multiple of n.
        let rest = n.wrapping_neg() % n;
        loop {
            let word = self.next();
            if rest == 0 || word < u64::MAX - rest + 1 {
                return word % n;
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(seed: &str, n: usize, count: usize, reserves: usize) -> Lot {
        Lot {
            pool: "信息化".to_owned(),
            seed: seed.to_owned(),
            seed_source: "given".to_owned(),
            candidates: (0..n).map(|n| format!("专家{n:02}")).collect(),
            excluded: Vec::new(),
            count,
            reserves,
        }
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let first = lot("2024-06-11", 20, 7, 3).draw();
        assert_eq!(first, lot("2024-06-11", 20, 7, 3).draw());
        assert_ne!(first.drawn, lot("2024-06-12", 20, 7, 3).draw().drawn);
        assert_eq!((first.drawn.len(), first.reserves.len()), (7, 3));
        let all: BTreeSet<_> = first.drawn.iter().chain(&first.reserves).collect();
        assert_eq!(all.len(), 10, "nobody twice");
        assert_eq!(first.verify(), Vec::<String>::new());
    }

    #[test]
    fn reserves_change_nothing_of_what_is_drawn() {
        assert_eq!(lot("a", 20, 7, 0).draw().drawn, lot("a", 20, 7, 13).draw().drawn);
    }

    #[test]
    fn whatever_is_changed_is_found() {
        let proof = lot("seed", 9, 3, 2).draw();
        let wrong = |change: fn(&mut Proof)| {
            let mut changed = proof.clone();
            change(&mut changed);
            changed.verify()
        };
        assert!(wrong(|proof| proof.seed.push('x'))[0].contains("place"));
        assert!(wrong(|proof| proof.drawn.swap(0, 1))[0].contains("place 1"));
        assert!(wrong(|proof| drop(proof.candidates.remove(0)))[0].contains("digest"));
        assert!(wrong(|proof| proof.candidates.swap(0, 1))[0].contains("in order"));
        assert!(wrong(|proof| proof.algorithm.push('0'))[0].contains("not known"));
        assert!(wrong(|proof| drop(proof.drawn.pop()))[0].contains("were to be drawn"));
        assert!(wrong(|proof| proof.reserves.swap(0, 1))[0].contains("place 4"));
    }

    #[test]
    fn everybody_is_drawn_equally_often() {
        let mut times = std::collections::BTreeMap::new();
        for seed in 0..2_000 {
            for drawn in lot(&seed.to_string(), 10, 3, 0).draw().drawn {
                *times.entry(drawn).or_insert(0) += 1;
            }
        }
        // 600 each; five standard deviations of a binomial are about 100.
        assert!(times.len() == 10 && times.values().all(|n| (500..700).contains(n)), "{times:?}");
    }
}
