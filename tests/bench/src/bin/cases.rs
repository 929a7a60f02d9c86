//! Lists and searches over many cases in a store: filled by its own writer, read as the API reads.
//!
//! `yiwang-bench-cases [COUNT] [postgres]`; without a count a million, without a word on SQLite. PostgreSQL is a
//! server of its own, made for this run and gone with it. Every list is read page by page from places all over
//! it, and what comes back is looked at: a fast wrong answer is no figure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use yiwang_bench::figure::print;
use yiwang_bench::process;
use yiwang_bench::spread::Spread;
use yiwang_core::case::{CaseState, Flag, Outcome, Petitioner, Place};
use yiwang_core::history::What;
use yiwang_core::transition::Status;
use yiwang_core::{Case, CaseNo, HistoryEvent, InstanceId, Timestamp};
use yiwang_dsl::Data;
use yiwang_dsl::definition::{DefinitionHash, DefinitionId};
use yiwang_postgres::{Cluster, Durability, Settings};
use yiwang_runtime::nodes::{MachineStopwatch, Node, NodeConfig, Standing};
use yiwang_runtime::ports::{Batch, CaseFilter, CaseSort, PageRequest, Query, Store, TurnRow};
use yiwang_runtime::search::Search;
use yiwang_store::{Nodes, Postgres, SqlStore};

const USUAL: u64 = 1_000_000;
/// Cases of one commit, as a busy server has them.
const BATCH: u64 = 1_000;
/// Pages read of each list.
const PAGES: usize = 200;
const DAY_MILLIS: i64 = 86_400_000;
const BEGIN: Timestamp = Timestamp(1_704_067_200_000);

const PLACES: &[&str] = &["南关", "北关", "薛阁", "汤陵", "花戏楼", "古井", "魏岗", "五马", "谯东", "十八里"];
const THINGS: &[&str] = &[
    "路灯不亮",
    "自来水停水",
    "垃圾清运不及时",
    "工地夜间噪音扰民",
    "窨井盖缺失",
    "公交站牌损坏",
    "占道经营",
    "拖欠工资",
    "医保报销咨询",
    "小区电梯故障",
    "油烟扰民",
    "道路坑洼",
];
const UNITS: &[&str] =
    &["区城管局", "区住建局", "区水务局", "区人社局", "区卫健委", "区交通局", "区环保局", "区市监局"];

#[tokio::main]
async fn main() -> Result<()> {
    let count = std::env::args().nth(1).map_or(Ok(USUAL), |count| count.parse())?;
    print("machine", &process::machine());
    if cfg!(debug_assertions) || count < USUAL {
        print("not for showing", "the count is too small, or this is no release build");
    }
    match std::env::args().nth(2).as_deref() {
        None => {
            let folder = tempfile::tempdir()?;
            let store = SqlStore::open(folder.path().join("cases.db")).await?;
            fill(&store, count).await?;
            print("files", &format!("{} MB", store.stats().db_bytes >> 20));
            measure(&store).await?;
            store.close().await;
        }
        Some("postgres") => on_postgres(count).await?,
        Some(other) => bail!("`{other}` is no database that is known here: postgres"),
    }
    Ok(())
}

async fn on_postgres(count: u64) -> Result<()> {
    let settings = Settings { durability: Durability::Full, ..Settings::default() };
    let Some(cluster) = Cluster::start(&settings)? else {
        print("skipped", "there are no binaries of a PostgreSQL server");
        return Ok(());
    };
    let url = cluster.database()?;
    let database = Postgres::new(&url)?;
    let store = Arc::new(SqlStore::connect(&database).await?);
    let lease = Duration::from_secs(3_600);
    let config = NodeConfig { name: "bench".to_owned(), address: "bench.example:7420".to_owned(), lease };
    let nodes = Arc::new(Nodes::connect(&database, lease).await?);
    let node = Node::join(nodes, Arc::new(MachineStopwatch::start()), config).await?;
    ensure!(node.beat().await? == Standing::Owner, "nobody else is there");
    store.write_for(&node).await?;
    fill(&store, count).await?;
    // As the server does by itself within a minute or two.
    let name = url.rsplit('/').next().context("the address ends with the database's name")?;
    cluster.run_sql(name, "VACUUM ANALYZE")?;
    measure(&store).await?;
    store.close().await;
    Ok(())
}

async fn fill(store: &SqlStore, count: u64) -> Result<()> {
    let began = Instant::now();
    let mut chance = Chance(1);
    let mut id = 1;
    while id <= count {
        let rows = (id..=count.min(id + BATCH - 1)).map(|id| turn(case(id, count, &mut chance)));
        let batch = Batch { now: BEGIN, turns: rows.collect(), ..Batch::default() };
        store.commit(batch).await.context("filling the store")?;
        id += BATCH;
    }
    let took = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    print("filled", &format!("{count} cases, {:.0}/s", count as f64 / took));
    Ok(())
}

async fn measure(store: &SqlStore) -> Result<()> {
    let any = CaseFilter::default;
    let due = || CaseFilter { sort: CaseSort::Due, ..CaseFilter::default() };
    let words = |text: &str| CaseFilter { search: Search::new(text), ..CaseFilter::default() };
    let unit = || Some(UNITS[2].to_owned());
    let lists = [
        ("all, newest first", any()),
        ("open, by due time", due()),
        ("one state, by due time", CaseFilter { state: Some(CaseState::Handling), ..due() }),
        ("one unit, by due time", CaseFilter { unit: unit(), ..due() }),
        (
            "one unit and state, by due time",
            CaseFilter { unit: unit(), state: Some(CaseState::Signed), ..due() },
        ),
        ("one category", CaseFilter { category: Some("类别7".to_owned()), ..any() }),
        (
            "one channel and kind",
            CaseFilter { channel: Some("wechat".to_owned()), kind: Some("consult".to_owned()), ..any() },
        ),
        ("one flag", CaseFilter { flag: Some(Flag::Supervised), ..any() }),
        ("one outcome", CaseFilter { outcome: Some(Outcome::Planned), ..any() }),
        (
            "opened within a week",
            CaseFilter {
                opened_from: Some(Timestamp(BEGIN.0 + 30 * DAY_MILLIS)),
                opened_until: Some(Timestamp(BEGIN.0 + 37 * DAY_MILLIS)),
                ..any()
            },
        ),
        ("two characters, in every twelfth", words("路灯")),
        ("two words", words("南关 停水")),
        ("a rare name", words("欧阳")),
        ("a word and a unit", CaseFilter { unit: unit(), ..words("电梯") }),
        ("the end of a phone", words("4321")),
        ("a case number", words("QC-20240101-000777")),
    ];
    for (name, filter) in lists {
        let mut spread = Spread::default();
        let (mut pages, mut found) = (0, 0);
        while pages < PAGES {
            let mut cursor = None;
            loop {
                let began = Instant::now();
                let page = store.cases(filter.clone(), PageRequest { cursor, limit: 50 }).await?;
                spread.add(began.elapsed());
                pages += 1;
                found += page.items.len();
                ensure!(
                    page.items.iter().all(|case| filter.admits(case)),
                    "{name}: a case that is not wanted"
                );
                cursor = page.next_cursor;
                if cursor.is_none() || pages >= PAGES {
                    break;
                }
            }
        }
        let (half, most) = (spread.percentile_ms(50), spread.percentile_ms(99));
        print(name, &format!("p50 {half:.2} ms, p99 {most:.2} ms ({found} cases on {pages} pages)"));
    }
    Ok(())
}

/// Numbers that are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn of<'t>(&mut self, table: &[&'t str]) -> &'t str {
        let at = self.below(table.len() as u64);
        table.get(usize::try_from(at).unwrap_or(0)).copied().unwrap_or_default()
    }
}

fn case(id: u64, count: u64, chance: &mut Chance) -> Case {
    // A year of them, in order.
    let millis = i64::try_from(u128::from(id) * 365 * 86_400_000 / u128::from(count)).unwrap_or(0);
    let opened = Timestamp(BEGIN.0 + millis);
    let closed = chance.below(10) < 8;
    let states = [
        CaseState::Registered,
        CaseState::Dispatched,
        CaseState::Signed,
        CaseState::Handling,
        CaseState::Replied,
    ];
    let outcomes = [Outcome::Resolved, Outcome::Resolved, Outcome::Explained, Outcome::Planned];
    let pick = |from: usize, chance: &mut Chance| usize::try_from(chance.below(from as u64)).unwrap_or(0);
    let (place, thing) = (chance.of(PLACES), chance.of(THINGS));
    let name = if chance.below(10_000) == 0 { "欧阳先生" } else { "王女士" };
    let mut case = Case::new(CaseNo(format!("QC-20240101-{id:06}").into()), InstanceId(id), opened);
    case.r#type = "complaint".to_owned();
    case.channel = chance.of(&["hotline", "wechat", "web", "suishoupai"]).to_owned();
    case.kind = Some(chance.of(&["complaint", "consult", "help", "suggestion"]).to_owned());
    case.title = format!("{place}小区{thing}");
    case.content = Data::from(serde_json::json!({
        "title": case.title,
        "content": format!("{place}街道{place}小区{thing}，已经{}天了，希望尽快处理。", chance.below(30)),
    }));
    case.petitioner = Some(Petitioner {
        name: Some(name.to_owned()),
        phone: Some(format!("138{:08}", chance.below(100_000_000))),
    });
    case.place = Some(Place { address: Some(format!("{place}街道")), ..Place::default() });
    case.category = Some(format!("类别{}", chance.below(40)));
    case.unit = Some(chance.of(UNITS).to_owned());
    case.due = Some(Timestamp(opened.0 + DAY_MILLIS * (1 + i64::try_from(chance.below(20)).unwrap_or(0))));
    case.state = if closed { CaseState::Closed } else { states[pick(states.len(), chance)] };
    case.outcome = closed.then(|| outcomes[pick(outcomes.len(), chance)]);
    if chance.below(50) == 0 {
        case.flags.insert(Flag::Supervised);
    }
    case.version = 1;
    case
}

fn turn(case: Case) -> TurnRow {
    let hash = DefinitionHash(Arc::from("bench"));
    let workflow =
        DefinitionId { namespace: "bench".to_owned(), name: "cases".to_owned(), version: "1.0.0".to_owned() };
    let opened = What::CaseOpened { no: case.no.clone(), facts: Data::null() };
    TurnRow {
        instance: case.instance,
        rev: 1,
        deployment: hash,
        workflow,
        start: None,
        status: Status::Waiting,
        wake_at: None,
        in_flight: false,
        touched: true,
        state: b"{}".to_vec(),
        history: vec![HistoryEvent { seq: 1, at: case.opened, task: None, what: opened }],
        work_items: Vec::new(),
        case: Some(case),
        subscriptions: None,
        messages: Vec::new(),
    }
}
